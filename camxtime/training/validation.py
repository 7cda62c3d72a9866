"""Scores while training: the model against copying and reshuffling on a fixed set of pairs, and clips to look at."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from camxtime.sampling.torch_data import PairDataset
from camxtime.shards.atomic import write_atomic
from camxtime.training.baselines import clip_psnr, reshuffled
from camxtime.training.batch import Batch, to_batch, to_uint8
from camxtime.training.config import TrainConfig
from camxtime.training.data import fixed_batch
from camxtime.training.learner import Learner
from camxtime.training.objectives import Solver
from camxtime.training.text import TextEncoder, encode

MAX_PART = 16
SHOWN_PX = 96


@dataclass(frozen=True)
class Scores:
    """PSNR in dB, means over pairs, and the share of pairs where the model beats the better of the two baselines."""

    pairs: int
    model: float
    copy: float
    reshuffle: float
    wins: float

    @property
    def margin(self) -> float:
        """dB above the better baseline."""
        return self.model - max(self.copy, self.reshuffle)


def solver_of(config: TrainConfig) -> Solver:
    """The solver that a configuration names."""
    return Solver(config.run.solver, config.run.solver_steps, config.run.seed)


class Validation:
    """Fixed pairs 0 … n−1 of the validation sampler."""

    def __init__(self, data: PairDataset, config: TrainConfig, device: torch.device, text: TextEncoder | None = None):
        self._data, self._config, self._device, self._text = data, config, device, text

    def scores(self, model: Learner) -> Scores:
        """Score the model as it stands."""
        rows = []
        count = self._config.run.validation_pairs
        for start in range(0, count, MAX_PART):
            batch = self._batch(range(start, min(start + MAX_PART, count)))
            source, track = batch.known.given[0]
            target = to_uint8(batch.target)
            predictions = (
                to_uint8(model.generate(batch.known, solver_of(self._config))),
                to_uint8(source),
                to_uint8(reshuffled(source, track.times, batch.known.target.times)),
            )
            rows.append(torch.stack([clip_psnr(predicted, target) for predicted in predictions], dim=1))
        table = torch.cat(rows)
        wins = (table[:, 0] > table[:, 1:].max(dim=1).values).double().mean()
        model_db, copy_db, reshuffle_db = table.mean(dim=0).tolist()
        return Scores(count, model_db, copy_db, reshuffle_db, float(wins))

    def write_clips(self, model: Learner, folder: Path, name: str) -> Path:
        """Write source, target and prediction of the first pairs: NAME.webp (moving, lossless) and NAME.png (a strip)."""
        batch = self._batch(range(self._config.run.samples))
        predicted = to_uint8(model.generate(batch.known, solver_of(self._config)))
        clips = torch.stack([to_uint8(batch.known.given[0][0]), to_uint8(batch.target), predicted], dim=1)
        write_clips(clips, folder / name)
        return folder / f"{name}.webp"

    def _batch(self, indices: range) -> Batch:
        sample = fixed_batch(self._data, indices)
        text = encode(self._text, sample, self._device)
        return to_batch(sample, self._config.model, self._device, text)


def write_clips(clips: Tensor, path: Path, fps: float = 8.0) -> None:
    """uint8 [pairs, columns, F, 3, H, W]: PATH.webp plays all, pairs below one another; PATH.png shows every frame.

    Small frames are enlarged, pixel by pixel, to about 100 pixels.
    """
    scale = max(1, round(SHOWN_PX / max(clips.shape[-2:])))
    frames = clips.permute(2, 0, 4, 1, 5, 3).flatten(3, 4).flatten(1, 2).numpy()  # F, pairs·H, columns·W, 3
    images = [_enlarged(frame, scale) for frame in frames]
    moving = io.BytesIO()
    images[0].save(
        moving, "WEBP", save_all=True, append_images=images[1:], duration=int(1000 / fps), loop=0, lossless=True
    )
    write_atomic(path.with_suffix(".webp"), moving.getvalue())
    strip = clips.permute(0, 1, 4, 2, 5, 3).flatten(3, 4).flatten(0, 2).numpy()  # pairs·columns·H, F·W, 3
    still = io.BytesIO()
    _enlarged(strip, scale).save(still, "PNG")
    write_atomic(path.with_suffix(".png"), still.getvalue())


def _enlarged(frame: np.ndarray, scale: int) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(frame))
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
