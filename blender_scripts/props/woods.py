"""What grows and lies in a wood: trunks with crowns, ferns, fallen logs, stumps, mushrooms, and the far edge of trees."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, frame_along, rotation, translation
from blender_scripts.materials import Colour, Graph, foliage, plain, shade, wood
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


def broadleaf(rng: np.random.Generator, height_m: float, crown_m: float, clear_m: float, green: Colour,
              skin: bpy.types.Material, slim: float = 1.0, leaf_count: int = 520) -> Tree:  # fmt: skip
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


def conifer(rng: np.random.Generator, height_m: float, crown_m: float, clear_m: float, green: Colour,
            skin: bpy.types.Material, needle_count: int = 420) -> Tree:  # fmt: skip
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
        [root, root + out * reach * 0.55 + side * wide + down * (droop * 0.65 + 0.05), root + out * reach + down * droop,
         root + out * reach * 0.55 - side * wide + down * (droop * 0.65 + 0.05), root + out * reach * 0.55 + down * droop * 0.3],
        [(0, 4, 1), (1, 4, 2), (0, 3, 4), (3, 2, 4)],
    )  # fmt: skip


def _first_leaf(line: Array, girth_m: float) -> Shape:
    """Return a leaf at the rim of the trunk's top, so that the crown is joined to it."""
    foot = line[-1] + np.array([0.2 * girth_m, 0.0, 0.0])
    return Shape().add([foot, foot + np.array([0.1, 0, 0.1]), foot + np.array([0, 0, 0.2])], [(0, 1, 2)])


def fronds(rng: np.random.Generator, feet: Array, reach_m: Array, count: int) -> Shape:
    """Return ferns: at each foot (N, 3) a rosette of ``count`` arching fronds, each a kite of two halves, bent twice."""
    number = len(feet)
    angle = (
        rng.uniform(0, 2 * np.pi, (number, 1))
        + np.arange(count) * 2 * np.pi / count
        + rng.uniform(-0.3, 0.3, (number, count))
    )
    length = reach_m[:, None] * rng.uniform(0.75, 1.1, (number, count))
    out = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)
    side = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], axis=-1)
    up = np.array([0.0, 0.0, 1.0])
    foot = np.repeat(feet[:, None, :], count, axis=1)
    at = [
        foot + (out * a + up * b) * length[..., None] for a, b in ((0.02, 0.0), (0.4, 0.62), (0.8, 0.72), (1.05, 0.5))
    ]
    wide = [side * w * length[..., None] for w in (0.02, 0.15, 0.12)]
    drop = up * 0.05 * length[..., None]
    points = np.stack([at[0], at[1] - wide[1] - drop, at[1], at[1] + wide[1] - drop,
                       at[2] - wide[2] - drop, at[2], at[2] + wide[2] - drop, at[3]], axis=2)  # fmt: skip
    base = np.arange(number * count)[:, None] * 8
    faces = [(0, 2, 1), (0, 3, 2), (1, 2, 5, 4), (2, 3, 6, 5), (4, 5, 7), (5, 6, 7)]
    shape = Shape()
    return shape.add(points.reshape(-1, 3), [tuple(int(b) + i for i in face) for b in base[:, 0] for face in faces])


def blades(rng: np.random.Generator, feet: Array, tall_m: Array, count: int = 4, width_m: float = 0.014) -> Shape:
    """Return tufts of grass: at each foot (N, 3) ``count`` triangular blades of about ``tall_m`` (N,)."""
    number = len(feet)
    heading, lean = rng.uniform(0, 2 * np.pi, (number, count)), rng.uniform(0.1, 0.6, (number, count))
    out = np.stack([np.cos(heading), np.sin(heading), 0 * heading], axis=-1)
    side = np.stack([-np.sin(heading), np.cos(heading), 0 * heading], axis=-1) * width_m
    foot = feet[:, None, :] + out * 0.03
    rise = (tall_m[:, None] * (1.1 - lean / 2))[..., None] * np.array([0, 0, 1.0])
    tip = feet[:, None, :] + out * (lean * tall_m[:, None])[..., None] + rise
    corners = np.stack([foot - side, foot + side, tip], axis=2).reshape(-1, 3)
    return Shape().add(corners, np.arange(len(corners)).reshape(-1, 3))


def log(rng: np.random.Generator, length_m: float, radius_m: float, skin: bpy.types.Material) -> Prop:
    """A fallen trunk that lies along x on the ground, with stubs of branches and pale ends."""
    s = np.linspace(-0.5, 0.5, 7)
    bend = radius_m * 0.25 * rng.normal(size=7)
    line = np.column_stack([s * length_m, bend, np.zeros(7)])
    radii = radius_m * np.linspace(1.0, 0.8, 7) * rng.uniform(0.95, 1.05, 7)
    line[:, 2] = radii
    rings = sweep(line, radii, 12)
    rings[..., 2] = np.maximum(rings[..., 2], 0.0)
    shape = Shape().sheet(rings, 0, close=True)
    for ring in (rings[0], rings[-1][::-1]):
        shape.add(ring, [tuple(range(len(ring)))], 1)
    for _ in range(int(rng.integers(2, 5))):
        share, angle = float(rng.uniform(-0.35, 0.4)), float(rng.uniform(0.2, np.pi - 0.2))
        start = np.array([share * length_m, 0, radius_m * 0.9])
        out = np.array([0.3, np.cos(angle), np.sin(angle)])
        shape.capsule(
            start, start + out * radius_m * float(rng.uniform(1.5, 2.4)), radius_m * 0.2, radius_m * 0.12, 0, 7
        )
    return Prop("fallen log", shape, [skin, _end_grain()], sharp_deg=50)


def stump(rng: np.random.Generator, radius_m: float, height_m: float, skin: bpy.types.Material) -> Prop:
    """The stump of a felled tree."""
    turns = np.arange(14) * 2 * np.pi / 14
    wobble = 1 + 0.1 * np.sin(3 * turns + float(rng.uniform(0, 6))) + 0.06 * np.sin(5 * turns)
    rows = ((1.45, 0.0), (1.12, 0.22), (1.0, 0.6), (0.97, 1.0))
    rings = np.array([np.column_stack([radius_m * k * wobble * np.cos(turns), radius_m * k * wobble * np.sin(turns),
                                       np.full(14, z * height_m)]) for k, z in rows])  # fmt: skip
    rings[-1, :, 2] += 0.12 * height_m * np.cos(turns)
    shape = Shape().sheet(rings, 0, close=True).add(rings[-1], [tuple(range(14))], 1)
    return Prop("stump", shape, [skin, _end_grain()], sharp_deg=40)


def mushrooms(rng: np.random.Generator, colour: Colour) -> Prop:
    """A troop of mushrooms on one spot of ground."""
    shape = Shape()
    for _ in range(int(rng.integers(3, 7))):
        x, y = rng.normal(scale=0.11, size=2).tolist()
        high = float(rng.uniform(0.06, 0.16))
        shape.cylinder(high * 0.12, high, 1, translation(x, y), 8)
        cap = [(0.02, 0.82), (0.55, 0.8), (0.5, 0.98), (0.3, 1.12), (0.0, 1.16)]
        shape.lathe([(r * high, z * high) for r, z in cap], 0, translation(x, y), 10)
    return Prop("mushrooms", shape, [plain("caps", colour, 0.5), plain("stalks", srgb("e6dcc4"), 0.8)], sharp_deg=60)


def _end_grain() -> bpy.types.Material:
    return wood("end grain", srgb("c9a878"), 0.8, (3.0, 3.0, 3.0))


def far_trees(rng: np.random.Generator, height: Height, ring_m: tuple[float, float], count: int, tall_m: tuple[float, float],
              conifers: float, arc_deg: tuple[float, float] = (0.0, 360.0)) -> Shape:  # fmt: skip
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
                shape.sphere(radius, 1, puff @ rotation("x", float(rng.uniform(0, 90))), 7)
    return shape


def saplings(rng: np.random.Generator, feet: Array, tall_m: Array) -> Shape:
    """Return thin young shoots with a few leaves at feet (N, 3): slot 0 stalks, slot 1 leaves."""
    shape = Shape()
    for foot, tall in zip(feet, tall_m.tolist(), strict=True):
        lean = rng.normal(scale=0.12, size=2) * tall
        tip = foot + np.array([lean[0], lean[1], tall])
        shape.lathe([(0.012, 0), (0.004, tall)], 0, frame_along(foot, tip), 4)
        shape.merge(leaves(rng, np.linspace(foot * 0.6 + tip * 0.4, tip, 4), np.full(4, 0.16 * tall + 0.05), 26, 0.07),
                    slot_offset=1)  # fmt: skip
    return shape


def moss(name: str, stone: Colour, green: Colour) -> bpy.types.Material:
    """Stone that is mossy where it faces up."""
    graph = Graph(name)
    up = graph.node("SeparateXYZ", None, Vector=graph.node("NewGeometry").outputs["Normal"]).outputs["Z"]
    patch = graph.noise(graph.local(), 3.5, 2.0)
    both = graph.node("Math", {"operation": "ADD"})
    graph.feed(both.inputs[0], up)
    graph.feed(both.inputs[1], patch)
    cover = graph.remap(both.outputs[0], 0.0, 0.9, 0.95, 1.3)
    graph.set(
        Base_Color=graph.mix(cover, graph.mix(patch, shade(stone, 0.7), shade(stone, 1.15)), green), Roughness=0.9
    )
    graph.bump(patch, 0.5, 0.05)
    return graph.material
