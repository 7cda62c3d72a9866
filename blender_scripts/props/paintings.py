"""Procedural art: framed paintings of eight manners, drawn from a seed. Backs at y = 0, lower edges at z = 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, Graph, blend, plain, shade
from blender_scripts.palettes import ACCENTS, srgb
from blender_scripts.props.placement import Prop

Size = tuple[float, float]

FRAMES = {"gilt": ("b58f45", 0.09, 0.5), "dark": ("2a2320", 0.05, 0.0), "pale": ("d9cdb8", 0.04, 0.0),
          "black": ("151515", 0.025, 0.0)}  # fmt: skip
SKIN = ("d9a98a", "8d5a3f", "c68a66", "5d3b2b", "e6c0a4")


def _colours(rng: np.random.Generator, count: int) -> list[Colour]:
    """Draw colours that differ in lightness: an artist's own palette, apart from the room's."""
    names = rng.permutation(sorted(ACCENTS))[:count].tolist()
    return [shade(srgb(ACCENTS[name]), float(rng.uniform(0.55, 1.25))) for name in names]


def _ramp(graph: Graph, factor: bpy.types.NodeSocket, colours: Sequence[Colour], hard: bool) -> bpy.types.NodeSocket:
    node = graph.node("ValToRGB")
    ramp = node.color_ramp
    ramp.interpolation = "CONSTANT" if hard else "EASE"
    for _ in colours[2:]:
        ramp.elements.new(0.5)
    for element, place, colour in zip(ramp.elements, np.linspace(0.28, 0.72, len(colours)), colours, strict=True):
        element.position, element.color = float(place), (*colour, 1.0)
    graph.feed(node.inputs[0], factor)
    return node.outputs[0]


def _swirls(rng: np.random.Generator, size: Size) -> bpy.types.Material:
    """Warped noise in bands of colour."""
    graph = Graph("painting")
    where = graph.node("VectorMath", {"operation": "ADD"})
    graph.feed(where.inputs[0], graph.metres())
    graph.feed(where.inputs[1], tuple(rng.uniform(0, 50, 3)))
    field = graph.noise(where.outputs[0], float(rng.uniform(1.2, 3.0)), 1.0, float(rng.uniform(1.0, 3.5)))
    graph.set(Base_Color=_ramp(graph, field, _colours(rng, 5), bool(rng.random() < 0.5)), Roughness=0.6)
    return graph.material


def _mosaic(rng: np.random.Generator, size: Size) -> bpy.types.Material:
    """Cells of flat colour."""
    graph = Graph("painting")
    cell = graph.node("TexVoronoi", {"voronoi_dimensions": "2D"}, Vector=graph.metres(),
                      Scale=float(rng.uniform(3.0, 8.0)), Randomness=float(rng.uniform(0.3, 1.0)))  # fmt: skip
    tint = graph.node("SeparateColor", None, Color=cell.outputs["Color"]).outputs[int(rng.integers(3))]
    graph.set(Base_Color=_ramp(graph, tint, _colours(rng, 6), True), Roughness=0.6)
    return graph.material


def _bands(rng: np.random.Generator, size: Size) -> bpy.types.Material:
    """Soft fields of colour above each other."""
    graph = Graph("painting")
    height = graph.node("SeparateXYZ", None, Vector=graph.metres()).outputs[1]
    scaled = graph.node("Math", {"operation": "MULTIPLY"})
    graph.feed(scaled.inputs[0], height)
    graph.feed(scaled.inputs[1], 1 / size[1])
    graph.set(Base_Color=_ramp(graph, scaled.outputs[0], _colours(rng, int(rng.integers(3, 5))), False), Roughness=0.7)
    return graph.material


def _field(rng: np.random.Generator, size: Size) -> tuple[Shape, list[bpy.types.Material]]:
    kind = (_swirls, _mosaic, _bands)[int(rng.integers(3))]
    return _canvas(size), [kind(rng, size)]


def _canvas(size: Size) -> Shape:
    return Shape().box((size[0], 0.012, size[1]), 0, translation(0, -0.02, 0))


class _Layers:
    """Flat figures laid on a canvas one over the other, each a third of a millimetre nearer, cut off at its edge."""

    def __init__(self, size: Size) -> None:
        self.size, self.shape, self.level = size, _canvas(size), 0
        self.materials: list[bpy.types.Material] = []

    def ground(self, colour: Colour) -> None:
        self.materials.append(plain("paint", colour, 0.65, variation=0.2))

    def add(self, outline: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Add a figure by its outline (x, z), x from the middle of the canvas, z from its lower edge."""
        self.level += 1
        self.materials.append(plain("paint", colour, 0.65, variation=0.2))
        points = np.clip(np.asarray(outline), (-self.size[0] / 2, 0.0), (self.size[0] / 2, self.size[1]))
        at = translation(0, -0.0262, 0) @ rotation("x", 90)
        self.shape.prism(points, 0.0004 * self.level, len(self.materials) - 1, at)


def _ring(x: float, z: float, rx: float, rz: float, count: int = 28) -> list[tuple[float, float]]:
    angles = np.arange(count) * 2 * np.pi / count
    return [(x + rx * float(np.cos(a)), z + rz * float(np.sin(a))) for a in angles]


def _landscape(rng: np.random.Generator, size: Size) -> tuple[Shape, list[bpy.types.Material]]:
    """Ranges of hills before a sky with a sun."""
    made = _Layers(size)
    width, height = size
    sky = srgb(str(rng.choice(["9fc3dd", "e8b98a", "c9cfd6", "6f87ad", "f0d9a8"])))
    made.ground(sky)
    radius = height * float(rng.uniform(0.05, 0.1))
    made.add(_ring(width * float(rng.uniform(-0.35, 0.35)), height * float(rng.uniform(0.62, 0.85)), radius, radius),
             srgb("f6e3a8"))  # fmt: skip
    near = srgb(str(rng.choice(["3c5a34", "5a4a32", "2f4a52", "6b5a2a"])))
    x = np.linspace(-width / 2, width / 2, 25)
    for row in range(4):
        base = height * (0.58 - 0.14 * row)
        waves = sum(
            float(rng.uniform(0.02, 0.06)) * np.sin(x / width * f + float(rng.uniform(0, 6))) for f in (7, 13, 23)
        )
        outline = [(width / 2, 0.0), *zip(x[::-1].tolist(), (base + height * waves[::-1]).tolist(), strict=True)]
        made.add([(-width / 2, 0.0), *outline], blend(near, sky, 0.7 - 0.23 * row))
    return made.shape, made.materials


def _portrait(rng: np.random.Generator, size: Size) -> tuple[Shape, list[bpy.types.Material]]:
    """A head and shoulders before a dark ground."""
    made = _Layers(size)
    width, height = size
    coat, ground, hair = _colours(rng, 3)
    made.ground(shade(ground, 0.4))
    unit = min(width, height * 0.8)
    skin = srgb(str(rng.choice(SKIN)))
    made.add([(x, z) for x, z in _ring(0, height * 0.02, unit * 0.43, height * 0.36) if z >= 0], shade(coat, 0.7))
    made.add(_ring(0, height * 0.42, unit * 0.08, height * 0.1), shade(skin, 0.8))
    made.add(_ring(0, height * 0.635, unit * 0.175, height * 0.175), shade(hair, 0.5))
    made.add(_ring(0, height * 0.585, unit * 0.135, height * 0.165), skin)
    for side in (-1, 1):
        made.add(_ring(side * unit * 0.055, height * 0.61, unit * 0.02, height * 0.012, 12), srgb("251d18"))
    made.add(_ring(0, height * 0.51, unit * 0.045, height * 0.01, 12), srgb("8f3f35"))
    return made.shape, made.materials


def _blocks(rng: np.random.Generator, size: Size) -> tuple[Shape, list[bpy.types.Material]]:
    """Rectangles of primary colours between black lines."""
    made = _Layers(size)
    width, height = size
    made.ground(srgb("e9e4d6"))
    xs = np.sort(rng.uniform(-0.42, 0.42, 3)) * width
    zs = np.sort(rng.uniform(0.08, 0.92, 3)) * height
    for colour in ("b8322a", "2f66ad", "d1a033"):
        column, row = int(rng.integers(4)), int(rng.integers(4))
        left, right = [-width / 2, *xs][column], [*xs, width / 2][column]
        low, high = [0.0, *zs][row], [*zs, height][row]
        made.add([(left, low), (right, low), (right, high), (left, high)], srgb(colour))
    line = 0.012 * max(width, height)
    for x in xs:
        made.add([(x - line, 0), (x + line, 0), (x + line, height), (x - line, height)], srgb("17171a"))
    for z in zs:
        made.add([(-width / 2, z - line), (width / 2, z - line), (width / 2, z + line), (-width / 2, z + line)],
                 srgb("17171a"))  # fmt: skip
    return made.shape, made.materials


def _discs(rng: np.random.Generator, size: Size) -> tuple[Shape, list[bpy.types.Material]]:
    """Concentric discs, large and small."""
    made = _Layers(size)
    width, height = size
    colours = _colours(rng, 6)
    made.ground(blend(colours[0], srgb("e8e0cf"), float(rng.choice([0.0, 0.8]))))
    for _ in range(int(rng.integers(3, 6))):
        radius = float(rng.uniform(0.1, 0.32)) * min(width, height)
        x, z = float(rng.uniform(-0.4, 0.4)) * width, float(rng.uniform(0.15, 0.85)) * height
        for ring in range(3):
            share = 1 - ring * float(rng.uniform(0.25, 0.32))
            made.add(_ring(x, z, radius * share, radius * share), colours[int(rng.integers(1, 6))])
    return made.shape, made.materials


def _still_life(rng: np.random.Generator, size: Size) -> tuple[Shape, list[bpy.types.Material]]:
    """A jug and fruit on a table."""
    made = _Layers(size)
    width, height = size
    wall, cloth, jug, fruit = _colours(rng, 4)
    made.ground(shade(wall, 0.55))
    top = height * 0.34
    made.add([(-width / 2, 0), (width / 2, 0), (width / 2, top), (-width / 2, top)], cloth)
    x, unit = width * float(rng.uniform(-0.2, 0.0)), min(width, height)
    profile = [(0.1, 0.0), (0.15, 0.12), (0.13, 0.24), (0.06, 0.33), (0.08, 0.4)]
    right = [(x + r * unit, top * 0.75 + z * unit) for r, z in profile]
    made.add(right + [(2 * x - px, z) for px, z in right[::-1]], jug)
    for index in range(int(rng.integers(3, 6))):
        spot = x + unit * (0.24 + 0.11 * index) * (1 if index % 2 else 0.7)
        made.add(_ring(spot, top * (0.62 + 0.1 * (index % 3)), unit * 0.06, unit * 0.06),
                 blend(fruit, srgb("c8502c"), 0.25 * index))  # fmt: skip
    return made.shape, made.materials


MANNERS: tuple[Callable[[np.random.Generator, Size], tuple[Shape, list[bpy.types.Material]]], ...] = (
    _field, _landscape, _portrait, _blocks, _discs, _still_life, _field,
)  # fmt: skip


def painting(rng: np.random.Generator, size: Size, frame: str, manner: int) -> Prop:
    """A framed painting.

    Args:
        rng: draws what is painted.
        size: width and height of the canvas in metres.
        frame: a key of `FRAMES`.
        manner: index into `MANNERS`, taken modulo their number.
    """
    shape, materials = MANNERS[manner % len(MANNERS)](rng, size)
    code, wide, metallic = FRAMES[frame]
    x, z = size
    slot = len(materials)
    for side in (-1, 1):
        shape.box((wide, 0.05, z + 2 * wide), slot, translation(side * (x + wide) / 2, -0.025, -wide), 0.012)
        level = z if side > 0 else -wide
        shape.box((x, 0.05, wide), slot, translation(0, -0.025, level), 0.012)
    return Prop("painting", shape, [*materials, plain("picture frame", srgb(code), 0.4, metallic)])
