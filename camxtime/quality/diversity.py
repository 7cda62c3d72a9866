"""How different the grids of a dataset are: distances between thumbnails of their diagonals.

A grid's descriptor is `FRAMES` cells of its diagonal (the source video), each reduced to `SIDE` × `SIDE` pixels by area
and taken to CIELAB. The distance of two grids is the root mean square of the colour differences (delta E 1976) of their
pixels. docs/quality.md tells what distances real renders have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES, SIDE = 5, 12
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Every grid's nearest other grid. nearest: (G,) index; distance: (G,) delta E; pairs: (i, j, distance), i < j, below a
    threshold, nearest first."""

    nearest: NDArray[np.int64]
    distance: NDArray[np.float32]
    pairs: tuple[tuple[int, int, float], ...]


def descriptor(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(F · SIDE · SIDE · 3,) of `FRAMES` images (H, W, 3) uint8, scaled so that Euclidean distance is RMS delta E."""
    small = [cv2.resize(image.astype(np.float32) / 255, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for image in images]
    lab = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2LAB) for image in small])
    return np.asarray(lab.ravel() / np.sqrt(len(small) * SIDE * SIDE), dtype=np.float32)


def neighbours(descriptors: NDArray[np.float32], threshold: float) -> Neighbours:
    """Nearest neighbours among (G, D) descriptors, in blocks: memory grows with G, not with G².

    A single grid has itself as its nearest, at an infinite distance.
    """
    count = len(descriptors)
    nearest = np.arange(count, dtype=np.int64)
    distance = np.full(count, np.inf, np.float32)
    pairs: list[tuple[int, int, float]] = []
    centred = descriptors.astype(np.float64) - descriptors.mean(axis=0, dtype=np.float64)
    square = (centred**2).sum(axis=1)
    for start in range(0, count, _BLOCK):
        block = slice(start, min(start + _BLOCK, count))
        between = np.sqrt(np.maximum(square[block, None] + square - 2 * centred[block] @ centred.T, 0.0))
        rows = np.arange(block.stop - start)
        between[rows, rows + start] = np.inf
        nearest[block], distance[block] = between.argmin(axis=1), between.min(axis=1)
        pairs += [
            (int(i) + start, int(j), float(between[i, j]))
            for i, j in zip(*np.nonzero(between < threshold), strict=True)
            if i + start < j
        ]
    return Neighbours(nearest, distance, tuple(sorted(pairs, key=lambda pair: (pair[2], pair[:2]))))
