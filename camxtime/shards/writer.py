"""Cells of one unit → one shard and its commit record.

The shard is streamed to a disk of this machine, one row group (at most 120 cells) in memory; then it is read back: the offset of
every payload comes from the page headers, and the bytes there must have the checksum of the bytes that were given. The
shard appears under its name only after that, and the commit record only after the shard.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from camxtime.errors import DataError, InputError, WorkError
from camxtime.shards import codecs as codec_module
from camxtime.shards.atomic import write_error
from camxtime.shards.commits import CellRows, Commit, find_commit, write_commit
from camxtime.shards.digest import canonical_json, time_digest, unit_digest
from camxtime.shards.layout import MAX_ROW_CELLS, UnitKey
from camxtime.shards.pages import payload_spans
from camxtime.shards.store import Root, open_store
from camxtime.shards.tables import close_quietly, open_shard_writer, shard_schema


class UnitWriter:
    """Writes the shard of one unit: `add` every cell in order of time, then camera; then `finish`.

    root: the dataset's folder, URL or store. cameras: C of the grid. codecs: pass → codec name (what the payloads are
    encoded with). Use as a context manager: leaving it without `finish` removes the unfinished file. Raises
    `InputError` for unknown codecs and `WorkError` when the target cannot be written.
    """

    def __init__(
        self, root: Root, unit: UnitKey, cameras: int, codecs: Mapping[str, str], row_cells: int = MAX_ROW_CELLS
    ):
        if cameras < 1 or not 1 <= row_cells <= MAX_ROW_CELLS:
            raise InputError(f"A shard needs at least 1 camera and row groups of 1 to {MAX_ROW_CELLS} cells.")
        self.store = open_store(root)
        self.unit = unit
        self.cameras = cameras
        self.codecs = {name: codec.name for name, codec in codec_module.of_passes(dict(codecs)).items()}
        self._row_cells = row_cells // cameras * cameras if cameras <= row_cells else row_cells  # whole times
        self._rows = CellRows.empty(len(unit.times), cameras, len(self.codecs))
        self._pending: list[list[Any]] = []
        self._digests: list[bytes] = []
        self._time_digests: list[str] = []
        self._added = 0
        self._schema = shard_schema(list(self.codecs))
        self._target = self.store.stage(unit.shard)
        try:
            self._writer = open_shard_writer(pa.PythonFile(self._target.file, mode="w"), self._schema)
        except BaseException:
            self._target.abandon()
            raise

    def add(self, time: int, camera: int, payloads: Mapping[str, bytes]) -> None:
        """Add the encoded images of one cell, by pass. `WorkError` if it is not the next cell, or a pass is missing."""
        index, expected_camera = divmod(self._added, self.cameras)
        expected = (self.unit.t0 + index, expected_camera)
        if (time, camera) != expected or index >= len(self.unit.times):
            raise WorkError(
                f"Grid {self.unit.grid}, unit {self.unit.name}: cell (camera {camera}, time {time}) was handed over where "
                + (f"(camera {expected[1]}, time {expected[0]}) comes next." if index < len(self.unit.times) else
                   "all cells are there already.")
            )  # fmt: skip
        if sorted(payloads) != list(self.codecs):
            raise WorkError(
                f"Grid {self.unit.grid}, camera {camera}, time {time}: passes {sorted(payloads)} were handed over, "
                f"not {list(self.codecs)}."
            )
        row: list[Any] = [camera, time]
        for column, name in enumerate(self.codecs):
            payload = bytes(payloads[name])
            if not payload:
                raise WorkError(f"Grid {self.unit.grid}, camera {camera}, time {time}: the {name} image is empty.")
            self._rows.nbytes[index, camera, column] = len(payload)
            self._rows.crc32[index, camera, column] = zlib.crc32(payload)
            self._digests.append(hashlib.sha256(payload).digest())
            row.append(payload)
        self._pending.append(row)
        self._added += 1
        if camera == self.cameras - 1:
            self._time_digests.append(time_digest(self._digests))
            self._digests.clear()
        if len(self._pending) == self._row_cells:
            self._flush()

    def finish(self, info: Mapping[str, Any] | None = None) -> Commit:
        """Verify the shard on disk, put it in place and commit it; returns the commit.

        A unit that is committed already is kept if its content is the same; `DataError` naming both digests if not.
        `WorkError` if cells are missing, the target cannot be written, or the disk gives back other bytes.
        """
        cells = len(self.unit.times) * self.cameras
        if self._added != cells:
            raise WorkError(
                f"Grid {self.unit.grid}, unit {self.unit.name}: {self._added} of {cells} cells were handed over."
            )
        canonical_json(dict(info or {}))  # refuses what could not be stored, before anything is published
        if self._pending:
            self._flush()
        try:
            self._writer.close()
        except OSError as error:
            raise write_error(self._target.path, error) from error
        self._target.sync()
        nbytes, sha256 = self._check_on_disk()
        numbered = list(zip(self.unit.times, self._time_digests, strict=True))
        commit = Commit(
            self.unit, self.cameras, self.codecs, nbytes, sha256, unit_digest(numbered, self.cameras, self.codecs),
            tuple(self._time_digests), self._rows, dict(info or {}),
        )  # fmt: skip
        with self.store.publishing(self.unit.shard.rpartition("/")[0]), self._target:
            known = find_commit(self.store, self.unit)
            if known is not None:
                if known.digest != commit.digest:
                    raise DataError(
                        f"Grid {self.unit.grid}, unit {self.unit.name} is committed with content {known.digest} and was "
                        f"made again with content {commit.digest}: delete {self.unit.commit} and {self.unit.shard} to "
                        "take the new one, and look for what is not deterministic."
                    )
                if self._shard_is_there(known):
                    return known
            self._target.publish()
            write_commit(self.store, commit)
        return commit

    def abandon(self) -> None:
        """Give the unit up and remove its unfinished file; harmless after `finish`."""
        close_quietly(self._writer)
        self._target.abandon()

    def __enter__(self) -> UnitWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()

    def _flush(self) -> None:
        columns = zip(*self._pending, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, self._schema, strict=True)]
        del columns
        self._pending.clear()  # the arrays have copies
        try:
            self._writer.write_table(pa.table(arrays, schema=self._schema), row_group_size=self._row_cells)
        except OSError as error:
            raise write_error(self._target.path, error) from error

    def _check_on_disk(self) -> tuple[int, str]:
        """Fill in the offsets from the file's own page headers, check the bytes there; returns its size and sha256."""
        try:
            with self._target.temporary.open("rb") as file:
                self._find_payloads(file, pq.read_metadata(self._target.temporary))
                file.seek(0)
                return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError, DataError) as error:
            raise WorkError(
                f"{self._target.path}: the shard just written does not read back as it should ({error}): check the disk."
            ) from error

    def _find_payloads(self, file: BinaryIO, metadata: pq.FileMetaData) -> None:
        """Go through the file, one column chunk in memory."""
        done = 0
        for group in range(metadata.num_row_groups):
            count = metadata.row_group(group).num_rows
            for column in range(len(self.codecs)):
                chunk = metadata.row_group(group).column(2 + column)
                file.seek(chunk.data_page_offset)
                data = memoryview(file.read(chunk.total_compressed_size))
                for row, span in enumerate(payload_spans(data, 0, len(data), count), start=done):
                    place = (*divmod(row, self.cameras), column)
                    payload = data[span.offset : span.offset + span.nbytes]
                    if (span.nbytes, zlib.crc32(payload)) != (self._rows.nbytes[place], self._rows.crc32[place]):
                        raise DataError(
                            f"the bytes at {chunk.data_page_offset + span.offset} are not those of cell {row}"
                        )
                    self._rows.offset[place] = chunk.data_page_offset + span.offset
            done += count
        if done * len(self.codecs) != self._rows.offset.size:
            raise DataError(f"{done} cells are in the file")

    def _shard_is_there(self, known: Commit) -> bool:
        shard = self.unit.shard
        return self.store.exists(shard) and self.store.size(shard) == known.nbytes
