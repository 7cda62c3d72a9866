"""The ground of a street: asphalt with markings and kerbs between pavements, or a paved lane."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Shape, translation
from blender_scripts.materials import Graph, blend, brickwork, cobbles, ground, plain, shade
from blender_scripts.palettes import Palette, srgb
from blender_scripts.props.placement import Surface, build_fixed

LENGTH_M = 40.0
"""Half the length of the street between the houses that close its ends."""
KERB_M = 0.13


@dataclass(frozen=True)
class Street:
    """Half widths in metres: of the room for cameras, of the carriageway, and to the house fronts."""

    layout: str
    clear: float
    road: float
    front: float
    palette: Palette
    wet: bool


def _asphalt(street: Street) -> bpy.types.Material:
    """Worn asphalt with patches; puddles where it is wet."""
    graph = Graph("asphalt")
    where = graph.local()
    patches, grain = graph.noise(where, 0.45, 3.0), graph.noise(where, 24.0, 2.0)
    colour = graph.mix(graph.remap(patches, 0.0, 1.0, 0.35, 0.65), srgb("55565a"), srgb("6c6b69"))
    graph.set(Base_Color=graph.mix(1.0, colour, graph.remap(grain, 0.7, 1.25), "MULTIPLY"))
    if street.wet:
        graph.set(Roughness=graph.remap(patches, 0.08, 0.55, 0.42, 0.56))
    else:
        graph.set(Roughness=0.9)
        graph.bump(grain, 0.25, 0.01)
    return graph.material


def _paving(rng: np.random.Generator, street: Street) -> bpy.types.Material:
    first, second = street.palette.stone
    joint = shade(blend(first, (0.2, 0.18, 0.15), 0.5), 0.6)
    rough = 0.4 if street.wet else 0.8
    if street.layout == "lane" and rng.random() < 0.5:
        return cobbles("paving", (first, shade(second, 0.8)), joint, 0.2)
    size = (0.6, 0.4) if rng.random() < 0.6 else (0.3, 0.15)
    return brickwork("paving", (first, second), joint, size, 0.01, rough, stain=0.3)


def lay_street(rng: np.random.Generator, street: Street) -> tuple[list[Surface], list[Surface]]:
    """Lay the ground; return the strips where things stand (one a side), and where cars park."""
    end, front, inner = LENGTH_M, street.front, street.clear + 0.35
    paving = _paving(rng, street)
    if street.layout == "lane":
        build_fixed("lane", "floor", Shape().box((2 * end, 2 * front, 0.2), 0, translation(0, 0, -0.2)), [paving])
        gutter = Shape()
        for side in (-1, 1):
            gutter.box((2 * end, 0.35, 0.004), 0, translation(0, side * (street.clear + 0.1), 0))
        stone = shade(street.palette.stone[1], 0.7)
        build_fixed("gutter", "floor", gutter, [cobbles("gutter", (stone, shade(stone, 1.2)), shade(stone, 0.5), 0.12)])
        return [_strip("lane", side, inner, front - 1.3, 0.0) for side in (1, -1)], []
    build_fixed(
        "road", "floor", Shape().box((2 * end, 2 * street.road, 0.2), 0, translation(0, 0, -0.2)), [_asphalt(street)]
    )
    _mark_road(rng, street)
    wide = front - street.road
    kerb = plain("kerb", shade(street.palette.stone[0], 0.95), 0.8, variation=0.3)
    strips, parking = [], []
    for index, side in enumerate((1, -1)):
        at = side * (street.road + 0.16 + (wide - 0.16) / 2)
        name = f"pavement {index}"
        build_fixed(
            name, "floor", Shape().box((2 * end, wide - 0.16, KERB_M + 0.2), 0, translation(0, at, -0.2)), [paving]
        )
        stones = Shape()
        for x in np.arange(-end, end, 1.0).tolist():
            stones.box((0.99, 0.16, KERB_M + 0.2), 0, translation(x + 0.5, side * (street.road + 0.08), -0.2), 0.012)
        build_fixed(f"kerb {index}", "floor", stones, [kerb])
        strips.append(_strip(name, side, street.road + 0.25, front - 1.3, KERB_M))
        parking.append(_strip("road", side, street.clear + 0.1, street.road - 0.05, 0.0))
    return strips, parking


def _strip(owner: str, side: int, near: float, far: float, height: float) -> Surface:
    y0, y1 = sorted((side * near, side * far))
    return Surface(owner, translation(0, 0, height), (-LENGTH_M + 1.0, y0, LENGTH_M - 1.0, y1))


def _mark_road(rng: np.random.Generator, street: Street) -> None:
    """Paint the middle line, parking bays and a crossing; lay a manhole cover and drains."""
    paint, lines = plain("road paint", srgb("d8d6cc"), 0.7, variation=0.3), Shape()

    def stripe(x: float, y: float, long: float, wide: float) -> None:
        lines.box((long, wide, 0.004), 0, translation(x, y, 0))

    cross = float(rng.uniform(9.0, 16.0)) * float(rng.choice([-1, 1]))
    for x in np.arange(-LENGTH_M + 2, LENGTH_M - 1, 4.0).tolist():
        if abs(x - cross) > 4.0:
            stripe(x, 0.0, 2.0, 0.12)
    for y in np.arange(-street.road + 0.4, street.road - 0.2, 1.0).tolist():
        stripe(cross, y, 3.0, 0.5)
    for side in (-1, 1):
        for x in np.arange(-LENGTH_M + 3, LENGTH_M - 2, 5.6).tolist():
            stripe(x, side * (street.road - 0.95), 0.1, 1.9)
    build_fixed("road paint", "floor", lines, [paint])
    iron = ground("cast iron", (srgb("4a4644"), srgb("37342f")), 0.3, 0.03)
    covers = Shape().cylinder(
        0.34, 0.006, 0, translation(float(rng.uniform(3.3, 6)), float(rng.uniform(-2.5, 2.5)), 0), 20
    )
    for x in np.arange(-30, 31, 12.0).tolist():
        for side in (-1, 1):
            covers.box((0.5, 0.35, 0.006), 0, translation(x + 1.7, side * (street.road - 0.2), 0))
    build_fixed("covers", "floor", covers, [iron])
