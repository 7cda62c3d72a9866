"""A walled courtyard: paving, an arcade, doors and shuttered windows, planters, trees and garden clutter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, brickwork, cobbles, plain, plaster, shade, wood
from blender_scripts.palettes import Palette, draw_palette, srgb
from blender_scripts.props import facades, outdoor, plants
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.placement import Prop, Surface, build_fixed

PARAMETERS = {
    "half_size_m": ((8.2, 10.5), "half the side of the square yard"),
    "wall_height_m": ((4.2, 6.4), "height of the walls; above 5.6 they have an upper row of windows"),
    "hour": ((8.0, 16.5), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.8), "cloud cover, 0 clear to 1 overcast"),
    "paving": (["slabs", "cobbles", "brick"], "kind of paving"),
    "arcades": ((1, 2), "number of sides with an arcade, 0 to 4"),
    "trees": ((1, 4), "number of trees in the corners, 0 to 4"),
    "clutter": ((28, 42), "number of things set along the walls"),
}

THICKNESS_M = 0.5
ARCADE_DEPTH_M = 1.9
CLEAR_BAND_M = 2.8
"""Width of the strip along the walls that belongs to the furniture; cameras stay inside it."""


@dataclass(frozen=True)
class _Yard:
    half: float
    height: float
    palette: Palette
    wall: bpy.types.Material
    trim: bpy.types.Material
    shutter: bpy.types.Material


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the courtyard into the current scene; see `contracts.SceneContract` for what comes back."""
    half = float(params["half_size_m"])
    if half < 7.5 or params["wall_height_m"] < 3.6:
        raise StageError("courtyard: half_size_m must be at least 7.5 and wall_height_m at least 3.6")
    palette = draw_palette(rng)
    wall_words, wall = _draw_walls(rng, palette)
    yard = _Yard(
        half=half,
        height=float(params["wall_height_m"]),
        palette=palette,
        wall=wall,
        trim=plain("trim stone", shade(palette.stone[0], 1.1), 0.8, variation=0.25),
        shutter=wood("shutters", palette.accents[0], 0.55),
    )
    stone = blend(palette.stone[0], palette.stone[1], 0.5)
    light = light_outdoors(rng, float(params["hour"]), float(params["cloud"]), shade(stone, 0.7))
    paving = _pave(yard, str(params["paving"]))
    floor = Surface("paving", np.eye(4), (-half + 0.05, -half + 0.05, half - 0.05, half - 0.05))
    reach = half - CLEAR_BAND_M
    floor.keep_clear((-reach, -reach, reach, reach))
    with_arcade = [bool(side) for side in rng.permutation([i < params["arcades"] for i in range(4)])]
    for side, arched in enumerate(with_arcade):
        _build_side(yard, rng, floor, side, arched)
        facades.neighbours(rng, _side_frame(half, side), half, (palette.wall, palette.stone[0]))
    _plant_trees(rng, floor, half, int(params["trees"]))
    _set_clutter(rng, floor, yard, int(params["clutter"]))
    words = "arcades" if sum(with_arcade) > 1 else "an arcade" if any(with_arcade) else "plain walls"
    return SceneContract(
        camera_min=(-reach, -reach, 0.2),
        camera_max=(reach, reach, 2.9),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=min(3.5, reach - 2.0),
        floor_m=0.0,
        caption=f"a courtyard with {paving}, {wall_words} and {words} {light.phrase}",
    )


def _draw_walls(rng: np.random.Generator, palette: Palette) -> tuple[str, bpy.types.Material]:
    """Return how a caption calls the walls, and their material."""
    if rng.random() < 0.3:
        brick = blend(srgb("b8674a"), palette.wall, 0.25)
        material = brickwork("wall bricks", (brick, shade(brick, 0.75)), srgb("c5bba8"), (0.24, 0.075))
        return "brick walls", material
    return f"{palette.wall_name} walls", plaster("wall plaster", palette.wall)


def _pave(yard: _Yard, kind: str) -> str:
    """Lay the ground and return how a caption calls it."""
    first, second = yard.palette.stone
    joint = shade(blend(first, (0.2, 0.18, 0.15), 0.5), 0.6)
    if kind == "slabs":
        material = brickwork("paving", (first, second), joint, (0.9, 0.6), 0.014, stain=0.3)
    elif kind == "cobbles":
        material = cobbles("paving", (first, shade(second, 0.8)), joint, 0.28)
    else:
        clay = srgb("9c5f47")
        material = brickwork("paving", (clay, shade(clay, 0.72)), joint, (0.24, 0.12), 0.01, stain=0.3)
    side = 2 * (yard.half + THICKNESS_M)
    build_fixed("paving", "floor", Shape().box((side, side, 0.2), 0, translation(0, 0, -0.2)), [material])
    words = {"slabs": f"{yard.palette.stone_name} slabs", "cobbles": "cobblestones", "brick": "brick paving"}
    return words[kind]


def _side_frame(half: float, side: int) -> Array:
    """Return the frame of a side: x along the wall, y outward, the wall's face at y = 0."""
    return rotation("z", 90.0 * side) @ translation(0, half, 0)


def _rect_in_world(frame: Array, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
    corners = np.array([[x0, y0, 0, 1], [x1, y1, 0, 1]]) @ frame.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _build_side(yard: _Yard, rng: np.random.Generator, floor: Surface, side: int, arched: bool) -> None:
    frame = _side_frame(yard.half, side)
    length = 2 * yard.half
    openings, doors = _draw_openings(yard, rng, arched)
    ground_floor = yard.height if yard.height < 5.6 or arched else 3.2
    shape = facades.pierced_wall(length + 2 * THICKNESS_M, ground_floor, THICKNESS_M, openings + doors)
    if ground_floor < yard.height:
        upper = [facades.Opening(hole.x, 0.6, 0.95, 1.35) for hole in openings + doors]
        storey = facades.pierced_wall(length + 2 * THICKNESS_M, yard.height - ground_floor, THICKNESS_M, upper)
        for hole in upper:
            storey.merge(facades.window(hole, 0.22, 1, 2, 3))
        shape.merge(storey, translation(0, 0, ground_floor))
    shape.merge(facades.coping(length, THICKNESS_M), translation(0, 0, yard.height), slot_offset=1)
    for hole in openings:
        shape.merge(facades.window(hole, 0.22, 1, 2, 3))
    for hole in doors:
        shape.merge(facades.door(hole, 0.3, 3, 1, 4))
        floor.keep_clear(_rect_in_world(frame, hole.x - 0.8, -1.2, hole.x + 0.8, 0))
    materials = [yard.wall, yard.trim, plain("panes", srgb("2a3640"), 0.08, coat=0.5), yard.shutter,
                 plain("brass", srgb("b08d4a"), 0.3, 1.0)]  # fmt: skip
    build_fixed(f"wall {side}", "wall", shape, materials, frame)
    if arched:
        _build_arcade(yard, floor, frame, side)


def _draw_openings(
    yard: _Yard, rng: np.random.Generator, arched: bool
) -> tuple[list[facades.Opening], list[facades.Opening]]:
    """Return the windows and the doors of one side, on a regular rhythm."""
    count = int(rng.integers(3, 6))
    spots = (np.arange(count) + 0.5) / count * (2 * yard.half - 3.0) - (yard.half - 1.5)
    door_at = int(rng.integers(count))
    windows, doors = [], []
    for index, x in enumerate(spots.tolist()):
        if index == door_at:
            doors.append(facades.Opening(x, 0.0, 1.15, 2.25))
        elif not arched or rng.random() < 0.5:
            windows.append(facades.Opening(x, 1.15, 0.95, 1.35))
    return windows, doors


def _build_arcade(yard: _Yard, floor: Surface, frame: Array, side: int) -> None:
    clear = 2 * (yard.half - 3.7)
    bays = max(int(clear / 2.5), 2)
    width = clear / bays
    height = min(yard.height - 0.7, 3.7)
    shape = facades.arcade(bays, width, height, 0.45, 0.5)
    front = translation(0, -ARCADE_DEPTH_M, 0)
    build_fixed(f"arcade {side}", "wall", shape, [yard.wall, yard.trim], frame @ front, 30)
    tile = blend(srgb("b5663f"), srgb("8f4a34"), 0.3)
    roof = facades.tiled_roof(clear + 0.4, ARCADE_DEPTH_M + 0.3, yard.height - height - 0.25)
    build_fixed(f"arcade roof {side}", "roof", roof, [plain("roof tiles", tile, 0.8, variation=0.4)],
                frame @ translation(0, -ARCADE_DEPTH_M - 0.25, height), 75)  # fmt: skip
    for pier in range(bays + 1):
        x = -clear / 2 + pier * width
        floor.keep_clear(_rect_in_world(frame, x - 0.35, -ARCADE_DEPTH_M - 0.1, x + 0.35, -ARCADE_DEPTH_M + 0.6))
    floor.keep_clear(_rect_in_world(frame, -clear / 2 + 1.0, -CLEAR_BAND_M, clear / 2 - 1.0, -ARCADE_DEPTH_M + 0.6))


def _plant_trees(rng: np.random.Generator, floor: Surface, half: float, count: int) -> None:
    corners = rng.permutation(4)[: min(count, 4)]
    kind = plants.tree(rng, float(rng.uniform(5.2, 6.6)), 1.35)
    for corner in corners.tolist():
        sx, sy = (1, 1, -1, -1)[corner], (1, -1, -1, 1)[corner]
        floor.put(kind, sx * (half - 1.95), sy * (half - 1.95), float(rng.uniform(0, 360)), 0.3)


def _set_clutter(rng: np.random.Generator, floor: Surface, yard: _Yard, count: int) -> None:
    """Stand benches and planters against the walls, then smaller things where there is room."""
    palette = yard.palette
    flower = palette.accents[1] if rng.random() < 0.7 else None
    boxes = [
        plants.planter(rng, (float(rng.uniform(1.4, 2.2)), 0.65, 0.5), palette.stone, flower),
        outdoor.bench(rng, palette.wood),
    ]
    for index in range(14):
        side = index % 4
        x = float(rng.uniform(-0.78, 0.78)) * yard.half
        x, y, *_ = (_side_frame(yard.half, side) @ [x, -0.5, 0, 1]).tolist()
        floor.put(boxes[int(rng.integers(2))], x, y, 90.0 * side, 0.1)
    kinds: list[Prop] = [
        outdoor.barrel(rng, palette.wood),
        outdoor.crate(rng, palette.wood, (0.7, 0.55, 0.5)),
        outdoor.jar(rng, srgb("b8714d"), float(rng.uniform(0.6, 0.95))),
        outdoor.jar(rng, palette.accents[2], float(rng.uniform(0.4, 0.7))),
        plants.potted_plant(rng, palette.accents[0], 0.3, 0.5),
        plants.potted_plant(rng, srgb("b8714d"), 0.26, 0.42),
        outdoor.bistro_table(rng, palette.accents[1]),
        outdoor.bistro_chair(rng, palette.accents[1]),
    ]
    small = [outdoor.jar(rng, palette.accents[1], 0.22), plants.potted_plant(rng, palette.accents[2], 0.09, 0.15)]
    strip = yard.half - 0.8
    for _ in range(count):
        side, along = int(rng.integers(4)), float(rng.uniform(-0.93, 0.93)) * yard.half
        depth = float(rng.uniform(0.0, 0.9))
        x, y, *_ = (_side_frame(strip, side) @ [along, -depth, 0, 1]).tolist()
        made = floor.put(kinds[int(rng.integers(len(kinds)))], x, y, float(rng.uniform(0, 360)), 0.05)
        for board in made.surfaces if made else []:
            board.fill(rng, lambda: small[int(rng.integers(2))], 2)
