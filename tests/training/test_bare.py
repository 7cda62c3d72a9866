"""The single-process part on an image that holds PyTorch, pyarrow and OpenCV alone; its command; its configuration."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from camxtime.cli.train import command
from camxtime.errors import InputError
from camxtime.training import TrainConfig, read_config
from camxtime.training.config import config_yaml


def test_training_needs_neither_ray_nor_blender_nor_pydantic(
    train_folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_bytes(config_yaml(config.changed({"run.steps": 1})))
    code = (
        "import sys\n"
        "for name in ('pydantic', 'ray', 'bpy', 'simplejpeg', 'av', 'torchdata', 'skimage', 'scipy', 'diffusers', 'pandas'):\n"
        "    sys.modules[name] = None\n"
        "import camxtime, pathlib\n"
        "from camxtime.training import read_config, train\n"
        "from camxtime.training import predictor, long_tracks\n"
        "from camxtime.training.ablation import runs\n"
        f"config = read_config({str(tmp_path / 'config.yaml')!r})\n"
        f"print(train(config, camxtime.open({str(train_folder)!r}), pathlib.Path({str(tmp_path / 'run')!r})).step)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "1"


def test_the_command_trains_and_prints(train_folder: Path, config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(config_yaml(config))
    words = [str(train_folder), "--out", str(tmp_path / "run")]
    given = ["--config", str(tmp_path / "config.yaml"), "--steps", "2"]
    result = CliRunner().invoke(command, [*words, *given, "--json"], catch_exceptions=False)
    assert json.loads(result.output)["step"] == 2
    result = CliRunner().invoke(command, [*words, "--resume", "--steps", "3"], catch_exceptions=False)
    assert "3 of 3" in result.output
    assert "held-out grids" in result.output


def test_configurations_are_strict(tmp_path: Path) -> None:
    assert TrainConfig.of_json(TrainConfig().to_json()) == TrainConfig()
    file = tmp_path / "c.yaml"
    cases = {
        "model: {dims: 3}": "model.dims: there is no such field",
        "model: {dim: '3'}": "model.dim must be a whole number",
        "run: {compile: 1}": "run.compile must be true or false",
        "optim: {rate: .nan}": "optim.rate must be a number",
        "model: 3": "model must be a mapping",
        "model: {patch: 7}": "multiples of patch",
        "model: {time: cosine}": "model.time must be conv or uniform",
        "data: {recipe: {frames: 3}}": None,
        "[": "is not YAML",
        "x: !!python/object/apply:os.system [ls]": "is not YAML",
    }
    for text, message in cases.items():
        file.write_text(text)
        if message is None:
            read_config(file)
            continue
        with pytest.raises(InputError) as caught:
            read_config(file)
        assert message in str(caught.value)
    file.write_text("optim: {rate: 1e-3}")  # text in YAML 1.1
    assert read_config(file).optim.rate == 1e-3
    with pytest.raises(InputError, match="no setting"):
        TrainConfig().changed({"run.stepz": 1})
