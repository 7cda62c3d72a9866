"""Grid records and commits → the dataset's index: dataset.json, grids, cameras, cells and shards .parquet.

One grid is in memory at a time, so 3,000 grids of 43,200 rows need no more than one. Every file is written beside its
target and put in place at the end, dataset.json last; all carry the same `build` digest, by which a reader sees that they
belong together. The index is a function of the records, the commits and the header: built again, it is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from camxtime.errors import DataError, InputError
from camxtime.shards import layout
from camxtime.shards.atomic import write_error
from camxtime.shards.codecs import of_passes
from camxtime.shards.collect import read_grids, record_ids
from camxtime.shards.commits import Commit, product_columns
from camxtime.shards.digest import dataset_digest, grid_digest, header_checksum
from camxtime.shards.records import GridRecord
from camxtime.shards.storage import Storage
from camxtime.shards.store import Root, Store, open_store, read_if_there
from camxtime.shards.tables import INDEX, META_KEY, close_quietly, open_index_writer

CONVENTIONS = {
    "world": "right-handed, Z up, metres",
    "camera": "OpenCV axes: x right, y down, z forward",
    "c2w": "camera-to-world, 4×4, row-major, float64",
    "K": "intrinsics, 3×3, row-major, pixels, float64; pixel centres at half-integers, the top-left one is (0.5, 0.5)",
    "depth": "z-depth in metres along the optical axis at the pixel centre's first hit; no hit is +inf",
    "instance": "uint16 object ids per pixel; grids.parquet names them",
    "rgb": "8-bit sRGB, display-referred, [H, W, 3]",
    "time": "integer animation time index 0..T-1, fps per grid",
}


_PIECE = 16 * 2**20


@dataclass(frozen=True)
class DatasetHeader:
    """What the index says of the dataset as a whole.

    spec: JSON-ready snapshot. passes: pass → codec name. engine: engine settings and whatever else names the renderer.
    planned: ids of all grids of the spec, so that one that never got a record is known to be missing.
    """

    name: str
    spec: dict[str, Any]
    passes: dict[str, str]
    engine: dict[str, Any] = field(default_factory=dict)
    planned: tuple[str, ...] | list[str] = ()


def build_index(root: Root, header: DatasetHeader) -> dict[str, Any]:
    """Build the index of the dataset at `root` (a folder, URL or store) and return the content of its dataset.json.

    A grid with all its units is "complete", one with fewer "incomplete"; planned grids without a record are "missing".
    Raises `DataError` for damaged or contradicting records and commits, `WorkError` when it cannot be written.
    """
    store = open_store(root)
    codecs = {name: codec.name for name, codec in of_passes(dict(header.passes)).items()}
    present = sorted(record_ids(store))
    missing = sorted(set(header.planned) - set(present))
    with ExitStack() as stack:
        tables = {name: stack.enter_context(_Table(store, name, schema)) for name, schema in INDEX.items()}
        summary = _Summary()
        for ordinal, (record, commits) in enumerate(read_grids(store, present)):
            if record.passes != codecs:
                raise DataError(
                    f"Grid {record.grid} was prepared with passes {record.passes}, the dataset has {codecs}."
                )
            _add_grid(tables, summary, record, commits, ordinal)
        digest = dataset_digest(summary.digests, missing)
        build = summary.build.hexdigest()
        files = {
            name: table.finish({"format_version": layout.FORMAT_VERSION, "table": name, "build": build})
            for name, table in tables.items()
        }
        value = {
            "format": layout.FORMAT,
            "format_version": layout.FORMAT_VERSION,
            "name": header.name,
            "digest": digest,
            "build": build,
            "counts": {**summary.counts, "grids": len(present)},
            "states": {**summary.states, "missing": len(missing)},
            "missing_grids": missing,
            "passes": codecs,
            "conventions": CONVENTIONS,
            "files": files,
            "engine": header.engine,
            "renderers": sorted(summary.renderers),
            "spec": header.spec,
        }
        value["checksum"] = header_checksum(value)
        data = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        for table in tables.values():
            table.publish()
    store.write(layout.DATASET_JSON, data)
    return value


def sound_header(store: Store) -> dict[str, Any] | None:
    """dataset.json, if it and all files of the index are byte for byte what was built; None if they have to be built."""
    try:
        data = read_if_there(store, layout.DATASET_JSON)
        header = json.loads(data) if data is not None else None
        if not isinstance(header, dict) or header["checksum"] != header_checksum(header):
            return None
        whole = all(file_sha256(store, name) == header["files"][name]["sha256"] for name in INDEX)
    except (DataError, InputError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return header if whole else None


def file_sha256(storage: Storage, name: str) -> str:
    """SHA-256 of a file, read in pieces: the index of a large dataset has gigabytes."""
    whole = hashlib.sha256()
    size = storage.size(name)
    for start in range(0, size, _PIECE):
        whole.update(storage.read_range(name, start, min(_PIECE, size - start)))
    return whole.hexdigest()


class _Table:
    """One Parquet file of the index being written."""

    def __init__(self, store: Store, name: str, schema: pa.Schema):
        self.schema = schema
        self.groups = 0
        self._target = store.stage(name)
        self._writer = open_index_writer(pa.PythonFile(self._target.file, mode="w"), schema)
        self._rows: list[dict[str, Any]] = []

    def write(self, columns: list[Any]) -> int:
        """Write one row group and return its number."""
        arrays = [pa.array(c) if isinstance(c, list) and c else c for c in columns]
        table = pa.table([a.cast(f.type) for a, f in zip(arrays, self.schema, strict=True)], schema=self.schema)
        try:
            self._writer.write_table(table, row_group_size=table.num_rows)
        except OSError as error:
            raise write_error(self._target.path, error) from error
        self.groups += 1
        return self.groups - 1

    def add_row(self, row: dict[str, Any]) -> None:
        """Collect a row; row groups of 1,000 are written."""
        self._rows.append(row)
        if len(self._rows) == 1000:
            self._flush()

    def finish(self, meta: dict[str, Any]) -> dict[str, Any]:
        """Write the footer; returns the file's size and sha256."""
        if self._rows:
            self._flush()
        try:
            self._writer.add_key_value_metadata({META_KEY: json.dumps(meta).encode()})
            self._writer.close()
        except OSError as error:
            raise write_error(self._target.path, error) from error
        self._target.sync()
        with self._target.temporary.open("rb") as file:
            return {
                "nbytes": self._target.temporary.stat().st_size,
                "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            }

    def publish(self) -> None:
        self._target.publish()

    def _flush(self) -> None:
        self.write([[row[name] for row in self._rows] for name in self.schema.names])
        self._rows.clear()

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *_: object) -> None:
        close_quietly(self._writer)
        self._target.abandon()


class _Summary:
    """Sums over the grids."""

    def __init__(self) -> None:
        self.digests: list[tuple[str, str]] = []
        self.build = hashlib.sha256(b"camxtime build 1\n")
        self.states = {"complete": 0, "incomplete": 0}
        self.counts = {"cells": 0, "videos": 0, "shards": 0, "nbytes": 0}
        self.renderers: set[str] = set()


def _add_grid(
    tables: dict[str, _Table], summary: _Summary, record: GridRecord, commits: list[Commit], ordinal: int
) -> None:
    cameras = record.cameras
    tables[layout.CAMERAS].write(_camera_columns(record))
    group = tables[layout.CELLS].write(_cell_columns(record.grid, commits)) if commits else -1
    times = {time: d for c in commits for time, d in zip(c.unit.times, c.time_digests, strict=True)}
    digest = grid_digest(record.description(), cameras.c2w, cameras.K, times)
    status = "complete" if len(times) == record.times else "incomplete"
    cells = sum(commit.cells for commit in commits)
    nbytes = sum(commit.nbytes for commit in commits)
    scene, animation, path = record.names
    tables[layout.GRIDS].add_row({
        "grid": record.grid, "scene": scene, "animation": animation, "path": path,
        "C": len(cameras), "T": record.times, "H": cameras.height, "W": cameras.width, "fps": float(record.fps),
        "caption": record.caption, "status": status, "digest": digest, "cells": cells, "nbytes": nbytes,
        "cells_row_group": group, "seeds": _json(record.seeds), "instances": _json(list(record.instances)),
        "path_parameters": _json(record.path_parameters), "extra": _json(record.extra),
    })  # fmt: skip
    for commit in commits:
        tables[layout.SHARDS].add_row({
            "shard": commit.unit.shard, "grid": record.grid, "t0": commit.unit.t0, "t1": commit.unit.t1,
            "cells": commit.cells, "nbytes": commit.nbytes, "sha256": commit.sha256, "digest": commit.digest,
            "time_digests": list(commit.time_digests), "info": _json(commit.info),
        })  # fmt: skip
        summary.renderers.add(" on ".join(str(commit.info[key]) for key in ("blender", "device") if key in commit.info))
        summary.build.update(bytes.fromhex(commit.sha256))
    summary.renderers.discard("")
    summary.build.update(f"{ordinal} {digest}\n".encode())
    summary.digests.append((record.grid, digest))
    summary.states[status] += 1
    summary.counts["cells"] += cells
    summary.counts["videos"] += len(cameras) if status == "complete" else 0
    summary.counts["shards"] += len(commits)
    summary.counts["nbytes"] += nbytes


def _camera_columns(record: GridRecord) -> list[Any]:
    count = len(record.cameras)
    c2w, K = record.cameras.c2w.reshape(-1), record.cameras.K.reshape(-1)
    return [
        _constant(record.grid, count),
        pa.array(np.arange(count, dtype=np.int32)),
        pa.FixedSizeListArray.from_arrays(pa.array(c2w), 16),
        pa.FixedSizeListArray.from_arrays(pa.array(K), 9),
    ]


def _cell_columns(grid: str, commits: list[Commit]) -> list[Any]:
    products = [product_columns(commit.unit.times, commit.cameras, commit.passes) for commit in commits]
    counts = [commit.rows.offset.size for commit in commits]
    codes = np.repeat(np.arange(len(commits), dtype=np.int32), counts)
    return [
        _constant(grid, sum(counts)),
        pa.array(np.concatenate([product[0] for product in products])),
        pa.array(np.concatenate([product[1] for product in products])),
        pa.concat_arrays([product[2] for product in products]),
        pa.DictionaryArray.from_arrays(codes, [commit.unit.shard for commit in commits]),
        pa.array(np.concatenate([commit.rows.offset.ravel() for commit in commits])),
        pa.array(np.concatenate([commit.rows.nbytes.ravel() for commit in commits])),
        pa.array(np.concatenate([commit.rows.crc32.ravel() for commit in commits])),
    ]


def _constant(value: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int8), [value])


def _json(value: dict[str, Any] | list[Any] | Iterable[Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
