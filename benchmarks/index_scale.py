"""Cost at the papers' scale: an index of 3,000 grids × 120 × 120 cells (43.2 million), real and readable.

    python benchmarks/index_scale.py [--json FILE] [--grids 3000] [--side 120] [--workers 8] [--folder DIR]

The dataset is written by the real writer and indexed by the real index builder; only its pictures are tiny, and all grids
share the bytes of one shard through hard links. Measured in fresh processes: opening (seconds, growth of resident memory),
the first pair after it, cutting a split, and the memory of all loader processes over an epoch (proportional set size, shared
pages counted once), which must not grow.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import camxtime
from camxtime.geometry.cameras import Cameras, intrinsics, look_at
from camxtime.shards.codecs import get
from camxtime.shards.commits import read_commit, write_commit
from camxtime.shards.index import DatasetHeader, build_index
from camxtime.shards.layout import UnitKey
from camxtime.shards.records import GridRecord
from camxtime.shards.writer import UnitWriter

PASSES = {"rgb": "jpeg:95"}
PIXELS = 16


@dataclass(frozen=True)
class Row:
    """A line of the report."""

    name: str
    ours: float
    baseline: float | None
    ratio: float | None
    unit: str
    bar: str
    holds: bool


def grid_id(number: int) -> str:
    """100 scenes, animations numbered through, 4 paths each."""
    stage = number // 4
    return f"scene{stage % 100:03d}.animation{stage:04d}.path{number % 4}"


def make(root: Path, grids: int, side: int) -> None:
    """Write the dataset, once."""
    if (root / "dataset.json").exists():
        return
    angle = np.linspace(0, 1, side)
    eyes = np.stack([4 * np.cos(angle), 4 * np.sin(angle), np.ones(side)], axis=-1)
    cameras = Cameras(look_at(eyes, np.zeros(3)), intrinsics(np.full(side, 16.0), PIXELS, PIXELS), PIXELS, PIXELS)
    rng = np.random.default_rng(0)
    pictures = [get("jpeg:95").encode(rng.integers(0, 256, (PIXELS, PIXELS, 3)).astype(np.uint8)) for _ in range(200)]
    first = UnitKey(grid_id(0), 0, side - 1)
    with UnitWriter(root, first, side, PASSES) as writer:
        for t in range(side):
            for c in range(side):
                writer.add(t, c, {"rgb": pictures[int(rng.integers(len(pictures)))]})
        writer.finish({})
    commit = read_commit(root, first)
    for number in range(grids):
        unit = UnitKey(grid_id(number), 0, side - 1)
        GridRecord(unit.grid, cameras, side, 30.0, PASSES, caption=f"animation {number // 4}").write(root)
        if number:
            (root / unit.shard).parent.mkdir(parents=True, exist_ok=True)
            (root / unit.shard).unlink(missing_ok=True)
            os.link(root / first.shard, root / unit.shard)
            write_commit(root, replace(commit, unit=unit))
    build_index(root, DatasetHeader("scale", {}, PASSES, {}, [grid_id(number) for number in range(grids)]))


def resident_mb() -> float:
    """Resident memory of this process, MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def measure_open(root: Path) -> dict[str, float]:
    """Opening and the first pair, in a process that has imported all it needs."""
    import pyarrow.parquet

    from camxtime.sampling import PairLoader, PairSampler
    from camxtime.shards import dataset as _reader

    assert pyarrow.parquet and _reader
    before, begin = resident_mb(), time.perf_counter()
    dataset = camxtime.open(root)
    opened = time.perf_counter()
    after = resident_mb()
    sample = PairLoader(PairSampler(dataset))[0]
    done = time.perf_counter()
    assert sample["source"].shape[0] == 81
    return {"open": opened - begin, "memory": after - before, "first": done - opened}


def measure_cut(root: Path) -> dict[str, float]:
    """Cutting a split of the opened dataset by scene and animation."""
    from camxtime.splits import Recipe, content_of, cut

    dataset = camxtime.open(root)
    begin = time.perf_counter()
    manifest = cut(content_of(dataset), Recipe(hold_out={"test": "10%"}))
    return {"cut": time.perf_counter() - begin, "grids": float(len(manifest.grids("test")))}


def measure_epoch(root: Path, workers: int) -> dict[str, float]:
    """Memory of all processes of an epoch: after a quarter, when all caches are full, and at its end."""
    from torch.utils.data import DataLoader

    from camxtime.sampling import PairSampler
    from camxtime.sampling.torch_data import PairDataset, PairStream

    data = PairDataset(PairSampler(camxtime.open(root)))
    loader = DataLoader(PairStream(data, 1, stop=len(data)), batch_size=1, num_workers=workers)
    quarter, sizes = max(len(data) // 4, 1), []
    for count, _ in enumerate(loader, start=1):
        if count % quarter == 0:
            sizes.append(_set_size_mb())
    return {"quarter": sizes[0], "end": sizes[-1], "half": sizes[len(sizes) // 2 - 1]}


def _set_size_mb() -> float:
    """Proportional set size of this process and its children, MB."""
    total = 0
    for process in [os.getpid(), *(child.pid for child in multiprocessing.active_children())]:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def apart(function: Callable[..., dict[str, float]], *arguments: Any) -> dict[str, float]:
    """Run in a fresh process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, function, arguments))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _send(sender: Any, function: Callable[..., dict[str, float]], arguments: tuple[Any, ...]) -> None:
    sender.send(function(*arguments))


def main() -> int:
    """Make the data, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--grids", type=int, default=3000)
    parser.add_argument("--side", type=int, default=120, help="cameras and times of each grid")
    parser.add_argument("--workers", type=int, default=8, help="loader processes (0: leave the epoch out)")
    parser.add_argument("--folder", type=Path, help="keep the data here, and use what is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="camxtime-scale-") as temporary:
        root = options.folder or Path(temporary) / "dataset"
        begin = time.perf_counter()
        make(root, options.grids, options.side)
        print(f"{options.grids:,} grids, written in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
        opened = apart(measure_open, root)
        cut = apart(measure_cut, root)
        rows = [
            Row("open", round(opened["open"], 3), None, None, "s", "< 1", opened["open"] < 1),
            Row("open, memory", round(opened["memory"], 1), None, None, "MB", "< 300", opened["memory"] < 300),
            Row("first pair", round(opened["first"], 3), None, None, "s", "< 0.2", opened["first"] < 0.2),
            Row("cut a split", round(cut["cut"], 2), None, None, "s", "< 10", cut["cut"] < 10),
        ]
        if options.workers:
            sizes = apart(measure_epoch, root, options.workers)
            growth = sizes["end"] / sizes["half"]
            rows.append(Row(f"epoch, {options.workers} workers: memory, end over half", round(sizes["end"], 0),
                            round(sizes["half"], 0), round(growth, 3), "MB", "< 1.05", growth < 1.05))  # fmt: skip
    for row in rows:
        print(f"{row.name:46s} {row.ours:9.3f} {row.unit:3s} {row.bar:7s} {'holds' if row.holds else 'FAILS'}")
    if options.json:
        options.json.write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
