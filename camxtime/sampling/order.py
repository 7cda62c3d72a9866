"""Who loads which pair: the global order 0, 1, 2, … cut into steps, ranks and workers, and where to go on after a stop.

A step takes world × batch consecutive pairs; rank r takes the r-th batch of them. Step s begins at start + s·world·batch,
so after any number of steps the pairs taken are exactly start … start + s·world·batch − 1, whoever took them: one number
resumes the run, with any number of ranks and workers. Workers of a rank take its steps in turn, as PyTorch's loader does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from camxtime.errors import InputError


@dataclass(frozen=True)
class Lane:
    """The part of the order that one loader process reads.

    batch: pairs a rank takes in a step. rank, world: which of how many ranks. worker, workers: which of how many loader
    processes of that rank. start: first pair of the run. stop: pairs from this one on are not read (None: no end); the
    last step before it may be shorter, on all ranks but one even empty.
    """

    batch: int = 1
    rank: int = 0
    world: int = 1
    worker: int = 0
    workers: int = 1
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        if self.batch < 1 or not 0 <= self.rank < self.world or not 0 <= self.worker < self.workers:
            raise InputError(
                f"Rank {self.rank} of {self.world}, worker {self.worker} of {self.workers} and batches of {self.batch} "
                "do not go together: ranks and workers count from 0, and a batch holds at least one pair."
            )
        if self.start < 0 or (self.stop is not None and self.stop < 0):
            raise InputError(f"Pairs {self.start} to {self.stop}: pairs count from 0.")

    @property
    def step_pairs(self) -> int:
        """Pairs that all ranks together take in a step."""
        return self.batch * self.world

    def index(self, position: int) -> int:
        """The pair at `position` (from 0) of this lane."""
        turn, within = divmod(position, self.batch)
        step = turn * self.workers + self.worker
        return self.start + step * self.step_pairs + self.rank * self.batch + within

    def indices(self, position: int = 0) -> Iterator[int]:
        """The pairs of this lane in order, from `position` on, up to `stop`."""
        while True:
            index = self.index(position)
            if self.stop is not None and index >= self.stop:
                return
            yield index
            position += 1

    def after(self, steps: int) -> Lane:
        """The lane that goes on after all ranks have taken `steps` steps."""
        return replace(self, start=self.start + steps * self.step_pairs)
