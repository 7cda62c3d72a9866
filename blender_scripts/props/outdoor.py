"""Things that stand in streets and yards: benches, barrels, crates, jars, tables and chairs, lamp posts, rocks."""

from __future__ import annotations

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, glow, ground, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Board, Prop

IRON = srgb("33363a")


def bench(rng: np.random.Generator, wood_colour: Colour, length_m: float = 1.6) -> Prop:
    """A slatted bench that faces -y."""
    shape = Shape()
    for side in (-1, 1):
        x = side * (length_m / 2 - 0.12)
        shape.box((0.06, 0.42, 0.42), 1, translation(x, 0, 0), 0.01)
        shape.box((0.06, 0.06, 0.46), 1, translation(x, 0.22, 0.42) @ rotation("x", -10), 0.01)
    for row in range(4):
        shape.box((length_m, 0.085, 0.035), 0, translation(0, -0.16 + row * 0.105, 0.42), 0.008)
    for row in range(3):
        shape.box((length_m, 0.03, 0.09), 0, translation(0, 0.20 + row * 0.022, 0.54 + row * 0.115), 0.008)
    materials = [wood("bench slats", wood_colour, 0.55, (1.2, 14.0, 14.0)), plain("bench iron", IRON, 0.45, 0.8)]
    return Prop("bench", shape, materials)


def barrel(rng: np.random.Generator, wood_colour: Colour, height_m: float = 0.85) -> Prop:
    """A wooden barrel with iron hoops."""
    s = np.linspace(0, 1, 9)
    radius = height_m * (0.29 + 0.09 * np.sin(np.pi * s))
    shape = Shape().lathe(np.column_stack([radius, s * height_m]), 0, sides=20)
    for share in (0.08, 0.3, 0.7, 0.92):
        at = height_m * (0.29 + 0.09 * np.sin(np.pi * share)) + 0.006
        low, high = share * height_m - 0.025, share * height_m + 0.025
        shape.lathe([(at - 0.02, low), (at, low), (at, high), (at - 0.02, high)], 1, sides=20)
    materials = [wood("barrel staves", wood_colour, 0.6), plain("hoops", IRON, 0.5, 0.8)]
    top = 0.2 * height_m
    return Prop("barrel", shape, materials, [Board((-top, -top, top, top), height_m, 0.5)])


def crate(rng: np.random.Generator, wood_colour: Colour, size: tuple[float, float, float]) -> Prop:
    """A closed crate of boards with corner posts and battens."""
    x, y, z = size
    t = 0.022
    shape = Shape().box((x - 2 * t, y - 2 * t, z - 2 * t), 0, translation(0, 0, t))
    rows = max(round(z / 0.13), 2)
    for row in range(rows):
        height = z / rows
        for side in (-1, 1):
            shape.box((x, t, height - 0.012), 0, translation(0, side * (y - t) / 2, row * height + 0.006), 0.004)
            shape.box((t, y - 2 * t, height - 0.012), 0,
                      translation(side * (x - t) / 2, 0, row * height + 0.006), 0.004)  # fmt: skip
    for sx in (-1, 1):
        for sy in (-1, 1):
            shape.box((0.06, 0.06, z - 0.005), 1, translation(sx * (x - 0.05) / 2, sy * (y - 0.05) / 2, 0), 0.005)
    slats = max(round(x / 0.14), 2)
    for index in range(slats):
        width = x / slats
        shape.box((width - 0.012, y, t), 0, translation(-x / 2 + (index + 0.5) * width, 0, z - t), 0.004)
    materials = [wood("crate boards", wood_colour, 0.7, (1.5, 12.0, 12.0)),
                 wood("crate posts", shade(wood_colour, 0.7), 0.7)]  # fmt: skip
    return Prop("crate", shape, materials, [Board((-x / 2, -y / 2, x / 2, y / 2), z, 1.2)])


def jar(rng: np.random.Generator, colour: Colour, height_m: float) -> Prop:
    """A clay jar of a drawn profile."""
    belly = float(rng.uniform(0.28, 0.42))
    neck = belly * float(rng.uniform(0.35, 0.6))
    high = float(rng.uniform(0.5, 0.65))
    s = np.linspace(0, 1, 9)
    body = belly * (0.55 + 0.45 * np.sin(np.pi * np.clip(s / (2 * high), 0, 1)) ** 1.5)
    radius = np.where(s < high, body, neck + (belly - neck) * np.cos((s - high) / (1 - high) * np.pi / 2) ** 2)
    profile = [(r * height_m, h * height_m * 0.93) for r, h in zip(radius, s, strict=True)]
    profile += [(neck * height_m * 1.25, height_m), (neck * height_m * 0.9, height_m), (neck * height_m * 0.8,
                height_m * 0.95)]  # fmt: skip
    return Prop("jar", Shape().lathe(profile, 0, sides=20), [plain("clay", colour, 0.55, variation=0.25)], sharp_deg=60)


def bistro_table(rng: np.random.Generator, top: Colour) -> Prop:
    """A round table on an iron foot; a board on top."""
    shape = Shape().cylinder(0.24, 0.03, 1, sides=20, bevel=0.008)
    shape.cylinder(0.03, 0.7, 1, translation(0, 0, 0.02), 10)
    shape.cylinder(0.36, 0.03, 0, translation(0, 0, 0.71), 24, bevel=0.008)
    materials = [plain("table top", top, 0.35), plain("table iron", IRON, 0.45, 0.8)]
    return Prop("table", shape, materials, [Board((-0.22, -0.22, 0.22, 0.22), 0.74, 0.6)])


def bistro_chair(rng: np.random.Generator, seat: Colour) -> Prop:
    """A light chair that faces -y."""
    shape = Shape().box((0.42, 0.42, 0.035), 0, translation(0, 0, 0.44), 0.012)
    for sx in (-1, 1):
        shape.capsule((sx * 0.18, -0.18, 0.44), (sx * 0.2, -0.2, 0.015), 0.014, slot=1, sides=8)
        shape.capsule((sx * 0.18, 0.18, 0.015), (sx * 0.18, 0.2, 0.88), 0.014, slot=1, sides=8)
    for height in (0.62, 0.74, 0.86):
        shape.box((0.36, 0.018, 0.06), 0, translation(0, 0.195, height - 0.03), 0.006)
    return Prop("chair", shape, [plain("chair seat", seat, 0.4), plain("chair iron", IRON, 0.45, 0.8)])


def lamp_post(rng: np.random.Generator, height_m: float = 3.4) -> Prop:
    """A post with a lantern, for looks: by day it sheds no light."""
    shape = Shape().lathe([(0.16, 0), (0.16, 0.1), (0.09, 0.18), (0.07, 0.5), (0.045, 0.6), (0.035, height_m - 0.55)],
                          0, sides=14)  # fmt: skip
    top = translation(0, 0, height_m - 0.56)
    shape.lathe([(0.05, 0), (0.12, 0.04), (0.12, 0.06)], 0, top, 6)
    shape.lathe([(0.11, 0.06), (0.16, 0.36)], 1, top, 6)
    shape.lathe([(0.2, 0.36), (0.06, 0.5), (0.02, 0.56)], 0, top, 6)
    return Prop("lamp post", shape, [plain("lamp iron", IRON, 0.4, 0.7), glow("lantern", srgb("ffe6b8"), 1.2)],
                footprint_below=1.0)  # fmt: skip


def rock(rng: np.random.Generator, size_m: float, material: bpy.types.Material | None = None) -> Prop:
    """A weathered boulder: a sphere pushed in by random planes."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 11)
    turns = np.arange(18) * 2 * np.pi / 18
    points = np.stack(
        [np.outer(np.cos(angles), np.cos(turns)), np.outer(np.cos(angles), np.sin(turns)),
         np.repeat(np.sin(angles)[:, None], 18, axis=1)], axis=-1,
    )  # fmt: skip
    for _ in range(12):
        normal = rng.normal(size=3)
        normal /= np.linalg.norm(normal)
        over = np.clip(points @ normal - float(rng.uniform(0.62, 0.92)), 0, None)
        points = points - over[..., None] * normal * 0.9
    points *= size_m / 2 * np.array([1.0, float(rng.uniform(0.7, 1.0)), float(rng.uniform(0.5, 0.8))])
    floor = float(points[..., 2].min()) * 0.55
    points[..., 2] = np.maximum(points[..., 2], floor)
    shade_of = material or ground("rock", (srgb("8c877d"), srgb("6a665f")), 0.6, 0.05)
    return Prop("rock", Shape().sheet(points, close=True), [shade_of], sharp_deg=35)
