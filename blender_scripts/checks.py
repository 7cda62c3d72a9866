"""Whether a camera path can be filmed: nothing inside geometry, nothing flown through, the subject in sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from blender_scripts import measure
from blender_scripts.bvh_sharing import is_ghost
from blender_scripts.enclosure import Enclosures
from blender_scripts.errors import StageError
from blender_scripts.measure import Surface
from blender_scripts.space import Mesh
from blender_scripts.stage import Stage

VISIBILITY_POINTS = 128
"""Points of the subject's surface that visibility is judged by."""

REACH_M = 1000.0
"""Clearances beyond this count as none: there is nothing near."""


@dataclass(frozen=True)
class Path:
    """The cameras to check: centres (C, 3), world to camera (C, 3, 4), K (C, 3, 3), image size in pixels."""

    centres: NDArray[np.float64]
    w2c: NDArray[np.float64]
    K: NDArray[np.float64]
    width: int
    height: int

    @staticmethod
    def parse(args: dict[str, Any]) -> Path:
        """Read `c2w`, `K`, `width`, `height` of a request."""
        c2w = np.asarray(args["c2w"], np.float64).reshape(-1, 4, 4)
        K = np.asarray(args["K"], np.float64).reshape(-1, 3, 3)
        if len(c2w) != len(K) or not len(c2w):
            raise StageError("check_path: needs at least one camera, and as many K as c2w")
        return Path(c2w[:, :3, 3], np.linalg.inv(c2w)[:, :3], K, int(args["width"]), int(args["height"]))


class PathChecker:
    """Checks paths against one stage; what does not move is prepared once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._subject = {m for root in stage.subject.objects for m in (root, *root.children_recursive)}
        still = list(measure.surfaces(lambda item: item not in self._subject and not is_ghost(item)))
        self._scene = Mesh.of(still)
        self._enclosures = Enclosures(still, self._scene, _reference(stage))

    def check(self, args: dict[str, Any], beat: Callable[[], None]) -> dict[str, Any]:
        """Answer the verb `check_path`: lists inside_geometry, clearance_m, segment_blocked (C), subject_visible (C × n).

        A camera is inside geometry if it is on another side of some surface than the middle of the stage is: so a
        room, which encloses both, does not count, and a cupboard does. `beat` is called between steps.
        """
        path = Path.parse(args)
        times = [int(t) for t in args["times"]]
        if any(not 0 <= t < self._stage.times for t in times) or not times:
            raise StageError(f"check_path: times must lie in 0..{self._stage.times - 1}")
        inside = self._enclosures.inside(path.centres)
        clearance = np.full(len(path.centres), np.inf)
        blocked = np.zeros(len(path.centres), dtype=bool)
        if self._scene is not None:
            clearance = _clearance(self._scene, path.centres)
            blocked = _blocked(self._scene, path.centres)
        visible = np.zeros((len(path.centres), len(times)))
        for i, time in enumerate(times):
            beat()
            bpy.context.scene.frame_set(1 + time)
            moving = list(measure.surfaces(self._subject.__contains__))
            mesh = Mesh.of(moving)
            if mesh is not None:
                clearance = np.minimum(clearance, _clearance(mesh, path.centres))
                blocked |= _blocked(mesh, path.centres)
                inside |= Enclosures(moving, mesh, _above(mesh)).inside(path.centres)
                visible[:, i] = _visible(path, self._scene, _sample(moving, time))
        return {
            "inside_geometry": inside.tolist(),
            "clearance_m": [float(c) if np.isfinite(c) else None for c in clearance],
            "segment_blocked": blocked.tolist(),
            "subject_visible": visible.tolist(),
        }


def _reference(stage: Stage) -> NDArray[np.float64]:
    """A point known to be in the open: over the middle of the stage."""
    x, y, z = stage.contract.stage_centre
    return np.array([x, y, z + 1.0])


def _above(mesh: Mesh) -> NDArray[np.float64]:
    """A point outside a mesh: above its box, off its middle."""
    return np.array([*mesh.box[:, :2].mean(0) + 0.0137, mesh.box[1, 2] + 1.0])


def _clearance(mesh: Mesh, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    found = [mesh.tree.find_nearest(Vector(c), REACH_M)[3] for c in centres]
    return np.array([np.inf if d is None else d for d in found])


def _blocked(mesh: Mesh, centres: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Per camera, whether a surface lies on the segment to the next."""
    blocked = np.zeros(len(centres), dtype=bool)
    for i, (start, end) in enumerate(pairwise(centres)):
        step = Vector(end - start)
        if step.length > 0:
            blocked[i] = mesh.tree.ray_cast(Vector(start), step.normalized(), step.length)[0] is not None
    return blocked


def _sample(moving: list[Surface], time: int) -> NDArray[np.float64]:
    """Points (n, 3) spread evenly over the subject's surface, the same on every call: area-weighted by a fixed seed."""
    corners = np.concatenate([s.vertices[s.triangles] for s in moving])
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    if not area.sum() > 0:
        return corners[:, 0]
    rng = np.random.default_rng(time)
    share = (np.arange(VISIBILITY_POINTS) + rng.random()) / VISIBILITY_POINTS
    chosen = corners[np.searchsorted(np.cumsum(area) / area.sum(), share).clip(max=len(corners) - 1)]
    a, b = rng.random((2, VISIBILITY_POINTS, 1))
    flip = a + b > 1
    a, b = np.where(flip, 1 - a, a), np.where(flip, 1 - b, b)
    points: NDArray[np.float64] = chosen[:, 0] + a * (chosen[:, 1] - chosen[:, 0]) + b * (chosen[:, 2] - chosen[:, 0])
    return points


def _visible(path: Path, scene: Mesh | None, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fraction (C,) of the points that fall in the image and are not hidden by the scene."""
    fractions = np.zeros(len(path.centres))
    for c, (centre, w2c, K) in enumerate(zip(path.centres, path.w2c, path.K, strict=True)):
        local = points @ w2c[:, :3].T + w2c[:, 3]
        uv = local @ K.T
        with np.errstate(divide="ignore", invalid="ignore"):
            uv = uv[:, :2] / uv[:, 2:]
        seen = (local[:, 2] > 0) & (uv >= 0).all(axis=1) & (uv[:, 0] <= path.width) & (uv[:, 1] <= path.height)
        if scene is not None:
            origin = Vector(centre)
            for p in np.flatnonzero(seen):
                ray = Vector(points[p]) - origin
                length = ray.length
                if length > 1e-3 and scene.tree.ray_cast(origin, ray / length, length - 1e-3)[0] is not None:
                    seen[p] = False
        fractions[c] = seen.mean()
    return fractions
