"""Reading cells by offset, against reading the same shards by row group and against one file a cell.

    python benchmarks/storage.py [--json FILE] [--side 60] [--cell-kb 24] [--folder DIR]

Writes a grid of side × side cells with the toolkit's own writer (random bytes stand for encoded images: nothing is decoded
here), and the same cells as loose files and as a tar. "Cold" drops the files from the page cache before each read; the Parquet
readers of the baseline are open and their footers parsed before the clock starts. Medians; ratio > 1 means ours is better.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import camxtime
from camxtime.geometry.cameras import Cameras, intrinsics, look_at
from camxtime.shards.grid import Grid
from camxtime.shards.index import DatasetHeader, build_index
from camxtime.shards.layout import UnitKey
from camxtime.shards.records import GridRecord
from camxtime.shards.writer import UnitWriter

GRID = "bench.noise.arc"
PASSES = {"rgb": "jpeg:95"}
TIMES_PER_UNIT = 8


@dataclass(frozen=True)
class Row:
    """One line of the result."""

    name: str
    ours: float
    baseline: float
    ratio: float
    unit: str
    bar: float
    holds: bool


class Bench:
    """One grid, stored three ways in a folder."""

    def __init__(self, folder: Path, side: int, cell_bytes: int):
        self.side = side
        self.cell_bytes = cell_bytes
        self.root = folder / "dataset"
        self.loose = folder / "loose"
        self.rng = np.random.default_rng(0)
        self.write_s = self._write()
        self.grid: Grid = camxtime.open(self.root).grid(GRID)
        self.units = [UnitKey(GRID, t, min(t + TIMES_PER_UNIT, side) - 1) for t in range(0, side, TIMES_PER_UNIT)]
        self.parquet = [pq.ParquetFile(self.root / unit.shard) for unit in self.units]
        self.groups = [self._group_starts(file) for file in self.parquet]

    def payload(self, camera: int, time_: int) -> bytes:
        """The bytes of a cell: unique, of a size that varies by 20 %."""
        rng = np.random.default_rng([camera, time_])
        return rng.bytes(int(self.cell_bytes * rng.uniform(0.9, 1.1)))

    def by_row_group(self, camera: int, time_: int) -> bytes:
        """A cell as ordinary Parquet readers get it: its row group is read, its row taken."""
        return self.track_by_row_groups(np.array([camera]), np.array([time_]))[0]

    def track_by_row_groups(self, cameras: np.ndarray, times: np.ndarray) -> list[bytes]:
        """The cells of a track, every row group that it touches read once."""
        units, rows = np.divmod(times, TIMES_PER_UNIT)
        rows = rows * self.side + cameras
        read: dict[tuple[int, int], tuple[int, pa.ChunkedArray]] = {}
        found = []
        for unit, row in zip(units.tolist(), rows.tolist(), strict=True):
            group = int(np.searchsorted(self.groups[unit], row, side="right")) - 1
            if (unit, group) not in read:
                table = self.parquet[unit].read_row_group(group, columns=["rgb"], use_threads=False)
                read[unit, group] = (int(self.groups[unit][group]), table["rgb"])
            start, column = read[unit, group]
            found.append(column[row - start].as_py())
        return found

    def by_file(self, camera: int, time_: int) -> bytes:
        """A cell from its own file."""
        return (self.loose / f"c{camera:04d}" / f"{time_:04d}.jpg").read_bytes()

    def by_offset(self, cameras: np.ndarray | int, times: np.ndarray | int) -> list[bytes]:
        """Cells as the toolkit's reader gets them: index, neighbours coalesced, checksums checked."""
        return self.grid.payloads(cameras, times, "rgb")

    def warm(self) -> None:
        """Bring all files into the page cache."""
        for folder in (self.root, self.loose):
            for path in folder.rglob("*"):
                if path.is_file():
                    path.read_bytes()

    def forget(self) -> None:
        """Drop all files from the page cache (clean pages, so no privilege is needed)."""
        for folder in (self.root, self.loose):
            for path in folder.rglob("*"):
                if path.is_file():
                    descriptor = os.open(path, os.O_RDONLY)
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                    os.close(descriptor)

    def _write(self) -> dict[str, float]:
        side = self.side
        angle = np.linspace(0, 1, side)
        eye = np.stack([4 * np.cos(angle), 4 * np.sin(angle), np.ones(side)], axis=-1)
        cameras = Cameras(look_at(eye, np.zeros(3)), intrinsics(np.full(side, 500.0), 512, 512), 512, 512)
        GridRecord(GRID, cameras, side, 24.0, PASSES).write(self.root)
        seconds = {"ours": 0.0, "files": 0.0}
        for start in range(0, side, TIMES_PER_UNIT):
            unit = UnitKey(GRID, start, min(start + TIMES_PER_UNIT, side) - 1)
            cells = [(t, c, self.payload(c, t)) for t in unit.times for c in range(side)]
            begin = time.perf_counter()
            with UnitWriter(self.root, unit, side, PASSES) as writer:
                for t, c, payload in cells:
                    writer.add(t, c, {"rgb": payload})
                writer.finish()
            seconds["ours"] += time.perf_counter() - begin
            begin = time.perf_counter()
            for t, c, payload in cells:
                path = self.loose / f"c{c:04d}" / f"{t:04d}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(payload)
            os.sync()
            seconds["files"] += time.perf_counter() - begin
        build_index(self.root, DatasetHeader("bench", {}, PASSES, {}, [GRID]))
        return seconds

    @staticmethod
    def _group_starts(file: pq.ParquetFile) -> np.ndarray:
        rows = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        return np.concatenate([[0], np.cumsum(rows)[:-1]])


def medians_s(
    actions: list[Callable[[], object]], repeats: int, before: Callable[[], None] | None = None
) -> list[float]:
    """Median seconds of actions that take turns, so that other load on the machine falls on all; `before` is not timed."""
    seconds: list[list[float]] = [[] for _ in actions]
    for _ in range(repeats):
        for action, times in zip(actions, seconds, strict=True):
            if before is not None:
                before()
            begin = time.perf_counter()
            action()
            times.append(time.perf_counter() - begin)
    return [statistics.median(times) for times in seconds]


def row(name: str, ours: float, baseline: float, unit: str, bar: float) -> Row:
    """A row in which less is better."""
    return Row(name, round(ours, 4), round(baseline, 4), round(baseline / ours, 3), unit, bar, baseline / ours >= bar)


def measure(bench: Bench) -> list[Row]:
    """All rows. The bytes of every way of reading are compared first."""
    side, rng = bench.side, bench.rng
    index, storage = bench.grid.index, camxtime.open(bench.root).storage
    for camera, time_ in rng.integers(side, size=(20, 2)):
        assert bench.by_offset(camera, time_)[0] == bench.by_row_group(camera, time_) == bench.by_file(camera, time_)

    def random_cell() -> tuple[int, int]:
        camera, time_ = rng.integers(side, size=2)
        return int(camera), int(time_)

    def pread() -> bytes:
        camera, time_ = random_cell()
        place = (time_, camera, 0)
        file = index.shards[index.shard[place]]
        return storage.read_range(file, int(index.offset[place]), int(index.nbytes[place]))

    frames = min(48, side)
    diagonal = np.arange(frames)
    tracks: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
        "diagonal": lambda: (diagonal, diagonal),
        "one camera": lambda: (np.full(frames, random_cell()[0]), diagonal),
        "bullet time": lambda: (diagonal, np.full(frames, random_cell()[1])),
        "random cells": lambda: (rng.integers(side, size=frames), rng.integers(side, size=frames)),
    }
    singles = [lambda: bench.by_row_group(*random_cell()), pread, lambda: bench.by_offset(*random_cell())]
    many: list[Callable[[], object]] = [lambda one=one: [one() for _ in range(50)] for one in singles]  # type: ignore[misc]
    group, direct, reader = (1e6 * seconds / 50 for seconds in medians_s(many, 9))
    rows = [
        row("random cell, range read, warm", direct, group, "µs", 50),
        row("random cell, reader, warm", reader, group, "µs", 5),
    ]
    for name, track in tracks.items():
        for state, before in (("warm", None), ("cold", bench.forget)):
            bench.warm()
            readers: list[Callable[[], object]] = [
                lambda t=track: bench.by_offset(*t()),  # type: ignore[misc]
                lambda t=track: bench.track_by_row_groups(*t()),  # type: ignore[misc]
                lambda t=track: [bench.by_file(*p) for p in zip(*t(), strict=True)],  # type: ignore[misc]
            ]
            ours, groups, files = medians_s(readers, 15 if before is None else 5, before)
            title = f"{name}, {frames} cells, {state}"
            bar = 0.8 if name == "bullet time" else 5  # a row group is a time: the best case of row groups
            rows.append(row(f"{title}: row groups", ours * 1e3, groups * 1e3, "ms", bar))
            rows.append(row(f"{title}: loose files", ours * 1e3, files * 1e3, "ms", 0.8 if before is None else 0.5))
    return [*rows, *sizes_and_writing(bench)]


def sizes_and_writing(bench: Bench) -> list[Row]:
    """Bytes a cell beyond the images (against tar), and writing with fsync (against loose files and one sync a unit)."""
    cells = bench.side**2
    stored = sum((bench.root / unit.shard).stat().st_size for unit in bench.units)
    index = sum(path.stat().st_size for path in bench.root.glob("*.*"))
    images = int(bench.grid.index.nbytes.sum(dtype=np.int64))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for camera in range(bench.side):
            entry = tarfile.TarInfo(f"c{camera:04d}/0000.jpg")
            entry.size = len(bench.payload(camera, 0))
            tar.addfile(entry, io.BytesIO(bench.payload(camera, 0)))
    tar_overhead = (archive.tell() - int(bench.grid.index.nbytes[0].sum())) / bench.side
    return [
        row("overhead of shard and index: tar", (stored + index - images) / cells, tar_overhead, "bytes/cell", 1),
        row(
            "writing: loose files",
            bench.write_s["ours"] / cells * 1e6,
            bench.write_s["files"] / cells * 1e6,
            "µs/cell",
            0.3,
        ),
    ]


def main() -> int:
    """Run, print the table, write the JSON; exit code 1 if a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--side", type=int, default=60, help="cameras, and times, of the grid")
    parser.add_argument("--cell-kb", type=float, default=24, help="mean kilobytes of an encoded image")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="camxtime-bench-") as folder:
        rows = measure(Bench(Path(folder), options.side, int(options.cell_kb * 1000)))
    print(f"{'':<44} {'ours':>10} {'baseline':>10} {'ratio':>8}  {'bar':>5}")
    for entry in rows:
        mark = "" if entry.holds else "  BELOW THE BAR"
        print(
            f"{entry.name:<44} {entry.ours:>10.2f} {entry.baseline:>10.2f} {entry.ratio:>8.2f}  {entry.bar:>5g} {entry.unit}{mark}"
        )
    if options.json:
        options.json.write_text(json.dumps({"rows": [asdict(entry) for entry in rows]}, indent=1) + "\n")
    return 0 if all(entry.holds for entry in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
