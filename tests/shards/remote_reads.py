"""What the tests of remote reading read."""

from __future__ import annotations

import numpy as np

from camxtime.sampling import PairLoader, PairSampler, Recipe, SampleOptions, View
from camxtime.shards.dataset import Dataset
from camxtime.shards.remote import RemoteOptions

GRID = "room.ball.arc"
QUICK = RemoteOptions(tries=4, first_pause_s=0.01)


def diagonal(dataset: Dataset) -> np.ndarray:
    """The diagonal of the first grid."""
    return dataset.grid(GRID).diagonal().rgb


def sum_of(dataset: Dataset) -> int:
    """A number that depends on all its pixels."""
    return int(diagonal(dataset).astype(np.int64).sum())


def one_pair(dataset: Dataset) -> np.ndarray:
    """The target of a pair."""
    return PairLoader(PairSampler(dataset, Recipe(frames=5)), SampleOptions(View(16, 24)))[3]["target"]
