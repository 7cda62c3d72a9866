"""Furniture of living rooms. Each piece stands on z = 0, faces -y and has its back at +y."""

from __future__ import annotations

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, fabric, glow, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Board, Prop

METAL = srgb("2e2f32")
WARM = srgb("ffdfae")


def sofa(rng: np.random.Generator, colour: Colour, wood_colour: Colour, seats: int = 3) -> Prop:
    """A sofa (or armchair, ``seats=1``) with loose cushions on short legs."""
    seat = 0.66
    width, depth = seats * seat + 0.44, 0.92
    shape = Shape()
    shape.box((width - 0.04, depth - 0.06, 0.2), 0, translation(0, 0, 0.14), 0.04)
    shape.box((width, 0.24, 0.72), 0, translation(0, depth / 2 - 0.12, 0.12), 0.07)
    for side in (-1, 1):
        shape.box((0.22, depth, 0.52), 0, translation(side * (width / 2 - 0.11), 0, 0.12), 0.07)
        for y in (-1, 1):
            shape.cylinder(0.025, 0.15, 2, translation(side * (width / 2 - 0.12), y * (depth / 2 - 0.1)), 10, 0.035)
    for index in range(seats):
        x = (index - (seats - 1) / 2) * seat
        shape.box((seat - 0.015, 0.66, 0.17), 0, translation(x, -0.1, 0.33), 0.05)
        shape.box((seat - 0.02, 0.18, 0.44), 0, translation(x, 0.21, 0.47) @ rotation("x", -10), 0.06)
    for index in range(min(seats, 2)):
        x = (-1 if index == 0 else 1) * (seats * seat / 2 - 0.24) if seats > 1 else 0.0
        lean = translation(x, 0.06, 0.49) @ rotation("z", float(rng.uniform(-12, 12))) @ rotation("x", -22)
        shape.box((0.42, 0.13, 0.4), 1, lean, 0.055)
    accent = srgb(str(rng.choice(["d1a033", "b8322a", "2b8583", "dcd8cf", "3d4045"])))
    materials = [fabric("sofa cloth", colour), fabric("cushion", accent), wood("sofa legs", wood_colour)]
    return Prop("sofa" if seats > 1 else "armchair", shape, materials)


def shelf(rng: np.random.Generator, colour: Colour, size: tuple[float, float, float], levels: int) -> Prop:
    """A bookcase ``size`` (x, y, z) with ``levels`` boards that things stand on."""
    x, y, z = size
    t = 0.03
    shape = Shape()
    for side in (-1, 1):
        shape.box((t, y, z), 0, translation(side * (x - t) / 2, 0, 0), 0.004)
    shape.box((x - 2 * t, 0.012, z - 0.06), 1, translation(0, y / 2 - 0.012, 0.06))
    shape.box((x - 2 * t, y - 0.03, 0.06), 0)
    boards = []
    for level in range(levels + 1):
        height = 0.06 + level * (z - 0.06 - t) / levels
        shape.box((x - 2 * t, y - 0.02, t), 0, translation(0, -0.004, height), 0.004)
        room = (z - 0.06 - t) / levels - t
        if level == levels:
            boards.append(Board((-x / 2, -y / 2, x / 2, y / 2 - 0.03), height + t, 0.5))
        else:
            boards.append(Board((-x / 2 + t, -y / 2 + 0.01, x / 2 - t, y / 2 - 0.03), height + t, room - 0.01))
    materials = [wood("shelf", colour, 0.45, (1.2, 14.0, 14.0)), plain("shelf back", shade(colour, 0.8), 0.6)]
    return Prop("bookcase", shape, materials, boards)


def sideboard(rng: np.random.Generator, colour: Colour, width: float = 1.7) -> Prop:
    """A low cupboard with doors on legs; its top is a board."""
    depth, high, leg = 0.44, 0.56, 0.17
    shape = Shape().box((width, depth, high), 0, translation(0, 0, leg), 0.012)
    doors = max(round(width / 0.5), 2)
    for index in range(doors):
        x = (index - (doors - 1) / 2) * width / doors
        shape.box((width / doors - 0.02, 0.02, high - 0.06), 1, translation(x, -depth / 2 - 0.008, leg + 0.03), 0.006)
        shape.sphere(0.014, 2, translation(x + width / doors * 0.34, -depth / 2 - 0.03, leg + high * 0.6), 8)
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * (width / 2 - 0.1), sy * (depth / 2 - 0.07)
            shape.capsule((x, y, leg), (x + sx * 0.03, y, 0.018), 0.022, 0.015, 2, 8)
    materials = [wood("sideboard", colour, 0.4, (1.2, 14.0, 14.0)), wood("doors", shade(colour, 1.12), 0.4),
                 plain("fittings", METAL, 0.4, 0.6)]  # fmt: skip
    half = width / 2 - 0.02
    return Prop("sideboard", shape, materials, [Board((-half, -0.2, half, 0.2), leg + high, 0.8)])


def table(rng: np.random.Generator, colour: Colour, size: tuple[float, float, float]) -> Prop:
    """A four-legged table ``size`` (x, y, z); its top is a board."""
    x, y, z = size
    shape = Shape().box((x, y, 0.04), 0, translation(0, 0, z - 0.04), 0.012)
    shape.box((x - 0.16, y - 0.16, 0.07), 0, translation(0, 0, z - 0.11))
    for sx in (-1, 1):
        for sy in (-1, 1):
            shape.cylinder(0.022, z - 0.05, 0, translation(sx * (x / 2 - 0.08), sy * (y / 2 - 0.08)), 10, 0.034)
    board = Board((-x / 2 + 0.03, -y / 2 + 0.03, x / 2 - 0.03, y / 2 - 0.03), z, 0.7)
    return Prop("table", shape, [wood("table", colour, 0.4, (1.2, 14.0, 14.0))], [board])


def chair(rng: np.random.Generator, colour: Colour, seat_colour: Colour) -> Prop:
    """A wooden chair with an upholstered seat."""
    shape = Shape().box((0.44, 0.43, 0.05), 1, translation(0, 0, 0.43), 0.018)
    for sx in (-1, 1):
        shape.capsule((sx * 0.18, -0.17, 0.44), (sx * 0.2, -0.19, 0.016), 0.018, 0.014, 0, 8)
        shape.capsule((sx * 0.19, 0.23, 0.016), (sx * 0.17, 0.2, 0.9), 0.015, 0.015, 0, 8)
    for height in (0.62, 0.76):
        shape.box((0.34, 0.02, 0.09), 0, translation(0, 0.2, height), 0.008)
    return Prop("chair", shape, [wood("chair", colour), fabric("seat", seat_colour)])


def television(rng: np.random.Generator, width: float = 1.2) -> Prop:
    """A flat screen on a foot."""
    high = width * 0.57
    shape = Shape().box((width, 0.04, high), 0, translation(0, 0, 0.06), 0.008)
    shape.box((width - 0.03, 0.01, high - 0.03), 1, translation(0, -0.021, 0.075))
    shape.box((width * 0.4, 0.2, 0.015), 0, None, 0.005)
    shape.box((0.1, 0.03, 0.08), 0, translation(0, 0.005, 0.01))
    return Prop("television", shape, [plain("set", srgb("1c1d1f"), 0.4), plain("screen", srgb("0c0f14"), 0.12)])


def floor_lamp(rng: np.random.Generator, shade_colour: Colour) -> Prop:
    """A standing lamp with a glowing cloth shade."""
    high = float(rng.uniform(1.5, 1.75))
    shape = Shape().cylinder(0.15, 0.025, 1, sides=20, bevel=0.008)
    shape.cylinder(0.014, high - 0.2, 1, translation(0, 0, 0.02), 10)
    shape.lathe([(0.2, high - 0.32), (0.15, high), (0.145, high), (0.195, high - 0.32)], 0, sides=24)
    tint = tuple(0.5 * a + 0.5 * b for a, b in zip(shade_colour, WARM, strict=True))
    return Prop("floor lamp", shape, [glow("lamp shade", tint, 1.3), plain("lamp stand", METAL, 0.4, 0.8)])


def table_lamp(rng: np.random.Generator, colour: Colour) -> Prop:
    """A small lamp with a ceramic foot and a glowing shade."""
    shape = Shape().lathe([(0.06, 0), (0.075, 0.05), (0.06, 0.14), (0.02, 0.2), (0.015, 0.25)], 1, sides=16)
    shape.lathe([(0.13, 0.23), (0.09, 0.4), (0.086, 0.4), (0.126, 0.23)], 0, sides=20)
    return Prop("table lamp", shape, [glow("lamp shade", WARM, 1.4), plain("lamp foot", colour, 0.3)])


def picture(rng: np.random.Generator, colours: tuple[Colour, Colour, Colour], size: tuple[float, float]) -> Prop:
    """A framed abstract picture, back at y = 0: blocks and discs of the palette's colours."""
    x, z = size
    shape = Shape()
    shape.box((x, 0.03, z), 0, translation(0, -0.015, 0), 0.006)
    shape.box((x - 0.06, 0.006, z - 0.06), 1, translation(0, -0.032, 0.03))
    inner_x, inner_z = x - 0.16, z - 0.16
    cuts = np.sort(rng.uniform(0.15, 0.85, 2))
    edges = np.concatenate([[0], cuts, [1]])
    for index in range(3):
        low, high = edges[index] * inner_z, edges[index + 1] * inner_z
        shape.box((inner_x, 0.004, high - low), 2 + (index + int(rng.integers(2))) % 3,
                  translation(0, -0.036, 0.08 + low))  # fmt: skip
    radius = float(rng.uniform(0.12, 0.24)) * min(inner_x, inner_z)
    spot = translation(
        float(rng.uniform(-0.25, 0.25)) * inner_x, -0.038, 0.08 + inner_z * float(rng.uniform(0.35, 0.7))
    )
    shape.cylinder(radius, 0.004, 2 + int(rng.integers(3)), spot @ rotation("x", 90), 24)
    frame: list[bpy.types.Material] = [plain("frame", srgb(str(rng.choice(["2a2624", "b8915a", "e4dfd3"]))), 0.4)]
    frame += [plain("mount", srgb("ece7da"), 0.8), *(plain("paint", colour, 0.7, variation=0.3) for colour in colours)]
    return Prop("picture", shape, frame)


def curtain(rng: np.random.Generator, colour: Colour, width: float, height: float) -> Prop:
    """A hanging curtain of ``width`` by ``height``, in folds, its rail not included."""
    s = np.linspace(0, 1, 49)
    fold = 0.045 * np.sin(s * width * 2 * np.pi / 0.16 + 0.6 * np.sin(9 * s))
    rows = []
    for level in np.linspace(0, 1, 6):
        spread = 1.0 - 0.06 * np.sin(level * np.pi)
        rows.append(np.column_stack([(s - 0.5) * width * spread, fold * (1.15 - 0.5 * level), 0 * s + level * height]))
    return Prop("curtain", Shape().sheet(np.array(rows)), [fabric("curtain", colour)], sharp_deg=80)
