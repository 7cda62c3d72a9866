"""Kinds of four-legged animals: proportions, coats and heads. Lengths are shares of the height at the withers."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, rotation, scaling, translation
from blender_scripts.materials import Colour, plain, shade
from blender_scripts.motion_tools import article, draw_colours, patched
from blender_scripts.palettes import srgb


@dataclass(frozen=True)
class Species:
    """An animal's build. ``chest`` and ``loin`` are (half width, half height); ``leg`` radii at top and bottom."""

    height_m: float
    length: float
    chest: tuple[float, float]
    loin: tuple[float, float]
    leg: tuple[float, float]
    neck: tuple[float, float, float]
    """Length, radius at the base, radius at the head."""
    neck_pitch: float
    head: float
    head_pitch: float
    tail: tuple[float, float, float]
    """Length, thickest radius, rise in degrees above the horizontal where it starts."""
    coats: tuple[tuple[str, str, str], ...]
    """(word, coat, mane or tip) as sRGB codes; an empty word goes without saying."""
    gaits: tuple[str, ...] = ("walk", "trot", "gallop")


SPECIES = {
    "horse": Species(1.2, 0.84, (0.155, 0.235), (0.145, 0.2), (0.095, 0.036), (0.5, 0.17, 0.085), 50, 0.42, -48,
                     (0.62, 0.06, 5), (("bay", "6e3b1f", "1c1512"), ("chestnut", "8c4a22", "7a3d1a"),
                                       ("grey", "a8a5a0", "5c5a58"), ("palomino", "c79a55", "eadcb8"))),
    "dog": Species(0.62, 0.86, (0.145, 0.225), (0.11, 0.15), (0.095, 0.05), (0.3, 0.14, 0.11), 42, 0.4, -8,
                   (0.48, 0.045, 48), (("brown", "6b4024", "3a2314"), ("golden", "c08a48", "d7ab6c"),
                                       ("black", "26242a", "1a181c"), ("white", "dcd6ca", "b9b0a0"))),
    "fox": Species(0.5, 0.98, (0.13, 0.19), (0.105, 0.15), (0.08, 0.036), (0.28, 0.13, 0.1), 30, 0.42, -10,
                   (0.8, 0.12, 12), (("", "c2591f", "e9e2d6"), ("silver", "5a5e66", "dfe3e6"))),
    "deer": Species(1.05, 0.74, (0.13, 0.2), (0.12, 0.17), (0.075, 0.028), (0.5, 0.12, 0.075), 58, 0.33, -22,
                    (0.14, 0.05, 20), (("", "9a6a3c", "e6dccb"), ("dark", "6b4a30", "d8cbb6"))),
    "elephant": Species(1.3, 0.7, (0.23, 0.28), (0.24, 0.27), (0.13, 0.095), (0.16, 0.24, 0.22), 25, 0.34, -8,
                        (0.5, 0.03, -50), (("grey", "77757a", "8d8a8c"), ("brown", "75655a", "8a7a6c")),
                        ("walk", "walk", "amble")),
}  # fmt: skip


@dataclass(frozen=True)
class Coat:
    """Materials by slot (0 coat, 1 mane and tip, 2 dark, 3 eyes, 4 pale) and how a caption calls the animal."""

    materials: list[bpy.types.Material]
    phrase: str


def draw_coat(name: str, kind: Species, dyed: bool, rng: np.random.Generator) -> Coat:
    """Draw a natural coat, sometimes patched, or an accent colour for a ``dyed`` one."""
    word, base, tip = kind.coats[int(rng.integers(len(kind.coats)))]
    coat, mane = srgb(base), srgb(tip)
    patches = rng.random() < (0.3 if name in ("horse", "dog") else 0.0)
    if dyed:
        names, colours = draw_colours(rng, 1)
        word, coat, mane, patches = names[0], colours[0], shade(colours[0], 0.4), False
    skin = _patched_coat(coat, kind) if patches else plain("coat", coat, 0.65, variation=0.18)
    spotted = "spotted " if patches else ""
    materials = [skin, plain("mane", mane, 0.75, variation=0.25), plain("hooves", srgb("2a2422"), 0.5),
                 plain("eyes", srgb("0c0a09"), 0.1), plain("ivory", srgb("e8e0cf"), 0.4)]  # fmt: skip
    return Coat(materials, article(f"{spotted}{word} {name}".replace("  ", " ").strip()))


def _patched_coat(coat: Colour, kind: Species) -> bpy.types.Material:
    return patched("patched coat", coat, srgb("e6e0d4"), 3.2 / kind.height_m, 0.42, 0.65)


def head_shape(name: str, kind: Species, size: float) -> Shape:
    """Return the head in its own frame: origin at the poll, x towards the nose, z up; ``size`` is the withers' height."""
    s, length = size, kind.head * size
    build = {"horse": _horse, "dog": _dog, "fox": _fox, "deer": _deer, "elephant": _elephant}[name]
    return build(s, length)


def _face(length: float, skull: float, muzzle: float, drop: float) -> Shape:
    """Return skull, snout and eyes: ``skull`` and ``muzzle`` radii in metres, ``drop`` how far the snout sits low."""
    shape = Shape().sphere(1.0, 0, translation(0.12 * length, 0, 0) @ scaling(skull * 1.25, skull * 0.9, skull), 16)
    shape.capsule((0.2 * length, 0, -drop * 0.4), (length - muzzle, 0, -drop), skull * 0.78, muzzle, 0, 14)
    for side in (1, -1):
        shape.sphere(skull * 0.19, 3, translation(0.27 * length, side * skull * 0.74, skull * 0.38), 10)
    return shape


def _ear(
    length: float, width: float, slot: int, x: float, y: float, z: float, out_deg: float, back_deg: float
) -> Shape:
    """Return one pointed ear, a flattened cone leaning outwards and back."""
    at = translation(x, y, z) @ rotation("x", -np.sign(y) * out_deg) @ rotation("y", -back_deg) @ scaling(0.5, 1, 1)
    return Shape().lathe([(width * 0.7, 0), (width, length * 0.35), (width * 0.05, length)], slot, at, 10)


def _horse(s: float, length: float) -> Shape:
    shape = _face(length, 0.092 * s, 0.05 * s, 0.035 * s)
    for side in (1, -1):
        shape.merge(_ear(0.12 * s, 0.028 * s, 0, -0.01 * s, side * 0.045 * s, 0.07 * s, 12, 8))
        shape.sphere(0.012 * s, 2, translation(length * 0.985, side * 0.024 * s, -0.025 * s), 8)
    return shape.capsule((0.02 * s, 0, 0.09 * s), (0.17 * s, 0, 0.045 * s), 0.03 * s, 0.012 * s, 1, 8)


def _dog(s: float, length: float) -> Shape:
    shape = _face(length, 0.125 * s, 0.058 * s, 0.055 * s)
    shape.sphere(0.036 * s, 2, translation(length, 0, -0.03 * s) @ scaling(0.8, 1.1, 0.8), 10)
    for side in (1, -1):
        ear = translation(0.02 * s, side * 0.105 * s, 0.085 * s) @ rotation("x", side * 22) @ scaling(0.75, 0.3, 1)
        shape.merge(Shape().capsule((0, 0, 0), (-0.02 * s, 0, -0.15 * s), 0.055 * s, 0.075 * s, 1, 10), ear)
    return shape


def _fox(s: float, length: float) -> Shape:
    shape = _face(length, 0.125 * s, 0.03 * s, 0.05 * s)
    shape.sphere(0.027 * s, 2, translation(length * 1.0, 0, -0.035 * s), 10)
    shape.capsule((0.12 * s, 0, -0.055 * s), (length * 0.86, 0, -0.075 * s), 0.085 * s, 0.026 * s, 4, 10)
    for side in (1, -1):
        shape.merge(_ear(0.19 * s, 0.062 * s, 0, 0.0, side * 0.075 * s, 0.08 * s, 14, 2))
        shape.merge(_ear(0.1 * s, 0.045 * s, 2, 0.012 * s, side * 0.105 * s, 0.17 * s, 14, 2))
    return shape


def _deer(s: float, length: float) -> Shape:
    shape = _face(length, 0.078 * s, 0.034 * s, 0.025 * s)
    shape.sphere(0.024 * s, 2, translation(length, 0, -0.018 * s), 10)
    for side in (1, -1):
        shape.merge(_ear(0.14 * s, 0.035 * s, 0, -0.02 * s, side * 0.055 * s, 0.045 * s, 62, 15))
        beam = np.array([[0, 0.03, 0.07], [-0.06, 0.1, 0.2], [-0.03, 0.17, 0.33], [0.06, 0.18, 0.44]]) * s
        beam[:, 1] *= side
        for low, high, radius in zip(beam[:-1], beam[1:], (0.017, 0.014, 0.01), strict=True):
            shape.capsule(low, high, radius * s, radius * 0.8 * s, 4, 7)
        for tine, at in (((0.1, 0.02, 0.07), 1), ((0.11, 0.05, 0.08), 2), ((-0.1, 0.04, 0.09), 2)):
            point = beam[at] + np.array([tine[0], side * tine[1], tine[2]]) * s
            shape.capsule(beam[at], point, 0.012 * s, 0.005 * s, 4, 7)
    return shape


def _elephant(s: float, length: float) -> Shape:
    shape = Shape().sphere(1.0, 0, translation(0.14 * s, 0, 0.02 * s) @ scaling(0.24 * s, 0.2 * s, 0.25 * s), 18)
    for side in (1, -1):
        shape.sphere(0.022 * s, 3, translation(0.3 * s, side * 0.135 * s, 0.06 * s), 10)
        shape.capsule(
            (0.27 * s, side * 0.09 * s, -0.13 * s), (0.42 * s, side * 0.13 * s, -0.27 * s), 0.03 * s, 0.01 * s, 4, 8
        )
        ear = translation(0.02 * s, side * 0.31 * s, -0.03 * s) @ rotation("z", side * 28) @ scaling(0.022, 0.17, 0.25)
        shape.sphere(s, 1, ear, 16)
    return shape
