"""Runs inside a child process: builds a family of content and prints what tests want to know, as one JSON line.

Usage: python probe.py scene|animation FAMILY '{"seed": 1, "params": {}, "times": 24, "fps": 12}'
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from blender_scripts import animations, parameters, scenes
from blender_scripts.contracts import ROLE_PROPERTY, AnimationContext, SceneContract
from blender_scripts.props.placement import SUPPORT_PROPERTY

STAGE = SceneContract((-5, -5, 0.2), (5, 5, 2.6), (0.4, -0.3, 0.01), 2.8, 0.01, "an empty stage")


def world_mesh(item: bpy.types.Object) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Return world vertices (V, 3) and polygons of an object as evaluated at the current frame."""
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.data
    points = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", points)
    matrix = np.array(evaluated.matrix_world)
    world = points.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return world, [tuple(polygon.vertices) for polygon in mesh.polygons]


def tree_of(item: bpy.types.Object) -> BVHTree:
    points, faces = world_mesh(item)
    return BVHTree.FromPolygons(points.tolist(), faces)


def meshes() -> list[bpy.types.Object]:
    return [item for item in bpy.context.scene.objects if item.type == "MESH"]


def digest(items: list[bpy.types.Object]) -> str:
    """Return a hash of names and world vertices (rounded to a hundredth of a millimetre) of objects."""
    made = hashlib.sha256()
    for item in sorted(items, key=lambda item: item.name):
        made.update(item.name.encode())
        made.update(np.round(world_mesh(item)[0] * 1e5).astype(np.int64).tobytes())
    return made.hexdigest()


def fresh() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def build_scene(family: str, request: dict[str, Any]) -> tuple[SceneContract, float]:
    fresh()
    rng = np.random.default_rng(request["seed"])
    declared = scenes.parameters(family)
    begin = time.perf_counter()
    contract = scenes.load(family).build(parameters.resolve(family, declared, request["params"], rng), rng)
    seconds = time.perf_counter() - begin
    bpy.context.view_layer.update()
    return contract, seconds


def triangles() -> int:
    return sum(sum(len(polygon.vertices) - 2 for polygon in item.data.polygons) for item in meshes())


def inside(item: bpy.types.Object, low: list[float], high: list[float]) -> bool:
    """Say whether any of an object's surface lies in a box: a vertex in it, or a face through its sides."""
    points, faces = world_mesh(item)
    if np.any(np.all((points > low) & (points < high), axis=1)):
        return True
    corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    sides = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    return bool(BVHTree.FromPolygons(corners, sides).overlap(BVHTree.FromPolygons(points.tolist(), faces)))


def resting_gaps() -> dict[str, float]:
    """Return, per placed object, how far its lowest point hovers above what supports it (nan: nothing beneath)."""
    trees: dict[str, BVHTree] = {}
    gaps = {}
    for item in meshes():
        support = item.get(SUPPORT_PROPERTY)
        if support is None or item.get(ROLE_PROPERTY) == "fixture":
            continue
        if support not in trees:
            trees[support] = tree_of(bpy.data.objects[support])
        points, _ = world_mesh(item)
        low = points[points[:, 2] < points[:, 2].min() + 0.01]
        found = [trees[support].ray_cast(Vector(p) + Vector((0, 0, 0.02)), Vector((0, 0, -1)), 0.2)[3] for p in low]
        hits = [distance - 0.02 for distance in found if distance is not None]
        gaps[item.name] = float(np.min(hits)) if hits else float("nan")
    return gaps


def detached() -> list[str]:
    """Return fixtures that are more than 5 cm from what holds them."""
    far = []
    for item in meshes():
        support = item.get(SUPPORT_PROPERTY)
        if support is not None and item.get(ROLE_PROPERTY) == "fixture":
            tree = tree_of(bpy.data.objects[support])
            points, _ = world_mesh(item)
            nearest = min(tree.find_nearest(Vector(point))[3] for point in points)
            if nearest > 0.05:
                far.append(item.name)
    return far


def collisions() -> list[list[str]]:
    """Return pairs of objects whose surfaces cross, at least one of them placed by the rules of placement."""
    items = [item for item in meshes() if item.get(ROLE_PROPERTY) not in ("floor", "fixture")]
    bounds = [(points.min(axis=0), points.max(axis=0)) for points in (world_mesh(item)[0] for item in items)]
    trees: dict[int, BVHTree] = {}
    found = []
    for i, first in enumerate(items):
        for j in range(i + 1, len(items)):
            second = items[j]
            if not (SUPPORT_PROPERTY in first or SUPPORT_PROPERTY in second):
                continue
            if np.any(bounds[i][0] > bounds[j][1]) or np.any(bounds[j][0] > bounds[i][1]):
                continue
            for index in (i, j):
                if index not in trees:
                    trees[index] = tree_of(items[index])
            if trees[i].overlap(trees[j]):
                found.append([first.name, second.name])
    return found


def probe_scene(family: str, request: dict[str, Any]) -> dict[str, Any]:
    contract, seconds = build_scene(family, request)
    same = digest(meshes())
    centre, radius = contract.stage_centre, contract.stage_radius_m
    stage_low = [centre[0] - radius * 0.7, centre[1] - radius * 0.7, contract.floor_m + 0.02]
    stage_high = [centre[0] + radius * 0.7, centre[1] + radius * 0.7, 2.2]
    report = {
        "seconds": seconds,
        "triangles": triangles(),
        "objects": len(meshes()),
        "contract": contract.__dict__,
        "in_camera_box": [i.name for i in meshes() if inside(i, list(contract.camera_min), list(contract.camera_max))],
        "on_stage": [i.name for i in meshes() if inside(i, stage_low, stage_high)],
        "gaps": resting_gaps(),
        "detached": detached(),
        "collisions": collisions(),
        "lights": sum(item.type == "LIGHT" for item in bpy.context.scene.objects),
        "digest": same,
    }
    again, _ = build_scene(family, request)
    report["digest_again"], report["caption_again"] = digest(meshes()), again.caption
    build_scene(family, request | {"seed": request["seed"] + 1})
    report["digest_other"] = digest(meshes())
    return report


def build_animation(family: str, request: dict[str, Any]) -> tuple[Any, list[bpy.types.Object], float]:
    fresh()
    rng = np.random.default_rng(request["seed"])
    declared = animations.parameters(family)
    context = AnimationContext(request["times"], request["fps"], STAGE)
    begin = time.perf_counter()
    subject = animations.load(family).build(parameters.resolve(family, declared, request["params"], rng), rng, context)
    seconds = time.perf_counter() - begin
    chosen = [i for root in subject.objects for i in (root, *root.children_recursive) if i.type == "MESH"]
    return subject, chosen, seconds


def track(items: list[bpy.types.Object], order: list[int]) -> dict[int, np.ndarray]:
    """Return {time: world vertices (V, 3)} with the frames set in the given order."""
    places = {}
    for index in order:
        bpy.context.scene.frame_set(1 + index)
        places[index] = np.concatenate([world_mesh(item)[0] for item in items])
    return places


def probe_animation(family: str, request: dict[str, Any]) -> dict[str, Any]:
    subject, items, seconds = build_animation(family, request)
    order = list(range(request["times"]))
    straight = track(items, order)
    shuffled = track(items, np.random.default_rng(7).permutation(order).tolist())
    points = np.stack([straight[index] for index in order])
    centre = np.array(STAGE.stage_centre)
    report = {
        "seconds": seconds,
        "triangles": triangles(),
        "caption": subject.caption,
        "front_deg": subject.front_deg,
        "reach": float(np.linalg.norm((points - centre)[..., :2], axis=-1).max()),
        "lowest": float(points[..., 2].min()) - STAGE.floor_m,
        "height": float(points[..., 2].max()) - STAGE.floor_m,
        "motion": np.linalg.norm(np.diff(points, axis=0), axis=-1).max(axis=1).tolist(),
        "history_error": max(float(np.abs(straight[index] - shuffled[index]).max()) for index in order),
        "stage": {"radius": STAGE.stage_radius_m},
    }
    bpy.context.scene.frame_set(3)
    report["digest"] = digest(items)
    for key, seed in (("digest_again", request["seed"]), ("digest_other", request["seed"] + 1)):
        _, items, _ = build_animation(family, request | {"seed": seed})
        bpy.context.scene.frame_set(3)
        report[key] = digest(items)
    return report


if __name__ == "__main__":
    kind, family, request = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    made = (probe_scene if kind == "scene" else probe_animation)(family, request)
    print("REPORT " + json.dumps(made))
