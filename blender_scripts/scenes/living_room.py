"""A large living room: planks or tiles, windows with daylight, seating, shelves with books, pictures, plants, lamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, brickwork, fabric, glow, plain, planks, plaster, shade, wood
from blender_scripts.palettes import Palette, draw_palette, srgb
from blender_scripts.props import clutter, facades, furniture, plants
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.interior import Finish, Room, build_shell, lift_finish, light_openings, light_room
from blender_scripts.props.placement import Surface, build_fixed, hang

PARAMETERS = {
    "width_m": ((11.0, 13.0), "inner size along x"),
    "depth_m": ((10.0, 12.0), "inner size along y"),
    "height_m": ((2.9, 3.5), "height of the ceiling"),
    "hour": ((8.0, 17.0), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.9), "cloud cover, 0 clear to 1 overcast"),
    "flooring": (["planks", "planks", "tiles"], "kind of floor"),
    "window_sides": ((1, 2), "number of walls with windows, 1 to 3"),
    "clutter": ((0.6, 1.3), "density of things on shelves and tables"),
}

FURNITURE_M = 1.25
"""Depth of the strip along the walls that belongs to the furniture."""


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the room into the current scene; see `contracts.SceneContract` for what comes back."""
    room = Room(float(params["width_m"]) / 2, float(params["depth_m"]) / 2, float(params["height_m"]))
    if min(room.half_x, room.half_y) < 4.0 or room.height < 2.7:
        raise StageError("living_room: width_m and depth_m must be at least 8, height_m at least 2.7")
    palette = draw_palette(rng)
    light = light_outdoors(rng, float(params["hour"]), float(params["cloud"]), srgb("6f7a52"), sun=False)
    flooring = str(params["flooring"])
    finish = lift_finish(_finish(palette, flooring), 0.22)
    order = rng.permutation(4).tolist()
    window_sides = order[: int(np.clip(params["window_sides"], 1, 3))]
    openings = {side: _windows(room, side, rng) for side in window_sides}
    door_side = order[-1]
    shut = facades.Opening(room.length(door_side) * float(rng.uniform(-0.32, 0.32)), 0.0, 0.95, 2.1)
    build_shell(room, finish, openings | {door_side: [shut]}, door_side if rng.random() < 0.6 else -1)
    clear_x, clear_y = room.half_x - FURNITURE_M, room.half_y - FURNITURE_M
    floor = room.floor("floor", clear_x, clear_y)
    _fit_openings(room, floor, palette, openings, rng)
    _fit_door(room, floor, palette, door_side, shut)
    _fit_ceiling(room, rng, palette)
    walls = [_Wall(side, room.length(side), []) for side in range(4)]
    for side, holes in (openings | {door_side: [shut]}).items():
        walls[side].taken += [(hole.x - hole.width / 2 - 0.5, hole.x + hole.width / 2 + 0.5) for hole in holes]
    _furnish(room, floor, rng, palette, walls, float(params["clutter"]))
    rug = _lay_rug(rng, palette)
    evening = float(np.clip((30.0 - light.sun_elevation_deg) / 20.0, 0.0, 1.0)) * (1 - float(params["cloud"]))
    tint = blend(srgb("f4f6ff"), srgb("ffc98f"), evening)
    light_openings(room, openings, 11.0 - 4.0 * float(params["cloud"]), tint)
    light_room(room, 0.85, srgb("fff0dd"))
    below = f"{palette.wood_name} planks" if flooring == "planks" else f"{palette.stone_name} tiles"
    return SceneContract(
        camera_min=(-clear_x, -clear_y, 0.2),
        camera_max=(clear_x, clear_y, room.height - 0.45),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=min(clear_x, clear_y) - 1.0,
        floor_m=rug,
        caption=f"a living room with {palette.wall_name} walls and {below} {light.phrase}",
    )


def _finish(palette: Palette, flooring: str) -> Finish:
    if flooring == "planks":
        floor = planks("floor planks", palette.wood)
    else:
        floor = brickwork(
            "floor tiles", palette.stone, shade(palette.stone[1], 0.6), (0.6, 0.6), 0.006, 0.35, 0.0, 0.3, 0.12
        )
    wall = blend(palette.wall, (0.8, 0.8, 0.78), 0.15)
    return Finish(
        floor=floor,
        wall=plaster("wall paint", wall, grain=0.15),
        feature_wall=plaster("feature wall", blend(palette.accents[0], wall, 0.35), grain=0.15),
        ceiling=plaster("ceiling", srgb("efece6"), grain=0.1),
        trim=plain("trim", srgb("eceae4"), 0.5),
    )


def _windows(room: Room, side: int, rng: np.random.Generator) -> list[facades.Opening]:
    count = int(rng.integers(2, 4))
    length = room.length(side)
    width = float(rng.uniform(1.3, min(2.2, length / count - 1.3)))
    sill = float(rng.choice([0.45, 0.85]))
    high = min(room.height - 0.45 - sill, 1.75)
    return [facades.Opening((index + 0.5) / count * length - length / 2, sill, width, high) for index in range(count)]


def _fit_openings(room: Room, floor: Surface, palette: Palette, openings: dict[int, list[facades.Opening]],
                  rng: np.random.Generator) -> None:  # fmt: skip
    """Build the windows' frames, and curtains on rails beside them."""
    paint = plain("window frames", srgb("f0eee8"), 0.4)
    rail_paint = plain("rail", furniture.METAL, 0.4, 0.8)
    for side, holes in openings.items():
        frame = room.frame(side)
        drop = holes[0].sill + holes[0].height + 0.12
        pair = furniture.curtain(rng, palette.accents[1], 0.42, drop - 0.06)
        for index, hole in enumerate(holes):
            build_fixed(f"window {side} {index}", "window", facades.casement(hole, 0.1), [paint], frame)
            reach = hole.width / 2 + 0.5
            rail = Shape().capsule((hole.x - reach, -0.1, drop), (hole.x + reach, -0.1, drop), 0.014)
            build_fixed(f"curtain rail {side} {index}", "fixture", rail, [rail_paint], frame)
            for end in (-1, 1):
                x = hole.x + end * (hole.width / 2 + 0.22)
                hang(pair, frame @ translation(x, -0.1, 0.04), f"curtain rail {side} {index}")
                floor.keep_clear(room.rect(side, x - 0.25, x + 0.25, 0.2))


def _fit_door(room: Room, floor: Surface, palette: Palette, side: int, shut: facades.Opening) -> None:
    """Build the door, and keep the way to it clear."""
    paint = plain("door paint", blend(palette.wall, (0.85, 0.85, 0.82), 0.6), 0.4)
    materials = [paint, plain("door frame", srgb("f0eee8"), 0.4), plain("handle", srgb("b8a070"), 0.3, 1.0)]
    build_fixed("door", "door", facades.door(shut, 0.1, 0, 1, 2), materials, room.frame(side))
    floor.keep_clear(room.rect(side, shut.x - 0.75, shut.x + 0.75, FURNITURE_M))


def _fit_ceiling(room: Room, rng: np.random.Generator, palette: Palette) -> None:
    """Put beams under the ceiling, or recessed discs of light."""
    if rng.random() < 0.5:
        shape = Shape()
        for y in np.arange(-room.half_y + 1.0, room.half_y, 1.7).tolist():
            shape.box((2 * room.half_x, 0.16, 0.2), 0, translation(0, y, room.height - 0.2), 0.01)
        build_fixed("beams", "ceiling", shape, [wood("beams", palette.wood, 0.6, (1.0, 12.0, 12.0))])
        return
    shape = Shape()
    for x in (-0.5, 0.0, 0.5):
        for y in (-0.5, 0.0, 0.5):
            shape.cylinder(
                0.09, 0.012, 0, translation(x * room.half_x * 1.3, y * room.half_y * 1.3, room.height - 0.012), 18
            )
    build_fixed("spots", "fixture", shape, [glow("spots", srgb("fff1d6"), 1.5)])


def _lay_rug(rng: np.random.Generator, palette: Palette) -> float:
    """Lay a rug in the middle and return the height of its top."""
    thickness = 0.006
    size = (float(rng.uniform(3.6, 5.2)), float(rng.uniform(2.6, 3.6)))
    shape = Shape().box((*size, thickness))
    shape.box((size[0] - 0.5, size[1] - 0.5, 0.001), 1, translation(0, 0, thickness))
    stripe = float(rng.choice([0.0, 0.12, 0.3]))
    field = fabric("rug field", palette.accents[0], blend(palette.accents[0], palette.wall, 0.6), stripe)
    border = fabric("rug border", blend(palette.accents[2], palette.wall, 0.35))
    turn = rotation("z", float(rng.uniform(-12, 12)))
    build_fixed("rug", "floor", shape, [border, field], turn)
    return thickness + 0.001


@dataclass
class _Wall:
    """What is known of a side while it is furnished: windows and tall pieces take their stretch of wall."""

    side: int
    length: float
    taken: list[tuple[float, float]]

    def is_free(self, x: float, half: float) -> bool:
        return all(x + half < low or x - half > high for low, high in self.taken)


def _furnish(room: Room, floor: Surface, rng: np.random.Generator, palette: Palette, walls: list[_Wall],
             density: float) -> None:  # fmt: skip
    """Stand tall pieces on free walls, low ones under windows, pictures between, plants and lamps in what is left."""
    kinds = clutter.makers(rng, palette)
    cloth = palette.accents[1] if rng.random() < 0.5 else blend(palette.accents[2], srgb("b9b2a6"), 0.5)
    tall = [
        furniture.shelf(rng, palette.wood, (float(rng.uniform(1.2, 1.8)), 0.36, float(rng.uniform(1.7, 2.1))), 5),
        furniture.shelf(rng, srgb("e8e4da"), (0.9, 0.34, 1.9), 5),
    ]
    low = [
        furniture.sofa(rng, cloth, palette.wood, 3),
        furniture.sideboard(rng, palette.wood, float(rng.uniform(1.5, 2.0))),
        furniture.sofa(rng, palette.accents[0], palette.wood, 1),
        furniture.table(rng, palette.wood, (1.5, 0.75, 0.74)),
        furniture.shelf(rng, palette.wood, (1.4, 0.36, 0.75), 2),
    ]
    extras = [
        plants.potted_plant(rng, palette.accents[2], 0.2, 0.36),
        furniture.floor_lamp(rng, palette.accents[1]),
        plants.potted_plant(rng, srgb("e4dccb"), 0.17, 0.3),
        furniture.chair(rng, palette.wood, palette.accents[0]),
        clutter.box(rng, palette.accents[2]),
    ]
    lamp = furniture.table_lamp(rng, palette.accents[0])
    screen = furniture.television(rng)
    for index in range(20):
        wall = walls[index % 4]
        pool = tall if index < 8 else low
        prop = pool[int(rng.integers(len(pool)))] if index >= 4 + len(low) or index < 8 else low[index % len(low)]
        x = float(rng.uniform(-0.5, 0.5)) * (wall.length - 1.4)
        half = float(prop.footprint(0)[1, 0])
        if pool is tall and not wall.is_free(x, half):
            continue
        made = room.against(floor, prop, wall.side, x, 0.05 if pool is tall else 0.13)
        if made is None:
            continue
        if pool is tall:
            wall.taken.append((x - half, x + half))
        for board in made.surfaces:
            if prop.name == "sideboard" and rng.random() < 0.5:
                board.put(screen if wall.is_free(x, 0.6) else lamp, 0.0, 0.05)
            elif prop.name == "sideboard" or (prop.name == "table" and rng.random() < 0.5):
                board.put(lamp, float(rng.choice([-0.5, 0.5])), 0.0)
            clutter.dress(rng, board, kinds, density)
    for index in range(16):
        wall = walls[index % 4]
        x = float(rng.uniform(-0.5, 0.5)) * (wall.length - 0.8)
        room.against(floor, extras[int(rng.integers(len(extras)))], wall.side, x, 0.12)
    for wall in walls:
        _hang_pictures(room, rng, palette, wall)


def _hang_pictures(room: Room, rng: np.random.Generator, palette: Palette, wall: _Wall) -> None:
    for _ in range(4):
        size = (float(rng.uniform(0.5, 1.3)), float(rng.uniform(0.5, 0.95)))
        x = float(rng.uniform(-0.5, 0.5)) * (wall.length - 1.6)
        if wall.is_free(x, size[0] / 2 + 0.12):
            wall.taken.append((x - size[0] / 2 - 0.1, x + size[0] / 2 + 0.1))
            high = 1.72 - size[1] / 2
            framed = furniture.picture(rng, palette.accents, size)
            hang(framed, room.frame(wall.side) @ translation(x, -0.002, high), f"wall {wall.side}")
