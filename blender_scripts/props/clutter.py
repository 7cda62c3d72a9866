"""Small things that stand on shelves and tables. Each stands on z = 0."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, plain
from blender_scripts.palettes import Palette, srgb
from blender_scripts.props.outdoor import jar
from blender_scripts.props.placement import Prop, Surface
from blender_scripts.props.plants import potted_plant

SPINES = ("8c2f2b", "2f4f7a", "3f6b46", "c9a24a", "5b3f66", "d8d0bd", "2b2b2e", "b0603a", "4f7f86", "9aa36a")


def books(rng: np.random.Generator, count: int, tallest_m: float) -> Prop:
    """A row of upright books of drawn heights, thicknesses and colours."""
    colours = [srgb(code) for code in rng.permutation(SPINES)[:5].tolist()]
    shape, x = Shape(), 0.0
    for _ in range(count):
        thick = float(rng.uniform(0.018, 0.048))
        high = tallest_m * float(rng.uniform(0.72, 1.0))
        deep = float(rng.uniform(0.13, 0.18))
        slot = int(rng.integers(5))
        shape.box((thick - 0.001, deep, high), slot, translation(x + thick / 2, -deep / 2 + 0.09), 0.002)
        x += thick
    moved = Shape().merge(shape, translation(-x / 2, 0, 0))
    return Prop("books", moved, [plain("book", colour, 0.6) for colour in colours])


def stack(rng: np.random.Generator, count: int) -> Prop:
    """Books lying on each other, each a little turned."""
    colours = [srgb(code) for code in rng.permutation(SPINES)[:4].tolist()]
    shape, z = Shape(), 0.0
    for index in range(count):
        thick = float(rng.uniform(0.018, 0.04))
        size = (0.24 - 0.015 * index, 0.17 - 0.01 * index, thick)
        shape.box(size, index % 4, translation(0, 0, z) @ rotation("z", float(rng.uniform(-14, 14))), 0.002)
        z += thick
    return Prop("book stack", shape, [plain("book", colour, 0.6) for colour in colours])


def bowl(rng: np.random.Generator, colour: Colour) -> Prop:
    """A bowl with fruit in it."""
    radius = float(rng.uniform(0.11, 0.15))
    shape = Shape().lathe([(radius * 0.45, 0), (radius * 0.8, 0.03), (radius, 0.075), (radius * 0.95, 0.075),
                           (radius * 0.74, 0.035), (0.0, 0.022)], 0, sides=20)  # fmt: skip
    for index in range(4):
        angle = index * np.pi / 2 + 0.3
        shape.sphere(0.036, 1 + index % 2, translation(0.048 * np.cos(angle), 0.048 * np.sin(angle), 0.066), 12)
    fruit = [plain("fruit", srgb(code), 0.4) for code in rng.permutation(["c8502c", "d9a32f", "7f9a3a"])[:2].tolist()]
    return Prop("bowl", shape, [plain("bowl", colour, 0.3), *fruit], sharp_deg=60)


def box(rng: np.random.Generator, colour: Colour) -> Prop:
    """A storage box with a lid and a label."""
    x, y, z = (float(v) for v in rng.uniform((0.2, 0.16, 0.11), (0.32, 0.22, 0.18)))
    shape = (
        Shape()
        .box((x - 0.01, y - 0.01, z - 0.02), 0, None, 0.006)
        .box((x, y, 0.045), 1, translation(0, 0, z - 0.045), 0.006)
    )
    shape.box((x * 0.3, 0.003, z * 0.3), 2, translation(0, -y / 2 + 0.0045, z * 0.25))
    dark: Colour = (colour[0] * 0.7, colour[1] * 0.7, colour[2] * 0.7)
    return Prop("box", shape, [plain("box", colour, 0.7), plain("lid", dark, 0.7), plain("label", srgb("eae4d6"), 0.8)])


def mug(rng: np.random.Generator, colour: Colour) -> Prop:
    """A mug with a handle."""
    shape = Shape().lathe(
        [(0.035, 0), (0.04, 0.01), (0.04, 0.09), (0.035, 0.09), (0.034, 0.02), (0.0, 0.018)], 0, sides=16
    )
    points = [(0.038 + 0.026 * np.sin(a), 0, 0.048 + 0.026 * np.cos(a)) for a in np.linspace(0, np.pi, 6)]
    for first, second in pairwise(points):
        shape.capsule(first, second, 0.006, sides=6)
    return Prop("mug", shape, [plain("mug", colour, 0.3)], sharp_deg=60)


def makers(rng: np.random.Generator, palette: Palette) -> list[Callable[[], Prop]]:
    """Return a few drawn things per kind, to be placed many times; each entry returns a prop."""
    made: list[Prop] = [stack(rng, int(rng.integers(2, 5))) for _ in range(2)]
    made += [bowl(rng, palette.accents[1]), mug(rng, palette.accents[0]), mug(rng, palette.accents[2])]
    made += [box(rng, palette.accents[int(rng.integers(3))]) for _ in range(2)]
    made += [jar(rng, palette.accents[int(rng.integers(3))], float(rng.uniform(0.16, 0.26))) for _ in range(2)]
    made += [potted_plant(rng, palette.accents[1], 0.075, 0.12)]
    return [lambda prop=prop: prop for prop in made]


def dress(rng: np.random.Generator, board: Surface, kinds: list[Callable[[], Prop]], density: float) -> None:
    """Fill a shelf or table top: rows of books at the back of shelves with headroom, small things between."""
    width, depth = board.rect[2] - board.rect[0], board.rect[3] - board.rect[1]
    if board.headroom < 0.6 and depth < 0.5 and width > 0.5:
        tallest = min(board.headroom - 0.02, 0.29)
        for _ in range(int(rng.integers(1, 3))):
            row = books(rng, int(rng.integers(5, 13)), tallest)
            x = float(rng.uniform(board.rect[0], board.rect[2]))
            board.put(row, x, board.rect[3] - 0.1, 0.0)
    count = max(int(density * width * 2.2), 1)
    board.fill(rng, lambda: kinds[int(rng.integers(len(kinds)))](), count, (-25.0, 25.0), 8)
