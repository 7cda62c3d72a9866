"""What the trainer trains: something that gives each pair's loss, and makes clips. The reference model, or Wan-2.1."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn

from camxtime.training.batch import Batch
from camxtime.training.config import TrainConfig
from camxtime.training.model import Conditions, SpaceTimeModel
from camxtime.training.objectives import Draw, Solver, generate, losses


class Learner(Protocol):
    """A module whose `forward` gives losses, so that DistributedDataParallel and torch.compile can wrap it."""

    @property
    def model(self) -> nn.Module:
        """Holds the trainable weights, as they are named in checkpoints."""

    def __call__(self, batch: Batch, draw: Draw) -> Tensor:
        """The loss of each pair, [B]."""

    def generate(self, known: Conditions, solver: Solver) -> Tensor:
        """The target clip [B, F, 3, H, W] in [−1, 1]."""


class ReferenceLearner(nn.Module):
    """The reference model with its objective."""

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.model = SpaceTimeModel(config.model)

    def forward(self, batch: Batch, draw: Draw) -> Tensor:
        """The loss of each pair, [B]."""
        return losses(self.model, batch.target, batch.known, draw, self.model.config.objective)

    def generate(self, known: Conditions, solver: Solver) -> Tensor:
        """The target clip."""
        return generate(self.model, known, solver)
