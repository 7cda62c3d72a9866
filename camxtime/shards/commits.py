"""The commit record of a unit: written last, so a unit with a commit record has its whole shard in place.

`ledger/commits/<grid>/<unit>.parquet` holds the unit's index rows (time, camera, pass, offset, nbytes, crc32; sorted by
time, camera, pass) and, as JSON under the key `camxtime` of its metadata, everything else in `Commit`.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from camxtime.codec_names import PASSES
from camxtime.errors import DataError
from camxtime.shards.bounds import VettedFile
from camxtime.shards.layout import FORMAT_VERSION, UnitKey
from camxtime.shards.records import MAX_CELLS, MAX_INDEX
from camxtime.shards.store import Root, open_store, read_if_there
from camxtime.shards.tables import COMMIT, META_KEY, fits, numpy_column, open_index_writer, read_meta

MAX_BYTES = 2**29
"""Most bytes of a commit record; 960 cells with three passes have 30 kB."""


@dataclass(frozen=True, eq=False)
class CellRows:
    """Where the payloads of a unit lie: arrays of shape (times, cameras, passes), passes sorted by name."""

    offset: NDArray[np.int64]
    nbytes: NDArray[np.int32]
    crc32: NDArray[np.uint32]

    @staticmethod
    def empty(times: int, cameras: int, passes: int) -> CellRows:
        """Rows to be filled in."""
        shape = (times, cameras, passes)
        return CellRows(np.zeros(shape, np.int64), np.zeros(shape, np.int32), np.zeros(shape, np.uint32))


@dataclass(frozen=True, eq=False)
class Commit:
    """A finished unit.

    codecs: pass → codec name. nbytes, sha256: of the shard file. digest, time_digests: of the content (see `digest`).
    info: whatever the renderer reports (Blender build, device, batch layout, seconds); not part of any digest.
    """

    unit: UnitKey
    cameras: int
    codecs: dict[str, str]
    nbytes: int
    sha256: str
    digest: str
    time_digests: tuple[str, ...]
    rows: CellRows
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def passes(self) -> list[str]:
        """Passes in the order of the last axis of `rows`."""
        return sorted(self.codecs)

    @property
    def cells(self) -> int:
        """Number of cells (camera, time) in the shard."""
        return len(self.unit.times) * self.cameras

    def payload_nbytes(self) -> dict[str, int]:
        """Bytes of the payloads, by pass."""
        return {name: int(self.rows.nbytes[..., i].sum(dtype=np.int64)) for i, name in enumerate(self.passes)}


def write_commit(root: Root, commit: Commit) -> None:
    """Write the commit record, atomically; `WorkError` if that fails."""
    meta = {
        "format_version": FORMAT_VERSION,
        "grid": commit.unit.grid,
        "unit": commit.unit.name,
        "cameras": commit.cameras,
        "codecs": commit.codecs,
        "nbytes": commit.nbytes,
        "sha256": commit.sha256,
        "digest": commit.digest,
        "time_digests": list(commit.time_digests),
        "info": commit.info,
    }
    times, cameras, passes = product_columns(commit.unit.times, commit.cameras, commit.passes)
    rows = commit.rows
    columns = [times, cameras, passes, rows.offset.ravel(), rows.nbytes.ravel(), rows.crc32.ravel()]
    table = pa.table([pa.array(column) for column in columns], schema=COMMIT)
    target = io.BytesIO()
    with open_index_writer(target, COMMIT) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({META_KEY: json.dumps(meta, allow_nan=False).encode()})
    open_store(root).write(commit.unit.commit, target.getvalue())


def read_commit(root: Root, unit: UnitKey) -> Commit:
    """The commit record of a unit; `DataError` if there is none, or it is damaged or of another version."""
    commit = find_commit(root, unit)
    if commit is None:
        path = open_store(root).where(unit.commit)
        raise DataError(f"{path} is missing: unit {unit.name} of grid {unit.grid} was never committed.")
    return commit


def find_commit(root: Root, unit: UnitKey) -> Commit | None:
    """The commit record of a unit, None if there is none; `DataError` if it is damaged or of another version."""
    store = open_store(root)
    path = store.where(unit.commit)
    data = read_if_there(store, unit.commit, MAX_BYTES)
    if data is None:
        return None
    try:
        metadata = pq.read_metadata(pa.BufferReader(data))
        source = VettedFile(io.BytesIO(data))
        with pq.ParquetFile(source, metadata=metadata, page_checksum_verification=True, pre_buffer=False) as file:
            meta = read_meta(metadata, path)
            _check_bounds(unit, meta, metadata)
            table = file.read(use_threads=False)
        return _commit_of(unit, meta, table)
    except (
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
    ) as error:  # pa.ArrowInvalid is a ValueError
        raise DataError(f"{path}: the commit record is damaged ({error}): delete it and render again.") from error


def _check_bounds(unit: UnitKey, meta: dict[str, Any], metadata: pq.FileMetaData) -> None:
    """`ValueError` unless the file has as many rows as its unit needs, and says digests where it should."""
    if not fits(metadata.schema.to_arrow_schema(), COMMIT):
        raise ValueError(f"it has columns {metadata.schema.names}, not {COMMIT.names}")
    cameras, passes = meta["cameras"], meta["codecs"]
    if not isinstance(cameras, int) or not 1 <= cameras <= MAX_INDEX or not isinstance(passes, dict):
        raise ValueError(f"it says {cameras!r:.40} cameras")
    rows = len(unit.times) * cameras * len(passes)
    for digest in (meta["sha256"], meta["digest"], *meta["time_digests"]):
        if not isinstance(digest, str) or len(bytes.fromhex(digest)) != 32:
            raise ValueError(f"{digest!r:.80} is not a SHA-256 digest")
    if metadata.num_rows != rows or rows > len(PASSES) * MAX_CELLS:
        raise ValueError(f"it has {metadata.num_rows} rows where its unit needs {rows}")


def _commit_of(unit: UnitKey, meta: dict[str, Any], table: pa.Table) -> Commit:
    if (meta["grid"], meta["unit"]) != (unit.grid, unit.name):
        raise ValueError(f"it says unit {meta['unit']} of grid {meta['grid']}")
    codecs = {str(name): str(codec) for name, codec in meta["codecs"].items()}
    cameras = int(meta["cameras"])
    shape = (len(unit.times), cameras, len(codecs))
    expected = product_columns(unit.times, cameras, sorted(codecs))
    for name, values in zip(("time", "camera", "pass"), expected, strict=True):
        if not table[name].combine_chunks().equals(pa.array(values).cast(COMMIT.field(name).type)):
            raise ValueError(f"its column {name} is not that of the unit's times, cameras and passes")
    arrays = (numpy_column(table, name).reshape(shape) for name in ("offset", "nbytes", "crc32"))
    digests = tuple(str(digest) for digest in meta["time_digests"])
    if len(digests) != shape[0]:
        raise ValueError(f"it has {len(digests)} time digests for {shape[0]} times")
    return Commit(
        unit, cameras, codecs, int(meta["nbytes"]), str(meta["sha256"]), str(meta["digest"]), digests,
        CellRows(*arrays), dict(meta["info"]),
    )  # fmt: skip


def product_columns(
    times: range, cameras: int, passes: list[str]
) -> tuple[NDArray[np.int32], NDArray[np.int32], pa.DictionaryArray]:
    """The columns time, camera and pass of the product times × cameras × passes, in that order of sorting."""
    count = len(passes)
    time = np.repeat(np.arange(times.start, times.stop, dtype=np.int32), cameras * count)
    camera = np.tile(np.repeat(np.arange(cameras, dtype=np.int32), count), len(times))
    codes = np.tile(np.arange(count, dtype=np.int8), len(times) * cameras)
    return time, camera, pa.DictionaryArray.from_arrays(codes, passes)
