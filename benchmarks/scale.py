"""Scale rehearsal: millions of cells planned, scheduled, written, indexed, verified and split, with an engine that costs nothing.

    python benchmarks/scale.py [--sizes 9,30,99,300] [--side 120] [--workers 2] [--json FILE] [--figure FILE] [--folder DIR]

`python_engine.py` stands in for Blender; all else is real: plan, ledger, Ray, workers, encoders, shards, index, verification,
splits. Datasets of growing size show what a cell costs as their number grows; units of other lengths, what a task costs; more
workers, what a worker costs. Small sizes, which take seconds, are rendered three times, and the middle one counts.
`--quick` leaves out the last two. Everything is kept in DIR, and what is there is measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index_scale import apart
from scale_figure import draw
from scale_measures import Size, after, executable, rendered, schedule_cost

from chaos.page import insert

SMALL_CELLS, REPEATS = 500_000, 3
CELL_S = 0.1  # of the extrapolation: a 512² cell on a fast GPU
FULL = {"cells": 43_200_000, "grids": 3000, "workers": 1000}
BARS = {"flat": 0.10, "driver_mb": 500.0, "open": 2.0, "status": 2.0, "resume": 10.0, "overhead": 0.02}


def main() -> int:
    """Measure, print, say which bars hold."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="camxtime-scale-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        blender = executable(folder)
        base = Size(options.sizes[0], options.side, 8, options.workers)
        found: dict[str, Any] = {"cores": os.cpu_count(), "cells": [], "tasks": [], "workers": [], "schedule": []}
        for grids in options.sizes:
            found["cells"].append(_one(folder, replace(base, grids=grids), blender, options.verify))
        if not options.quick:
            for unit in (1, 3, 24):
                found["tasks"].append(_one(folder, replace(base, times_per_unit=unit), blender, None))
            for workers in (1, 4, 8):
                found["workers"].append(_one(folder, replace(base, workers=workers), blender, None))
        for workers in (1, 10, 100, 1000):
            cost = apart(_schedule, FULL["grids"], 15, workers)
            found["schedule"].append({"workers": workers, **cost})
    print(table(found))
    rows = judged(found)
    for name, value, bar, holds in rows:
        print(f"{name:58s} {value:12.4g}   {bar:10s} {'holds' if holds else 'FAILS'}")
    found["bars"] = [{"name": n, "value": v, "bar": b, "holds": h} for n, v, b, h in rows]
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.figure:
        draw(found, options.figure)
    if options.report:
        lines = [
            f"- {name}: {value:.3g} (bar {bar}): {'holds' if holds else '**fails**'}"
            for name, value, bar, holds in rows
        ]
        command = f"python benchmarks/scale.py --sizes {','.join(map(str, options.sizes))} --side {options.side}"
        insert(
            options.report,
            "scale",
            "\n".join([f"`{command}` on {found['cores']} cores.", "", table(found), "", *lines]),
        )
    return 0 if all(holds for *_, holds in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=[9, 30, 99, 300],
                        help="numbers of grids, growing")  # fmt: skip
    parser.add_argument("--side", type=int, default=120, help="cameras and times of each grid")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--verify", choices=["quick", "sample", "full"], default="full")
    parser.add_argument("--quick", action="store_true", help="sizes only")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument("--figure", type=Path, help="draw the curves into this PNG (needs matplotlib)")
    parser.add_argument("--report", type=Path, help="write the tables into this page, between its marks")
    parser.add_argument("--folder", type=Path, help="work here and keep the datasets")
    return parser.parse_args()


def _schedule(grids: int, units: int, workers: int) -> dict[str, float]:
    return {"us_per_task": schedule_cost(grids, units, workers)}


def _one(folder: Path, size: Size, blender: Path, level: str | None) -> dict[str, Any]:
    """Render one dataset (or take what an earlier start measured), then measure what comes after."""
    root, kept = folder / size.name, folder / f"{size.name}.json"
    print(f"{size.name}: {size.cells:,} cells in {size.units:,} units …", file=sys.stderr, flush=True)
    if kept.exists():
        found = json.loads(kept.read_text())
    else:
        runs = []
        for _ in range(REPEATS if size.cells < SMALL_CELLS else 1):
            shutil.rmtree(root, ignore_errors=True)
            runs.append(apart(rendered, root, size, blender))
        found = sorted(runs, key=lambda run: run["steady"])[len(runs) // 2]
        kept.write_text(json.dumps(found))
    found |= {"cells": size.cells, "units": size.units, "after": {}}
    if level is not None:
        found["after"] = apart(after, root, size, blender, level)
    else:
        shutil.rmtree(root, ignore_errors=True)
    return found


def per_cell(run: dict[str, Any]) -> float:
    """Milliseconds of wall clock a cell, steady state."""
    return run["steady"] / run["cells"] * 1e3


def _rendering(run: dict[str, Any]) -> list[float]:
    """The driver's memory while cells came in, MB; afterwards it builds the index."""
    samples = run["samples"]
    return [sample[2] for sample in samples if 0 < sample[1] < samples[-1][1]] or [sample[2] for sample in samples]


def judged(found: dict[str, Any]) -> list[tuple[str, float, str, bool]]:
    """The bars: (what, value, bar, holds)."""
    runs, last = found["cells"], found["cells"][-1]
    costs = [per_cell(run) for run in runs if run["cells"] >= 100_000] or [per_cell(last)]
    flat = max(costs) / min(costs) - 1
    task_ms = last["driver_cpu"] / last["units"] * 1e3
    share = task_ms / (CELL_S * 1e3 * last["cells"] / last["units"])
    busy = _rendering(last)
    half = busy[len(busy) // 2 :]
    growth = half[-1] - half[0]
    index_mb = [run["driver_mb"] - max(_rendering(run)) for run in runs[-2:]]
    done = last["after"]
    return [
        ("ms a cell: largest over smallest, from 0.1 M cells on, - 1", flat, "<= 0.10", flat <= BARS["flat"]),
        ("driver's memory, MB", last["driver_mb"], "< 500", last["driver_mb"] < BARS["driver_mb"]),
        ("its growth over the second half of rendering, MB", growth, "< 10", growth < 10),
        (
            "more for the index than in the run before, MB",
            index_mb[-1] - index_mb[0],
            "< 10",
            index_mb[-1] - index_mb[0] < 10,
        ),
        ("open, s", done["open"], "< 2", done["open"] < BARS["open"]),
        ("status, s", done["status"], "< 2", done["status"] < BARS["status"]),
        ("resume scan, s", done["resume"], "< 10", done["resume"] < BARS["resume"]),
        ("driver's processor time, share of a 100 ms cell", share, "< 0.02", share < BARS["overhead"]),
    ]


def table(found: dict[str, Any]) -> str:
    """Everything measured, and the arithmetic of the full size."""
    head = "| | cells | units | ms/cell | CPU ms | driver ms/unit | driver MB | index s | open s | status s | resume s | verify s |"
    lines = [head, "|" + "---|" * 12]
    for kind in ("cells", "tasks", "workers"):
        for run in found[kind]:
            size, done = run["size"], run["after"]
            verify = next((f"{v:.1f}" for k, v in done.items() if k.startswith("verify")), "")
            times = [f"{done[k]:.2f}" if k in done else "" for k in ("open", "status", "resume")]
            label = {"cells": f"{size['grids']} grids", "tasks": f"{size['times_per_unit']} times a unit",
                     "workers": f"{size['workers']} workers"}[kind]  # fmt: skip
            cells = [label, f"{run['cells']:,}", f"{run['units']:,}", f"{per_cell(run):.3f}",
                     f"{run['total_cpu'] / run['cells'] * 1e3:.3f}", f"{run['driver_cpu'] / run['units'] * 1e3:.2f}",
                     f"{run['driver_mb']:.0f}", f"{run['index']:.2f}", *times, verify]  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| workers | scheduler, µs a task (3,000 grids) |", "|---|---|"]
    lines += [f"| {row['workers']:,} | {row['us_per_task']:.1f} |" for row in found["schedule"]]
    return "\n".join([*lines, "", *_extrapolated(found)])


def _extrapolated(found: dict[str, Any]) -> list[str]:
    last = found["cells"][-1]
    unit_cells = last["cells"] / last["units"]
    rate = FULL["workers"] / CELL_S
    units_s = rate / unit_cells
    driver_s = last["driver_cpu"] / last["units"]
    index_us = last["index"] / last["cells"] * 1e6
    verify = next((value for key, value in last["after"].items() if key == "verify full"), 0.0) / last["cells"] * 1e6
    return [
        f"{FULL['cells'] / 1e6:.1f} M cells of {CELL_S * 1e3:.0f} ms on {FULL['workers']:,} workers: {rate:,.0f} cells/s, "
        f"{FULL['cells'] / rate / 60:.0f} min; {unit_cells:.0f} cells a unit, so {units_s:.1f} units/s.",
        f"Driver: {units_s:.1f} units/s x {driver_s * 1e3:.2f} ms = {units_s * driver_s:.1%} of one core.",
        f"Index: {FULL['cells'] / 1e6:.1f} M x {index_us:.2f} µs = {FULL['cells'] * index_us / 1e6:.0f} s, once, at the end.",
        f"Verification in full: {FULL['cells'] / 1e6:.1f} M x {verify:.0f} µs = {FULL['cells'] * verify / 3.6e9:.1f} h on "
        f"{found['cores']} cores, images of 16².",
    ]  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
