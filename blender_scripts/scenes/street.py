"""A street between terraced houses with shops: a road with parked cars, or a paved lane with carts and café tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from blender_scripts.build_tools import Shape, rotation, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, fabric, shade
from blender_scripts.palettes import ACCENTS, WALLS, draw_palette, srgb
from blender_scripts.props import houses, kerbside, outdoor, plants, vehicles, woods
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.placement import Prop, Surface, build_fixed
from blender_scripts.props.roads import LENGTH_M, Street, lay_street
from blender_scripts.props.terrain import crown_on

PARAMETERS = {
    "hour": ((7.0, 18.0), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.8), "cloud cover, 0 clear to 1 overcast"),
    "layout": (["road", "lane"], "a road with kerbs and parked cars, or a paved lane for walkers"),
    "storeys": ((2, 4), "most storeys of a house"),
    "shops": ((0.45, 0.95), "share of houses with a shop on the ground floor"),
    "trees": ((2, 7), "number of street trees"),
    "cars": ((4, 9), "number of parked cars (road)"),
    "clutter": ((26, 44), "number of things on the pavements"),
    "wet": ([False, False, True], "whether the ground is wet where the sky is overcast"),
}

STAGE_M = 3.2


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the street into the current scene; see `contracts.SceneContract` for what comes back."""
    if not 1 <= int(params["storeys"]) <= 8 or not 0 <= float(params["shops"]) <= 1:
        raise StageError("street: storeys must lie in 1..8 and shops in 0..1")
    layout, cloud, hour = str(params["layout"]), float(params["cloud"]), float(params["hour"])
    wet = bool(params["wet"]) and cloud > 0.45
    palette = draw_palette(rng)
    if layout == "road":
        clear, road = 3.7, 5.95
        front = road + float(rng.uniform(3.0, 3.9))
    else:
        clear, road = 3.9, 0.0
        front = float(rng.uniform(6.4, 7.6))
    street = Street(layout, clear, road, front, palette, wet)
    stone = blend(palette.stone[0], palette.stone[1], 0.5)
    light = light_outdoors(rng, hour, cloud, shade(stone, 0.6))
    dim = hour < 8.2 or hour > 16.6 or cloud > 0.7
    style = houses.Style(
        (min(2, int(params["storeys"])), int(params["storeys"])),
        float(params["shops"]),
        0.3 if dim else 0.0,
        bool(rng.random() < 0.4),
    )
    walls = _rows(rng, street, style)
    pavements, parking = lay_street(rng, street)
    parked = _park(rng, parking, street, int(params["cars"])) if layout == "road" else 0
    trees = _plant(rng, pavements, street, int(params["trees"]))
    extra = _furnish(rng, pavements, street, int(params["clutter"]))
    reach = 7.2
    return SceneContract(
        camera_min=(-reach, -clear, 0.4),
        camera_max=(reach, clear, 3.0),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=STAGE_M,
        floor_m=0.0,
        caption=f"{_words(street, walls, parked, trees, extra)} {light.phrase}",
    )


def _words(street: Street, walls: tuple[str, str], cars: int, trees: int, extra: str) -> str:
    kind = ("a wet " if street.wet else "a ") + ("street" if street.layout == "road" else "pedestrian lane")
    things = ["parked cars"] if cars > 1 else ["a parked car"] if cars else []
    things += ["street trees"] if trees > 1 else ["a tree"] if trees else []
    things += [extra]
    listed = ", ".join(things[:-1]) + (" and " if len(things) > 1 else "") + things[-1]
    colours = f"{walls[0]} and {walls[1]}" if walls[0] != walls[1] else walls[0]
    return f"{kind} of {colours} houses with {listed}"


def _rows(rng: np.random.Generator, street: Street, style: houses.Style) -> tuple[str, str]:
    """Build the houses along both sides and across both ends; return the names of the commonest wall colours."""
    names = [str(name) for name in rng.permutation(list(WALLS))[:4]]
    accents = [*street.palette.accents, srgb(ACCENTS["charcoal"]), srgb(ACCENTS["green"])]
    sets = [houses.house_materials(rng, srgb(WALLS[names[(0, 1, 0, 1, 2, 3)[i]]]), accents) for i in range(6)]
    rows = [
        (rotation("z", 180.0 * side) @ translation(0, street.front, 0), LENGTH_M + houses.DEEP_M) for side in range(2)
    ]
    rows += [(rotation("z", 90.0 + 180.0 * side) @ translation(0, LENGTH_M, 0), street.front) for side in range(2)]
    count = 0
    for row, (frame, half) in enumerate(rows):
        x = -half
        while x < half - 0.5:
            width = float(rng.uniform(5.6, 9.4))
            if half - (x + width) < 5.0:
                width = half - x
            shape = houses.house(rng, width, style)
            at = frame @ translation(x + width / 2, float(rng.choice([0.0, 0.0, 0.06])) if row < 2 else 0.0)
            build_fixed(f"house {count}", "building", shape, sets[int(rng.integers(6))], at)
            x, count = x + width, count + 1
    return names[0], names[1]


def _park(rng: np.random.Generator, strips: list[Surface], street: Street, count: int) -> int:
    """Park cars in bays on both sides; return how many."""
    paints = [srgb(code) for code in ("b9bcc0", "2a2c30", "e4e3df", "7d1f22", "274a78", "5b6b5a", "8c8f94", "c58f3a")]
    paints += [shade(accent, 0.8) for accent in street.palette.accents[:2]]
    kinds = [
        vehicles.car(rng, str(kind), paints[int(i)])
        for kind, i in zip(
            ("hatchback", "hatchback", "saloon", "saloon", "van"), rng.permutation(len(paints))[:5], strict=True
        )
    ]
    bays = [(side, x) for side in range(2) for x in np.arange(-LENGTH_M + 5.8, LENGTH_M - 5, 5.6).tolist()]
    near = [bay for bay in bays if abs(bay[1]) < 16]
    far = [bay for bay in bays if abs(bay[1]) >= 16]
    order = [near[i] for i in rng.permutation(len(near))[:count]] + [bay for bay in far if rng.random() < 0.45]
    parked, cycle = 0, rng.permutation(5).tolist()
    for side, x in order:
        strip = strips[side]
        y = (strip.rect[1] + strip.rect[3]) / 2 + float(rng.uniform(-0.05, 0.08))
        heading = 0.0 if side else 180.0
        made = strip.put(
            kinds[cycle[parked % 5]],
            x + float(rng.uniform(-0.3, 0.3)),
            y,
            heading + float(rng.uniform(-1.0, 1.0)),
            0.3,
        )
        parked += made is not None
    return parked


def _inner(strip: Surface, offset: float) -> float:
    """Return the y that lies ``offset`` metres from a strip's edge towards the middle of the street."""
    return strip.rect[1] + offset if strip.rect[1] > 0 else strip.rect[3] - offset


def _outer(strip: Surface, offset: float) -> float:
    """Return the y that lies ``offset`` metres from a strip's edge towards the houses."""
    return strip.rect[3] - offset if strip.rect[1] > 0 else strip.rect[1] + offset


def _plant(rng: np.random.Generator, strips: list[Surface], street: Street, count: int) -> int:
    """Plant trees along the kerb at a regular rhythm; return how many."""
    skin = woods.bark("bark", srgb("75685a"), 5.0)
    kinds = [
        woods.broadleaf(
            rng, float(rng.uniform(6.0, 7.6)), float(rng.uniform(1.15, 1.3)), 3.3, srgb(str(code)), skin, 0.6, 420
        )
        for code in rng.permutation(plants.LEAF_COLOURS)[:2]
    ]
    spots = [(strip, x) for strip in strips for x in np.arange(-31.0, 32.0, 7.7).tolist()]
    spots.sort(key=lambda spot: abs(spot[1]) + float(rng.uniform(0, 6)))
    planted = 0
    for strip, x in spots[: 2 * count]:
        tree = kinds[int(rng.integers(2))]
        made = (
            strip.put(tree.trunk, x, _inner(strip, 0.5), float(rng.uniform(0, 360)), 0.2) if planted < count else None
        )
        if made is not None:
            crown_on(made, tree.crown)
            planted += 1
    return planted


def _furnish(rng: np.random.Generator, strips: list[Surface], street: Street, count: int) -> str:
    """Stand lamps, and things by their rules: along the kerb, before the shops, or freely; return the most telling."""
    palette = street.palette
    lamp = outdoor.lamp_post(rng, float(rng.uniform(3.6, 4.4)))
    for index, strip in enumerate(strips):
        for x in np.arange(-33.0 + 5.5 * index, 34.0, 11.0).tolist():
            strip.put(lamp, x, _inner(strip, 0.28), 0.0, 0.1)
    red = srgb(ACCENTS[str(rng.choice(["red", "blue", "mustard", "green"]))])
    flower = palette.accents[1]
    along: list[Prop] = [
        kerbside.bin_(rng, shade(palette.accents[0], 0.6)),
        kerbside.post_box(rng, red),
        kerbside.traffic_sign(rng),
        kerbside.traffic_sign(rng),
        outdoor.bench(rng, palette.wood),
    ]
    before: list[Prop] = [
        kerbside.sandwich_board(rng, palette.wood),
        plants.planter(rng, (1.2, 0.45, 0.45), palette.stone, flower),
        plants.potted_plant(rng, palette.accents[0], 0.26, 0.45),
        outdoor.crate(rng, palette.wood, (0.6, 0.45, 0.4)),
        outdoor.barrel(rng, palette.wood),
    ]
    table, chair = outdoor.bistro_table(rng, palette.accents[2]), outdoor.bistro_chair(rng, palette.accents[2])
    extra = "shop fronts"
    if street.layout == "lane":
        carts = [vehicles.cart(rng, palette.wood, palette.accents[i], srgb("efe8da")) for i in range(2)]
        stood = [_try(rng, strips, carts[i % 2], 0.35, 15.0) for i in range(int(rng.integers(1, 4)))]
        extra = "a market cart" if sum(stood) == 1 else "market carts" if any(stood) else extra
    for _ in range(int(rng.integers(2, 5)) if street.layout == "lane" else int(rng.integers(0, 3))):
        extra = "café tables" if _set_table(rng, strips, table, chair) and extra == "shop fronts" else extra
    for _ in range(count):
        strip, x = strips[int(rng.integers(2))], float(rng.normal(0, 13))
        facing = 180.0 if strip.rect[1] < 0 else 0.0
        if rng.random() < 0.5:
            thing, y = along[int(rng.integers(len(along)))], _inner(strip, 0.36)
        else:
            thing, y = before[int(rng.integers(len(before)))], _outer(strip, 0.34)
        strip.put(thing, x, y, facing + float(rng.uniform(-4, 4)), 0.08)
    if street.layout == "lane" and rng.random() < 0.5:
        _hang_bunting(rng, street)
    post = kerbside.bollard(rng)
    for strip in strips:
        if rng.random() < 0.6:
            start = float(rng.uniform(-14, 8))
            for index in range(5):
                strip.put(post, start + 1.5 * index, _inner(strip, 0.16), 0.0, 0.05)
    return extra


def _hang_bunting(rng: np.random.Generator, street: Street) -> None:
    """Hang strings of pennants across the lane, above head height."""
    shape, start = Shape(), float(rng.uniform(-22, -18))
    for line in range(7):
        x, slack = start + 6.3 * line, float(rng.uniform(0.4, 0.8))
        ends = float(rng.uniform(4.6, 5.2))
        y = np.linspace(-street.front, street.front, 31)
        z = ends - slack * (1 - (y / street.front) ** 2)
        for index in range(30):
            a, b = (x, y[index], z[index]), (x, y[index + 1], z[index + 1])
            tip = (x, (y[index] + y[index + 1]) / 2, min(z[index], z[index + 1]) - 0.34)
            shape.add([a, b, tip], [(0, 1, 2)], index % 3)
    build_fixed("bunting", "decoration", shape, [fabric("pennants", accent) for accent in street.palette.accents])


def _try(rng: np.random.Generator, strips: list[Surface], thing: Prop, margin: float, reach: float) -> bool:
    for _ in range(8):
        strip = strips[int(rng.integers(2))]
        y = (strip.rect[1] + strip.rect[3]) / 2
        if strip.put(thing, float(rng.uniform(-reach, reach)), y, float(rng.choice([0.0, 180.0])), margin) is not None:
            return True
    return False


def _set_table(rng: np.random.Generator, strips: list[Surface], table: Prop, chair: Prop) -> bool:
    """Stand a café table with two or three chairs round it."""
    for _ in range(6):
        strip, x = strips[int(rng.integers(2))], float(rng.uniform(-14, 14))
        y = _outer(strip, 0.75)
        if not strip.is_free((x - 1.0, y - 0.45, x + 1.0, y + 0.45)):
            continue
        if strip.put(table, x, y, 0.0) is not None:
            for side in (-1, 1):
                strip.put(chair, x + side * 0.66, y, 90.0 * side + 180.0 + float(rng.uniform(-12, 12)), 0.01)
            return True
    return False
