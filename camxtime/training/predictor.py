"""A checkpoint as a predictor: what the evaluation harness calls (`camxtime.evaluation.tasks`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.sampling.view import View
from camxtime.training import checkpoint
from camxtime.training.batch import to_uint8
from camxtime.training.config import TrainConfig
from camxtime.training.device import autocast, choose_device
from camxtime.training.long_tracks import PosedClip, PosedTrack, conditions, render_track
from camxtime.training.model import SpaceTimeModel, stack
from camxtime.training.objectives import generate
from camxtime.training.text import TextEncoder
from camxtime.training.validation import solver_of

if TYPE_CHECKING:
    from camxtime.evaluation.tasks import ClipView, Task

Frames = NDArray[np.uint8]

ASPECT_SLACK = 0.02
"""Relative difference of proportions up to which clips are resized to the model's without a word."""


def load_model(path: Path, device: str = "auto", mean: bool = True) -> tuple[SpaceTimeModel, TrainConfig]:
    """The model of a run's folder (its last checkpoint) or of a checkpoint, ready to predict; with the EMA weights if `mean`.

    Raises `InputError` if there is no checkpoint, `DataError` if it is damaged.
    """
    folder = checkpoint.find(Path(path))
    config = checkpoint.read_state(folder).config
    model = SpaceTimeModel(config.model)
    checkpoint.load_weights(folder / ("ema.safetensors" if mean else "weights.safetensors"), model)
    return model.to(choose_device(device)).eval(), config


class CheckpointPredictor:
    """Task → frames uint8 [F, H, W, 3] in the task's size; tracks longer than the model's F are made segment after segment.

    text: the encoder that the model was trained with, if it was.
    """

    def __init__(self, path: Path, device: str = "auto", text: TextEncoder | None = None):
        self.model, self.config = load_model(path, device)
        self.text = text
        if bool(self.config.model.text_dim) != (text is not None):
            raise InputError(f"{path}: a model with text needs its text encoder, one without takes none.")

    def __call__(self, task: Task) -> Frames:
        """The clip of a task; `InputError` if its images have other proportions than the model's."""
        size = (self.config.model.height, self.config.model.width)
        source = PosedClip(_resized(task.source.rgb, size), _track(task.source, size))
        device = next(self.model.parameters()).device
        text = None if self.text is None else self.text([task.caption])
        with autocast(self.config.run, device), torch.no_grad():
            made = render_track(self.model, source, _track(task.target, size), solver_of(self.config), text)
        return _resized(made, task.target.size)

    def many(self, tasks: Sequence[Task]) -> list[Frames]:
        """The clips of several tasks, in one pass where each is as long as the model's F, and without text."""
        frames = self.config.model.frames
        if self.text is not None or any(len(clip) != frames for task in tasks for clip in (task.source, task.target)):
            return [self(task) for task in tasks]
        size = (self.config.model.height, self.config.model.width)
        device = next(self.model.parameters()).device
        known = stack([
            conditions(
                self.config.model, [PosedClip(_resized(task.source.rgb, size), _track(task.source, size))],
                _track(task.target, size), device,
            )
            for task in tasks
        ])  # fmt: skip
        with autocast(self.config.run, device):
            made = to_uint8(generate(self.model, known, solver_of(self.config)))
        clips = made.permute(0, 1, 3, 4, 2).numpy()
        return [_resized(clip, task.target.size) for clip, task in zip(clips, tasks, strict=True)]


def _track(clip: ClipView, size: tuple[int, int]) -> PosedTrack:
    height, width = clip.size
    if abs(height * size[1] - width * size[0]) > ASPECT_SLACK * width * size[0]:
        raise InputError(
            f"Grid {clip.grid} has {width}×{height} images, the model takes {size[1]}×{size[0]}: other proportions. Cut the "
            "evaluation's size to the model's."
        )
    return PosedTrack(clip.c2w, View(*size).cut(height, width).K(clip.K), clip.times)


def _resized(frames: Frames, size: tuple[int, int]) -> Frames:
    height, width = size
    if frames.shape[1:3] == size:
        return frames
    way = cv2.INTER_AREA if height <= frames.shape[1] else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, (width, height), interpolation=way) for frame in frames])
