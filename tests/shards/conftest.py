"""A synthetic dataset (analytic scene, real files), made once, and copies of it to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from remote_reads import diagonal
from synthetic import SyntheticSpec, make_dataset

import camxtime


@pytest.fixture(scope="session")
def spec() -> SyntheticSpec:
    """Two grids of 6 × 5 cells in three shards each."""
    return SyntheticSpec()


@pytest.fixture(scope="session")
def dataset_dir(tmp_path_factory: pytest.TempPathFactory, spec: SyntheticSpec) -> Path:
    """The dataset; not to be changed."""
    return make_dataset(tmp_path_factory.mktemp("dataset"), spec)


@pytest.fixture
def damaged(dataset_dir: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(dataset_dir, tmp_path / "copy"))


@pytest.fixture
def expected(dataset_dir: Path) -> np.ndarray:
    """The pixels of the first grid's diagonal, read from the folder."""
    return diagonal(camxtime.open(dataset_dir))
