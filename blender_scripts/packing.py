"""Discs on a floor, close together without overlap. Pure geometry: needs no bpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def pack(radii: Sequence[float]) -> tuple[Floats, float]:
    """Place discs of these radii (metres) so that none overlap, near the middle; the same list gives the same places.

    Largest first: each next disc touches two that lie already, at the place that keeps the whole smallest.

    Returns:
        Centres (N, 2) relative to the middle of the circle that encloses all discs, and that circle's radius. The
        first two in the list lie along +x of each other.
    """
    sizes = np.asarray(radii, dtype=np.float64)
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i], i))
    centres = np.zeros((len(sizes), 2))
    for n, i in enumerate(order[1:], 1):
        lying = order[:n]
        places = [np.array([sizes[order[0]] + sizes[i], 0.0])] if n == 1 else _touching(centres, sizes, lying, i)
        free = [p for p in places if _clear(p, sizes[i], centres[lying], sizes[lying])]
        middle = np.average(centres[lying], axis=0, weights=sizes[lying] ** 2)
        centres[i] = min(free, key=lambda p: (round(float(np.linalg.norm(p - middle)), 9), p[0], p[1]))
    if len(sizes) > 1:
        centres = _turned(centres, centres[1] - centres[0])
    middle, around = _enclosing(centres, sizes)
    return centres - middle, around


def _touching(centres: Floats, sizes: Floats, lying: list[int], new: int) -> list[Floats]:
    """Places at which a disc touches two lying ones, or one of them on its far side (there is always a free one)."""
    found = []
    for a in range(len(lying)):
        for b in range(a + 1, len(lying)):
            p, q = centres[lying[a]], centres[lying[b]]
            ra, rb = sizes[lying[a]] + sizes[new], sizes[lying[b]] + sizes[new]
            apart = float(np.linalg.norm(q - p))
            along = (apart**2 + ra**2 - rb**2) / (2 * apart)
            if ra**2 < along**2:
                continue
            across = float(np.sqrt(ra**2 - along**2))
            x = (q - p) / apart
            y = np.array([-x[1], x[0]])
            found += [p + along * x + across * y, p + along * x - across * y]
    reach = max(float(np.linalg.norm(centres[i])) + sizes[i] for i in lying)
    found.append(np.array([reach + sizes[new], 0.0]))
    return found


def _clear(place: Floats, size: float, centres: Floats, sizes: Floats) -> bool:
    return bool((np.linalg.norm(centres - place, axis=1) > sizes + size - 1e-9).all())


def _turned(centres: Floats, along: Floats) -> Floats:
    x = along / np.linalg.norm(along)
    rotation = np.array([[x[0], -x[1]], [x[1], x[0]]])
    turned: Floats = centres @ rotation
    return turned


def _enclosing(centres: Floats, sizes: Floats) -> tuple[Floats, float]:
    """Middle and radius of a circle round all discs, within a per mille of the smallest (Badoiu and Clarkson, 2003)."""
    middle = (np.min(centres - sizes[:, None], axis=0) + np.max(centres + sizes[:, None], axis=0)) / 2
    best, around = middle, float((np.linalg.norm(centres - middle, axis=1) + sizes).max())
    for step in range(1, 400):
        reach = np.linalg.norm(centres - middle, axis=1) + sizes
        far = int(reach.argmax())
        if reach[far] < around:
            best, around = middle, float(reach[far])
        middle = middle + (centres[far] - middle) / (step + 1)
    return best, around
