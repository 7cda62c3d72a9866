"""All that is measured on one clip, with what clips of one dataset share kept between them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation import masks
from camxtime.evaluation.cells import CellBanks, reduced, sharpness
from camxtime.evaluation.estimate import Estimator
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.pose_files import PoseFolder
from camxtime.evaluation.poses import Estimate, camera_accuracy
from camxtime.evaluation.score import ClipScore, score_clip
from camxtime.evaluation.sync import Synchronisation
from camxtime.evaluation.tasks import Prediction, Task
from camxtime.sampling.view import View
from camxtime.shards.dataset import Dataset

if TYPE_CHECKING:
    from camxtime.evaluation.lpips import Lpips

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
        self._view = View(*options.size) if options.size is not None else View()
        self._banks = CellBanks(dataset, self._view, options.cells, options.cells_most, options.cells_px)
        self._pose_folders = {name: PoseFolder(folder) for name, folder in options.poses.items()}
        self._estimator: Estimator | None = None
        self._sync = Synchronisation()
        self._lpips = self._load_lpips()

    def score(self, method: str, task: Task, prediction: Prediction) -> ClipScore:
        """The score of a method's checked prediction; `PredictionError` if its pose file is missing or wrong."""
        score = self.pixels(task, prediction)
        if "cells" in self.options.parts:
            score.add(self.cells(task, prediction))
        if "poses" in self.options.parts:
            score.add(self.poses(method, task, prediction))
        if "sync" in self.options.parts:
            score.add(self.sync(task, prediction))
        if self._lpips is not None:
            distances = self._lpips.distances(prediction.frames, task.target.rgb)
            score.add(ClipScore({"lpips": float(distances.mean())}, {"lpips": distances}))
        return score

    def pixels(self, task: Task, prediction: Prediction) -> ClipScore:
        """PSNR, SSIM and the masked variants, as far as they are among the parts."""
        if not {"frames", "masks"} & set(self.options.parts):
            return ClipScore()
        chosen = dict(self.masks(task)) if "masks" in self.options.parts else {}
        if prediction.known is not None:
            chosen["known"] = prediction.known
        score = score_clip(prediction.frames, task.target.rgb, chosen)
        for name in ("share_revealed", "share_static"):  # what is left of the other two
            score.values.pop(name, None)
        if "frames" not in self.options.parts:
            for name in ("psnr", "psnr_pooled", "ssim"):
                score.values.pop(name)
            score.frames.clear()
        return score

    def _load_lpips(self) -> Lpips | None:
        if "frames" not in self.options.parts:
            return None
        if not self.options.lpips:
            self._note("LPIPS: its weights were not given (--lpips FILE; docs/evaluation.md says which).")
            return None
        from camxtime.evaluation.lpips import Lpips

        return Lpips(self.options.lpips)

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

    def poses(self, method: str, task: Task, prediction: Prediction) -> ClipScore:
        """Camera accuracy, from the method's pose files or the built-in estimator."""
        folder = self._pose_folders.get(method)
        if folder is not None:
            estimate = folder.of(task)
        elif self._has_depth("poses"):
            if self._estimator is None:
                self._estimator = Estimator(self._dataset, self._view)
            estimate = Estimate(self._estimator.poses(prediction.frames, task.target), task.source.c2w[0], metric=True)
        else:
            return ClipScore()
        return ClipScore(camera_accuracy(estimate, task.target.c2w, task.source.c2w))

    def sync(self, task: Task, prediction: Prediction) -> ClipScore:
        """Matches with the source's frames of the same times."""
        return self._sync.score(task, prediction.frames) if self._has_depth("sync") else ClipScore()

    def _has_depth(self, part: str) -> bool:
        if "depth" not in self._dataset.passes:
            self._note(f"{part}: the dataset has no pass depth, which the known geometry comes from.")
        return "depth" in self._dataset.passes

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def _mean(values: NDArray[np.float64]) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if there.size else float("nan")
