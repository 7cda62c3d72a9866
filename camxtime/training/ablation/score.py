"""The ablation's scores of a predictor: those of `camxtime.evaluation`, one flat row a clip.

PSNR is pooled over a clip (a copied frame would make the mean of frames infinite) and no clip counts for more than 60 dB.
Moving pixels are those of animated subjects, by the pass instance. Camera and time error: to the nearest cell of the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from camxtime.evaluation.items import EvalItem, EvalSet
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.scorer import Scorer
from camxtime.evaluation.tasks import Batched, Prediction, Predictor, Task, TaskReader, checked

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

EXACT_DB = 60.0
"""What a clip without any error counts in means."""


@dataclass(frozen=True)
class ItemScore:
    """One clip. psnr, moving, static: dB of the squared error over the clip's (such) pixels, None where there is no such
    pixel or no pass that tells. ssim: mean over frames. camera, time: mean over frames of the error in cells. sharpness: of
    the frames' gradients against the truth's."""

    id: str
    mode: str
    stage: str
    psnr: float
    ssim: float
    moving: float | None
    static: float | None
    camera: float
    time: float
    sharpness: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def score_items(
    dataset: Dataset, items: EvalSet, methods: dict[str, Predictor | Batched], size: tuple[int, int]
) -> dict[str, list[ItemScore]]:
    """Score methods on items at (H, W): method → a row for each item."""
    reader = TaskReader(dataset, size)
    scorer = Scorer(dataset, EvalOptions(parts=("frames", "masks", "cells"), size=size, cells="full"))
    scores: dict[str, list[ItemScore]] = {name: [] for name in methods}
    for group in _by_grid(items.items):
        tasks = [reader.task(item) for item in group]
        for name, method in methods.items():
            for task, result in zip(tasks, _predicted(method, tasks), strict=True):
                scores[name].append(_row(scorer, name, task, checked(task, result)))
    return scores


def _row(scorer: Scorer, name: str, task: Task, prediction: Prediction) -> ItemScore:
    values = scorer.score(name, task, Prediction(prediction.frames)).values
    return ItemScore(
        task.item.id, task.item.mode, task.target.grid.rsplit(".", 1)[0], min(values["psnr_pooled"], EXACT_DB),
        values["ssim"], _db(values.get("psnr_moving")), _db(values.get("psnr_static")), values["camera_cells"],
        values["time_cells"], None if np.isnan(values["sharpness"]) else values["sharpness"],
    )  # fmt: skip


def _db(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else min(value, EXACT_DB)


def _predicted(method: Predictor | Batched, tasks: list[Task]) -> Iterator[Any]:
    if not isinstance(method, Batched):
        yield from (method(task) for task in tasks)
        return
    for start in range(0, len(tasks), method.size):
        yield from method.predict(tasks[start : start + method.size])


def _by_grid(items: Iterable[EvalItem]) -> Iterator[list[EvalItem]]:
    groups: dict[str, list[EvalItem]] = {}
    for item in items:
        groups.setdefault(item.target.grid, []).append(item)
    yield from groups.values()
