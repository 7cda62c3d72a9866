"""Parts of buildings seen from outside: walls with openings, arcades, doors, windows, copings and roofs.

Each returns a shape in its own frame: x along the wall, the face at y = 0 looking towards -y, z up from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.materials import Colour, blend, foliage, plain, plaster
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import build_fixed
from blender_scripts.props.plants import leaves

UPRIGHT = rotation("x", 90)
"""Turns an outline drawn in (x, height) upright; its extrusion then runs towards -y."""


@dataclass(frozen=True)
class Opening:
    """A rectangular hole in a wall: centre x, sill height, width and height in metres."""

    x: float
    sill: float
    width: float
    height: float


def pierced_wall(length: float, height: float, thickness: float, openings: list[Opening], slot: int = 0) -> Shape:
    """Return a wall centred on x = 0, behind y = 0, with rectangular holes (sorted, not overlapping in x)."""
    shape = Shape()
    cursor = -length / 2

    def block(x0: float, x1: float, z0: float, z1: float) -> None:
        if x1 - x0 > 1e-6 and z1 - z0 > 1e-6:
            shape.box((x1 - x0, thickness, z1 - z0), slot, translation((x0 + x1) / 2, thickness / 2, z0))

    for hole in sorted(openings, key=lambda opening: opening.x):
        left, right = hole.x - hole.width / 2, hole.x + hole.width / 2
        block(cursor, left, 0, height)
        block(left, right, 0, hole.sill)
        block(left, right, hole.sill + hole.height, height)
        cursor = right
    block(cursor, length / 2, 0, height)
    return shape


def window(hole: Opening, depth: float, frame_slot: int, glass_slot: int, shutter_slot: int | None = None) -> Shape:
    """Return a window filling an opening: a pane ``depth`` metres behind the face, frame, sill and shutters."""
    shape = Shape()
    at = translation(hole.x, depth, hole.sill)
    shape.box((hole.width, 0.02, hole.height), glass_slot, at)
    bar = 0.06
    for side in (-1, 1):
        shape.box((bar, bar, hole.height), frame_slot, at @ translation(side * (hole.width - bar) / 2, -0.03), 0.008)
    shape.box((0.04, 0.05, hole.height), frame_slot, at @ translation(0, -0.03), 0.006)
    for level in (0.0, 0.55, 1.0):
        z = level * (hole.height - bar)
        shape.box((hole.width, bar * 0.9, bar), frame_slot, at @ translation(0, -0.03, z), 0.008)
    shape.box((hole.width + 0.16, 0.22, 0.06), frame_slot, translation(hole.x, -0.02, hole.sill - 0.06), 0.012)
    if shutter_slot is not None:
        for side in (-1, 1):
            x = hole.x + side * (hole.width * 0.75 + 0.03)
            shape.box((hole.width / 2, 0.04, hole.height), shutter_slot, translation(x, -0.035, hole.sill), 0.008)
            for row in range(int(hole.height / 0.13)):
                z = hole.sill + 0.07 + row * 0.13
                shape.box((hole.width / 2 - 0.1, 0.03, 0.075), shutter_slot, translation(x, -0.062, z), 0.006)
    return shape


def casement(hole: Opening, depth: float) -> Shape:
    """Return an open window's frame, mullions and inner sill, without a pane (slot 0)."""
    shape = Shape()
    at = translation(hole.x, depth, hole.sill)
    columns = max(round(hole.width / 0.75), 1)
    for index in range(columns + 1):
        x = (index / columns - 0.5) * (hole.width - 0.06)
        shape.box((0.06, 0.06, hole.height), 0, at @ translation(x, 0), 0.008)
    for level in (0.0, 0.68, 1.0):
        shape.box((hole.width, 0.05, 0.06), 0, at @ translation(0, 0, level * (hole.height - 0.06)), 0.008)
    return shape.box((hole.width + 0.1, 0.2, 0.04), 0, translation(hole.x, 0.0, hole.sill - 0.04), 0.01)


def door(hole: Opening, depth: float, leaf_slot: int, frame_slot: int, metal_slot: int) -> Shape:
    """Return a panelled door filling an opening from the ground."""
    shape = Shape()
    at = translation(hole.x, depth, hole.sill)
    shape.box((hole.width, 0.06, hole.height), leaf_slot, at)
    for column in (-1, 1):
        for row, share in ((0.06, 0.38), (0.5, 0.42)):
            shape.box((hole.width * 0.36, 0.03, hole.height * share), leaf_slot,
                      at @ translation(column * hole.width * 0.23, -0.04, hole.height * row), 0.012)  # fmt: skip
    shape.sphere(0.04, metal_slot, at @ translation(hole.width * 0.42, -0.09, hole.height * 0.47), 10)
    for side in (-1, 1):
        shape.box((0.14, 0.08, hole.height + 0.14), frame_slot,
                  translation(hole.x + side * (hole.width / 2 + 0.07), -0.03, hole.sill), 0.015)  # fmt: skip
    shape.box((hole.width + 0.36, 0.1, 0.16), frame_slot,
              translation(hole.x, -0.035, hole.sill + hole.height), 0.015)  # fmt: skip
    return shape


def arcade(bays: int, bay_width: float, height: float, depth: float, pier: float) -> Shape:
    """Return ``bays`` round arches in a row, centred on x = 0: slot 0 the arched wall, slot 1 bases and capitals."""
    shape = Shape()
    radius = (bay_width - pier) / 2
    spring = height - radius - 0.55
    angles = np.linspace(np.pi, 0, 15)
    arch = [(bay_width / 2 + radius * np.cos(a), spring + radius * np.sin(a)) for a in angles]
    outline = [(0, 0), (pier / 2, 0), *arch, (bay_width - pier / 2, 0), (bay_width, 0), (bay_width, height)]
    outline.append((0, height))
    start = -bays * bay_width / 2
    for bay in range(bays):
        shape.prism(outline, depth, 0, translation(start + bay * bay_width, depth, 0) @ UPRIGHT)
    for bay in range(bays + 1):
        x = start + bay * bay_width
        wide = pier + 0.12
        middle = translation(x, depth / 2, 0)
        shape.box((wide, depth + 0.12, 0.3), 1, middle, 0.03)
        shape.box((wide, depth + 0.12, 0.16), 1, middle @ translation(0, 0, spring - 0.16), 0.03)
    return shape


def coping(length: float, thickness: float, height: float = 0.14, slot: int = 0) -> Shape:
    """Return the moulded top course of a wall, standing on z = 0 and overhanging it."""
    shape = Shape().box((length + 0.1, thickness + 0.2, height * 0.5), slot, translation(0, thickness / 2, 0), 0.02)
    return shape.box((length + 0.2, thickness + 0.34, height * 0.5), slot,
                     translation(0, thickness / 2, height * 0.5), 0.02)  # fmt: skip


def tiled_roof(length: float, run: float, rise: float, slot: int = 0) -> Shape:
    """Return a lean-to roof of round tiles: eaves at y = 0 and z = 0, rising by ``rise`` over ``run`` towards +y."""
    columns = max(int(length / 0.06), 8)
    rows = max(int(run / 0.32), 2)
    x = np.linspace(-length / 2, length / 2, columns + 1)
    wave = 0.035 * np.abs(np.sin(x * np.pi / 0.24))
    grid: list[Array] = []
    for row in range(rows + 1):
        share = row / rows
        lips = (0.0,) if row in (0, rows) else (0.03, 0.0)
        for lip in lips:
            grid.append(np.column_stack([x, np.full_like(x, share * run), share * rise + wave + lip]))
    shape = Shape().sheet(np.array(grid), slot)
    slope = np.degrees(np.arctan2(rise, run))
    return shape.box((length, float(np.hypot(run, rise)), 0.05), slot,
                     translation(0, run / 2, rise / 2 - 0.05) @ rotation("x", slope))  # fmt: skip


def gabled_house(size: tuple[float, float], eaves: float, ridge: float) -> Shape:
    """Return a house block on z = 0, centred: slot 0 walls, slot 1 roof (ridge along x), slot 2 chimney."""
    x, y = size
    shape = Shape().box((x, y, eaves))
    gable = [(-y / 2, eaves), (y / 2, eaves), (0.0, ridge)]
    shape.prism(gable, x, 0, rotation("z", 90) @ translation(0, x / 2, 0) @ UPRIGHT)
    slope = float(np.hypot(y / 2, ridge - eaves)) + 0.45
    pitch = float(np.degrees(np.arctan2(ridge - eaves, y / 2)))
    for side in (-1, 1):
        tilt = rotation("x", -side * pitch)
        shape.box((x + 0.7, slope, 0.12), 1, translation(0, 0, ridge) @ tilt @ translation(0, side * slope / 2, 0.0))
    return shape.box((0.6, 0.6, 1.3), 2, translation(x * 0.28, y * 0.12, ridge - 0.6))


def neighbours(rng: np.random.Generator, frame: Array, half: float, colours: tuple[Colour, Colour]) -> None:
    """Build two or three houses and some cypresses behind a wall, to be seen above it; ``frame`` as the wall's."""
    x = -half - float(rng.uniform(0, 3))
    roof = plain("neighbour roof", blend(srgb("a8583a"), srgb("5d5a5c"), float(rng.random())), 0.8, variation=0.4)
    cypress = [foliage("cypress", srgb("34502c"), 0.5)]
    while x < half:
        width, depth = float(rng.uniform(6, 10)), float(rng.uniform(5, 7))
        eaves = float(rng.uniform(5.0, 8.5))
        wall = plaster("neighbour wall", blend(colours[0], colours[1], float(rng.random())))
        house = gabled_house((width, depth), eaves, eaves + float(rng.uniform(1.6, 2.6)))
        back = 1.2 + depth / 2 + float(rng.uniform(0.3, 3.0))
        build_fixed("house", "building", house, [wall, roof, wall], frame @ translation(x + width / 2, back))
        x += width + float(rng.uniform(1.0, 4.5))
        if rng.random() < 0.6:
            height = float(rng.uniform(6.5, 9.5))
            levels = np.linspace(1.0, height - 0.8, 12)
            bulge = 0.75 * np.sin(np.pi * np.clip(levels / height, 0, 1) ** 0.7) + 0.15
            shape = leaves(rng, np.column_stack([0 * levels, 0 * levels, levels]), bulge, 900, 0.28)
            build_fixed("cypress", "tree", shape, cypress, frame @ translation(x - 0.6, 2.2), 80)
