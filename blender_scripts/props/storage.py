"""Things of warehouses: pallet racks, pallets with boxes, drums, trolleys. Each stands on z = 0."""

from __future__ import annotations

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.materials import Colour, plain, shade, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Board, Prop

CARDBOARD = ("b58d5e", "a67f53", "c49d6e", "97734b")


def rack(rng: np.random.Generator, frame: Colour, beam: Colour, bays: int, levels: int) -> Prop:
    """A pallet rack of ``bays`` bays 2.7 m wide; its levels, the floor's included, are boards."""
    bay, depth, rise = 2.7, 1.1, 1.55
    width, shape, boards = bays * bay, Shape(), []
    high = levels * rise + 0.5
    for index in range(bays + 1):
        x = -width / 2 + index * bay
        for y in (-depth / 2 + 0.05, depth / 2 - 0.05):
            shape.box((0.09, 0.07, high), 0, translation(x, y), 0.006)
            shape.box((0.16, 0.14, 0.015), 0, translation(x, y))
        for step in range(int(high / 0.75)):
            low, top = (-1, 1) if step % 2 else (1, -1)
            ends = np.array([[x, low * 0.48, 0.15 + step * 0.75], [x, top * 0.48, 0.15 + (step + 1) * 0.75]])
            if ends[1, 2] < high:
                shape.capsule(ends[0], ends[1], 0.018, slot=0, sides=6)
    for level in range(1, levels + 1):
        z = level * rise
        for y in (-depth / 2 + 0.05, depth / 2 - 0.05):
            shape.box((width, 0.05, 0.12), 1, translation(0, y, z - 0.14), 0.008)
        for index in range(bays):
            x = -width / 2 + (index + 0.5) * bay
            shape.box((bay - 0.12, depth - 0.04, 0.02), 2, translation(x, 0, z - 0.02))
            room = rise - 0.2 if level < levels else 1.6
            boards.append(Board((x - bay / 2 + 0.1, -depth / 2 + 0.02, x + bay / 2 - 0.1, depth / 2 - 0.02), z, room))
    for index in range(bays):
        x = -width / 2 + (index + 0.5) * bay
        boards.append(Board((x - bay / 2 + 0.1, -depth / 2 + 0.1, x + bay / 2 - 0.1, depth / 2 - 0.1), 0.0, rise - 0.2))
    materials = [plain("rack frame", frame, 0.4, 0.2), plain("rack beams", beam, 0.4, 0.1),
                 wood("rack decks", srgb("b3976c"), 0.75, (1.2, 14.0, 14.0))]  # fmt: skip
    return Prop("rack", shape, materials, boards)


def pallet(rng: np.random.Generator) -> Shape:
    """Return a wooden pallet 1.2 x 0.8 m (slot 0), 0.144 m high."""
    shape = Shape()
    for y in (-0.35, 0.0, 0.35):
        shape.box((1.2, 0.1, 0.022), 0, translation(0, y))
        for x in (-0.53, 0.0, 0.53):
            shape.box((0.14, 0.1, 0.078), 0, translation(x, y, 0.022))
    for x in np.linspace(-0.55, 0.55, 7).tolist():
        shape.box((0.1, 0.8, 0.022), 0, translation(x, 0, 0.122))
    for x in (-0.53, 0.0, 0.53):
        shape.box((0.14, 0.8, 0.022), 0, translation(x, 0, 0.1))
    return shape


def loaded_pallet(rng: np.random.Generator, layers: int, accent: Colour) -> Prop:
    """A pallet with ``layers`` layers of cartons, some printed, a few missing on top."""
    shape = pallet(rng)
    columns, rows = [(3, 2), (4, 2), (2, 2), (3, 3)][int(rng.integers(4))]
    x, y = 1.16 / columns, 0.78 / rows
    z = float(rng.uniform(0.24, 0.36))
    for layer in range(layers):
        for column in range(columns):
            for row in range(rows):
                if layer == layers - 1 and rng.random() < 0.3:
                    continue
                at = translation((column - (columns - 1) / 2) * x, (row - (rows - 1) / 2) * y, 0.145 + layer * z)
                at = at @ rotation("z", float(rng.uniform(-1.5, 1.5)))
                tint = 1 + int(rng.integers(3))
                shape.box((x - 0.02, y - 0.02, z - 0.003), tint, at)
                shape.box((x - 0.019, 0.05, z - 0.0025), 4, at)
    codes = rng.permutation(CARDBOARD)[:2].tolist()
    materials = [wood("pallet", srgb("b99a6b"), 0.8, (12.0, 12.0, 2.0))]
    materials += [plain("carton", srgb(code), 0.8, variation=0.2) for code in codes]
    materials += [plain("carton printed", accent, 0.6, variation=0.15), plain("tape", srgb("d9c9a4"), 0.3)]
    return Prop("pallet", shape, materials)


def carton(rng: np.random.Generator) -> Prop:
    """A single cardboard box with tape."""
    x, y, z = (float(v) for v in rng.uniform((0.3, 0.25, 0.2), (0.65, 0.5, 0.45)))
    shape = Shape().box((x, y, z), 0, None, 0.008)
    shape.box((x + 0.002, 0.05, z + 0.001), 1).box((x * 0.3, y + 0.002, z * 0.25), 2, translation(x * 0.2, 0, z * 0.5))
    tint = srgb(str(rng.choice(CARDBOARD)))
    materials = [plain("carton", tint, 0.8, variation=0.2), plain("tape", srgb("d9c9a4"), 0.3),
                 plain("label", srgb("eeeae0"), 0.7)]  # fmt: skip
    return Prop("carton", shape, materials, [Board((-x / 2, -y / 2, x / 2, y / 2), z + 0.001, 0.5)])


def drum(rng: np.random.Generator, colour: Colour) -> Prop:
    """A steel drum with two hoops and a lid."""
    profile = [(0.28, 0), (0.29, 0.02), (0.28, 0.04), (0.28, 0.28), (0.293, 0.3), (0.28, 0.32), (0.28, 0.58),
               (0.293, 0.6), (0.28, 0.62), (0.28, 0.85), (0.29, 0.87), (0.285, 0.885), (0.27, 0.885), (0.268, 0.875)]  # fmt: skip
    shape = Shape().lathe(profile, 0, sides=24)
    shape.cylinder(0.035, 0.02, 1, translation(0.16, 0, 0.87), 10)
    return Prop("drum", shape, [plain("drum", colour, 0.4, 0.3, 0.25), plain("bung", srgb("c9c7c2"), 0.4, 0.8)])


def trolley(rng: np.random.Generator, colour: Colour) -> Prop:
    """A platform trolley with a push bar; its platform is a board."""
    shape = Shape().box((1.1, 0.65, 0.05), 0, translation(0, 0, 0.18), 0.012)
    for x in (-0.42, 0.42):
        for y in (-0.24, 0.24):
            shape.cylinder(0.08, 0.04, 1, translation(x, y - 0.02, 0.08) @ rotation("x", -90), 16)
            shape.box((0.05, 0.05, 0.1), 2, translation(x, y, 0.09))
    for y in (-0.28, 0.28):
        shape.capsule((-0.52, y, 0.2), (-0.56, y, 0.95), 0.018, slot=2, sides=8)
    shape.capsule((-0.56, -0.28, 0.95), (-0.56, 0.28, 0.95), 0.018, slot=2, sides=8)
    materials = [plain("trolley deck", colour, 0.5), plain("tyres", srgb("222325"), 0.8),
                 plain("trolley steel", srgb("8d9094"), 0.35, 0.8)]  # fmt: skip
    return Prop("trolley", shape, materials, [Board((-0.4, -0.28, 0.5, 0.28), 0.23, 0.8)])


def cone(rng: np.random.Generator) -> Prop:
    """A traffic cone."""
    shape = Shape().box((0.36, 0.36, 0.03), 0, None, 0.008)
    shape.lathe([(0.13, 0.03), (0.098, 0.24)], 0, sides=18)
    shape.lathe([(0.098, 0.24), (0.068, 0.44)], 1, sides=18)
    shape.lathe([(0.068, 0.44), (0.03, 0.68)], 0, sides=18)
    return Prop("cone", shape, [plain("cone", srgb("e0632a"), 0.5), plain("cone stripe", srgb("ecebe6"), 0.5)])


def roller_door(width: float, height: float, colour: Colour) -> Prop:
    """A closed roller door, its face at y = 0 towards -y: slats, guides and a box."""
    shape = Shape()
    slats = int(height / 0.12)
    for index in range(slats):
        shape.box((width, 0.03, 0.112), 0, translation(0, -0.02, index * height / slats), 0.012)
    for side in (-1, 1):
        shape.box((0.12, 0.1, height + 0.1), 1, translation(side * (width / 2 + 0.05), -0.03, 0), 0.01)
    shape.box((width + 0.3, 0.3, 0.32), 1, translation(0, -0.13, height), 0.02)
    return Prop(
        "roller door", shape, [plain("slats", colour, 0.45, 0.2), plain("guides", shade(colour, 0.45), 0.5, 0.3)]
    )
