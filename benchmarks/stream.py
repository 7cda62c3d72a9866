"""Streaming: pairs a second from camxtime and from the layouts the field uses, the same cells, one process, in one run.

    python benchmarks/stream.py [--json FILE] [--quick] [--seconds 20] [--folder DIR]

Pairs have a diagonal source and a free target of 81 frames each, at random from about 2 GB of JPEG cells (--quick: 60 MB and
17 frames). Every reader hands over the same arrays, which is checked for the layouts that store the same bytes. Readers take
turns pair by pair, in rotating order, so that what else the machine does falls on all of them; each stops after `--seconds`
of its own time, and is compared with camxtime on the pairs that it has loaded.
Baselines whose package is not installed are named and left out: pip install torchcodec decord av webdataset datasets
mosaicml-streaming litdata pylance.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import stream_readers as readers
import stream_video as video
from stream_data import Shape, make_dataset

import camxtime
from camxtime.sampling import PairSampler, Recipe

FULL = (Shape(grids=2, cameras=96, times=96, side=720), 81)
QUICK = (Shape(grids=2, cameras=24, times=24, side=512), 17)
OF_MEMORY = 0.9


@dataclass(frozen=True)
class Row:
    """A line of the report: frames a second of ours and of a baseline, and the ratio by elapsed and by processor time."""

    name: str
    ours: float
    baseline: float
    ratio: float
    ratio_cpu: float
    unit: str
    bar: float | None
    holds: bool | None


@dataclass
class Clock:
    """What a reader has done: frames, elapsed and processor seconds (of all its threads) of each pair that it loaded."""

    frames: dict[int, int] = field(default_factory=dict)
    wall: dict[int, float] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Elapsed in all."""
        return sum(self.wall.values())

    def rate(self) -> float:
        """Frames a second."""
        return sum(self.frames.values()) / self.seconds


def opened(bench: readers.Bench, sampler: PairSampler) -> list[readers.Reader]:
    """The readers whose packages are installed, their layouts written."""
    found: list[readers.Reader] = [readers.Memory(bench), readers.Ours(bench, sampler)]
    kinds = (video.Torchcodec, video.Decord, video.Mp4, readers.WebDataset, readers.HuggingFaceStream,
             readers.HuggingFaceArrow, readers.MosaicML, readers.LitData, readers.Lance)  # fmt: skip
    found += [kind(bench) for kind in kinds]
    ready = []
    for reader in found:
        begin = time.perf_counter()
        try:
            reader.prepare()
        except (ImportError, OSError, RuntimeError) as error:  # a missing package, or a missing library of it
            print(f"left out: {reader.name}: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        print(f"ready: {reader.name} ({time.perf_counter() - begin:.1f} s)", file=sys.stderr)
        ready.append(reader)
    return ready


def measure(ready: list[readers.Reader], sampler: PairSampler, seconds: float) -> dict[str, Clock]:
    """Frames and seconds of each reader, in turns over pairs 1, 2, …; pair 0 warms up and compares what they hand over."""
    truth = ready[0]
    first = sampler.pair(0)
    truth.before(first)
    expected = truth.load(first)
    for reader in ready[1:]:
        reader.before(first)
        clips = reader.load(first)
        same = all(np.array_equal(a, b) for a, b in zip(clips, expected, strict=True))
        close = 0.0 if same else max(_difference(a, b) for a, b in zip(clips, expected, strict=True))
        if not same and (not isinstance(reader, video.Mp4) or close > 6):
            raise SystemExit(f"{reader.name} hands over other pictures (mean difference {close:.1f})")
    clocks = {reader.name: Clock() for reader in ready}
    index = 0
    while any(clock.seconds < seconds for clock in clocks.values()):
        index += 1
        pair = sampler.pair(index)
        turn = index % len(ready)
        for reader in ready[turn:] + ready[:turn]:
            clock = clocks[reader.name]
            if clock.seconds >= seconds and not isinstance(reader, readers.Ours):
                continue
            reader.before(pair)
            begin, busy = time.perf_counter(), time.process_time()
            clips = reader.load(pair)
            clock.wall[index] = time.perf_counter() - begin
            clock.cpu[index] = time.process_time() - busy
            clock.frames[index] = sum(len(clip) for clip in clips)
    return clocks


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of the first frames."""
    return float(np.abs(one[:4].astype(int) - other[:4]).mean())


def report(ready: list[readers.Reader], clocks: dict[str, Clock], by_cpu: bool) -> list[Row]:
    """A row for each baseline; ratios are over the pairs that both loaded."""
    ours = clocks[readers.Ours.name]
    rows = []
    for reader in ready:
        if isinstance(reader, readers.Ours):
            continue
        clock = clocks[reader.name]
        bar = OF_MEMORY if isinstance(reader, readers.Memory) else reader.bar
        wall = clock.seconds / sum(ours.wall[index] for index in clock.wall)
        cpu = sum(clock.cpu.values()) / sum(ours.cpu[index] for index in clock.cpu)
        holds = None if bar is None else (cpu if by_cpu else wall) >= bar
        rate = clock.rate()
        rows.append(
            Row(
                reader.name,
                round(rate * wall, 1),
                round(rate, 1),
                round(wall, 3),
                round(cpu, 3),
                "frames/s",
                bar,
                holds,
            )
        )
    return rows


def main() -> int:
    """Make the data, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--quick", action="store_true", help="small data and short clips")
    parser.add_argument("--seconds", type=float, default=20.0, help="time for each reader")
    parser.add_argument("--folder", type=Path, help="keep the data here, and use what is there")
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="which ratio the bars judge; cpu on a machine that is shared",
    )
    parser.add_argument("--processes", type=int, default=2, help="processes that write the data")
    options = parser.parse_args()
    shape, frames = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="camxtime-stream-") as temporary:
        folder = options.folder or Path(temporary)
        bench = readers.Bench(folder / "dataset", folder / "others", shape, options.processes)
        make_dataset(bench.root, shape, options.processes)
        dataset = camxtime.open(bench.root)
        nbytes = sum(dataset.grids.column("nbytes"))
        print(f"{shape.cells:,} cells of {shape.side}², {nbytes / 1e9:.2f} GB of JPEG", file=sys.stderr)
        sampler = PairSampler(dataset, Recipe(frames=frames), seed=1)
        ready = opened(bench, sampler)
        rows = report(ready, measure(ready, sampler, options.seconds), options.clock == "cpu")
    print(f"{'baseline':42s} {'ours':>9s} {'baseline':>9s} {'ratio':>8s} {'cpu':>8s}  bar ({options.clock})")
    for row in rows:
        verdict = "" if row.bar is None else f"≥ {row.bar:g} {'holds' if row.holds else 'FAILS'}"
        print(f"{row.name:42s} {row.ours:9.1f} {row.baseline:9.1f} {row.ratio:8.2f} {row.ratio_cpu:8.2f}  {verdict}")
    if options.json:
        options.json.write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    return 0 if all(row.holds is not False for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
