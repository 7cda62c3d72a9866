"""A small dataset with two stages and items of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation_data import GRIDS, LOSSLESS, SIDE, item
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.evaluation.items import EvalSet, item_set
from camxtime.evaluation.tasks import Task, TaskReader
from camxtime.shards.dataset import Dataset


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 grids of 9 cameras × 9 times, 40×32, lossless colour, with depth and ids."""
    spec = SyntheticSpec(GRIDS, SIDE, SIDE, 40, 32, 5, dict(LOSSLESS))
    return make_dataset(tmp_path_factory.mktemp("evaluation") / "dataset", spec)


@pytest.fixture(scope="session")
def dataset(folder: Path) -> Dataset:
    """The dataset, opened."""
    return camxtime.open(folder)


@pytest.fixture(scope="session")
def items() -> EvalSet:
    """Backwards and frozen for each stage, and another path."""
    up = list(range(SIDE))
    made = [item(g, mode, up, t) for g in GRIDS[:2] for mode, t in (("backward", up[::-1]), ("freeze", [4] * SIDE))]
    return item_set([*made, item("room.ball.arc", "hop", up, up, "room.ball.arc_2")])


@pytest.fixture
def task(dataset: Dataset, items: EvalSet) -> Task:
    """The first item's task: backwards."""
    return TaskReader(dataset).task(items.items[0])
