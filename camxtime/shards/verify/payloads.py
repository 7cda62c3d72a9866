"""The full level, one shard at a time: every byte, every image, and both ways of reading a shard agree."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from camxtime.errors import DataError
from camxtime.shards.bounds import VettedFile, ViewFile
from camxtime.shards.codecs import Codec
from camxtime.shards.digest import time_digest
from camxtime.shards.grid import Grid
from camxtime.shards.pages import PayloadSpan, column_chunks, payload_spans
from camxtime.shards.tables import shard_schema
from camxtime.shards.verify.report import Part
from camxtime.shards.verify.structure import REINDEX, REMAKE, ShardRow


@dataclass(frozen=True)
class _Place:
    """One image of the shard: which, and where the Parquet file says that it lies (None if it does not say)."""

    time: int
    camera: int
    column: int
    span: PayloadSpan | None


def check_shard(grid: Grid, codecs: dict[str, Codec], row: ShardRow, data: memoryview) -> Part:
    """Verify one shard whose bytes are `data` against the index, the Parquet reader and its digests."""
    part = Part()
    place: dict[str, Any] = {"file": row.shard, "grid": grid.id}
    if row.cells != (row.t1 - row.t0 + 1) * grid.C or row.t1 >= grid.T:
        part.error(
            f"it has {row.cells} cells of times {row.t0} to {row.t1}, which do not fit the grid.", REINDEX, **place
        )
        return part
    part.counts["shards read"] += 1
    part.counts["bytes"] += len(data)
    if hashlib.sha256(data).hexdigest() != row.sha256:
        part.error(f"its bytes are not those that were committed (sha256 is not {row.sha256}).", REMAKE, **place)
    try:
        metadata = pq.read_metadata(ViewFile(data))
    except (OSError, ValueError) as error:
        part.error(f"its Parquet footer is damaged: {error}.", REMAKE, **place)
        _check_images(part, grid, codecs, row, data, _places(grid, row, None))
        return part
    if not metadata.schema.to_arrow_schema().equals(shard_schema(list(codecs))) or metadata.num_rows != row.cells:
        part.error(
            f"it has {metadata.num_rows} rows of {metadata.schema.names}, not {row.cells} cells.", REMAKE, **place
        )
        return part
    spans = _parquet_spans(part, metadata, data, len(codecs), place)
    _check_images(part, grid, codecs, row, data, _places(grid, row, spans))
    _check_reader(part, grid, list(codecs), row, data)
    return part


def _places(grid: Grid, row: ShardRow, spans: dict[tuple[int, int], PayloadSpan] | None) -> Iterator[_Place]:
    for cell in range(row.cells):
        time, camera = row.t0 + cell // grid.C, cell % grid.C
        for column in range(len(grid.passes)):
            yield _Place(time, camera, column, spans.get((cell, column)) if spans else None)


def _parquet_spans(
    part: Part, metadata: pq.FileMetaData, data: memoryview, passes: int, place: dict[str, Any]
) -> dict[tuple[int, int], PayloadSpan]:
    """(cell, pass) → span by the page headers; chunks that cannot be followed are reported and left out."""
    found: dict[tuple[int, int], PayloadSpan] = {}
    done = 0
    try:
        chunks = column_chunks(data)
        if [len(group) for group in chunks] != [2 + passes] * metadata.num_row_groups:
            raise DataError("its Parquet footer does not have a chunk for every column.")
    except DataError as error:
        part.error(str(error), REMAKE, **place)
        return found
    for group in range(metadata.num_row_groups):
        count = metadata.row_group(group).num_rows
        for column in range(passes):
            start, size = chunks[group][2 + column]
            try:
                spans = payload_spans(data, start, start + size, count)
            except DataError as error:
                name = metadata.schema.names[2 + column]
                part.error(f"row group {group}: {error}", REMAKE, pass_name=name, **place)
                continue
            found.update({(done + i, column): span for i, span in enumerate(spans)})
        done += count
    return found


def _check_images(
    part: Part, grid: Grid, codecs: dict[str, Codec], row: ShardRow, data: memoryview, places: Iterator[_Place]
) -> None:
    index = grid.index
    names = list(codecs)
    ids = instance_ids(grid)
    digests: dict[int, list[bytes]] = {time: [] for time in range(row.t0, row.t1 + 1)}
    for at in places:
        key = (at.time, at.camera, at.column)
        offset, nbytes = int(index.offset[key]), int(index.nbytes[key])
        place = {
            "file": row.shard,
            "grid": grid.id,
            "camera": at.camera,
            "time": at.time,
            "pass_name": names[at.column],
        }
        part.counts["images"] += 1
        payload = bytes(data[offset : offset + nbytes])
        digests[at.time].append(hashlib.sha256(payload).digest())
        if at.span is not None:
            _check_span(part, at.span, offset, nbytes, data, place)
        if len(payload) != nbytes:
            part.error(f"the shard ends inside this image, at byte {len(data)}.", REMAKE, **place)
        elif zlib.crc32(payload) != index.crc32[key]:
            part.error(f"the {nbytes} bytes at {offset} do not have their checksum.", REMAKE, **place)
        else:
            problem = image_problem(codecs[names[at.column]], payload, (grid.H, grid.W), ids)
            if problem is not None:
                part.error(problem, REMAKE, **place)
    for number, time in enumerate(digests):
        if time_digest(digests[time]) != row.time_digests[number]:
            part.error(
                "the images of this time do not have its digest.", REMAKE, file=row.shard, grid=grid.id, time=time
            )


def _check_span(
    part: Part, span: PayloadSpan, offset: int, nbytes: int, data: memoryview, place: dict[str, Any]
) -> None:
    if (span.offset, span.nbytes) != (offset, nbytes):
        part.error(
            f"the index says {nbytes} bytes at {offset}, the Parquet file {span.nbytes} at {span.offset}.",
            REINDEX,
            **place,
        )
    elif span.page_crc != zlib.crc32(data[span.offset - 4 : span.offset + span.nbytes]):
        part.error("its Parquet page does not have its checksum.", REMAKE, **place)


def image_problem(
    codec: Codec, payload: bytes, size: tuple[int, int], instances: NDArray[np.uint16] | None
) -> str | None:
    """What is wrong with an encoded image of the declared size, or None. `instances`: the ids that may occur."""
    try:
        image = codec.decode(payload, size)
    except DataError as error:
        return str(error)
    if image.dtype == np.float32 and not bool(np.all(np.greater(image, 0))):
        return "its depth has values that are NaN, zero or negative."
    if image.dtype == np.uint16 and instances is not None:
        unknown = np.setdiff1d(image, instances)
        if unknown.size:
            return f"it has instance ids that the grid does not name: {', '.join(map(str, unknown[:5]))}."
    return None


def instance_ids(grid: Grid) -> NDArray[np.uint16]:
    """The ids that may occur in the grid's instance pass: those it names, and 0 for nothing."""
    return np.array([0, *(entry["id"] for entry in grid.row.instances)], np.uint16)


def _check_reader(part: Part, grid: Grid, names: list[str], row: ShardRow, data: memoryview) -> None:
    """Apache Arrow's own reader, with page checksums on, must find the very images that the index points at."""
    index = grid.index
    done = 0
    place: dict[str, Any] = {"file": row.shard, "grid": grid.id}
    source = VettedFile(ViewFile(data))
    metadata = pq.read_metadata(ViewFile(data))
    with pq.ParquetFile(source, metadata=metadata, page_checksum_verification=True, pre_buffer=False) as file:
        for group in range(file.metadata.num_row_groups):
            try:
                table = file.read_row_group(group, use_threads=False)
            except (OSError, ValueError) as error:
                first = row.t0 + done // grid.C
                part.error(
                    f"Parquet's reader refuses row group {group}, from time {first} on: {error}.", REMAKE, **place
                )
                done += file.metadata.row_group(group).num_rows
                continue
            cells = np.arange(done, done + table.num_rows)
            times, cameras = row.t0 + cells // grid.C, cells % grid.C
            if not (np.array_equal(table["time"], times) and np.array_equal(table["camera"], cameras)):
                part.error(f"row group {group} does not hold its cells by time and camera.", REMAKE, **place)
            for column, name in enumerate(names):
                read = np.array([zlib.crc32(value.as_buffer()) for value in table[name]], np.uint32)
                for i in np.flatnonzero(read != index.crc32[times, cameras, column]):
                    part.error("Parquet's reader gives other bytes than the index.", REMAKE, camera=int(cameras[i]),
                               time=int(times[i]), pass_name=name, **place)  # fmt: skip
            done += table.num_rows
