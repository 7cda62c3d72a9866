"""The trainer: exact resume, clean stops, what it writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import DataError, InputError, WorkError
from camxtime.sampling.loader import PairError
from camxtime.shards.dataset import Dataset
from camxtime.training import Options, TrainConfig, train
from camxtime.training.checkpoint import checkpoints, find, read_state
from camxtime.training.data import choose_grids
from camxtime.training.device import Ranks
from camxtime.training.log import read_log
from camxtime.training.stop import StopFlag


def losses(out: Path) -> list[float]:
    return [row["loss"] for row in read_log(out) if "loss" in row]


@pytest.fixture(params=["regression", "flow"])
def objective(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_interrupted_at_any_step_and_resumed_losses_are_identical(
    dataset: Dataset, config: TrainConfig, tmp_path: Path, objective: str
) -> None:
    """Resumed from the checkpoint of each step, with other numbers of loader processes and of accumulated parts."""
    config = config.changed({"model.objective": objective, "model.contexts": 1, "run.context_drop": 0.5})
    whole = tmp_path / "whole"
    summary = train(config, dataset, whole)
    expected = losses(whole)
    assert len(set(expected)) == config.run.steps
    assert summary.scores is not None
    assert summary.held_out
    for step in range(1, config.run.steps):
        out = tmp_path / f"from-{step}"
        shutil.copytree(whole, out)
        for later in checkpoints(out / "checkpoints")[step:]:
            shutil.rmtree(later)
        resumed = train(config.changed({"data.prefetch": 1 + step % 3}), dataset, out, Options(resume=True))
        assert losses(out) == expected
        assert resumed.scores == summary.scores
        for name in ("weights", "ema", "optimizer"):
            pair = (find(run) / f"{name}.safetensors" for run in (whole, out))
            assert len({file.read_bytes() for file in pair}) == 1


@pytest.mark.slow
def test_resumed_with_loader_processes_losses_are_identical(
    dataset: Dataset, config: TrainConfig, tmp_path: Path
) -> None:
    train(config, dataset, tmp_path / "whole")
    flag = StopFlag()
    flag.ask("a test")
    out = tmp_path / "stopped"
    for workers in (2, 1, 0):  # the flag is up: each run does one step
        summary = train(config.changed({"data.workers": workers}), dataset, out, Options(resume=True, stop=flag))
        assert summary.stopped == "a test"
    assert summary.step == 3
    train(config.changed({"data.workers": 2}), dataset, out, Options(resume=True))
    assert losses(out) == losses(tmp_path / "whole")


def test_a_run_leaves_what_it_promises(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    config = config.changed({"run.sample_every": 2, "run.validate_every": 3, "run.tensorboard": True, "run.keep": 2})
    summary = train(config, dataset, tmp_path)
    assert (tmp_path / "config.yaml").is_file()
    assert len(checkpoints(tmp_path / "checkpoints")) == 2
    names = {file.name for file in (tmp_path / "samples").iterdir()}
    assert {"step-00000002.webp", "step-00000004.png", "final.webp"} <= names
    assert list((tmp_path / "tensorboard").iterdir())
    rows = read_log(tmp_path)
    assert {"loss", "rate", "norm", "pairs_per_s", "wait"} <= set(rows[0])
    assert [row["step"] for row in rows if "model" in row] == [3, 6]
    assert summary.scores is not None
    assert np.isfinite([summary.scores.model, summary.scores.copy, summary.scores.reshuffle]).all()
    again = train(config, dataset, tmp_path, Options(resume=True))
    assert (again.step, again.loss) == (6, None)


def test_training_lowers_the_loss(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    train(config.changed({"run.steps": 60, "run.checkpoint_every": 0, "data.augment": False}), dataset, tmp_path)
    rows = losses(tmp_path)
    assert np.mean(rows[-10:]) < 0.8 * np.mean(rows[:5])


def test_held_out_stages_share_nothing_with_training(dataset: Dataset, config: TrainConfig) -> None:
    sets = choose_grids(dataset, config.data)
    stages = [{grid.rsplit(".", 1)[0] for grid in part} for part in (sets.train, sets.validation)]
    assert sets.held_out
    assert not stages[0] & stages[1]
    assert len(stages[0] | stages[1]) == 5
    assert not choose_grids(dataset, config.changed({"data.held_out": 0.0}).data).held_out


def test_refusals(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    """Another configuration, another dataset, too few times, text without an encoder, a run that is there already."""
    train(config.changed({"run.steps": 2}), dataset, tmp_path / "run")
    resume = Options(resume=True)
    with pytest.raises(InputError, match="holds a run already"):
        train(config, dataset, tmp_path / "run")
    with pytest.raises(InputError, match="another configuration"):
        train(config.changed({"model.dim": 48}), dataset, tmp_path / "run", resume)
    with pytest.raises(InputError, match=r"optim\.rate is 0\.5"):
        train(config.changed({"optim.rate": 0.5}), dataset, tmp_path / "run", resume)
    other = make_dataset(tmp_path / "other", SyntheticSpec(cameras=4, times=5, passes={"rgb": "png"}))
    with pytest.raises(InputError, match="pairs are others"):
        train(config, camxtime.open(other), tmp_path / "run", resume)
    with pytest.raises(InputError, match="has 5 times: 9 frames"):
        train(config.changed({"model.frames": 9}), dataset, tmp_path / "long")
    with pytest.raises(InputError, match="text encoder"):
        train(config.changed({"model.text_dim": 8}), dataset, tmp_path / "text")
    assert Ranks(0, 2).share(12, 3) == 2
    with pytest.raises(InputError, match="multiple of processes"):
        Ranks(0, 2).share(9, 3)


def test_missing_passes_and_manifests_are_named(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    bare = make_dataset(tmp_path / "bare", SyntheticSpec(cameras=4, times=5, passes={"depth": "logpng16"}))
    with pytest.raises(InputError, match="no pass 'rgb'"):
        train(config, camxtime.open(bare), tmp_path / "a")
    with pytest.raises(InputError, match="no such manifest"):
        train(config.changed({"data.manifest": str(tmp_path / "none.json")}), dataset, tmp_path / "b")


def test_a_manifests_splits_are_used_and_checked(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    from camxtime.splits import Recipe, content_of, cut

    manifest = cut(content_of(dataset), Recipe({"test": "1"}))
    path = manifest.write(tmp_path / "split.json")
    sets = choose_grids(dataset, config.changed({"data.manifest": str(path)}).data)
    assert sets.train == manifest.grids("train")
    assert sets.validation == manifest.grids("test")
    with pytest.raises(InputError, match="no split 'nowhere'"):
        choose_grids(dataset, config.changed({"data.manifest": str(path), "data.split": "nowhere"}).data)
    other = camxtime.open(make_dataset(tmp_path / "other", SyntheticSpec(cameras=4, times=5)))
    with pytest.raises(DataError, match="is missing in"):
        choose_grids(other, config.changed({"data.manifest": str(path)}).data)


def test_a_loss_that_is_not_finite_stops_with_step_and_pair(
    dataset: Dataset, config: TrainConfig, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    train(config.changed({"run.steps": 2}), dataset, tmp_path)
    file = find(tmp_path) / "weights.safetensors"
    weights = load_file(file)
    weights["patches.bias"][0] = torch.nan
    save_file(weights, file)
    with pytest.raises(WorkError, match="not finite at step 2, pair 8"):
        train(config, dataset, tmp_path, Options(resume=True))


def test_a_damaged_cell_stops_with_its_pair(config: TrainConfig, tmp_path: Path) -> None:
    folder = make_dataset(
        tmp_path / "data", SyntheticSpec(cameras=4, times=5, width=24, height=16, passes={"rgb": "png"})
    )
    for shard in (folder / "shards").rglob("*.parquet"):
        data = bytearray(shard.read_bytes())
        data[len(data) // 2] ^= 0xFF
        shard.write_bytes(data)
    with pytest.raises(PairError, match=r"^Pair \d+: "):
        train(config, camxtime.open(folder), tmp_path / "run")


def test_damaged_checkpoints_are_data_errors(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    train(config.changed({"run.steps": 1}), dataset, tmp_path)
    folder = find(tmp_path)
    (folder / "ema.safetensors").write_bytes(b"\0" * 40)
    with pytest.raises(DataError, match=r"ema\.safetensors"):
        train(config, dataset, tmp_path, Options(resume=True))
    state = json.loads((folder / "state.json").read_bytes())
    state["config"]["model"]["dim"] = "x"
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(DataError, match=r"model\.dim must be a whole number"):
        read_state(folder)
    with pytest.raises(InputError, match="no checkpoint"):
        find(tmp_path / "nowhere")


@pytest.mark.slow
def test_sigterm_stops_with_a_checkpoint_and_resume_goes_on(
    train_folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    from camxtime.training.config import config_yaml

    config = config.changed({"run.steps": 40, "run.checkpoint_every": 0})
    whole, out = tmp_path / "whole", tmp_path / "run"
    train(config, camxtime.open(train_folder), whole)
    (tmp_path / "config.yaml").write_bytes(config_yaml(config))
    words = [sys.executable, "-m", "camxtime.cli", "train", str(train_folder), "--out", str(out)]
    process = subprocess.Popen([*words, "--config", str(tmp_path / "config.yaml"), "--set", "run.checkpoint_every=1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    while process.poll() is None and len(checkpoints(out / "checkpoints")) < 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    done = read_state(find(out)).step
    assert "Stopped by SIGTERM" in printed or done == 40
    again = subprocess.run([*words, "--resume"], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert losses(out) == losses(whole)
