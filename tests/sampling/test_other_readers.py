"""Hugging Face `datasets` and Ray Data read the same shards, and get the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import simplejpeg

import camxtime


def _check(rows: list[dict[str, object]], folder: Path) -> None:
    grid = camxtime.open(folder).grid("room.ball.arc")
    assert sorted((row["time"], row["camera"]) for row in rows) == [
        (t, c) for t in range(grid.T) for c in range(grid.C)
    ]
    for row in rows[:: len(rows) // 7]:
        image = simplejpeg.decode_jpeg(row["rgb"], "RGB")
        assert np.array_equal(image, grid.cell(int(str(row["camera"])), int(str(row["time"]))).rgb)


@pytest.mark.parametrize("streaming", [True, False])
def test_hugging_face_datasets(
    dataset_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streaming: bool
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face datasets: pip install datasets")
    files = [str(path) for path in sorted((dataset_folder / "shards" / "room.ball.arc").glob("*.parquet"))]
    found = datasets.load_dataset(
        "parquet", data_files=files, split="train", streaming=streaming, cache_dir=str(tmp_path)
    )
    _check(list(found), dataset_folder)


@pytest.mark.slow
def test_ray_data(dataset_folder: Path) -> None:
    ray = pytest.importorskip("ray", reason="needs Ray: pip install camxtime[render]")
    ray_data = pytest.importorskip("ray.data", reason="needs Ray Data")
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
    try:
        found = ray_data.read_parquet(str(dataset_folder / "shards" / "room.ball.arc"))
        _check(found.take_all(), dataset_folder)
    finally:
        ray.shutdown()
