"""Posed images with times → a grid: which camera and which time each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camxtime.errors import DataError
from camxtime.formats.untrusted import Floats
from camxtime.geometry.cameras import Cameras


@dataclass(frozen=True, eq=False)
class Arrangement:
    """cameras: of the grid. times: T. cells: (camera, time) of each image, in their order. layout: see `stored.LAYOUTS`.

    moments: the distinct times of the source in order (empty if it has none).
    """

    cameras: Cameras
    times: int
    cells: tuple[tuple[int, int], ...]
    layout: str
    moments: tuple[float, ...]


def arrange(
    cameras: Cameras, moments: Sequence[float] | None, where: str, labels: Sequence[int] | None = None
) -> Arrangement:
    """Arrange N images with their N cameras and N times (None: all at one moment).

    labels: which images have the same camera, if the source says; else equal poses and intrinsics are one camera.

    Every pose at every time → a whole grid, poses in the order in which they first occur. Every time once → one ordinary
    video: a moving-camera grid in the order of time. `DataError` for anything else, naming what is missing.
    """
    keys: list[object] = [(c2w.tobytes(), K.tobytes()) for c2w, K in zip(cameras.c2w, cameras.K, strict=True)]
    if labels is not None:
        keys = [(label,) for label in labels]
    first: dict[object, int] = {}
    for number, key in enumerate(keys):
        first.setdefault(key, number)
    poses = {key: number for number, key in enumerate(first)}
    stamps = [0.0] * len(keys) if moments is None else [float(moment) for moment in moments]
    times = sorted(set(stamps))
    place = {moment: number for number, moment in enumerate(times)}
    cells = tuple((poses[key], place[moment]) for key, moment in zip(keys, stamps, strict=True))
    known = tuple(times) if moments is not None else ()
    if len(set(cells)) == len(cells) == len(poses) * len(times):
        return Arrangement(cameras.subset(list(first.values())), len(times), cells, "scattered_cameras", known)
    if len(times) == len(stamps):
        order = np.argsort(stamps, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return Arrangement(cameras.subset(order), 1, tuple((int(r), 0) for r in rank), "moving_camera", known)
    if len(set(cells)) < len(cells):
        seen: set[tuple[int, int]] = set()
        twice = next(n for n, cell in enumerate(cells) if cell in seen or seen.add(cell))  # type: ignore[func-returns-value]
        raise DataError(f"{where}: image {twice} has the pose and time of an earlier one.")
    there = set(cells)
    camera, time = next((c, t) for c in range(len(poses)) for t in range(len(times)) if (c, t) not in there)
    raise DataError(
        f"{where}: {len(cells)} images are neither a whole grid of {len(poses)} poses × {len(times)} times (pose {camera} has "
        f"none at time {times[time]:g}) nor one video (each time once)."
    )


def cameras_of(c2w: Sequence[Floats], K: Sequence[Floats], size: tuple[int, int]) -> Cameras:
    """`Cameras` of lists of poses and intrinsics, for images of `size` = (width, height)."""
    return Cameras(np.stack(c2w), np.stack(K), *size).validate()
