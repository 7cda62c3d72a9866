"""Where everything lies in a dataset's folder, and what the names in it may be.

All paths are relative to the dataset's root and use `/`. Names read from files are checked here before they
become part of a path, so nothing stored can point outside the dataset.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from camxtime.errors import DataError, InputError

FORMAT = "camxtime"
FORMAT_VERSION = 1

DATASET_JSON = "dataset.json"
GRIDS = "grids.parquet"
CAMERAS = "cameras.parquet"
CELLS = "cells.parquet"
SHARDS = "shards.parquet"
SHARDS_FOLDER = "shards"
GRID_RECORDS = "ledger/grids"
COMMITS = "ledger/commits"

MAX_ROW_CELLS = 120
"""Most cells in a row group of a shard: keeps one under the 286 MB that the Hugging Face viewer reads at once."""

_ID = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_GRID_ID = re.compile(rf"{_ID.pattern}\.{_ID.pattern}\.{_ID.pattern}")
_UNIT = re.compile(r"t(\d{4,9})-(\d{4,9})")


def check_grid_id(grid: str) -> str:
    """Return `grid` if it is a grid id, `<scene>.<animation>.<path>`; raise `InputError` otherwise."""
    if not isinstance(grid, str) or len(grid) > 255 or not _GRID_ID.fullmatch(grid):
        raise InputError(
            f"{grid!r} is not a grid id: it must be <scene>.<animation>.<path>, each of lower-case letters and "
            "digits in groups joined by '-' or '_'."
        )
    return grid


@dataclass(frozen=True, order=True)
class UnitKey:
    """A unit of work: the times `t0` to `t1` (both included) of a grid, all cameras. One unit is one shard."""

    grid: str
    t0: int
    t1: int

    def __post_init__(self) -> None:
        check_grid_id(self.grid)
        if not 0 <= self.t0 <= self.t1 <= 999_999_999:
            raise InputError(f"Unit of grid {self.grid}: times {self.t0} to {self.t1} are not a range of times.")

    @property
    def name(self) -> str:
        """`t0000-0007`."""
        return f"t{self.t0:04d}-{self.t1:04d}"

    @property
    def times(self) -> range:
        """The times of the unit."""
        return range(self.t0, self.t1 + 1)

    @property
    def shard(self) -> str:
        """The shard's path in the dataset."""
        return f"{SHARDS_FOLDER}/{self.grid}/{self.name}.parquet"

    @property
    def commit(self) -> str:
        """The commit record's path in the dataset."""
        return f"{COMMITS}/{self.grid}/{self.name}.parquet"

    @staticmethod
    def of_name(grid: str, name: str) -> UnitKey:
        """The unit of a grid from its name; `DataError` if `name` is not a unit's name."""
        match = _UNIT.fullmatch(name)
        if match is None:
            raise DataError(f"{name!r} in grid {grid} is not a unit's name such as t0000-0007.")
        return UnitKey(grid, int(match[1]), int(match[2]))

    @staticmethod
    def of_shard(path: str) -> UnitKey:
        """The unit whose shard has this path; `DataError` if it is not a shard's path."""
        parts = path.split("/")
        if len(parts) != 3 or parts[0] != SHARDS_FOLDER or not parts[2].endswith(".parquet"):
            raise DataError(f"{path!r} is not the path of a shard (shards/<grid>/t0000-0007.parquet).")
        try:
            return UnitKey.of_name(parts[1], parts[2].removesuffix(".parquet"))
        except InputError as error:
            raise DataError(f"{path!r} is not the path of a shard: {error}") from error


def grid_record_path(grid: str) -> str:
    """Path of a grid's record in the dataset."""
    return f"{GRID_RECORDS}/{check_grid_id(grid)}.json"


class CellError(DataError):
    """One stored image is damaged; the attributes say which and where."""

    def __init__(self, message: str, *, grid: str, time: int, camera: int, pass_name: str, file: str, offset: int):
        super().__init__(f"{file}: {pass_name} of grid {grid}, camera {camera}, time {time}: {message}")
        self.message = message
        self.grid = grid
        self.time = time
        self.camera = camera
        self.pass_name = pass_name
        self.file = file
        self.offset = offset

    def __reduce__(self) -> tuple[Callable[..., CellError], tuple[dict[str, Any]]]:
        """Pickles whole, so that it gets out of a data loader's worker."""
        return _cell_error, (vars(self),)


def _cell_error(values: dict[str, Any]) -> CellError:
    return CellError(**values)
