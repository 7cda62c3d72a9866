"""Rendering: camxtime's farm against the plain loop, the same stage, cells and passes, in one run.

    python benchmarks/render.py [--json FILE] [--quick] [--workers N] [--threads N]

Ours is end to end in steady state: Blender, colour, JPEG, shard, commit, Ray and the index, from the first request to
Blender to the last commit; the start-up of Ray, Blender and the stage is reported apart, and so is the plain loop's. The
plain loop (`naive_loop.py`) is the usual script: camera outside, time inside, no persistent data, one PNG per render call.

Share of path tracing: the same batch is rendered with n and with 1 samples per pixel in one Blender; the difference over
(n - 1) is the cost of a sample, times n that of tracing, over our whole time per cell.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_launch import environment
from camxtime.farm.blender_types import BlenderLaunch, RenderRequest
from camxtime.farm.driver import render
from camxtime.farm.events import read_events
from camxtime.farm.jobs import RunPlan, plan_run
from camxtime.farm.options import RenderOptions
from camxtime.geometry.cameras import Cameras
from camxtime.shards.records import GridRecord
from camxtime.shards.store import open_store
from camxtime.spec import DatasetSpec, expand, loads

SPEC = """
version: 1
name: bench
seed: 3
grid: {{cameras: {cameras}, times: {times}, times_per_unit: {per_unit}}}
image: {{width: {side}, height: {side}}}
engine: {{samples: {samples}, max_bounces: 4, view_transform: AgX}}
passes: {{rgb: "jpeg:95"}}
scenes: [{{id: things, file: things.blend}}]
animations: [{{id: ball, file: ball.blend}}]
camera_paths: [{{id: arc, kind: arc, sweep_deg: 60}}]
"""


@dataclass(frozen=True)
class Case:
    """A row of the table: image side in pixels, samples, cells, and the ratio that must be reached."""

    side: int
    samples: int
    cameras: int
    times: int
    per_unit: int
    bar: float


CASES = (Case(64, 4, 32, 32, 8, 5.0), Case(128, 4, 32, 8, 2, 2.0), Case(256, 4, 32, 4, 1, 1.15))
QUICK = (Case(64, 4, 16, 4, 1, 5.0), Case(128, 4, 16, 2, 1, 2.0), Case(256, 4, 16, 1, 1, 1.15))


@dataclass(frozen=True)
class Measured:
    """Milliseconds per cell in steady state, and seconds of start-up by part."""

    ms_per_cell: float
    startup: dict[str, float]


def spec_of(case: Case) -> DatasetSpec:
    """The case's spec."""
    return loads(SPEC.format(**vars(case)), "benchmark")


def make_scene(folder: Path) -> None:
    """Write the content (`make_scene.py`)."""
    script = Path(__file__).with_name("make_scene.py")
    argv = [sys.executable, str(script), str(folder / "things.blend"), str(folder / "ball.blend")]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=environment({}))


def ours(case: Case, folder: Path, options: RenderOptions) -> Measured:
    """Render the case with the farm."""
    summary = render(spec_of(case), folder, options)
    if not summary.ok:
        raise SystemExit("\n".join(summary.lines()))
    seconds = summary.timing["steady"] + summary.timing["index"]
    at = {line["event"]: line["at"] for line in reversed(list(read_events(open_store(folder))))}
    startup = {
        "ray": at["ray_connected"] - at["run_started"],
        "actor_and_blender": at["worker_started"] - at["ray_connected"],
        "stage_and_path": at["prepared"] - at["worker_started"],
    }
    return Measured(1000 * seconds / summary.cells_rendered, startup)


def plain(case: Case, plan: RunPlan, cameras: Cameras, folder: Path, threads: int) -> Measured:
    """Render the same cells with the plain loop, in a child process."""
    (folder / "png").mkdir(parents=True)
    job = {
        "stage": plan.stages[0].stage.request,
        "engine": plan.recipe.engine,
        "width": case.side,
        "height": case.side,
        "c2w": cameras.c2w.tolist(),
        "K": cameras.K.tolist(),
        "times": list(range(case.times)),
        "threads": threads,
        "out": str(folder / "png"),
    }
    (folder / "job.json").write_text(json.dumps(job))
    script = Path(__file__).with_name("naive_loop.py")
    begin = time.perf_counter()
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [sys.executable, str(script), str(folder / "job.json"), str(folder / "result.json")],
            stdout=log, stderr=log, check=True, env=environment({}),
        )  # fmt: skip
    whole = time.perf_counter() - begin
    result = json.loads((folder / "result.json").read_text())
    written = len(list((folder / "png").glob("*.png")))
    if written != result["cells"]:
        raise SystemExit(f"the plain loop wrote {written} of {result['cells']} images; see {folder / 'log'}")
    startup = {"blender": whole - result["render_s"] - result["load_s"], "stage": result["load_s"]}
    return Measured(1000 * result["render_s"] / result["cells"], startup)


def tracing_ms(case: Case, plan: RunPlan, cameras: Cameras, folder: Path, threads: int) -> float:
    """Milliseconds of path tracing per cell, by the difference between n samples and 1 in the same batch."""
    folder.mkdir(parents=True)
    recipe = plan.recipe
    few = cameras.subset(range(min(len(cameras), recipe.views_per_batch)))
    best: dict[int, float] = {}
    with BlenderProcess(BlenderLaunch(None, folder, folder / "log")) as process:
        process.start()
        process.configure({**recipe.engine, "device": "CPU"}, (case.side, case.side), ["rgb"])
        process.load_stage(plan.stages[0].stage.request)
        for _ in range(3):
            for samples in (1, case.samples):
                engine = {**recipe.engine, "device": "CPU", "threads": threads, "samples": samples}
                process.configure(engine, (case.side, case.side), ["rgb"])
                (batch,) = process.render(RenderRequest(few, [0], [1], len(few)))
                best[samples] = min(best.get(samples, float("inf")), batch.seconds["render"])
    per_sample = (best[case.samples] - best[1]) / (case.samples - 1)
    return 1000 * per_sample * case.samples / len(few)


def measure(case: Case, base: Path, options: RenderOptions) -> dict[str, Any]:
    """One row."""
    folder = base / f"{case.side}"
    mine = ours(case, folder / "ours", options)
    spec = spec_of(case)
    plan = plan_run(expand(spec), base)
    cameras = GridRecord.read(folder / "ours", plan.stages[0].grids[0].grid_id).cameras
    threads = (options.workers or 1) * (options.threads or 1)  # the plain loop gets as many
    other = plain(case, plan, cameras, folder / "plain", threads)
    tracing = tracing_ms(case, plan, cameras, folder / "tracing", threads)
    ratio = other.ms_per_cell / mine.ms_per_cell
    return {
        "name": f"{case.side}x{case.side}, {case.samples} samples, {case.cameras * case.times} cells",
        "ours": round(mine.ms_per_cell, 2),
        "baseline": round(other.ms_per_cell, 2),
        "ratio": round(ratio, 3),
        "unit": "ms/cell",
        "bar": case.bar,
        "holds": ratio >= case.bar,
        "tracing_ms": round(tracing, 2),
        "tracing_share": round(tracing / mine.ms_per_cell, 3),
        "startup_s": {name: round(value, 2) for name, value in mine.startup.items()},
        "baseline_startup_s": {name: round(value, 2) for name, value in other.startup.items()},
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows for a person."""
    lines = ["| case | ours ms/cell | plain loop ms/cell | ratio | bar | path tracing |", "|---|---|---|---|---|---|"]
    for row in rows:
        mark = "" if row["holds"] else " (missed)"
        lines.append(
            f"| {row['name']} | {row['ours']:.1f} | {row['baseline']:.1f} | {row['ratio']:.2f} | {row['bar']}{mark} | "
            f"{row['tracing_ms']:.1f} ms, {row['tracing_share']:.0%} of ours |"
        )
    for row in rows:
        parts = ", ".join(f"{name} {value} s" for name, value in row["startup_s"].items())
        other = ", ".join(f"{name} {value} s" for name, value in row["baseline_startup_s"].items())
        lines.append(f"start-up, {row['name'].split(',')[0]}: ours {parts}; plain loop {other}")
    return "\n".join(lines)


def main() -> int:
    """Run the cases; exit code 1 if a bar is missed."""
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--quick", action="store_true", help="a few cells only: noisy, for trying out")
    parser.add_argument("--workers", type=int, default=1, help="our Blender processes")
    parser.add_argument(
        "--threads", type=int, default=min(cores, 2), help="CPU threads of each; the plain loop gets all"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="camxtime-bench-") as folder:
        make_scene(Path(folder))
        options = RenderOptions(assets=Path(folder), workers=chosen.workers, threads=chosen.threads, progress=False)
        rows = [measure(case, Path(folder), options) for case in (QUICK if chosen.quick else CASES)]
    print(table(rows))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps({"rows": rows, "cores": cores, "load": os.getloadavg()[0]}, indent=1) + "\n")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
