"""What any model must beat, from the source's pixels alone: copying it, and reshuffling its frames to the times asked for."""

from __future__ import annotations

import torch
from torch import Tensor


def copied(source: Tensor) -> Tensor:
    """The source clip as it is: right camera where the target's is the source's, wrong time."""
    return source


def reshuffled(source: Tensor, source_times: Tensor, target_times: Tensor) -> Tensor:
    """For each target frame the source frame nearest in time (the earlier of two): right time, wrong camera.

    source [B, F, …], times [B, F] → [B, F, …]. The papers' simulated temporal control.
    """
    nearest = (target_times[:, :, None] - source_times[:, None, :]).abs().argmin(dim=2)
    rows = torch.arange(len(source), device=source.device)[:, None]
    return source[rows, nearest]


def clip_psnr(predicted: Tensor, target: Tensor) -> Tensor:
    """PSNR in dB of whole clips, data range 255: of the squared error's mean over all frames. uint8 [B, …] → [B] float64.

    Not the mean of frames' PSNR: a baseline that has a single frame exactly right would get an infinite mean. Clips
    without any error count as 60 dB.
    """
    error = (predicted.double() - target.double()).square().flatten(1).mean(dim=1)
    return 10 * torch.log10(255.0**2 / error.clamp_min(255.0**2 * 1e-6))
