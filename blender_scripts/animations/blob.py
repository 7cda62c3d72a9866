"""A floating blob that morphs: balls that merge, swell and drift apart under one skin (a metaball, solved in closed form)."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, Graph, plain, shade
from blender_scripts.motion_tools import Puppet, article, draw_colours, seconds_of, stage_point, wander
from blender_scripts.palettes import srgb

PARAMETERS = {
    "look": (["glossy", "chrome", "banded", "spotted"], "its surface"),
    "radius_m": ((0.4, 0.62), "mean radius"),
    "lobes": ((4, 7), "number of balls that pull the skin outwards, 2 to 12"),
    "restlessness": ((0.8, 1.25), "how fast it morphs"),
    "height_m": ((1.0, 1.35), "height of its middle above the floor"),
}

ROWS, COLUMNS = 44, 64
REACH = 2.1
"""How far the skin may be from the middle, in mean radii."""


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the blob and bake its shapes; see `contracts.AnimatedSubject` for what comes back."""
    radius, pace = float(params["radius_m"]), float(params["restlessness"])
    lobes = int(params["lobes"])
    if not 0.05 <= radius <= 1.2 or not 0.05 <= pace <= 5 or not 2 <= lobes <= 12:
        raise StageError("blob: radius_m must lie in 0.05..1.2, restlessness in 0.05..5 and lobes in 2..12")
    radius = min(radius, context.scene.stage_radius_m / (REACH + 0.3))
    seconds = seconds_of(context)
    rays = _rays()
    lengths = _skin(rays, lobes, seconds * pace, rng)
    grid = rays * lengths[..., None] * radius
    turn = 2 * np.pi * (seconds * float(rng.uniform(0.04, 0.09)) + rng.random())
    c, s = np.cos(turn), np.sin(turn)
    zero, one = np.zeros_like(c), np.ones_like(c)
    spin = np.stack([np.stack([c, -s, zero], -1), np.stack([s, c, zero], -1), np.stack([zero, zero, one], -1)], -2)
    grid = np.einsum("tij,trcj->trci", spin, grid)
    drift = 0.12 * radius * wander(rng, seconds, 3.0, 3).T
    middle = drift + np.array([0, 0, max(float(params["height_m"]), 1.35 * radius)])
    grid = grid + middle[:, None, None]
    low = grid[..., 2].min() - 0.02
    grid[..., 2] -= min(low, 0.0)
    names, colours = draw_colours(rng, 2)
    look = str(params["look"])
    puppet = Puppet(context.times).soft(Shape().sheet(rays * radius, 0, close=True), grid.reshape(context.times, -1, 3))
    subject = puppet.bake("blob", [_material(look, colours[0], colours[1])], 0.0, sharp_deg=180)
    subject.location = stage_point(context)
    words = {"glossy": names[0], "chrome": "mirror-like", "banded": f"{names[0]} and {names[1]} banded",
             "spotted": f"{names[1]}-spotted {names[0]}"}[look]  # fmt: skip
    front = float(rng.uniform(0, 360))
    return AnimatedSubject([subject], front, f"{article(words)} blob floats in mid-air and keeps changing its shape")


def _rays() -> Array:
    """Return unit directions (ROWS, COLUMNS, 3) from the bottom to the top, slightly off the poles."""
    high = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, ROWS)[:, None]
    round_ = (np.arange(COLUMNS) * 2 * np.pi / COLUMNS)[None]
    return np.stack(
        np.broadcast_arrays(np.cos(high) * np.cos(round_), np.cos(high) * np.sin(round_), np.sin(high)), axis=-1
    )


def _skin(rays: Array, lobes: int, clock: Array, rng: np.random.Generator) -> Array:
    """Return where the field of all balls falls to its threshold along each ray, (T, ROWS, COLUMNS) in mean radii.

    The field is a sum of Gaussians, one fixed at the middle; bisection from the outside finds the skin.
    """
    shape = (len(clock), ROWS, COLUMNS)
    centres = np.stack([wander(rng, clock, 2.6, 3).T for _ in range(lobes)])
    centres *= 1.35 / np.maximum(np.linalg.norm(centres, axis=-1, keepdims=True), 1.0)
    widths = 0.5 + 0.13 * wander(rng, clock, 1.9, lobes)
    low, high = np.full(shape, 0.25), np.full(shape, REACH)
    for _ in range(16):
        middle = (low + high) / 2
        field = 1.15 * np.exp(-(middle**2) / 0.36)
        for centre, width in zip(centres, widths, strict=True):
            along = np.einsum("rcj,tj->trc", rays, centre)
            square = middle**2 - 2 * middle * along + np.sum(centre**2, axis=-1)[:, None, None]
            field += np.exp(-square / (width**2)[:, None, None])
        inside = field > 0.3
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return (low + high) / 2


def _material(look: str, first: Colour, second: Colour) -> bpy.types.Material:
    if look == "chrome":
        return plain("chrome", srgb("d6d8dc"), 0.06, 1.0, variation=0.05)
    if look == "glossy":
        return plain("glossy skin", first, 0.18, coat=0.8)
    graph = Graph("blob skin")
    where = graph.local()
    if look == "banded":
        wave = graph.node(
            "TexWave", {"wave_type": "BANDS", "bands_direction": "Z"}, Vector=where, Scale=1.6, Distortion=1.2
        )
        edge = graph.remap(wave.outputs["Factor"], 0.0, 1.0, 0.45, 0.55)
    else:
        cells = graph.node("TexVoronoi", {"feature": "F1"}, Vector=where, Scale=5.0, Randomness=0.8)
        edge = graph.remap(cells.outputs["Distance"], 1.0, 0.0, 0.3, 0.36)
    graph.set(Base_Color=graph.mix(edge, shade(first, 1.0), second), Roughness=0.25, Coat_Weight=0.5)
    return graph.material
