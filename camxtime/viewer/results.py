"""A benchmark's items with their ground truth and predictions; scores are computed in the background, by `evaluation`."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.evaluation.harness import evaluate
from camxtime.evaluation.items import EvalItem, EvalSet, load_items
from camxtime.evaluation.measures import MEASURES
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.predictions import FolderPredictions
from camxtime.evaluation.tasks import PredictionError, Task, TaskReader
from camxtime.shards.cv2_images import cv2_encode
from camxtime.shards.dataset import Dataset
from camxtime.splits.tracks import CellTrack
from camxtime.viewer.answers import refuse
from camxtime.viewer.memory import ByteCache
from camxtime.viewer.state import TRUTH

CLIP_BYTES = 384 * 2**20
"""Decoded clips of predictions kept: a few of 81 frames of 512² pixels."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(eq=False)
class _Method:
    """One folder of predictions and what has been found out about it so far. Lists grow while others read them."""

    name: str
    clips: FolderPredictions
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def predict(self, task: Task) -> NDArray[np.uint8]:
        """As `FolderPredictions`, without complaints about what belongs to other items."""
        return self.clips(task)


class Results:
    """The items of a benchmark file with folders of predictions.

    Raises `InputError` for a folder that is not there or a name twice, `DataError` for a benchmark that is damaged or does not
    fit the dataset.
    """

    def __init__(self, dataset: Dataset, benchmark: Path, folders: Sequence[Path]):
        self.items: EvalSet = load_items(benchmark)
        self.items.check(dataset)
        self._dataset = dataset
        self._reader = TaskReader(dataset)
        self._methods: dict[str, _Method] = {}
        for number, folder in enumerate(folders):
            name = folder.resolve().name
            name = name if _NAME.fullmatch(name) and name != TRUTH else f"predictions-{number + 1}"
            if name in self._methods:
                raise InputError(f"predictions: two folders are called {name!r}; rename one.")
            self._methods[name] = _Method(name, FolderPredictions(folder, self.items))
        self._clips: ByteCache[NDArray[np.uint8]] = ByteCache(CLIP_BYTES, lambda clip: clip.nbytes, 1)
        self._done = 0

    @property
    def names(self) -> list[str]:
        """Names of the predictions."""
        return list(self._methods)

    @property
    def total(self) -> int:
        """Clips to be scored."""
        return len(self.items) * len(self._methods)

    def score_all(self, stop: threading.Event) -> None:
        """Score every prediction that is not scored yet; what goes wrong with one is remembered as its problem."""
        options = EvalOptions(parts=("frames",))
        for item in self.items.items:
            one = self.items.only(ids=[item.id])
            for method in self._methods.values():
                if stop.is_set():
                    return
                if item.id in method.scores or item.id in method.problems:
                    continue
                report = evaluate(one, self._dataset, {method.name: method.predict}, options)
                found = report.methods[0]
                if item.id in found.scores:
                    method.scores[item.id] = {n: _number(v) for n, v in found.scores[item.id].values.items()}
                else:
                    method.problems[item.id] = " ".join(found.problems) or "It cannot be scored."
                self._done += 1

    def to_json(self) -> dict[str, Any]:
        """Items, predictions, and the scores known so far."""
        known = {name for method in self._methods.values() for score in list(method.scores.values()) for name in score}
        metrics = [name for name in MEASURES if name in known]
        return {
            "manifest": {"name": self.items.name, "digest": self.items.digest},
            "metrics": metrics,
            "measures": {name: vars(MEASURES[name]) for name in metrics},
            "items": [self._item(number, item) for number, item in enumerate(self.items.items)],
            "predictions": [
                {"name": method.name, "scores": dict(method.scores), "problems": dict(method.problems)}
                for method in self._methods.values()
            ],
            "scoring": {"done": self._done, "total": self.total} if self._done < self.total else None,
        }

    def frame(self, name: str, number: int, frame: int) -> bytes:
        """A frame of a prediction, or of the ground truth, as PNG; an HTTP error where there is none."""
        if number >= len(self.items) or frame >= len(self.items.items[number].target):
            raise refuse(404, "There is no such item or frame.")
        item = self.items.items[number]
        if name == TRUTH:
            cell = item.target.cameras[frame], item.target.times[frame]
            return _png(self._dataset.grid(item.target.grid).cell(*cell).rgb)
        if name not in self._methods:
            raise refuse(404, "There is no prediction of this name.")
        method = self._methods[name]
        try:
            clip = self._clips.get((name, number), lambda: method.clips(self._reader.task(item)))
        except PredictionError as error:
            raise refuse(404, str(error)) from error
        return _png(clip[frame])

    def frames(self, name: str) -> list[tuple[int, int]]:
        """(item, frame) of every frame that a prediction, or the ground truth, has."""
        whole = [
            number for number, item in enumerate(self.items.items)
            if name == TRUTH or item.id not in self._methods[name].problems
        ]  # fmt: skip
        return [(number, f) for number in whole for f in range(len(self.items.items[number].target))]

    def _item(self, number: int, item: EvalItem) -> dict[str, Any]:
        return {
            "index": number, "id": item.id, "grid": item.target.grid, "task": item.group, "mode": item.mode,
            "caption": item.caption, "frames": len(item.target), "source": _track(item.source), "target": _track(item.target),
        }  # fmt: skip


def _track(track: CellTrack) -> dict[str, Any]:
    return {"grid": track.grid, "cameras": list(track.cameras), "times": list(track.times)}


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _png(rgb: NDArray[np.uint8]) -> bytes:
    return cv2_encode(".png", rgb[..., ::-1])
