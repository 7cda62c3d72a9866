"""Scores that a full grid allows: besides PSNR and SSIM, moving and static pixels apart, and camera and time error in cells.

A frame's camera and time error is its distance, in cells, to the ground-truth cell that looks most like it (least squared
error over all C × T cells of the grid; of equals the one nearest to what was asked for). It tells a wrong camera from a
wrong time, which PSNR does not. It is unreliable for very blurry frames and where little moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation.items import EvalItem, EvalSet
from camxtime.evaluation.metrics import Frames, pooled_psnr, squared_error, ssim
from camxtime.evaluation.tasks import Batched, Predictor, Task, TaskReader, checked
from camxtime.splits.tracks import CellTrack

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

EXACT_DB = 60.0
"""What a clip without any error counts in means."""

MOVES_BY = 24
"""A pixel of a cell moves if it differs by more than this (of 255, in any channel) from another time at that camera."""


@dataclass(frozen=True)
class ItemScore:
    """One clip. psnr, moving, static: dB of the squared error over the clip's (such) pixels, None where there is no such
    pixel. ssim: mean over frames. camera, time: mean over frames of the error in cells."""

    id: str
    mode: str
    stage: str
    psnr: float | None
    ssim: float
    moving: float | None
    static: float | None
    camera: float
    time: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class GridCells:
    """All cells of a grid at the evaluation's size: rgb uint8 [C, T, H, W, 3], moving bool [C, T, H, W]."""

    def __init__(self, reader: TaskReader, grid: str):
        record = reader.dataset.grid(grid)
        cameras, times = record.index.shard.shape[1], record.index.shard.shape[0]
        each = [(c, t) for c in range(cameras) for t in range(times)]
        track = CellTrack(grid, tuple(c for c, _ in each), tuple(t for _, t in each))
        clip = reader.task(EvalItem(grid, "", "", track, track)).target.rgb
        self.rgb: Frames = clip.reshape(cameras, times, *clip.shape[1:])
        self.moving = _moving(self.rgb)

    def errors(self, frames: Frames, cameras: NDArray[np.int64], times: NDArray[np.int64]) -> tuple[float, float]:
        """Mean camera and time error of frames [F, H, W, 3] that were asked for at (cameras, times), in cells."""
        count_c, count_t = self.rgb.shape[:2]
        cells = self.rgb.reshape(count_c * count_t, -1).astype(np.float32)
        given = frames.reshape(len(frames), -1).astype(np.float32)
        apart = (cells**2).sum(1)[None] - 2 * given @ cells.T  # squared distances but for a constant of each frame
        at_c, at_t = np.divmod(np.arange(count_c * count_t), count_t)
        far_c, far_t = np.abs(at_c[None] - cameras[:, None]), np.abs(at_t[None] - times[:, None])
        tie = apart <= apart.min(axis=1, keepdims=True) + 1e-6 * np.abs(apart).max()
        nearest = np.where(tie, far_c + far_t, count_c + count_t).argmin(axis=1)
        rows = np.arange(len(frames))
        return float(far_c[rows, nearest].mean()), float(far_t[rows, nearest].mean())


def score_items(
    dataset: Dataset, items: EvalSet, predictor: Predictor | Batched, size: tuple[int, int]
) -> list[ItemScore]:
    """Score a predictor on items of whole grids, at (H, W)."""
    reader = TaskReader(dataset, size)
    scores = []
    for grid, group in _by_grid(items.items):
        cells = GridCells(reader, grid)
        tasks = [reader.task(item) for item in group]
        for task, result in zip(tasks, _predicted(predictor, tasks), strict=True):
            scores.append(_score(task, checked(task, result).frames, cells))
    return scores


def _score(task: Task, frames: Frames, cells: GridCells) -> ItemScore:
    target = task.target
    error = squared_error(frames, target.rgb)
    moving = cells.moving[target.cameras, target.times]
    camera, time = cells.errors(frames, target.cameras, target.times)
    return ItemScore(
        task.item.id, task.item.mode, target.grid.rsplit(".", 1)[0], _db(error), float(ssim(frames, target.rgb).mean()),
        _db(error, moving), _db(error, ~moving), camera, time,
    )  # fmt: skip


def _db(error: NDArray[np.float64], mask: NDArray[np.bool_] | None = None) -> float | None:
    value = pooled_psnr(error, mask)
    return None if np.isnan(value) else min(value, EXACT_DB)


def _moving(rgb: Frames) -> NDArray[np.bool_]:
    """[C, T, H, W]: whether a pixel of a cell differs from that of any other time at the same camera."""
    low, high = rgb.min(axis=1, keepdims=True), rgb.max(axis=1, keepdims=True)
    apart = np.maximum(rgb.astype(np.int16) - low, high.astype(np.int16) - rgb)
    return np.asarray(apart.max(axis=-1) > MOVES_BY)


def _predicted(predictor: Predictor | Batched, tasks: list[Task]) -> Iterator[Any]:
    if not isinstance(predictor, Batched):
        yield from (predictor(task) for task in tasks)
        return
    for start in range(0, len(tasks), predictor.size):
        yield from predictor.predict(tasks[start : start + predictor.size])


def _by_grid(items: Iterable[EvalItem]) -> Iterator[tuple[str, list[EvalItem]]]:
    groups: dict[str, list[EvalItem]] = {}
    for item in items:
        groups.setdefault(item.target.grid, []).append(item)
    yield from groups.items()
