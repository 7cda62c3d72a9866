"""Small things along pavements: bins, post boxes, sandwich boards, bollards and traffic signs. Each stands on z = 0."""

from __future__ import annotations

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, plain, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.outdoor import IRON
from blender_scripts.props.placement import Prop


def bin_(rng: np.random.Generator, paint: Colour) -> Prop:
    """A litter bin with a domed lid and an opening."""
    shape = Shape().lathe([(0.2, 0), (0.24, 0.05), (0.25, 0.72), (0.27, 0.74), (0.27, 0.8)], 0, sides=16)
    shape.lathe([(0.25, 0.9), (0.27, 0.92), (0.2, 1.02), (0.0, 1.07)], 0, sides=16).cylinder(
        0.22, 0.12, 1, translation(0, 0, 0.79), 12
    )
    return Prop("bin", shape, [plain("bin", paint, 0.5), plain("bin opening", srgb("1c1d1f"), 0.8)])


def post_box(rng: np.random.Generator, paint: Colour) -> Prop:
    """A pillar box for letters."""
    shape = Shape().lathe(
        [(0.27, 0), (0.27, 0.18), (0.23, 0.2), (0.23, 1.25), (0.28, 1.28), (0.28, 1.36), (0.2, 1.45), (0.0, 1.5)],
        0,
        sides=20,
    )
    shape.box((0.26, 0.06, 0.05), 1, translation(0, -0.215, 1.12)).box(
        (0.2, 0.04, 0.24), 2, translation(0, -0.22, 0.78)
    )
    return Prop(
        "post box",
        shape,
        [plain("post box", paint, 0.35), plain("slot", srgb("151515"), 0.8), plain("notice", srgb("eae6da"), 0.7)],
    )


def sandwich_board(rng: np.random.Generator, wood_colour: Colour) -> Prop:
    """A chalk board on two leaning frames, with lines of writing."""
    shape = Shape()
    for side in (-1, 1):
        lean = translation(0, side * 0.22, 0.02) @ rotation("x", side * 13)
        shape.box((0.62, 0.035, 1.0), 0, lean, 0.008).box(
            (0.52, 0.01, 0.85), 1, lean @ translation(0, side * 0.02, 0.08)
        )
        for row in range(4):
            wide = float(rng.uniform(0.2, 0.42))
            shape.box((wide, 0.004, 0.05), 2, lean @ translation(0, side * 0.027, 0.2 + 0.17 * row))
    return Prop(
        "sandwich board",
        shape,
        [
            wood("board frame", wood_colour, 0.6),
            plain("slate", srgb("272b2b"), 0.8),
            plain("chalk", srgb("e6e6de"), 0.9),
        ],
    )


def bollard(rng: np.random.Generator) -> Prop:
    """A cast-iron bollard."""
    shape = Shape().lathe(
        [(0.11, 0), (0.11, 0.1), (0.075, 0.14), (0.065, 0.78), (0.09, 0.8), (0.09, 0.86), (0.06, 0.93), (0.0, 0.96)],
        0,
        sides=12,
    )
    return Prop("bollard", shape, [plain("bollard", IRON, 0.5, 0.5)])


def traffic_sign(rng: np.random.Generator) -> Prop:
    """A traffic sign on a grey pole, round, square or three-cornered; it faces -y."""
    shape = Shape().cylinder(0.035, 2.75, 0, None, 10)
    kind = int(rng.integers(3))
    sides, turn = ((24, 0.0), (4, 45.0), (3, 90.0))[kind]
    size = (0.3, 0.38, 0.38)[kind]
    face = translation(0, -0.04, 2.4) @ rotation("x", 90)
    shape.lathe([(size, 0), (size, 0.015)], 1, face, sides, turn)
    shape.lathe([(size * 0.76, 0), (size * 0.76, 0.004)], 2, face @ translation(0, 0, 0.016), sides, turn)
    shape.box((size * 0.8, 0.1, 0.003), 3, face @ translation(0, 0, 0.021))
    rim, inner = (("b3201f", "f2efe6"), ("f2efe6", "1f57a4"), ("b3201f", "f2efe6"))[kind]
    bar = srgb("f2efe6") if kind == 1 else srgb("22242a")
    return Prop(
        "traffic sign",
        shape,
        [
            plain("pole", srgb("9a9da0"), 0.4, 0.6),
            plain("rim", srgb(rim), 0.4),
            plain("sign", srgb(inner), 0.4),
            plain("symbol", bar, 0.5),
        ],
    )
