"""Vertices and faces of boxes, plain and chamfered, for `build_tools.Shape.box`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BOX_FACES = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]


def chamfered_box(half: Array, bevel: float) -> tuple[Array, list[tuple[int, ...]]]:
    """Return a box with 45 degree chamfers: each corner becomes three vertices, one per face that meets there."""
    signs = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], dtype=np.float64)
    inset = half - bevel
    vertices = np.concatenate([signs * np.where(np.arange(3) == axis, half, inset) for axis in range(3)])
    key = {tuple(sign): index for index, sign in enumerate(signs.astype(int).tolist())}
    faces: list[tuple[int, ...]] = []
    for face in BOX_FACES:
        shared = next(axis for axis in range(3) if len({signs[i, axis] for i in face}) == 1)
        faces.append(tuple(shared * 8 + i for i in face))
    for along in range(3):
        a, b = (axis for axis in range(3) if axis != along)
        for sa in (-1, 1):
            for sb in (-1, 1):
                ends = []
                for end in (-1, 1):
                    sign = [0, 0, 0]
                    sign[along], sign[a], sign[b] = end, sa, sb
                    ends.append(key[tuple(sign)])
                faces.append((a * 8 + ends[0], a * 8 + ends[1], b * 8 + ends[1], b * 8 + ends[0]))
    faces += [(i, 8 + i, 16 + i) for i in range(8)]
    return vertices, [_outward(face, vertices) for face in faces]


def _outward(face: tuple[int, ...], vertices: Array) -> tuple[int, ...]:
    """Return the face wound so that its normal points away from the origin (for convex shapes around it)."""
    a, b, c = (vertices[i] for i in face[:3])
    return face if float(np.dot(np.cross(b - a, c - a), vertices[list(face)].mean(axis=0))) > 0 else face[::-1]
