"""What grows and lies on the floor of a wood: ferns, grass, shoots, fallen logs, stumps, mushrooms and moss."""

from __future__ import annotations

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, frame_along, translation
from blender_scripts.materials import Colour, Graph, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Prop
from blender_scripts.props.plants import leaves, sweep


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
    points = np.stack(
        [
            at[0],
            at[1] - wide[1] - drop,
            at[1],
            at[1] + wide[1] - drop,
            at[2] - wide[2] - drop,
            at[2],
            at[2] + wide[2] - drop,
            at[3],
        ],
        axis=2,
    )
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
    rings = np.array(
        [
            np.column_stack(
                [
                    radius_m * k * wobble * np.cos(turns),
                    radius_m * k * wobble * np.sin(turns),
                    np.full(14, z * height_m),
                ]
            )
            for k, z in rows
        ]
    )
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


def saplings(rng: np.random.Generator, feet: Array, tall_m: Array) -> Shape:
    """Return thin young shoots with a few leaves at feet (N, 3): slot 0 stalks, slot 1 leaves."""
    shape = Shape()
    for foot, tall in zip(feet, tall_m.tolist(), strict=True):
        lean = rng.normal(scale=0.12, size=2) * tall
        tip = foot + np.array([lean[0], lean[1], tall])
        shape.lathe([(0.012, 0), (0.004, tall)], 0, frame_along(foot, tip), 4)
        shape.merge(
            leaves(rng, np.linspace(foot * 0.6 + tip * 0.4, tip, 4), np.full(4, 0.16 * tall + 0.05), 26, 0.07),
            slot_offset=1,
        )
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
