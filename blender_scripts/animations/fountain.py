"""A fountain: a basin, jets of water that break into droplets, and ripples. Every droplet flies a ballistic arc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, plain, shade
from blender_scripts.motion_tools import Puppet, seconds_of, stage_point, sweep, wander
from blender_scripts.palettes import STONES, srgb

PARAMETERS = {
    "style": (
        ["crown", "plume", "tiers", "dance"],
        "jets in a ring, one plume, overflowing tiers, or jets that rise and fall",
    ),
    "radius_m": ((0.7, 0.95), "radius of the basin"),
    "height_m": ((1.0, 1.5), "height that the water reaches above the basin's water"),
    "droplets": ((550, 800), "number of droplets in the air"),
    "tint": (["clear", "clear", "turquoise", "rosy"], "colour of the water"),
}

GRAVITY = 9.81
WATER_M = 0.2
"""Height of the water in the basin."""


@dataclass(frozen=True)
class _Jet:
    """A nozzle: where (3,) and how the water leaves it (3,) in m/s at full pressure, and its pressure's phase."""

    at: tuple[float, float, float]
    speed: tuple[float, float, float]
    phase: float


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the fountain and bake its water; see `contracts.AnimatedSubject` for what comes back."""
    radius, height, count = float(params["radius_m"]), float(params["height_m"]), int(params["droplets"])
    if not 0.3 <= radius <= 3 or not 0.3 <= height <= 4 or not 1 <= count <= 4000:
        raise StageError("fountain: radius_m must lie in 0.3..3, height_m in 0.3..4 and droplets in 1..4000")
    radius = min(radius, 0.92 * context.scene.stage_radius_m)
    style, seconds = str(params["style"]), seconds_of(context)
    jets = _jets(style, radius, height, rng)
    pressure = _pressure(style, jets, seconds, rng)
    puppet = Puppet(context.times)
    puppet.still(_basin(style, radius, height))
    _add_surface(puppet, radius, seconds, rng)
    if style == "tiers":
        _add_curtains(puppet, radius, height, seconds)
    for jet, push in zip(jets, pressure, strict=True):
        _add_stream(puppet, jet, push, seconds, rng)
    _add_droplets(puppet, _Spray(jets, pressure, seconds, radius), count, rng)
    stone = str(rng.choice(list(STONES)))
    first, second = (srgb(code) for code in STONES[stone])
    tint = {"clear": "d7e8f0", "turquoise": "7fd6d2", "rosy": "f0b7c4"}[str(params["tint"])]
    water = plain("water", srgb(tint), 0.08, variation=0.03, coat=0.6)
    pool = plain("pool", blend(srgb(tint), srgb("3f7f96"), 0.55), 0.06, variation=0.08, coat=0.5)
    materials = [
        plain("basin", first, 0.75, variation=0.3),
        plain("rim", shade(second, 1.05), 0.7, variation=0.2),
        water,
        pool,
    ]
    subject = puppet.bake("fountain", _solid(materials), 0.0)
    subject.location = stage_point(context)
    phrase = {"crown": "with a ring of jets", "plume": "with a tall plume", "tiers": "of three overflowing tiers",
              "dance": "with jets that rise and fall"}[style]  # fmt: skip
    tinted = "" if params["tint"] == "clear" else f" {params['tint']}"
    return AnimatedSubject([subject], float(rng.uniform(0, 360)), f"a {stone} fountain {phrase} splashes{tinted} water")


def _solid(materials: list[bpy.types.Material]) -> list[bpy.types.Material]:
    """Make water shine a little by itself, so that droplets are seen against any background."""
    for material in materials[2:3]:
        surface = material.node_tree.nodes["Principled BSDF"]
        surface.inputs["Emission Color"].default_value = (0.75, 0.88, 1.0, 1.0)
        surface.inputs["Emission Strength"].default_value = 0.12
        material.cycles.emission_sampling = "NONE"
    return materials


def _jets(style: str, radius: float, height: float, rng: np.random.Generator) -> list[_Jet]:
    """Return the nozzles; speeds follow from the height and the point of landing."""
    up = float(np.sqrt(2 * GRAVITY * height))
    if style == "plume":
        return [_Jet((0, 0, WATER_M + 0.12), (0.0, 0.0, up), 0.0)]
    if style == "tiers":
        return [_Jet((0, 0, WATER_M + 0.78 * height), (0.0, 0.0, float(np.sqrt(2 * GRAVITY * 0.3 * height))), 0.0)]
    jets = []
    amount = int(rng.integers(6, 10))
    for index in range(amount):
        angle = 2 * np.pi * index / amount
        tall = height * (0.62 if style == "crown" else 0.8)
        lift = float(np.sqrt(2 * GRAVITY * tall))
        start, goal = (0.78, 0.2) if style == "crown" else (0.5, 0.72)
        out = (goal - start) * radius / (2 * lift / GRAVITY)
        where = (start * radius * np.cos(angle), start * radius * np.sin(angle), WATER_M + 0.04)
        jets.append(_Jet(where, (out * np.cos(angle), out * np.sin(angle), lift), index / amount))
    if style == "crown":
        jets.append(_Jet((0, 0, WATER_M + 0.12), (0.0, 0.0, up), 0.0))
    return jets


def _pressure(style: str, jets: list[_Jet], seconds: Array, rng: np.random.Generator) -> list[Array]:
    """Return each jet's pressure (T,), 1 at full: how high its newest water will rise."""
    made = []
    period = float(rng.uniform(1.2, 1.8))
    for jet in jets:
        if style == "dance":
            made.append(0.55 + 0.45 * np.sin(2 * np.pi * (seconds / period + jet.phase * 2)))
        else:
            made.append(0.92 + 0.08 * wander(rng, seconds, 0.9)[0])
    return made


def _basin(style: str, radius: float, height: float) -> Shape:
    """Return the basin and its nozzle or column; slots 0 stone, 1 rim."""
    wall = np.array([(0.8, 0.0), (0.86, 0.03), (0.88, 0.14), (0.97, 0.22), (1.0, 0.25), (1.0, 0.28), (0.93, 0.28), (0.9, 0.25),
                     (0.87, 0.1), (0.001, 0.08)])  # fmt: skip
    shape = Shape().lathe(wall * [radius, 1.0] + [0, RESTING_GAP_M], 0, sides=48)
    rim = np.array([(0.92, 0.275), (1.01, 0.275), (1.02, 0.3), (1.0, 0.32), (0.92, 0.32), (0.91, 0.3), (0.92, 0.275)])
    around = np.arange(48) * 2 * np.pi / 48
    flat = radius * rim[:, :1, None] * np.stack([np.cos(around), np.sin(around)], axis=-1)
    shape.sheet(np.concatenate([flat, np.broadcast_to(rim[:, 1:, None], (7, 48, 1))], axis=-1), 1, close=True)
    if style == "tiers":
        top = WATER_M + 0.78 * height
        shape.cylinder(0.1, top - 0.1, 0, translation(0, 0, 0.1), 16, top_radius=0.05)
        for bowl, level in _bowls(radius, height):
            profile = np.array(
                [(0.12, -0.16), (0.5, -0.1), (0.95, -0.015), (1.0, 0.0), (0.94, 0.0), (0.5, -0.03), (0.01, -0.04)]
            )
            shape.lathe(profile * [bowl, 0.9] + [0, level], 1, sides=32)
    else:
        shape.cylinder(0.075, WATER_M, 1, translation(0, 0, 0.1), 16, top_radius=0.035)
    return shape


def _bowls(radius: float, height: float) -> list[tuple[float, float]]:
    """Return (radius, height of the rim) of the upper bowls."""
    return [(0.6 * radius, WATER_M + 0.36 * height), (0.33 * radius, WATER_M + 0.74 * height)]


def _add_surface(puppet: Puppet, radius: float, seconds: Array, rng: np.random.Generator) -> None:
    """Add the basin's water: ring waves round a few centres."""
    reach = np.linspace(0.001, 0.885 * radius, 22)[:, None]
    around = (np.arange(48) * 2 * np.pi / 48)[None]
    flat = np.stack([reach * np.cos(around), reach * np.sin(around)], axis=-1)
    rise = np.zeros((len(seconds), *flat.shape[:2]))
    for _ in range(5):
        centre = rng.uniform(-0.5, 0.5, 2) * radius
        away = np.linalg.norm(flat - centre, axis=-1)
        length = float(rng.uniform(0.14, 0.24))
        speed = np.sqrt(GRAVITY * length / (2 * np.pi))
        wave = np.sin(2 * np.pi / length * (away[None] - speed * seconds[:, None, None]) + rng.uniform(0, 6.28))
        rise += 0.008 * wave / (1 + 1.5 * away[None])
    level = np.broadcast_to(flat[None], (len(seconds), *flat.shape))
    puppet.skin(np.concatenate([level, (WATER_M + rise)[..., None]], axis=-1), 3)


def _add_curtains(puppet: Puppet, radius: float, height: float, seconds: Array) -> None:
    """Add the water that fills the upper bowls and runs over their rims in strands."""
    bowls = _bowls(radius, height)
    for index, (bowl, level) in enumerate(bowls):
        puppet.still(Shape().lathe([(0.86 * bowl, level - 0.004), (0.001, level)], 3, sides=32))
        end = WATER_M if index == 0 else bowls[0][1]
        fall = np.sqrt(2 * (level - end) / GRAVITY) * np.linspace(0, 1, 11)
        out = bowl * (0.9 + 0.1 * np.minimum(np.linspace(0, 1, 11) * 5, 1)) + 0.28 * fall
        strands = 18 if index == 0 else 12
        for strand in range(strands):
            angle = 2 * np.pi * strand / strands
            wave = 0.035 * np.sin(2 * np.pi * 1.9 * (seconds[:, None] - fall[None]) + 2.1 * strand) * fall[None]
            x, y = out[None] * np.cos(angle + wave), out[None] * np.sin(angle + wave)
            z = np.broadcast_to((level + 0.008 - 0.5 * GRAVITY * fall**2)[None], x.shape)
            lumps = 1 + 0.45 * np.sin(2 * np.pi * (5.0 * (seconds[:, None] - fall[None])) + 2.6 * strand)
            radii = (0.019 + 0.004 * np.sin(1.7 * strand)) * lumps
            grid = sweep(np.stack([x, y, z], axis=-1), radii * 1.5, radii, (0.31, 0.95, 0.0), 6)
            puppet.skin(grid, 2)


def _add_stream(puppet: Puppet, jet: _Jet, push: Array, seconds: Array, rng: np.random.Generator) -> None:
    """Add the unbroken part of a jet, up to about three quarters of its rise, with lumps that travel with the water."""
    share = np.linspace(0, 1, 12)
    speed = np.array(jet.speed) * np.sqrt(np.maximum(push, 0.02))[:, None] * np.array([1, 1, 1.0])
    age = 0.62 * share[None] * (speed[:, 2] / GRAVITY)[:, None]
    curve = (
        np.array(jet.at) + age[..., None] * speed[:, None] - 0.5 * GRAVITY * age[..., None] ** 2 * np.array([0, 0, 1.0])
    )
    lumps = 1 + 0.3 * np.sin(2 * np.pi * (9.0 * (seconds[:, None] - age)) + rng.uniform(0, 6.28)) * share[None]
    radii = (0.034 - 0.012 * share)[None] * lumps * np.where(share > 0.9, 0.55, 1.0)[None]
    puppet.skin(sweep(curve, radii, radii, (0.31, 0.95, 0.0), 8), 2)


@dataclass(frozen=True)
class _Spray:
    jets: list[_Jet]
    pressure: list[Array]
    seconds: Array
    radius: float


def _add_droplets(puppet: Puppet, spray: _Spray, count: int, rng: np.random.Generator) -> None:
    """Add droplets. Each flies from its nozzle to the water, again and again, with another drawn scatter each time."""
    seconds = spray.seconds
    ball = _icosahedron()
    owner = rng.integers(0, len(spray.jets), count)
    at = np.array([jet.at for jet in spray.jets])[owner]
    full = np.array([jet.speed for jet in spray.jets])[owner]
    life = 1.04 * (full[:, 2] + np.sqrt(full[:, 2] ** 2 + 2 * GRAVITY * np.maximum(at[:, 2] - WATER_M, 0))) / GRAVITY
    cycle = seconds[None] / life[:, None] + rng.random(count)[:, None] + 1
    number = np.floor(cycle).astype(int)
    age = (cycle - number) * life[:, None]
    scatter = rng.normal(0, 1, (count, number.max() + 1, 3))
    drawn = np.take_along_axis(scatter, number[..., None].repeat(3, axis=-1), axis=1)
    left = seconds[None] - age
    push = np.array([np.interp(moment, seconds, spray.pressure[jet]) for moment, jet in zip(left, owner, strict=True)])
    strong = np.sqrt(np.maximum(push, 0.02))[..., None]
    sigma = 0.05 * full[:, 2] + 0.02
    speed = full[:, None] * strong * (1 + 0.05 * drawn[..., 2:]) + drawn * sigma[:, None, None] * np.array([1, 1, 0.0])
    where = at[:, None] + speed * age[..., None] - np.array([0, 0, 0.5 * GRAVITY]) * age[..., None] ** 2
    size = rng.uniform(0.012, 0.027, count)[:, None] * np.where(where[..., 2] > WATER_M - 0.01, 1.0, 1e-3)
    where[..., 2] = np.maximum(where[..., 2], WATER_M - 0.01)
    # Droplets that fall inside the basin only: what strays is drawn to the rim's inside.
    reach = np.linalg.norm(where[..., :2], axis=-1, keepdims=True)
    rim = 0.85 * spray.radius
    where[..., :2] *= np.minimum(1.0, rim / np.maximum(reach, 1e-6))
    positions = where.transpose(1, 0, 2)[:, :, None] + size.T[:, :, None, None] * ball[0]
    shape = Shape()
    for spot in where[:, 0]:
        shape.add(ball[0] * 0.015 + spot, ball[1], 2)
    puppet.soft(shape, positions.reshape(len(seconds), -1, 3))


def _icosahedron() -> tuple[Array, list[tuple[int, int, int]]]:
    """Return a unit icosahedron: 12 vertices and 20 faces."""
    g = (1 + np.sqrt(5)) / 2
    points = np.array([[-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g], [0, -1, -g], [0, 1, -g],
                       [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1]])  # fmt: skip
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6),
             (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7),
             (9, 8, 1)]  # fmt: skip
    return points / np.linalg.norm(points[0]), faces
