"""A beach: rippled sand and dunes, a sea with breaking waves, and palms, parasols, huts or boats and driftwood."""

from __future__ import annotations

from typing import Any

import numpy as np

from blender_scripts.build_tools import Shape, place, rotation, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, blend, fabric, foliage, ground, plain, shade
from blender_scripts.palettes import ACCENTS, Palette, draw_palette, srgb
from blender_scripts.props import forest_floor, outdoor, seaside, woods
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.placement import build_fixed
from blender_scripts.props.shore import LEVEL_M, SEA_M, WATERLINE_M, Shore, sand_profile
from blender_scripts.props.terrain import Land, crown_on, keep_out, mark, ridge

PARAMETERS = {
    "hour": ((7.0, 18.0), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.7), "cloud cover, 0 clear to 1 overcast"),
    "kind": (["palms", "resort", "huts", "wild"], "what stands on the beach"),
    "sand": (["white", "golden", "grey", "reddish"], "colour of the sand"),
    "waves_m": ((0.15, 0.7), "height of the waves where they break"),
    "dunes_m": ((0.6, 3.2), "height of the dunes inland"),
    "things": ((10, 20), "number of things on the sand, roughly"),
}

CLEAR_M, STAGE_M = 5.2, 3.2
"""Half the side of the square in which cameras move, and the radius of the stage."""
FINE_M, FAR_M = 27.0, 90.0

_SANDS = {
    "white": ("c9bb9b", "b3a17e"),
    "golden": ("cda86f", "b58d56"),
    "grey": ("a89d8b", "8c8070"),
    "reddish": ("cf9e74", "b58058"),
}
_SEAS = {
    "palms": ("35b5b0", "0a4f86"),
    "resort": ("2f9fb0", "0d4a80"),
    "huts": ("4f9a94", "164f70"),
    "wild": ("4c8a8a", "173f58"),
}


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the beach into the current scene; see `contracts.SceneContract` for what comes back."""
    if not 0 <= float(params["waves_m"]) <= 1.5 or not 0 <= float(params["dunes_m"]) <= 8:
        raise StageError("beach: waves_m must lie in 0..1.5 and dunes_m in 0..8")
    kind = str(params["kind"])
    pale, dark = (srgb(code) for code in _SANDS[str(params["sand"])])
    palette = draw_palette(rng)
    light = light_outdoors(rng, float(params["hour"]), float(params["cloud"]), shade(pale, 0.8))
    shore = Shore(
        90.0 * int(rng.integers(4)) + float(rng.uniform(-14, 14)),
        float(rng.uniform(0, 6)),
        float(rng.uniform(0.3, 0.9)),
    )
    land = Land(
        sand_profile(rng, shore, float(params["dunes_m"])),
        FINE_M,
        0.68,
        CLEAR_M,
        "sand",
        allows=lambda x, y: bool(shore.out(x, y) < LEVEL_M - 0.6),
    )
    things = _furnish(rng, land, shore, kind, palette, int(params["things"]))
    bare = land.height
    land.build(
        seaside.sand((pale, dark), shore.turn_deg, True),
        FAR_M,
        {"wet": lambda x, y: np.clip((shore.out(x, y) - LEVEL_M + 0.5) / 1.3, 0, 1)},
    )
    _grow(rng, land, shore, kind)
    _build_sea(rng, shore, kind, float(params["waves_m"]))
    _build_distance(rng, shore, kind, pale, float(params["hour"]))
    x, y = _spots(rng, land, shore, 150, STAGE_M + 0.2, 13.0, 0.1)
    feet = np.column_stack([x, y, bare(x, y) - 0.002])
    build_fixed(
        "shells",
        "clutter",
        seaside.shells(rng, feet),
        [plain("shells", srgb("efe2d0"), 0.4), plain("pebbles", shade(dark, 0.55), 0.6)],
    )
    surf = "breaking waves" if float(params["waves_m"]) > 0.35 else "a calm sea"
    return SceneContract(
        camera_min=(-CLEAR_M, -CLEAR_M, 0.4),
        camera_max=(CLEAR_M, CLEAR_M, 3.0),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=STAGE_M,
        floor_m=0.0,
        caption=f"a {params['sand']} sand beach with {things}, dunes and {surf} {light.phrase}",
    )


def _furnish(rng: np.random.Generator, land: Land, shore: Shore, kind: str, palette: Palette, count: int) -> str:
    """Stand the beach's things and return how a caption calls them."""
    words = {
        "palms": "palm trees",
        "resort": f"{palette.accent_names[0]} parasols",
        "huts": "wooden beach huts",
        "wild": "rocks and driftwood",
    }
    colours = palette.accents
    if kind == "huts":
        _row_of_huts(rng, land, shore, palette)
    if kind in ("palms", "resort"):
        palms = [seaside.palm(rng, float(rng.uniform(5.5, 8.5)), float(rng.uniform(2.2, 2.9))) for _ in range(3)]
        for _ in range(count if kind == "palms" else 4):
            tree = palms[int(rng.integers(3))]
            for made in land.scatter(rng, [tree.trunk], 1, (CLEAR_M + tree.reach_m * 0.5, 22.0), 1.6):
                crown_on(made, tree.crown)
    if kind in ("resort", "huts"):
        _parasols(rng, land, shore, palette, 9 if kind == "resort" else 4)
    if kind != "resort" and rng.random() < 0.8:
        boats = [seaside.boat(rng, colours[i], colours[2 - i]) for i in range(2)]
        placed = land.scatter(rng, boats, int(rng.integers(1, 3)), (CLEAR_M + 1.2, 12.0), 0.4)
        words[kind] += ", a rowing boat" if len(placed) == 1 else ", rowing boats" if placed else ""
    grey = ground("beach rock", (srgb("857b70"), srgb("5f5850")), 0.7, 0.06)
    rocks = [outdoor.rock(rng, float(size), grey) for size in rng.uniform(0.3, 2.2 if kind == "wild" else 0.7, 4)]
    land.scatter(rng, rocks, count if kind == "wild" else 5, (CLEAR_M + 0.5, 18.0), 0.2)
    if kind == "wild":
        for index in range(int(rng.integers(5, 11))):
            at = shore.frame() @ translation(float(rng.uniform(9.0, 17.0)), float(rng.uniform(-26, 26)), SEA_M - 0.45)
            stone = outdoor.rock(rng, float(rng.uniform(1.2, 3.4)), grey)
            build_fixed(f"sea rock {index}", "terrain", stone.shape, stone.materials, at, 35)
    wood = [seaside.driftwood(rng, float(length)) for length in rng.uniform(1.2, 2.6, 2)]
    land.scatter(rng, wood, int(rng.integers(3, 7)) if kind == "wild" else 2, (CLEAR_M + 0.6, 11.0), 0.3)
    towels = [seaside.towel(rng, colours[i], srgb("efe9da")) for i in range(2)]
    if kind in ("resort", "huts", "palms"):
        land.scatter(rng, towels, 4, (CLEAR_M + 0.6, 9.5), 0.4)
    return words[kind]


def _row_of_huts(rng: np.random.Generator, land: Land, shore: Shore, palette: Palette) -> None:
    """Stand a row of huts along the foot of the dunes, looking out to sea."""
    paints = [*palette.accents, srgb(ACCENTS["white"]), palette.wall]
    trim = srgb("ece7db")
    kinds = [seaside.hut(rng, blend(paint, srgb("f0ece2"), 0.15), trim) for paint in paints]
    shift, away = float(rng.uniform(-1.5, 1.5)), -CLEAR_M - float(rng.uniform(4.0, 4.8))
    for index in range(-5, 6):
        x, y, *_ = (shore.frame() @ [away, index * 3.5 + shift, 0, 1]).tolist()
        land.stand(kinds[(index + 5) % len(kinds)], x, y, shore.turn_deg + 90.0, 0.05)


def _parasols(rng: np.random.Generator, land: Land, shore: Shore, palette: Palette, count: int) -> None:
    """Stand parasols apart from each other, each with one or two loungers that look out to sea."""
    white = srgb("f0ebdf")
    shades = [
        seaside.parasol(rng, palette.accents[0], white),
        seaside.parasol(rng, palette.accents[0], palette.accents[1]),
    ]
    bed = seaside.lounger(rng, palette.wood, palette.accents[1])
    spots: list[tuple[float, float]] = []
    for _ in range(count * 14):
        if len(spots) == count:
            break
        angle, away = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(CLEAR_M + 1.6, 15.0))
        x, y = away * np.cos(angle), away * np.sin(angle)
        if max(abs(x), abs(y)) < CLEAR_M + 1.5 or any(np.hypot(x - a, y - b) < 4.2 for a, b in spots):
            continue
        if not land.floor.is_free((x - 1.4, y - 1.4, x + 1.4, y + 1.4)):
            continue
        if land.stand(shades[len(spots) % 2], x, y, float(rng.uniform(0, 45)), 0.1) is None:
            continue
        spots.append((x, y))
        for side in (-1, 1)[: 1 + int(rng.random() < 0.7)]:
            bx, by, *_ = (translation(x, y) @ shore.frame() @ [0.0, side * 0.95, 0, 1]).tolist()
            land.stand(bed, bx, by, shore.turn_deg + 180.0 + float(rng.uniform(-4, 4)), 0.03)


def _grow(rng: np.random.Generator, land: Land, shore: Shore, kind: str) -> None:
    """Grow tufts of marram grass on the dunes, each reaching about half a metre."""
    x, y = _spots(rng, land, shore, 2600, 7.5, 26.0, 0.4)
    dune = land.height(x, y) > rng.uniform(0.12, 0.5, len(x))
    near = (shore.out(x, y) < -5.5) & (rng.random(len(x)) < 0.05)
    clumps = np.maximum(np.abs(x), np.abs(y)) > CLEAR_M + 0.6
    x, y = x[(dune | near) & clumps], y[(dune | near) & clumps]
    feet = np.column_stack([x, y, land.height(x, y) - 0.02])
    tint = srgb("8f9a58") if kind in ("huts", "wild") else srgb("7c9a48")
    tufts = forest_floor.blades(rng, feet, rng.uniform(0.3, 0.65, len(x)), 7, 0.016)
    build_fixed("marram grass", "grass", tufts, [foliage("marram", tint, 0.35)], None, 80)


def _spots(
    rng: np.random.Generator, land: Land, shore: Shore, count: int, near: float, far: float, margin: float
) -> tuple[Any, Any]:
    """Return dry spots (x, y) between two distances where nothing stands."""
    away, angle = rng.uniform(near, far, count), rng.uniform(0, 2 * np.pi, count)
    x, y = away * np.cos(angle), away * np.sin(angle)
    free = keep_out(x, y, land.floor.taken[1:], margin) & (shore.out(x, y) < LEVEL_M)
    return x[free], y[free]


def _build_sea(rng: np.random.Generator, shore: Shore, kind: str, waves_m: float) -> None:
    """Build the sea out to the horizon: swell that steepens towards the shore, breakers with foam, a fringe of foam."""
    u = np.concatenate([np.arange(6.6, 34, 0.36), 34 + 600 * np.linspace(0, 1, 26)[1:] ** 2.4])
    v = np.concatenate(
        [
            -60 - 700 * np.linspace(1, 0, 12)[:-1] ** 2,
            np.arange(-60, 60.1, 1.5),
            60 + 700 * np.linspace(0, 1, 12)[1:] ** 2,
        ]
    )
    uu, vv = np.meshgrid(u, v, indexing="ij")
    world = shore.frame()
    out = shore.out(*(world[:2, :2] @ np.stack([uu.ravel(), vv.ravel()]))).reshape(uu.shape)
    bend = 1.6 * np.sin(0.07 * vv + rng.uniform(0, 6)) + 0.9 * np.sin(0.17 * vv + 0.05 * uu + rng.uniform(0, 6))
    stage = (out + bend - WATERLINE_M) / 5.2
    crest = np.clip(np.cos(2 * np.pi * (stage - float(rng.uniform(0.1, 0.9)))), 0, 1) ** 4
    grow = np.clip((out - WATERLINE_M) / 4.5, 0, 1) * (1 - 0.65 * np.clip((out - 26.0) / 30.0, 0, 1))
    set_in = 0.55 + 0.45 * np.sin(0.09 * vv + 0.31 * uu + rng.uniform(0, 6))
    z = SEA_M + waves_m * grow * crest * set_in
    points = np.stack([uu, vv, z], axis=-1)
    first, second = _SEAS[kind]
    tint = float(rng.uniform(-0.12, 0.12))
    shallow, deep = shade(srgb(first), 1 + tint), shade(srgb(second), 1 - tint)
    sea = build_fixed("sea", "water", Shape().sheet(points), [seaside.water(shallow, deep)], world, 80)
    breaking = (
        crest**2
        * np.clip(set_in - 0.25, 0, 1)
        * np.clip(1 - (out - 22.0) / 6.0, 0, 1)
        * grow
        * min(waves_m / 0.28, 1.3)
    )
    fringe = np.exp(-(((out - WATERLINE_M + 0.25 * bend) / 0.75) ** 2))
    mark(sea, "foam", np.clip(0.72 * fringe + 0.9 * breaking, 0, 1))
    mark(sea, "deep", np.clip((out - WATERLINE_M) / 45.0, 0, 1) ** 0.55)
    for _ in range(int(rng.integers(0, 3))):
        boat = seaside.sail(rng).to_mesh(
            "sailing boat", [plain("far hull", srgb("e4e0d6"), 0.6), fabric("sails", srgb("f2eee2"))]
        )
        at = (
            world
            @ translation(float(rng.uniform(70, 160)), float(rng.uniform(-90, 90)), SEA_M)
            @ rotation("z", float(rng.uniform(0, 360)))
        )
        place(boat, "sailing boat", at)


def _build_distance(rng: np.random.Generator, shore: Shore, kind: str, pale: Colour, hour: float) -> None:
    """Build headlands at the ends of the bay, hills inland, and trees before them."""
    haze = srgb("bccbd8") if 8.5 < hour < 16 else srgb("d8c3b4")
    land = srgb("6f8a52") if kind in ("palms", "resort") else srgb("8a8a5e")
    near, far = blend(land, haze, 0.25), blend(land, haze, 0.6)
    turn = shore.turn_deg
    ridge(rng, 88.0, 9.0, ground("hills", (shade(near, 0.75), near), 5.0, 0.8), (turn + 88, turn + 272))
    for sign in (-1, 1):
        if rng.random() < 0.75:
            ends = sorted((turn + sign * 98, turn + sign * float(rng.uniform(38, 66))))
            ridge(
                rng,
                float(rng.uniform(150, 230)),
                float(rng.uniform(9, 20)),
                ground("headland", (shade(far, 0.85), far), 9.0, 1.5),
                (ends[0], ends[1]),
            )
    crowd = woods.far_trees(
        rng, lambda x, y: np.zeros_like(x) - 0.3, (44.0, 70.0), 130, (4.0, 8.0), 0.0, (turn + 115, turn + 245)
    )
    tint = blend(land, srgb("3c5a30"), 0.5)
    crowns = ground("far crowns", (shade(tint, 0.6), tint), 1.2, 0.3)
    build_fixed("far trees", "tree", crowd, [plain("far trunks", srgb("6d5d48"), 0.9), crowns], None, 80)
