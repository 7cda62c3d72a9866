"""Small files that would become large, tried one after the other in this process, which prints what it used.

Run by `test_bombs.py` in a child: `python bombs.py FOLDER`. Prints a JSON object: bomb → what was said, and the growth of
the process' largest memory in MB.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import CamxtimeError
from camxtime.shards import layout
from camxtime.shards.codecs import get
from camxtime.shards.commits import read_commit
from camxtime.shards.records import GridRecord
from camxtime.spec import expand, load, loads
from camxtime.splits import manifest

GRID = "room.ball.arc"
SPEC = SyntheticSpec(grids=(GRID,), cameras=3, times=2, width=16, height=12)
HEAD = "version: 1\nname: a\ngrid: {cameras: 2, times: 2}\nimage: {width: 8, height: 8}\n"


def sparse(path: Path) -> None:
    """A file of 8 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(8 * 10**9)


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table], **options: object) -> None:
    """Write the table of an index file anew, changed, with its metadata."""
    with pq.ParquetFile(path) as file:
        table, meta = file.read(), file.metadata.metadata[b"camxtime"]
    changed = change(table).replace_schema_metadata(None)
    with pq.ParquetWriter(path, changed.schema, store_schema=False, compression="zstd", **options) as writer:
        writer.write_table(changed)
        writer.add_key_value_metadata({b"camxtime": meta})


def with_column(table: pa.Table, name: str, values: object) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def same_caption(table: pa.Table) -> pa.Table:
    """A thousand grids with one caption of 4 MB: 4 kB in the file, 4 GB in memory."""
    many = pa.concat_tables([table] * 1000)
    many = with_column(many, "grid", [f"room.ball.a{i:04d}" for i in range(1000)])
    word = pa.DictionaryArray.from_arrays(np.zeros(len(many), np.int32), ["a" * 4_000_000])
    at = many.schema.get_field_index("caption")
    return many.set_column(at, pa.field("caption", word.type, nullable=False), word)


def lie(path: Path) -> None:
    """Page headers that promise 2 GB."""
    data = bytearray(path.read_bytes())
    chunk = pq.read_metadata(io.BytesIO(bytes(data))).row_group(0).column(1)
    start = min(x for x in (chunk.dictionary_page_offset, chunk.data_page_offset) if x)
    # kind (2 bytes), then field 2 (uncompressed size): overwritten with a varint of five bytes, the rest is rubbish
    data[start + 2 : start + 8] = b"\x15\xfe\xff\xff\xff\x0f"
    path.write_bytes(bytes(data))


def progressive_jpeg() -> bytes:
    """A JPEG whose scans are repeated ten thousand times."""
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(np.zeros((12, 16, 3), np.uint8)).save(target, "JPEG", progressive=True)
    data = target.getvalue()
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * 10_000 + b"\xff\xd9"


def png_of_zeros() -> bytes:
    """A PNG of 16 × 12 pixels with 100 MB of pixels behind them."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    packer = zlib.compressobj(9)
    zeros = b"".join([packer.compress(bytes(2**20)) for _ in range(100)]) + packer.flush()
    size = (16).to_bytes(4, "big") + (12).to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def bombs(folder: Path) -> dict[str, Callable[[], object]]:
    """Name → what sets it off."""
    good = make_dataset(folder / "good", SPEC)

    def dataset(name: str, spoil: Callable[[Path], object], touch: Callable[[Path], object]) -> Callable[[], object]:
        def run() -> object:
            root = Path(shutil.copytree(good, folder / name))
            spoil(root)
            return touch(root)

        return run

    def cell(root: Path) -> object:
        return camxtime.open(root).grid(GRID).clip(0, [0, 1], ("rgb", "depth", "instance"))

    def poses(root: Path) -> object:
        return camxtime.open(root).grid(GRID).cameras

    def sides(root: Path) -> None:
        rewrite(root / layout.GRIDS, lambda t: with_column(with_column(t, "C", [60_000]), "T", [60_000]))

    def rows(root: Path) -> None:
        rewrite(root / layout.CELLS, lambda t: pa.concat_tables([t] * 2000))

    def long_unit(root: Path) -> object:
        commits = root / layout.COMMITS / GRID
        shutil.copy(commits / "t0000-0001.parquet", commits / "t0000-999999999.parquet")
        return read_commit(root, layout.UnitKey(GRID, 0, 999_999_999))

    def deep_record(root: Path) -> object:
        (root / layout.grid_record_path(GRID)).write_text('{"a":' * 200_000)
        return GridRecord.read(root, GRID)

    def file(write: Callable[[Path], object], read: Callable[[Path], object]) -> Callable[[], object]:
        def run() -> object:
            path = folder / "file"
            write(path)
            return read(path)

        return run

    some = "  - {id: a, family: courtyard, count: 100000}\n"
    counts = (
        HEAD
        + "scenes:\n"
        + some
        + "animations:\n"
        + some.replace("courtyard", "walker")
        + "camera_paths: [{id: p, kind: arc}]\n"
    )
    many = HEAD + "scenes:\n" + "".join(some.replace("id: a", f"id: a{i}") for i in range(2_000))
    many += "animations: [{id: b, family: walker}]\ncamera_paths: [{id: p, kind: arc}]\n"
    aliases = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    return {
        "dataset.json of 8 GB": dataset("d1", lambda r: sparse(r / layout.DATASET_JSON), camxtime.open),
        "dataset.json nested": dataset("d2", lambda r: (r / layout.DATASET_JSON).write_text("[" * 10**6), camxtime.open),
        "grid of 3.6 billion cells": dataset("d3", sides, cell),
        "row group of too many rows": dataset("d4", rows, cell),
        "one long caption, a thousand times": dataset(
            "d5", lambda r: rewrite(r / layout.GRIDS, same_caption, dictionary_pagesize_limit=10**8), camxtime.open
        ),
        "page headers that promise 2 GB": dataset("d6", lambda r: lie(r / layout.CAMERAS), poses),
        "commit of a billion times": dataset("d7", long_unit, lambda r: None),
        "record nested": dataset("d8", deep_record, lambda r: None),
        "manifest of 8 GB": file(sparse, manifest.load),
        "manifest nested": file(lambda p: p.write_text('{"a":' * 10**6), manifest.load),
        "spec of 8 GB": file(sparse, load),
        "spec nested": lambda: loads("[" * 100_000),
        "spec of nested mappings": lambda: loads("{a: " * 100_000),
        "spec of aliases": lambda: loads(aliases),
        "spec of 10 billion grids": lambda: expand(loads(counts)),
        "spec of 200 million scenes": lambda: expand(loads(many)),
        "PNG of 100 MB of zeros": lambda: get("png").decode(png_of_zeros(), (12, 16)),
        "JPEG of ten thousand scans": lambda: get("jpeg:95").decode(progressive_jpeg(), (12, 16)),
    }  # fmt: skip


def main(folder: str) -> None:
    """Set them off."""
    found = {}
    for name, bomb in bombs(Path(folder)).items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = os.times()
        try:
            bomb()
            said = ""
        except CamxtimeError as error:
            said = str(error)
        except Exception as error:  # noqa: BLE001  told to the test, which fails
            said = f"UNEXPECTED {type(error).__name__}: {error}"
        now = os.times()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        found[name] = {
            "said": said[:300],
            "mb": round(grown),
            "cpu_s": round(now.user + now.system - began.user - began.system, 2),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
