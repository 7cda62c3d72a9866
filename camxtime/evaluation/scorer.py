"""All that is measured on one clip, with what clips of one dataset share kept between them."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation import masks
from camxtime.evaluation.cells import CellBanks, reduced, sharpness
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.score import ClipScore, score_clip
from camxtime.evaluation.tasks import Prediction, Task
from camxtime.sampling.view import View
from camxtime.shards.dataset import Dataset

Bools = NDArray[np.bool_]

KEPT_MASKS = 64
"""Items whose masks are kept, packed, for the next method."""


class Scorer:
    """Scores predictions of a dataset's items. notes: what cannot be measured, and why."""

    def __init__(self, dataset: Dataset, options: EvalOptions):
        self.options = options
        self.notes: list[str] = []
        self._dataset = dataset
        self._masks: OrderedDict[str, dict[str, Bools]] = OrderedDict()
        view = View(*options.size) if options.size is not None else View()
        self._banks = CellBanks(dataset, view, options.cells, options.cells_most, options.cells_px)

    def score(self, task: Task, prediction: Prediction) -> ClipScore:
        """The score of a checked prediction."""
        chosen = dict(self.masks(task)) if "masks" in self.options.parts else {}
        if prediction.known is not None:
            chosen["known"] = prediction.known
        score = score_clip(prediction.frames, task.target.rgb, chosen)
        for name in ("revealed", "static"):  # their shares are what is left of the others
            score.values.pop(f"share_{name}", None)
        if "cells" in self.options.parts:
            score.add(self.cells(task, prediction))
        return score

    def masks(self, task: Task) -> dict[str, Bools]:
        """The masks of an item that its dataset's passes allow: co-visible and revealed, moving and static; [F, H, W]."""
        found = self._masks.pop(task.item.id, None)
        if found is None:
            found = self._make_masks(task)
        self._masks[task.item.id] = found
        while len(self._masks) > KEPT_MASKS:
            self._masks.popitem(last=False)
        return found

    def _make_masks(self, task: Task) -> dict[str, Bools]:
        moves = None
        found: dict[str, Bools] = {}
        subjects = masks.subjects_of(self._dataset, task.target.grid)
        if "instance" in task.target.passes and subjects.size:
            moves = masks.moving(task.target, subjects)
            found |= {"moving": moves, "static": ~moves}
        else:
            self._note("No moving and static pixels: the dataset has no pass instance, or names no animated subject.")
        if "depth" in task.target.passes:
            seen = masks.covisible(task, moves)
            found = {"covisible": seen, "revealed": ~seen} | found
        else:
            self._note("No co-visible and revealed pixels: the dataset has no pass depth.")
        return found

    def cells(self, task: Task, prediction: Prediction) -> ClipScore:
        """Camera and time error in cells."""
        target = task.target
        bank = self._banks.of(target)
        found = bank.nearest(reduced(prediction.frames, bank.size), target.cameras, target.times)
        frames: dict[str, NDArray[np.float64]] = {
            "camera_cells_row": np.abs(found.row_camera - target.cameras).astype(np.float64),
            "time_cells_column": np.abs(found.column_time - target.times).astype(np.float64),
            "cell_margin": found.margin,
            "sharpness": sharpness(prediction.frames, target.rgb),
        }
        if found.camera is not None and found.time is not None:
            camera, time = np.abs(found.camera - target.cameras), np.abs(found.time - target.times)
            frames |= {"camera_cells": camera.astype(np.float64), "time_cells": time.astype(np.float64),
                       "right_cell": ((camera == 0) & (time == 0)).astype(np.float64)}  # fmt: skip
        else:
            self._note(
                "The cells of the wanted camera and the wanted time alone were searched: the grids are large (cells)."
            )
        return ClipScore({name: _mean(values) for name, values in frames.items()}, frames)

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def _mean(values: NDArray[np.float64]) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if there.size else float("nan")
