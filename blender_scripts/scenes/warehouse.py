"""A warehouse hall: concrete floor with lanes, pallet racks, stacked goods, steel beams, strip lights, roller doors."""

from __future__ import annotations

from typing import Any

import numpy as np

from blender_scripts.build_tools import Shape, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, brickwork, glow, ground, plain, plaster, shade
from blender_scripts.palettes import Palette, draw_palette, srgb
from blender_scripts.props import storage
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.facades import Opening
from blender_scripts.props.interior import Finish, Room, build_shell, lift_finish, light_openings, light_room
from blender_scripts.props.placement import Prop, Surface, build_fixed, hang

PARAMETERS = {
    "width_m": ((19.0, 25.0), "inner size along x"),
    "depth_m": ((17.0, 22.0), "inner size along y"),
    "height_m": ((5.5, 7.5), "height of the ceiling"),
    "racks": ((3, 4), "number of sides with racks, 0 to 4"),
    "fill": ((0.55, 0.95), "share of rack places that hold goods"),
    "skylights": ([True, False], "whether daylight falls through high windows"),
    "hour": ((8.0, 17.0), "solar hour of the day, for the daylight"),
    "clutter": ((14, 30), "number of things standing on the floor"),
}

RACK_STRIP_M = 3.2
"""Depth of the strip along the walls that belongs to racks and goods."""


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the hall into the current scene; see `contracts.SceneContract` for what comes back."""
    room = Room(float(params["width_m"]) / 2, float(params["depth_m"]) / 2, float(params["height_m"]))
    if min(room.half_x, room.half_y) < 7.0 or room.height < 4.5:
        raise StageError("warehouse: width_m and depth_m must be at least 14, height_m at least 4.5")
    palette = draw_palette(rng)
    sky = bool(params["skylights"])
    light_outdoors(rng, float(params["hour"]), 0.4, srgb("8a8a86"), sun=False)
    finish, walls = _finish(rng, palette)
    openings = _high_windows(room) if sky else {}
    build_shell(room, lift_finish(finish, 0.22), openings)
    clear_x, clear_y = room.half_x - RACK_STRIP_M, room.half_y - RACK_STRIP_M
    floor = room.floor("floor", clear_x, clear_y)
    _paint_lanes(clear_x, clear_y, palette)
    racked = set(rng.permutation(4)[: int(np.clip(params["racks"], 0, 4))].tolist())
    for side in range(4):
        if side not in racked:
            _fit_door(room, floor, side, palette, rng)
    goods = _goods(rng, palette)
    for side in sorted(racked):
        _stand_racks(room, floor, side, rng, palette, goods, float(params["fill"]))
    _stand_clutter(floor, rng, goods, palette, int(params["clutter"]))
    _build_roof(room, palette)
    lamp = srgb("f2f6ff") if rng.random() < 0.6 else srgb("fff0d8")
    _hang_strips(room, lamp)
    if sky:
        light_openings(room, openings, 9.0, srgb("e4eeff"))
    light_room(room, 1.05, lamp)
    daylight = "lit by high windows and strip lights" if sky else "lit by strip lights"
    return SceneContract(
        camera_min=(-clear_x, -clear_y, 0.2),
        camera_max=(clear_x, clear_y, 3.6),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=min(clear_x, clear_y, 6.0) - 2.0,
        floor_m=0.0,
        caption=f"a warehouse with {walls}, {palette.accent_names[0]} racks and stacked goods {daylight}",
    )


def _finish(rng: np.random.Generator, palette: Palette) -> tuple[Finish, str]:
    """Return the shell's materials and how a caption calls the walls."""
    grey = srgb(str(rng.choice(["a9a8a3", "97968f", "b5b0a6"])))
    floor = ground("concrete floor", (grey, shade(grey, 0.72)), 2.5, 0.03, 0.15)
    if rng.random() < 0.5:
        brick = blend(srgb("b0654a"), srgb("d8d2c6"), float(rng.uniform(0, 0.7)))
        wall, words = brickwork("hall bricks", (brick, shade(brick, 0.8)), srgb("c4bdb0"), (0.24, 0.08)), "brick walls"
    else:
        wall = plaster("hall panels", blend(palette.wall, srgb("d4d6d6"), 0.4), grain=0.2)
        words = f"{palette.wall_name} walls"
    roof = plaster("hall roof", srgb("d6d5d0"), grain=0.2)
    return Finish(floor, wall, wall, roof, plain("kerb", srgb("77766f"), 0.8)), words


def _high_windows(room: Room) -> dict[int, list[Opening]]:
    """Return bands of windows under the roof of the two long sides."""
    made = {}
    for side in (0, 2):
        count = int(room.length(side) / 4.5)
        step = room.length(side) / count
        made[side] = [Opening((i - (count - 1) / 2) * step, room.height - 1.7, step - 1.6, 0.95) for i in range(count)]
    return made


def _paint_lanes(clear_x: float, clear_y: float, palette: Palette) -> None:
    """Paint a yellow line round the free area, a hazard field and the lane's dashes, a fraction of a millimetre thick."""
    shape = Shape()
    for sign in (-1, 1):
        shape.box((2 * clear_x, 0.12, 0.001), 0, translation(0, sign * (clear_y - 0.1), 0))
        shape.box((0.12, 2 * clear_y, 0.001), 0, translation(sign * (clear_x - 0.1), 0, 0))
    for index in range(int(clear_x * 2 / 1.2)):
        shape.box((0.55, 0.1, 0.001), 1, translation(-clear_x + 0.6 + index * 1.2, -clear_y * 0.62, 0))
    build_fixed("lane paint", "floor", shape, [plain("lane yellow", srgb("d9ac2f"), 0.6, variation=0.3),
                                               plain("lane white", srgb("d8d6cf"), 0.6, variation=0.3)])  # fmt: skip


def _fit_door(room: Room, floor: Surface, side: int, palette: Palette, rng: np.random.Generator) -> None:
    width = float(rng.uniform(3.0, 4.0))
    x = float(rng.uniform(-0.25, 0.25)) * room.length(side)
    door = storage.roller_door(width, 3.4, palette.accents[1] if rng.random() < 0.6 else srgb("a9abad"))
    hang(door, room.frame(side) @ translation(x, -0.005, 0.002), f"wall {side}")
    floor.keep_clear(room.rect(side, x - width / 2, x + width / 2, 2.4))
    floor.keep_clear(room.rect(side, x - width / 2 - 0.4, x + width / 2 + 0.4, 0.4))


def _goods(rng: np.random.Generator, palette: Palette) -> list[Prop]:
    made = [storage.loaded_pallet(rng, layers, palette.accents[index % 3]) for index, layers in enumerate((2, 3, 3, 2))]
    return [*made, storage.drum(rng, palette.accents[1]), storage.carton(rng), storage.carton(rng)]


def _stand_racks(room: Room, floor: Surface, side: int, rng: np.random.Generator, palette: Palette, goods: list[Prop],
                 fill: float) -> None:  # fmt: skip
    """Stand racks along a side, as many bays as fit, and load them."""
    levels = 2 if room.height < 6.4 else 3
    bays = int((room.length(side) - 2 * RACK_STRIP_M) / 2.7)
    made = room.against(
        floor, storage.rack(rng, shade(palette.accents[0], 0.9), srgb("d97f2b"), bays, levels), side, 0.0, 0.3
    )
    for board in made.surfaces if made else []:
        for slot in (-0.62, 0.62):
            middle = (board.rect[0] + board.rect[2]) / 2
            if rng.random() < fill:
                prop = goods[int(rng.integers(4))] if rng.random() < 0.75 else goods[int(rng.integers(len(goods)))]
                board.put(prop, middle + slot, 0.0, 180.0 * int(rng.integers(2)), 0.01)


def _stand_clutter(floor: Surface, rng: np.random.Generator, goods: list[Prop], palette: Palette, count: int) -> None:
    kinds = [*goods, storage.drum(rng, palette.accents[2]), storage.trolley(rng, palette.accents[0]), storage.cone(rng)]
    for _ in range(count):
        prop = kinds[int(rng.integers(len(kinds)))]
        turn = float(rng.choice([0.0, 90.0])) + float(rng.uniform(-8, 8))
        for placed in floor.fill(rng, lambda chosen=prop: chosen, 1, (turn, turn + 0.1), 12, 0.08):
            for board in placed.surfaces:
                board.fill(rng, lambda: goods[5 + int(rng.integers(2))], 1, (-10, 10), 4)


def _build_roof(room: Room, palette: Palette) -> None:
    """Build steel beams under the roof and the columns that carry them at the walls."""
    paint = plain("steel", blend(palette.accents[2], srgb("7d8288"), 0.6), 0.5, 0.3)
    shape = Shape()
    for x in np.linspace(-room.half_x + 2.0, room.half_x - 2.0, int(room.half_x * 2 / 5) + 1).tolist():
        for z, width, height in ((0.0, 0.22, 0.04), (0.04, 0.05, 0.34), (0.38, 0.22, 0.02)):
            shape.box((width, 2 * room.half_y, height), 0, translation(x, 0, room.height - 0.4 + z))
    for y in np.linspace(-room.half_y + 1.5, room.half_y - 1.5, 7).tolist():
        shape.box((2 * room.half_x, 0.08, 0.12), 0, translation(0, y, room.height - 0.12))
    build_fixed("roof beams", "ceiling", shape, [paint])


def _hang_strips(room: Room, colour: tuple[float, float, float]) -> None:
    """Hang rows of strip lights: what lights the hall is one wide light above them (see `light_room`)."""
    rows = 3
    length = room.half_x * 1.5
    high = room.height - 0.75
    shape = Shape()
    for row in range(rows):
        y = (row - (rows - 1) / 2) * room.half_y * 0.66
        for index in range(5):
            x = (index - 2) * length / 5
            at = translation(x, y, high)
            shape.box((length / 5 - 0.5, 0.22, 0.06), 1, at @ translation(0, 0, 0.02), 0.01)
            shape.box((length / 5 - 0.6, 0.14, 0.03), 0, at)
            for end in (-0.8, 0.8):
                shape.box((0.01, 0.01, 0.7), 1, at @ translation(end, 0, 0.05))
    build_fixed("strip lights", "fixture", shape, [glow("tubes", colour, 1.6), plain("housing", srgb("e6e6e2"), 0.5)])
