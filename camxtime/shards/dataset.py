"""The reader: `camxtime.open(path_or_url)`. See docs/format.md for what it reads."""

from __future__ import annotations

import html
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import pyarrow as pa

from camxtime.errors import DataError, InputError
from camxtime.shards import layout
from camxtime.shards.bounds import parse_json
from camxtime.shards.cache import ImageCache
from camxtime.shards.cellindex import IndexFile
from camxtime.shards.codecs import Codec, of_passes
from camxtime.shards.fetch import Kept
from camxtime.shards.grid import Grid, GridRow, GridSource
from camxtime.shards.header import check_grids, read_header
from camxtime.shards.records import check_instance
from camxtime.shards.storage import Storage, open_storage

if TYPE_CHECKING:
    from camxtime.shards.remote import RemoteOptions

KEPT_GRIDS = 64
"""Grids whose cameras and index a dataset keeps in memory (about 0.8 MB each at 120 × 120 cells with three passes)."""

_JSON_KINDS = {"seeds": dict, "instances": list, "path_parameters": dict, "extra": dict}


class GridTable(Sequence[GridRow]):
    """The rows of grids.parquet, sorted by grid id. `table` is the Arrow table for those who want columns."""

    def __init__(self, table: pa.Table):
        self.table = table
        self.ids: tuple[str, ...] = tuple(table["grid"].to_pylist())
        self._ordinals = {grid: i for i, grid in enumerate(self.ids)}

    def ordinal(self, grid: str) -> int:
        """Row number of a grid; `InputError` if there is none with this id."""
        if grid not in self._ordinals:
            raise InputError(f"There is no grid {grid!r} in this dataset; it has {_some(self.ids)}.")
        return self._ordinals[grid]

    def column(self, name: str) -> list[Any]:
        """One column as a list, in the order of `ids`; `InputError` for an unknown one."""
        if name not in self.table.column_names:
            raise InputError(f"grids.parquet has no column {name!r}; it has {', '.join(self.table.column_names)}.")
        values: list[Any] = self.table[name].to_pylist()
        return values

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> GridRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[GridRow]: ...
    def __getitem__(self, index: int | slice) -> GridRow | list[GridRow]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        row = self.table.slice(index % len(self), 1).to_pylist()[0]
        row.pop("cells_row_group")
        try:
            values = {k: parse_json(v) if k in _JSON_KINDS else v for k, v in row.items()}
            for name, kind in _JSON_KINDS.items():
                if not isinstance(values[name], kind):
                    raise ValueError(f"{name} is not a {kind.__name__}")
            for entry in values["instances"]:
                check_instance(entry)
            return GridRow(**values)
        except ValueError as error:
            raise DataError(f"{layout.GRIDS}, grid {row['grid']}: a JSON field is damaged: {error}.") from error

    def __repr__(self) -> str:
        return f"GridTable({len(self)} grids: {_some(self.ids)})"


class Dataset:
    """A dataset opened for reading. Cheap to open: grids' cameras and indices are read when first used.

    May be shared by threads, inherited through `fork` and pickled to spawned processes.

    name, digest: of the dataset. spec: snapshot of what it was rendered from. passes: pass → codec name.
    header: all of dataset.json. grids: the table of grids.
    """

    def __init__(self, storage: Storage, header: dict[str, Any], cache: ImageCache | None = None):
        self._storage = storage
        self._cache = cache
        self.header = header
        self.name: str = header["name"]
        self.digest: str = header["digest"]
        self.spec: dict[str, Any] = header["spec"]
        self.passes: dict[str, str] = header["passes"]
        build = header["build"]
        self._source = GridSource(
            storage, IndexFile(storage, layout.CAMERAS, build), IndexFile(storage, layout.CELLS, build),
            of_passes(self.passes), None if cache is None else Kept(cache, self.digest),
        )  # fmt: skip
        self.grids = GridTable(check_grids(storage, IndexFile(storage, layout.GRIDS, build).read()))
        self._kept: OrderedDict[str, Grid] = OrderedDict()
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @property
    def codecs(self) -> dict[str, Codec]:
        """The codec of every pass, sorted by pass."""
        return self._source.codecs

    @property
    def storage(self) -> Storage:
        """Where the dataset's files are read from."""
        return self._storage

    @property
    def root(self) -> str:
        """Folder or URL of the dataset."""
        return self._storage.root

    def grid(self, grid: str) -> Grid:
        """The grid with this id; `InputError` if there is none."""
        if self._pid != os.getpid():  # after fork: the lock may be held by a thread that is not here
            self._lock, self._pid = threading.Lock(), os.getpid()
        with self._lock:
            found = self._kept.pop(grid, None)
            if found is None:
                ordinal = self.grids.ordinal(grid)
                group = self.grids.table["cells_row_group"][ordinal].as_py()
                found = Grid(self._source, self.grids[ordinal], ordinal, group)
            self._kept[grid] = found
            while len(self._kept) > KEPT_GRIDS:
                self._kept.popitem(last=False)
            return found

    def index_table(self, name: str) -> pa.Table:
        """One of the index's Parquet files as a whole (`layout.SHARDS`, for one); `DataError` if it is damaged."""
        return IndexFile(self._storage, name, self.header["build"]).read()

    def __iter__(self) -> Iterator[Grid]:
        return (self.grid(grid) for grid in self.grids.ids)

    def __len__(self) -> int:
        return len(self.grids)

    def __repr__(self) -> str:
        counts = self.header["counts"]
        return (
            f"Dataset({self.name!r}, {counts['grids']} grids, {counts['cells']:,} cells, "
            f"passes {', '.join(self.passes)}, digest {self.digest[:12]})"
        )

    def _repr_html_(self) -> str:
        columns = ("grid", "C", "T", "W", "H", "fps", "status", "caption")
        head = "".join(f"<th>{name}</th>" for name in columns)
        rows = (self.grids.table.slice(0, 50).select(columns)).to_pylist()
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(row[name]))}</td>" for name in columns) + "</tr>" for row in rows
        )
        return f"<p>{html.escape(repr(self))}</p><table><tr>{head}</tr>{body}</table>"

    def __getstate__(self) -> dict[str, Any]:
        return {"storage": self._storage, "header": self.header, "cache": self._cache}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["storage"], state["header"], state["cache"])  # type: ignore[misc]


def open_dataset(
    path: str | os.PathLike[str], cache: ImageCache | None = None, remote: RemoteOptions | None = None
) -> Dataset:
    """Open the dataset in a folder or at a URL; errors as `camxtime.open`."""
    storage = open_storage(path, remote)
    if not storage.exists(layout.DATASET_JSON):
        what = storage.where(layout.DATASET_JSON)
        if storage.names("ledger"):
            raise DataError(
                f"{what} is missing: the dataset has no index; run `camxtime render` again, which builds it."
            )
        raise DataError(f"{what} is missing: {storage.root} is not a camxtime dataset.")
    return Dataset(storage, read_header(storage), cache)


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "") if ids else "none"
