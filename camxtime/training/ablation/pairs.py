"""The conditions' pairs: the ordinary sampler, with cameras locked to time or scenes held still where a condition says so."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import numpy as np

from camxtime.errors import InputError
from camxtime.sampling import Pair, PairSampler, Recipe
from camxtime.training.ablation.plan import Condition

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

_STATIC = 1_734_991


class ConditionSampler(PairSampler):
    """Pairs of a condition over the given grids. Pair i is a function of the same things as in `PairSampler`."""

    def __init__(self, dataset: Dataset, condition: Condition, recipe: Recipe, seed: int, grids: tuple[str, ...]):
        super().__init__(dataset, recipe, seed, grids)
        self.condition = condition
        text = f"{self.fingerprint}\nablation {condition.locked} {condition.static}"
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()

    def pair(self, index: int) -> Pair:
        drawn = super().pair(index)
        rng = np.random.default_rng([_STATIC, self.seed, index])
        if rng.random() < self.condition.static:
            return self._still(drawn, int(rng.integers(len(drawn.source))))
        return self._locked(drawn) if self.condition.locked else drawn

    def _locked(self, pair: Pair) -> Pair:
        """The target as a replayed video: each time is seen from where the camera then was."""
        grid = self.catalog.number(pair.target.grids[0])
        times = pair.target.track.times
        target = self.catalog.clip(grid, self.catalog.diagonal(grid, times), times)
        return dataclasses.replace(pair, camera="locked", target=target)

    def _still(self, pair: Pair, frame: int) -> Pair:
        """Both cameras travel forward, time stands still at the source's time of a drawn frame."""
        window = pair.window.times(np.arange(pair.window.frames))
        still = np.full_like(window, window[frame])
        clips = []
        for clip in (pair.source, pair.target):
            grid = self.catalog.number(clip.grids[0])
            clips.append(self.catalog.clip(grid, self.catalog.diagonal(grid, window), still))
        return dataclasses.replace(pair, warp="static", camera="diagonal", source=clips[0], target=clips[1])


def condition_grids(condition: Condition, dataset: Dataset, grids: tuple[str, ...], seed: int) -> tuple[str, ...]:
    """The training grids that a condition may see.

    equal_cells: diagonals show T of a grid's C × T cells, so of S stages S / C (in a drawn order, another for each seed)
    have, with all their cells, as many distinct ones. `InputError` if that leaves none.
    """
    if not condition.equal_cells:
        return grids
    stages = sorted({grid.rsplit(".", 1)[0] for grid in grids}, key=lambda stage: _hash(stage, seed))
    cameras = dataset.grid(grids[0]).cameras
    count = len(stages) // len(cameras.c2w)
    if count < 1:
        raise InputError(
            f"{condition.name}: {len(stages)} stages are too few; at least {len(cameras.c2w)} are needed for one with all "
            "its cells."
        )
    kept = set(stages[:count])
    return tuple(grid for grid in grids if grid.rsplit(".", 1)[0] in kept)


def _hash(stage: str, seed: int) -> str:
    return hashlib.sha256(f"equal cells {seed} {stage}".encode()).hexdigest()
