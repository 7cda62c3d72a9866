"""Which device and arithmetic a run uses, and who else takes part in it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from camxtime.errors import InputError
from camxtime.training.config import RunConfig


@dataclass(frozen=True)
class Ranks:
    """This process among those of a run: rank of world. One alone: 0 of 1."""

    rank: int = 0
    world: int = 1

    @staticmethod
    def current() -> Ranks:
        """As `torch.distributed` says, where it is initialised."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size())
        return Ranks()

    @property
    def first(self) -> bool:
        """Whether this process writes what is written once."""
        return self.rank == 0

    def mean(self, value: torch.Tensor) -> torch.Tensor:
        """The mean over all processes."""
        if self.world > 1:
            torch.distributed.all_reduce(value)
            value = value / self.world
        return value

    def any(self, flag: bool) -> bool:
        """Whether it is so in any process."""
        if self.world == 1:
            return flag
        device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
        value = torch.tensor(int(flag), device=device)
        torch.distributed.all_reduce(value, op=torch.distributed.ReduceOp.MAX)
        return bool(value.item())

    def share(self, batch: int, accumulate: int) -> int:
        """Pairs of one part of this process's share of the batch; `InputError` if they do not divide evenly."""
        if batch % (self.world * accumulate):
            raise InputError(
                f"run.batch ({batch}) must be a multiple of processes × accumulate ({self.world} × {accumulate})."
            )
        return batch // (self.world * accumulate)


def choose_device(name: str) -> torch.device:
    """The device by name; "auto" takes a GPU where there is one. `InputError` if it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"run.device: {name!r} cannot be used here: {str(error).splitlines()[0]}.") from error
    return device


def autocast(config: RunConfig, device: torch.device) -> torch.autocast:
    """bfloat16 arithmetic where it was asked for, or with "auto" on a GPU that has it; float32 otherwise."""
    has = device.type == "cuda" and torch.cuda.is_bf16_supported()
    on = config.precision == "bfloat16" or (config.precision == "auto" and has)
    return torch.autocast(device.type, torch.bfloat16, enabled=on)
