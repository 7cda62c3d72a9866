"""What stands on worktops and kitchen shelves. Each stands on z = 0."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, plain, wood
from blender_scripts.palettes import Palette, srgb
from blender_scripts.props import clutter
from blender_scripts.props.outdoor import jar
from blender_scripts.props.placement import Prop
from blender_scripts.props.plants import potted_plant

STEEL = srgb("b5b8ba")


def saucepan(rng: np.random.Generator, colour: Colour) -> Prop:
    """A pot with a lid and two ears."""
    radius, high = float(rng.uniform(0.09, 0.13)), float(rng.uniform(0.1, 0.17))
    shape = Shape().lathe([(radius * 0.96, 0), (radius, 0.01), (radius, high), (radius * 1.03, high + 0.006),
                           (radius * 0.6, high + 0.03), (0.02, high + 0.04)], 0, sides=24)  # fmt: skip
    shape.sphere(0.016, 1, translation(0, 0, high + 0.05), 10)
    for side in (-1, 1):
        shape.box((0.035, 0.08, 0.014), 1, translation(side * (radius + 0.012), 0, high * 0.8), 0.005)
    return Prop("saucepan", shape, [plain("pan", colour, 0.3, 0.25), plain("pan fittings", srgb("262626"), 0.5)])


def kettle(rng: np.random.Generator, colour: Colour) -> Prop:
    """A kettle with a spout and a bow handle."""
    shape = Shape().lathe([(0.085, 0), (0.1, 0.02), (0.095, 0.09), (0.06, 0.15), (0.03, 0.165)], 0, sides=22)
    shape.sphere(0.014, 1, translation(0, 0, 0.175), 8)
    shape.capsule((0.07, 0, 0.08), (0.15, 0, 0.15), 0.022, 0.012, 0, 10)
    arc = [(0.075 * np.cos(a), 0, 0.14 + 0.1 * np.sin(a)) for a in np.linspace(0, np.pi, 9)]
    for first, second in itertools.pairwise(arc):
        shape.capsule(first, second, 0.008, slot=1, sides=6)
    return Prop("kettle", shape, [plain("kettle", colour, 0.22, 0.4), plain("kettle grip", srgb("2a2622"), 0.5)])


def plates(rng: np.random.Generator, colour: Colour) -> Prop:
    """A pile of plates with a few bowls on them."""
    shape, z = Shape(), 0.0
    for _ in range(int(rng.integers(4, 9))):
        shape.lathe([(0.07, z), (0.125, z + 0.014), (0.12, z + 0.016), (0.06, z + 0.006)], 0, sides=24)
        z += 0.009
    for _ in range(int(rng.integers(0, 4))):
        shape.lathe([(0.035, z + 0.008), (0.07, z + 0.035), (0.078, z + 0.06), (0.074, z + 0.06), (0.03, z + 0.014)],
                    1, sides=20)  # fmt: skip
        z += 0.022
    return Prop("plates", shape, [plain("plates", srgb("efece4"), 0.25), plain("bowls", colour, 0.3)], sharp_deg=60)


def bottle(rng: np.random.Generator, colour: Colour) -> Prop:
    """A bottle of oil or wine with a label."""
    high, radius = float(rng.uniform(0.24, 0.31)), float(rng.uniform(0.03, 0.038))
    shape = Shape().lathe([(radius, 0), (radius, high * 0.6), (radius * 0.42, high * 0.74), (radius * 0.36, high * 0.97),
                           (radius * 0.45, high * 0.97), (radius * 0.45, high)], 0, sides=16)  # fmt: skip
    shape.lathe([(radius + 0.001, high * 0.18), (radius + 0.001, high * 0.48)], 1, sides=16)
    return Prop("bottle", shape, [plain("bottle", colour, 0.12), plain("label", srgb("ebe3cd"), 0.7)])


def board_with_bread(rng: np.random.Generator, colour: Colour) -> Prop:
    """A cutting board with a loaf."""
    shape = Shape().box((0.36, 0.24, 0.022), 0, None, 0.006)
    s = np.linspace(0, 1, 8)
    ring = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    loaf = [[(-0.12 + 0.24 * t, 0.05 * r * np.cos(a), 0.022 + 0.045 * r * (1 + np.sin(a)) * 0.9) for a in ring]
            for t, r in zip(s, np.sqrt(np.clip(1 - (2 * s - 1) ** 2, 0.02, 1)), strict=True)]  # fmt: skip
    shape.sheet(np.array(loaf)[:, ::-1], 1, rotation("z", float(rng.uniform(-25, 25))), close=True)
    return Prop("cutting board", shape, [wood("cutting board", colour, 0.5, (1.5, 12.0, 12.0)),
                                         plain("bread", srgb("b47a3c"), 0.8, variation=0.4)], sharp_deg=70)  # fmt: skip


def utensils(rng: np.random.Generator, colour: Colour) -> Prop:
    """A jar of spoons and spatulas."""
    shape = Shape().lathe(
        [(0.05, 0), (0.056, 0.01), (0.056, 0.14), (0.05, 0.14), (0.05, 0.09), (0.001, 0.09)], 0, sides=18
    )
    for index in range(6):
        a = index * np.pi / 3 + float(rng.uniform(-0.3, 0.3))
        tip = np.array([0.075 * np.cos(a), 0.075 * np.sin(a), float(rng.uniform(0.24, 0.3))])
        shape.capsule((0.02 * np.cos(a), 0.02 * np.sin(a), 0.1), tip, 0.005, slot=1 + index % 2, sides=6)
        shape.capsule(tip, tip * [1.1, 1.1, 1.13], 0.019, slot=1 + index % 2, sides=8)
    return Prop("utensils", shape, [plain("utensil jar", colour, 0.35), plain("spoons", srgb("b98d57"), 0.6),
                                    plain("ladles", STEEL, 0.3, 0.9)], sharp_deg=60)  # fmt: skip


def toaster(rng: np.random.Generator, colour: Colour) -> Prop:
    """A toaster with two slots."""
    shape = Shape().box((0.3, 0.17, 0.19), 0, translation(0, 0, 0.012), 0.035).box((0.26, 0.14, 0.02), 1)
    for y in (-0.035, 0.035):
        shape.box((0.2, 0.026, 0.002), 1, translation(0, y, 0.202))
    shape.box((0.02, 0.04, 0.02), 1, translation(0.155, 0, 0.13), 0.004)
    return Prop("toaster", shape, [plain("toaster", colour, 0.25, 0.3), plain("toaster slots", srgb("1c1c1c"), 0.5)])


def knife_block(rng: np.random.Generator, colour: Colour) -> Prop:
    """A slanting block with knives in it."""
    shape = Shape().prism([(-0.07, 0.0), (0.07, 0.0), (0.1, 0.12), (0.0, 0.2)], 0.1, 0,
                          translation(0, 0.05, 0) @ rotation("x", 90))  # fmt: skip
    for index in range(3):
        for row in range(2):
            foot = np.array([0.03 + row * 0.035, (index - 1) * 0.028, 0.175 - row * 0.03])
            shape.capsule(foot, np.add(foot, (0.06, 0, 0.075)), 0.009, slot=1, sides=6)
    return Prop("knife block", shape, [wood("knife block", colour, 0.5), plain("grips", srgb("1f1f20"), 0.4)])


def makers(rng: np.random.Generator, palette: Palette) -> list[Callable[[], Prop]]:
    """Return a few drawn things per kind, to be placed many times; each entry returns a prop."""
    first, second, third = palette.accents
    made: list[Prop] = [saucepan(rng, first), saucepan(rng, STEEL), kettle(rng, second), plates(rng, third)]
    made += [bottle(rng, srgb(str(code))) for code in rng.permutation(["2f4a2a", "6b2a26", "c39a2f", "3a4b5c"])[:2]]
    made += [board_with_bread(rng, palette.wood), utensils(rng, second), toaster(rng, third), plates(rng, first)]
    made += [knife_block(rng, palette.wood), clutter.bowl(rng, second), clutter.mug(rng, first)]
    made += [jar(rng, first, 0.2), jar(rng, srgb("e5e0d4"), 0.15), potted_plant(rng, third, 0.07, 0.11)]
    return [lambda prop=prop: prop for prop in made]


def crockery(rng: np.random.Generator, palette: Palette) -> list[Callable[[], Prop]]:
    """Return what stands on shelves: plates, mugs, jars and bottles not higher than 0.32 m."""
    made: list[Prop] = [plates(rng, palette.accents[0]), plates(rng, palette.accents[1]), bottle(rng, srgb("2f4a2a"))]
    made += [clutter.mug(rng, colour) for colour in palette.accents] + [jar(rng, palette.accents[2], 0.18)]
    made += [saucepan(rng, STEEL), jar(rng, srgb("e5e0d4"), 0.14)]
    return [lambda prop=prop: prop for prop in made]
