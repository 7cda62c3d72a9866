"""What museums show and how: plinths with sculptures, cases, benches, barriers, labels and track lights."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.materials import Colour, glow, marble, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Board, Prop

BRASS = srgb("b59657")


def plinth(rng: np.random.Generator, colour: Colour, width: float, height: float) -> Prop:
    """A plinth with a shadow gap at its foot; its top takes a sculpture."""
    shape = Shape().box((width - 0.06, width - 0.06, 0.04), 1)
    shape.box((width, width, height - 0.04), 0, translation(0, 0, 0.04), 0.006)
    half = width / 2
    return Prop("plinth", shape, [plain("plinth", colour, 0.7), plain("plinth gap", srgb("2b2b2b"), 0.8)],
                [Board((-half, -half, half, half), height, 2.2)])  # fmt: skip


def _bust() -> Shape:
    """A head on a neck and shoulders."""
    shape = Shape().lathe([(0.09, 0), (0.1, 0.02), (0.05, 0.05), (0.05, 0.09)], 0, sides=24)
    angles = np.arange(24) * 2 * np.pi / 24
    rows = []
    for z, x, y, shift in ((0.09, 0.1, 0.07, 0), (0.15, 0.19, 0.1, 0), (0.22, 0.2, 0.1, 0), (0.27, 0.1, 0.075, 0),
                           (0.3, 0.058, 0.06, 0), (0.36, 0.055, 0.06, -0.005), (0.39, 0.062, 0.075, -0.02),
                           (0.44, 0.076, 0.095, -0.02), (0.5, 0.082, 0.1, -0.012), (0.56, 0.074, 0.092, -0.004),
                           (0.6, 0.045, 0.06, 0), (0.61, 0.001, 0.001, 0)):  # fmt: skip
        rows.append(np.column_stack([x * np.cos(angles), shift + y * np.sin(angles), 0 * angles + z]))
    shape.sheet(np.array(rows), close=True)
    shape.capsule((0, -0.105, 0.5), (0, -0.125, 0.455), 0.012, 0.02, sides=8)
    for side in (-1, 1):
        shape.capsule((side * 0.08, 0.0, 0.45), (side * 0.085, 0.01, 0.5), 0.014, sides=8)
    return shape


def _twist(rng: np.random.Generator) -> Shape:
    """A twisted column."""
    angles = np.arange(32) * 2 * np.pi / 32
    sides, turn = int(rng.integers(3, 6)), float(rng.uniform(1.5, 4.0))
    rows = []
    for s in np.linspace(0, 1, 40):
        radius = (0.15 + 0.05 * np.sin(s * 7)) * (1 + 0.28 * np.cos(sides * angles)) * (1 - 0.35 * s)
        a = angles + turn * s
        rows.append(np.column_stack([radius * np.cos(a), radius * np.sin(a), 0 * a + 0.8 * s]))
    shape = Shape().sheet(np.array(rows), close=True)
    return shape.cylinder(0.1, 0.01, 0, translation(0, 0, 0.795), 24)


def _knot(rng: np.random.Generator) -> Shape:
    """A torus knot that stands on edge."""
    p, q = [(2, 3), (3, 2), (2, 5)][int(rng.integers(3))]
    t = np.linspace(0, 2 * np.pi, 161)
    radius = 0.22 + 0.09 * np.cos(q * t)
    path = np.column_stack([radius * np.cos(p * t), 0.1 * np.sin(q * t), radius * np.sin(p * t)])
    tangent = np.gradient(path, axis=0)
    tangent[0] = tangent[-1] = path[1] - path[-2]
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, path)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, tangent)
    angles = np.arange(12) * 2 * np.pi / 12
    grid = path[:, None] + 0.045 * (np.cos(angles)[:, None] * side[:, None] + np.sin(angles)[:, None] * up[:, None])
    shape = Shape().sheet(grid, close=True)
    foot = 0.012 - float(shape.bounds[0, 2])
    return Shape().merge(shape, translation(0, 0, foot)).box((0.3, 0.16, 0.03), 0)


def _pebbles(rng: np.random.Generator) -> Shape:
    """Smooth stones balanced on each other."""
    shape, z = Shape(), 0.0
    for size in np.linspace(0.2, 0.07, int(rng.integers(3, 6))).tolist():
        x, y, high = size * rng.uniform(0.85, 1.1), size * rng.uniform(0.75, 1.0), size * rng.uniform(0.45, 0.8)
        ball = Shape().sphere(1.0, sides=24)
        shape.merge(ball, translation(*rng.uniform(-0.02, 0.02, 2), z + high) @ np.diag([x, y, high, 1.0]))
        z += 2 * high - 0.012
    return shape


def _amphora(rng: np.random.Generator) -> Shape:
    """An antique vase with two handles."""
    fat = float(rng.uniform(0.14, 0.19))
    shape = Shape().lathe([(0.08, 0), (0.085, 0.02), (0.04, 0.05), (0.7 * fat, 0.16), (fat, 0.32), (0.8 * fat, 0.43),
                           (0.05, 0.5), (0.045, 0.6), (0.08, 0.64), (0.08, 0.66), (0.05, 0.65)], 0, sides=28)  # fmt: skip
    for side in (-1, 1):
        path = [(0.05, 0.6), (0.12, 0.61), (0.16, 0.55), (0.8 * fat, 0.43)]
        for (x0, z0), (x1, z1) in itertools.pairwise(path):
            shape.capsule((side * x0, 0, z0), (side * x1, 0, z1), 0.014, sides=8)
    shape.lathe([(fat + 0.001, 0.3), (fat + 0.001, 0.34)], 1, sides=28)
    return shape


def _cubes(rng: np.random.Generator) -> Shape:
    """Blocks stacked and turned."""
    shape, z = Shape(), 0.0
    for index in range(int(rng.integers(4, 7))):
        size = float(rng.uniform(0.14, 0.26))
        high = float(rng.uniform(0.08, 0.2))
        turn = translation(*rng.uniform(-0.03, 0.03, 2), z) @ rotation("z", float(rng.uniform(0, 90)))
        shape.box((size, size * float(rng.uniform(0.6, 1.0)), high), index % 2, turn, 0.006)
        z += high - 0.0005
    return shape


def _figure(rng: np.random.Generator) -> Shape:
    """A striding figure of thin limbs."""
    shape = Shape().box((0.3, 0.2, 0.03), 0)
    lean, reach = float(rng.uniform(-0.04, 0.04)), float(rng.uniform(0.06, 0.12))
    hip, neck = np.array([0, 0, 0.42]), np.array([lean, 0, 0.72])
    for side in (-1, 1):
        knee = np.array([side * reach * 0.6 + 0.02, side * 0.03, 0.23])
        shape.capsule(hip, knee, 0.026, 0.02, sides=8).capsule(
            knee, (side * reach, side * 0.03, 0.035), 0.02, 0.015, sides=8
        )
        hand = np.array([-side * reach, side * 0.08, 0.5])
        elbow = (neck + hand) / 2 + [0.0, side * 0.06, 0.0]
        shape.capsule(neck, elbow, 0.018, 0.015, sides=8).capsule(elbow, hand, 0.015, 0.01, sides=8)
    shape.capsule(hip, neck, 0.035, 0.045, sides=10)
    return shape.capsule(neck, np.add(neck, (0.01, 0, 0.1)), 0.02, 0.04, sides=10)


def sculptures(rng: np.random.Generator, accent: Colour) -> list[Prop]:
    """Return one drawn sculpture of every kind, each of marble, bronze, clay, plaster or painted steel."""
    shapes: list[Callable[[], Shape]] = [_bust, lambda: _twist(rng), lambda: _knot(rng), lambda: _pebbles(rng),
                                         lambda: _amphora(rng), lambda: _cubes(rng), lambda: _figure(rng)]  # fmt: skip
    stuffs: list[Callable[[], bpy.types.Material]] = [
        lambda: marble("marble", srgb("e6e2da"), srgb("a09c96"), 3.0, 0.35),
        lambda: plain("bronze", srgb("6d4d2c"), 0.35, 0.9, 0.3),
        lambda: plain("terracotta", srgb("a85f3c"), 0.75, variation=0.25),
        lambda: plain("painted steel", accent, 0.25),
        lambda: plain("basalt", srgb("3c3b3d"), 0.5),
    ]  # fmt: skip
    made = []
    for index, build in enumerate(shapes):
        stuff = stuffs[int(rng.integers(len(stuffs))) if index else 0]()
        shape = build()
        scale = float(rng.uniform(0.9, 1.25))
        scaled = Shape().merge(shape, np.diag([scale, scale, scale, 1.0]))
        made.append(Prop("sculpture", scaled, [stuff, plain("second", srgb("2c2a28"), 0.5)], sharp_deg=50))
    return made


def gallery_bench(rng: np.random.Generator, colour: Colour, leather: bool) -> Prop:
    """A low museum bench without a back: slats of wood, or leather on steel."""
    length = float(rng.uniform(1.5, 2.0))
    shape = Shape()
    if leather:
        for index in range(3):
            shape.box((length / 3 - 0.01, 0.5, 0.1), 0, translation((index - 1) * length / 3, 0, 0.34), 0.025)
    else:
        for row in range(6):
            shape.box((length, 0.075, 0.05), 0, translation(0, (row - 2.5) * 0.085, 0.39), 0.006)
    shape.box((length - 0.1, 0.4, 0.03), 1, translation(0, 0, 0.33 if leather else 0.36))
    for x in (-1, 1):
        shape.box((0.05, 0.42, 0.34 if leather else 0.37), 1, translation(x * (length / 2 - 0.2), 0), 0.006)
    seat = plain("leather", colour, 0.4) if leather else wood("bench wood", colour, 0.45, (1.2, 14.0, 14.0))
    return Prop("museum bench", shape, [seat, plain("bench steel", srgb("3a3a3c"), 0.35, 0.8)])


def barrier(length: float, colour: Colour) -> Prop:
    """Two posts with a sagging rope between them."""
    shape = Shape()
    for x in (-length / 2, length / 2):
        shape.lathe([(0.15, 0), (0.15, 0.012), (0.03, 0.03), (0.022, 0.06), (0.022, 0.92), (0.035, 0.94), (0.02, 0.97)],
                    0, translation(x, 0), 16)  # fmt: skip
    s = np.linspace(-1, 1, 11)
    path = np.column_stack([s * length / 2, 0 * s, 0.88 - 0.22 * (1 - s**2)])
    for first, second in itertools.pairwise(path):
        shape.capsule(first, second, 0.02, slot=1, sides=8)
    return Prop("barrier", shape, [plain("posts", BRASS, 0.3, 0.9), plain("rope", colour, 0.8)])


def label() -> Prop:
    """A small white label, back at y = 0."""
    shape = Shape().box((0.2, 0.008, 0.13), 0, translation(0, -0.004, 0))
    for row, width in enumerate((0.1, 0.15, 0.13)):
        shape.box((width, 0.001, 0.012), 1, translation(-0.01, -0.0085, 0.09 - 0.03 * row))
    return Prop("label", shape, [plain("label", srgb("f1efe9"), 0.7), plain("print", srgb("4b4a48"), 0.8)])


def track(length: float, spots: int, tilt_deg: float) -> Shape:
    """Return a lighting track under z = 0 along x, its spots tilted towards +y: slot 0 metal, slot 1 light."""
    shape = Shape().box((length, 0.04, 0.03), 0, translation(0, 0, -0.03))
    for index in range(spots):
        x = (index - (spots - 1) / 2) * length / spots
        shape.cylinder(0.012, 0.1, 0, translation(x, 0, -0.12), 8)
        head: Array = translation(x, 0, -0.14) @ rotation("x", tilt_deg)
        shape.cylinder(0.05, 0.17, 0, head @ translation(0, 0, -0.13), 14, bevel=0.008)
        shape.cylinder(0.042, 0.004, 1, head @ translation(0, 0, -0.135), 14)
    return shape


def track_materials(colour: Colour) -> list[bpy.types.Material]:
    """The materials of `track`'s slots."""
    return [plain("track", shade(colour, 0.9), 0.45, 0.2), glow("track light", srgb("fff0d4"), 3.0)]
