"""Soak: thousands of units through one worker with real Blender; does anything grow?

    python benchmarks/soak.py [--units 3000] [--recycle 0] [--json FILE]

Tiny cells (two cameras, 32²), one stage after the other, so that loading is soaked too. Resident memory of worker and Blender and
their open files are read about twice a second, by units done; a line through the second half, with a 95 % interval, says whether
they grow. Samples of a running process depend on each other, so the line goes through means of 20 blocks (Student's t, 18 degrees
of freedom). At the end the scratch folder must be empty. `--recycle` replaces Blender every so many units, as renders do every 500.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from camxtime.farm.driver import render
from camxtime.farm.options import Progress, RenderOptions
from camxtime.spec import DatasetSpec
from chaos.page import insert

TIMES = 25  # units a grid
BLOCKS = 20
STUDENT_T = 2.101  # 97.5 %, 18 degrees of freedom
ROUNDING = 1e-9
WHO = ("worker", "blender")


@dataclass(frozen=True)
class Trend:
    """A quantity over the second half: its mean, its growth over 1,000 units, and that growth's 95 % interval."""

    name: str
    mean: float
    growth: float
    low: float
    high: float
    unit: str
    holds: bool


class Watch:
    """Given as `on_progress`: notes memory (MB) and open files of the worker and its Blender, by units done."""

    def __init__(self, total: int) -> None:
        self.samples: list[tuple[int, float, float, float, float]] = []
        self._bar = tqdm(total=total, unit="unit", disable=None)

    def __call__(self, progress: Progress) -> None:
        self._bar.n = progress.units_done
        self._bar.refresh()
        pids = [[card.get(name) for card in progress.workers] for name in ("pid", "blender_pid")]
        if not all(found and found[0] for found in pids):
            return
        try:
            processes = [psutil.Process(found[0]) for found in pids]
            numbers = [(process.memory_info().rss / 2**20, process.num_fds()) for process in processes]
        except psutil.Error:
            return  # replaced in this moment
        (worker_mb, worker_files), (blender_mb, blender_files) = numbers
        self.samples.append((progress.units_done, worker_mb, blender_mb, worker_files, blender_files))


def spec_of(units: int) -> DatasetSpec:
    """As many grids of `TIMES` units as are needed, each with a stage of its own."""
    return DatasetSpec.model_validate({
        "version": 1, "name": "soak", "seed": 3,
        "grid": {"cameras": 2, "times": TIMES, "fps": 12, "times_per_unit": 1},
        "image": {"width": 32, "height": 32},
        "engine": {"samples": 1, "max_bounces": 1, "view_transform": "Standard"},
        "passes": {"rgb": "png", "depth": "logpng16", "instance": "png16"},
        "scenes": [{"id": "room", "family": "calibration"}],
        "animations": [{"id": "ball", "family": "calibration", "count": -(-units // TIMES)}],
        "camera_paths": [{"id": "arc", "kind": "arc", "sweep_deg": [20, 40]}],
        "path_checks": {"min_subject_visible": 0.0, "min_camera_visible": 0.0, "min_clearance_m": 0.01},
    })  # fmt: skip


def trend(name: str, units: np.ndarray[Any, Any], values: np.ndarray[Any, Any], unit: str) -> Trend:
    """A line through block means. It holds unless its interval lies above zero."""
    edges = np.linspace(0, len(units), min(BLOCKS, len(units)) + 1).astype(int)
    x = np.array([units[a:b].mean() for a, b in pairwise(edges)])
    y = np.array([values[a:b].mean() for a, b in pairwise(edges)])
    spread = x - x.mean()
    slope = float((spread * y).sum() / (spread**2).sum())
    rest = y - y.mean() - slope * spread
    error = float(np.sqrt((rest**2).sum() / max(len(x) - 2, 1) / (spread**2).sum()))
    low, high = slope - STUDENT_T * error, slope + STUDENT_T * error
    return Trend(name, float(y.mean()), slope * 1e3, low * 1e3, high * 1e3, unit, low <= ROUNDING)


def _table(trends: list[Trend]) -> list[str]:
    """Markdown."""
    lines = ["| second half | mean | growth per 1,000 units, 95 % interval | |", "|---|---|---|---|"]
    for row in trends:
        interval = f"{row.growth:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
        lines.append(
            f"| {row.name} | {row.mean:.1f} {row.unit} | {interval} | {'holds' if row.holds else '**grows**'} |"
        )
    return lines


def main() -> int:
    """Soak, print, say what holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=3000)
    parser.add_argument("--recycle", type=int, default=0, help="units after which Blender is replaced, 0: never")
    parser.add_argument("--json", type=Path, help="write samples and trends to this file")
    parser.add_argument("--report", type=Path, help="write the table into this page, between its marks")
    options = parser.parse_args()
    spec = spec_of(options.units)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="camxtime-soak-") as folder:
        scratch = Path(folder) / "scratch"
        watch = Watch(len(spec.animations) and spec.animations[0].count * TIMES)
        settings = RenderOptions(
            workers=1, threads=1, device="CPU", scratch=scratch, recycle_units=options.recycle, progress=False,
            on_progress=watch,
        )  # fmt: skip
        summary = render(spec, Path(folder) / "dataset", settings)
        left = [path.name for path in scratch.rglob("*")]
    samples = np.array(watch.samples, dtype=np.float64)
    half = samples[samples[:, 0] >= samples[-1, 0] / 2]
    named = [(f"{who}'s memory", "MB") for who in WHO] + [(f"{who}'s open files", "") for who in WHO]
    trends = [trend(name, half[:, 0], half[:, i + 1], unit) for i, (name, unit) in enumerate(named)]
    print(f"{summary.units_rendered} units in {time.perf_counter() - began:.0f} s, {len(samples)} samples")
    for row in trends:
        print(f"{row.name:22s} {row.mean:9.1f} {row.unit:2s}  growth per 1,000 units {row.growth:+8.3f} "
              f"[{row.low:+.3f}, {row.high:+.3f}]  {'holds' if row.holds else 'GROWS'}")  # fmt: skip
    print(f"scratch afterwards: {', '.join(left) if left else 'empty'}")
    if options.json:
        value = {"units": summary.units_rendered, "seconds": summary.seconds, "trends": [asdict(row) for row in trends],
                 "samples": samples.tolist(), "left": left}  # fmt: skip
        options.json.write_text(json.dumps(value, indent=1) + "\n")
    if options.report:
        command = f"python benchmarks/soak.py --units {options.units} --recycle {options.recycle}"
        minutes, place = summary.seconds / 60, ", ".join(left) or "empty"
        head = f"`{command}`: {summary.units_rendered} units in {minutes:.0f} min; scratch afterwards: {place}."
        insert(options.report, "soak", "\n".join([head, "", *_table(trends)]))
    return 0 if summary.ok and not left and all(row.holds for row in trends) else 1


if __name__ == "__main__":
    raise SystemExit(main())
