"""What lies in a dataset, grid by grid: records, and the commits whose shards are there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from camxtime.errors import DataError
from camxtime.shards import layout
from camxtime.shards.commits import Commit, read_commit
from camxtime.shards.layout import UnitKey
from camxtime.shards.records import GridRecord
from camxtime.shards.store import Store

READ_AHEAD_GRIDS = 16
"""Grids whose records and commits are fetched at once where each file costs a journey."""


def record_ids(store: Store) -> Iterator[str]:
    """Ids of the grids that have a record; `DataError` if there is none."""
    names = [name for name in store.names(layout.GRID_RECORDS) if name.endswith(".json") and not name.startswith(".")]
    if not names:
        raise DataError(
            f"{store.where(layout.GRID_RECORDS)} is missing or empty: there are no grid records to build an index from."
        )
    for name in names:
        yield name.removesuffix(".json")


@dataclass(frozen=True)
class _Units:
    """What lies in the dataset: commits by grid, and the sizes of the shards."""

    committed: dict[str, list[str]]
    shards: dict[str, int]

    @staticmethod
    def of(store: Store) -> _Units:
        committed: dict[str, list[str]] = {}
        for path in store.files(layout.COMMITS):
            grid, _, name = path.removeprefix(f"{layout.COMMITS}/").partition("/")
            if name.endswith(".parquet"):
                committed.setdefault(grid, []).append(name.removesuffix(".parquet"))
        return _Units(committed, store.files(layout.SHARDS_FOLDER))


def read_grids(store: Store, ids: list[str]) -> Iterator[tuple[GridRecord, list[Commit]]]:
    """Records and commits, by time, in the order of `ids`; far away, several grids are fetched at once.

    Raises `DataError` for a damaged record or commit, or one that contradicts its shard or another.
    """
    units = _Units.of(store)

    def read(grid: str) -> tuple[GridRecord, list[Commit]]:
        record = GridRecord.read(store, grid)
        return record, list(_commits(store, record, units))

    if store.is_local:
        yield from map(read, ids)
        return
    with ThreadPoolExecutor(READ_AHEAD_GRIDS) as pool:
        for start in range(0, len(ids), READ_AHEAD_GRIDS):  # in blocks: what waits in memory is bounded
            yield from pool.map(read, ids[start : start + READ_AHEAD_GRIDS])


def _commits(store: Store, record: GridRecord, units: _Units) -> Iterator[Commit]:
    """The grid's commits whose shard is there, by time. A commit without its shard stands for nothing."""
    next_time = 0
    names = [UnitKey.of_name(record.grid, name) for name in units.committed.get(record.grid, ())]
    for unit in sorted(names, key=lambda unit: unit.t0):
        nbytes = units.shards.get(unit.shard)
        if nbytes is None:
            continue
        commit = read_commit(store, unit)
        if unit.t0 < next_time or unit.t1 >= record.times:
            raise DataError(
                f"{store.where(unit.commit)}: its times are outside the grid's 0 to {record.times - 1} or in another "
                "unit too."
            )
        if commit.cameras != len(record.cameras) or commit.codecs != record.passes:
            raise DataError(
                f"{store.where(unit.commit)}: it has {commit.cameras} cameras and passes {commit.codecs}, the grid "
                f"{len(record.cameras)} and {record.passes}."
            )
        if nbytes != commit.nbytes:
            raise DataError(
                f"{store.where(unit.shard)} does not have the {commit.nbytes} bytes that were committed: delete it and "
                "render again."
            )
        next_time = unit.t1 + 1
        yield commit
