"""Readers of datasets under damaged and hostile files: only camxtime's own errors, nothing large, nothing outside."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.shards import layout
from camxtime.shards.codecs import get, of_passes
from camxtime.shards.commits import find_commit
from camxtime.shards.index import build_index
from camxtime.shards.pages import payload_spans, read_page_header
from camxtime.shards.records import GridRecord
from camxtime.shards.verify import verify

from .mutate import EVIL_FLOAT, EVIL_INT, EVIL_TEXT, changed_json, damaged, fuzz, json_text

SPEC = SyntheticSpec(grids=("room.ball.arc",), cameras=3, times=2, width=16, height=12)
GRID = SPEC.grids[0]
UNIT = SPEC.units(GRID)[0]
TABLES = (layout.GRIDS, layout.CAMERAS, layout.CELLS, layout.SHARDS)


class Victim:
    """A dataset in a folder whose files are replaced one at a time."""

    def __init__(self, root: Path):
        self.root = root
        make_dataset(root, SPEC)
        self.good = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    @contextlib.contextmanager
    def holding(self, name: str, data: bytes) -> Iterator[None]:
        """The dataset with one other file; restored afterwards."""
        (self.root / name).write_bytes(data)
        try:
            yield
        finally:
            (self.root / name).write_bytes(self.good[name])

    def files(self) -> set[str]:
        return {str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    return Victim(tmp_path_factory.mktemp("victim") / "data")


def read_all(root: Path) -> None:
    """Everything that a reader does; every step may be refused, and nothing else may happen."""
    with contextlib.suppress(CamxtimeError):
        dataset = camxtime.open(root)
        repr(dataset), dataset._repr_html_()
        for name in dataset.grids.ids:
            grid = dataset.grid(name)
            repr(grid)
            for look in (
                lambda g=grid: g.cameras,
                lambda g=grid: g.clip(0, [0, g.T - 1], g.passes),
                lambda g=grid: g.index,
            ):
                with contextlib.suppress(CamxtimeError):
                    look()
        dataset.index_table(layout.SHARDS)


def rebuild(root: Path) -> None:
    """What a resume does with records and commits."""
    with contextlib.suppress(CamxtimeError):
        GridRecord.read(root, GRID)
    with contextlib.suppress(CamxtimeError):
        find_commit(root, UNIT)
    with contextlib.suppress(CamxtimeError):
        build_index(root, SPEC.header())


def restore(victim: Victim) -> None:
    for name in victim.files() - set(victim.good):
        (victim.root / name).unlink()
    for name in (layout.DATASET_JSON, *TABLES):
        (victim.root / name).write_bytes(victim.good[name])


@given(st.data())
@fuzz(60)
def test_damaged_bytes_of_any_file(victim: Victim, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(victim.good)))
    with victim.holding(name, data.draw(damaged(victim.good[name]))):
        read_all(victim.root)
        verify(victim.root, "full", workers=1)
        if name.startswith("ledger/"):
            rebuild(victim.root)
            restore(victim)


@given(st.data())
@fuzz(80)
def test_any_field_of_dataset_json(victim: Victim, data: st.DataObject) -> None:
    header = json.loads(victim.good[layout.DATASET_JSON])
    with victim.holding(layout.DATASET_JSON, json_text(data.draw(changed_json(header)))):
        read_all(victim.root)
        verify(victim.root, "quick", workers=1)


@given(st.data())
@fuzz(80)
def test_any_field_of_a_grid_record(victim: Victim, data: st.DataObject) -> None:
    name = layout.grid_record_path(GRID)
    record = json.loads(victim.good[name])
    with victim.holding(name, json_text(data.draw(changed_json(record)))):
        rebuild(victim.root)
    restore(victim)


def with_value(data: bytes, group: int, column: str, row: int, value: object) -> bytes | None:
    """The Parquet file with one other value; None where the column cannot hold it."""
    with pq.ParquetFile(io.BytesIO(data)) as file:
        tables = [file.read_row_group(i) for i in range(file.num_row_groups)]
        meta, schema = file.metadata.metadata, file.schema_arrow
    table = tables[group % len(tables)]
    values = table[column].to_pylist()
    at = schema.get_field_index(column)
    values[row % len(values)] = value
    try:
        changed = pa.array(values, schema.field(column).type)
    except (pa.ArrowException, OverflowError, TypeError, ValueError, UnicodeError):
        return None
    tables[group % len(tables)] = table.set_column(at, schema.field(column), changed)
    target = io.BytesIO()
    with pq.ParquetWriter(target, schema, store_schema=False, compression="zstd") as writer:
        for part in tables:
            writer.write_table(part)
        writer.add_key_value_metadata({b"camxtime": meta[b"camxtime"]})
    return target.getvalue()


@given(st.data())
@fuzz(100)
def test_any_value_of_the_index(victim: Victim, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*TABLES, UNIT.commit]))
    column = data.draw(st.sampled_from(pq.read_schema(io.BytesIO(victim.good[name])).names))
    value = data.draw(st.sampled_from([*EVIL_TEXT, *EVIL_INT, *EVIL_FLOAT, [1.0] * 16, [float("nan")] * 9, ["x"] * 3]))
    changed = with_value(victim.good[name], 0, column, data.draw(st.integers(0, 40)), value)
    if changed is None:
        return
    with victim.holding(name, changed):
        read_all(victim.root)
        verify(victim.root, "full", workers=1)
        rebuild(victim.root)
    restore(victim)


@given(st.data())
@fuzz(60)
def test_any_field_of_a_commit(victim: Victim, data: st.DataObject) -> None:
    with pq.ParquetFile(io.BytesIO(victim.good[UNIT.commit])) as file:
        table, meta = file.read(), json.loads(file.metadata.metadata[b"camxtime"])
    target = io.BytesIO()
    with pq.ParquetWriter(target, table.schema.remove_metadata(), store_schema=False) as writer:
        writer.write_table(table.replace_schema_metadata(None))
        writer.add_key_value_metadata({b"camxtime": json_text(data.draw(changed_json(meta)))})
    with victim.holding(UNIT.commit, target.getvalue()):
        rebuild(victim.root)
    restore(victim)


@given(st.data())
@fuzz(60)
def test_page_headers_of_shards(victim: Victim, data: st.DataObject) -> None:
    shard = victim.good[UNIT.shard]
    chunk = pq.read_metadata(pa.BufferReader(shard)).row_group(0).column(2)
    start, end = chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size
    changed = shard[:start] + data.draw(damaged(shard[start:end])) + shard[end:]
    with contextlib.suppress(DataError):
        payload_spans(memoryview(changed), start, min(end, len(changed)), 6)
    with contextlib.suppress(DataError):
        read_page_header(memoryview(data.draw(st.binary(max_size=200))))


@pytest.mark.parametrize(
    "head", [b"\x19" * 100_000, b"\x1c" * 100_000, b"\x19\xfc\xff\xff\xff\xff\x7f", b"\x18\xff\xff\xff\xff\x7f"]
)
def test_page_headers_that_would_not_end(head: bytes) -> None:
    with pytest.raises(DataError):
        read_page_header(memoryview(head))


IMAGES = {
    "jpeg:90": np.arange(16 * 12 * 3, dtype=np.uint8).reshape(12, 16, 3),
    "png": np.arange(16 * 12 * 3, dtype=np.uint8).reshape(12, 16, 3),
    "webp": np.arange(16 * 12 * 3, dtype=np.uint8).reshape(12, 16, 3),
    "logpng16": np.linspace(0.5, 90, 192, dtype=np.float32).reshape(12, 16),
    "zstd32": np.linspace(0.5, 90, 192, dtype=np.float32).reshape(12, 16),
    "png16": np.arange(192, dtype=np.uint16).reshape(12, 16),
}


@pytest.mark.parametrize("name", sorted(IMAGES))
@given(data=st.data())
@fuzz(60)
def test_damaged_images(name: str, data: st.DataObject) -> None:
    codec = get(name)
    payload = data.draw(damaged(codec.encode(IMAGES[name])))
    with contextlib.suppress(DataError):
        image = codec.decode(payload, (12, 16))
        assert image.shape[:2] == (12, 16) and image.dtype == codec.dtype


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_images_that_unpack_to_more_than_they_declare() -> None:
    """A PNG whose pixels and text chunks are gigabytes of zeros, a zstd frame that goes on, a JPEG of 65500² pixels."""
    zeros = zlib.compress(bytes(200 * 2**20), 9)
    head = b"\x89PNG\r\n\x1a\n" + png_chunk(
        b"IHDR", (16).to_bytes(4, "big") + (12).to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    )
    for body in (
        png_chunk(b"IDAT", zeros),
        png_chunk(b"zTXt", b"a\0\0" + zeros) + png_chunk(b"IDAT", zlib.compress(bytes(49 * 12))),
    ):
        with contextlib.suppress(DataError):
            assert get("png").decode(head + body + png_chunk(b"IEND", b""), (12, 16)).shape == (12, 16, 3)
    depth = get("zstd32").encode(IMAGES["zstd32"])
    with pytest.raises(DataError, match="declares"):
        get("zstd32").decode(depth[:4] + b"\xff\xff\xff\x7f" * 2 + depth[12:], (12, 16))
    jpeg = bytearray(get("jpeg:90").encode(IMAGES["jpeg:90"]))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    with pytest.raises(DataError, match="65500"):
        get("jpeg:90").decode(bytes(jpeg), (12, 16))


def test_what_is_no_regular_file_is_not_waited_for(victim: Victim, tmp_path: Path) -> None:
    for name in (layout.DATASET_JSON, layout.CELLS, UNIT.shard):
        copy = Path(shutil.copytree(victim.root, tmp_path / name.replace("/", "_")))
        for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path), lambda path: os.mkdir(path)):
            (copy / name).unlink() if not (copy / name).is_dir() else None
            make(copy / name)
            with pytest.raises(CamxtimeError):
                camxtime.open(copy).grid(GRID).cell(0, 0).image("rgb")


def test_names_do_not_lead_out(victim: Victim) -> None:
    storage = camxtime.open(victim.root).storage
    for name in ("../x", "/etc/passwd", "shards/../../x", "a\0b"):
        for read in (storage.read_bytes, storage.size, storage.open_input):
            with pytest.raises(DataError, match="leads out"):
                read(name)
    for grid in ("../a.b.c", "a.b", "a.b.c/d", "A.b.c", "a.b.c\n", "", "a" * 300 + ".b.c"):
        with pytest.raises(InputError):
            layout.check_grid_id(grid)


def test_codecs_of_a_header_are_known_ones() -> None:
    for passes in ({"rgb": "pickle"}, {"rgb": "png16"}, {"exec": "png"}, {}):
        with pytest.raises(InputError):
            of_passes(passes)
