"""What stands and lies on beaches: palms, parasols, loungers, huts, boats, driftwood, shells, and the sea itself."""

from __future__ import annotations

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.materials import Colour, Graph, fabric, foliage, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Prop
from blender_scripts.props.plants import sweep
from blender_scripts.props.woods import Tree


def palm(rng: np.random.Generator, height_m: float, crown_m: float) -> Tree:
    """A coconut palm: a ringed, leaning trunk and arching fronds of narrow leaflets."""
    lean, turn = height_m * float(rng.uniform(0.1, 0.32)), float(rng.uniform(0, 2 * np.pi))
    s = np.linspace(0, 1, 15)
    out = lean * s**1.7
    line = np.column_stack([out * np.cos(turn), out * np.sin(turn), height_m * s])
    girth = 0.13 + 0.006 * height_m
    radii = girth * np.interp(s, [0, 0.05, 0.12, 1], [1.6, 1.2, 1.0, 0.68])
    radii[1::2] *= 0.93
    shape = Shape().sheet(sweep(line, radii, 9), 0, close=True)
    top = line[-1]
    shape.sphere(girth * 1.1, 0, translation(*top.tolist()), 8)
    for index in range(5):
        angle = index * 2.4
        shape.sphere(
            0.12, 1, translation(top[0] + 0.22 * np.cos(angle), top[1] + 0.22 * np.sin(angle), top[2] - 0.12), 8
        )
    crown = Shape()
    count = int(rng.integers(13, 18))
    for index in range(count):
        _frond(crown, rng, top, index * 2.4, crown_m * float(rng.uniform(0.8, 1.1)), 0.25 + 0.9 * (index % 3) / 2)
    skin = wood("palm trunk", srgb("96826a"), 0.85, (3.0, 3.0, 11.0))
    trunk = Prop("palm trunk", shape, [skin, plain("coconuts", srgb("6b4c2c"), 0.7)], footprint_below=1.0, sharp_deg=70)
    leaf = foliage("palm leaves", srgb(str(rng.choice(["5f8a35", "4d7d38", "789440"]))), 0.35)
    return Tree(trunk, Prop("palm crown", crown, [leaf], sharp_deg=80), lean + crown_m)


def _frond(shape: Shape, rng: np.random.Generator, root: Array, angle: float, length: float, rise: float) -> None:
    """Add one frond to a crown: a midrib that rises and droops, with leaflets hanging to both sides."""
    pieces = 11
    s = np.linspace(0, 1, pieces + 1)
    out, up = length * np.sin(s * 1.25) / np.sin(1.25), length * (rise * s - (0.55 + 0.35 * rise) * s**2)
    ahead, side = np.array([np.cos(angle), np.sin(angle), 0]), np.array([-np.sin(angle), np.cos(angle), 0])
    spine = root + np.outer(out, ahead) + np.outer(up, [0, 0, 1.0])
    leaf = 0.34 * length * np.sin(np.pi * np.clip(s * 0.86 + 0.12, 0, 1)) ** 0.7
    for index in range(pieces):
        foot, after = spine[index], spine[index + 1]
        for sign in (-1, 1):
            hang = float(rng.uniform(0.45, 0.8))
            tip = (
                after
                + sign * side * leaf[index] * 0.8
                + ahead * leaf[index] * 0.35
                - np.array([0, 0, hang * leaf[index]])
            )
            shape.add([foot, foot * 0.35 + after * 0.65, tip], [(0, 1, 2)])
        shape.add([foot - side * 0.02, foot + side * 0.02, after + side * 0.02, after - side * 0.02], [(0, 1, 2, 3)])


def parasol(rng: np.random.Generator, first: Colour, second: Colour) -> Prop:
    """A beach umbrella of eight panels in two colours on a white pole, its foot in a block of stone."""
    shape = Shape().cylinder(0.24, 0.1, 3, None, 12, bevel=0.02)
    shape.cylinder(0.022, 2.35, 2, translation(0, 0, 0.05), 8)
    radius, top, rim = 1.35, 2.42, 1.98
    turns = np.arange(9) * np.pi / 4
    for index in range(8):
        a, b = turns[index], turns[index + 1]
        m = (a + b) / 2
        ring = [(radius * np.cos(t), radius * np.sin(t), rim - 0.05 * (t == m)) for t in (a, m, b)]
        mid = [(0.6 * radius * np.cos(t), 0.6 * radius * np.sin(t), rim + 0.27) for t in (a, b)]
        flap = [(x, y, rim - 0.16) for x, y, _ in ring]
        points = [(0, 0, top), *mid, *ring, *flap]
        shape.add(points, [(0, 1, 2), (1, 3, 4), (1, 4, 2), (2, 4, 5), (3, 6, 7, 4), (4, 7, 8, 5)], index % 2)
    materials = [
        fabric("parasol", first),
        fabric("parasol stripes", second),
        plain("pole", srgb("e8e4da"), 0.4),
        plain("foot", srgb("a9a49a"), 0.9),
    ]
    return Prop("parasol", shape, materials, footprint_below=0.9, sharp_deg=25)


def lounger(rng: np.random.Generator, wood_colour: Colour, cloth: Colour) -> Prop:
    """A sun lounger with a raised back."""
    shape = Shape()
    for sx in (-0.8, 0.1, 0.8):
        for sy in (-0.27, 0.27):
            shape.box((0.05, 0.05, 0.3), 0, translation(sx, sy))
    for sy in (-0.29, 0.29):
        shape.box((1.9, 0.045, 0.06), 0, translation(0, sy, 0.27), 0.008)
    shape.box((1.25, 0.55, 0.06), 1, translation(-0.31, 0, 0.33), 0.02)
    shape.box((0.75, 0.55, 0.06), 1, translation(0.3, 0, 0.33) @ rotation("y", -38) @ translation(0.38, 0, 0), 0.02)
    return Prop(
        "lounger",
        shape,
        [wood("lounger frame", wood_colour, 0.5, (1.5, 12, 12)), fabric("cushion", cloth, srgb("eee8da"), 0.1)],
    )


def towel(rng: np.random.Generator, cloth: Colour, stripe: Colour) -> Prop:
    """A striped towel spread on the sand."""
    xs, ys = np.meshgrid(np.linspace(-0.85, 0.85, 9), np.linspace(-0.42, 0.42, 4))
    wave = 0.02 + 0.012 * np.sin(xs * 7 + float(rng.uniform(0, 6))) * np.cos(ys * 6)
    flat = np.stack([xs, ys, wave], axis=-1)
    edge = flat.copy()
    edge[1:-1, 1:-1, 2] = 0.001
    edge[..., 2] = 0.0
    shape = Shape().sheet(flat).sheet(edge[::-1])
    return Prop("towel", shape, [fabric("towel", cloth, stripe, 0.12)], sharp_deg=60)


def hut(rng: np.random.Generator, paint: Colour, trim: Colour) -> Prop:
    """A wooden beach hut on short legs, with a gabled roof, a double door and steps; it faces -y."""
    x, y, eaves, peak, lift = 2.1, 2.4, 2.0, 2.85, 0.3
    shape = Shape()
    for sx in (-1, 1):
        for sy in (-1, 0, 1):
            shape.box((0.12, 0.12, lift), 1, translation(sx * (x / 2 - 0.1), sy * (y / 2 - 0.1)))
    body = [(-x / 2, lift), (x / 2, lift), (x / 2, eaves + lift), (0, peak + lift), (-x / 2, eaves + lift)]
    shape.prism(body, y, 0, translation(0, y / 2, 0) @ rotation("x", 90))
    boards = int(x / 0.15)
    for index in range(1, boards):
        bx = -x / 2 + index * x / boards
        if abs(bx) > 0.62:
            shape.box((0.018, 0.02, eaves - 0.05), 2, translation(bx, -y / 2 - 0.006, lift))
    slope = float(np.hypot(x / 2, peak - eaves)) + 0.28
    pitch = float(np.degrees(np.arctan2(peak - eaves, x / 2)))
    for side in (-1, 1):
        at = translation(0, 0, peak + lift) @ rotation("y", side * pitch) @ translation(side * slope / 2, 0, 0)
        shape.box((slope, y + 0.5, 0.06), 3, at)
        shape.box((slope, 0.05, 0.14), 1, at @ translation(0, -y / 2 - 0.26, -0.1))
    for side in (-1, 1):
        shape.box((0.5, 0.05, 1.8), 1, translation(side * 0.255, -y / 2 - 0.03, lift + 0.03), 0.01)
        shape.box((0.34, 0.03, 0.7), 0, translation(side * 0.255, -y / 2 - 0.055, lift + 0.18), 0.01)
        shape.box((0.34, 0.03, 0.6), 0, translation(side * 0.255, -y / 2 - 0.055, lift + 1.1), 0.01)
    for step in range(2):
        shape.box((1.2, 0.3, 0.13 * (2 - step)), 4, translation(0, -y / 2 - 0.5 + 0.3 * step, 0.0))
    materials = [
        plain("hut boards", paint, 0.6),
        plain("hut trim", trim, 0.6),
        plain("hut gaps", shade(paint, 0.55), 0.8),
        plain("hut roof", shade(srgb("6d6a68"), 1.0), 0.8, variation=0.3),
        wood("hut steps", srgb("a89274"), 0.8, (1.5, 12, 12)),
    ]
    return Prop("beach hut", shape, materials)


def boat(rng: np.random.Generator, paint: Colour, band: Colour) -> Prop:
    """A rowing boat drawn up on the sand, resting on its keel between two chocks."""
    s = np.linspace(-1, 1, 13)
    half = 0.78 * (1 - np.abs(s) ** 2.6 * np.where(s > 0, 1.0, 0.35))
    keel = 0.08 + 0.42 * np.clip(s, 0, 1) ** 4
    sheer = 0.62 + 0.3 * np.clip(s, 0, 1) ** 2 + 0.08 * np.clip(-s, 0, 1) ** 2
    outer = np.stack(
        [
            np.stack([2.0 * s, half * w, keel + (sheer - keel) * h], axis=-1)
            for w, h in (
                (-1, 1),
                (-0.97, 0.72),
                (-0.8, 0.3),
                (-0.35, 0.05),
                (0, 0),
                (0.35, 0.05),
                (0.8, 0.3),
                (0.97, 0.72),
                (1, 1),
            )
        ]
    )
    shape = Shape().sheet(outer[1:-1][::-1], 0).sheet(outer[:2][::-1], 1).sheet(outer[-2:][::-1], 1)
    inner = outer * [0.96, 0.92, 1.0] + [0, 0, 0.03]
    shape.sheet(inner, 2)
    for share in (3, 6, 9):
        z = float(sheer[share]) - 0.17
        shape.box((0.24, float(half[share]) * 1.86, 0.035), 2, translation(float(2 * s[share]), 0, z))
    stern = [tuple(p) for p in outer[:, 0]]
    shape.add(stern, [tuple(range(9))], 1)
    for x in (-1.0, 0.7):
        for sy in (-1, 1):
            shape.box((0.16, 0.2, 0.24), 3, translation(x, sy * 0.42))
    shape.box((3.2, 0.08, 0.1), 3, translation(-0.3, 0, 0.0))
    materials = [
        plain("hull", paint, 0.45, variation=0.25),
        plain("sheer strake", band, 0.45),
        wood("boards", srgb("a5845c"), 0.6, (1.5, 10, 10)),
        wood("chocks", srgb("7d6a55"), 0.8),
    ]
    return Prop("rowing boat", shape, materials, sharp_deg=35)


def driftwood(rng: np.random.Generator, length_m: float) -> Prop:
    """A bleached, bent branch on the sand with a fork."""
    s = np.linspace(-0.5, 0.5, 8)
    radius = 0.035 * length_m
    y = 0.12 * length_m * np.sin(3.2 * s + float(rng.uniform(0, 3)))
    radii = radius * np.array([0.55, 1.0, 0.95, 0.9, 0.75, 0.6, 0.45, 0.15])
    line = np.column_stack([s * length_m, y, radii * 0.95])
    shape = Shape().sheet(sweep(line, radii, 8), 0, close=True)
    for at, sign in ((4, 1), (2, -1)):
        steps = np.linspace(0, 1, 4)[:, None]
        end = line[at] + np.array([0.2, sign * 0.16, 0.1]) * length_m
        fork = line[at] + (end - line[at]) * steps + np.array([0, 0, 0.02]) * np.sin(np.pi * steps)
        shape.sheet(sweep(fork, radius * np.array([0.6, 0.45, 0.3, 0.08]), 6), 0, close=True)
    return Prop("driftwood", shape, [wood("driftwood", srgb("b3a692"), 0.85, (1.5, 14, 14))], sharp_deg=60)


def shells(rng: np.random.Generator, feet: Array) -> Shape:
    """Return shells and pebbles lying at feet (N, 3): slot 0 shells, slot 1 pebbles."""
    shape = Shape()
    for foot in feet:
        size = float(rng.uniform(0.02, 0.05))
        at = translation(*foot.tolist()) @ rotation("z", float(rng.uniform(0, 360)))
        if rng.random() < 0.6:
            shape.lathe([(size, 0), (size * 0.75, size * 0.35), (0.0, size * 0.5)], 0, at, 7)
        else:
            shape.lathe(
                [(size * 0.8, 0), (size * 1.1, size * 0.4), (size * 0.7, size * 0.8), (0.0, size * 0.9)], 1, at, 6
            )
    return shape


def sail(rng: np.random.Generator) -> Shape:
    """A far sailing boat: slot 0 hull, slot 1 sails; about 9 m high."""
    shape = Shape().prism(
        [(-3.5, 0), (3.0, 0), (4.2, 1.1), (-3.7, 1.0)], 1.6, 0, translation(0, 0.8, 0) @ rotation("x", 90)
    )
    lean = float(rng.uniform(-0.6, 0.6))
    shape.add([(-3.2, 0, 1.4), (0.2, 0, 1.4), (0.2 + lean, 0.2, 9.5)], [(0, 1, 2)], 1)
    return shape.add([(0.5, 0, 1.4), (3.8, 0, 1.3), (0.4 + lean, 0.2, 8.4)], [(0, 1, 2)], 1)


def water(shallow: Colour, deep: Colour) -> bpy.types.Material:
    """The sea: its colour by the attribute `deep`, foam by `foam`, waves as bump; it mirrors the sky."""
    graph = Graph("sea")
    where = graph.node("TexCoord").outputs["Object"]
    fine = graph.noise(where, 1.3, 2.0, 0.5)
    depth = graph.node("Attribute", {"attribute_name": "deep"}).outputs["Fac"]
    foam = graph.node("Attribute", {"attribute_name": "foam"}).outputs["Fac"]
    lace = graph.noise(where, 2.2, 3.0, 0.8)
    both = graph.node("Math", {"operation": "ADD"})
    graph.feed(both.inputs[0], foam)
    graph.feed(both.inputs[1], lace)
    white = graph.remap(both.outputs[0], 0.0, 1.0, 0.95, 1.08)
    body = graph.mix(depth, shallow, deep)
    graph.set(Base_Color=graph.mix(white, body, (0.86, 0.89, 0.9)), Roughness=graph.remap(white, 0.09, 0.8, 0.0, 1.0))
    graph.set(Specular_IOR_Level=0.22)
    graph.bump(fine, 0.5, 0.1)
    return graph.material


def sand(colours: tuple[Colour, Colour], turn_deg: float, wet: bool) -> bpy.types.Material:
    """Wind-rippled sand, its ripples across ``turn_deg``; where wet, darker and shiny by the attribute `wet`."""
    graph = Graph("sand")
    where = graph.node("TexCoord").outputs["Object"]
    turned = graph.node("Mapping", None, Vector=where, Rotation=(0.0, 0.0, -np.radians(turn_deg)))
    patches = graph.noise(where, 0.35, 3.0, 0.5)
    ripples = graph.noise(graph.stretch(turned.outputs[0], (6.5, 1.1, 1.0)), 1.0, 2.0, 0.7)
    grain = graph.noise(where, 42.0, 1.0)
    colour = graph.mix(graph.remap(patches, 0.0, 1.0, 0.36, 0.64), colours[0], colours[1])
    colour = graph.mix(1.0, colour, graph.remap(ripples, 0.82, 1.12, 0.35, 0.65), "MULTIPLY")
    colour = graph.mix(1.0, colour, graph.remap(grain, 0.84, 1.12), "MULTIPLY")
    if wet:
        soaked = graph.node("Attribute", {"attribute_name": "wet"}).outputs["Fac"]
        colour = graph.mix(soaked, colour, graph.mix(1.0, colour, (0.5, 0.46, 0.42), "MULTIPLY"))
        graph.set(Roughness=graph.remap(soaked, 0.92, 0.28, 0.0, 1.0))
    else:
        graph.set(Roughness=0.92)
    graph.set(Base_Color=colour, Specular_IOR_Level=0.3)
    graph.bump(ripples, 0.55, 0.05)
    return graph.material
