"""Fitted kitchens: runs of base units with worktops, wall units, islands, tall appliances, hoods and pendants.

Pieces stand on z = 0, face -y and have their backs at +y; what hangs on a wall has its back at y = 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, glow, plain
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Board, Prop

UNIT_M = 0.6
"""Width and depth of a unit."""

TOP_M = 0.9
"""Height of worktops."""

FRONT, TOP, PLINTH, METAL, GLASS, STEEL = range(6)


@dataclass(frozen=True)
class Style:
    """What the units of one kitchen share: materials by slot, long or round handles, framed or plain fronts."""

    front: bpy.types.Material
    worktop: bpy.types.Material
    plinth: bpy.types.Material
    handles: bpy.types.Material
    glass: bpy.types.Material
    steel: bpy.types.Material
    knobs: bool
    framed: bool

    @property
    def materials(self) -> list[bpy.types.Material]:
        """The materials in the order of their slots."""
        return [self.front, self.worktop, self.plinth, self.handles, self.glass, self.steel]


def draw_style(rng: np.random.Generator, front: bpy.types.Material, worktop: bpy.types.Material) -> Style:
    """Draw handles and fronts for given main materials."""
    metal = srgb(str(rng.choice(["b9a06a", "2b2c2e", "b4b6b8"])))
    return Style(
        front, worktop, plain("plinth", srgb("3a3a3a"), 0.6), plain("handles", metal, 0.35, 0.9),
        plain("black glass", srgb("101214"), 0.1), plain("steel", srgb("b3b6b9"), 0.32, 0.9),
        bool(rng.random() < 0.4), bool(rng.random() < 0.5),
    )  # fmt: skip


def base_run(style: Style, units: Sequence[str]) -> Prop:
    """A row of base units under one worktop.

    ``units`` from left to right, 0.6 m each: "doors", "drawers", "sink" or "oven" (with a hob above). Boards are the
    stretches of worktop between sink and hob.
    """
    width = len(units) * UNIT_M
    shape = Shape().box((width, 0.5, 0.1), PLINTH, translation(0, 0.03))
    boards: list[Board] = []
    start = -width / 2
    for index, unit in enumerate(units):
        x = -width / 2 + (index + 0.5) * UNIT_M
        shape.box((UNIT_M, 0.56, TOP_M - 0.14 - (0.2 if unit == "sink" else 0.0)), FRONT, translation(x, 0.02, 0.1))
        _fronts(shape, style, unit, x)
        if unit in ("sink", "oven"):
            _add_board(boards, start, x - UNIT_M / 2)
            start = x + UNIT_M / 2
    _add_board(boards, start, width / 2)
    _worktop(shape, units, width)
    return Prop("kitchen units", shape, style.materials, boards)


def _add_board(boards: list[Board], x0: float, x1: float) -> None:
    if x1 - x0 > 0.3:
        boards.append(Board((x0 + 0.02, -0.27, x1 - 0.02, 0.27), TOP_M, 0.48))


def _fronts(shape: Shape, style: Style, unit: str, x: float) -> None:
    """Add what is seen of a unit from the front: door, drawers or oven, with handles."""
    if unit == "oven":
        shape.box((UNIT_M - 0.01, 0.02, 0.12), STEEL, translation(x, -0.27, 0.73), 0.003)
        shape.box((UNIT_M - 0.01, 0.024, 0.5), GLASS, translation(x, -0.272, 0.215), 0.006)
        shape.capsule((x - 0.23, -0.31, 0.66), (x + 0.23, -0.31, 0.66), 0.011, slot=STEEL, sides=8)
        for knob in range(4):
            at = translation(x - 0.18 + knob * 0.12, -0.28, 0.79) @ rotation("x", 90)
            shape.cylinder(0.02, 0.022, PLINTH, at, 10)
        return
    panels = [(0.115, 0.27), (0.395, 0.2), (0.605, 0.235)] if unit == "drawers" else [(0.115, 0.725)]
    for z, high in panels:
        _panel(shape, style, (x, -0.27, z), (UNIT_M - 0.008, high))
        if unit == "drawers":
            _handle(shape, style, (x, -0.292, z + high - 0.05), False)
        else:
            _handle(shape, style, (x + 0.22, -0.292, z + high - 0.16), True)


def _panel(shape: Shape, style: Style, at: tuple[float, float, float], size: tuple[float, float]) -> None:
    """Add a front: plain, or with a raised frame round a recess."""
    x, y, z = at
    width, high = size
    shape.box((width, 0.02, high), FRONT, translation(x, y, z), 0.003)
    if style.framed and high > 0.2:
        for side in (-1, 1):
            shape.box(
                (0.06, 0.01, high - 0.004), FRONT, translation(x + side * (width / 2 - 0.032), y - 0.013, z + 0.002)
            )
            level = z + (high - 0.062 if side > 0 else 0.002)
            shape.box((width - 0.128, 0.01, 0.06), FRONT, translation(x, y - 0.013, level))


def _handle(shape: Shape, style: Style, at: tuple[float, float, float], upright: bool) -> None:
    x, y, z = at
    if style.knobs:
        shape.sphere(0.016, METAL, translation(x, y - 0.014, z), 8)
        return
    dx, dz = (0.0, 0.08) if upright else (0.09, 0.0)
    shape.capsule((x - dx, y - 0.022, z - dz), (x + dx, y - 0.022, z + dz), 0.007, slot=METAL, sides=6)
    for side in (-0.8, 0.8):
        shape.box((0.01, 0.024, 0.01), METAL, translation(x + side * dx, y - 0.01, z + side * dz - 0.005))


def _worktop(shape: Shape, units: Sequence[str], width: float) -> None:
    """Add the worktop with its upstand, a hole with a basin and tap per sink, a hob per oven."""
    start = -width / 2 - 0.004
    for index, unit in enumerate([*units, "end"]):
        x = -width / 2 + (index + 0.5) * UNIT_M
        if unit == "oven":
            shape.box((0.54, 0.48, 0.006), GLASS, translation(x, 0, TOP_M), 0.002)
            for px in (-0.13, 0.13):
                for py in (-0.11, 0.11):
                    shape.cylinder(0.075, 0.002, STEEL, translation(x + px, py, TOP_M + 0.006), 16)
        if unit not in ("sink", "end"):
            continue
        stop = x - 0.24 if unit == "sink" else width / 2 + 0.004
        shape.box((stop - start, 0.62, 0.04), TOP, translation((start + stop) / 2, -0.01, TOP_M - 0.04), 0.006)
        if unit == "sink":
            _basin(shape, x)
            start = x + 0.24
    shape.box((width, 0.014, 0.06), TOP, translation(0, 0.293, TOP_M))


def _basin(shape: Shape, x: float) -> None:
    for y, deep in ((-0.27, 0.1), (0.255, 0.09)):
        shape.box((0.48, deep, 0.04), TOP, translation(x, y, TOP_M - 0.04))
    bottom = TOP_M - 0.2
    shape.box((0.48, 0.43, 0.01), STEEL, translation(x, -0.005, bottom))
    for side in (-1, 1):
        shape.box((0.012, 0.43, 0.2), STEEL, translation(x + side * 0.234, -0.005, bottom))
        shape.box((0.456, 0.012, 0.2), STEEL, translation(x, -0.005 + side * 0.209, bottom))
    shape.cylinder(0.024, 0.03, METAL, translation(x, 0.25, TOP_M), 12)
    path = [(x, 0.25, TOP_M + 0.02), (x, 0.25, TOP_M + 0.27), (x, 0.21, TOP_M + 0.32), (x, 0.13, TOP_M + 0.32),
            (x, 0.09, TOP_M + 0.28)]  # fmt: skip
    for first, second in itertools.pairwise(path):
        shape.capsule(first, second, 0.012, slot=METAL, sides=8)
    shape.capsule((x + 0.02, 0.25, TOP_M + 0.05), (x + 0.09, 0.25, TOP_M + 0.08), 0.008, slot=METAL, sides=6)


def wall_units(style: Style, count: int, height: float = 0.72) -> Prop:
    """A row of ``count`` wall cupboards, back at y = 0, their lower edge at z = 0."""
    width = count * UNIT_M
    shape = Shape().box((width, 0.33, height), FRONT, translation(0, -0.165, 0))
    for index in range(count):
        x = -width / 2 + (index + 0.5) * UNIT_M
        _panel(shape, style, (x, -0.342, 0.004), (UNIT_M - 0.008, height - 0.008))
        _handle(shape, style, (x + 0.22 * (1 if index % 2 else -1), -0.364, 0.14), True)
    return Prop("wall units", shape, style.materials)


def open_shelves(wood: bpy.types.Material, metal: bpy.types.Material, width: float) -> Prop:
    """Two boards on brackets, back at y = 0; both boards take things."""
    shape, boards = Shape(), []
    for z in (0.03, 0.43):
        shape.box((width, 0.25, 0.03), 0, translation(0, -0.125, z), 0.004)
        boards.append(Board((-width / 2 + 0.02, -0.23, width / 2 - 0.02, -0.02), z + 0.03, 0.33))
        for side in (-1, 1):
            shape.box((0.02, 0.2, 0.03), 1, translation(side * (width / 2 - 0.12), -0.1, z - 0.03))
    return Prop("open shelves", shape, [wood, metal], boards)


def hood(style: Style, height: float) -> Prop:
    """An extractor hood with its flue, back at y = 0, ``height`` metres up to the ceiling."""
    shape = Shape().box((0.6, 0.45, 0.06), STEEL, translation(0, -0.225, 0), 0.006)
    rows = [[(x * w / 2, y, z) for x, y in ((-1, 0), (1, 0), (1, -d), (-1, -d))]
            for w, d, z in ((0.6, 0.45, 0.06), (0.26, 0.24, 0.28))]  # fmt: skip
    shape.sheet(np.array(rows)[:, ::-1], STEEL, close=True)
    shape.box((0.26, 0.24, height - 0.28), STEEL, translation(0, -0.12, 0.28), 0.004)
    return Prop("hood", shape, style.materials)


def fridge(rng: np.random.Generator, colour: Colour, metallic: float) -> Prop:
    """A fridge with a freezer door below."""
    shape = Shape().box((0.69, 0.6, 1.84), 0, translation(0, 0.03, 0.02), 0.015).box((0.6, 0.5, 0.02), 1)
    for z, high in ((0.06, 0.6), (0.675, 1.17)):
        shape.box((0.68, 0.05, high), 0, translation(0, -0.295, z), 0.012)
    for low, high in ((0.4, 0.62), (0.74, 1.2)):
        shape.capsule((-0.29, -0.35, low), (-0.29, -0.35, high), 0.012, slot=2, sides=8)
        for z in (low + 0.03, high - 0.03):
            shape.box((0.016, 0.04, 0.016), 2, translation(-0.29, -0.335, z))
    for _ in range(int(rng.integers(0, 6))):  # notes on its door
        x, z = float(rng.uniform(-0.12, 0.25)), float(rng.uniform(1.2, 1.65))
        shape.box((0.09, 0.002, 0.11), 3 + int(rng.integers(2)), translation(x, -0.3215, z))
    notes = [plain("note", srgb(str(code)), 0.8) for code in rng.choice(["f2e27a", "f0efe8", "e9a6a6", "a9d3e8"], 2)]
    return Prop("fridge", shape, [plain("fridge", colour, 0.32, metallic), plain("fridge foot", srgb("2c2c2c")),
                                  plain("fridge handle", srgb("c6c8ca"), 0.3, 0.9), *notes])  # fmt: skip


def larder(style: Style, oven: bool) -> Prop:
    """A tall cupboard, with a built-in oven if asked for."""
    shape = Shape().box((UNIT_M, 0.5, 0.1), PLINTH, translation(0, 0.03))
    shape.box((UNIT_M, 0.56, 2.0), FRONT, translation(0, 0.02, 0.1))
    panels = [(0.115, 0.6), (1.32, 0.77)] if oven else [(0.115, 1.1), (1.225, 0.865)]
    for z, high in panels:
        _panel(shape, style, (0, -0.27, z), (UNIT_M - 0.008, high))
        _handle(shape, style, (0.22, -0.292, z + (0.2 if z > 1 else high - 0.2)), True)
    if oven:
        shape.box((UNIT_M - 0.01, 0.024, 0.58), GLASS, translation(0, -0.272, 0.73), 0.006)
        shape.capsule((-0.23, -0.31, 1.16), (0.23, -0.31, 1.16), 0.011, slot=STEEL, sides=8)
        shape.box((UNIT_M - 0.01, 0.026, 0.09), STEEL, translation(0, -0.272, 1.225), 0.003)
    return Prop("larder", shape, style.materials)


def island(style: Style, width: float) -> Prop:
    """A free-standing block of units with a worktop that overhangs towards -y, where stools stand."""
    shape = Shape().box((width - 0.1, 0.55, 0.1), PLINTH, translation(0, 0.14))
    shape.box((width, 0.6, TOP_M - 0.15), FRONT, translation(0, 0.14, 0.1))
    count = max(int(width / UNIT_M), 1)
    for index in range(count):
        x = (index - (count - 1) / 2) * width / count
        _panel(shape, style, (x, -0.17, 0.115), (width / count - 0.02, TOP_M - 0.185))
    shape.box((width + 0.08, 0.98, 0.05), TOP, translation(0, -0.01, TOP_M - 0.05), 0.008)
    half = width / 2
    return Prop("kitchen island", shape, style.materials, [Board((-half, -0.4, half, 0.4), TOP_M, 0.7)])


def stool(colour: Colour, metal: bpy.types.Material) -> Prop:
    """A bar stool with a round seat, a foot ring and four splayed legs."""
    shape = Shape().cylinder(0.17, 0.045, 0, translation(0, 0, 0.63), 20, bevel=0.014)
    angles = np.pi / 4 + np.arange(4) * np.pi / 2
    for a in angles:
        shape.capsule((0.1 * np.cos(a), 0.1 * np.sin(a), 0.635), (0.19 * np.cos(a), 0.19 * np.sin(a), 0.011),
                      0.011, slot=1, sides=6)  # fmt: skip
    ring = [(0.165 * np.cos(a), 0.165 * np.sin(a), 0.21) for a in np.linspace(0, 2 * np.pi, 13)]
    for first, second in itertools.pairwise(ring):
        shape.capsule(first, second, 0.008, slot=1, sides=5)
    return Prop("stool", shape, [plain("stool seat", colour, 0.45), metal])


def pendant(rng: np.random.Generator, colour: Colour, drop: float) -> Prop:
    """A lamp that hangs ``drop`` metres below z = 0 from a cord: dome, globe or cone."""
    kind = int(rng.integers(3))
    profile = [[(0.19, 0.0), (0.17, 0.08), (0.1, 0.16), (0.03, 0.2)], [(0.14, 0.0), (0.13, 0.22), (0.03, 0.24)],
               [(0.21, 0.0), (0.05, 0.22), (0.03, 0.24)]][kind]  # fmt: skip
    shape = Shape().lathe(profile, 0, translation(0, 0, -drop), 20)
    shape.cylinder(profile[0][0] - 0.012, 0.006, 1, translation(0, 0, -drop - 0.004), 20)
    shape.cylinder(0.006, drop - 0.2, 2, translation(0, 0, 0.2 - drop), 6)
    shape.cylinder(0.05, 0.025, 2, translation(0, 0, -0.025), 14)
    return Prop("pendant", shape, [plain("pendant", colour, 0.4), glow("pendant light", srgb("ffe9c4"), 2.2),
                                   plain("cord", srgb("262626"), 0.6)])  # fmt: skip
