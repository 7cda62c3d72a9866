"""What a predictor is given for an item, and what predictors are.

A *predictor* is a plain callable: `Task` → frames uint8 [F, H, W, 3], F the number of frames of the target. It may return a
`Prediction` to say which pixels it knows. One that computes several items at once is wrapped in `Batched`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.evaluation.items import EvalItem
from camxtime.evaluation.metrics import Frames
from camxtime.sampling.decode import Decoder, Wanted
from camxtime.sampling.tracks import ClipRef, Track
from camxtime.sampling.view import Cut, View
from camxtime.shards.dataset import Dataset
from camxtime.splits.tracks import CellTrack

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class ClipView:
    """One track of a dataset, cut to the size of the evaluation. Pixels are read when first asked for, and kept.

    grid: its id. cameras, times: int64 [F]. c2w: (F, 4, 4), K: (F, 3, 3) of the cut images. size: (H, W). fps.
    """

    def __init__(self, decoder: Decoder, dataset: Dataset, track: CellTrack, view: View):
        grid = dataset.grid(track.grid)
        self.grid = track.grid
        self.cameras: Indices = np.array(track.cameras, np.int64)
        self.times: Indices = np.array(track.times, np.int64)
        self.passes = grid.passes
        self.fps = grid.fps
        self.cut: Cut = view.cut(grid.H, grid.W)
        self.size: tuple[int, int] = self.cut.size
        self.c2w: Floats = grid.cameras.c2w[self.cameras]
        self.K: Floats = self.cut.K(grid.cameras.K[self.cameras])
        self._decoder = decoder
        self._clip = ClipRef.of(track.grid, Track(self.cameras, self.times))

    def __len__(self) -> int:
        return len(self.times)

    def read(self, pass_name: str) -> NDArray[Any]:
        """[F, H, W, …] of a pass, read anew; `InputError` if the dataset has none of that name."""
        return self._decoder.read([Wanted(self._clip, pass_name)], self.cut)[0]

    @cached_property
    def rgb(self) -> Frames:
        """uint8 [F, H, W, 3]."""
        return self.read("rgb")

    @cached_property
    def depth(self) -> NDArray[np.float32]:
        """float32 [F, H, W] z-depth in metres, +inf where nothing is hit."""
        return self.read("depth")

    @cached_property
    def instance(self) -> NDArray[np.uint16]:
        """uint16 [F, H, W] object ids."""
        return self.read("instance")


@dataclass(frozen=True, eq=False)
class Task:
    """An item with its clips. A model may use all of `source`, and of `target` c2w, K, times, size and caption, no pixels."""

    item: EvalItem
    source: ClipView
    target: ClipView

    @property
    def caption(self) -> str:
        """The target's caption."""
        return self.item.caption


@dataclass(frozen=True, eq=False)
class Prediction:
    """Frames uint8 [F, H, W, 3], and where the method knows what it shows, bool [F, H, W] (None: everywhere)."""

    frames: Frames
    known: NDArray[np.bool_] | None = None


Predictor = Callable[[Task], "Frames | Prediction"]


@dataclass(frozen=True, eq=False)
class Batched:
    """A predictor of up to `size` items at once: list of tasks → list of frames, in order."""

    predict: Callable[[Sequence[Task]], Sequence[Frames | Prediction]]
    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InputError(f"A batch has at least 1 item, not {self.size}.")


class PredictionError(DataError):
    """One item's prediction is missing or not what it should be. The harness names it and scores the others."""


class TaskReader:
    """Makes tasks of items. size: (H, W) of the evaluation; None: as stored."""

    def __init__(self, dataset: Dataset, size: tuple[int, int] | None = None):
        self.dataset = dataset
        self.view = View(*size) if size is not None else View()
        self._decoder = Decoder(dataset)

    def task(self, item: EvalItem) -> Task:
        """The task of an item; nothing is read yet but cameras."""
        source, target = (ClipView(self._decoder, self.dataset, t, self.view) for t in (item.source, item.target))
        return Task(item, source, target)


def checked(task: Task, result: Frames | Prediction) -> Prediction:
    """A predictor's result as a `Prediction`; `PredictionError` naming the item if frames are not as they must be."""
    prediction = result if isinstance(result, Prediction) else Prediction(np.asarray(result))
    frames, name = prediction.frames, task.item.id
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise PredictionError(f"{name}: frames must be uint8 [F, H, W, 3], not {frames.dtype} {list(frames.shape)}.")
    if len(frames) != len(task.target):
        raise PredictionError(f"{name}: has {len(frames)} frames, not {len(task.target)}.")
    if frames.shape[1:3] != task.target.size:
        height, width = task.target.size
        raise PredictionError(f"{name}: is {frames.shape[2]}×{frames.shape[1]}, not {width}×{height}.")
    if prediction.known is not None and prediction.known.shape != frames.shape[:3]:
        raise PredictionError(f"{name}: its mask is {list(prediction.known.shape)}, not {list(frames.shape[:3])}.")
    return prediction
