"""What corridors are furnished with: lockers, benches, notice boards, sconces, signs, panel lights, coolers and bins.

Standing pieces stand on z = 0, face -y and have their backs at +y; what hangs on a wall has its back at y = 0.
"""

from __future__ import annotations

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, blend, fabric, glow, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Board, Prop

STEEL = srgb("a9adb0")

LOCKER_M = 0.38
"""Width of a locker."""


def lockers(rng: np.random.Generator, colours: tuple[Colour, Colour], count: int, tiers: int) -> Prop:
    """A row of ``count`` steel lockers 0.38 m wide, each of ``tiers`` doors, in one colour or two by turns."""
    width, depth, high = LOCKER_M, 0.42, 1.8
    shape = Shape().box((count * width, depth - 0.04, 0.1), 2, translation(0, 0.02))
    shape.box((count * width, depth - 0.02, high - 0.1), 2, translation(0, 0.01, 0.1))
    rise = (high - 0.12) / tiers
    for index in range(count):
        x = (index - (count - 1) / 2) * width
        for tier in range(tiers):
            z = 0.11 + tier * rise
            slot = (index + tier) % 2
            shape.box((width - 0.012, 0.018, rise - 0.012), slot, translation(x, -depth / 2 + 0.009, z), 0.003)
            for slit in range(3):
                at = translation(x, -depth / 2 - 0.001, z + rise - 0.1 - 0.03 * slit)
                shape.box((width * 0.5, 0.004, 0.009), 3, at)
            shape.box((0.03, 0.02, 0.09), 4, translation(x + width * 0.34, -depth / 2 - 0.008, z + rise * 0.45), 0.004)
    materials = [plain("locker", colours[0], 0.4, 0.1), plain("locker two", colours[1], 0.4, 0.1),
                 plain("locker frame", shade(colours[0], 0.6), 0.5), plain("slits", srgb("1d1e20"), 0.7),
                 plain("latch", STEEL, 0.3, 0.9)]  # fmt: skip
    half = count * width / 2
    return Prop("lockers", shape, materials, [Board((-half, -0.18, half, 0.2), high, 0.6)])


def padded_bench(rng: np.random.Generator, colour: Colour, length_m: float) -> Prop:
    """An upholstered bench on steel legs."""
    shape = Shape().box((length_m, 0.46, 0.1), 0, translation(0, 0, 0.36), 0.03)
    shape.box((length_m - 0.06, 0.42, 0.04), 1, translation(0, 0, 0.33))
    for x in (-1, 1):
        for y in (-0.17, 0.17):
            shape.box((0.035, 0.035, 0.34), 1, translation(x * (length_m / 2 - 0.12), y), 0.005)
    return Prop("bench", shape, [fabric("bench pad", colour), plain("bench frame", srgb("3a3b3d"), 0.4, 0.7)])


def console(rng: np.random.Generator, colour: Colour, width: float = 1.2) -> Prop:
    """A narrow table for a wall; its top takes a vase or a lamp."""
    shape = Shape().box((width, 0.36, 0.035), 0, translation(0, 0, 0.78), 0.008)
    shape.box((width - 0.08, 0.3, 0.11), 0, translation(0, 0, 0.67))
    for x in (-1, 1):
        for y in (-0.13, 0.13):
            shape.cylinder(0.014, 0.68, 0, translation(x * (width / 2 - 0.07), y), 8, 0.022)
    board = Board((-width / 2, -0.17, width / 2, 0.17), 0.815, 0.8)
    return Prop("console", shape, [wood("console", colour, 0.35, (1.2, 14.0, 14.0))], [board])


def notice_board(rng: np.random.Generator, width: float, colours: tuple[Colour, Colour, Colour]) -> Prop:
    """A cork board with sheets of paper pinned to it."""
    high = 1.0
    shape = Shape().box((width, 0.03, high), 0, translation(0, -0.015, 0), 0.005)
    shape.box((width - 0.07, 0.004, high - 0.07), 1, translation(0, -0.031, 0.035))
    taken: list[tuple[float, float]] = []
    for _ in range(int(width * 14)):
        w, h = [(0.21, 0.3), (0.3, 0.21), (0.15, 0.21)][int(rng.integers(3))]
        x = float(rng.uniform(-0.5, 0.5)) * (width - w - 0.12)
        z = float(rng.uniform(0.07, high - h - 0.07))
        if all(abs(x - a) > 0.31 or abs(z - b) > 0.31 for a, b in taken):
            taken.append((x, z))
            shape.box((w, 0.002, h), 2 + int(rng.integers(4)), translation(x, -0.0345, z))
    papers = [
        plain("paper", colour, 0.8) for colour in (srgb("efede6"), *(blend(c, srgb("f4f2ea"), 0.4) for c in colours))
    ]
    return Prop("notice board", shape, [plain("board frame", srgb("8d6d48"), 0.5),
                                        plain("cork", srgb("b48a5c"), 0.9, variation=0.35), *papers])  # fmt: skip


def sconce(rng: np.random.Generator, colour: Colour) -> Prop:
    """A wall lamp: a glowing half cylinder on a plate."""
    shape = Shape().box((0.1, 0.02, 0.3), 1, translation(0, -0.01, 0), 0.006)
    shape.cylinder(0.07, 0.26, 0, translation(0, -0.075, 0.02), 16)
    for z in (0.015, 0.28):
        shape.cylinder(0.075, 0.012, 1, translation(0, -0.075, z - 0.004), 16)
    return Prop("sconce", shape, [glow("sconce light", srgb("ffdca6"), 2.0), plain("sconce metal", colour, 0.35, 0.8)])


def exit_sign() -> Prop:
    """A lit green sign with a running figure's arrow, back at y = 0."""
    shape = Shape().box((0.42, 0.05, 0.2), 0, translation(0, -0.025, 0), 0.006)
    shape.box((0.39, 0.004, 0.17), 1, translation(0, -0.051, 0.015))
    shape.box((0.16, 0.004, 0.035), 2, translation(-0.07, -0.054, 0.083))
    head = [(-0.06, 0.0), (0.06, -0.07), (0.06, 0.07)]
    shape.prism(
        head, 0.004, 2, translation(-0.1, -0.052, 0.1) @ rotation("x", 90) @ rotation("z", 180) @ translation(-0.1, 0)
    )
    shape.box((0.05, 0.004, 0.1), 2, translation(0.11, -0.054, 0.04))
    return Prop("exit sign", shape, [plain("sign case", srgb("d9d9d4"), 0.5), glow("sign", srgb("1f9a52"), 1.2),
                                     glow("sign arrow", srgb("f4fff6"), 1.4)])  # fmt: skip


def door_plate(colour: Colour) -> Prop:
    """A small plate with a number beside a door, back at y = 0."""
    shape = Shape().box((0.16, 0.012, 0.11), 0, translation(0, -0.006, 0), 0.003)
    for x in (-0.035, 0.0, 0.035):
        shape.box((0.02, 0.003, 0.05), 1, translation(x, -0.0135, 0.03))
    return Prop("door plate", shape, [plain("plate", colour, 0.35, 0.4), plain("number", srgb("f2efe6"), 0.6)])


def extinguisher(rng: np.random.Generator) -> Prop:
    """A fire extinguisher on a floor stand."""
    shape = Shape().box((0.26, 0.24, 0.03), 1, None, 0.008)
    shape.lathe([(0.075, 0.03), (0.08, 0.06), (0.08, 0.42), (0.05, 0.5), (0.02, 0.53)], 0, sides=20)
    shape.box((0.03, 0.12, 0.05), 2, translation(0, -0.02, 0.53), 0.008)
    shape.capsule((0.03, 0, 0.53), (0.1, -0.02, 0.3), 0.012, slot=2, sides=6)
    shape.lathe([(0.081, 0.2), (0.081, 0.34)], 3, sides=20)
    return Prop("extinguisher", shape, [plain("extinguisher", srgb("b3241f"), 0.25), plain("stand", srgb("4b4c4e"), 0.4),
                                        plain("valve", srgb("1c1c1e"), 0.5), plain("label", srgb("ece8dc"), 0.6)])  # fmt: skip


def bin_(rng: np.random.Generator, colour: Colour) -> Prop:
    """A round bin with a steel rim."""
    shape = Shape().lathe([(0.14, 0), (0.17, 0.6), (0.155, 0.6), (0.13, 0.05), (0.001, 0.05)], 0, sides=22)
    shape.lathe([(0.168, 0.57), (0.176, 0.57), (0.176, 0.61), (0.168, 0.61)], 1, sides=22)
    return Prop("bin", shape, [plain("bin", colour, 0.45), plain("bin rim", STEEL, 0.3, 0.9)], sharp_deg=60)


def water_cooler(rng: np.random.Generator) -> Prop:
    """A water cooler with a blue bottle."""
    shape = Shape().box((0.32, 0.32, 0.95), 0, None, 0.02).box((0.24, 0.03, 0.2), 1, translation(0, -0.15, 0.62), 0.006)
    for x in (-0.05, 0.05):
        shape.box((0.03, 0.04, 0.03), 2, translation(x, -0.17, 0.76))
    shape.lathe([(0.05, 0.95), (0.13, 1.02), (0.135, 1.3), (0.12, 1.34)], 2, sides=22)
    return Prop("water cooler", shape, [plain("cooler", srgb("e3e5e4"), 0.4), plain("cooler recess", srgb("3b3e42"), 0.5),
                                        plain("water bottle", srgb("79aed1"), 0.12)])  # fmt: skip
