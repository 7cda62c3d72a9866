"""Which pixels of a target clip the source clip shows, and which belong to something that moves. Exact, from depth and poses.

A pixel of the target is *co-visible* if the surface point that it shows is seen in some frame of the source: the point falls
into the image, and one of the four pixels round it, or their interpolation on a slanting surface, lies within 2 % of the
point's depth (`SAME_SURFACE`). Of what moves, only source frames of the same animation time count, because a moving surface
is elsewhere at any other; of what stands still, all count. Sky is taken for infinitely far. All other pixels are *revealed*.

A pixel is *moving* if its instance is an animated subject (role `subject` in the grid's table of instances). Datasets without
that table have no moving mask: depth alone cannot tell a moving surface from one that is uncovered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError
from camxtime.evaluation.tasks import ClipView, Task
from camxtime.geometry.cameras import pixel_centres, w2c
from camxtime.sampling.overlap import SAME_SURFACE
from camxtime.shards.dataset import Dataset

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SUBJECT = "subject"

_SLANT = 0.25
"""Relative spread of 1/depth round a point up to which its four pixels are taken for one slanting surface."""


def moving(clip: ClipView, subjects: NDArray[np.uint16]) -> Bools:
    """[F, H, W] pixels of a clip whose instance is one of `subjects`."""
    return np.isin(clip.instance, subjects)


def subjects_of(dataset: Dataset, grid: str) -> NDArray[np.uint16]:
    """Ids of a grid's animated instances, uint16; empty where its table of instances names none."""
    rows = dataset.grid(grid).row.instances
    return np.array([row["id"] for row in rows if row.get("role") == SUBJECT], np.uint16)


def covisible(task: Task, moves: Bools | None) -> Bools:
    """[F, H, W] pixels of the target whose surface point the source shows.

    moves: [F, H, W] of the target, what moves; None: nothing is known to, and every source frame counts for every pixel.
    Works frame by frame and on the pixels that were not found yet, the likeliest source frames first.
    """
    source, target = task.source, task.target
    for name, clip in (("source", source), ("target", target)):
        if not (clip.depth > 0).all():
            raise DataError(f"{task.item.id}: the {name}'s depth holds a value that is NaN, zero or negative.")
    inverse = [1.0 / depth.astype(np.float64) for depth in source.depth]  # 0 at infinity
    found = np.zeros(target.depth.shape, bool)
    done: dict[tuple[int, int], int] = {}
    for frame, cell in enumerate(zip(target.cameras.tolist(), target.times.tolist(), strict=True)):
        if cell in done:  # a held frame
            found[frame] = found[done[cell]]
            continue
        done[cell] = frame
        found[frame] = _seen_anywhere(task, frame, inverse, None if moves is None else moves[frame])
    return found


def _seen_anywhere(task: Task, frame: int, inverse: list[Floats], moves: Bools | None) -> Bools:
    source, target = task.source, task.target
    pixels = _Pixels.of(target, frame)
    seen = np.zeros(pixels.count, bool)
    left = np.arange(pixels.count)
    same = source.times == target.times[frame]
    near = np.linalg.norm(source.c2w[:, :3, 3] - target.c2w[frame, :3, 3], axis=1)
    order = np.lexsort((near, ~same))
    for place in order.tolist():
        if moves is not None and not same[place]:
            left = left[~moves.ravel()[left]]
        if not left.size:
            break
        hit = pixels.seen_by(left, inverse[place], source.c2w[place], source.K[place])
        seen[left[hit]] = True
        left = left[~hit]
    return seen.reshape(target.size)


@dataclass(frozen=True, eq=False)
class _Pixels:
    """The surface points of a frame: homogeneous rays/z in the world, (N, 3), and 1/z (N), 0 at infinity; eye (3,)."""

    rays: Floats
    inverse: Floats
    eye: Floats

    @staticmethod
    def of(clip: ClipView, frame: int) -> _Pixels:
        uv = pixel_centres(*clip.size).reshape(-1, 2)
        camera = np.concatenate([uv, np.ones_like(uv[:, :1])], axis=1) @ np.linalg.inv(clip.K[frame]).T
        inverse = 1.0 / clip.depth[frame].astype(np.float64).ravel()
        return _Pixels(camera @ clip.c2w[frame, :3, :3].T, inverse, clip.c2w[frame, :3, 3])

    @property
    def count(self) -> int:
        return len(self.inverse)

    def seen_by(self, which: NDArray[np.intp], inverse: Floats, c2w: Floats, K: Floats) -> Bools:
        """Whether a view with this 1/depth (H, W) sees the points `which`. Points are scaled by 1/z: infinity needs no case."""
        pose = w2c(c2w)
        scaled = self.rays[which] + (self.eye * self.inverse[which, None])
        camera = scaled @ pose[:3, :3].T + pose[:3, 3] * self.inverse[which, None]
        front = camera[:, 2] > 1e-9
        z = np.where(front, camera[:, 2], 1.0)  # the point's depth there times its 1/z here
        uv = (camera @ K.T)[:, :2] / z[:, None]
        height, width = inverse.shape
        inside = front & (uv >= 0).all(axis=1) & (uv[:, 0] < width) & (uv[:, 1] < height)
        expected = self.inverse[which] / z  # 1/depth of the point in that view
        place = np.where(inside[:, None], uv - 0.5, 0.0)
        low = np.floor(place)
        (x, y), corners, close = (place - low).T, [], np.zeros(len(which), bool)
        between = np.zeros(len(which))
        for right, wide in ((0, 1 - x), (1, x)):
            for down, high in ((0, 1 - y), (1, y)):
                column = np.clip(low[:, 0] + right, 0, width - 1).astype(np.intp)
                row = np.clip(low[:, 1] + down, 0, height - 1).astype(np.intp)
                value = inverse[row, column]
                corners.append(value)
                between += wide * high * value
                close |= np.abs(value - expected) <= SAME_SURFACE * expected
        one_surface = np.maximum.reduce(corners) <= (1 + _SLANT) * np.minimum.reduce(corners)
        close |= one_surface & (np.abs(between - expected) <= SAME_SURFACE * expected)
        return np.asarray(inside & close)
