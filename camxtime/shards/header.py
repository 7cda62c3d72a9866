"""What dataset.json and grids.parquet may say, checked when a dataset is opened, before anything is sized by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from camxtime.errors import DataError, InputError
from camxtime.shards import layout
from camxtime.shards.bounds import MAX_JSON_BYTES, parse_json
from camxtime.shards.codecs import of_passes
from camxtime.shards.imagesize import MAX_PIXELS
from camxtime.shards.records import MAX_CELLS, MAX_INDEX
from camxtime.shards.storage import Storage
from camxtime.shards.tables import numpy_column


def read_header(storage: Storage) -> dict[str, Any]:
    """dataset.json, its format version and the kinds of its fields checked; `DataError` otherwise."""
    where = storage.where(layout.DATASET_JSON)
    data = storage.read_bytes(layout.DATASET_JSON, MAX_JSON_BYTES)
    try:
        header = parse_json(data)
    except ValueError as error:
        raise DataError(f"{where} is not JSON ({error}): build the index again.") from error
    if not isinstance(header, dict) or header.get("format") != layout.FORMAT:
        raise DataError(f"{where} is not of a camxtime dataset: its field 'format' is not {layout.FORMAT!r}.")
    if header.get("format_version") != layout.FORMAT_VERSION:
        raise DataError(
            f"{where} has format version {header.get('format_version')!r:.80}; this camxtime reads version "
            f"{layout.FORMAT_VERSION}: install the version that wrote it."
        )
    for field, (kind, right) in _HEADER.items():
        value = header.get(field)
        if not isinstance(value, kind) or not right(value):
            raise DataError(f"{where}: field {field!r} is missing or not a {kind.__name__} of the right kind: "
                            "build the index again.")  # fmt: skip
    try:
        of_passes(header["passes"])
    except InputError as error:
        raise DataError(f"{where}: field 'passes': {error}") from error
    return header


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _counts(*names: str) -> Callable[[Any], bool]:
    return lambda value: all(_is_count(value.get(name)) for name in names)


def _texts(value: Any) -> bool:
    return all(isinstance(item, str) for item in (value.values() if isinstance(value, dict) else value))


def _anything(_: Any) -> bool:
    return True


_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEADER: dict[str, tuple[type, Callable[[Any], bool]]] = {
    "name": (str, _anything),
    "digest": (str, lambda value: bool(_DIGEST.fullmatch(value))),
    "build": (str, lambda value: bool(_DIGEST.fullmatch(value))),
    "spec": (dict, _anything),
    "passes": (dict, _texts),
    "counts": (dict, _counts("grids", "cells", "videos", "shards", "nbytes")),
    "states": (dict, _counts("complete", "incomplete", "missing")),
    "missing_grids": (list, _texts),
    "files": (dict, _anything),
    "engine": (dict, _anything),
    "renderers": (list, _texts),
}


def check_grids(storage: Storage, table: pa.Table) -> pa.Table:
    """The table of grids.parquet, if every row may be one: ids, sides, digests; `DataError` otherwise."""
    where = storage.where(layout.GRIDS)
    ids = table["grid"].to_pylist()
    if ids != sorted(set(ids)):
        raise DataError(f"{where}: grids are not sorted, or one is there twice: build the index again.")
    for grid in ids:
        try:
            layout.check_grid_id(grid)
        except InputError as error:
            raise DataError(f"{where}: {error}") from error
    C, T, H, W = (numpy_column(table, name).astype("int64") for name in "CTHW")
    for side, values, most in (
        ("C", C, MAX_INDEX),
        ("T", T, MAX_INDEX),
        ("C × T", C * T, MAX_CELLS),
        ("H × W", H * W, MAX_PIXELS),
        ("H", H, MAX_PIXELS),
        ("cells", numpy_column(table, "cells"), MAX_CELLS),
    ):
        bad = (values < (0 if side == "cells" else 1)) | (values > most)
        if bad.any():
            row = int(bad.argmax())
            raise DataError(f"{where}, grid {ids[row]}: {side} is {values[row]}, it must be 1 to {most}.")
    fps = numpy_column(table, "fps")
    if not bool(((fps > 0) & (fps < float("inf"))).all()):
        raise DataError(f"{where}: a grid's fps is not a positive number: build the index again.")
    for grid, digest, status in zip(ids, table["digest"].to_pylist(), table["status"].to_pylist(), strict=True):
        if not _DIGEST.fullmatch(digest) or status not in ("complete", "incomplete"):
            raise DataError(f"{where}, grid {grid}: its digest or status is none: build the index again.")
    return table
