"""A wide corridor of a school, an office, a hotel or a clinic: doors, alcoves, crossing passages, lockers and benches."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from blender_scripts.build_tools import Shape, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, glow, shade
from blender_scripts.palettes import draw_palette, srgb, with_article
from blender_scripts.props import clutter, corridor, furniture, plants
from blender_scripts.props.corridor_looks import draw_look
from blender_scripts.props.corridor_shell import (
    PASSAGE_M,
    STRIP_M,
    Bay,
    Corridor,
    fit_bay,
    fit_ends,
    lay_runner,
    line_walls,
)
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.facades import Opening
from blender_scripts.props.interior import (
    Room,
    area_light,
    build_shell,
    light_openings,
)
from blender_scripts.props.placement import Prop, build_fixed, hang

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


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the corridor into the current scene; see `contracts.SceneContract` for what comes back."""
    room = Room(float(params["length_m"]) / 2, float(params["width_m"]) / 2, float(params["height_m"]))
    if room.half_x < 9.0 or room.half_y < 3.58 or room.height < 2.8:
        raise StageError("corridor: length_m must be at least 18, width_m 7.2, height_m 2.8")
    palette, kind = draw_palette(rng), str(params["kind"])
    light = light_outdoors(rng, float(params["hour"]), float(rng.uniform(0, 0.8)), srgb("8a8a86"), sun=False)
    look = draw_look(rng, palette, kind)
    bays = _plan(room, rng, int(np.clip(params["passages"], 0, 2)), int(params["alcoves"]))
    ends = _ends(room, rng)
    openings: dict[int, list[Opening]] = {side: [bay.hole for bay in bays if bay.side == side] for side in (0, 2)}
    build_shell(room, look.finish, openings | {side: [hole] for side, (_, hole) in ends.items()})
    floor = room.floor("floor", 0.0, 0.0)
    reach_x, reach_y = min(room.half_x - 2.0, 6.0), room.half_y - STRIP_M
    floor.keep_clear((-room.half_x, -reach_y, room.half_x, reach_y))
    made = Corridor(kind, room, floor, palette, look, clutter.makers(rng, palette))
    floor_m = lay_runner(made) if kind == "hotel" else 0.0
    line_walls(made, bays)
    for bay in bays:
        fit_bay(made, rng, bay)
    windows = fit_ends(made, ends)
    lockers, sconces = _furnish(made, rng, bays, int(params["clutter"]))
    lamp = srgb("fff0d8") if kind == "hotel" else srgb(str(rng.choice(["f4f7ff", "fff6e6"])))
    _fit_ceiling(made, rng, lamp)
    at = translation(0, 0, room.height - 0.1)
    area_light("ceiling light", (room.half_x * 0.9, 1.6), 0.62 * 4 * room.half_x * room.half_y, at, lamp)
    if windows:
        light_openings(room, windows, 12.0, srgb("eef3ff"))
    words = with_article(f"{palette.accent_names[0]} dado") if kind == "school" and not lockers else look.words
    joint = ", " if " and " in words else " and "
    lamps = "wall lamps" if sconces else "ceiling lights"
    return SceneContract(
        camera_min=(-reach_x, -reach_y, 0.2),
        camera_max=(reach_x, reach_y, room.height - 0.4),
        stage_centre=(0.0, 0.0, floor_m),
        stage_radius_m=reach_y - 0.5,
        floor_m=floor_m,
        caption=f"{with_article(kind)} corridor with {palette.wall_name} walls{joint}{words}"
        + (f", a window at its end {light.phrase}" if windows else f" under {lamps}"),
    )


def _plan(room: Room, rng: np.random.Generator, passages: int, alcoves: int) -> list[Bay]:
    """Draw where the long walls open: passages near the middle, alcoves, and doors in what is left."""
    bays: list[Bay] = []

    def add(use: str, side: int, x: float, width: float, high: float) -> None:
        if abs(x) + width / 2 < room.half_x - 0.5 and all(
            bay.side != side or abs(bay.hole.x - x) > (bay.hole.width + width) / 2 + 0.7 for bay in bays
        ):
            bays.append(Bay(use, side, Opening(x, 0.0, width, high)))

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


def _furnish(made: Corridor, rng: np.random.Generator, bays: list[Bay], count: int) -> tuple[int, int]:
    """Stand what belongs to the kind of building along the walls and hang boards, pictures or lamps between.

    Returns the numbers of rows of lockers and of wall lamps.
    """
    palette, room = made.palette, made.room
    plant = plants.potted_plant(rng, palette.accents[2], 0.17, 0.34)
    common: list[Prop] = [plant, corridor.bin_(rng, shade(palette.accents[0], 0.6)), corridor.extinguisher(rng)]
    kinds: dict[str, list[Prop]] = {
        "school": [corridor.padded_bench(rng, palette.accents[2], 1.6)],
        "office": [corridor.water_cooler(rng), corridor.padded_bench(rng, palette.accents[1], 1.5), plant,
                   furniture.sideboard(rng, palette.wood, 1.4)],
        "hotel": [corridor.console(rng, palette.wood), corridor.padded_bench(rng, palette.accents[2], 1.2), plant],
        "clinic": [corridor.padded_bench(rng, palette.accents[0], 1.8), corridor.water_cooler(rng), plant],
    }  # fmt: skip
    things = made.things
    pool = kinds[made.kind]
    blocked: dict[int, list[tuple[float, float]]] = {0: [], 2: []}
    for bay in bays:
        blocked[bay.side].append((bay.hole.x - bay.hole.width / 2 - 0.45, bay.hole.x + bay.hole.width / 2 + 0.45))
    lockers = _line_with_lockers(made, rng, blocked) if made.kind == "school" else 0
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
    return lockers, _hang(made, rng, blocked)


def _line_with_lockers(made: Corridor, rng: np.random.Generator, blocked: dict[int, list[tuple[float, float]]]) -> int:
    """Fill most stretches of wall between openings with lockers, as many as fit; returns the number of rows."""
    colours = made.palette.accents[1], blend(made.palette.accents[1], srgb("c9c6bd"), float(rng.choice([0.0, 0.6])))
    tiers, rows = int(rng.integers(1, 4)), 0
    for side, taken in blocked.items():
        edges = [(-9e9, -made.room.half_x), *sorted(taken), (made.room.half_x, 9e9)]
        for (_, low), (high, _) in pairwise(edges):
            count = int((high - low - 0.2) / corridor.LOCKER_M)
            if count < 2 or rng.random() < 0.2:
                continue
            count = min(count, int(rng.integers(4, 10)))
            x = (low + high) / 2
            half = count * corridor.LOCKER_M / 2
            if made.room.against(made.floor, corridor.lockers(rng, colours, count, tiers), side, x, 0.04):
                taken.append((x - half - 0.1, x + half + 0.1))
                rows += 1
    return rows


def _hang(made: Corridor, rng: np.random.Generator, blocked: dict[int, list[tuple[float, float]]]) -> int:
    """Hang boards, pictures or lamps where the walls are free; returns the number of lamps."""
    palette, room, lamps = made.palette, made.room, 0
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
            lamps += prop.name == "sconce"
    return lamps


def _fit_ceiling(made: Corridor, rng: np.random.Generator, lamp: tuple[float, float, float]) -> None:
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
