"""Trees of a wood: trunks with crowns, near and simple far ones, and their bark."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.materials import Colour, Graph, foliage, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Prop
from blender_scripts.props.plants import leaves, sweep
from blender_scripts.props.terrain import Height


@dataclass(frozen=True)
class Tree:
    """A trunk to stand on the ground, and the crown to be put on it; ``reach_m``: how far the crown reaches out."""

    trunk: Prop
    crown: Prop
    reach_m: float


def bark(name: str, colour: Colour, rough: float = 9.0) -> bpy.types.Material:
    """Furrowed bark: grain along the trunk, coarse enough to be seen."""
    return wood(name, colour, 0.85, (rough, rough, 1.6))


def birch_bark() -> bpy.types.Material:
    """White bark with short dark bands across the trunk."""
    graph = Graph("birch bark")
    where = graph.stretch(graph.local(), (2.0, 2.0, 9.0))
    bands = graph.remap(graph.noise(where, 1.0, 2.0), 0.0, 1.0, 0.61, 0.66)
    pale = graph.mottle(srgb("e3dfd6"), 0.16, graph.local(), 1.2)
    graph.set(Base_Color=graph.mix(bands, pale, srgb("33302c")), Roughness=0.7)
    return graph.material


def _stem(
    rng: np.random.Generator, height_m: float, girth_m: float, lean: float, flare: float = 1.7
) -> tuple[Shape, Array]:
    """Return a trunk's shape, flared at its foot, and its middle line (8, 3)."""
    tilt, bow = rng.normal(scale=lean, size=2), rng.normal(scale=lean * 0.5, size=2)
    s = np.array([0.0, 0.03, 0.1, 0.25, 0.45, 0.65, 0.85, 1.0])
    line = np.column_stack([np.outer(s, tilt * height_m) + np.outer(np.sin(np.pi * s), bow * height_m), s * height_m])
    radii = girth_m * np.array([flare, 1.2, 1.0, 0.92, 0.8, 0.66, 0.45, 0.2])
    return Shape().sheet(sweep(line, radii, 9), 0, close=True), line


def _along(line: Array, share: float) -> Array:
    """Return the point at a share of the height of a middle line."""
    heights = line[:, 2] / line[-1, 2]
    return np.array([np.interp(share, heights, line[:, axis]) for axis in range(3)])


def _limb(shape: Shape, start: Array, end: Array, girth_m: float, rise_m: float) -> None:
    steps = np.linspace(0, 1, 4)[:, None]
    line = start + (end - start) * steps + np.array([0, 0, rise_m]) * np.sin(np.pi * steps)
    shape.sheet(sweep(line, girth_m * np.linspace(1.0, 0.3, 4), 5), 0, close=True)


def broadleaf(
    rng: np.random.Generator,
    height_m: float,
    crown_m: float,
    clear_m: float,
    green: Colour,
    skin: bpy.types.Material,
    slim: float = 1.0,
    leaf_count: int = 400,
) -> Tree:
    """A tall broad-leaved tree of a wood: its crown, ``crown_m`` in radius, keeps above ``clear_m``."""
    girth = (0.06 + 0.019 * height_m) * slim
    shape, line = _stem(rng, height_m * 0.88, girth, 0.02)
    centres, radii = [_along(line, 0.95)], [crown_m * 0.5]
    count = int(rng.integers(6, 9))
    first = max(0.35, (clear_m + crown_m * 0.45) / height_m)
    for index in range(count):
        share = first + (0.9 - first) * (index + 0.5) / count
        start = _along(line, max(share - 0.12, 0.3))
        angle = index * 2.4 + float(rng.uniform(-0.4, 0.4))
        reach = crown_m * float(rng.uniform(0.5, 0.68)) * (1.1 - 0.5 * share)
        radius = crown_m * float(rng.uniform(0.36, 0.46))
        end = _along(line, share) + np.array([reach * np.cos(angle), reach * np.sin(angle), 0.0])
        end[2] = max(end[2], clear_m + radius)
        _limb(shape, start, end, girth * 0.4, 0.3)
        centres.append(end)
        radii.append(radius)
    crown = (
        Shape()
        .merge(_first_leaf(line, girth))
        .merge(leaves(rng, np.array(centres), np.array(radii), leaf_count, 0.21), None)
    )
    trunk = Prop("trunk", shape, [skin], footprint_below=1.2, sharp_deg=70)
    return Tree(trunk, Prop("crown", crown, [foliage("crown leaves", green, 0.5)], sharp_deg=80), crown_m * 1.2)


def conifer(
    rng: np.random.Generator,
    height_m: float,
    crown_m: float,
    clear_m: float,
    green: Colour,
    skin: bpy.types.Material,
    needle_count: int = 420,
) -> Tree:
    """A spruce or pine: whorls of drooping boughs round a straight trunk, from ``clear_m`` to the tip."""
    girth = 0.05 + 0.016 * height_m
    shape, line = _stem(rng, height_m, girth, 0.008)
    for _ in range(5):
        share = float(rng.uniform(0.12, max(clear_m / height_m, 0.14)))
        angle, start = float(rng.uniform(0, 2 * np.pi)), _along(line, share)
        out = np.array([np.cos(angle), np.sin(angle), -0.15])
        _limb(shape, start, start + out * float(rng.uniform(0.3, 0.6)), 0.025, 0.0)
    crown = Shape().merge(_first_leaf(line, girth))
    rows = max(int((height_m - clear_m) / 0.62), 6)
    for row in range(rows):
        share = (row + 0.5) / rows
        radius = crown_m * (1 - share) ** 0.8 * float(rng.uniform(0.85, 1.1)) + 0.12
        z = clear_m + 0.35 + (height_m - clear_m - 0.5) * share
        middle = _along(line, z / height_m)
        count = 9 if share < 0.75 else 6
        for bough in range(count):
            angle = (bough + float(rng.uniform(-0.3, 0.3)) + 0.5 * (row % 2)) * 2 * np.pi / count
            _bough(crown, middle, angle, radius * float(rng.uniform(0.8, 1.1)), 0.35 * radius)
    tip = leaves(rng, np.array([_along(line, 0.97)]), np.array([0.16]), 24, 0.12)
    crown.merge(tip)
    trunk = Prop("trunk", shape, [skin], footprint_below=1.2, sharp_deg=70)
    return Tree(trunk, Prop("crown", crown, [foliage("needles", green, 0.45)], sharp_deg=80), crown_m * 1.2)


def _bough(shape: Shape, root: Array, angle: float, reach: float, droop: float) -> None:
    """Add a bough: a kite folded along its middle, broadest past its half, its edges and tip hanging."""
    out, side = np.array([np.cos(angle), np.sin(angle), 0]), np.array([-np.sin(angle), np.cos(angle), 0])
    wide = 0.34 * reach + 0.06
    down = np.array([0.0, 0.0, -1.0])
    shape.add(
        [
            root,
            root + out * reach * 0.55 + side * wide + down * (droop * 0.65 + 0.05),
            root + out * reach + down * droop,
            root + out * reach * 0.55 - side * wide + down * (droop * 0.65 + 0.05),
            root + out * reach * 0.55 + down * droop * 0.3,
        ],
        [(0, 4, 1), (1, 4, 2), (0, 3, 4), (3, 2, 4)],
    )


def _first_leaf(line: Array, girth_m: float) -> Shape:
    """Return a leaf at the rim of the trunk's top, so that the crown is joined to it."""
    foot = line[-1] + np.array([0.2 * girth_m, 0.0, 0.0])
    return Shape().add([foot, foot + np.array([0.1, 0, 0.1]), foot + np.array([0, 0, 0.2])], [(0, 1, 2)])


def far_trees(
    rng: np.random.Generator,
    height: Height,
    ring_m: tuple[float, float],
    count: int,
    tall_m: tuple[float, float],
    conifers: float,
    arc_deg: tuple[float, float] = (0.0, 360.0),
) -> Shape:
    """Return a crowd of simple trees for the distance, as one shape: slot 0 trunks, slot 1 crowns.

    height: the ground's height function. conifers: share of them that are conifers. arc_deg: azimuths between which
    they grow.
    """
    shape = Shape()
    angles = np.radians(rng.uniform(*arc_deg, count))
    away = rng.uniform(*ring_m, count)
    x, y = away * np.cos(angles), away * np.sin(angles)
    ground = height(x, y)
    for index in range(count):
        tall = float(rng.uniform(*tall_m))
        at = translation(float(x[index]), float(y[index]), float(ground[index]) - 0.2)
        shape.lathe([(0.11 + 0.016 * tall, 0), (0.05 + 0.006 * tall, tall * 0.8)], 0, at, 5)
        if rng.random() < conifers:
            for low, wide in ((0.22, 0.17), (0.42, 0.13), (0.62, 0.09)):
                rim = tall * wide * float(rng.uniform(0.85, 1.15))
                shape.lathe([(rim, tall * low), (0.0, tall * (low + 0.38))], 1, at, 7, float(rng.uniform(0, 50)))
        else:
            for _ in range(3):
                radius = tall * float(rng.uniform(0.13, 0.19))
                spot = rng.normal(scale=0.09 * tall, size=2).tolist()
                puff = at @ translation(spot[0], spot[1], tall * float(rng.uniform(0.6, 0.85)))
                shape.sphere(radius * 0.9, 1, puff @ rotation("x", float(rng.uniform(0, 90))), 7)
                tufts = leaves(rng, np.zeros((1, 3)), np.array([radius * 1.12]), 5, 0.3 * radius)
                shape.merge(tufts, puff, slot_offset=1)
    return shape
