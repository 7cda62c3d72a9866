"""A small dataset of several stages with two camera paths each, and a configuration that trains in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.shards.dataset import Dataset
from camxtime.training import Conditions, ModelConfig, Track, TrainConfig
from camxtime.training.embeddings import POSE_NUMBERS

SPEC = SyntheticSpec(
    grids=tuple(f"scene_{i}.ball_{i}.{path}" for i in range(5) for path in ("arc", "arc_2")),
    cameras=4,
    times=5,
    width=24,
    height=16,
    times_per_unit=5,
    passes={"rgb": "png", "depth": "logpng16"},
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tests share the machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def train_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 grids of 4 cameras × 5 times, 24×16, rgb and depth."""
    return make_dataset(tmp_path_factory.mktemp("training") / "dataset", SPEC)


@pytest.fixture
def dataset(train_folder: Path) -> Dataset:
    """The dataset, opened anew."""
    return camxtime.open(train_folder)


@pytest.fixture
def config() -> TrainConfig:
    """A tiny configuration for that dataset."""
    return TrainConfig().changed({
        "model.frames": 4, "model.height": 16, "model.width": 24, "model.time_stride": 2, "model.dim": 24, "model.depth": 1,
        "model.heads": 2, "optim.warmup": 2, "run.steps": 6, "run.batch": 4, "run.threads": 1, "run.device": "cpu",
        "run.checkpoint_every": 1, "run.keep": 100, "run.sample_every": 0, "run.samples": 1, "run.validation_pairs": 4,
        "run.tensorboard": False, "data.prefetch": 2,
    })  # fmt: skip


@pytest.fixture
def known_of() -> Callable[..., tuple[torch.Tensor, Conditions]]:
    """(target video, conditions) of random numbers for a model's configuration."""

    def make(config: ModelConfig, batch: int = 2, contexts: int = 0, **given: Any) -> tuple[torch.Tensor, Conditions]:
        generator = torch.Generator().manual_seed(0)

        def video() -> torch.Tensor:
            return torch.rand(batch, config.frames, 3, config.height, config.width, generator=generator) * 2 - 1

        def track() -> Track:
            shape: tuple[int, ...] = (POSE_NUMBERS,)
            if config.camera == "plucker":
                shape = (6, config.height // config.patch, config.width // config.patch)
            camera = torch.randn(batch, config.frames, *shape, generator=generator)
            return Track(camera, torch.randint(config.frames, (batch, config.frames), generator=generator).float())

        clips = tuple((video(), track()) for _ in range(1 + contexts))
        return video(), Conditions(track(), clips, given.get("text"))

    return make
