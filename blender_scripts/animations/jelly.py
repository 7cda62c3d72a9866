"""A jelly (pudding, cube, heart, bear) that hops or is jolted, and wobbles: damped modes in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, scaling, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, Graph, plain, shade
from blender_scripts.motion_tools import Puppet, article, draw_colours, seconds_of, stage_point
from blender_scripts.palettes import srgb

PARAMETERS = {
    "form": (["pudding", "cube", "bear", "slime"], "what the jelly looks like"),
    "action": (["jolt", "hop"], "jolted on its plate, or hopping about"),
    "height_m": ((0.55, 0.95), "height at rest"),
    "softness": ((0.7, 1.3), "how far it sways"),
    "rate_hz": ((2.0, 3.0), "wobbles a second"),
}

DAMPING = 0.09
"""Damping ratio of the wobble."""


@dataclass(frozen=True)
class _Wobble:
    """Deformation over time: sway (T, 2) of the top in heights, stretch (T,) of the height, twist (T,) in radians."""

    sway: Array
    stretch: Array
    twist: Array


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the jelly and bake its wobble; see `contracts.AnimatedSubject` for what comes back."""
    height, soft, rate = float(params["height_m"]), float(params["softness"]), float(params["rate_hz"])
    if not 0.1 <= height <= 2.5 or not 0 < soft <= 2.5 or not 0.2 <= rate <= 8:
        raise StageError("jelly: height_m must lie in 0.1..2.5, softness in 0..2.5 and rate_hz in 0.2..8")
    form, action = str(params["form"]), str(params["action"])
    height = min(height, 0.7 * context.scene.stage_radius_m)
    seconds = seconds_of(context)
    names, colours = draw_colours(rng, 2)
    while names[0] in ("charcoal", "white"):
        names, colours = draw_colours(rng, 2)
    facing = float(rng.uniform(0, 360))
    if action == "hop":
        path, wobble = _hop(seconds, height, soft, rate, context.scene.stage_radius_m, rng)
    else:
        path, wobble = np.zeros((len(seconds), 3)), _jolt(seconds, soft, rate, rng)
    puppet = Puppet(context.times)
    base = RESTING_GAP_M
    if action == "jolt":
        base = 0.035 * height + RESTING_GAP_M
        rim = np.array(
            [(0.0, 0.012), (0.42, 0.012), (0.62, 0.0), (0.72, 0.03), (0.7, 0.036), (0.6, 0.026), (0.0, 0.032)]
        )
        plate = Shape().lathe(np.maximum(rim, 0.0) * height + [0, 0.0005], 3, sides=36)
        puppet.still(plate)
    turned = np.radians(facing)
    for shape in _form(form):
        rest = shape.vertices * height
        positions = _deform(rest, height, wobble)
        c, s = np.cos(turned), np.sin(turned)
        positions = positions @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        puppet.soft(Shape().merge(shape, scaling(height, height, height)), positions + path[:, None] + [0, 0, base])
    materials = [_gel(colours[0]), plain("cream", srgb("f3ead8"), 0.5), plain("dark", srgb("15120f"), 0.15),
                 plain("plate", colours[1] if names[1] != names[0] else srgb("e8e4da"), 0.2, coat=0.6)]  # fmt: skip
    subject = puppet.bake(f"jelly {form}", materials, 0.0, sharp_deg=60)
    subject.location = stage_point(context)
    noun = {"pudding": "jelly pudding", "cube": "jelly cube", "bear": "jelly bear", "slime": "slime with eyes"}[form]
    does = "hops about and wobbles" if action == "hop" else f"wobbles on {article(names[1])} plate"
    return AnimatedSubject([subject], facing, f"{article(names[0])} {noun} {does}")


def _ring(seconds: Array, start: float, rate: float) -> Array:
    """Return a damped oscillation (T,) that starts at a kick: rises from 0, first swing about 1."""
    age = seconds - start
    decay = DAMPING * 2 * np.pi * rate
    return np.where(age > 0, np.sin(2 * np.pi * rate * age) * np.exp(-decay * np.maximum(age, 0)), 0.0)


def _jolt(seconds: Array, soft: float, rate: float, rng: np.random.Generator) -> _Wobble:
    """Return the answer to kicks from drawn directions, one before time 0 and then about every 0.8 s."""
    sway = np.zeros((len(seconds), 2))
    stretch, twist = np.zeros(len(seconds)), np.zeros(len(seconds))
    start, angle = -0.06, float(rng.uniform(0, 2 * np.pi))
    while start < seconds[-1]:
        strength = soft * float(rng.uniform(0.22, 0.34))
        sway += strength * _ring(seconds, start, rate)[:, None] * [np.cos(angle), np.sin(angle)]
        stretch += 0.45 * strength * _ring(seconds, start, 1.55 * rate)
        twist += 1.1 * strength * float(rng.choice([-1, 1])) * _ring(seconds, start, 1.27 * rate)
        start += float(rng.uniform(0.6, 1.0)) * 2.5 / rate
        angle += float(rng.uniform(0.5, 1.5)) * np.pi
    return _Wobble(sway, stretch, twist)


def _hop(seconds: Array, height: float, soft: float, rate: float, room: float,
         rng: np.random.Generator) -> tuple[Array, _Wobble]:  # fmt: skip
    """Return positions (T, 3) of hops between drawn spots, and the wobble: crouch, stretch in flight, squash, ring."""
    reach = min(0.75 * height, room - 0.75 * height)
    path, sway = np.zeros((len(seconds), 3)), np.zeros((len(seconds), 2))
    stretch = np.zeros(len(seconds))
    here, angle, start = np.array([0.0, reach]), float(rng.uniform(0, 2 * np.pi)), -0.25 - float(rng.uniform(0, 0.2))
    here = reach * np.array([np.cos(angle), np.sin(angle)])
    turn = float(rng.choice([-1.0, 1.0]))
    while start < seconds[-1] + 1:
        crouch, flight, rest = 0.22, 0.42, float(rng.uniform(0.12, 0.3))
        angle += turn * float(rng.uniform(0.7, 1.3))
        there = reach * float(rng.uniform(0.5, 1.0)) * np.array([np.cos(angle), np.sin(angle)])
        way = (there - here) / max(float(np.linalg.norm(there - here)), 1e-6)
        up, down = start + crouch, start + crouch + flight
        share = np.clip((seconds - up) / flight, 0, 1)
        inside = (seconds >= start) & (seconds < down + rest)
        path[inside, :2] = (here + (there - here) * share[:, None])[inside]
        path[:, 2] += 0.9 * height * 4 * share * (1 - share)
        low = np.sin(np.pi * np.clip((seconds - start) / crouch, 0, 1))
        stretch += -0.28 * soft * low + 0.2 * soft * np.sin(2 * np.pi * share) * np.where(share < 0.5, 1, -0.8)
        stretch += -0.34 * soft * _ring(seconds, down, rate)
        kick = 0.2 * soft * _ring(seconds, down, rate * 0.9) - 0.14 * soft * _ring(seconds, up, rate * 1.1)
        sway += kick[:, None] * way
        here, start = there, down + rest
    return path, _Wobble(sway, np.clip(stretch, -0.45, 0.5), 0 * stretch)


def _deform(rest: Array, height: float, wobble: _Wobble) -> Array:
    """Return positions (T, V, 3): sway like a standing column, keep the volume when squashed, twist with height."""
    level = np.clip(rest[:, 2] / height, 0, None)
    tall = 1 + wobble.stretch[:, None] * (0.35 + 0.65 * np.minimum(level, 1))[None]
    wide = 1 / np.sqrt(tall)
    foot = np.clip(level / 0.25, 0, 1)
    wide = 1 + (wide - 1) * (0.45 + 0.55 * foot)[None]
    angle = wobble.twist[:, None] * (level**1.5)[None]
    x = rest[:, 0] * np.cos(angle) - rest[:, 1] * np.sin(angle)
    y = rest[:, 0] * np.sin(angle) + rest[:, 1] * np.cos(angle)
    lean = (level**1.6)[None, :, None] * wobble.sway[:, None] * height
    dip = 0.5 * np.sum(wobble.sway**2, axis=-1)[:, None] * (level**2)[None] * height * 0.8
    return np.stack([x * wide + lean[..., 0], y * wide + lean[..., 1], rest[:, 2] * tall - dip], axis=-1)


def _gel(colour: Colour) -> bpy.types.Material:
    """Glossy gel: scattering light under the surface, a bright coat."""
    graph = Graph("gel")
    graph.set(Base_Color=graph.mottle(colour, 0.08, graph.local(), 2.0), Roughness=0.18, Coat_Weight=0.8)
    graph.set(Subsurface_Weight=0.25, Subsurface_Radius=shade(colour, 1.0), Subsurface_Scale=0.05)
    return graph.material


def _form(form: str) -> list[Shape]:
    """Return shapes of height 1 standing on z = 0; slots: 0 gel, 1 cream, 2 dark."""
    if form == "pudding":
        return [_pudding()]
    if form == "cube":
        return [_cube()]
    return [_bear()] if form == "bear" else [_slime()]


def _pudding() -> Shape:
    """A fluted mould's pudding with a dollop of cream and a cherry."""
    level = np.array([0, 0.02, 0.08, 0.2, 0.35, 0.5, 0.62, 0.7, 0.76, 0.8, 0.815, 0.815])
    radius = np.array([0.5, 0.53, 0.55, 0.54, 0.51, 0.47, 0.43, 0.39, 0.33, 0.24, 0.12, 0.001])
    angles = np.arange(64) * 2 * np.pi / 64
    flute = 1 + 0.055 * np.cos(12 * angles)[None] * np.where(level < 0.78, 1.0, 0.3)[:, None]
    r = radius[:, None] * flute
    grid = np.stack([r * np.cos(angles), r * np.sin(angles), np.broadcast_to(level[:, None], r.shape)], axis=-1)
    shape = Shape().sheet(grid, 0, close=True)
    cream = [(0.16, 0.79), (0.185, 0.83), (0.14, 0.87), (0.15, 0.89), (0.1, 0.925), (0.02, 0.955)]
    return shape.lathe(cream, 1, sides=16).sphere(0.065, 2, translation(0, 0, 0.965), 12)


def _cube() -> Shape:
    """A rounded cube: a sphere's grid pushed to a superellipsoid."""
    theta = np.linspace(-np.pi / 2, np.pi / 2, 25)[:, None]
    phi = np.linspace(0, 2 * np.pi, 48, endpoint=False)[None]
    ray = np.stack(
        np.broadcast_arrays(np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)), axis=-1
    )
    grid = ray / (np.abs(ray) ** 7).sum(axis=-1, keepdims=True) ** (1 / 7)
    return Shape().sheet(grid * 0.5 + [0, 0, 0.5], 0, close=True)


def _slime() -> Shape:
    """A drop with a pointed top and two eyes."""
    level = np.array([0.0, 0.012, 0.06, 0.16, 0.3, 0.45, 0.58, 0.7, 0.8, 0.88, 0.95, 1.0])
    radius = np.array([0.42, 0.5, 0.56, 0.6, 0.58, 0.5, 0.4, 0.28, 0.18, 0.1, 0.045, 0.004])
    shape = Shape().lathe(np.column_stack([radius, level]), 0, sides=32)
    for side in (1, -1):
        shape.sphere(0.085, 1, translation(0.5, side * 0.17, 0.38), 12)
        shape.sphere(0.055, 2, translation(0.55, side * 0.175, 0.385), 10)
    return shape.sphere(0.05, 2, translation(0.575, 0, 0.22) @ scaling(0.6, 1.5, 0.55), 10)


def _bear() -> Shape:
    """A gum bear that sits up."""
    shape = Shape().sphere(1.0, 0, translation(0, 0, 0.31) @ scaling(0.25, 0.29, 0.31), 24)
    shape.sphere(1.0, 0, translation(0.02, 0, 0.74) @ scaling(0.21, 0.23, 0.21), 22)
    shape.sphere(1.0, 0, translation(0.2, 0, 0.69) @ scaling(0.09, 0.11, 0.085), 14)
    shape.sphere(0.032, 2, translation(0.28, 0, 0.72), 10)
    for side in (1, -1):
        shape.sphere(1.0, 0, translation(0.0, side * 0.18, 0.91) @ scaling(0.06, 0.09, 0.09), 14)
        shape.sphere(0.03, 2, translation(0.2, side * 0.085, 0.79), 10)
        shape.capsule((0.1, side * 0.23, 0.46), (0.29, side * 0.17, 0.42), 0.085, 0.075, 0, 14)
        shape.capsule((0.1, side * 0.18, 0.12), (0.38, side * 0.2, 0.115), 0.115, 0.1, 0, 14)
    return shape
