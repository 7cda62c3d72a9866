"""Rotations of many times at once: arrays (T, 3, 3), and frames built from directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def turn(axis: str, degrees: ArrayLike) -> Array:
    """Return rotations (T, 3, 3) about a fixed axis 'x', 'y' or 'z' by angles (T,) in degrees."""
    angles = np.radians(np.atleast_1d(np.asarray(degrees, dtype=np.float64)))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    made = np.tile(np.eye(3), (len(angles), 1, 1))
    made[:, i, i] = made[:, j, j] = np.cos(angles)
    made[:, i, j], made[:, j, i] = -np.sin(angles), np.sin(angles)
    return made


def apply(rotations: Array, vector: ArrayLike) -> Array:
    """Rotate a vector (3,) or one per time (T, 3) by rotations (T, 3, 3)."""
    vectors = np.broadcast_to(np.asarray(vector, dtype=np.float64), (len(rotations), 3))
    return np.einsum("tij,tj->ti", rotations, vectors)


def normalise(vectors: Array) -> Array:
    """Return vectors (..., 3) of unit length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def hanging(start: Array, end: Array, forward: Array) -> Array:
    """Return bone poses (T, 4, 4): origin at ``start``, -z towards ``end``, x as near ``forward`` as can be."""
    z = normalise(start - end)
    x = forward - z * np.sum(forward * z, axis=-1, keepdims=True)
    x = normalise(x)
    return pose(np.stack([x, np.cross(z, x), z], axis=-1), start)


def pose(rotations: Array, origins: Array) -> Array:
    """Return (T, 4, 4) from rotations (T, 3, 3) and origins (T, 3)."""
    made = np.tile(np.eye(4), (len(rotations), 1, 1))
    made[:, :3, :3] = rotations
    made[:, :3, 3] = origins
    return made


def two_bone(root: Array, tip: Array, upper: float, lower: float, pole: Array) -> Array:
    """Return the middle joint (T, 3) of a two-bone chain from ``root`` to ``tip``, bent towards ``pole``.

    Law of cosines; a tip out of reach gives the straight chain's joint.
    """
    span = tip - root
    length = np.clip(np.linalg.norm(span, axis=-1), 1e-6, upper + lower)
    along = normalise(span)
    cosine = (upper**2 + length**2 - lower**2) / (2 * upper * length)
    sine = np.sqrt(np.clip(1 - cosine**2, 0, 1))
    aside = normalise(pole - along * np.sum(pole * along, axis=-1, keepdims=True))
    return root + upper * (along * cosine[:, None] + aside * sine[:, None])
