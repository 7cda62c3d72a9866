"""The viewer on a large grid: time to interactive, cells while scrubbing, the server's memory.

    python benchmarks/viewer.py [--json FILE] [--quick] [--scrub-seconds 30] [--folder DIR]

Makes a grid of 120 × 120 cells of 512² (--quick: 32 × 32 of 256²), starts `camxtime view` as a user does, with nothing
cached, and looks at it in headless Chromium and over HTTP:

- *interactive*: from the start of the navigation until the view is built and its large cell is on the screen to the pixel;
- *large cell*: from the pointer's move over the pad until the frame in which that cell is on the screen to the pixel, for a
  pointer that wanders (1 to 3 cells a step) and one that jumps anywhere; every cell is waited for. Also during the first
  seconds, when the mosaic of all cells is made (no bar);
- *over HTTP*: the same walk, one connection, and six at once. Baseline: the same images as plain files behind
  `python -m http.server`, in the same run;
- *memory*: resident memory of the server during `--scrub-seconds` of scrubbing (600 for the ten minutes of the bar).

Times are of the wall clock: on a machine that others use, start it with `chrt -r 10` (as root) to be served first.
Needs Chromium and `pip install camxtime[view] playwright`; without a browser its rows are left out.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from stream_data import Shape, make_dataset
from viewer_browser import CHROMIUM, looking

import camxtime

FULL = Shape(grids=1, cameras=120, times=120, side=512)
QUICK = Shape(grids=1, cameras=32, times=32, side=256)
REQUESTS = 1500
INTERACTIVE_S, CELL_MS = 2.0, 100.0
GROWTH_MB = 100.0
"""What a scrub may add to the server's memory; its caches are bounded by 80 MB."""


@dataclass(frozen=True)
class Row:
    """A line of the report. baseline: of another way, or None. bar: `ours` must not be above it."""

    name: str
    ours: float
    baseline: float | None
    ratio: float | None
    unit: str
    bar: float | None
    holds: bool | None


def row(name: str, ours: float, unit: str, bar: float | None = None, baseline: float | None = None) -> Row:
    """A row with its ratio and verdict."""
    ratio = round(baseline / ours, 3) if baseline is not None and ours > 0 else None
    rounded = None if baseline is None else round(baseline, 3)
    return Row(name, round(ours, 3), rounded, ratio, unit, bar, None if bar is None else ours <= bar)


@contextmanager
def child(command: list[str], pattern: str) -> Iterator[tuple[int, int, float]]:
    """A server in a child process: process id, port, seconds until it said its port."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
    try:
        assert process.stdout is not None
        match = None
        while match is None:
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"{' '.join(command)} said no port")
            match = re.search(pattern, line)
        started = time.perf_counter() - began
        threading.Thread(target=process.stdout.read, daemon=True).start()  # an unread pipe would stop it
        yield process.pid, int(match[1]), started
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def walk(shape: Shape, steps: int, rng: np.random.Generator, jump: bool = False) -> list[tuple[int, int]]:
    """Cells (camera, time) that a pointer passes over: each another than the one before."""
    sides = np.array([shape.cameras, shape.times])
    at = sides // 2
    cells = []
    while len(cells) < steps:
        to = rng.integers(0, sides) if jump else np.clip(at + rng.integers(-3, 4, 2), 0, sides - 1)
        if (to != at).any():
            at = to
            cells.append((int(at[0]), int(at[1])))
    return cells


def timed(port: int, paths: list[str]) -> list[float]:
    """Milliseconds of each request over one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    taken = []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        taken.append(1000 * (time.perf_counter() - began))
        if answer.status != 200 or body[:2] != b"\xff\xd8":
            raise SystemExit(f"{path} was answered {answer.status}")
    connection.close()
    return taken


def over_http(root: Path, folder: Path, shape: Shape, port: int) -> list[Row]:
    """The walk's requests, with the same images as plain files for comparison, in turns."""
    grid = camxtime.open(root).grid(shape.grid(0))
    cells = walk(shape, REQUESTS, np.random.default_rng(1))
    paths = [f"/cells/{grid.id}/{c}/{t}/rgb" for c, t in cells]
    for (c, t), path in dict(zip(cells, paths, strict=True)).items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(grid.payloads(c, t, "rgb")[0])
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "-b",
        "127.0.0.1",
        "--protocol",
        "HTTP/1.1",
        "-d",
        str(folder),
    ]
    rows = []
    with child(command, r"port (\d+)") as (_, plain, _):
        for lanes in (1, 6):
            taken = {}
            for name, where in (("ours", port), ("plain", plain)):
                timed(where, paths[:50])
                with ThreadPoolExecutor(lanes) as pool:
                    parts = pool.map(timed, [where] * lanes, [paths[lane::lanes] for lane in range(lanes)])
                    taken[name] = np.concatenate([np.array(part) for part in parts])
            for share in (50, 95):
                rows.append(row(
                    f"cell over HTTP, {lanes} at once, {share} %", float(np.percentile(taken["ours"], share)), "ms",
                    CELL_MS if share == 95 else None, float(np.percentile(taken["plain"], share)),
                ))  # fmt: skip
    return rows


class Memory:
    """Resident memory of a process in MB, looked at four times a second."""

    def __init__(self, pid: int):
        self._status = Path(f"/proc/{pid}/status")
        self._stop = threading.Event()
        self.samples: list[float] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def now(self) -> float:
        """MB now."""
        match = re.search(r"VmRSS:\s+(\d+) kB", self._status.read_text())
        return int(match[1]) / 1000 if match else float("nan")

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.25):
            self.samples.append(self.now())


def in_browser(base: str, shape: Shape, pid: int, seconds: float) -> list[Row]:
    """Rows of what a person sees."""
    rng = np.random.default_rng(2)
    rows = []
    with looking(base, shape) as look:
        cold = look.open()
        print("page interactive, nothing cached", f"{cold:.2f} s", file=sys.stderr)
        busy = look.point_at(walk(shape, 150, rng))
        rows.append(row("page interactive, first visit", cold, "s", INTERACTIVE_S))
        rows.append(row("large cell, mosaic in the making, 95 %", float(np.percentile(busy, 95)), "ms"))
        began = time.perf_counter()
        look.wait_for_mosaic()
        print("whole mosaic made after another", f"{time.perf_counter() - began:.1f} s", file=sys.stderr)
        again = [look.open() for _ in range(5)]
        rows.append(row("page interactive, later visits, worst of 5", max(again), "s", INTERACTIVE_S))
        for name, jump in (("wandering", False), ("jumping", True)):
            taken = look.point_at(walk(shape, 400, rng, jump))
            rows.append(row(f"large cell, pointer {name}, 50 %", float(np.percentile(taken, 50)), "ms"))
            rows.append(row(f"large cell, pointer {name}, 95 %", float(np.percentile(taken, 95)), "ms", CELL_MS))
        with Memory(pid) as memory:
            before, until, scrubbed = memory.now(), time.monotonic() + seconds, 0
            while time.monotonic() < until:
                scrubbed += len(look.point_at(walk(shape, 100, rng, jump=bool(scrubbed // 100 % 2))))
        print(f"scrubbed over {scrubbed:,} cells in {seconds:g} s", file=sys.stderr)
        rows.append(row(f"server's memory, most in {seconds:g} s of scrubbing", max(memory.samples), "MB"))
        rows.append(row("… above what it had before", max(memory.samples) - before, "MB", GROWTH_MB))
        look.check()
    return rows


def main() -> int:
    """Make the data, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--quick", action="store_true", help="a small grid")
    parser.add_argument("--scrub-seconds", type=float, default=30.0, help="how long memory is watched")
    parser.add_argument("--folder", type=Path, help="keep the data here, and use what is there")
    parser.add_argument("--processes", type=int, default=2, help="processes that write the data")
    options = parser.parse_args()
    shape = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="camxtime-viewer-") as temporary:
        root = (options.folder or Path(temporary)) / "dataset"
        make_dataset(root, shape, options.processes)
        nbytes = sum(camxtime.open(root).grids.column("nbytes"))
        print(f"{shape.cells:,} cells of {shape.side}², {nbytes / 1e9:.2f} GB of JPEG", file=sys.stderr)
        command = [sys.executable, "-u", "-m", "camxtime.cli", "view", str(root), "--no-open", "--cache",
                   str(Path(temporary, "cache"))]  # fmt: skip
        with child(command, r"http://127\.0\.0\.1:(\d+)") as (pid, port, started):
            print(f"the server listens after {started:.2f} s", file=sys.stderr)
            rows = []
            if CHROMIUM is not None:
                rows += in_browser(f"http://127.0.0.1:{port}", shape, pid, options.scrub_seconds)
            else:
                print("left out: what a browser sees: there is no Chromium", file=sys.stderr)
            rows += over_http(root, Path(temporary, "plain"), shape, port)
        shutil.rmtree(Path(temporary, "plain"), ignore_errors=True)
    print(f"{'':48s} {'ours':>9s} {'baseline':>9s} {'ratio':>7s} unit  bar")
    for entry in rows:
        other = f"{entry.baseline:9.2f} {entry.ratio:7.2f}" if entry.baseline is not None else f"{'–':>9s} {'–':>7s}"
        verdict = "" if entry.bar is None else f"≤ {entry.bar:g} {'holds' if entry.holds else 'FAILS'}"
        print(f"{entry.name:48s} {entry.ours:9.2f} {other} {entry.unit:5s} {verdict}")
    if options.json:
        options.json.write_text(json.dumps({"rows": [asdict(entry) for entry in rows]}, indent=1) + "\n")
    return 0 if all(entry.holds is not False for entry in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
