"""Planned grids that a dataset has not got, and why: as the farm recorded it, if the ledger came along with the dataset."""

from __future__ import annotations

import json

from camxtime.errors import DataError, InputError
from camxtime.shards.dataset import Dataset
from camxtime.shards.layout import check_grid_id

UNKNOWN = "never prepared, or its record did not come along"


def left_out(dataset: Dataset) -> dict[str, str]:
    """Reason by grid, for the planned grids that were never prepared.

    Raises:
        DataError: the list or a record is damaged.
    """
    return {str(grid): _reason(dataset, str(grid)) for grid in dataset.header["missing_grids"]}


def _reason(dataset: Dataset, grid: str) -> str:
    try:
        check_grid_id(grid)
    except InputError as error:
        raise DataError(f"{dataset.root}: dataset.json names a missing grid that cannot be one: {error}") from error
    path = f"ledger/failures/{grid}/grid.json"  # where `camxtime.farm.ledger` keeps what it set aside, see docs/farm.md
    if not dataset.storage.exists(path):
        return UNKNOWN
    try:
        record = json.loads(dataset.storage.read_bytes(path))
        return str(record["error"]).removeprefix(f"{grid}: ")
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{dataset.storage.where(path)}: is no record of a failure; delete it.") from error
