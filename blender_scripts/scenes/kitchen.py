"""A farmhouse kitchen: fitted units along one to three walls, an island with stools, a dining corner, pans and crockery."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, brickwork, checker, glow, marble, plain, planks, plaster, shade, wood
from blender_scripts.palettes import Palette, draw_palette, srgb
from blender_scripts.props import clutter, facades, furniture, kitchen, kitchenware, plants
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.interior import Finish, Room, build_shell, lift_finish, light_openings, light_room
from blender_scripts.props.kitchen import Style
from blender_scripts.props.kitchen_rows import Kitchen, fit_rows
from blender_scripts.props.placement import build_fixed, hang

PARAMETERS = {
    "width_m": ((9.6, 11.5), "inner size along the wall with the main row of units"),
    "depth_m": ((10.6, 12.0), "inner size away from that wall"),
    "height_m": ((2.8, 3.4), "height of the ceiling"),
    "rows": ((2, 3), "walls with units, 1 to 3: a line, an L or a U"),
    "flooring": (["checker", "tiles", "planks"], "kind of floor"),
    "worktop": (["wood", "marble", "granite"], "material of the worktops"),
    "hour": ((8.0, 17.0), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.9), "cloud cover, 0 clear to 1 overcast"),
    "clutter": ((0.6, 1.3), "density of things on worktops, shelves and tables"),
}

ISLAND_STRIP_M = 3.0
"""Depth of the strip along the main wall: units, an aisle, the island and its stools."""

STRIP_M = 1.3
"""Depth of the strip along the other walls."""


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the kitchen into the current scene; see `contracts.SceneContract` for what comes back."""
    along, away = float(params["width_m"]) / 2, float(params["depth_m"]) / 2
    if along < 4.5 or away < 5.3 or float(params["height_m"]) < 2.7:
        raise StageError("kitchen: width_m must be at least 9, depth_m 10.6, height_m 2.7")
    main = int(rng.integers(4))
    room = Room(*((along, away) if main % 2 == 0 else (away, along)), float(params["height_m"]))
    palette = draw_palette(rng)
    light = light_outdoors(rng, float(params["hour"]), float(params["cloud"]), srgb("6f7a52"), sun=False)
    finish, below = _finish(palette, str(params["flooring"]))
    style, front_words = _style(rng, palette, str(params["worktop"]))
    openings, door_side, door = _openings(room, main, rng)
    build_shell(room, lift_finish(finish, 0.22), openings | {door_side: [door]}, main)
    free = _free_area(room, main)
    floor = room.floor("floor", 0.0, 0.0)
    floor.keep_clear(free)
    made = Kitchen(room, floor, main, palette, style, float(params["clutter"]))
    _fit_openings(made, openings, door_side, door)
    rows = fit_rows(made, rng, openings, int(np.clip(params["rows"], 1, 3)))
    _stand_island(made, rng)
    _furnish(made, rng, openings)
    warm = 1.0 - float(np.clip((light.sun_elevation_deg - 10.0) / 20.0, 0.0, 1.0))
    light_openings(room, openings, 11.0 - 4.0 * float(params["cloud"]), blend(srgb("f4f6ff"), srgb("ffc98f"), warm))
    light_room(room, 0.95, srgb("fff0dd"))
    centre = (free[0] + free[2]) / 2, (free[1] + free[3]) / 2
    shape = ("a", "a", "an L-shaped", "a U-shaped")[rows]
    return SceneContract(
        camera_min=(free[0], free[1], 0.2),
        camera_max=(free[2], free[3], room.height - 0.45),
        stage_centre=(*centre, 0.0),
        stage_radius_m=min(free[2] - free[0], free[3] - free[1]) / 2 - 0.7,
        floor_m=0.0,
        caption=f"{shape} kitchen with {front_words}, {palette.wall_name} walls and {below} {light.phrase}",
    )


def _finish(palette: Palette, flooring: str) -> tuple[Finish, str]:
    """Return the shell's materials and how a caption calls the floor."""
    if flooring == "planks":
        floor, below = planks("floor planks", palette.wood), f"{palette.wood_name} planks"
    elif flooring == "checker":
        dark = blend(palette.accents[2], srgb("3c3a38"), 0.7)
        floor, below = checker("checker floor", (srgb("d9d2c4"), dark), 0.33), "a checkered floor"
    else:
        joint = shade(palette.stone[1], 0.55)
        floor = brickwork("floor tiles", palette.stone, joint, (0.45, 0.45), 0.007, 0.4, 0.0, 0.3, 0.12)
        below = f"{palette.stone_name} tiles"
    wall = plaster("wall paint", blend(palette.wall, (0.8, 0.8, 0.78), 0.15), grain=0.15)
    ceiling = plaster("ceiling", srgb("efece6"), grain=0.1)
    return Finish(floor, wall, wall, ceiling, plain("trim", srgb("eceae4"), 0.5)), below


def _style(rng: np.random.Generator, palette: Palette, worktop: str) -> tuple[Style, str]:
    """Return the look of the units and how a caption calls it."""
    muted = blend(palette.accents[0], srgb("8d8f8c"), 0.35)
    names: list[tuple[bpy.types.Material, str]] = [
        (plain("fronts", srgb("e7e3d8"), 0.4), "white units"),
        (plain("fronts", muted, 0.4), f"{palette.accent_names[0]} units"),
        (plain("fronts", muted, 0.4), f"{palette.accent_names[0]} units"),
        (wood("fronts", palette.wood, 0.45), f"{palette.wood_name} units"),
    ]
    front, words = names[int(rng.integers(len(names)))]
    if worktop == "wood":
        top = wood("worktop", shade(palette.wood, 0.9 if "wood" in words else 1.1), 0.4, (1.2, 14.0, 14.0))
    elif worktop == "marble":
        top = marble("worktop", srgb("e9e6e0"), srgb("8d8b88"))
    else:
        top = marble("worktop", srgb("35363a"), srgb("6d6e72"), 9.0)
    return kitchen.draw_style(rng, front, top), f"{words}, {worktop} worktops"


def _free_area(room: Room, main: int) -> tuple[float, float, float, float]:
    """Return the rectangle of the floor that belongs to cameras and subject."""
    low, high = np.array([-room.half_x, -room.half_y]) + STRIP_M, np.array([room.half_x, room.half_y]) - STRIP_M
    axis, upward = (1, main == 0) if main % 2 == 0 else (0, main == 3)
    (high if upward else low)[axis] += (STRIP_M - ISLAND_STRIP_M) * (1 if upward else -1)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _openings(room: Room, main: int, rng: np.random.Generator
              ) -> tuple[dict[int, list[facades.Opening]], int, facades.Opening]:  # fmt: skip
    """Return windows per side (over the main row, and on one more wall), and the side and hole of the door."""
    width = float(rng.uniform(1.4, 2.2))
    x = float(rng.uniform(-0.12, 0.12)) * room.length(main)
    other, door_side = (main + int(rng.choice([1, 3]))) % 4, (main + 2) % 4  # rows of units may take the other two
    count = int(rng.integers(1, 4))
    step = room.length(other) / (count + 0.6)
    wide = float(rng.uniform(1.2, min(1.9, step - 0.9)))
    high = min(room.height - 1.7, 1.3)
    more = [facades.Opening((i - (count - 1) / 2) * step, 1.3, wide, high) for i in range(count)]
    windows = {main: [facades.Opening(x, 1.34, width, min(room.height - 1.7, 1.15))], other: more}
    door_x = room.length(door_side) * float(rng.uniform(-0.15, 0.15))
    return windows, door_side, facades.Opening(door_x, 0.0, 0.95, 2.1)


def _fit_openings(made: Kitchen, openings: dict[int, list[facades.Opening]], door_side: int,
                  door: facades.Opening) -> None:  # fmt: skip
    paint = plain("window frames", srgb("f0eee8"), 0.4)
    for side, holes in openings.items():
        for index, hole in enumerate(holes):
            build_fixed(f"window {side} {index}", "window", facades.casement(hole, 0.1), [paint], made.room.frame(side))
    leaf = plain("door paint", blend(made.palette.accents[1], srgb("e6e2d8"), 0.5), 0.4)
    materials = [leaf, plain("door frame", srgb("f0eee8"), 0.4), plain("handle", srgb("b8a070"), 0.3, 1.0)]
    build_fixed("door", "door", facades.door(door, 0.1, 0, 1, 2), materials, made.room.frame(door_side))
    made.floor.keep_clear(made.room.rect(door_side, door.x - 0.75, door.x + 0.75, STRIP_M))


def _stand_island(made: Kitchen, rng: np.random.Generator) -> None:
    """Stand the island with stools before the main row, pendants over it."""
    width = float(rng.uniform(2.0, min(3.2, made.room.length(made.main) - 4.2)))
    x = float(rng.uniform(-0.5, 0.5))
    frame = made.room.frame(made.main) @ translation(x, -2.2, 0)
    turn = 90.0 * made.main
    placed = made.floor.put(kitchen.island(made.style, width), float(frame[0, 3]), float(frame[1, 3]), turn)
    if placed is not None:
        things = kitchenware.makers(rng, made.palette)
        for board in placed.surfaces:
            board.fill(rng, lambda: things[int(rng.integers(len(things)))](), int(3 + 4 * made.density), (0, 360), 6)
    seat = kitchen.stool(made.palette.accents[1], made.style.handles)
    for index in range(int(width / 0.7)):
        spot = frame @ [(index - (int(width / 0.7) - 1) / 2) * 0.7, -0.7, 0, 1]
        made.floor.put(seat, float(spot[0]), float(spot[1]), float(rng.uniform(0, 90)), 0.0)
    lamp = kitchen.pendant(rng, made.palette.accents[int(rng.integers(3))], made.room.height - 1.75)
    for index in range(count := int(rng.integers(2, 4))):
        at = frame @ translation((index - (count - 1) / 2) * width / count, 0, made.room.height)
        hang(lamp, at, "ceiling")


def _furnish(made: Kitchen, rng: np.random.Generator, openings: dict[int, list[facades.Opening]]) -> None:
    """Furnish the other walls: a table with chairs, a dresser with crockery, plants."""
    room, floor, palette = made.room, made.floor, made.palette
    crockery, things = kitchenware.crockery(rng, palette), kitchenware.makers(rng, palette)
    pieces = [
        furniture.table(rng, palette.wood, (1.7, 0.8, 0.75)),
        furniture.shelf(rng, palette.wood, (1.3, 0.4, 1.95), 5),
        furniture.sideboard(rng, palette.wood, 1.6),
        furniture.shelf(rng, srgb("e8e4da"), (1.0, 0.38, 1.2), 3),
    ]
    seat = furniture.chair(rng, palette.wood, palette.accents[0])
    for index in range(36):
        side = (made.main + 1 + index % 3) % 4
        prop = pieces[(index // 3) % len(pieces)]
        x = float(rng.uniform(-0.5, 0.5)) * (room.length(side) - 2.0)
        half = float(prop.footprint(0)[1, 0])
        holes = openings.get(side, [])
        if prop.shape.bounds[1, 2] > 1.0 and any(abs(x - h.x) < half + h.width / 2 + 0.1 for h in holes):
            continue
        placed = room.against(floor, prop, side, x, 0.06)
        if placed is None:
            continue
        for board in placed.surfaces:
            stock = crockery if prop.name == "bookcase" else things
            count = int(3.2 * made.density * (board.rect[2] - board.rect[0])) + 1
            board.fill(rng, lambda stock=stock: stock[int(rng.integers(len(stock)))](), count, (-40, 40), 6)
        for end in (-1, 1) if prop.name == "table" else ():
            spot = room.frame(side) @ [x + end * (half + 0.3), -0.5, 0, 1]
            floor.put(seat, float(spot[0]), float(spot[1]), 90.0 * side + end * 90.0, 0.03)
    extras = [plants.potted_plant(rng, palette.accents[2], 0.2, 0.36), clutter.box(rng, palette.accents[0]), seat]
    for index in range(12):
        side = (made.main + 1 + index % 3) % 4
        x = float(rng.uniform(-0.5, 0.5)) * (room.length(side) - 0.8)
        room.against(floor, extras[int(rng.integers(len(extras)))], side, x, 0.1)
    _fit_ceiling(made)


def _fit_ceiling(made: Kitchen) -> None:
    """Set discs of light into the ceiling."""
    shape = Shape()
    for x in (-0.6, 0.0, 0.6):
        for y in (-0.6, 0.0, 0.6):
            at = translation(x * made.room.half_x, y * made.room.half_y, made.room.height - 0.012)
            shape.cylinder(0.1, 0.012, 0, at, 18)
    build_fixed("spots", "fixture", shape, [glow("spots", srgb("fff1d6"), 1.6)])
