"""The clips that all runs must make, from held-out grids: the papers' protocol, a held-out warp, and a fixed camera.

| mode      | times of the target                         | cameras of the target    |
|-----------|---------------------------------------------|--------------------------|
| identity  | as the source                               | as the source            |
| reverse   | backwards                                   | as the source            |
| slow      | each of the first half twice                | as the source            |
| freeze    | the middle one                              | as the source            |
| zigzag    | to 5/8 and back                             | as the source            |
| ping_pong | forth and back (no run has trained on it)   | as the source            |
| stabilise | as the source                               | the middle one throughout |
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.evaluation.items import EvalItem, EvalSet, item_set
from camxtime.sampling.tracks import diagonal_cameras
from camxtime.splits.tracks import CellTrack
from camxtime.timewarp import WARPS
from camxtime.training.ablation.plan import HELD_OUT_WARP

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

Indices = NDArray[np.int64]

GROUPS = MappingProxyType(
    {
        "identity": "identity", "reverse": "direction", "zigzag": "direction", HELD_OUT_WARP: "direction",
        "slow": "speed", "freeze": "bullet", "stabilise": "camera",
    }
)  # fmt: skip
MODES = tuple(GROUPS)
HEADLINE = ("reverse", "stabilise")
WARPED = ("reverse", "slow", "freeze", "zigzag")
"""The modes whose mean is the table's average: time alone changes, as in the papers."""


def mode_times(mode: str, frames: int) -> Indices:
    """Window times of a mode, int64 [F]."""
    half = frames // 2
    parameters: dict[str, tuple[str, dict[str, int]]] = {
        "identity": ("forward", {}),
        "stabilise": ("forward", {}),
        "reverse": ("reverse", {}),
        "slow": ("slow_global", {"start": 0}),
        "freeze": ("freeze", {"at": half}),
        "zigzag": ("zigzag", {"pivot": min(half + 1, frames - 2)}),
        HELD_OUT_WARP: (HELD_OUT_WARP, {"span": max((frames - 1) // 3, 1), "start": 0}),
    }
    name, given = parameters[mode]
    return WARPS[name](frames, frames, 0, **given)


def ablation_items(dataset: Dataset, grids: tuple[str, ...], frames: int, most: int) -> EvalSet:
    """All modes of up to `most` grids, spread evenly over the stages; `InputError` if a grid has fewer times than F."""
    items = []
    for grid in chosen_grids(grids, most):
        record = dataset.grids[dataset.grids.ordinal(grid)]
        if frames > record.T:
            raise InputError(f"Grid {grid} has {record.T} times, the ablation's clips have {frames} frames.")
        window = np.arange(frames)
        own = diagonal_cameras(record.C, record.T, window)
        source = CellTrack(grid, _plain(own), _plain(window))
        for mode in MODES:
            cameras = np.full(frames, own[frames // 2]) if mode == "stabilise" else own
            target = CellTrack(grid, _plain(cameras), _plain(mode_times(mode, frames)))
            items.append(EvalItem(f"{grid}/{mode}", mode, GROUPS[mode], source, target))
    return item_set(items, "ablation")


def chosen_grids(grids: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Up to `most` grids: a first path of every stage in a fixed drawn order, then second paths, and so on."""
    ordered = sorted(grids, key=lambda grid: hashlib.sha256(f"ablation {grid}".encode()).hexdigest())
    seen: dict[str, int] = {}
    ranks = []
    for place, grid in enumerate(ordered):
        stage = grid.rsplit(".", 1)[0]
        seen[stage] = seen.get(stage, 0) + 1
        ranks.append((seen[stage], place, grid))
    return tuple(sorted(grid for _, _, grid in sorted(ranks)[:most]))


def _plain(values: Indices) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
