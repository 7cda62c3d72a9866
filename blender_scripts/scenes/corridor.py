"""A wide corridor of a school, an office, a hotel or a clinic: doors, alcoves, crossing passages, lockers and benches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, checker, fabric, glow, ground, lift, plain, planks, plaster, shade, wood
from blender_scripts.palettes import Palette, draw_palette, srgb
from blender_scripts.props import clutter, corridor, facades, furniture, plants
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.facades import Opening, pierced_wall
from blender_scripts.props.interior import (
    WALL_M,
    Finish,
    Room,
    area_light,
    build_niche,
    build_shell,
    lift_finish,
    light_openings,
)
from blender_scripts.props.placement import Prop, Surface, build_fixed, hang

PARAMETERS = {
    "kind": (["school", "office", "hotel", "clinic"], "what building the corridor is in"),
    "length_m": ((22.0, 32.0), "inner length, along x"),
    "width_m": ((7.2, 7.8), "inner width, along y"),
    "height_m": ((2.9, 3.5), "height of the ceiling"),
    "passages": ((1, 2), "number of passages that cross, 0 to 2"),
    "alcoves": ((2, 4), "number of alcoves in the walls"),
    "hour": ((8.0, 17.0), "solar hour of the day, for the window at the end"),
    "clutter": ((10, 18), "number of things along the walls"),
}

STRIP_M = 0.56
"""Depth of the strip along the walls that belongs to furniture."""

ALCOVE_M = 0.9
PASSAGE_M = 2.8
REACH_M = 9.0
"""Depth of alcoves, width and length of crossing passages."""


@dataclass(frozen=True)
class _Look:
    """What a kind of building gives its corridor: finish, door material, and words for the caption."""

    finish: Finish
    dado: bpy.types.Material
    dado_m: float
    door: bpy.types.Material
    words: str


@dataclass(frozen=True)
class _Corridor:
    kind: str
    room: Room
    floor: Surface
    palette: Palette
    look: _Look


@dataclass(frozen=True)
class _Bay:
    """A hole in a long wall: what it is for, its side and its opening."""

    use: str
    side: int
    hole: Opening


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the corridor into the current scene; see `contracts.SceneContract` for what comes back."""
    room = Room(float(params["length_m"]) / 2, float(params["width_m"]) / 2, float(params["height_m"]))
    if room.half_x < 9.0 or room.half_y < 3.58 or room.height < 2.8:
        raise StageError("corridor: length_m must be at least 18, width_m 7.2, height_m 2.8")
    palette, kind = draw_palette(rng), str(params["kind"])
    light = light_outdoors(rng, float(params["hour"]), float(rng.uniform(0, 0.8)), srgb("8a8a86"), sun=False)
    look = _look(rng, palette, kind)
    bays = _plan(room, rng, int(np.clip(params["passages"], 0, 2)), int(params["alcoves"]))
    ends = _ends(room, rng)
    openings: dict[int, list[Opening]] = {side: [bay.hole for bay in bays if bay.side == side] for side in (0, 2)}
    build_shell(room, look.finish, openings | {side: [hole] for side, (_, hole) in ends.items()})
    floor = room.floor("floor", 0.0, 0.0)
    reach_x, reach_y = min(room.half_x - 2.0, 6.0), room.half_y - STRIP_M
    floor.keep_clear((-room.half_x, -reach_y, room.half_x, reach_y))
    made = _Corridor(kind, room, floor, palette, look)
    _line_walls(made, bays)
    for bay in bays:
        _fit_bay(made, rng, bay)
    windows = _fit_ends(made, ends)
    _furnish(made, rng, bays, int(params["clutter"]))
    lamp = srgb("fff0d8") if kind == "hotel" else srgb(str(rng.choice(["f4f7ff", "fff6e6"])))
    _fit_ceiling(made, rng, lamp)
    at = translation(0, 0, room.height - 0.1)
    area_light("ceiling light", (room.half_x * 0.9, 1.6), 0.8 * 4 * room.half_x * room.half_y, at, lamp)
    if windows:
        light_openings(room, windows, 12.0, srgb("eef3ff"))
    words = [f"{palette.wall_name} walls", look.words]
    return SceneContract(
        camera_min=(-reach_x, -reach_y, 0.2),
        camera_max=(reach_x, reach_y, room.height - 0.4),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=reach_y - 0.5,
        floor_m=0.0,
        caption=f"{'an' if kind == 'office' else 'a'} {kind} corridor with {words[0]} and {words[1]}"
        + (f", a window at its end {light.phrase}" if windows else f" under {_lamps(kind)}"),
    )


def _lamps(kind: str) -> str:
    return "wall lamps" if kind == "hotel" else "ceiling lights"


def _look(rng: np.random.Generator, palette: Palette, kind: str) -> _Look:
    """Return the finish of a kind of building."""
    accent, second = palette.accents[0], palette.accents[1]
    wall_colour = blend(palette.wall, (0.8, 0.8, 0.78), 0.2)
    wall = plaster("wall paint", wall_colour, grain=0.12)
    ceiling = plaster("ceiling", srgb("eceae5"), grain=0.1)
    trim = plain("skirting", shade(wall_colour, 0.55), 0.5)
    door = plain("door", blend(accent, srgb("d8d4ca"), 0.25), 0.4)
    if kind == "school":
        floor = checker("linoleum", (blend(second, srgb("d9d3c4"), 0.75), srgb("cfc8b8")), 0.6)
        dado, words = plain("dado", blend(accent, wall_colour, 0.35), 0.4), f"{palette.accent_names[1]} lockers"
    elif kind == "hotel":
        ground_tone = blend(shade(accent, 0.6), srgb("5a4a42"), 0.35)
        floor = fabric("carpet", ground_tone, shade(ground_tone, 0.86), 0.25)
        dado, door = wood("panelling", palette.wood, 0.4), wood("doors", palette.wood, 0.35)
        words = f"{palette.wood_name} doors and a {palette.accent_names[0]} carpet"
    elif kind == "clinic":
        floor = ground("vinyl", (srgb("c9d2d0"), srgb("b7c4c2")), 3.0, 0.02, 0.03)
        dado, door = plain("dado", blend(second, srgb("dfe5e2"), 0.6), 0.4), wood("doors", srgb("c9a77a"), 0.4)
        words = f"a {palette.accent_names[1]} dado and handrails"
    else:
        carpet = blend(accent, srgb("6a6c70"), 0.65)
        timber = rng.random() < 0.4
        floor = planks("planks", palette.wood) if timber else fabric("carpet tiles", carpet, shade(carpet, 0.8), 0.5)
        dado, door = plain("wall band", blend(second, wall_colour, 0.3), 0.5), wood("doors", palette.wood, 0.4)
        words = f"{palette.wood_name} doors and {f'{palette.wood_name} planks' if timber else 'a carpet'}"
    finish = lift_finish(Finish(floor, wall, wall, ceiling, trim), 0.26)
    lift(dado, 0.2)
    return _Look(finish, dado, {"office": 0.35, "hotel": 0.9}.get(kind, 1.05), door, words)


def _plan(room: Room, rng: np.random.Generator, passages: int, alcoves: int) -> list[_Bay]:
    """Draw where the long walls open: passages near the middle, alcoves, and doors in what is left."""
    bays: list[_Bay] = []

    def add(use: str, side: int, x: float, width: float, high: float) -> None:
        if abs(x) + width / 2 < room.half_x - 0.5 and all(
            bay.side != side or abs(bay.hole.x - x) > (bay.hole.width + width) / 2 + 0.7 for bay in bays
        ):
            bays.append(_Bay(use, side, Opening(x, 0.0, width, high)))

    for index, side in enumerate(rng.permutation([0, 2])[:passages].tolist()):
        add("passage", side, float(rng.uniform(-3.5, 3.5)) * (1 if index else 0.6), PASSAGE_M, 2.5)
    for index in range(alcoves):
        add(
            "alcove",
            2 * (index % 2),
            float(rng.uniform(-0.45, 0.45)) * 2 * room.half_x,
            float(rng.uniform(2.0, 2.8)),
            2.4,
        )
    step = float(rng.uniform(3.2, 4.4))
    shift = float(rng.uniform(0, step))
    for side in (0, 2):
        for x in np.arange(-room.half_x + shift, room.half_x, step).tolist():
            add("door", side, x + (step / 3 if side else 0), 0.95, 2.1)
    return bays


def _ends(room: Room, rng: np.random.Generator) -> dict[int, tuple[str, Opening]]:
    """Draw what closes the two ends: a double door or a window."""
    kinds = ["door", "window"] if rng.random() < 0.7 else ["door", "door"]
    made = {}
    for side, kind in zip((1, 3), rng.permutation(kinds).tolist(), strict=True):
        if kind == "window":
            made[side] = (kind, Opening(0.0, 0.6, room.length(side) - 2.4, room.height - 1.2))
        else:
            made[side] = (kind, Opening(0.0, 0.0, 1.9, 2.2))
    return made


def _line_walls(made: _Corridor, bays: list[_Bay]) -> None:
    """Line the long walls with a dado 0.012 m thick and a rail on it, round all openings."""
    for side in (0, 2):
        holes = [Opening(b.hole.x, 0, b.hole.width + 0.32, made.look.dado_m) for b in bays if b.side == side]
        shape = pierced_wall(made.room.length(side), made.look.dado_m - 0.1, 0.012, [
            Opening(h.x, 0, h.width, h.height - 0.1) for h in holes])  # fmt: skip
        rail = pierced_wall(made.room.length(side), 0.05, 0.024, [Opening(h.x, 0, h.width, 0.05) for h in holes])
        shape.merge(rail, translation(0, -0.012, made.look.dado_m - 0.1), slot_offset=1)
        materials = [made.look.dado, made.look.finish.trim]
        build_fixed(f"dado {side}", "wall", shape, materials, made.room.frame(side) @ translation(0, -0.012, 0.1))


def _fit_bay(made: _Corridor, rng: np.random.Generator, bay: _Bay) -> None:
    frame = made.room.frame(bay.side)
    name = f"{bay.use} {bay.side} {bay.hole.x:.1f}"
    if bay.use == "door":
        steel = plain("handle", srgb("b8b2a0"), 0.3, 0.9)
        shape = facades.door(bay.hole, 0.08, 0, 1, 2)
        build_fixed(name, "door", shape, [made.look.door, made.look.finish.trim, steel], frame)
        plate = corridor.door_plate(shade(made.palette.accents[2], 0.7))
        hang(plate, frame @ translation(bay.hole.x + bay.hole.width / 2 + 0.3, -0.001, 1.5), f"wall {bay.side}")
        edge = bay.hole.width / 2 + 0.3
        made.floor.keep_clear(made.room.rect(bay.side, bay.hole.x - edge, bay.hole.x + edge, STRIP_M))
    elif bay.use == "alcove":
        at = frame @ translation(bay.hole.x, WALL_M, 0)
        build_niche(name, at, (bay.hole.width, ALCOVE_M, bay.hole.height), made.look.finish)
        _dress_alcove(made, rng, name, at, bay.hole.width)
    else:
        at = frame @ translation(bay.hole.x, WALL_M, 0)
        build_niche(name, at, (bay.hole.width, REACH_M, bay.hole.height), made.look.finish)
        _dress_passage(made, name, at)
        edge = bay.hole.width / 2 + 0.1
        made.floor.keep_clear(made.room.rect(bay.side, bay.hole.x - edge, bay.hole.x + edge, STRIP_M))


def _dress_alcove(made: _Corridor, rng: np.random.Generator, name: str, at: Array, width: float) -> None:
    """Put a bench, a console or a cooler into an alcove, a plant beside it, a picture above."""
    palette = made.palette
    spot = Surface(f"{name} floor", at, (-width / 2 + 0.03, 0.05, width / 2 - 0.03, ALCOVE_M - 0.03))
    piece: Prop = corridor.padded_bench(rng, palette.accents[1], min(width - 0.8, 1.5))
    if made.kind == "hotel" or rng.random() < 0.3:
        piece = corridor.console(rng, palette.wood, 1.1)
    placed = spot.put(piece, float(rng.uniform(-0.2, 0.2)), ALCOVE_M - 0.32)
    for board in placed.surfaces if placed else []:
        board.put(furniture.table_lamp(rng, palette.accents[0]), 0.3, 0.0)
        things = clutter.makers(rng, palette)
        board.fill(rng, lambda: things[int(rng.integers(len(things)))](), 2)
    plant = plants.potted_plant(rng, palette.accents[2], 0.15, 0.3)
    for x in (-1, 1):
        spot.put(plant, x * (width / 2 - 0.42), 0.42, float(rng.uniform(0, 360)))
    framed = furniture.picture(rng, palette.accents, (0.9, 0.6))
    hang(framed, at @ translation(0, ALCOVE_M - 0.002, 1.35), name)


def _dress_passage(made: _Corridor, name: str, at: Array) -> None:
    """Close a passage by a door, with a sign above and a light panel on its way."""
    hole = Opening(0.0, 0.0, 1.0, 2.1)
    leaf = facades.door(hole, -0.01, 0, 1, 2)
    steel = plain("handle", srgb("b8b2a0"), 0.3, 0.9)
    build_fixed(f"{name} door", "door", leaf, [made.look.door, made.look.finish.trim, steel],
                at @ translation(0, REACH_M - 0.05, 0))  # fmt: skip
    hang(corridor.exit_sign(), at @ translation(0, REACH_M - 0.002, 2.27), name)
    shape = Shape()
    for y in (1.5, 4.5, 7.5):
        shape.box((0.6, 0.6, 0.012), 0, translation(0, y, 2.488))
    build_fixed(f"{name} panels", "fixture", shape, [glow("passage light", srgb("fff6e6"), 2.0)], at)


def _fit_ends(made: _Corridor, ends: dict[int, tuple[str, Opening]]) -> dict[int, list[Opening]]:
    """Build double doors with signs, or windows; return the windows per side."""
    windows = {}
    trim = made.look.finish.trim
    for side, (kind, hole) in ends.items():
        frame = made.room.frame(side)
        if kind == "window":
            build_fixed(f"window {side}", "window", facades.casement(hole, 0.1), [trim], frame)
            windows[side] = [hole]
            continue
        steel = plain("handle", srgb("b8b2a0"), 0.3, 0.9)
        shape = Shape()
        for x in (-1, 1):
            leaf = Opening(hole.x + x * hole.width / 4, 0.0, hole.width / 2 - 0.01, hole.height)
            shape.merge(facades.door(leaf, 0.08, 0, 1, 2))
        build_fixed(f"double door {side}", "door", shape, [made.look.door, trim, steel], frame)
        hang(corridor.exit_sign(), frame @ translation(0, -0.002, hole.height + 0.3), f"wall {side}")
    return windows


def _furnish(made: _Corridor, rng: np.random.Generator, bays: list[_Bay], count: int) -> None:
    """Stand what belongs to the kind of building along the walls and hang boards, pictures or lamps between."""
    palette, room = made.palette, made.room
    plant = plants.potted_plant(rng, palette.accents[2], 0.17, 0.34)
    common: list[Prop] = [plant, corridor.bin_(rng, shade(palette.accents[0], 0.6)), corridor.extinguisher(rng)]
    kinds: dict[str, list[Prop]] = {
        "school": [corridor.lockers(rng, (palette.accents[1], palette.accents[1]), 6, 1),
                   corridor.lockers(rng, (palette.accents[1], shade(palette.accents[1], 0.7)), 5, 2),
                   corridor.padded_bench(rng, palette.accents[2], 1.6)],
        "office": [corridor.water_cooler(rng), corridor.padded_bench(rng, palette.accents[1], 1.5), plant,
                   furniture.sideboard(rng, palette.wood, 1.4)],
        "hotel": [corridor.console(rng, palette.wood), corridor.padded_bench(rng, palette.accents[2], 1.2), plant],
        "clinic": [corridor.padded_bench(rng, palette.accents[0], 1.8), corridor.water_cooler(rng), plant],
    }  # fmt: skip
    things = clutter.makers(rng, palette)
    pool = kinds[made.kind]
    blocked: dict[int, list[tuple[float, float]]] = {0: [], 2: []}
    for bay in bays:
        blocked[bay.side].append((bay.hole.x - bay.hole.width / 2 - 0.45, bay.hole.x + bay.hole.width / 2 + 0.45))
    for index in range(count * 3):
        side = 2 * (index % 2)
        prop = pool[int(rng.integers(len(pool)))] if rng.random() < 0.7 else common[int(rng.integers(3))]
        half = float(prop.footprint(0)[1, 0])
        x = float(rng.uniform(-1, 1)) * (room.half_x - half - 0.2)
        if any(x + half > low + 0.3 and x - half < high - 0.3 for low, high in blocked[side]):
            continue
        placed = room.against(made.floor, prop, side, x, 0.04)
        if placed is None:
            continue
        if prop.shape.bounds[1, 2] > 1.3:
            blocked[side].append((x - half - 0.1, x + half + 0.1))
        for board in placed.surfaces:
            if board.rect[2] > 0 and prop.name != "lockers":
                board.fill(rng, lambda: things[int(rng.integers(len(things)))](), 2)
    _hang(made, rng, blocked)


def _hang(made: _Corridor, rng: np.random.Generator, blocked: dict[int, list[tuple[float, float]]]) -> None:
    palette, room = made.palette, made.room
    hung: list[Prop] = [
        furniture.picture(rng, palette.accents, (0.9, 0.7)),
        furniture.picture(rng, palette.accents, (0.6, 0.8)),
    ]
    if made.kind in ("school", "office"):
        hung = [corridor.notice_board(rng, width, palette.accents) for width in (1.2, 1.8, 2.4)]
    if made.kind == "hotel":
        hung += [corridor.sconce(rng, srgb("a88a4c"))] * 4
    for index in range(40):
        side, prop = 2 * (index % 2), hung[int(rng.integers(len(hung)))]
        half = float(prop.shape.bounds[1, 0])
        x = float(rng.uniform(-1, 1)) * (room.half_x - half - 0.3)
        if all(x + half < low or x - half > high for low, high in blocked[side]):
            blocked[side].append((x - half - 0.5, x + half + 0.5))
            high = 1.62 if prop.name == "sconce" else 1.15
            hang(prop, room.frame(side) @ translation(x, -0.002, high), f"wall {side}")


def _fit_ceiling(made: _Corridor, rng: np.random.Generator, lamp: tuple[float, float, float]) -> None:
    """Set light panels into the ceiling and hang a soffit along both walls."""
    room, shape = made.room, Shape()
    kind = int(rng.integers(3)) if made.kind != "hotel" else 2
    size = ((1.2, 0.3), (0.6, 0.6), (0.2, 0.2))[kind]
    step = (2.4, 2.4, 1.8)[kind]
    for x in np.arange(-room.half_x + 1.2, room.half_x - 0.6, step).tolist():
        for y in (-0.45 * room.half_y, 0.0, 0.45 * room.half_y):
            shape.box((*size, 0.012), 0, translation(x, y, room.height - 0.012))
    build_fixed("ceiling panels", "fixture", shape, [glow("panel light", lamp, 2.0)])
    soffit = Shape()
    for side in (0, 2):
        soffit.box(
            (room.length(side), STRIP_M, 0.22), 0, room.frame(side) @ translation(0, -STRIP_M / 2, room.height - 0.22)
        )
    build_fixed("soffits", "ceiling", soffit, [made.look.finish.ceiling])
