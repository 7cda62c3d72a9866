"""Tracks of any length: segment after segment, each conditioned on the source and on the segment before (section 3.4).

The conditions say of every frame from where and when it is seen, so segments need not share a first frame, and of a long
source the F frames nearest in time to the segment are given. A model with `contexts` = 0 sees the source alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camxtime.errors import InputError
from camxtime.sampling.poses import plucker_rays, relative_poses
from camxtime.training.batch import pose_numbers, to_uint8
from camxtime.training.config import ModelConfig
from camxtime.training.model import Conditions, SpaceTimeModel, Track
from camxtime.training.objectives import Solver, generate

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PosedTrack:
    """Where and when N frames are seen: c2w [N, 4, 4] (OpenCV axes), K [N, 3, 3] pixels of H × W images, times [N]."""

    c2w: Floats
    K: Floats
    times: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)

    def at(self, frames: NDArray[np.int64]) -> PosedTrack:
        """Some of its frames."""
        return PosedTrack(self.c2w[frames], self.K[frames], self.times[frames])


@dataclass(frozen=True, eq=False)
class PosedClip:
    """A track with its pixels, uint8 [N, H, W, 3]."""

    rgb: NDArray[np.uint8]
    track: PosedTrack


def segments(count: int, frames: int) -> list[NDArray[np.int64]]:
    """Which of `count` frames each segment of F shows: one after the other; the last ends with the last frame.

    Fewer than F frames are one segment, its last frame repeated.
    """
    if count < 1:
        raise InputError("A track has at least one frame.")
    if count <= frames:
        return [np.minimum(np.arange(frames), count - 1)]
    starts = [*range(0, count - frames, frames), count - frames]
    return [np.arange(start, start + frames) for start in starts]


def source_window(source_times: NDArray[np.int64], wanted: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """The F consecutive source frames whose times lie nearest to those wanted (the first of equals), int64 [F].

    A source of fewer frames repeats its last one.
    """
    count = len(source_times)
    if count <= frames:
        return np.minimum(np.arange(frames), count - 1)
    apart = np.abs(source_times[:, None] - wanted[None, :])
    costs = [apart[start : start + frames].min(axis=0).sum() for start in range(count - frames + 1)]
    start = int(np.argmin(costs))
    return np.arange(start, start + frames)


@torch.no_grad()
def render_track(
    model: SpaceTimeModel,
    source: PosedClip,
    target: PosedTrack,
    solver: Solver | None = None,
    text: Tensor | None = None,
) -> NDArray[np.uint8]:
    """The target's frames, uint8 [N, H, W, 3], N of any length. text: [1, L, text_dim].

    Each segment's noise has its own seed, derived from the solver's. Raises `InputError` for pixels of another size than
    the model's.
    """
    config = model.config
    if source.rgb.shape[1:3] != (config.height, config.width):
        raise InputError(
            f"The model takes {config.height}×{config.width} pixels, the source has {source.rgb.shape[1:3]}."
        )
    solver = solver or Solver()
    device = next(model.parameters()).device
    made = np.zeros((len(target), config.height, config.width, 3), np.uint8)
    before: PosedClip | None = None
    done = 0
    for number, frames in enumerate(segments(len(target), config.frames)):
        part = target.at(frames)
        window = source_window(source.track.times, part.times, config.frames)
        given = [PosedClip(source.rgb[window], source.track.at(window))]
        if before is not None and config.contexts:
            given.append(before)
        known = conditions(config, given, part, device, text)
        clip = generate(model, known, replace(solver, seed=solver.seed + number))
        pixels = to_uint8(clip[0]).permute(0, 2, 3, 1).numpy()
        new = frames >= done  # the last segment may overlap the one before it
        made[frames[new]] = pixels[new]
        done = int(frames[-1]) + 1
        before = PosedClip(made[frames], part)
    return made


def conditions(
    config: ModelConfig, given: list[PosedClip], target: PosedTrack, device: torch.device, text: Tensor | None = None
) -> Conditions:
    """A batch of one for the model. Poses are relative to the first frame of given[0], times count from it."""
    origin = given[0].track
    clips = tuple((_pixels(clip, device), _track(config, clip.track, origin, device)) for clip in given)
    return Conditions(_track(config, target, origin, device), clips, None if text is None else text.to(device))


def _pixels(clip: PosedClip, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(clip.rgb)).to(device).permute(0, 3, 1, 2)[None].float() / 127.5 - 1.0


def _track(config: ModelConfig, track: PosedTrack, origin: PosedTrack, device: torch.device) -> Track:
    local = relative_poses(track.c2w, origin.c2w[0], "left")
    times = torch.from_numpy(np.ascontiguousarray(track.times - origin.times[0])).float()[None].to(device)
    if config.camera == "plucker":
        rays = plucker_rays(local, track.K, (config.height, config.width), step=config.patch)
        return Track(torch.from_numpy(rays)[None].to(device), times)
    poses = torch.from_numpy(local.astype(np.float32)), torch.from_numpy(track.K.astype(np.float32))
    return Track(pose_numbers(*poses, config)[None].to(device), times)
