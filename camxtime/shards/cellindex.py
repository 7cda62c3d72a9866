"""The index of a grid's cells, read from cells.parquet: where the bytes of every image lie.

Held as NumPy arrays (18 bytes an image), one grid at a time; everything in it is checked before it is used, since an
index may be damaged or made by somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from camxtime.errors import DataError
from camxtime.shards import layout
from camxtime.shards.bounds import VettedFile
from camxtime.shards.layout import UnitKey
from camxtime.shards.storage import Storage
from camxtime.shards.tables import INDEX, fits, numpy_array, numpy_column, read_meta

_WORDS = ["grid", "pass", "shard"]  # columns of few different words: read as dictionaries, six times as fast


@dataclass(frozen=True, eq=False)
class CellIndex:
    """Arrays of shape (T, C, P), passes sorted by name; `shard` is an index into `shards`, −1 where the cell is missing."""

    shards: tuple[str, ...]
    shard: NDArray[np.int32]
    offset: NDArray[np.int64]
    nbytes: NDArray[np.int32]
    crc32: NDArray[np.uint32]


class IndexFile:
    """A Parquet file of the index, read by row group. Its footer is read once; nothing stays open."""

    def __init__(self, storage: Storage, path: str, build: str):
        self._storage = storage
        self._path = path
        self._build = build
        self._words = _WORDS if path == layout.CELLS else []
        self._metadata: pq.FileMetaData | None = None

    def read(self, group: int | None = None, columns: list[str] | None = None, max_rows: int | None = None) -> pa.Table:
        """A row group (or the whole file); `DataError` if the file is missing, damaged or of another index.

        `max_rows`: most rows that it may have. What it becomes in memory is bounded before it is decoded (`bounds`).
        """
        where = self._storage.where(self._path)
        with self._storage.open_input(self._path) as source:
            try:
                if self._metadata is None:
                    metadata = pq.read_metadata(source)
                    self._check(metadata, where)
                    self._metadata = metadata
                metadata = self._metadata
                if group is not None and not 0 <= group < metadata.num_row_groups:
                    raise DataError(f"{where} has no row group {group}: build the index again.")
                groups = range(metadata.num_row_groups) if group is None else range(group, group + 1)
                rows = sum(metadata.row_group(g).num_rows for g in groups)
                if max_rows is not None and rows > max_rows:
                    raise DataError(f"{where} has {rows} rows where at most {max_rows} fit: build the index again.")
                with pq.ParquetFile(
                    VettedFile(source), metadata=metadata, read_dictionary=self._words,
                    page_checksum_verification=True, pre_buffer=False,
                ) as file:  # fmt: skip
                    return file.read_row_groups(list(groups), columns, use_threads=False)
            except (OSError, ValueError, KeyError) as error:
                raise DataError(f"{where} is damaged ({error}): build the index again.") from error

    def _check(self, metadata: pq.FileMetaData, where: str) -> None:
        meta = read_meta(metadata, where)
        if not fits(metadata.schema.to_arrow_schema(), INDEX[self._path]):
            raise DataError(f"{where} does not have the columns of its kind: build the index again.")
        if (meta.get("table"), meta.get("build")) != (self._path, self._build):
            raise DataError(
                f"{where} does not belong to {layout.DATASET_JSON}: they come from different builds of the index; "
                "run `camxtime render` again, which builds it."
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_metadata": None}


@dataclass(frozen=True)
class GridShape:
    """What a grid's index rows must fit: the grid's id, sides, passes (sorted) and pixels per image."""

    grid: str
    times: int
    cameras: int
    passes: tuple[str, ...]
    pixels: int

    @property
    def max_nbytes(self) -> int:
        """More than any codec makes of an image of this size; bounds what is read on an index's word."""
        return 8 * self.pixels + 65_536


def load_cell_index(cells: IndexFile, group: int, shape: GridShape) -> CellIndex:
    """The index of one grid from its row group (−1: no cell yet); `DataError` if a row does not fit the grid."""
    dims = (shape.times, shape.cameras, len(shape.passes))
    if group < 0:  # nothing is rendered yet: nothing is allocated either
        missing, zero = np.broadcast_to(np.int32(-1), dims), np.broadcast_to(np.int32(0), dims)
        return CellIndex((), missing, np.broadcast_to(np.int64(0), dims), zero, np.broadcast_to(np.uint32(0), dims))
    table = cells.read(group, max_rows=shape.times * shape.cameras * len(shape.passes))
    if table.num_rows == 0:
        raise DataError(f"{layout.CELLS}, grid {shape.grid}: its row group is empty: build the index again.")
    index = CellIndex(
        (), np.full(dims, -1, np.int32), np.zeros(dims, np.int64), np.zeros(dims, np.int32), np.zeros(dims, np.uint32)
    )
    grids, shards, passes = (table[name].combine_chunks().dictionary_encode() for name in ("grid", "shard", "pass"))
    time, camera = numpy_column(table, "time"), numpy_column(table, "camera")
    shard_names = shards.dictionary.to_pylist()
    problem = _misfit(shape, grids.dictionary.to_pylist(), passes.dictionary.to_pylist(), time, camera)
    if problem is None:
        place = np.array([shape.passes.index(name) for name in passes.dictionary.to_pylist()])
        where = (time, camera, place[numpy_array(passes.indices)])
        ordinal = numpy_array(shards.indices)
        problem = _misplaced(shape, shard_names, ordinal, time)
        nbytes, offset = numpy_column(table, "nbytes"), numpy_column(table, "offset")
        if problem is None and not (np.all(nbytes > 0) and np.all(nbytes <= shape.max_nbytes) and np.all(offset >= 0)):
            problem = "it has offsets or sizes that no image of the grid can have"
    if problem is not None:
        raise DataError(f"{layout.CELLS}, grid {shape.grid}: {problem}: build the index again.")
    for target, values in (
        (index.shard, ordinal), (index.offset, offset), (index.nbytes, nbytes), (index.crc32, numpy_column(table, "crc32"))
    ):  # fmt: skip
        target[where] = values
    if np.count_nonzero(index.shard >= 0) != table.num_rows:
        raise DataError(f"{layout.CELLS}, grid {shape.grid}: a cell is there twice: build the index again.")
    return CellIndex(tuple(shard_names), index.shard, index.offset, index.nbytes, index.crc32)


def _misfit(
    shape: GridShape, grids: list[str], passes: list[str], time: NDArray[np.int32], camera: NDArray[np.int32]
) -> str | None:
    if grids != [shape.grid]:
        return f"its row group holds rows of {', '.join(map(str, grids[:3]))}"
    if not set(passes) <= set(shape.passes):
        return f"it has passes {passes}, the dataset {list(shape.passes)}"
    if time.min() < 0 or time.max() >= shape.times:
        return f"it has times {time.min()} to {time.max()}, the grid 0 to {shape.times - 1}"
    if camera.min() < 0 or camera.max() >= shape.cameras:
        return f"it has cameras {camera.min()} to {camera.max()}, the grid 0 to {shape.cameras - 1}"
    return None


def _misplaced(shape: GridShape, shards: list[str], ordinal: NDArray[np.int32], time: NDArray[np.int32]) -> str | None:
    units = [UnitKey.of_shard(name) for name in shards]
    for unit in units:
        if unit.grid != shape.grid:
            return f"it points into {unit.shard}, a shard of another grid"
    first = np.array([unit.t0 for unit in units])[ordinal]
    last = np.array([unit.t1 for unit in units])[ordinal]
    bad = (time < first) | (time > last)
    if bad.any():
        return f"it looks for time {time[bad][0]} in {units[ordinal[bad][0]].shard}"
    return None
