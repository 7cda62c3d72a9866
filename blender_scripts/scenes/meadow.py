"""A meadow among hills: short grass in the middle, tall grass and flowers round it, trees, rocks, shrubs and a fence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, blend, foliage, ground, plain, shade, wood
from blender_scripts.palettes import ACCENTS, srgb
from blender_scripts.props import outdoor, plants
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.placement import Prop, Rect, Surface, build_fixed

PARAMETERS = {
    "hour": ((7.5, 17.0), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.75), "cloud cover, 0 clear to 1 overcast"),
    "season": (["spring", "summer", "autumn"], "colours of grass, leaves and flowers"),
    "trees": ((8, 16), "number of trees"),
    "rocks": ((8, 18), "number of boulders"),
    "hills_m": ((1.0, 3.5), "height of the near hills"),
    "fence": ([True, True, False], "whether a wooden fence runs along one side"),
}

CLEAR_M = 7.5
"""Half the side of the square in which cameras move; the ground is level up to a little beyond it."""
LEVEL_M, GROUND_M = 11.0, 46.0
STAGE_M = 3.5
GRASS_M = 0.22
"""How far a tuft of grass reaches from its foot."""

_SEASONS = {
    "spring": ("6f9440", "8aa653", ("5c8f3a", "7aa548"), "in bloom"),
    "summer": ("7d8f45", "a3a05a", ("3f6b33", "4e7a2e"), "in summer"),
    "autumn": ("8f8449", "a8915a", ("b5682c", "c08a2e"), "in autumn"),
}


@dataclass(frozen=True)
class _Land:
    """The ground's height: level in the middle, rolling outside, with a level pad under each thing that stands on it."""

    waves: Array
    hills: float
    pads: list[tuple[float, float, float]]

    def raw(self, x: Array, y: Array) -> Array:
        rise = np.clip((np.hypot(x, y) - LEVEL_M) / 14.0, 0, 1)
        height = np.zeros_like(rise)
        for kx, ky, phase in self.waves:
            height = height + np.sin(kx * x + ky * y + phase)
        return self.hills * rise**2 * (3 - 2 * rise) * (height / len(self.waves) + 0.35)

    def height(self, x: Array, y: Array) -> Array:
        made = self.raw(x, y)
        for px, py, level in self.pads:
            share = np.clip((2.9 - np.hypot(x - px, y - py)) / 1.0, 0, 1)
            made = made * (1 - share) + level * share
        return made


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the meadow into the current scene; see `contracts.SceneContract` for what comes back."""
    if float(params["hills_m"]) < 0 or float(params["hills_m"]) > 8:
        raise StageError("meadow: hills_m must lie in 0..8")
    season = str(params["season"])
    first, second, leaf_codes, words = _SEASONS[season]
    grass = (srgb(first), srgb(second))
    light = light_outdoors(rng, float(params["hour"]), float(params["cloud"]), blend(*grass, 0.5))
    directions = rng.uniform(0, 2 * np.pi, 6)
    wavelengths = rng.uniform(14, 40, 6)
    waves = np.column_stack([2 * np.pi / wavelengths * np.cos(directions), 2 * np.pi / wavelengths * np.sin(directions),
                             rng.uniform(0, 6, 6)])  # fmt: skip
    land = _Land(waves, float(params["hills_m"]), [])
    floor = Surface("ground", np.eye(4), (-27.0, -27.0, 27.0, 27.0))
    floor.keep_clear((-CLEAR_M, -CLEAR_M, CLEAR_M, CLEAR_M))
    fenced = bool(params["fence"])
    if fenced:
        _build_fence(rng, floor)
    _stand(rng, floor, land, _trees(rng, leaf_codes), int(params["trees"]), 13.2, 25.0)
    _stand(
        rng,
        floor,
        land,
        [outdoor.rock(rng, float(size)) for size in rng.uniform(0.4, 1.5, 4)],
        int(params["rocks"]),
        8.4,
        19,
    )
    blossom = srgb(ACCENTS[str(rng.choice(["white", "pink", "mustard", "purple"]))]) if season == "spring" else None
    shrubs = [plants.shrub(rng, float(radius), 420, leaf_codes[0], blossom) for radius in rng.uniform(0.4, 0.9, 3)]
    _stand(rng, floor, land, shrubs, 14, 8.6, 22.0)
    _build_ground(land, grass)
    _build_hills(rng, blend(grass[0], srgb("6b7f5a"), 0.4), float(params["hour"]))
    _sow(rng, land, grass, season, floor.taken[1:])
    kinds = "trees, boulders and a wooden fence" if fenced else "trees and boulders"
    return SceneContract(
        camera_min=(-CLEAR_M, -CLEAR_M, 0.4),
        camera_max=(CLEAR_M, CLEAR_M, 3.2),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=STAGE_M,
        floor_m=0.0,
        caption=f"a hilly meadow {words} with {kinds} {light.phrase}",
    )


def _trees(rng: np.random.Generator, codes: tuple[str, str]) -> list[Prop]:
    return [
        plants.tree(rng, float(rng.uniform(5.0, 8.0)), float(rng.uniform(1.6, 2.4)), codes[index % 2], 1500, 2.0)
        for index in range(3)
    ]


def _stand(rng: np.random.Generator, floor: Surface, land: _Land, kinds: list[Prop], count: int, near: float,
           far: float) -> None:  # fmt: skip
    """Stand things at random spots between two distances; each gets a level pad of ground beneath it."""
    for _ in range(count):
        for _ in range(12):
            angle, away = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(near, far))
            x, y = away * np.cos(angle), away * np.sin(angle)
            if any(np.hypot(x - px, y - py) < 5.8 for px, py, level in land.pads if level or away > LEVEL_M - 3):
                continue
            made = floor.put(kinds[int(rng.integers(len(kinds)))], x, y, float(rng.uniform(0, 360)), 0.15)
            if made is not None:
                level = float(land.raw(np.array(x), np.array(y))) if away > LEVEL_M - 3 else 0.0
                made.object.location.z += level
                land.pads.append((x, y, level))
                break


def _build_ground(land: _Land, grass: tuple[Colour, Colour]) -> None:
    steps = np.linspace(-GROUND_M, GROUND_M, 97)
    x, y = np.meshgrid(steps, steps)
    points = np.stack([x, y, land.height(x, y)], axis=-1)
    soil = blend(grass[0], srgb("7a6a4a"), 0.25)
    material = ground("grass ground", (shade(soil, 0.8), blend(grass[1], soil, 0.3)), 1.4, 0.05, 0.9)
    build_fixed("ground", "floor", Shape().sheet(points), [material], None, 80)


def _build_hills(rng: np.random.Generator, colour: Colour, hour: float) -> None:
    """Build two far ridges, paler with distance."""
    haze = srgb("b9c9d6") if 8.5 < hour < 16 else srgb("d9c2ae")
    turns = np.linspace(0, 2 * np.pi, 121)
    for index, (away, high, pale) in enumerate(((58.0, 6.0, 0.25), (120.0, 19.0, 0.6))):
        profile = np.zeros_like(turns)
        for cycles in (2, 3, 5, 9):
            profile += np.sin(cycles * turns + float(rng.uniform(0, 6))) / cycles**0.8
        top = high * (0.75 + 0.33 * profile / np.abs(profile).max())
        rows = [(away - 14, -4.0 + 0 * top), (away, top * 0.55), (away + 10, top), (away + 22, top * 0.4)]
        grid = np.array([np.column_stack([r * np.cos(turns), r * np.sin(turns), z]) for r, z in rows])
        tint = blend(colour, haze, pale)
        build_fixed(f"hills {index}", "terrain", Shape().sheet(grid), [ground("hill", (shade(tint, 0.85), tint), 9.0, 1.5)],
                    None, 80)  # fmt: skip


def _sow(rng: np.random.Generator, land: _Land, grass: tuple[Colour, Colour], season: str, taken: list[Rect]) -> None:
    """Sow tufts of grass, taller away from the stage, and flowers among them, each as one mesh; none where things stand."""
    count = 7500
    away = STAGE_M + 0.3 + (22.0 - STAGE_M) * rng.random(count) ** 1.5
    angle = rng.uniform(0, 2 * np.pi, count)
    x, y = away * np.cos(angle), away * np.sin(angle)
    free = np.ones(count, dtype=bool)
    for x0, y0, x1, y1 in taken:
        free &= (x < x0 - GRASS_M) | (x > x1 + GRASS_M) | (y < y0 - GRASS_M) | (y > y1 + GRASS_M)
    x, y, away, count = x[free], y[free], away[free], int(free.sum())
    base = np.column_stack([x, y, land.height(x, y) - 0.01])
    tall = np.clip((away - STAGE_M) / 3.0, 0.25, 1.0) * rng.uniform(0.12, 0.27, count)
    blades = 4
    heading = rng.uniform(0, 2 * np.pi, (count, blades))
    lean = rng.uniform(0.1, 0.55, (count, blades))
    out = np.stack([np.cos(heading), np.sin(heading), 0 * heading], axis=-1)
    side = np.stack([-np.sin(heading), np.cos(heading), 0 * heading], axis=-1) * 0.014
    foot = base[:, None, :] + out * 0.03
    tip = base[:, None, :] + out * (lean * tall[:, None])[..., None] + np.array([0, 0, 1.0]) * (tall[:, None] * (1.1 - lean / 2))[
        ..., None]  # fmt: skip
    corners = np.stack([foot - side, foot + side, tip], axis=2).reshape(-1, 3)
    shape = Shape().add(corners, np.arange(len(corners)).reshape(-1, 3))
    build_fixed("tall grass", "grass", shape, [foliage("grass blades", blend(grass[0], grass[1], 0.3), 0.35)], None, 80)
    picked = rng.permutation(count)[: {"spring": 1500, "summer": 800, "autumn": 160}[season]]
    heads = plants.leaves(rng, base[picked] + np.array([0, 0, 1.0]) * (tall[picked, None] * 0.95),
                          np.full(len(picked), 0.035), 4 * len(picked), 0.05)  # fmt: skip
    colour = srgb(ACCENTS[str(rng.choice(["white", "pink", "mustard", "red", "purple"]))])
    petals: list[bpy.types.Material] = [plain("petals", colour, 0.6)]
    build_fixed("flowers", "grass", heads, petals, None, 80)


def _build_fence(rng: np.random.Generator, floor: Surface) -> None:
    """Build a post-and-rail fence along one side, just beyond the cameras."""
    side = int(rng.integers(4))
    away, reach = CLEAR_M + 0.9, CLEAR_M + 1.5
    shape = Shape()
    for x in np.arange(-reach, reach + 0.1, 2.0).tolist():
        lean = float(rng.uniform(-0.03, 0.03))
        shape.capsule((x, 0, -0.1), (x + lean, lean, 1.15), 0.065, 0.055, 0, 8)
    for level in (0.45, 0.9):
        for x in np.arange(-reach, reach - 0.5, 2.0).tolist():
            sag = float(rng.uniform(-0.03, 0.03))
            shape.capsule((x - 0.1, 0.06, level), (x + 2.1, 0.06, level + sag), 0.04, 0.035, 0, 8)
    turn = np.radians(90.0 * side)
    frame = np.eye(4)
    frame[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    build_fixed("fence", "fence", shape, [wood("fence", srgb("8a7a64"), 0.85)], frame @ translation(0, away))
    ends = frame[:2, :2] @ np.array([[-reach, reach], [away, away]])
    low, high = ends.min(axis=1) - 0.35, ends.max(axis=1) + 0.35
    floor.keep_clear((float(low[0]), float(low[1]), float(high[0]), float(high[1])))
