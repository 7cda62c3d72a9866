"""Training Wan-2.1 with the ordinary trainer: its loss on latents, made on the fly or cached by content.

learner = WanLearner(load_wan(PATH, options, device), cache=Path("latents"))
train(wan_config(options, config), dataset, out, Options(learner=learner, text=umt5))
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from camxtime.errors import DataError
from camxtime.shards.atomic import write_atomic
from camxtime.training.batch import Batch
from camxtime.training.config import TrainConfig
from camxtime.training.model import Conditions
from camxtime.training.objectives import Draw, Solver
from camxtime.training.wan import WanModel, WanOptions


class WanLearner(nn.Module):
    """Wan-2.1 as the trainer takes it. cache: a folder of latents; None: every clip is encoded when it comes."""

    def __init__(self, model: WanModel, cache: Path | None = None):
        super().__init__()
        self.model = model
        self._cache = LatentCache(model, cache) if cache is not None else None

    def forward(self, batch: Batch, draw: Draw) -> Tensor:
        """The loss of each pair, [B]."""
        encode = self.model.encode if self._cache is None else self._cache
        target, source = (encode(video) for video in (batch.target, batch.known.given[0][0]))
        return self.model.losses(target, source, batch.known, draw)

    def generate(self, known: Conditions, solver: Solver) -> Tensor:
        """The target clip."""
        return self.model.generate(known, solver)


class LatentCache:
    """Latents by the SHA-256 of a clip's pixels, one safetensors file each.

    Worth it where clips come again: diagonals as sources, benchmark items, a short list of pairs. Free tracks hardly do.
    Pixels changed at random (data.augment) never do.
    """

    def __init__(self, model: WanModel, folder: Path):
        self._model, self._folder = model, folder

    def __call__(self, video: Tensor) -> Tensor:
        """[B, F, 3, H, W] in [−1, 1] → latents [B, z, F', h, w]; `DataError` naming a damaged file."""
        return torch.stack([self._one(clip) for clip in video])

    def _one(self, clip: Tensor) -> Tensor:
        from safetensors import SafetensorError
        from safetensors.torch import load, save

        name = hashlib.sha256(clip.detach().float().cpu().contiguous().numpy().tobytes()).hexdigest()
        file = self._folder / name[:2] / f"{name}.safetensors"
        if not file.is_file():
            latents = self._model.encode(clip[None])[0]
            write_atomic(file, save({"latents": latents.cpu().contiguous()}))
            return latents
        try:
            return load(file.read_bytes())["latents"].to(clip.device)
        except (OSError, KeyError, SafetensorError) as error:
            raise DataError(f"{file}: cannot be read as latents: {error}. Remove it, and it is made again.") from error


def wan_config(options: WanOptions, config: TrainConfig) -> TrainConfig:
    """A trainer's configuration whose clips are those of a Wan model: its frames and size, no contexts."""
    model = replace(
        config.model, frames=options.frames, height=options.height, width=options.width, time_stride=4, objective="flow",
        camera=options.camera, time=options.time, source_camera=options.source_camera, contexts=0, patch=16,
    )  # fmt: skip
    return replace(config, model=model)
