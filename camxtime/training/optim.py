"""The optimiser, its schedule, and the running mean of the weights (EMA)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from camxtime.training.config import OptimConfig


def make_optimizer(model: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """AdamW over the trainable weights; matrices decay, biases, norms and single vectors do not."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for _, p in named if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for _, p in named if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.rate, betas=(config.beta1, config.beta2))


def rate_at(step: int, steps: int, config: OptimConfig) -> float:
    """Learning rate of a step (from 0): linear warm-up, then a cosine down to `final` of it at the last step."""
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    share = (step - config.warmup) / max(steps - config.warmup, 1)
    return config.rate * (config.final + (1 - config.final) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


class Ema:
    """A running mean of a model's trainable weights, m ← d·m + (1−d)·w, where d grows to `decay` over the first steps."""

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.mean = {name: p.detach().clone().float() for name, p in trainable(model)}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after step `step` (from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, p in trainable(model):
            self.mean[name].lerp_(p.detach().float(), 1 - decay)

    @torch.no_grad()
    def swapped(self, model: nn.Module) -> dict[str, Tensor]:
        """Put the mean into the model; returns the weights that were there, for `restore`."""
        kept = {name: p.detach().clone() for name, p in trainable(model)}
        restore(model, self.mean)
        return kept


@torch.no_grad()
def restore(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put trainable weights back by name."""
    for name, p in trainable(model):
        p.copy_(weights[name])


def trainable(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """(name, weight) of all that is trained."""
    return ((name, p) for name, p in model.named_parameters() if p.requires_grad)
