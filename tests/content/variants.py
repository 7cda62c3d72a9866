"""Runs inside a child process: builds variants of an animation family one after another and prints a report of each.

Usage: python variants.py FAMILY '[{"seed": 1, "params": {}, "times": 24, "fps": 12, "radius": 2.8}, ...]'
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

from blender_scripts import animations, measure, parameters
from blender_scripts.contracts import AnimatedSubject, AnimationContext, SceneContract
from blender_scripts.errors import StageError

FLOOR_M = 0.25
CENTRE = np.array([0.7, -0.4])


def build(family: str, request: dict[str, Any]) -> tuple[AnimatedSubject, float]:
    """Build a variant into an empty file and return it with the processor seconds that it took."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.frame_end = round(request["fps"]), request["times"]
    stage = SceneContract((-9, -9, 0.3), (9, 9, 3), (*CENTRE, FLOOR_M), request["radius"], FLOOR_M, "an empty stage")
    rng = np.random.default_rng(request["seed"])
    values = parameters.resolve(family, animations.parameters(family), request["params"], rng)
    begin = time.process_time()
    subject = animations.load(family).build(values, rng, AnimationContext(request["times"], request["fps"], stage))
    return subject, time.process_time() - begin


def pose(subject: AnimatedSubject, index: int) -> tuple[np.ndarray, int]:
    """Return all world vertices (V, 3) at a time index, and the number of triangles."""
    bpy.context.scene.frame_set(1 + index)
    members = {item for root in subject.objects for item in (root, *root.children_recursive)}
    found = list(measure.surfaces(members.__contains__))
    return np.concatenate([s.vertices for s in found]), sum(len(s.triangles) for s in found)


def digest(points: np.ndarray) -> str:
    return hashlib.sha256(points.tobytes()).hexdigest()


def report(family: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        subject, seconds = build(family, request)
    except StageError as error:
        return {"error": str(error)}
    objects = sorted(item.name for item in bpy.data.objects)
    orders = [digest(pose(subject, index)[0]) for index in (5, 9, 5, 0)]
    track = [pose(subject, index) for index in range(request["times"])]
    points = np.stack([spots for spots, _ in track])
    members = {item.name for root in subject.objects for item in (root, *root.children_recursive)}
    return {
        "digests": [digest(spots) for spots in points],
        "orders": orders,
        "reach": float(np.linalg.norm(points[..., :2] - CENTRE, axis=-1).max()),
        "lowest": float(points[..., 2].min()) - FLOOR_M,
        "size": float(np.linalg.norm(np.ptp(points, axis=1), axis=-1).max()),
        "motion": np.linalg.norm(np.diff(points, axis=0), axis=-1).max(axis=1).tolist(),
        "finite": bool(np.isfinite(points).all()),
        "triangles": track[0][1],
        "seconds": seconds,
        "caption": subject.caption,
        "front_deg": subject.front_deg,
        "left_over": [name for name in objects if name not in members],
        "drivers": sum(len(item.animation_data.drivers) for item in bpy.data.objects if item.animation_data),
        "physics": bpy.context.scene.rigidbody_world is not None,
        "handlers": len(bpy.app.handlers.frame_change_pre) + len(bpy.app.handlers.frame_change_post),
    }


if __name__ == "__main__":
    print("REPORT " + json.dumps([report(sys.argv[1], request) for request in json.loads(sys.argv[2])]))
