"""Optional text conditioning: the user brings the encoder, a callable from captions to embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

TextEncoder = Callable[[list[str]], Tensor]
"""Captions (B of them) → embeddings [B, L, text_dim], of any encoder; called without gradients."""


@torch.no_grad()
def encode(encoder: TextEncoder | None, sample: Mapping[str, Any], device: torch.device) -> Tensor | None:
    """The embeddings of a collated sample's captions, or None without an encoder."""
    return None if encoder is None else encoder(list(sample["caption"])).float().to(device)
