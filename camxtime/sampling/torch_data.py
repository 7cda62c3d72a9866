"""Pairs for PyTorch: a map-style and an iterable data set, and the order that resumes exactly.

    sampler = PairSampler(camxtime.open(url), Recipe(frames=81), seed=0)
    data = PairDataset(sampler, SampleOptions(view=View(480, 832)))
    order = PairOrder(sampler, batch=2, rank=rank, world=world, start=0)
    loader = StatefulDataLoader(data, batch_size=2, sampler=order, num_workers=8)

After s steps, a run goes on with `start=order.after(s)`, whatever the number of ranks and workers then is. The loader's own
`state_dict()` works as well, as long as these stay as they are. docs/sampling.md lists the tensors of a sample.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset, Sampler, get_worker_info

from camxtime.errors import InputError
from camxtime.sampling.loader import PairError, PairLoader, SampleOptions
from camxtime.sampling.order import Lane
from camxtime.sampling.pairs import PairSampler

Tensors = dict[str, Any]

LAYOUTS = ("FCHW", "CFHW")
DAMAGED = ("raise", "replace")
REPLACEMENTS = 16
_APART = 2**55  # replacements of pair i are pairs i + k·2^55, which no run reaches otherwise


@dataclass(frozen=True)
class TorchOptions:
    """How samples become tensors.

    layout: of rgb clips, "FCHW" or "CFHW" (as video models want it; context clips have one more axis in front). damaged:
    what happens when a pair cannot be read: "raise" a `PairError`, or "replace" it with another pair (with a warning; the
    sample's `replaced` is then 1 and its `index` that of the pair that was read).
    """

    layout: str = "FCHW"
    damaged: str = "raise"

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS or self.damaged not in DAMAGED:
            raise InputError(f"TorchOptions: layout is {' or '.join(LAYOUTS)}, damaged is {' or '.join(DAMAGED)}.")


class PairDataset(Dataset[Tensors]):
    """Map-style: `data[i]` is pair i as a dict of tensors, strings and numbers that `default_collate` can batch.

    Its length is one epoch; indices beyond it are further epochs (`PairOrder` runs on into them). In order of index pairs
    are already shuffled: use `shuffle=False`, or `PairOrder`. Safe with fork, forkserver and spawn.
    """

    def __init__(
        self, sampler: PairSampler, options: SampleOptions | None = None, torch_options: TorchOptions | None = None
    ):
        self.sampler = sampler
        self._loader = PairLoader(sampler, replace(options or SampleOptions(), channels_first=True))
        self._torch = torch_options or TorchOptions()
        view = self._loader.options.view
        sizes = np.unique(sampler.catalog.sizes, axis=0)
        if view.height is None and len(sizes) > 1:
            raise InputError(
                "The grids have images of different sizes, which cannot be batched: give a view with height and width."
            )

    def __len__(self) -> int:
        return self.sampler.epoch_pairs

    def __getitem__(self, index: int) -> Tensors:
        _keep_to_own_thread()
        return self._tensors(*self._read(int(index)))

    def _read(self, index: int) -> tuple[dict[str, Any], bool]:
        try:
            return self._loader[index], False
        except PairError as error:
            if self._torch.damaged == "raise":
                raise
            warnings.warn(f"{error} Another pair takes its place.", RuntimeWarning, stacklevel=3)
            for attempt in range(1, REPLACEMENTS + 1):
                try:
                    return self._loader[index + attempt * _APART], True
                except PairError:
                    continue
            raise

    def _tensors(self, sample: dict[str, Any], replaced: bool) -> Tensors:
        tensors: Tensors = {name: _tensor(value) for name, value in sample.items()}
        if self._torch.layout == "CFHW":
            for name in ("source", "target", "context", "condition"):
                if name in tensors:
                    tensors[name] = tensors[name].transpose(-3, -4)
        tensors["replaced"] = torch.tensor(int(replaced))
        return tensors


class PairOrder(Sampler[int]):
    """The indices that one rank reads, in order, from pair `start` on, up to `stop` (or without end).

    batch: pairs a rank takes in a step, the loader's batch size. Without rank and world, those of `torch.distributed`
    where it is initialised, else 0 of 1. Its iterators have `state_dict` and `load_state_dict`, which `torchdata`'s
    StatefulDataLoader uses; a state taken between two steps loads with any number of ranks.
    """

    def __init__(
        self,
        sampler: PairSampler,
        batch: int,
        *,
        rank: int | None = None,
        world: int | None = None,
        start: int = 0,
        stop: int | None = None,
    ):
        self._of = _identity(sampler)
        self.lane = _rank_lane(batch, rank, world, start, stop)

    def after(self, steps: int) -> int:
        """The first pair that nobody has read after all ranks have taken so many steps: `start` for going on."""
        return self.lane.after(steps).start

    def __iter__(self) -> Iterator[int]:
        return _OrderIterator(self.lane, self._of)

    def __len__(self) -> int:
        if self.lane.stop is None:
            raise TypeError("a PairOrder without `stop` has no end")
        return _count(self.lane)

    def state_dict(self) -> dict[str, Any]:
        """Where its iterators begin."""
        return {"consumed": self.lane.start, "within": 0, **self._of}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Begin where a state says; `InputError` if it is of another sampler."""
        self.lane = replace(self.lane, start=_consumed(state, self._of, self.lane))


class _OrderIterator(Iterator[int]):
    """Indices of one rank, and how far it has come."""

    def __init__(self, lane: Lane, of: dict[str, Any]):
        self._lane, self._of = lane, of
        self._position = 0

    def __next__(self) -> int:
        index = self._lane.index(self._position)
        if self._lane.stop is not None and index >= self._lane.stop:
            raise StopIteration
        self._position += 1
        return index

    def state_dict(self) -> dict[str, Any]:
        """Pairs that all ranks have read up to the last whole step, and those of the step that is under way."""
        steps, within = divmod(self._position, self._lane.batch)
        lane = {"batch": self._lane.batch, "world": self._lane.world}
        return {"consumed": self._lane.after(steps).start, "within": within, **lane, **self._of}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._lane = replace(self._lane, start=_consumed(state, self._of, self._lane))
        self._position = int(state["within"])


class PairStream(IterableDataset[Tensors]):
    """Iterable: each loader process reads its own part of the order, so that together they read all of it, once.

    data: what to read. batch: the loader's batch size (None or 1 if it does not batch). rank, world, start, stop: as for
    `PairOrder`. Batches come in the same order whatever the number of loader processes.
    """

    def __init__(
        self,
        data: PairDataset,
        batch: int = 1,
        *,
        rank: int | None = None,
        world: int | None = None,
        start: int = 0,
        stop: int | None = None,
    ):
        self._data = data
        self._of = _identity(data.sampler)
        self.lane = _rank_lane(batch, rank, world, start, stop)

    def after(self, steps: int) -> int:
        """As `PairOrder.after`."""
        return self.lane.after(steps).start

    def __iter__(self) -> Iterator[Tensors]:
        worker = get_worker_info()
        lane = self.lane if worker is None else replace(self.lane, worker=worker.id, workers=worker.num_workers)
        return _StreamIterator(self._data, lane, self._of)

    def state_dict(self) -> dict[str, Any]:
        """Where its iterators begin."""
        return {"consumed": self.lane.start, "within": 0, **self._of}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Begin where a state says; `InputError` if it is of another sampler."""
        self.lane = replace(self.lane, start=_consumed(state, self._of, self.lane))


class _StreamIterator(Iterator[Tensors]):
    def __init__(self, data: PairDataset, lane: Lane, of: dict[str, Any]):
        self._data, self._lane, self._of = data, lane, of
        self._position = 0

    def __next__(self) -> Tensors:
        index = self._lane.index(self._position)
        if self._lane.stop is not None and index >= self._lane.stop:
            raise StopIteration
        sample = self._data[index]
        self._position += 1
        return sample

    def state_dict(self) -> dict[str, Any]:
        lane = {name: getattr(self._lane, name) for name in ("start", "batch", "rank", "world", "worker", "workers")}
        return {"position": self._position, "lane": lane, **self._of}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on at the position in this loader process's own part; `InputError` if the parts are cut differently now."""
        _check_identity(state, self._of)
        lane = replace(self._lane, start=int(state["lane"]["start"]))
        if any(getattr(lane, name) != value for name, value in state["lane"].items()):
            raise InputError(
                f"This state belongs to {state['lane']}; with other ranks, workers or batches, begin a PairStream at "
                "start = steps · batch · world in place of loading it."
            )
        self._lane, self._position = lane, int(state["position"])


def _tensor(value: Any) -> Any:
    """Arrays and NumPy numbers as tensors of the same kind (uint16, which torch hardly supports, as int32)."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.astype(np.int32) if value.dtype == np.uint16 else value)
    return torch.from_numpy(np.array(value)) if isinstance(value, np.generic) else value


def _keep_to_own_thread() -> None:
    """In a loader process, keep OpenCV from starting threads: there are as many processes as cores already.

    With 0, not 1: after a fork, 1 waits for ever for the parent's threads to end.
    """
    import cv2

    if get_worker_info() is not None and cv2.getNumThreads() > 1:
        cv2.setNumThreads(0)


def _rank_lane(batch: int, rank: int | None, world: int | None, start: int, stop: int | None) -> Lane:
    if (rank is None) != (world is None):
        raise InputError("Give both rank and world, or neither.")
    if rank is None or world is None:
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if distributed else 0
        world = torch.distributed.get_world_size() if distributed else 1
    return Lane(batch, rank, world, start=start, stop=stop)


def _count(lane: Lane) -> int:
    """How many indices a rank's lane has before its stop."""
    total = max((lane.stop or 0) - lane.start, 0)
    steps, rest = divmod(total, lane.step_pairs)
    return steps * lane.batch + min(max(rest - lane.rank * lane.batch, 0), lane.batch)


def _identity(sampler: PairSampler) -> dict[str, Any]:
    return {"version": 1, "fingerprint": sampler.fingerprint, "seed": sampler.seed}


def _check_identity(state: dict[str, Any], of: dict[str, Any]) -> None:
    for name, value in of.items():
        if state.get(name) != value:
            raise InputError(
                f"This state is of another order of pairs: its {name} is {state.get(name)!r}, here it is {value!r}. The "
                "fingerprint covers the dataset's content, the grids drawn from and the recipe."
            )


def _consumed(state: dict[str, Any], of: dict[str, Any], lane: Lane) -> int:
    _check_identity(state, of)
    if state["within"] and (state["batch"], state["world"]) != (lane.batch, lane.world):
        raise InputError(
            f"This state was taken within a step of {state['world']} ranks with batches of {state['batch']}; it cannot go "
            f"on with {lane.world} and {lane.batch}. Save states between steps."
        )
    return int(state["consumed"])
