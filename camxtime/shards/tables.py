"""Arrow schemas of the Parquet files of a dataset, and how each is written."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from camxtime.errors import DataError
from camxtime.shards.bounds import parse_json
from camxtime.shards.layout import CAMERAS as CAMERAS_FILE
from camxtime.shards.layout import CELLS as CELLS_FILE
from camxtime.shards.layout import FORMAT_VERSION
from camxtime.shards.layout import GRIDS as GRIDS_FILE
from camxtime.shards.layout import SHARDS as SHARDS_FILE

META_KEY = b"camxtime"


def _schema(*fields: tuple[str, Any]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields])


def shard_schema(passes: list[str]) -> pa.Schema:
    """camera, time and one binary column per pass, nothing nullable."""
    return _schema(("camera", pa.int32()), ("time", pa.int32()), *((name, pa.binary()) for name in passes))


COMMIT = _schema(
    ("time", pa.int32()), ("camera", pa.int32()), ("pass", pa.string()),
    ("offset", pa.int64()), ("nbytes", pa.int32()), ("crc32", pa.uint32()),
)  # fmt: skip

CELLS = _schema(
    ("grid", pa.string()), ("time", pa.int32()), ("camera", pa.int32()), ("pass", pa.string()),
    ("shard", pa.string()), ("offset", pa.int64()), ("nbytes", pa.int32()), ("crc32", pa.uint32()),
)  # fmt: skip

CAMERAS = _schema(
    ("grid", pa.string()), ("camera", pa.int32()), ("c2w", pa.list_(pa.float64(), 16)), ("K", pa.list_(pa.float64(), 9))
)

GRIDS = _schema(
    ("grid", pa.string()), ("scene", pa.string()), ("animation", pa.string()), ("path", pa.string()),
    ("C", pa.int32()), ("T", pa.int32()), ("H", pa.int32()), ("W", pa.int32()), ("fps", pa.float64()),
    ("caption", pa.string()), ("status", pa.string()), ("digest", pa.string()),
    ("cells", pa.int64()), ("nbytes", pa.int64()), ("cells_row_group", pa.int32()),
    ("seeds", pa.string()), ("instances", pa.string()), ("path_parameters", pa.string()), ("extra", pa.string()),
)  # fmt: skip

SHARDS = _schema(
    ("shard", pa.string()), ("grid", pa.string()), ("t0", pa.int32()), ("t1", pa.int32()), ("cells", pa.int32()),
    ("nbytes", pa.int64()), ("sha256", pa.string()), ("digest", pa.string()),
    ("time_digests", pa.list_(pa.field("element", pa.string(), nullable=False))), ("info", pa.string()),
)  # fmt: skip

_PLAIN_INTEGERS = {"offset": "DELTA_BINARY_PACKED", "nbytes": "DELTA_BINARY_PACKED", "crc32": "PLAIN"}


INDEX = {GRIDS_FILE: GRIDS, CAMERAS_FILE: CAMERAS, CELLS_FILE: CELLS, SHARDS_FILE: SHARDS}
"""Schema of every Parquet file of the index."""


def open_shard_writer(target: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer whose image columns hold one plain, uncompressed value a page, with page checksums (docs/format.md)."""
    return pq.ParquetWriter(
        target, schema, compression="none", use_dictionary=False, write_statistics=False,
        max_rows_per_page=1, write_page_index=True, write_page_checksum=True, store_schema=False,
    )  # fmt: skip


def open_index_writer(target: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """A compact writer for the index tables: zstd, dictionaries for words, statistics on the grid only."""
    plain = {name: kind for name, kind in _PLAIN_INTEGERS.items() if name in schema.names}
    words = [name for name in schema.names if name not in plain and not pa.types.is_nested(schema.field(name).type)]
    return pq.ParquetWriter(
        target, schema, compression="zstd", use_dictionary=words, column_encoding=plain or None,
        write_statistics=["grid"] if "grid" in schema.names else False, write_page_checksum=True, store_schema=False,
    )  # fmt: skip


def numpy_column(table: pa.Table, name: str) -> NDArray[Any]:
    """A column of numbers without nulls as a NumPy array, not to be written to."""
    return numpy_array(table[name].combine_chunks())


def numpy_array(values: pa.Array) -> NDArray[Any]:
    """Numbers without nulls as a NumPy array. (`to_numpy` would import pandas where that is installed: 0.2 s.)"""
    array: NDArray[Any] = np.from_dlpack(values)
    return array


def fits(found: pa.Schema, schema: pa.Schema) -> bool:
    """Whether a file has the columns of a schema. Lists keep their length elsewhere: Parquet does not know it."""
    return found.names == schema.names and all(
        not a.nullable and (a.type == b.type or (pa.types.is_nested(a.type) and pa.types.is_nested(b.type)))
        for a, b in zip(found, schema, strict=True)
    )


def close_quietly(writer: pq.ParquetWriter) -> None:
    """Close the writer of a file that is given up, so that it does not try again when it is collected."""
    with suppress(OSError, ValueError):  # its footer may not fit the disk, and is not wanted any more
        writer.close()


def read_meta(metadata: pq.FileMetaData, file: str | Path) -> dict[str, Any]:
    """The JSON that the writer left in a Parquet file's key-value metadata; `DataError` if it is not ours."""
    raw = (metadata.metadata or {}).get(META_KEY)
    if raw is None:
        raise DataError(f"{file} is not a file of a camxtime dataset: its 'camxtime' metadata is missing.")
    try:
        meta = parse_json(raw)
    except ValueError as error:
        raise DataError(f"{file}: its 'camxtime' metadata is damaged: {error}") from error
    if not isinstance(meta, dict) or meta.get("format_version") != FORMAT_VERSION:
        version = meta.get("format_version") if isinstance(meta, dict) else None
        raise DataError(f"{file} has format version {version!r}; this camxtime reads version {FORMAT_VERSION}.")
    return meta
