"""Trees, shrubs, potted plants and grass: trunks swept along curves, leaves as small loose quads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.materials import Colour, foliage, ground, plain, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Prop

LEAF_COLOURS = ("4e7a2e", "3f6b33", "6b8a34", "5c7f4a", "7c8f3a")


def leaves(rng: np.random.Generator, centres: Array, radii: Array, count: int, size_m: float) -> Shape:
    """Return ``count`` diamond-shaped leaves spread over the shells of spheres: centres (N, 3), radii (N,)."""
    which = rng.choice(len(centres), count, p=radii**2 / np.sum(radii**2))
    outward = rng.normal(size=(count, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    depth = rng.uniform(0.6, 1.0, count)[:, None]
    middle = centres[which] + outward * depth * radii[which][:, None] * [1.0, 1.0, 0.85]
    normal = outward + rng.normal(scale=0.6, size=(count, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    side = np.cross(normal, rng.normal(size=(count, 3)))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    tip = np.cross(normal, side)
    length = size_m * rng.uniform(0.7, 1.3, count)[:, None]
    corners = np.stack(
        [middle - tip * length, middle + side * length * 0.55, middle + tip * length, middle - side * length * 0.55],
        axis=1,
    )
    return Shape().add(corners.reshape(-1, 3), np.arange(4 * count).reshape(-1, 4))


def sweep(points: Array, radii: Array, sides: int = 8) -> Array:
    """Return rings (N, sides, 3) round a curve (N, 3) of radii (N,), without twist."""
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.cross(tangents[0], [0.0, 1.0, 0.0] if abs(tangents[0, 1]) < 0.9 else [1.0, 0.0, 0.0])
    angles = np.arange(sides) * 2 * np.pi / sides
    rings = []
    for point, tangent, radius in zip(points, tangents, radii, strict=True):
        side = side - tangent * np.dot(side, tangent)
        side /= np.linalg.norm(side)
        other = np.cross(tangent, side)
        rings.append(point + radius * (np.outer(np.cos(angles), side) + np.outer(np.sin(angles), other)))
    return np.array(rings)


def tree(rng: np.random.Generator, height_m: float, crown_m: float, colour: str | None = None, leaf_count: int = 2600,
         clear_m: float = 3.2) -> Prop:  # fmt: skip
    """A broad-leaved tree whose crown (radius ``crown_m``) starts above ``clear_m``."""
    shape = Shape()
    fork = clear_m + 0.2
    lean = rng.normal(scale=0.06, size=2)
    heights = np.linspace(0, fork, 6)
    bow = np.column_stack([np.outer(np.sin(heights / fork * 1.5), lean), heights])
    girth = 0.05 + 0.028 * height_m
    shape.sheet(sweep(bow, girth * np.array([1.5, 1.05, 0.95, 0.9, 0.85, 0.8])), 0, close=True)
    centres, radii = [], []
    for index in range(6):
        angle = index * 2 * np.pi / 5 + float(rng.uniform(-0.4, 0.4))
        reach = crown_m * float(rng.uniform(0.4, 0.62)) if index < 5 else 0.05
        radius = crown_m * float(rng.uniform(0.4, 0.52))
        middle = 0.55 if index < 5 else 0.85
        up = fork + (height_m - fork - radius) * float(rng.uniform(middle - 0.2, middle + 0.15))
        end = np.array([bow[-1, 0] + reach * np.cos(angle), bow[-1, 1] + reach * np.sin(angle), max(up, fork + radius)])
        steps = np.linspace(0, 1, 5)[:, None]
        branch = bow[-1] + (end - bow[-1]) * steps + np.array([0, 0, 0.25]) * np.sin(np.pi * steps)
        shape.sheet(sweep(branch, girth * np.linspace(0.6, 0.2, 5), 6), 0, close=True)
        centres.append(end)
        radii.append(min(radius, end[2] - clear_m))
    shape.merge(leaves(rng, np.array(centres), np.array(radii), leaf_count, 0.15), slot_offset=1)
    green = srgb(colour or str(rng.choice(LEAF_COLOURS)))
    bark = wood("bark", srgb("6d5844"), 0.85, (9.0, 9.0, 2.0))
    return Prop("tree", shape, [bark, foliage("tree leaves", green)], footprint_below=clear_m - 0.3, sharp_deg=70)


def shrub(rng: np.random.Generator, radius_m: float, leaf_count: int = 700, colour: str | None = None,
          flower: Colour | None = None) -> Prop:  # fmt: skip
    """A round shrub standing on z = 0, with blossoms where a flower colour is given."""
    count = 5
    angles = rng.uniform(0, 2 * np.pi, count)
    radii = radius_m * rng.uniform(0.45, 0.62, count)
    reach = radius_m - radii
    lifts = radii * 0.85 + rng.uniform(0, 0.25, count) * radius_m
    centres = np.column_stack([reach * np.cos(angles), reach * np.sin(angles), lifts])
    shape = Shape().merge(leaves(rng, centres, radii, leaf_count, 0.06 + 0.06 * radius_m))
    materials = [foliage("shrub leaves", srgb(colour or str(rng.choice(LEAF_COLOURS))))]
    if flower is not None:
        shape.merge(leaves(rng, centres, radii * 1.04, leaf_count // 8, 0.05 + 0.03 * radius_m), slot_offset=1)
        materials.append(foliage("blossom", flower, 0.2))
    return Prop("shrub", shape, materials, sharp_deg=80)


def _fronds(rng: np.random.Generator, count: int, length_m: float, width_m: float) -> Shape:
    """Return arching leaves that spring from the origin: each a strip folded along its middle."""
    shape = Shape()
    for index in range(count):
        azimuth = index * 2.4 + float(rng.uniform(-0.2, 0.2))
        reach = length_m * float(rng.uniform(0.7, 1.0))
        rise = float(rng.uniform(0.75, 1.35))
        s = np.linspace(0, 1, 7)
        out = reach * np.sin(s * rise) * 0.8
        up = reach * (s - 0.45 * s**2 * (1.6 - rise * 0.7))
        width = width_m * np.sin(np.pi * np.clip(s * 0.93 + 0.07, 0, 1)) + 0.002
        across = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        spine = np.column_stack([out * np.cos(azimuth), out * np.sin(azimuth), up])
        fold = np.array([0, 0, 0.35 * width_m])
        edge = across * width[:, None]
        shape.sheet(np.stack([spine - edge + fold, spine, spine + edge + fold], axis=1))
    return shape


def pot(rng: np.random.Generator, radius_m: float, height_m: float, sides: int = 18) -> tuple[Shape, float]:
    """Return a pot standing on z = 0 and the height of its soil: slot 0 the pot, slot 1 the soil."""
    belly = float(rng.uniform(0.75, 1.1))
    foot = radius_m * float(rng.uniform(0.6, 0.8))
    rim = height_m * 0.86
    profile = [(foot, 0), (radius_m * belly * 0.95, height_m * 0.5), (radius_m * 0.92, rim), (radius_m, rim),
               (radius_m, height_m), (radius_m * 0.86, height_m), (radius_m * 0.84, height_m * 0.9)]  # fmt: skip
    shape = Shape().lathe(profile, 0, sides=sides)
    shape.cylinder(radius_m * 0.85, 0.01, 1, translation(0, 0, height_m * 0.9), sides)
    return shape, height_m * 0.9


def potted_plant(rng: np.random.Generator, colour: Colour, radius_m: float = 0.22, height_m: float = 0.4) -> Prop:
    """A pot with a leafy plant: fronds or a small shrub."""
    shape, soil = pot(rng, radius_m, height_m)
    if rng.random() < 0.55:
        plant = _fronds(rng, int(rng.integers(9, 16)), radius_m * float(rng.uniform(2.2, 3.4)), radius_m * 0.22)
    else:
        plant = shrub(rng, radius_m * float(rng.uniform(1.2, 1.7)), 320).shape
    shape.merge(plant, translation(0, 0, soil - 0.02), slot_offset=2)
    green = srgb(str(rng.choice(LEAF_COLOURS)))
    materials = [plain("pot", colour, 0.6), ground("soil", (srgb("4a3828"), srgb("33261b")), 0.1, 0.01),
                 foliage("plant", green, 0.3)]  # fmt: skip
    return Prop("potted plant", shape, materials, sharp_deg=60)


def planter(rng: np.random.Generator, size: Sequence[float], material_index_colours: tuple[Colour, Colour],
            flower: Colour | None) -> Prop:  # fmt: skip
    """A rectangular stone planter ``size`` (x, y, z metres) full of shrubs."""
    x, y, z = size
    shape = Shape()
    wall = 0.08
    for at, box in (
        ((0, -y / 2 + wall / 2), (x, wall, z)),
        ((0, y / 2 - wall / 2), (x, wall, z)),
        ((-x / 2 + wall / 2, 0), (wall, y - 2 * wall, z)),
        ((x / 2 - wall / 2, 0), (wall, y - 2 * wall, z)),
    ):
        shape.box(box, 0, translation(*at), 0.012)
    shape.box((x - 2 * wall, y - 2 * wall, z - 0.06), 1)
    radius = y * 0.5
    count = max(int(x / (radius * 1.3)), 1)
    bush = shrub(rng, radius, 420, flower=flower)
    for index in range(count):
        offset = (index - (count - 1) / 2) * (x - 2 * radius) / max(count - 1, 1) if count > 1 else 0.0
        shape.merge(bush.shape, translation(offset, 0, z - 0.1), slot_offset=2)
    stone, dark = material_index_colours
    materials = [plain("planter stone", stone, 0.85, variation=0.3), ground("soil", (dark, srgb("33261b")), 0.2, 0.01)]
    return Prop("planter", shape, [*materials, *bush.materials], sharp_deg=60)
