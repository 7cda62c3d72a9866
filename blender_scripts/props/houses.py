"""Terraced houses along a street: shops or homes on the ground floor, storeys of windows, cornices and roofs.

A house is built in its own frame: x along the street, its face at y = 0 looking towards -y, z up from the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, brickwork, fabric, glow, lift, plain, plaster, shade
from blender_scripts.palettes import srgb
from blender_scripts.props.facades import Opening, door, pierced_wall

WALL, TRIM, PANE, PAINT, SIGN, CLOTH, STRIPE, GOODS, ROOF, INSIDE, LIT = range(11)
GROUND_FLOOR_M, STOREY_M, FACE_M, DEEP_M = 3.5, 2.95, 0.3, 7.5
NICHE_M = 0.95
"""Depth of a shop's window display, behind the face."""


@dataclass(frozen=True)
class Style:
    """What houses of a street share: how high, whether shops, and the share of windows that are lit."""

    storeys: tuple[int, int]
    shops: float
    lit: float
    shutters: bool


def house_materials(rng: np.random.Generator, wall: Colour, accents: Sequence[Colour]) -> list[bpy.types.Material]:
    """Return the materials of one house, in the order of this module's slots."""
    paint, cloth = (accents[int(i)] for i in rng.permutation(len(accents))[:2])
    if rng.random() < 0.3:
        brick = shade(srgb(str(rng.choice(["a85f45", "8f5040", "b98a62"]))), float(rng.uniform(0.85, 1.1)))
        face = brickwork("house bricks", (brick, shade(brick, 0.75)), srgb("b8ae9e"), (0.24, 0.08))
    else:
        face = plaster("house plaster", wall)
    roof = srgb(str(rng.choice(["9a5238", "5b5d63", "7c4a38", "6d6a64"])))
    return [
        face,
        plain("house trim", srgb(str(rng.choice(["e6e0d2", "cfc6b4", "d9d6cf"]))), 0.8),
        plain("panes", srgb("26313a"), 0.07, coat=0.4),
        plain("house paint", shade(paint, 0.8), 0.45),
        plain("shop sign", srgb(str(rng.choice(["f0e8d2", "2e2d2b", "e0c060"]))), 0.5),
        fabric("awning", cloth),
        fabric("awning stripes", srgb("efe8da")),
        plain("goods", accents[int(rng.integers(len(accents)))], 0.5),
        brickwork("roof tiles", (roof, shade(roof, 0.75)), shade(roof, 0.4), (0.3, 0.22), 0.02),
        lift(plain("shop inside", srgb(str(rng.choice(["c9a877", "a8a294", "b58f62"]))), 0.8), 0.4),
        glow("lit window", srgb("ffcf8a"), 1.6),
    ]


def house(rng: np.random.Generator, width_m: float, style: Style) -> Shape:
    """Return a house with its slots as named in this module; ``width_m`` along the street, centred on x = 0."""
    shape = Shape()
    storeys = int(rng.integers(style.storeys[0], style.storeys[1] + 1))
    eaves = GROUND_FLOOR_M + (storeys - 1) * STOREY_M + 0.3
    if rng.random() < style.shops:
        _shop(rng, shape, width_m)
    else:
        _home(rng, shape, width_m, style)
    columns = max(round(width_m / 2.3), 2)
    wide, high = float(rng.uniform(0.9, 1.15)), float(rng.uniform(1.45, 1.8))
    shutters = style.shutters and rng.random() < 0.7
    for storey in range(1, storeys):
        z = GROUND_FLOOR_M + (storey - 1) * STOREY_M
        holes = [Opening((i + 0.5) / columns * width_m - width_m / 2, 0.75, wide, high) for i in range(columns)]
        top = STOREY_M if storey < storeys - 1 else STOREY_M + 0.3
        shape.merge(pierced_wall(width_m, top, FACE_M, holes), translation(0, 0, z))
        for hole in holes:
            _window(shape, hole, z, LIT if rng.random() < style.lit else PANE, shutters)
    shape.box((width_m, DEEP_M - NICHE_M, eaves), WALL, translation(0, (DEEP_M + NICHE_M) / 2, 0))
    shape.box((width_m, NICHE_M - FACE_M, 0.3), WALL, translation(0, (NICHE_M + FACE_M) / 2, eaves - 0.3))
    for x in (-1, 1):
        shape.box(
            (0.25, NICHE_M - FACE_M, eaves), WALL, translation(x * (width_m - 0.25) / 2, (NICHE_M + FACE_M) / 2, 0)
        )
    shape.box((width_m, 0.12, 0.22), TRIM, translation(0, -0.06, GROUND_FLOOR_M - 0.05))
    for index, (out, tall) in enumerate(((0.12, 0.12), (0.22, 0.12), (0.34, 0.14))):
        shape.box((width_m + 0.02, out, tall), TRIM, translation(0, -out / 2, eaves - 0.36 + 0.12 * index))
    _roof(rng, shape, width_m, eaves)
    return shape


def _window(shape: Shape, hole: Opening, z: float, pane: int, shutters: bool) -> None:
    """Add a window of few polygons: pane, frame, sill, head and perhaps shutters."""
    at = translation(hole.x, 0, z + hole.sill)
    shape.box((hole.width, 0.02, hole.height), pane, at @ translation(0, 0.2, 0))
    for side in (-1, 1):
        shape.box((0.07, 0.06, hole.height), TRIM, at @ translation(side * (hole.width / 2 - 0.035), 0.16, 0))
    shape.box((0.05, 0.05, hole.height), TRIM, at @ translation(0, 0.17, 0))
    for share in (0.0, 0.6, 1.0):
        shape.box((hole.width, 0.05, 0.06), TRIM, at @ translation(0, 0.165, share * (hole.height - 0.06)))
    shape.box((hole.width + 0.24, 0.18, 0.08), TRIM, at @ translation(0, -0.09, -0.08))
    shape.box((hole.width + 0.3, 0.1, 0.16), TRIM, at @ translation(0, -0.05, hole.height))
    if shutters:
        for side in (-1, 1):
            x = side * hole.width * 0.76
            shape.box((hole.width * 0.48, 0.04, hole.height), PAINT, at @ translation(x, -0.02, 0))
            for row in range(5):
                shape.box(
                    (hole.width * 0.38, 0.02, hole.height * 0.1),
                    PAINT,
                    at @ translation(x, -0.05, hole.height * (0.06 + 0.19 * row)),
                )


def _shop(rng: np.random.Generator, shape: Shape, width_m: float) -> None:
    """Add a shop: display windows and a recessed door under a sign, perhaps an awning and a hanging sign."""
    at_left = -1 if rng.random() < 0.5 else 1
    entry = Opening(at_left * (width_m / 2 - 1.0), 0.0, 1.05, 2.45)
    x0, x1 = sorted((entry.x - at_left * 0.85, -at_left * (width_m / 2 - 0.45)))
    show = Opening((x0 + x1) / 2, 0.55, x1 - x0, 1.95)
    shape.merge(pierced_wall(width_m, GROUND_FLOOR_M, FACE_M, [entry, show]), None, PAINT - WALL)
    panes = max(round(show.width / 1.5), 1)
    for index in range(panes + 1):
        shape.box((0.08, 0.1, show.height), PAINT, translation(x0 + index * show.width / panes, 0.1, show.sill))
    shape.box((show.width + 0.1, 0.14, 0.08), TRIM, translation(show.x, -0.04, show.sill - 0.08))
    middle = (FACE_M + NICHE_M) / 2
    shape.box((show.width, 0.02, show.height + 0.3), INSIDE, translation(show.x, NICHE_M - 0.02, show.sill - 0.1))
    shape.box((width_m - 0.5, NICHE_M - FACE_M, 0.06), TRIM, translation(0, middle, show.sill - 0.06))
    for index in range(int(show.width / 0.42)):
        x = x0 + 0.3 + index * 0.42
        if x < x1 - 0.25 and rng.random() < 0.85:
            _ware(rng, shape, x, middle, show.sill)
    if rng.random() < 0.6:
        shape.box((show.width - 0.1, 0.3, 0.04), TRIM, translation(show.x, NICHE_M - 0.2, show.sill + 1.1))
        for x in np.arange(x0 + 0.2, x1 - 0.2, 0.3).tolist():
            size = (float(rng.uniform(0.12, 0.24)), 0.16, float(rng.uniform(0.16, 0.5)))
            shape.box(size, int(rng.choice([GOODS, CLOTH, PAINT])), translation(x, NICHE_M - 0.22, show.sill + 1.14))
    shape.box((entry.width, 0.05, entry.height), PAINT, translation(entry.x, 0.22, 0))
    shape.box((entry.width * 0.66, 0.03, entry.height * 0.55), PANE, translation(entry.x, 0.19, entry.height * 0.36))
    shape.box((width_m - 0.3, 0.14, 0.56), PAINT, translation(0, -0.07, 2.75), 0.02)
    x = -width_m * float(rng.uniform(0.2, 0.32))
    for _ in range(int(rng.integers(5, 10))):
        wide = float(rng.uniform(0.12, 0.26))
        shape.box((wide, 0.02, float(rng.choice([0.24, 0.24, 0.32]))), SIGN, translation(x + wide / 2, -0.155, 2.9))
        x += wide + float(rng.choice([0.06, 0.06, 0.2]))
    if rng.random() < 0.6:
        _awning(shape, show, float(rng.uniform(0.9, 1.25)))
    elif rng.random() < 0.7:
        at = translation(-at_left * (width_m / 2 - 0.5), -0.45, 2.55)
        shape.box((0.04, 0.9, 0.04), PAINT, at @ translation(0, 0, 0.62))
        shape.box((0.05, 0.62, 0.55), SIGN, at @ translation(0, -0.05, 0), 0.015)


def _ware(rng: np.random.Generator, shape: Shape, x: float, y: float, z: float) -> None:
    slot = int(rng.choice([GOODS, CLOTH, SIGN, PAINT]))
    kind, high = float(rng.random()), float(rng.uniform(0.3, 0.8))
    at = translation(x, y + float(rng.uniform(-0.1, 0.1)), z)
    if kind < 0.4:
        shape.box((float(rng.uniform(0.2, 0.38)), 0.25, high), slot, at)
    elif kind < 0.7:
        shape.cylinder(float(rng.uniform(0.07, 0.14)), high, slot, at, 8, top_radius=0.05)
    else:
        shape.cylinder(0.1, 0.5, INSIDE, at, 7).sphere(0.17, slot, at @ translation(0, 0, 0.66), 8)


def _awning(shape: Shape, show: Opening, out: float) -> None:
    """Add a striped awning over the display, its front edge hanging."""
    stripes = max(int(show.width / 0.3) | 1, 3)
    for index in range(stripes):
        a, b = (show.x - show.width / 2 + show.width * (index + e) / stripes for e in (0, 1))
        points = [
            (a, -0.15, 2.78),
            (b, -0.15, 2.78),
            (b, -out, 2.42),
            (a, -out, 2.42),
            (b, -out, 2.22),
            (a, -out, 2.22),
        ]
        shape.add(points, [(0, 3, 2, 1), (3, 5, 4, 2)], CLOTH if index % 2 == 0 else STRIPE)


def _home(rng: np.random.Generator, shape: Shape, width_m: float, style: Style) -> None:
    """Add a ground floor of windows and a door."""
    columns = max(round(width_m / 2.3), 2)
    at = int(rng.integers(columns))
    holes, entry = [], None
    for index in range(columns):
        x = (index + 0.5) / columns * width_m - width_m / 2
        if index == at:
            entry = Opening(x, 0.0, 1.05, 2.4)
            holes.append(entry)
        else:
            holes.append(Opening(x, 1.0, 1.1, 1.65))
    shape.merge(pierced_wall(width_m, GROUND_FLOOR_M, FACE_M, holes))
    for hole in holes:
        if hole is entry:
            shape.merge(door(hole, 0.2, PAINT, TRIM, SIGN))
            shape.box((1.5, 0.35, 0.12), TRIM, translation(hole.x, -0.175, 0))
        else:
            _window(shape, hole, 0.0, LIT if rng.random() < style.lit else PANE, style.shutters)
    shape.box((width_m, 0.08, 0.5), TRIM, translation(0, -0.001, 0))


def _roof(rng: np.random.Generator, shape: Shape, width_m: float, eaves: float) -> None:
    rise = float(rng.uniform(1.8, 3.0))
    run = (DEEP_M + 0.35) / 2
    slope, pitch = float(np.hypot(run, rise)) + 0.1, float(np.degrees(np.arctan2(rise, run)))
    middle = DEEP_M / 2 - 0.175
    ridge = translation(0, middle, eaves + rise)
    for side in (-1, 1):
        shape.box(
            (width_m, slope, 0.1), ROOF, ridge @ rotation("x", -side * pitch) @ translation(0, side * slope / 2, -0.1)
        )
    gable = [(-0.35, eaves - 0.01), (DEEP_M, eaves - 0.01), (middle, eaves + rise - 0.06)]
    shape.prism(
        gable, width_m - 0.04, WALL, rotation("z", 90) @ translation(0, (width_m - 0.04) / 2, 0) @ rotation("x", 90)
    )
    for _ in range(int(rng.integers(0, 3))):
        x = float(rng.uniform(-0.4, 0.4)) * width_m
        shape.box((0.6, 0.5, 1.4), WALL, translation(x, middle + 0.3, eaves + rise - 0.6))
        shape.cylinder(0.11, 0.4, GOODS, translation(x, middle + 0.3, eaves + rise + 0.8), 8)
    if width_m > 5 and rng.random() < 0.5:
        for x in (-width_m / 4, width_m / 4):
            at = translation(x, run * 0.32, eaves + rise * 0.22)
            shape.box((1.2, 1.6, 1.25), TRIM, at @ translation(0, 0.8, 0)).box(
                (0.8, 0.03, 0.85), PANE, at @ translation(0, -0.005, 0.22)
            )
            shape.box((1.45, 1.9, 0.08), ROOF, at @ translation(0, 0.8, 1.25))
