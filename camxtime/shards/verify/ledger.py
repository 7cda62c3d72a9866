"""The full level: records and commits in the ledger are sound and are those of the index, or a resume would go wrong.

A published copy without its ledger has nothing to check here, nor has one behind a web server.
"""

from __future__ import annotations

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.shards import layout
from camxtime.shards.commits import find_commit
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.shards.layout import UnitKey, grid_record_path
from camxtime.shards.records import GridRecord
from camxtime.shards.store import Store, open_store
from camxtime.shards.verify.report import Part
from camxtime.shards.verify.structure import ShardRow

AGAIN = "delete it and its shard, and run `camxtime render` again."
NEW_GRID = "delete it, and run `camxtime render` again, which draws the same path."


def ledger_of(dataset: Dataset) -> Store | None:
    """The store of a dataset that still has what it was rendered by, None of one that has not."""
    storage = dataset.storage
    if not storage.names(layout.COMMITS):
        return None
    try:
        return open_store(storage.root, getattr(storage, "options", None))
    except InputError:
        return None


def check_ledger(store: Store, grid: Grid, rows: list[ShardRow]) -> Part:
    """One grid's record and the commits of its shards."""
    part = Part()
    _check_record(part, store, grid)
    for row in rows:
        _check_commit(part, store, row)
    return part


def _check_record(part: Part, store: Store, grid: Grid) -> None:
    path = grid_record_path(grid.id)
    try:
        if not store.exists(path):
            part.warn(
                "the grid's record is not there: the next render draws it again.", NEW_GRID, file=path, grid=grid.id
            )
            return
        record = GridRecord.read(store, grid.id)
    except DataError as error:
        part.error(str(error), NEW_GRID, file=path, grid=grid.id)
        return
    part.counts["records"] += 1
    same = np.array_equal(record.cameras.c2w, grid.cameras.c2w) and np.array_equal(record.cameras.K, grid.cameras.K)
    if not same or record.caption != grid.caption or record.times != grid.T:
        part.error("this record is not the one that the index was built from.", NEW_GRID, file=path, grid=grid.id)


def _check_commit(part: Part, store: Store, row: ShardRow) -> None:
    unit = UnitKey.of_shard(row.shard)
    place = {"file": unit.commit, "grid": row.grid}
    try:
        commit = find_commit(store, unit)
    except DataError as error:
        part.error(str(error), AGAIN, **place)
        return
    if commit is None:
        part.warn("this unit's commit is not there: the next render makes the unit again.", AGAIN, **place)
        return
    part.counts["commits"] += 1
    found = (commit.nbytes, commit.sha256, commit.digest, commit.time_digests)
    if found != (row.nbytes, row.sha256, row.digest, row.time_digests):
        part.error("this commit is not the one that the index was built from.", AGAIN, **place)
