"""The pairs of a run: which grids are trained on and which are held out, and batches that are ready when asked for."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, default_collate

from camxtime.errors import DataError, InputError
from camxtime.sampling import PairSampler, Recipe
from camxtime.sampling.torch_data import PairDataset, PairOrder
from camxtime.splits.signed import read_signed
from camxtime.training.batch import sample_options
from camxtime.training.config import DataConfig, ModelConfig, TrainConfig

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

Sample = dict[str, Any]

MANIFEST_FORMAT, MANIFEST_VERSION = "camxtime-splits", 1  # as in splits.manifest, which needs pydantic


@dataclass(frozen=True)
class GridSets:
    """Grid ids to train on and to validate on. `held_out` is False where both are the same grids."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    held_out: bool


def choose_grids(dataset: Dataset, config: DataConfig) -> GridSets:
    """The grids of a manifest's two splits, or a share of the stages (scene and animation) held out by a hash.

    Raises `InputError` for an unknown or empty split, or a dataset without a complete grid.
    """
    if config.manifest:
        names = (config.split, config.held_out_split)
        train, validation = (_split_grids(dataset, Path(config.manifest), name) for name in names)
        return GridSets(train, validation, config.split != config.held_out_split)
    table = dataset.grids
    complete = [table.ids[row] for row, state in enumerate(table.column("status")) if state == "complete"]
    if not complete:
        raise InputError(f"{dataset.root}: there is no complete grid to train on; finish rendering it.")
    stages = sorted({grid.rsplit(".", 1)[0] for grid in complete}, key=_hash)
    count = round(config.held_out * len(stages))
    if config.held_out > 0 and len(stages) > 1:
        count = min(max(count, 1), len(stages) - 1)
    held = set(stages[:count])
    train = tuple(grid for grid in complete if grid.rsplit(".", 1)[0] not in held)
    validation = tuple(grid for grid in complete if grid.rsplit(".", 1)[0] in held)
    return GridSets(train, validation or train, bool(validation))


def make_recipe(config: TrainConfig) -> Recipe:
    """The recipe of a configuration, with the model's frames and as many contexts as the model takes."""
    fields = dict(config.data.recipe)
    if fields.get("frames", config.model.frames) != config.model.frames:
        raise InputError("data.recipe.frames: leave it out, the model's frames decide.")
    contexts = dict(fields.get("contexts", {}))
    if contexts.get("count", config.model.contexts) != config.model.contexts:
        raise InputError("data.recipe.contexts.count: leave it out, model.contexts decides.")
    fields |= {"frames": config.model.frames, "contexts": {**contexts, "count": config.model.contexts}}
    return Recipe.of_json(fields)


def samplers(dataset: Dataset, config: TrainConfig) -> tuple[PairSampler, PairSampler, GridSets]:
    """(of training, of validation, the grids of both). Validation pairs have a seed of their own."""
    sets = choose_grids(dataset, config.data)
    recipe = make_recipe(config)
    train = PairSampler(dataset, recipe, config.run.seed, sets.train)
    return train, PairSampler(dataset, recipe, config.run.seed + 1_000_003, sets.validation), sets


def pair_data(sampler: PairSampler, config: ModelConfig) -> PairDataset:
    """The sampler's pairs at the model's size; `InputError` if the dataset lacks a pass."""
    return PairDataset(sampler, sample_options(config))


@dataclass(frozen=True)
class Share:
    """One process's part of every step. size: pairs it takes in a part. rank of world processes. start: first pair."""

    size: int
    rank: int = 0
    world: int = 1
    start: int = 0


def batches(data: PairDataset, share: Share, config: DataConfig) -> Iterator[Sample]:
    """Collated samples without end, in the order that `PairOrder` defines, whatever the number of loader processes."""
    order = PairOrder(data.sampler, share.size, rank=share.rank, world=share.world, start=share.start)
    if config.workers:
        loader = DataLoader(
            data, share.size, sampler=order, num_workers=config.workers, prefetch_factor=config.prefetch,
            pin_memory=torch.cuda.is_available(),
        )  # fmt: skip
        yield from loader
        return
    yield from Ahead(data, order, share.size, config.prefetch)


class Ahead:
    """Decodes batches in a thread of this process, a few ahead; decoding releases the GIL."""

    def __init__(self, data: PairDataset, order: PairOrder, size: int, depth: int):
        self._data, self._order, self._size = data, order, size
        self._ready: queue.Queue[Sample | BaseException] = queue.Queue(depth)
        self._stop = threading.Event()

    def __iter__(self) -> Iterator[Sample]:
        thread = threading.Thread(target=self._work, name="camxtime-pairs", daemon=True)
        thread.start()
        try:
            while True:
                item = self._ready.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stop.set()
            while thread.is_alive():
                self._drain()
                thread.join(0.05)

    def _drain(self) -> None:
        while not self._ready.empty():
            self._ready.get_nowait()

    def _work(self) -> None:
        indices = iter(self._order)
        try:
            while not self._stop.is_set():
                self._put(default_collate([self._data[next(indices)] for _ in range(self._size)]))
        except Exception as error:  # noqa: BLE001  it is raised where the batch is asked for
            self._put(error)

    def _put(self, item: Sample | BaseException) -> None:
        while not self._stop.is_set():
            try:
                self._ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue


def fixed_batch(data: PairDataset, indices: range | tuple[int, ...]) -> Mapping[str, Any]:
    """The collated pairs of the given numbers."""
    collated: Mapping[str, Any] = default_collate([data[index] for index in indices])
    return collated


def _split_grids(dataset: Dataset, path: Path, split: str) -> tuple[str, ...]:
    """A split's grids, from the manifest's frozen JSON (its SHA-256 is checked), each with the digest it was cut with.

    `DataError` if the dataset's grids are others. A manifest cut from a spec holds digests of plans: there, ids decide.
    """
    value = read_signed(path, MANIFEST_FORMAT, MANIFEST_VERSION)
    splits = value.get("splits", {})
    if not splits.get(split):
        raise InputError(f"{path}: there is no split {split!r} with a grid in it; there are: {', '.join(splits)}.")
    known = dict(zip(dataset.grids.ids, dataset.grids.column("digest"), strict=True))
    rendered = value.get("source", {}).get("kind") == "dataset"
    for grid, digest in splits[split].items():
        if grid not in known or (rendered and not str(known[grid]).startswith(digest)):
            state = "missing" if grid not in known else "different"
            raise DataError(f"{path}: the grid {grid} of split {split!r} is {state} in {dataset.root}.")
    return tuple(sorted(splits[split]))


def _hash(name: str) -> str:
    return hashlib.sha256(f"held out {name}".encode()).hexdigest()
