"""A grid with camxtime and with the render loops of other tools, re-expressed on the same bpy, in one run.

    python benchmarks/peers.py [--json FILE] [--quick] [--rounds 3] [--threads N]

The same stage (30 objects, an animated mesh), cells, samples and threads for all; rgb only. Ours is end to end (Blender,
colour, JPEG, shard, commit, Ray, index), theirs are the loops alone with PNG files (`peer_loops.py`, `naive_loop.py`), all in
steady state: start-up is left out for everybody. Rounds take turns; the figure of each is its fastest round, which is what
least else on the machine has touched.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from render import Case, make_scene, ours, spec_of

from camxtime.farm.blender_launch import environment
from camxtime.farm.jobs import plan_run
from camxtime.farm.options import RenderOptions
from camxtime.geometry.cameras import Cameras
from camxtime.shards.records import GridRecord
from camxtime.spec import expand

FULL = Case(side=64, samples=4, cameras=32, times=16, per_unit=8, bar=5.0)
QUICK = Case(side=64, samples=4, cameras=16, times=4, per_unit=2, bar=5.0)
MEMORY = Path("/dev/shm")  # noqa: S108  memory-backed; a folder of our own is made inside
LOOPS = {
    "plain": "plain script: camera outside, nothing kept, a PNG a call",
    "kubric": "Kubric's loop: one camera, frame by frame",
    "blenderproc": "BlenderProc's loop: keyframed camera, persistent, one animation call a camera",
    "infinigen": "Infinigen's loop: camera outside, persistent, one animation call a camera",
    "pointodyssey": "PointOdyssey's loop: time outside, scene.camera switched",
}


def theirs(loop: str, job: dict[str, Any], folder: Path) -> float:
    """Milliseconds a cell of one loop, in a child process."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "png").mkdir(parents=True)
    memory = MEMORY if os.access(MEMORY, os.W_OK) else folder
    with tempfile.TemporaryDirectory(dir=memory, prefix="camxtime-peers-") as scratch:
        (folder / "job.json").write_text(json.dumps({**job, "out": str(folder / "png"), "memory": scratch}))
        here = Path(__file__).parent
        script = [str(here / "naive_loop.py")] if loop == "plain" else [str(here / "peer_loops.py"), loop]
        with (folder / "log").open("wb") as log:
            subprocess.run(
                [sys.executable, *script, str(folder / "job.json"), str(folder / "result.json")],
                stdout=log, stderr=log, check=True, env=environment({}),
            )  # fmt: skip
    result = json.loads((folder / "result.json").read_text())
    written = len(list((folder / "png").glob("*.png")))
    if written != result["cells"]:
        raise SystemExit(f"{loop}: wrote {written} of {result['cells']} images; see {folder / 'log'}")
    return 1000 * float(result["render_s"]) / result["cells"]


def job_of(case: Case, base: Path, cameras: Cameras, threads: int) -> dict[str, Any]:
    """What the loops are told: the stage, engine, cameras and times that camxtime rendered."""
    plan = plan_run(expand(spec_of(case)), base)
    return {
        "stage": plan.stages[0].stage.request, "engine": plan.recipe.engine, "width": case.side, "height": case.side,
        "c2w": cameras.c2w.tolist(), "K": cameras.K.tolist(), "times": list(range(case.times)), "threads": threads,
    }  # fmt: skip


def measure(case: Case, base: Path, rounds: int, threads: int) -> list[dict[str, Any]]:
    """A row for each loop."""
    options = RenderOptions(assets=base, workers=1, threads=threads, progress=False)
    best: dict[str, float] = {}
    for number in range(rounds):
        out = base / f"ours-{number}"
        mine = ours(case, out, options).ms_per_cell
        best["ours"] = min(best.get("ours", mine), mine)
        cameras = GridRecord.read(out, expand(spec_of(case)).grids[0].grid_id).cameras
        job = job_of(case, base, cameras, threads)
        for loop in LOOPS:
            found = theirs(loop, job, base / loop)
            best[loop] = min(best.get(loop, found), found)
            print(f"round {number + 1}: {loop} {found:.1f} ms/cell, ours {mine:.1f}", file=sys.stderr)
    return [
        {"name": LOOPS[loop], "ours": round(best["ours"], 2), "baseline": round(best[loop], 2), "unit": "ms/cell",
         "ratio": round(best[loop] / best["ours"], 2), "bar": case.bar if loop == "plain" else None,
         "holds": best[loop] / best["ours"] >= case.bar if loop == "plain" else None}
        for loop in LOOPS
    ]  # fmt: skip


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--quick", action="store_true", help="few cells: noisy, for trying out")
    parser.add_argument("--rounds", type=int, default=3, help="times that everybody renders the grid")
    parser.add_argument("--threads", type=int, default=min(os.cpu_count() or 1, 2), help="CPU threads of each")
    chosen = parser.parse_args()
    case = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory(prefix="camxtime-peers-") as folder:
        make_scene(Path(folder))
        rows = measure(case, Path(folder), max(chosen.rounds, 1), chosen.threads)
    print(
        f"{case.side}², {case.samples} samples, {case.cameras} cameras × {case.times} times, load {os.getloadavg()[0]:.1f}"
    )
    print("| loop | ms/cell | camxtime ms/cell | ratio |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['name']} | {row['baseline']:.1f} | {row['ours']:.1f} | {row['ratio']:.2f} |")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps({"rows": rows, "load": os.getloadavg()[0]}, indent=1) + "\n")
    return 0 if all(row["holds"] is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
