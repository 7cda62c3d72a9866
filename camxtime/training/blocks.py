"""The transformer's blocks: self-attention over all tokens, optional cross-attention to text, feed-forward.

As in DiT and Wan-2.1, the noise level scales, shifts and gates each part; with regression that is a constant.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from camxtime.training.embeddings import rotate, sinusoidal


class Attention(nn.Module):
    """Attention of queries [B, N, dim] over keys and values [B, M, …]; rotary positions if angles are given."""

    def __init__(self, dim: int, heads: int, source_dim: int | None = None):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim if source_dim is None else source_dim, 2 * dim)
        self.out = nn.Linear(dim, dim)
        self.query_norm = nn.RMSNorm(dim // heads)
        self.key_norm = nn.RMSNorm(dim // heads)

    def forward(self, x: Tensor, source: Tensor, angles: Tensor | None = None) -> Tensor:
        query = self.query_norm(self._split(self.query(x)))
        key, value = (self._split(part) for part in self.key_value(source).chunk(2, dim=-1))
        key = self.key_norm(key)
        if angles is not None:
            query, key = rotate(query, angles), rotate(key, angles)
        mixed = scaled_dot_product_attention(query, key, value)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """x [B, N, dim] → the same; level [B, dim] is the embedded noise level, text [B, L, text_dim] or None."""

    def __init__(self, dim: int, heads: int, text_dim: int):
        super().__init__()
        self.norm_attention = nn.LayerNorm(dim, elementwise_affine=False)
        self.attention = Attention(dim, heads)
        self.norm_feed = nn.LayerNorm(dim, elementwise_affine=False)
        self.feed = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(approximate="tanh"), nn.Linear(4 * dim, dim))
        self.modulation = nn.Linear(dim, 6 * dim)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        if text_dim:
            self.norm_text = nn.LayerNorm(dim)
            self.text = Attention(dim, heads, text_dim)
        self.has_text = bool(text_dim)

    def forward(self, x: Tensor, angles: Tensor, level: Tensor, text: Tensor | None) -> Tensor:
        shift, scale, gate, shift_feed, scale_feed, gate_feed = self.modulation(level)[:, None].chunk(6, dim=-1)
        inner = self.norm_attention(x) * (1 + scale) + shift
        x = x + (1 + gate) * self.attention(inner, inner, angles)
        if self.has_text and text is not None:
            x = x + self.text(self.norm_text(x), text)
        inner = self.norm_feed(x) * (1 + scale_feed) + shift_feed
        return x + (1 + gate_feed) * self.feed(inner)


class NoiseLevel(nn.Module):
    """Noise levels σ in [0, 1], [B] → [B, dim]."""

    def __init__(self, dim: int):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(128, dim), nn.SiLU(), nn.Linear(dim, dim), nn.SiLU())

    def forward(self, sigma: Tensor) -> Tensor:
        embedded: Tensor = self.embed(sinusoidal(1000.0 * sigma, 128))
        return embedded


def initialise(module: nn.Module) -> None:
    """Xavier weights and zero biases for all linear layers that no one has set to zero."""
    for part in module.modules():
        if isinstance(part, nn.Linear) and torch.any(part.weight != 0):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
