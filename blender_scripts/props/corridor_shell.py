"""The fixed parts of a corridor: dados, doors, alcoves, crossing passages, its two ends, a runner on the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.materials import blend, fabric, glow, plain, shade
from blender_scripts.palettes import Palette, srgb
from blender_scripts.props import corridor, facades, furniture, plants
from blender_scripts.props.corridor_looks import Look
from blender_scripts.props.facades import Opening, pierced_wall
from blender_scripts.props.interior import WALL_M, Room, build_niche
from blender_scripts.props.placement import Prop, Surface, build_fixed, hang

STRIP_M = 0.56
"""Depth of the strip along the walls that belongs to furniture."""

ALCOVE_M = 0.9
PASSAGE_M = 2.8
REACH_M = 9.0
"""Depth of alcoves, width and length of crossing passages."""


@dataclass(frozen=True)
class Corridor:
    kind: str
    room: Room
    floor: Surface
    palette: Palette
    look: Look
    things: list[Callable[[], Prop]]


@dataclass(frozen=True)
class Bay:
    """A hole in a long wall: what it is for, its side and its opening."""

    use: str
    side: int
    hole: Opening


def lay_runner(made: Corridor) -> float:
    """Lay a long carpet with two borders and return the height of its top."""
    length, width = 2 * made.room.half_x - 1.6, 2 * made.room.half_y - 2.4
    tone = blend(shade(made.palette.accents[0], 0.7), srgb("4a3a36"), 0.3)
    border = blend(made.palette.accents[1], srgb("c9a964"), 0.6)
    shape = Shape().box((length, width, 0.006)).box((length - 0.3, width - 0.3, 0.001), 1, translation(0, 0, 0.006))
    shape.box((length - 0.5, width - 0.5, 0.001), 0, translation(0, 0, 0.007))
    weave = fabric("runner", tone, shade(tone, 0.85), 0.3)
    build_fixed("runner", "floor", shape, [weave, fabric("runner border", border)])
    return 0.008


def line_walls(made: Corridor, bays: list[Bay]) -> None:
    """Line the long walls with a dado 0.012 m thick and a rail on it, round all openings."""
    for side in (0, 2):
        holes = [Opening(b.hole.x, 0, b.hole.width + 0.32, made.look.dado_m) for b in bays if b.side == side]
        shape = pierced_wall(made.room.length(side), made.look.dado_m - 0.1, 0.012, [
            Opening(h.x, 0, h.width, h.height - 0.1) for h in holes])  # fmt: skip
        rail = pierced_wall(made.room.length(side), 0.05, 0.024, [Opening(h.x, 0, h.width, 0.05) for h in holes])
        shape.merge(rail, translation(0, -0.012, made.look.dado_m - 0.1), slot_offset=1)
        materials = [made.look.dado, made.look.finish.trim]
        build_fixed(f"dado {side}", "wall", shape, materials, made.room.frame(side) @ translation(0, -0.012, 0.1))


def fit_bay(made: Corridor, rng: np.random.Generator, bay: Bay) -> None:
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


def _dress_alcove(made: Corridor, rng: np.random.Generator, name: str, at: Array, width: float) -> None:
    """Put a bench, a console or a cooler into an alcove, a plant beside it, a picture above."""
    palette = made.palette
    spot = Surface(f"{name} floor", at, (-width / 2 + 0.03, 0.05, width / 2 - 0.03, ALCOVE_M - 0.03))
    piece: Prop = corridor.padded_bench(rng, palette.accents[1], min(width - 0.8, 1.5))
    if made.kind == "hotel" or rng.random() < 0.3:
        piece = corridor.console(rng, palette.wood, 1.1)
    placed = spot.put(piece, float(rng.uniform(-0.2, 0.2)), ALCOVE_M - 0.32)
    for board in placed.surfaces if placed else []:
        board.put(furniture.table_lamp(rng, palette.accents[0]), 0.3, 0.0)
        board.fill(rng, lambda: made.things[int(rng.integers(len(made.things)))](), 2)
    plant = plants.potted_plant(rng, palette.accents[2], 0.15, 0.3)
    for x in (-1, 1):
        spot.put(plant, x * (width / 2 - 0.42), 0.42, float(rng.uniform(0, 360)))
    framed = furniture.picture(rng, palette.accents, (0.9, 0.6))
    hang(framed, at @ translation(0, ALCOVE_M - 0.002, 1.35), name)


def _dress_passage(made: Corridor, name: str, at: Array) -> None:
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


def fit_ends(made: Corridor, ends: dict[int, tuple[str, Opening]]) -> dict[int, list[Opening]]:
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
