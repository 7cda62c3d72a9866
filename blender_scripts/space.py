"""Free space in a scene file: its floor, a free spot to act on, and the box in which cameras may be. By ray casts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.measure import Surface

GRID = 41  # floor samples along each axis
WALKABLE = 0.7  # least upward component of a floor's normal
HEADROOM_M = 2.0
MARGIN_M = 0.25  # kept between the camera box and walls
OPEN_FACTOR = 2.0  # an open side of the camera box lies this many stage radii, at least OPEN_LEAST_M, away
OPEN_LEAST_M = 6.0
BODY_HEIGHTS = (0.25, 1.0, 1.75)  # above the floor, where a subject needs room
_UP, _DOWN = Vector((0, 0, 1)), Vector((0, 0, -1))
_AROUND = [Vector((np.cos(a), np.sin(a), 0.0)) for a in np.arange(24) * np.pi / 12]


@dataclass(frozen=True)
class Mesh:
    """Triangles of many surfaces in one tree: world box (2, 3), the tree."""

    box: NDArray[np.float64]
    tree: BVHTree

    @staticmethod
    def of(surfaces: Iterable[Surface]) -> Mesh | None:
        """Join surfaces; None if there are none."""
        parts = list(surfaces)
        if not parts:
            return None
        starts = np.cumsum([0] + [len(s.vertices) for s in parts])
        vertices = np.concatenate([s.vertices for s in parts])
        triangles = np.concatenate([s.triangles + o for s, o in zip(parts, starts, strict=False)])
        tree = BVHTree.FromPolygons(vertices.tolist(), triangles.tolist(), all_triangles=True)
        return Mesh(np.stack([vertices.min(0), vertices.max(0)]), tree)


def find_space(name: str, mesh: Mesh, caption: str) -> SceneContract:
    """Find floor, stage and camera box of a scene without a contract of its own.

    The floor is the lowest of the large level surfaces with headroom; the stage the sample of it farthest from any
    obstacle at body height, ties going to the one nearest the floor's middle; the camera box reaches from there to
    the nearest walls (medians of rays at several heights), or, where nothing is hit, a few stage radii out; without a
    ceiling it ends at the height of the scene.
    Raises StageError if the scene has no floor.
    """
    hits = _walkable_hits(mesh)
    if len(hits) == 0:
        raise StageError(f"{name}: no level surface with {HEADROOM_M:g} m of headroom to stand on was found")
    floor = _floor_height(hits[:, 2])
    spots = hits[np.abs(hits[:, 2] - floor) < 0.1]
    edge = _edge_distances(spots[:, :2], mesh.box)
    room = np.array([min(_room(mesh, spot), e) for spot, e in zip(spots, edge, strict=True)])
    from_middle = np.linalg.norm(spots[:, :2] - spots[:, :2].mean(0), axis=1)
    best = np.lexsort((from_middle, -np.round(room, 1)))[0]
    centre, radius = spots[best], float(room[best])
    if radius < 0.1:
        raise StageError(f"{name}: no free spot on its floor at {floor:.2f} m was found")
    low, high = _camera_box(mesh, centre, radius)
    spot = (float(centre[0]), float(centre[1]), float(floor))
    return SceneContract(_tuple(low), _tuple(high), spot, radius, float(floor), caption)


def _walkable_hits(mesh: Mesh) -> NDArray[np.float64]:
    """Points (N, 3) where a vertical ray meets an upward surface with headroom, over a grid of the scene's box."""
    (x0, y0, z0), (x1, y1, z1) = mesh.box
    found = []
    for x in x0 + (np.arange(GRID) + 0.5) * (x1 - x0) / GRID:
        for y in y0 + (np.arange(GRID) + 0.5) * (y1 - y0) / GRID:
            z = z1 + 1.0
            for _ in range(64):
                point, normal, _, _ = mesh.tree.ray_cast(Vector((x, y, z)), _DOWN, z - z0 + 1.0)
                if point is None:
                    break
                if abs(normal.z) > WALKABLE and mesh.tree.ray_cast(point + 1e-3 * _UP, _UP, HEADROOM_M)[0] is None:
                    found.append(tuple(point))
                z = point.z - 1e-3
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _floor_height(heights: NDArray[np.float64]) -> float:
    """Lowest level (to 5 cm) that holds at least a third as many samples as the largest: floors, not roofs."""
    levels, counts = np.unique(np.round(heights / 0.05).astype(int), return_counts=True)
    level = levels[counts * 3 >= counts.max()][0]
    return float(np.median(heights[np.abs(heights / 0.05 - level) <= 1.0]))


def _edge_distances(spots: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each spot is from the nearest place without floor: outside the box, or a grid sample with none."""
    pitch = (box[1, :2] - box[0, :2]) / GRID
    index = np.clip(np.floor((spots - box[0, :2]) / pitch).astype(int), 0, GRID - 1)
    there = np.zeros((GRID + 2, GRID + 2), dtype=bool)
    there[index[:, 0] + 1, index[:, 1] + 1] = True
    holes = (np.argwhere(~there) - 0.5) * pitch + box[0, :2]
    return np.array([np.min(np.linalg.norm(holes - s, axis=1)) for s in spots])


def _room(mesh: Mesh, spot: NDArray[np.float64]) -> float:
    """Distance from a spot to the nearest surface at body height."""
    nearest = float(np.linalg.norm(mesh.box[1] - mesh.box[0]))
    for height in BODY_HEIGHTS:
        origin = Vector((spot[0], spot[1], spot[2] + height))
        for direction in _AROUND:
            distance = mesh.tree.ray_cast(origin, direction, nearest)[3]
            nearest = nearest if distance is None else min(nearest, distance)
    return nearest


def _camera_box(
    mesh: Mesh, centre: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reach = max(OPEN_FACTOR * radius, OPEN_LEAST_M)
    heights = (0.5, 1.5, 2.5)
    sides = []
    for direction in (Vector((-1, 0, 0)), Vector((0, -1, 0)), Vector((1, 0, 0)), Vector((0, 1, 0))):
        across = Vector((-direction.y, direction.x, 0.0))
        free = []
        for height in heights:
            for offset in (-0.5, 0.0, 0.5):
                origin = Vector(centre) + height * _UP + (offset * radius) * across
                distance = mesh.tree.ray_cast(origin, direction, reach + MARGIN_M)[3]
                free.append(reach if distance is None else distance - MARGIN_M)
        sides.append(max(float(np.median(free)), 0.1))
    ceiling = mesh.tree.ray_cast(Vector(centre) + 0.1 * _UP, _UP, reach + MARGIN_M)[3]
    roofless = min(reach, max(float(mesh.box[1, 2] - centre[2]), OPEN_LEAST_M / 2))
    up = roofless if ceiling is None else max(0.1 + ceiling - MARGIN_M, 0.5)
    low = np.array([centre[0] - sides[0], centre[1] - sides[1], centre[2] + 0.1])
    return low, np.array([centre[0] + sides[2], centre[1] + sides[3], centre[2] + up])


def _tuple(values: Any) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
