"""A small real dataset with two camera paths of one scene and animation, and one with a single path."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.shards.dataset import Dataset

SPEC = SyntheticSpec(
    grids=("hall.ball.arc", "room.ball.arc", "room.ball.arc_2"),
    cameras=12,
    times=11,
    width=48,
    height=32,
    times_per_unit=4,
)


@pytest.fixture(scope="session")
def dataset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 grids of 12 cameras × 11 times, 48×32; two of them are paths of one stage."""
    return make_dataset(tmp_path_factory.mktemp("sampling") / "dataset", SPEC)


@pytest.fixture
def dataset(dataset_folder: Path) -> Dataset:
    """The dataset, opened anew."""
    return camxtime.open(dataset_folder)
