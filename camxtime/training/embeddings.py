"""What the conditions become: E_ani (animation time), E_cam (cameras), and the positions of tokens.

Section numbers are those of SpaceTimePilot (arXiv 2512.25075): 3.2 animation time, 3.4 source-aware cameras.
The time axis is compressed as Wan-2.1's autoencoder does it: F' = ⌈F/s⌉ latent frames; the last of a group of s frames
ends it, so that of 4n + 1 frames the first stands alone and F' = (F−1)/4 + 1. Shorter groups are filled up at the front
with the first frame: 8 frames are two groups of four, 9 are one alone and two of four.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from camxtime.training.config import ModelConfig

SINUSOIDS = 128
POSE_NUMBERS = 14
OCTAVES = 4


def fill_front(values: Tensor, stride: int, axis: int = 1) -> Tensor:
    """[…, F, …] → […, s·F', …]: the first frame repeated at the front until whole groups of s stand along `axis`."""
    missing = -values.shape[axis] % stride
    if missing == 0:
        return values
    first = values.narrow(axis, 0, 1)
    return torch.cat([first.expand(*_with(values.shape, axis, missing)), values], dim=axis)


def grouped(values: Tensor, stride: int) -> Tensor:
    """[B, F, D] → [B, F', s·D]: what a latent frame covers, frame after frame."""
    filled = fill_front(values, stride)
    return filled.reshape(values.shape[0], -1, stride * values.shape[2])


def sinusoidal(values: Tensor, channels: int, longest: float = 10_000.0) -> Tensor:
    """SinPE: [...] → [..., channels]: cosines and sines of values × longest^(−i/(channels/2)), in float32."""
    half = channels // 2
    rates = torch.exp(-math.log(longest) * torch.arange(half, device=values.device) / half)
    angles = values.float()[..., None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def octaves(values: Tensor) -> Tensor:
    """[..., D] → [..., (1 + 2·OCTAVES)·D]: the values, and sines and cosines of 1, 2, 4, … times them."""
    angles = torch.cat([2.0**k * values for k in range(OCTAVES)], dim=-1)
    return torch.cat([values, angles.sin(), angles.cos()], dim=-1)


class AnimationTime(nn.Module):
    """E_ani (section 3.2): animation times [B, F] → [B, F', dim].

    conv: SinPE of every frame's time, then two 1-D convolutions over the frames that bring F to F'. Alternatives of the
    ablation: uniform (SinPE of every s-th time, 0, 4, …, 80), mlp (two linear layers along the frame axis, F → F').
    Convolutions are causal and norms are of single frames, so that a latent frame hears its own group and those before.
    Times are counted in frames from the source's first: raw indices, as published.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.kind, self.stride, dim = config.time, config.time_stride, config.dim
        self.lift = nn.Sequential(nn.Linear(SINUSOIDS, dim), nn.SiLU(), nn.Linear(dim, dim))
        if self.kind == "conv":
            self.strides = {1: (1, 1), 2: (2, 1), 4: (2, 2)}[self.stride]
            self.convs = nn.ModuleList(nn.Conv1d(dim, dim, 3, stride) for stride in self.strides)
            self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in self.strides)
        elif self.kind == "mlp":
            self.mix = nn.Sequential(nn.Linear(config.frames, dim), nn.SiLU(), nn.Linear(dim, config.latent_frames))

    def forward(self, times: Tensor) -> Tensor:
        if self.kind == "uniform":
            return self.lift(sinusoidal(fill_front(times, self.stride)[:, self.stride - 1 :: self.stride], SINUSOIDS))
        features = self.lift(sinusoidal(times, SINUSOIDS))
        if self.kind == "mlp":
            return self.mix(features.transpose(1, 2)).transpose(1, 2)
        features = fill_front(features, self.stride).transpose(1, 2)
        for conv, norm, stride in zip(self.convs, self.norms, self.strides, strict=True):
            before = 3 - stride  # causal: a window ends with its group
            features = torch.cat([features[..., :1].expand(-1, -1, before), features], dim=-1)
            features = conv(nn.functional.silu(norm(features.transpose(1, 2)).transpose(1, 2)))
        return features.transpose(1, 2)


class Camera(nn.Module):
    """E_cam (section 3.4): cameras of a clip → [B, F', h, w, dim], zero where there is nothing to say yet.

    pose: of each frame the relative pose, 3×4, and the focal lengths in image sizes (ours: lenses differ between paths).
    plucker: of each frame and token one ray, 6 numbers. Either way all frames of a latent frame are given, side by side,
    each number with sines and cosines of its multiples (ours), so that equal cameras are alike from the first step on.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.kind, self.stride = config.camera, config.time_stride
        numbers = POSE_NUMBERS if self.kind == "pose" else 6
        self.embed = nn.Linear(numbers * self.stride * (1 + 2 * OCTAVES), config.dim)

    def forward(self, camera: Tensor) -> Tensor:
        """camera: [B, F, 14] for poses, [B, F, 6, h, w] for rays."""
        if self.kind == "pose":
            return self.embed(octaves(grouped(camera, self.stride)))[:, :, None, None, :]
        filled = fill_front(camera, self.stride)
        batch, frames, numbers, height, width = filled.shape
        rays = filled.reshape(batch, frames // self.stride, self.stride * numbers, height, width)
        return self.embed(octaves(rays.permute(0, 1, 3, 4, 2)))


def rotary_angles(positions: Tensor, channels: int) -> Tensor:
    """Angles of rotary position embeddings: positions [B, N, 3] (frame, row, column) → [B, N, channels/2].

    A head's channels are shared among the three axes as in Wan-2.1: rows and columns a third each, the frame the rest.
    """
    half = channels // 2
    space = half // 3
    shares = (half - 2 * space, space, space)
    angles = []
    for axis, share in enumerate(shares):
        rates = 10_000.0 ** (-torch.arange(share, device=positions.device) / max(share, 1))
        angles.append(positions[..., axis, None] * rates)
    return torch.cat(angles, dim=-1)


def rotate(values: Tensor, angles: Tensor) -> Tensor:
    """Rotate pairs of channels: values [B, heads, N, channels], angles [B, N, channels/2]."""
    cos, sin = angles.cos()[:, None].to(values.dtype), angles.sin()[:, None].to(values.dtype)
    even, odd = values.chunk(2, dim=-1)
    return torch.cat([even * cos - odd * sin, even * sin + odd * cos], dim=-1)


def _with(shape: torch.Size, axis: int, size: int) -> list[int]:
    sizes = list(shape)
    sizes[axis] = size
    return sizes
