"""A head that can copy: each block of the target is a weighted choice among blocks of the given clips, plus a residual.

Regression with squared error blurs what it cannot place; a CPU's budget does not teach a decoder to paint. Most of the
target is somewhere in the source, at another time or another place, so this head looks for it: for every block of
b × b pixels a query is compared with a key for every block of every given frame, by content and by place. What is copied
has a margin around it, from which the block is cut at a learnt shift: blocks lie b pixels apart, and the target's camera
is another. Several such copies (`heads`) are mixed by a gate, and a residual is added for what cannot be copied.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from camxtime.training.config import ModelConfig

CHANNELS = 32
WAVES = 4
MARGIN = 2
SAME_FRAME = 2.0
NEARNESS = 5.0
SHARPNESS = 2.0
CENTRED = 6.0


class CopyHead(nn.Module):
    """Tokens of the target and of the given clips, and the given pixels → the target's pixels, in [−1, 1] or near it."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.block, self.heads = config.copy_block, config.copy_heads
        self.split = config.patch // self.block
        cells = config.time_stride * self.split**2
        self.taps = 2 * MARGIN + 1
        self.per_block = self.heads * (CHANNELS + 4 * WAVES + 2 * self.taps + 1)
        self.ask = nn.Linear(config.dim, cells * self.per_block)
        self.answer = nn.Linear(config.dim, cells * self.heads * CHANNELS)
        self.query_norm = nn.RMSNorm(CHANNELS)
        self.key_norm = nn.RMSNorm(CHANNELS)
        self.residual = nn.Linear(config.dim, config.time_stride * config.patch**2 * 3)
        nn.init.zeros_(self.residual.weight)
        nn.init.zeros_(self.residual.bias)
        self.places: Tensor
        self.centre: Tensor
        self.nearness = nn.Parameter(torch.full((self.heads,), NEARNESS))
        first = SAME_FRAME * torch.eye(config.frames).expand(self.heads, -1, -1)
        self.same_frame = nn.Parameter(first.clone())  # the head begins by copying the source, frame by frame
        self.register_buffer("places", self._places(), persistent=False)
        self.register_buffer("centre", self._centre(), persistent=False)

    @torch.no_grad()
    def begin_alike(self) -> None:
        """Let queries and keys begin as the same function of a token, so that like conditions attract from the first step.

        Each frame and block of a token keeps some difference of its own.
        """
        base = self.answer.weight[: self.heads * CHANNELS].clone()
        answers = self.answer.weight.view(-1, self.heads * CHANNELS, base.shape[1])
        answers.mul_(0.3).add_(base)
        asks = self.ask.weight.view(len(answers), self.heads, -1, base.shape[1])
        asks[:, :, :CHANNELS] = answers.view(len(answers), self.heads, CHANNELS, -1)

    def forward(self, target: Tensor, given: Tensor, clips: Tensor) -> Tensor:
        """target [B, F', h, w, dim], given [B, K, F', h, w, dim], clips [B, K, F, 3, H, W] → [B, F, 3, H, W]."""
        batch, count = given.shape[:2]
        asked = self._blocks(self.ask(target))
        query, place, taps, gate = asked.unflatten(-1, (self.heads, -1)).split(
            [CHANNELS, 4 * WAVES, 2 * self.taps, 1], dim=-1
        )
        key = self._blocks(self.answer(given.flatten(0, 1))).unflatten(-1, (self.heads, CHANNELS))
        key = key.unflatten(0, (batch, count)).flatten(1, 3)
        frames, spots = query.shape[1:3]
        own = self.places * self.nearness[:, None, None]  # heads, spots, 4·WAVES
        place = place + own.transpose(0, 1)
        query, key = self.query_norm(query), self.key_norm(key)
        scores = torch.einsum("bfshc,bkhc->bhfsk", query * (SHARPNESS / math.sqrt(CHANNELS)), key)
        near = torch.einsum("bfshc,pc->bhfsp", place, self.places)
        scores = scores.unflatten(-1, (count * frames, spots)) + near.unsqueeze(-2)
        scores[..., :frames, :] += self.same_frame[:, :, None, :, None]
        weights = scores.flatten(-2).softmax(dim=-1)  # over all blocks of all given frames
        patches = self._patches(clips)
        copied = (weights.flatten(2, 3) @ patches[:, None]).unflatten(2, (frames, spots))
        cut = self._cut(copied.permute(0, 2, 3, 1, 4), taps)
        mixed = (cut * gate.softmax(dim=3).unsqueeze(-1).unsqueeze(-1)).sum(dim=3)
        pixels = self._assemble(mixed)
        return pixels + self._residual(target)

    def _blocks(self, tokens: Tensor) -> Tensor:
        """[B, F', h, w, s·r·r·n] → [B, F, (h·r)(w·r), n]: token outputs handed to their frames and blocks."""
        batch, latent, rows, columns, _ = tokens.shape
        stride, split = self.config.time_stride, self.split
        parts = tokens.reshape(batch, latent, rows, columns, stride, split, split, -1)
        parts = parts.permute(0, 1, 4, 2, 5, 3, 6, 7)
        parts = parts.reshape(batch, latent * stride, rows * split * columns * split, -1)
        return parts[:, latent * stride - self.config.frames :]

    def _patches(self, clips: Tensor) -> Tensor:
        """[B, K, F, 3, H, W] → [B, K·F·blocks, 3·side²]: every block with its margin."""
        batch = clips.shape[0]
        flat = functional.pad(clips.flatten(0, 2), [MARGIN] * 4, mode="replicate")
        patches = functional.unfold(flat, self.block + 2 * MARGIN, stride=self.block).transpose(1, 2)
        return patches.reshape(batch, -1, patches.shape[-1])

    def _cut(self, copied: Tensor, taps: Tensor) -> Tensor:
        """Blocks at learnt shifts: copied [B, F, S, heads, 3·side²], taps [B, F, S, heads, 2·T] → [..., 3, b, b]."""
        side = self.block + 2 * MARGIN
        wide = copied.unflatten(-1, (3, side, side))
        rows, columns = ((part + self.centre).softmax(-1) for part in taps.chunk(2, dim=-1))
        size = self.block
        tall = torch.stack([columns[..., t, None, None, None] * wide[..., t : t + size] for t in range(self.taps)]).sum(
            0
        )
        return torch.stack([rows[..., t, None, None, None] * tall[..., t : t + size, :] for t in range(self.taps)]).sum(
            0
        )

    def _assemble(self, blocks: Tensor) -> Tensor:
        """[B, F, S, 3, b, b] → [B, F, 3, H, W]."""
        rows, columns = self.config.height // self.block, self.config.width // self.block
        grid = blocks.unflatten(2, (rows, columns)).permute(0, 1, 4, 2, 5, 3, 6)
        return grid.reshape(*grid.shape[:3], self.config.height, self.config.width)

    def _residual(self, target: Tensor) -> Tensor:
        return unpatch(self.residual(target), self.config)

    def _places(self) -> Tensor:
        """Fourier features of the blocks' centres, [S, 4·WAVES], of unit length: near blocks have a high product."""
        rows, columns = self.config.height // self.block, self.config.width // self.block
        longest = 2.0 * max(rows, columns)
        y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
        rates = 2 * math.pi / longest * 2.0 ** torch.arange(WAVES)
        angles = torch.cat([y.reshape(-1, 1) * rates, x.reshape(-1, 1) * rates], dim=-1)
        return torch.cat([angles.cos(), angles.sin()], dim=-1) / math.sqrt(2.0 * WAVES) * 2.0

    def _centre(self) -> Tensor:
        """At first a block is cut from the middle of what was copied."""
        return CENTRED * (torch.arange(self.taps) == MARGIN).float()


def unpatch(values: Tensor, config: ModelConfig) -> Tensor:
    """[B, F', h, w, s·p·p·3] → [B, F, 3, H, W]; what was filled up at the front is dropped."""
    batch, latent, rows, columns, _ = values.shape
    stride, side = config.time_stride, config.patch
    pixels = values.reshape(batch, latent, rows, columns, stride, 3, side, side).permute(0, 1, 4, 5, 2, 6, 3, 7)
    pixels = pixels.reshape(batch, latent * stride, 3, rows * side, columns * side)
    return pixels[:, latent * stride - config.frames :]
