"""Rows of kitchen units along walls: which unit stands where, what hangs above it, tiles between, things on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.materials import blend, brickwork, plain, shade, wood
from blender_scripts.palettes import Palette, srgb
from blender_scripts.props import facades, furniture, kitchen, kitchenware
from blender_scripts.props.interior import Room
from blender_scripts.props.kitchen import TOP_M, UNIT_M, Style
from blender_scripts.props.placement import Prop, Surface, build_fixed, hang, surface_on

SHELF_M = 1.45
"""Height of the lower edge of what hangs over the worktops."""


@dataclass(frozen=True)
class Kitchen:
    """What the parts of the build share: the room, its floor, its main side, colours, unit style and density."""

    room: Room
    floor: Surface
    main: int
    palette: Palette
    style: Style
    density: float


def fit_rows(made: Kitchen, rng: np.random.Generator, openings: dict[int, list[facades.Opening]], rows: int) -> int:
    """Build the rows of units: tall pieces and base units, what hangs above them, tiles between, things on top.

    Returns the number of rows that stand: one that finds no room is left out.
    """
    tiles = blend(made.palette.accents[1], srgb("f0ede4"), float(rng.choice([0.2, 0.75, 0.92])))
    size = (0.2, 0.1) if rng.random() < 0.6 else (0.12, 0.12)
    offset = 0.5 if size[0] > size[1] else 0.0
    tiled = brickwork("wall tiles", (tiles, shade(tiles, 0.88)), srgb("d8d4ca"), size, 0.006, 0.25, offset, 0.3, 0.06)
    half = made.room.length(made.main) / 2
    kinds = kitchenware.makers(rng, made.palette)
    crockery = kitchenware.crockery(rng, made.palette)
    spans = [(made.main, -half + 0.06, half - 0.06, 2)]
    right, left = (made.main - 1) % 4, (made.main + 1) % 4
    if rows > 1:
        edge = made.room.length(right) / 2
        spans.append((right, 0.68 - edge, 0.68 - edge + UNIT_M * int(rng.integers(5, 9)), 0))
    if rows > 2:
        edge = made.room.length(left) / 2
        spans.append((left, edge - 0.68 - UNIT_M * int(rng.integers(4, 7)), edge - 0.68, 0))
    return sum(_fit_row(made, rng, span, openings.get(span[0], []), (kinds, crockery), tiled) for span in spans)


def _fit_row(made: Kitchen, rng: np.random.Generator, span: tuple[int, float, float, int],
             holes: list[facades.Opening], things: tuple[Any, Any], tiled: bpy.types.Material) -> bool:  # fmt: skip
    """Build one row; False if there is no room for its units."""
    side, x0, x1, tall = span
    steel = rng.random() < 0.5
    colour = srgb("b9bcbe") if steel else blend(made.palette.accents[2], srgb("eeebe2"), float(rng.choice([0.0, 0.9])))
    if tall:
        for prop, width in ((kitchen.fridge(rng, colour, 0.85 if steel else 0.0), 0.72),
                            (kitchen.larder(made.style, bool(rng.random() < 0.5)), UNIT_M + 0.02)):  # fmt: skip
            _stand(made, prop, side, x0 + width / 2)
            x0 += width
    count = int((x1 - x0) / UNIT_M)
    units = ["doors" if rng.random() < 0.55 else "drawers" for _ in range(count)]
    start = x0
    if tall:  # the main row: a sink under the window and a hob away from it
        sink = int(np.clip((holes[0].x - start) / UNIT_M, 1, count - 2))
        oven = int((sink + rng.integers(3, max(count - 3, 4))) % count)
        units[sink] = "sink"
        units[oven if abs(oven - sink) > 1 else (sink + 3) % count] = "oven"
    middle = start + count * UNIT_M / 2
    placed = _stand(made, kitchen.base_run(made.style, units), side, middle)
    if placed is None:
        return False
    _fit_wall(made, rng, side, (start, units), holes, things[1])
    _tile(made, side, (start, start + count * UNIT_M), holes, tiled)
    for board in placed:
        board.fill(rng, lambda: things[0][int(rng.integers(len(things[0])))](),
                   max(int(made.density * 2.6 * (board.rect[2] - board.rect[0])), 1), (-30.0, 30.0), 8)  # fmt: skip
    return True


def _stand(made: Kitchen, prop: Prop, side: int, x: float) -> list[Surface] | None:
    """Stand a prop with its back to the tiles (there is no skirting behind units, but it does not show)."""
    back = float(prop.footprint(0)[1, 1])
    spot = made.room.frame(side) @ [x, -back - 0.035, 0, 1]
    placed = made.floor.put(prop, float(spot[0]), float(spot[1]), 90.0 * side, 0.0)
    return None if placed is None else placed.surfaces


def _fit_wall(made: Kitchen, rng: np.random.Generator, side: int, row: tuple[float, list[str]],
              holes: list[facades.Opening], crockery: Any) -> None:  # fmt: skip
    """Hang a hood over the hob, and cupboards or shelves wherever no window is."""
    start, units = row
    frame = made.room.frame(side)
    shelves = rng.random() < 0.45
    boards = wood("shelf boards", made.palette.wood, 0.45, (1.2, 14.0, 14.0))
    brackets = plain("brackets", furniture.METAL, 0.4, 0.8)
    run: list[float] = []
    for index, unit in enumerate([*units, "end"]):
        x = start + (index + 0.5) * UNIT_M
        blocked = any(abs(x - hole.x) < hole.width / 2 + UNIT_M / 2 + 0.06 for hole in holes)
        if unit not in ("oven", "end") and not blocked:
            run.append(x)
            continue
        if unit == "oven" and not blocked:
            hung = kitchen.hood(made.style, made.room.height - SHELF_M - 0.15)
            hang(hung, frame @ translation(x, -0.014, SHELF_M + 0.15), f"wall {side}")
        if len(run) > 1 or (run and not shelves):
            _hang_run(made, rng, frame @ translation((run[0] + run[-1]) / 2, -0.014, SHELF_M), (side, len(run), shelves),
                      (boards, brackets), crockery)  # fmt: skip
        run = []


def _hang_run(made: Kitchen, rng: np.random.Generator, at: Array, row: tuple[int, int, bool],
              materials: tuple[bpy.types.Material, bpy.types.Material], crockery: Any) -> None:  # fmt: skip
    """Hang ``row`` (side, units' count, whether open shelves with crockery rather than cupboards) at a pose."""
    side, count, shelves = row
    if not shelves:
        hang(kitchen.wall_units(made.style, count), at, f"wall {side}")
        return
    prop = kitchen.open_shelves(*materials, count * UNIT_M - 0.1)
    hung = hang(prop, at, f"wall {side}")
    for board in prop.boards:
        surface_on(hung.name, at, board).fill(
            rng, lambda: crockery[int(rng.integers(len(crockery)))](), int(2.5 * count * made.density), (-40, 40), 6
        )


def _tile(made: Kitchen, side: int, span: tuple[float, float], holes: list[facades.Opening],
          tiled: bpy.types.Material) -> None:  # fmt: skip
    """Tile the wall between worktop and shelves, up to 0.012 m thick, round the windows."""
    shape = Shape()
    length, high = span[1] - span[0], SHELF_M + 0.1 - TOP_M
    middle = (span[0] + span[1]) / 2
    cuts = [(h.x - h.width / 2 - 0.06, h.x + h.width / 2 + 0.06, h.sill - 0.05) for h in holes]
    cuts = [(max(a, span[0]), min(b, span[1]), z) for a, b, z in cuts if b > span[0] and a < span[1]]
    inner = [facades.Opening((a + b) / 2 - middle, z - TOP_M, b - a, high) for a, b, z in cuts if z < TOP_M + high]
    shape.merge(facades.pierced_wall(length, high, 0.012, [
        facades.Opening(hole.x, hole.sill, hole.width, high - hole.sill) for hole in inner]))  # fmt: skip
    build_fixed(
        f"wall tiles {side}", "wall", shape, [tiled], made.room.frame(side) @ translation(middle, -0.012, TOP_M)
    )
