"""What is learnt, and how a clip is made from it: regression and flow matching, with fixed-step solvers.

Flow matching as in Wan-2.1: x_σ = (1−σ)·x_0 + σ·ε, the model predicts dx/dσ = ε − x_0, σ drawn uniformly and shifted
towards noise by σ' = s·σ / (1 + (s−1)·σ). Random numbers are functions of (seed, step, pair) alone, so a resumed run
draws what an uninterrupted one does.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

from camxtime.errors import InputError
from camxtime.training.config import SOLVERS
from camxtime.training.model import Conditions, SpaceTimeModel

SHIFT = 3.0


def seeded(*words: int | str) -> torch.Generator:
    """A CPU generator whose seed is a hash of the words."""
    digest = hashlib.sha256("\x1f".join(map(str, words)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


@dataclass(frozen=True)
class Draw:
    """Identity of a step's random numbers: seed of the run and pairs' indices [B]."""

    seed: int
    indices: tuple[int, ...]

    def noise(self, shape: torch.Size) -> tuple[Tensor, Tensor]:
        """(σ uniform [B], ε normal [B, …]), float32 on the CPU, each pair's from its own generator."""
        generators = [seeded("noise", self.seed, index) for index in self.indices]
        sigma = torch.cat([torch.rand(1, generator=generator) for generator in generators])
        return sigma, torch.stack([torch.randn(shape[1:], generator=generator) for generator in generators])


def losses(model: torch.nn.Module, target: Tensor, known: Conditions, draw: Draw, objective: str) -> Tensor:
    """The loss of each pair, [B] float32: mean squared error of pixels (regression) or of the velocity (flow)."""
    if objective == "regression":
        predicted = model(None, target.new_ones(target.shape[0]), known)
        return (predicted.float() - target.float()).square().flatten(1).mean(dim=1)
    sigma, noise = (part.to(target.device) for part in draw.noise(target.shape))
    sigma = SHIFT * sigma / (1 + (SHIFT - 1) * sigma)
    at = sigma[:, None, None, None, None]
    predicted = model((1 - at) * target + at * noise, sigma, known)
    return (predicted.float() - (noise - target).float()).square().flatten(1).mean(dim=1)


@dataclass(frozen=True)
class Solver:
    """How flow matching is solved: `steps` equal steps of the shifted σ from 1 to 0, "euler" or "heun"; seed of ε."""

    name: str = "euler"
    steps: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if self.name not in SOLVERS or self.steps < 1:
            raise InputError(f"A solver is {' or '.join(SOLVERS)}, with at least one step.")

    def levels(self) -> Tensor:
        """σ of the steps' ends, [steps + 1], from 1 to 0."""
        even = torch.linspace(1, 0, self.steps + 1)
        return SHIFT * even / (1 + (SHIFT - 1) * even)


@torch.no_grad()
def generate(model: SpaceTimeModel, known: Conditions, solver: Solver | None = None) -> Tensor:
    """The target clip [B, F, 3, H, W] in [−1, 1]. With regression in one pass; with flow matching by the solver."""
    video = known.given[0][0]
    if model.config.objective == "regression":
        return model(None, video.new_ones(video.shape[0]), known).float().clamp(-1, 1)
    solver = solver or Solver()
    x = torch.randn(video.shape, generator=seeded("sample", solver.seed)).to(video.device)
    levels = solver.levels().tolist()
    for level, following in itertools.pairwise(levels):
        velocity = model(x, video.new_full((video.shape[0],), level), known).float()
        ahead = x + (following - level) * velocity
        if solver.name == "heun" and following > 0:
            there = model(ahead, video.new_full((video.shape[0],), following), known).float()
            ahead = x + (following - level) * (velocity + there) / 2
        x = ahead
    return x.clamp(-1, 1)
