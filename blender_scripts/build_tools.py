"""Build meshes from arrays: the one way in which procedural content becomes Blender objects.

A :class:`Shape` gathers vertices, polygons, a material slot and a UV pair per corner, entirely in NumPy, and
becomes a mesh object once. UVs are metres: each polygon is projected along its dominant axis, so that a brick
texture has the same brick size on a wall, a step and a planter without unwrapping anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, pi, sin

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import ArrayLike, NDArray

from blender_scripts.boxes import BOX_FACES, chamfered_box

Array = NDArray[np.float64]

RESTING_GAP_M = 0.001
"""Clearance left between an object and what it rests on: invisible, and keeps coplanar faces apart."""


def translation(x: float, y: float, z: float = 0.0) -> Array:
    """Return the 4x4 matrix that moves by (x, y, z) metres."""
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return matrix


def rotation(axis: str, degrees: float) -> Array:
    """Return the 4x4 rotation about a world axis ('x', 'y' or 'z'), counter-clockwise seen from its tip."""
    c, s = cos(np.radians(degrees)), sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(4)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def scaling(x: float, y: float, z: float) -> Array:
    """Return the 4x4 matrix that scales the axes by x, y and z."""
    return np.diag([x, y, z, 1.0])


class Shape:
    """A mesh under construction: primitives are added in local metres, each with a material slot.

    Every method that adds a primitive takes ``slot`` (index into the materials given to :meth:`to_object`) and
    ``at`` (4x4 placement, default identity) and returns ``self`` for chaining.
    """

    def __init__(self) -> None:
        self._vertices: list[Array] = []
        self._faces: list[tuple[int, ...]] = []
        self._slots: list[int] = []
        self._uvs: list[Array | None] = []
        self._count = 0

    @property
    def vertices(self) -> Array:
        """All vertices so far, (V, 3) metres."""
        return np.concatenate(self._vertices) if self._vertices else np.zeros((0, 3))

    @property
    def bounds(self) -> Array:
        """Axis-aligned bounds, (2, 3): minimum and maximum corner in metres."""
        points = self.vertices
        return np.stack([points.min(axis=0), points.max(axis=0)])

    @property
    def face_count(self) -> int:
        """Number of polygons so far."""
        return len(self._faces)

    def paint(self, face: int, slot: int) -> Shape:
        """Give one polygon, by its index, another material slot."""
        self._slots[face] = slot
        return self

    def replaced(self, vertices: ArrayLike) -> Shape:
        """Return a copy whose vertices (V, 3) lie elsewhere."""
        copy = Shape().merge(self)
        copy._vertices = [np.asarray(vertices, dtype=np.float64).reshape(-1, 3)]
        return copy

    def add(
        self,
        vertices: ArrayLike,
        faces: Iterable[Sequence[int]],
        slot: int = 0,
        at: Array | None = None,
        uvs: Sequence[Array] | None = None,
    ) -> Shape:
        """Add polygons: vertices (V, 3), faces as index tuples (counter-clockwise from outside), optional
        per-face UVs (corners, 2); without them the face is projected along its dominant axis in metres."""
        points = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
        if at is not None:
            points = points @ at[:3, :3].T + at[:3, 3]
        polygons = [tuple(int(index) + self._count for index in face) for face in faces]
        self._vertices.append(points)
        self._faces.extend(polygons)
        self._slots.extend([slot] * len(polygons))
        self._uvs.extend(uvs if uvs is not None else [None] * len(polygons))
        self._count += len(points)
        return self

    def merge(self, other: Shape, at: Array | None = None, slot_offset: int = 0) -> Shape:
        """Add a copy of another shape, placed by ``at``, its slots shifted by ``slot_offset``."""
        points = other.vertices
        if at is not None:
            points = points @ at[:3, :3].T + at[:3, 3]
        self._vertices.append(points)
        self._faces.extend(tuple(index + self._count for index in face) for face in other._faces)
        self._slots.extend(slot + slot_offset for slot in other._slots)
        self._uvs.extend(other._uvs)
        self._count += len(points)
        return self

    def box(self, size: Sequence[float], slot: int = 0, at: Array | None = None, bevel: float = 0.0) -> Shape:
        """Add a box of ``size`` metres that stands on z = 0, centred in x and y; ``bevel`` chamfers its edges."""
        half = np.asarray(size, dtype=np.float64) / 2
        bevel = min(bevel, 0.45 * 2 * float(half.min()))
        lift = np.array([0.0, 0.0, half[2]])
        if bevel <= 0:
            corners = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]) * half + lift
            return self.add(corners, BOX_FACES, slot, at)
        vertices, faces = chamfered_box(half, bevel)
        return self.add(vertices + lift, faces, slot, at)

    def lathe(
        self,
        profile: ArrayLike,
        slot: int = 0,
        at: Array | None = None,
        sides: int = 16,
        turn_deg: float = 0.0,
    ) -> Shape:
        """Add the surface swept by a profile (N, 2) of (radius, height), bottom to top, about z; closed by caps
        where the end radius is positive. ``sides`` segments, the first at ``turn_deg``."""
        points = np.asarray(profile, dtype=np.float64)
        angles = np.radians(turn_deg) + np.arange(sides) * 2 * pi / sides
        ring = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        vertices = np.concatenate(
            [np.column_stack([ring * max(radius, 1e-5), np.full(sides, height)]) for radius, height in points]
        )
        faces: list[tuple[int, ...]] = []
        uvs: list[Array] = []
        reach = float(points[:, 0].max())
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        for row in range(len(points) - 1):
            for side in range(sides):
                after = (side + 1) % sides
                low, high = row * sides, (row + 1) * sides
                faces.append((low + side, low + after, high + after, high + side))
                u0, u1 = (np.array([side, side + 1]) * 2 * pi / sides * reach).tolist()
                v0, v1 = along[row], along[row + 1]
                uvs.append(np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]]))
        for row, order in ((0, -1), (len(points) - 1, 1)):
            if points[row, 0] > 1e-4:
                cap = [row * sides + side for side in range(sides)][::order]
                faces.append(tuple(cap))
                uvs.append(vertices[cap][:, :2])
        return self.add(vertices, faces, slot, at, uvs)

    def cylinder(
        self, radius: float, height: float, slot: int = 0, at: Array | None = None, sides: int = 16,
        top_radius: float | None = None, bevel: float = 0.0,
    ) -> Shape:  # fmt: skip
        """Add a cylinder (or cone, by ``top_radius``) that stands on z = 0, its rims rounded by ``bevel``."""
        top = radius if top_radius is None else top_radius
        if bevel <= 0:
            return self.lathe([(radius, 0), (top, height)], slot, at, sides)
        profile = [(radius - bevel, 0), (radius, bevel), (top, height - bevel), (max(top - bevel, 0), height)]
        return self.lathe(profile, slot, at, sides)

    def sphere(self, radius: float, slot: int = 0, at: Array | None = None, sides: int = 16) -> Shape:
        """Add a sphere centred on the origin."""
        angles = np.linspace(-pi / 2, pi / 2, max(sides // 2, 3) + 1)
        return self.lathe(np.column_stack([np.cos(angles), np.sin(angles)]) * radius, slot, at, sides)

    def capsule(
        self, start: ArrayLike, end: ArrayLike, radius: float, end_radius: float | None = None, slot: int = 0,
        sides: int = 12,
    ) -> Shape:  # fmt: skip
        """Add a tapered capsule between two points (3,), rounded at both ends."""
        a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
        length = float(np.linalg.norm(b - a))
        top = radius if end_radius is None else end_radius
        low, high = np.linspace(-pi / 2, 0, 5), np.linspace(0, pi / 2, 5)
        profile = np.concatenate(
            [
                np.column_stack([np.cos(low), np.sin(low)]) * radius,
                np.column_stack([np.cos(high), np.sin(high)]) * top + [0, length],
            ]
        )
        return self.lathe(profile, slot, frame_along(a, b), sides)

    def prism(self, outline: ArrayLike, height: float, slot: int = 0, at: Array | None = None) -> Shape:
        """Add a counter-clockwise outline (N, 2) in the xy plane, extruded from z = 0 to ``height``."""
        flat = np.asarray(outline, dtype=np.float64)
        count = len(flat)
        vertices = np.concatenate([np.column_stack([flat, np.full(count, z)]) for z in (0.0, height)])
        faces: list[tuple[int, ...]] = [(i, (i + 1) % count, count + (i + 1) % count, count + i) for i in range(count)]
        faces += [tuple(range(count))[::-1], tuple(range(count, 2 * count))]
        return self.add(vertices, faces, slot, at)

    def sheet(self, grid: ArrayLike, slot: int = 0, at: Array | None = None, close: bool = False) -> Shape:
        """Add a grid of points (R, C, 3) as quads, facing along (column direction) x (row direction); ``close``
        joins the last column to the first. UVs run 0..1 over columns and rows."""
        points = np.asarray(grid, dtype=np.float64)
        rows, columns = points.shape[:2]
        faces, uvs = [], []
        last = columns if close else columns - 1
        for row in range(rows - 1):
            for column in range(last):
                after = (column + 1) % columns
                faces.append((row * columns + column, row * columns + after,
                              (row + 1) * columns + after, (row + 1) * columns + column))  # fmt: skip
                u0, u1, v0, v1 = column / last, (column + 1) / last, row / (rows - 1), (row + 1) / (rows - 1)
                uvs.append(np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]]))
        return self.add(points.reshape(-1, 3), faces, slot, at, uvs)

    def to_mesh(self, name: str, materials: Sequence[bpy.types.Material], sharp_deg: float = 40.0) -> bpy.types.Mesh:
        """Return a new mesh: shaded smooth, with edges sharper than ``sharp_deg`` kept crisp."""
        mesh = bpy.data.meshes.new(name)
        points = self.vertices
        sizes = np.array([len(face) for face in self._faces], dtype=np.int32)
        corners = np.array([index for face in self._faces for index in face], dtype=np.int32)
        mesh.vertices.add(len(points))
        mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
        mesh.loops.add(len(corners))
        mesh.loops.foreach_set("vertex_index", corners)
        mesh.polygons.add(len(sizes))
        mesh.polygons.foreach_set("loop_start", (np.cumsum(sizes) - sizes).astype(np.int32))
        for material in materials:
            mesh.materials.append(material)
        mesh.polygons.foreach_set("material_index", np.array(self._slots, dtype=np.int32))
        uvs = self._corner_uvs(points, corners, sizes)
        mesh.uv_layers.new(name="metres").data.foreach_set("uv", uvs.astype(np.float32).ravel())
        mesh.update(calc_edges=True)
        mesh.shade_smooth()
        mesh.set_sharp_from_angle(angle=float(np.radians(sharp_deg)))
        return mesh

    def _corner_uvs(self, points: Array, corners: NDArray[np.int32], sizes: NDArray[np.int32]) -> Array:
        """Return UVs (corners, 2): those given, else each face projected along its dominant axis, in metres."""
        starts = np.cumsum(sizes) - sizes
        free = np.array([uv is None for uv in self._uvs], dtype=bool)
        made = np.zeros((len(corners), 2))
        for count in np.unique(sizes[free]).tolist():
            where = starts[free & (sizes == count)][:, None] + np.arange(count)
            spots = points[corners[where]]
            rays = spots[:, 1:] - spots[:, :1]
            normals = np.abs(np.cross(rays[:, :-1], rays[:, 1:]).sum(axis=1))
            axes = np.array([(1, 2), (0, 2), (0, 1)])[normals.argmax(axis=1)]
            made[where] = np.take_along_axis(spots, axes[:, None, :], axis=2)
        for index in np.flatnonzero(~free).tolist():
            made[starts[index] : starts[index] + sizes[index]] = self._uvs[index]
        return made

    def to_object(
        self, name: str, materials: Sequence[bpy.types.Material], at: Array | None = None, sharp_deg: float = 40.0
    ) -> bpy.types.Object:
        """Return a new object of this shape, linked to the scene and placed by ``at``."""
        return place(self.to_mesh(name, materials, sharp_deg), name, at)


def place(mesh: bpy.types.Mesh, name: str, at: Array | None = None) -> bpy.types.Object:
    """Link a new object that shows ``mesh`` (shared, not copied) to the scene, placed by the 4x4 ``at``."""
    created = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(created)
    if at is not None:
        created.matrix_world = Matrix(at.tolist())  # a nested list would be read column by column
    return created


def frame_along(start: ArrayLike, end: ArrayLike) -> Array:
    """Return the 4x4 frame at ``start`` whose z axis points to ``end`` (any roll, but a fixed one)."""
    a = np.asarray(start, dtype=np.float64)
    z = np.asarray(end, dtype=np.float64) - a
    z = z / np.linalg.norm(z)
    x = np.cross((0.0, 1.0, 0.0) if abs(z[1]) < 0.9 else (1.0, 0.0, 0.0), z)
    x = x / np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = x, np.cross(z, x), z, a
    return matrix
