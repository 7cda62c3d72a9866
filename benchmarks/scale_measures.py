"""What `scale.py` measures, each in a process of its own: a whole render with the Python engine, and what comes after it."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from index_scale import resident_mb

from camxtime.spec import DatasetSpec

PIXELS = 16
PATHS = 3
SAMPLE_S = 1.0  # looking costs the driver some milliseconds itself
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Size:
    """grids of side × side cells, `times_per_unit` times a unit, rendered by `workers`; engine_s: what a cell takes Blender."""

    grids: int
    side: int = 120
    times_per_unit: int = 8
    workers: int = 2
    engine_s: float = 0.0

    @property
    def cells(self) -> int:
        return self.grids * self.side**2

    @property
    def units(self) -> int:
        return self.grids * -(-self.side // self.times_per_unit)

    @property
    def name(self) -> str:
        return f"{self.grids}x{self.side}-u{self.times_per_unit}-w{self.workers}-e{self.engine_s:g}"


@dataclass
class Rendered:
    """A render. Seconds of wall clock unless said otherwise.

    steady: from the first request to the engine until the last commit. driver_cpu, total_cpu: processor time of the driver and of
    all processes, from the last look that found no cell done until the end, the index included.
    samples: (seconds, cells done, driver's resident MB, its processor seconds, those of its children).
    """

    size: dict[str, Any]
    seconds: float = 0.0
    startup: float = 0.0
    steady: float = 0.0
    index: float = 0.0
    driver_cpu: float = 0.0
    total_cpu: float = 0.0
    driver_mb: float = 0.0
    timing: dict[str, float] = field(default_factory=dict)
    samples: list[tuple[float, int, float, float, float]] = field(default_factory=list)
    digest: str | None = None


def spec_of(size: Size) -> DatasetSpec:
    """The papers' layout in small: `PATHS` grids a stage, images of 16²."""
    stages = -(-size.grids // PATHS)
    paths = [{"id": f"p{i}", "kind": "arc", "sweep_deg": [20 + 10 * i, 40 + 10 * i]} for i in range(PATHS)]
    return DatasetSpec.model_validate({
        "version": 1, "name": "rehearsal", "seed": 1,
        "grid": {"cameras": size.side, "times": size.side, "fps": 30, "times_per_unit": size.times_per_unit},
        "image": {"width": PIXELS, "height": PIXELS}, "engine": {"samples": 1, "view_transform": "Standard"},
        "passes": {"rgb": "jpeg:95"}, "scenes": [{"id": "room", "family": "calibration"}],
        "animations": [{"id": "ball", "family": "calibration", "count": stages}], "camera_paths": paths,
        "path_checks": {"min_clearance_m": 0.01}, "quality": {"gate": False},
    })  # fmt: skip


def executable(folder: Path) -> Path:
    """A `blender` that is the Python engine."""
    file = folder / "blender"
    file.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(HERE / "python_engine.py"))} "$@"\n'
    )
    file.chmod(0o755)
    return file


def rendered(root: Path, size: Size, blender: Path) -> dict[str, Any]:
    """Render a dataset, watching the driver (this process) as it goes."""
    from camxtime.farm.driver import render
    from camxtime.farm.options import Progress, RenderOptions

    os.environ["CYCLES_PYTHON_ENGINE_S"] = str(size.engine_s)
    out = Rendered(asdict(size))
    began = time.perf_counter()
    done = [0]
    over = threading.Event()
    family: dict[int, float] = {}

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            family.update(_cpu_of_children())
            sums = time.process_time(), sum(family.values())
            out.samples.append((time.perf_counter() - began, done[0], resident_mb(), *sums))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()

    def note(progress: Progress) -> None:
        done[0] = progress.cells_done

    options = RenderOptions(
        workers=size.workers, threads=1, device="CPU", blender=str(blender), on_progress=note, recycle_units=0,
        ignore_free_space=True,
    )  # fmt: skip
    summary = render(spec_of(size), root, options)
    over.set()
    watcher.join()
    out.seconds, out.startup = time.perf_counter() - began, summary.startup_seconds
    out.steady, out.index = summary.timing["steady"], summary.timing["index"]
    out.timing, out.digest = summary.timing, summary.digest
    before = next((sample for sample in reversed(out.samples) if sample[1] == 0), (0.0, 0, 0.0, 0.0, 0.0))
    out.driver_cpu = time.process_time() - before[3]
    out.total_cpu = out.driver_cpu + sum(family.values()) - before[4]
    out.driver_mb = max((sample[2] for sample in out.samples), default=resident_mb())
    return asdict(out)


def _cpu_of_children() -> dict[int, float]:
    found = {}
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
            found[child.pid] = times.user + times.system
        except psutil.Error:
            continue
    return found


def after(root: Path, size: Size, blender: Path, level: str) -> dict[str, float]:
    """Opening, status, a resume that finds nothing to do, cutting a split, verifying."""
    import camxtime
    from camxtime.farm.driver import render
    from camxtime.farm.options import RenderOptions
    from camxtime.farm.status import status
    from camxtime.shards.verify import verify
    from camxtime.splits import Recipe, content_of, cut

    found: dict[str, float] = {}

    def clock(name: str, began: float) -> None:
        found[name] = time.perf_counter() - began

    began = time.perf_counter()
    dataset = camxtime.open(root)
    clock("open", began)
    began = time.perf_counter()
    report = status(root)
    clock("status", began)
    assert report.state == "complete", report.lines()
    spec = spec_of(size)
    began = time.perf_counter()
    summary = render(spec, root, RenderOptions(workers=size.workers, device="CPU", blender=str(blender)))
    clock("resume", began)
    assert summary.ok and summary.units_rendered == 0
    began = time.perf_counter()
    cut(content_of(dataset), Recipe(hold_out={"test": "10%"}, by="animation"))  # there is one scene
    clock("split", began)
    began = time.perf_counter()
    result = verify(root, level)  # type: ignore[arg-type]
    clock(f"verify {level}", began)
    assert result.ok and result.digest == summary.digest, result.errors[:3]
    found["memory"] = resident_mb()
    return found


def schedule_cost(grids: int, units: int, workers: int, tasks: int = 20_000) -> float:
    """Microseconds of the scheduler a task, with so many workers of two tasks each: no Ray, nothing is rendered."""
    from camxtime.farm.jobs import plan_run
    from camxtime.farm.schedule import Scheduler
    from camxtime.spec import expand

    spec = spec_of(Size(grids, 120, -(-120 // units)))
    plan = plan_run(expand(spec), Path.cwd())
    scheduler = Scheduler(plan, set(plan.grid_ids), {})
    hands: list[tuple[int, Any]] = []
    rng = np.random.default_rng(0)
    for worker in range(workers):
        for depth in range(2):
            task = scheduler.next(worker, depth > 0)
            if task is not None:
                hands.append((worker, task))
    count = min(tasks, scheduler.pending)
    order = rng.integers(0, 1 << 30, count)
    began = time.perf_counter()
    for number in order:
        at = int(number) % len(hands)
        worker, task = hands[at]
        scheduler.finished(task)
        following = scheduler.next(worker, True)
        hands[at] = (worker, following) if following is not None else hands.pop()
        if scheduler.tasks < workers:
            break
    return (time.perf_counter() - began) / count * 1e6
