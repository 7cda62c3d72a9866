"""A clearing in a wood: trunks and crowns all round, ferns, boulders, fallen logs, a path, dappled light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, Graph, blend, foliage, ground, plain, shade
from blender_scripts.palettes import srgb
from blender_scripts.props import forest_floor, outdoor, plants, woods
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.placement import build_fixed
from blender_scripts.props.terrain import Land, crown_on, keep_out, ridge, rolling

PARAMETERS = {
    "hour": ((8.2, 16.4), "solar hour of the day, 6 sunrise to 18 sunset"),
    "cloud": ((0.0, 0.7), "cloud cover, 0 clear to 1 overcast"),
    "season": (["spring", "summer", "summer", "autumn"], "colours of leaves and ground"),
    "wood": (["broadleaf", "pine", "birch", "mixed"], "which trees grow"),
    "trees": ((24, 36), "number of trees near the clearing"),
    "clearing_m": ((5.2, 6.6), "half the side of the square in which cameras move"),
    "hills_m": ((0.6, 2.6), "height of the ground's swells"),
    "logs": ((2, 5), "number of fallen logs"),
    "path": ([True, True, False], "whether a path crosses the clearing"),
}

FINE_M, FAR_M = 25.0, 70.0
CANOPY_M = 3.5
"""Height that crowns over the clearing keep free."""
STAGE_M = 3.0

_SEASONS: dict[str, tuple[str, tuple[str, str], tuple[str, str]]] = {
    "spring": ("in spring", ("7fa63a", "95b44c"), ("77714a", "84914a")),
    "summer": ("in summer", ("4a7a2c", "5f8c36"), ("766648", "728244")),
    "autumn": ("in autumn", ("b8742a", "c9982f"), ("93693f", "ab854a")),
}
_TREES = {"broadleaf": "beeches", "pine": "tall spruces", "birch": "birches", "mixed": "mixed trees"}


@dataclass(frozen=True)
class _Wood:
    kind: str
    half: float
    leaf: tuple[Colour, Colour]
    soil: tuple[Colour, Colour]


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the wood into the current scene; see `contracts.SceneContract` for what comes back."""
    half = float(params["clearing_m"])
    if not 4.5 <= half <= 10.0 or not 0 <= float(params["hills_m"]) <= 5:
        raise StageError("forest: clearing_m must lie in 4.5..10 and hills_m in 0..5")
    words, leaf, soil = _SEASONS[str(params["season"])]
    wood = _Wood(str(params["wood"]), half, (srgb(leaf[0]), srgb(leaf[1])), (srgb(soil[0]), srgb(soil[1])))
    light = light_outdoors(rng, float(params["hour"]), float(params["cloud"]), blend(*wood.soil, 0.5))
    land = Land(rolling(rng, half * 1.35, 9.0, float(params["hills_m"]), (9.0, 26.0)), FINE_M, 0.62, half)
    path = _Path.draw(rng) if params["path"] else None
    _plant(rng, land, wood, path, int(params["trees"]))
    lying = _lay(rng, land, wood, path, int(params["logs"]))
    marks = {"path": path.share} if path else {}
    land.build(_floor_material(wood, path is not None), FAR_M, marks)
    _grow_under(rng, land, wood, path, str(params["season"]))
    _build_distance(rng, land, wood)
    way = "crossed by a path, " if path else ""
    return SceneContract(
        camera_min=(-half, -half, 0.4),
        camera_max=(half, half, 3.0),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=STAGE_M,
        floor_m=0.0,
        caption=f"a forest clearing {words} among {_TREES[wood.kind]}, {way}with {lying} {light.phrase}",
    )


@dataclass(frozen=True)
class _Path:
    """A trodden path: a band along a wavy line through the middle, ``turn`` radians from x."""

    turn: float
    sway: float
    phase: float
    width: float

    @staticmethod
    def draw(rng: np.random.Generator) -> _Path:
        return _Path(*(float(v) for v in rng.uniform((0, 0.8, 0, 0.75), (np.pi, 2.0, 6.3, 1.1))))

    def off(self, x: Any, y: Any) -> Any:
        """Distance in metres from the path's middle, roughly."""
        along, across = x * np.cos(self.turn) + y * np.sin(self.turn), y * np.cos(self.turn) - x * np.sin(self.turn)
        return np.abs(across - self.sway * (np.sin(0.21 * along + self.phase) - np.sin(self.phase)))

    def share(self, x: Any, y: Any) -> Any:
        """1 on the path, 0 off it."""
        return np.clip(1.5 - self.off(x, y) / self.width, 0, 1)


def _floor_material(wood: _Wood, path: bool) -> bpy.types.Material:
    graph = Graph("forest floor")
    where = graph.local()
    patches = graph.noise(where, 0.55, 3.0, 0.4)
    grain = graph.noise(where, 17.0, 2.0)
    colour = graph.mix(graph.remap(patches, 0.0, 1.0, 0.38, 0.62), wood.soil[0], wood.soil[1])
    if path:
        trodden = graph.node("Attribute", {"attribute_name": "path"}).outputs["Fac"]
        both = graph.node("Math", {"operation": "ADD"})
        graph.feed(both.inputs[0], trodden)
        graph.feed(both.inputs[1], patches)
        colour = graph.mix(graph.remap(both.outputs[0], 0.0, 1.0, 0.85, 1.25), colour, srgb("a08660"))
    graph.set(Base_Color=graph.mix(1.0, colour, graph.remap(grain, 0.6, 1.35), "MULTIPLY"), Roughness=0.95)
    graph.bump(grain, 0.7, 0.03)
    return graph.material


def _species(rng: np.random.Generator, wood: _Wood) -> list[woods.Tree]:
    """Return the tall trees of the wood, a few of each kind to be planted many times."""
    brown, grey = woods.bark("bark", srgb("6b5138")), woods.bark("beech bark", srgb("857d70"), 5.0)
    pale = woods.birch_bark()
    needles = blend(srgb("2f5630"), srgb("47683a"), float(rng.random()))
    made: list[woods.Tree] = []
    if wood.kind in ("broadleaf", "mixed"):
        made += [
            woods.broadleaf(
                rng,
                float(rng.uniform(10, 14)),
                float(rng.uniform(2.4, 3.3)),
                CANOPY_M,
                wood.leaf[i % 2],
                grey if i else brown,
            )
            for i in range(3 if wood.kind == "broadleaf" else 2)
        ]
    if wood.kind in ("pine", "mixed"):
        made += [
            woods.conifer(rng, float(rng.uniform(12, 17)), float(rng.uniform(1.7, 2.3)), CANOPY_M + 0.6, needles, brown)
            for _ in range(3 if wood.kind == "pine" else 1)
        ]
    if wood.kind in ("birch", "mixed"):
        made += [
            woods.broadleaf(
                rng,
                float(rng.uniform(8, 11)),
                float(rng.uniform(1.5, 2.0)),
                CANOPY_M,
                blend(wood.leaf[i % 2], srgb("c9c04a"), 0.25),
                pale,
                0.6,
                460,
            )
            for i in range(3 if wood.kind == "birch" else 1)
        ]
    return made


def _plant(rng: np.random.Generator, land: Land, wood: _Wood, path: _Path | None, count: int) -> None:
    """Plant tall trees from the clearing's edge outward, and young firs where they keep out of the cameras' room."""
    species = _species(rng, wood)
    planted = 0
    for index in range(count * 6):
        if planted == count:
            break
        near = planted < count * 0.4
        angle = float(rng.uniform(0, 2 * np.pi))
        away = wood.half * (1.12 if near else 1.5) + float(rng.uniform(0, 4.0 if near else 9.5))
        x, y = away * np.cos(angle), away * np.sin(angle)
        if path is not None and path.off(x, y) < path.width + 0.7:
            continue
        tree = species[index % len(species)]
        made = land.stand(tree.trunk, x, y, float(rng.uniform(0, 360)), 1.2)
        if made is not None:
            crown_on(made, tree.crown)
            planted += 1
    skin = woods.bark("young bark", srgb("5d4a36"))
    firs = [woods.conifer(rng, float(h), float(h) * 0.3, 0.25, srgb("3d6a38"), skin) for h in rng.uniform(1.6, 3.4, 2)]
    for _ in range({"pine": 16, "mixed": 12}.get(wood.kind, 7)):
        fir = firs[int(rng.integers(2))]
        angle, away = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(wood.half * 1.42 + fir.reach_m, 20.0))
        x, y = away * np.cos(angle), away * np.sin(angle)
        if path is not None and path.off(x, y) < path.width + fir.reach_m:
            continue
        made = land.stand(fir.trunk, x, y, float(rng.uniform(0, 360)), 0.9)
        if made is not None:
            crown_on(made, fir.crown)


def _lay(rng: np.random.Generator, land: Land, wood: _Wood, path: _Path | None, logs: int) -> str:
    """Lay logs, boulders, stumps and mushrooms round the clearing; return how a caption calls them."""
    skin = forest_floor.moss("log bark", srgb("6a5340"), shade(srgb("66803a"), 0.9))
    mossy = forest_floor.moss("mossy rock", srgb("8a857b"), srgb("6a7f3c"))
    kinds = [forest_floor.log(rng, float(rng.uniform(2.2, 4.2)), float(rng.uniform(0.16, 0.3)), skin) for _ in range(2)]
    fallen = land.scatter(rng, kinds, logs, (wood.half * 1.1, wood.half + 5.5), 0.3)
    boulders = [outdoor.rock(rng, float(size), mossy) for size in rng.uniform(0.35, 1.5, 4)]
    rocks = land.scatter(rng, boulders, int(rng.integers(4, 12)), (wood.half * 1.05, 15.0), 0.2)
    stumps = [
        forest_floor.stump(rng, float(rng.uniform(0.2, 0.34)), float(rng.uniform(0.25, 0.5)), skin) for _ in range(2)
    ]
    stubs = land.scatter(rng, stumps, int(rng.integers(0, 4)), (wood.half * 1.1, 12.0), 0.3)
    cap = srgb(str(rng.choice(["b8452a", "c9892f", "d8c7a0", "8a5a3a"])))
    land.scatter(
        rng, [forest_floor.mushrooms(rng, cap)], int(rng.integers(4, 9)), (wood.half * 1.02, wood.half + 3.0), 0.1
    )
    named = (
        (fallen, "a fallen log", "fallen logs"),
        (rocks, "a mossy boulder", "mossy boulders"),
        (stubs, "a stump", "stumps"),
    )
    words = [one if len(things) == 1 else many for things, one, many in named if things]
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else "ferns"


def _grow_under(rng: np.random.Generator, land: Land, wood: _Wood, path: _Path | None, season: str) -> None:
    """Grow ferns, grass and shoots, each as one mesh; none where things stand, few on the path, low near the stage."""
    x, y = _spots(rng, land, path, 430, STAGE_M + 1.6, 21.0, 0.75)
    reach = np.clip((np.hypot(x, y) - STAGE_M) / 4.0, 0.35, 1.0) * rng.uniform(0.35, 0.7, len(x))
    inside = np.maximum(np.abs(x), np.abs(y)) < wood.half + 0.9
    reach = np.where(inside, np.minimum(reach, 0.42), reach)
    feet = np.column_stack([x, y, land.height(x, y) - 0.01])
    green = blend(srgb("5d8636"), wood.leaf[0], 0.35 if season == "autumn" else 0.6)
    build_fixed("ferns", "grass", forest_floor.fronds(rng, feet, reach, 6), [foliage("ferns", green, 0.45)], None, 80)
    x, y = _spots(rng, land, path, 2600, STAGE_M + 0.3, 16.0, 0.3)
    blades = np.column_stack([x, y, land.height(x, y) - 0.01])
    turf = forest_floor.blades(rng, blades, rng.uniform(0.1, 0.26, len(x)), 5)
    build_fixed("grass", "grass", turf, [foliage("forest grass", shade(green, 0.9), 0.4)], None, 80)
    x, y = _spots(rng, land, path, 90, wood.half * 1.5, 17.0, 0.5)
    shoots = forest_floor.saplings(
        rng, np.column_stack([x, y, land.height(x, y) - 0.02]), rng.uniform(0.5, 1.3, len(x))
    )
    build_fixed(
        "shoots",
        "grass",
        shoots,
        [plain("stalk", srgb("6a5a3c"), 0.8), foliage("shoot leaves", wood.leaf[1])],
        None,
        80,
    )
    count = {"autumn": 1900, "spring": 500, "summer": 900}[season]
    x, y = _spots(rng, land, None, count, 0.3, 14.0, 0.12)
    middles = np.column_stack([x, y, land.height(x, y) + 0.012])
    litter = plants.leaves(rng, np.zeros((1, 3)), np.ones(1), len(x), 0.05).vertices.reshape(-1, 4, 3)
    flat = (litter - litter.mean(axis=1, keepdims=True)) * [1, 1, 0.12] + middles[:, None, :]
    shape = plants.leaves(rng, np.zeros((1, 3)), np.ones(1), len(x), 0.05).replaced(flat)
    fallen = blend(wood.leaf[0], srgb("8a5a2c"), 0.6)
    build_fixed("fallen leaves", "grass", shape, [foliage("fallen leaves", fallen, 0.5)], None, 80)


def _spots(
    rng: np.random.Generator, land: Land, path: _Path | None, count: int, near: float, far: float, margin: float
) -> tuple[Any, Any]:
    """Return spots (x, y) between two distances, denser near, off what stands there and off the path."""
    away = near + (far - near) * rng.random(count) ** 1.3
    angle = rng.uniform(0, 2 * np.pi, count)
    x, y = away * np.cos(angle), away * np.sin(angle)
    free = keep_out(x, y, land.floor.taken[1:], margin)
    if path is not None:
        free &= path.off(x, y) > path.width * rng.uniform(0.7, 1.3, count) + margin
    return x[free], y[free]


def _build_distance(rng: np.random.Generator, land: Land, wood: _Wood) -> None:
    """Close the wood with simple trees and a ridge behind them, paler with distance."""
    share = {"pine": 0.95, "mixed": 0.5}.get(wood.kind, 0.0)
    green = blend(wood.leaf[0], srgb("34572f"), share)
    haze = srgb("9fb0a4")
    trunk = blend(srgb("d8d4c8") if wood.kind == "birch" else srgb("5a4a3a"), haze, 0.25)
    for ring, count, tall, pale in (((24.5, 32.0), 120, (9.0, 15.0), 0.12), ((33.0, 52.0), 150, (11.0, 18.0), 0.35)):
        crowd = woods.far_trees(rng, land.height, ring, count, tall, share)
        tint = blend(green, haze, pale)
        build_fixed(
            "far trees",
            "tree",
            crowd,
            [plain("far trunks", trunk, 0.9), ground("far crowns", (shade(tint, 0.6), tint), 1.4, 0.3)],
            None,
            80,
        )
    tint = blend(green, haze, 0.6)
    ridge(rng, 75.0, 15.0, ground("far wood", (shade(tint, 0.8), tint), 6.0, 1.0))
