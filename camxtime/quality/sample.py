"""The cells of a grid that are looked at: a lattice of a few cameras and a few pairs of consecutive times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.geometry.cameras import Cameras
from camxtime.shards.grid import Grid

CAMERAS, TIMES = 5, 4
"""Cameras, and times each followed by its successor, that are looked at by default: 40 cells."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Images of the cameras `cameras` (n,) at the times `times` (m,), both ascending.

    rgb: (m, n, H, W, 3) uint8 sRGB. depth: (m, n, H, W) float32, z-depth in metres, +inf where nothing is hit.
    instance: (m, n, H, W) whole numbers, 0 the background. Passes that the grid has not got are None.
    path: all C cameras of the grid, with intrinsics of images of this size. subjects: instance ids of the subject.
    """

    cameras: NDArray[np.int64]
    times: NDArray[np.int64]
    path: Cameras
    subjects: frozenset[int]
    rgb: NDArray[np.uint8] | None = None
    depth: NDArray[np.float32] | None = None
    instance: NDArray[np.integer] | None = None

    @property
    def subject_mask(self) -> NDArray[np.bool_] | None:
        """(m, n, H, W) where the subject is seen; None without instance ids or without a subject among them."""
        if self.instance is None or not self.subjects:
            return None
        return np.isin(self.instance, sorted(self.subjects))

    @property
    def middle(self) -> int:
        """Row of the time in the middle."""
        return len(self.times) // 2


def subject_ids(instances: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    """Instance ids of role subject, from a grid's table of instances."""
    return frozenset(int(entry["id"]) for entry in instances if entry.get("role") == "subject")


def spread(count: int, most: int) -> NDArray[np.int64]:
    """Up to `most` of 0..count−1, evenly spaced, first and last included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def time_pairs(count: int, most: int) -> NDArray[np.int64]:
    """Up to `most` times of 0..count−2, evenly spaced, each with its successor; all there are where count is small."""
    starts = spread(max(count - 1, 1), most)
    return np.unique(np.concatenate([starts, np.minimum(starts + 1, count - 1)]))


def read_sample(grid: Grid, cameras: int = CAMERAS, times: int = TIMES) -> Sample | None:
    """The cells of a stored grid that are looked at, or None where no time has them all.

    Args:
        cameras: most cameras, evenly spaced along the path, first and last included.
        times: most pairs of consecutive times. Of a grid that is not complete, rendered times are taken.

    Raises:
        InputError: fewer than one camera or time asked for.
        DataError: an image is damaged.
    """
    if cameras < 1 or times < 1:
        raise InputError(f"quality: at least one camera and one time must be looked at, not {cameras} and {times}.")
    c = spread(grid.C, cameras)
    there = np.flatnonzero((grid.index.shard[:, c] >= 0).all(axis=(1, 2)))
    if not there.size:
        return None
    t = there[time_pairs(len(there), times)]
    n, m = len(c), len(t)
    known = [name for name in ("rgb", "depth", "instance") if name in grid.passes]
    clip = grid.clip(np.tile(c, m), np.repeat(t, n), known)
    images = {name: clip.image(name).reshape(m, n, *clip.image(name).shape[1:]) for name in known}
    return Sample(c, t, grid.cameras, subject_ids(grid.row.instances), **images)
