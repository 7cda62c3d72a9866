"""What is scored while training, on tensors: the source reshuffled to the times asked for, and PSNR of whole clips.

`camxtime.evaluation` scores benchmarks; these are the same measures for pairs, whose clips may hop between grids.
"""

from __future__ import annotations

import torch
from torch import Tensor

from camxtime.evaluation.metrics import Frames, pooled_psnr, squared_error

EXACT_DB = 60.0


def reshuffled(source: Tensor, source_times: Tensor, target_times: Tensor) -> Tensor:
    """For each target frame the source frame nearest in time (the earlier of two): right time, wrong camera.

    source [B, F, …], times [B, F] → [B, F, …]. The papers' simulated temporal control.
    """
    nearest = (target_times[:, :, None] - source_times[:, None, :]).abs().argmin(dim=2)
    rows = torch.arange(len(source), device=source.device)[:, None]
    return source[rows, nearest]


def clip_psnr(predicted: Tensor, target: Tensor) -> Tensor:
    """PSNR in dB of whole clips: of the squared error's mean over all frames. uint8 [B, F, 3, H, W] → [B] float64.

    Not the mean of frames' PSNR: a baseline that has a single frame exactly right would get an infinite mean. Clips
    without any error count as 60 dB.
    """
    pairs = zip(predicted, target, strict=True)
    values = [pooled_psnr(squared_error(_frames(a), _frames(b))) for a, b in pairs]
    return torch.tensor(values, dtype=torch.float64).clamp_max(EXACT_DB)


def _frames(clip: Tensor) -> Frames:
    frames: Frames = clip.permute(0, 2, 3, 1).contiguous().numpy()
    return frames
