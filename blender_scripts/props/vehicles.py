"""Cars, vans and market carts. Each stands on z = 0 along x, its front towards +x."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.materials import Colour, fabric, plain, wood
from blender_scripts.palettes import srgb
from blender_scripts.props.placement import Prop

TYRE_M = 0.31


@dataclass(frozen=True)
class _Body:
    """A car's side: outline of the lower body above the sills, and the corners of its cabin; metres."""

    bonnet: list[tuple[float, float]]
    cabin: tuple[float, float, float, float]
    belt: float
    roof: float
    wheels: tuple[float, float]
    half_width: float = 0.84


BODIES = {
    "hatchback": _Body(
        [(2.0, 0.32), (2.02, 0.62), (1.85, 0.76), (0.95, 0.92), (-1.75, 0.98), (-1.93, 0.85), (-1.96, 0.32)],
        (1.05, 0.3, -1.35, -1.82),
        0.93,
        1.46,
        (1.28, -1.25),
    ),
    "saloon": _Body(
        [(2.25, 0.3), (2.27, 0.6), (2.1, 0.74), (1.0, 0.9), (-1.3, 0.94), (-2.2, 0.9), (-2.26, 0.72), (-2.24, 0.3)],
        (1.1, 0.35, -0.95, -1.6),
        0.9,
        1.42,
        (1.4, -1.38),
    ),
    "van": _Body(
        [(2.3, 0.34), (2.33, 0.75), (2.15, 0.95), (1.75, 1.1), (-2.3, 1.12), (-2.35, 0.34)],
        (1.85, 1.15, -2.24, -2.32),
        1.08,
        1.95,
        (1.5, -1.5),
        0.92,
    ),
}


def car(rng: np.random.Generator, kind: str, paint: Colour) -> Prop:
    """A parked car of a kind of `BODIES`."""
    body = BODIES[kind]
    shape = Shape()
    outline = _with_arches(body)
    middle = outline.mean(axis=0)
    rows = []
    for share, inset in ((-1.0, 0.07), (-0.94, 0.02), (-0.8, 0.0), (0.8, 0.0), (0.94, 0.02), (1.0, 0.07)):
        ring = outline + (middle - outline) * inset * [0.6, 1.0]
        rows.append(np.column_stack([ring[:, 0], np.full(len(ring), share * body.half_width), ring[:, 1]]))
    shape.sheet(np.array(rows)[::-1], 0, close=True)
    shape.add(rows[0], [tuple(range(len(outline)))[::-1]], 0).add(rows[-1], [tuple(range(len(outline)))], 0)
    _cabin(shape, body)
    for x in body.wheels:
        for side in (-1, 1):
            at = (
                translation(x, side * (body.half_width - 0.1), TYRE_M)
                @ rotation("x", -90 * side)
                @ translation(0, 0, -0.11)
            )
            shape.cylinder(TYRE_M, 0.22, 2, at, 18, bevel=0.03).cylinder(
                TYRE_M * 0.62, 0.02, 3, at @ translation(0, 0, 0.21), 12
            )
    front, back = body.bonnet[1], body.bonnet[-2]
    for side in (-1, 1):
        y = side * (body.half_width - 0.24)
        shape.box((0.1, 0.32, 0.14), 4, translation(front[0] - 0.05, y, front[1] - 0.06), 0.03)
        shape.box(
            (0.08, 0.2, 0.22), 5, translation(back[0] + 0.01, side * (body.half_width - 0.18), back[1] - 0.24), 0.03
        )
        shape.box(
            (0.2, 0.1, 0.12),
            0,
            translation(body.cabin[0] - 0.18, side * (body.half_width + 0.07), body.belt + 0.02),
            0.03,
        )
    for x in (front[0], body.bonnet[-1][0]):
        shape.box((0.12, 2 * body.half_width - 0.12, 0.2), 6, translation(x, 0, 0.32), 0.04)
        shape.box((0.15, 0.5, 0.11), 7, translation(x, 0, 0.42), 0.01)
    materials = [
        plain("car paint", paint, 0.22, 0.25, 0.05, 0.6),
        plain("car glass", srgb("1d252b"), 0.06, coat=0.5),
        plain("tyre", srgb("222224"), 0.85),
        plain("hub", srgb("a9abae"), 0.35, 0.8),
        plain("headlight", srgb("e9ecec"), 0.15),
        plain("tail light", srgb("a3201c"), 0.25),
        plain("bumper", srgb("34363a"), 0.6),
        plain("plate", srgb("dcd9cf"), 0.5),
    ]
    return Prop("car", shape, materials, sharp_deg=32)


def _with_arches(body: _Body) -> Array:
    """Return the lower body's outline (N, 2), counter-clockwise in (x, z) from the front sill, with wheel arches."""
    points = list(body.bonnet)
    radius = TYRE_M + 0.06
    for x in sorted(body.wheels):
        for angle in np.linspace(np.pi - 0.12, 0.12, 9):
            points.append((x + radius * float(np.cos(angle)), TYRE_M + radius * float(np.sin(angle)) * 0.97))
    low = np.array(points)
    low[:, 1] = np.maximum(low[:, 1], 0.24)
    return low


def _cabin(shape: Shape, body: _Body) -> None:
    """Add windows and roof over the belt line: glass all round, pillars and roof in paint."""
    x0, x1, x2, x3 = body.cabin
    wide, narrow = body.half_width - 0.05, body.half_width - 0.2
    low, high = body.belt - 0.02, body.roof
    base = [(x0, -wide, low), (x0, wide, low), (x3, wide, low), (x3, -wide, low)]
    top = [(x1, -narrow, high), (x1, narrow, high), (x2, narrow, high), (x2, -narrow, high)]
    shape.add(base + top, [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)], 1)
    crown = [(0.8 * x + 0.2 * (x1 + x2) / 2, 0.8 * y, high + 0.07) for x, y, _ in top]
    shape.add(top + crown, [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7)], 0)
    for a, b in zip(base, top, strict=True):
        shape.capsule(a, b, 0.04, 0.035, 0, 6)
    for side in (-1, 1):
        for share in (0.52,):
            at = (
                np.array([x0 + (x3 - x0) * share, side * wide, low]),
                np.array([x1 + (x2 - x1) * share, side * narrow, high]),
            )
            shape.capsule(at[0], at[1], 0.035, 0.03, 0, 6)


def cart(rng: np.random.Generator, wood_colour: Colour, first: Colour, second: Colour) -> Prop:
    """A market cart: a tray of fruit between two spoked wheels, under a striped canopy."""
    shape = Shape().box((1.9, 1.0, 0.1), 0, translation(0, 0, 0.72), 0.01)
    for sy in (-1, 1):
        shape.box((1.9, 0.04, 0.22), 0, translation(0, sy * 0.48, 0.8), 0.01)
        shape.box((0.04, 1.0, 0.22), 0, translation(sy * 0.93, 0, 0.8), 0.01)
        wheel = translation(0, sy * 0.58, 0.42) @ rotation("x", 90) @ translation(0, 0, -0.03)
        shape.lathe([(0.36, 0), (0.42, 0), (0.42, 0.06), (0.36, 0.06), (0.36, 0)], 1, wheel, 18)
        shape.cylinder(0.07, 0.1, 1, wheel @ translation(0, 0, -0.02), 8)
        for spoke in range(8):
            shape.box(
                (0.03, 0.03, 0.34),
                1,
                wheel @ rotation("z", spoke * 45.0) @ translation(0, 0.03, 0.03) @ rotation("x", -90),
            )
        for sx in (-1, 1):
            shape.box((0.045, 0.045, 1.5), 0, translation(sx * 0.9, sy * 0.45, 0.78))
        shape.box((0.06, 0.06, 0.72), 0, translation(0.8, sy * 0.4))
    stripes = 10
    for index in range(stripes):
        x0, x1 = (-1.15 + 2.3 * (index + e) / stripes for e in (0, 1))
        for sy in (-1, 1):
            quad = [
                (x0, 0, 2.62),
                (x1, 0, 2.62),
                (x1, sy * 0.72, 2.26),
                (x0, sy * 0.72, 2.26),
                (x1, sy * 0.72, 2.08),
                (x0, sy * 0.72, 2.08),
            ]
            shape.add(quad, [(0, 1, 2, 3), (3, 2, 4, 5)] if sy < 0 else [(1, 0, 3, 2), (2, 3, 5, 4)], 2 + index % 2)
    for index in range(6):
        x0 = -0.75 + 0.3 * index
        for row in range(3):
            for column in range(3):
                spot = translation(x0 + 0.08 * (column - 1), -0.26 + 0.26 * row + float(rng.uniform(-0.03, 0.03)), 0.9)
                shape.sphere(float(rng.uniform(0.075, 0.1)), 4 + index % 3, spot, 7)
    fruit = [
        plain("fruit", srgb(code), 0.5)
        for code in rng.permutation(["c8402c", "d98a2b", "7f9a3a", "d8b83a", "6a3a58"])[:3].tolist()
    ]
    materials = [
        wood("cart boards", wood_colour, 0.6, (1.5, 12, 12)),
        wood("cart wheels", srgb("5d4632"), 0.6),
        fabric("canopy", first),
        fabric("canopy stripes", second),
        *fruit,
    ]
    return Prop("market cart", shape, materials)
