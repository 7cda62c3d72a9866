"""Whether a point is inside something solid, judged against a point that is known to be in the open.

Meshes in the wild are open, have holes, or have their normals turned in. So no single rule decides: a closed mesh
encloses a point if rays leave it through an odd number of faces; an open one if nearly all rays first meet the back
of a face. A mesh that encloses the reference point too (a room, a sky) is no obstacle.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from blender_scripts.measure import Surface
from blender_scripts.space import Mesh

BACK_SHARE = 0.8
"""Share of first hits on backs of faces from which a point counts as inside an open mesh."""

LEAST_HITS = 0.25
"""Share of directions that must hit at all for that."""

MAX_CROSSINGS = 256
STEP_M = 1e-5


def _directions(count: int = 64) -> list[Vector]:
    """Evenly spread directions (a Fibonacci lattice), hardly any along an axis, where modelled geometry lies."""
    k = np.arange(count) + 0.5
    z, azimuth = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z**2)
    return [Vector(d) for d in np.stack([r * np.cos(azimuth), r * np.sin(azimuth), z], axis=1)]


class _Solid:
    """One mesh; its tree is built only if a point falls in its box."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._box = surface.vertices.min(0), surface.vertices.max(0)

    def may_hold(self, point: NDArray[np.float64]) -> bool:
        """Whether the point lies in the box."""
        return bool(np.all(point >= self._box[0]) and np.all(point <= self._box[1]))

    @cached_property
    def tree(self) -> BVHTree:
        """The mesh's triangles."""
        return BVHTree.FromPolygons(
            self._surface.vertices.tolist(), self._surface.triangles.tolist(), all_triangles=True
        )

    @cached_property
    def closed(self) -> bool:
        """Whether the mesh has no open edge."""
        return is_closed(self._surface)


class Enclosures:
    """The solids of a set of surfaces.

    surfaces: what may enclose a point, one mesh each. whole: all of them together. reference: a point (3,) in the open.
    """

    def __init__(self, surfaces: list[Surface], whole: Mesh | None, reference: NDArray[np.float64]) -> None:
        self._directions = _directions()
        self._whole = whole
        self._solids = [_Solid(s) for s in surfaces]
        self._round_reference = [self._holds(s, reference) for s in self._solids]
        self._reference_buried = whole is not None and self._behind(whole.tree, reference)

    def inside(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(N,) whether each point (N, 3) is inside something that the reference is not in."""
        return np.array([self._is_inside(p) for p in points], dtype=bool)

    def _is_inside(self, point: NDArray[np.float64]) -> bool:
        for solid, round_reference in zip(self._solids, self._round_reference, strict=True):
            if self._holds(solid, point) != round_reference:
                return True
        buried = self._whole is not None and self._behind(self._whole.tree, point)
        return buried and not self._reference_buried

    def _holds(self, solid: _Solid, point: NDArray[np.float64]) -> bool:
        if not solid.may_hold(point):
            return False
        if not solid.closed:
            return self._behind(solid.tree, point)
        odd = [self._crossings(solid.tree, Vector(point), d) % 2 for d in self._directions[::5]]
        return 2 * sum(odd) > len(odd)

    def _behind(self, tree: BVHTree, point: NDArray[np.float64]) -> bool:
        """Whether nearly all rays from a point that hit anything first hit the back of a face."""
        hits = backs = 0
        origin = Vector(point)
        for direction in self._directions:
            place, normal, _, _ = tree.ray_cast(origin, direction)
            if place is not None:
                hits += 1
                backs += normal.dot(direction) > 0
        return hits >= LEAST_HITS * len(self._directions) and backs >= BACK_SHARE * hits

    @staticmethod
    def _crossings(tree: BVHTree, origin: Vector, direction: Vector) -> int:
        for count in range(MAX_CROSSINGS):
            place = tree.ray_cast(origin, direction)[0]
            if place is None:
                return count
            origin = place + STEP_M * direction
        return MAX_CROSSINGS


def is_closed(surface: Surface) -> bool:
    """Whether every edge has two faces, once vertices that coincide (split by importers) are taken as one."""
    keys = np.round(surface.vertices / 1e-5).astype(np.int64)
    _, merged = np.unique(keys, axis=0, return_inverse=True)
    corners = merged.reshape(-1)[surface.triangles]
    corners = corners[(corners != np.roll(corners, 1, axis=1)).all(axis=1)]
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    return bool(len(counts) and (counts % 2 == 0).all())
