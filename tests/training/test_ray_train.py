"""Ray Train: several processes take the same steps as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import camxtime
from camxtime.errors import InputError
from camxtime.training import TrainConfig, train
from camxtime.training.checkpoint import checkpoints
from camxtime.training.log import read_log

ray = pytest.importorskip("ray")

from camxtime.training.ray_train import RayOptions, train_on_ray  # noqa: E402


@pytest.mark.slow
def test_two_processes_lose_what_one_does(train_folder: Path, config: TrainConfig, tmp_path: Path) -> None:
    config = config.changed({"model.objective": "flow", "run.steps": 4, "run.checkpoint_every": 2})
    train(config, camxtime.open(train_folder), tmp_path / "one")
    ray.init(address="local", num_cpus=3, log_to_driver=False, include_dashboard=False)
    try:
        summary = train_on_ray(config, str(train_folder), tmp_path / "two", RayOptions(workers=2))
    finally:
        ray.shutdown()
    one, two = ([row["loss"] for row in read_log(tmp_path / name) if "loss" in row] for name in ("one", "two"))
    assert len(two) == 4
    np.testing.assert_allclose(two, one, rtol=2e-4)
    assert summary["step"] == 4
    assert summary["scores"]["model"] > 0
    assert len(checkpoints(tmp_path / "two" / "checkpoints")) == 2


def test_a_batch_that_does_not_divide_is_refused(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="multiple of processes"):
        train_on_ray(config, "nowhere", tmp_path, RayOptions(workers=3))
