"""A look at every grid before a farm is booked: each stage is built, each path drawn, a few small cells are rendered.

The same code as on the farm: `BlenderProcess.load_stage`, `prepare.choose_path` and the gate. Several local Blenders share
the stages out; what is said of a grid does not depend on how many they are, times and memory excepted.
"""

from __future__ import annotations

import fnmatch
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.errors import CamxtimeError, InputError, WorkError
from camxtime.farm.blender_types import Limits
from camxtime.farm.gate import Gate
from camxtime.farm.jobs import GridJob, Recipe, RunPlan, StagePlan
from camxtime.farm.keeper import BlenderKeeper, BlenderSettings
from camxtime.farm.prepare import choose_path
from camxtime.geometry.framing import Framing
from camxtime.quality.judge import Fault, badness, judge
from camxtime.quality.measures import Values
from camxtime.spec import Rates
from camxtime.spec.quality import Quality


@dataclass(frozen=True)
class ProbeOptions:
    """grids: at most so many, evenly spread over the spec (a number), or those that match a pattern; None is all.

    workers: Blenders at once. blender: executable, None for this Python's bpy. progress: called with (done, of).
    """

    grids: str | None = None
    workers: int = 1
    blender: str | None = None
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True)
class GridProbe:
    """What a grid will be like.

    build_seconds, triangles, memory_mb: of its stage (memory: Blender's resident size with this stage loaded).
    cell_seconds: of one probe cell (at most 48 pixels and 4 samples; setting the time included). draw, redrawn: which
    draw of the path passed, and why those before it did not. values, faults: measures of the probe cells and those
    beyond the spec's bounds. error: why it cannot be rendered at all.
    """

    grid: str
    stage: str
    build_seconds: float = 0.0
    triangles: int = 0
    objects: int = 0
    memory_mb: float = 0.0
    cell_seconds: float | None = None
    draw: int = 0
    redrawn: dict[str, int] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    error: str | None = None

    @property
    def fails(self) -> bool:
        """Whether it cannot be rendered, or would fail `camxtime qa` by what its probe cells tell."""
        return self.error is not None or bool(self.faults)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {**vars(self), "faults": [{**vars(fault), "mend": fault.mend} for fault in self.faults]}


def probe_grids(plan: RunPlan, options: ProbeOptions) -> list[GridProbe]:
    """Probe the grids of a plan; those that cannot be rendered first, then worst first.

    Raises:
        InputError: no grid matches, or Blender cannot be started.
        WorkError: Blender does not come up.
    """
    stages = _chosen(plan, options.grids)
    total = sum(len(stage.grids) for stage in stages)
    workers = max(1, min(options.workers, len(stages)))
    found: list[GridProbe] = []
    with tempfile.TemporaryDirectory(prefix="camxtime-probe-") as folder:
        crew = _Crew(plan.recipe, options.blender, Path(folder), max(1, (os.cpu_count() or 1) // workers))
        with ThreadPoolExecutor(workers, thread_name_prefix="probe") as pool:
            futures = [pool.submit(crew.stage, stage) for stage in stages]
            try:
                for future in as_completed(futures):
                    found += future.result()
                    if options.progress is not None:
                        options.progress(len(found), total)
            finally:
                for future in futures:
                    future.cancel()
                crew.close()
    bounds = Quality.model_validate(plan.recipe.quality)
    return sorted(found, key=lambda probe: (probe.error is None, -badness(probe.values, bounds), probe.grid))


def weighed(rates: Rates, probes: Sequence[GridProbe], reference: str) -> Rates:
    """Rates measured on the grid `reference`, made those of the mean grid by what their probe cells cost."""
    seconds = {probe.grid: probe.cell_seconds for probe in probes if probe.cell_seconds is not None}
    if rates.cells_per_second is None or reference not in seconds:
        return rates
    dearer = float(np.mean(list(seconds.values()))) / seconds[reference]
    source = f"{rates.source}; times {dearer:.2f}, what the cells of {len(seconds)} probed grids cost against its own"
    return replace(rates, cells_per_second=rates.cells_per_second / dearer, source=source)


def _chosen(plan: RunPlan, wanted: str | None) -> list[StagePlan]:
    ids = [grid.grid_id for stage in plan.stages for grid in stage.grids]
    if wanted is None:
        return list(plan.stages)
    if wanted.isdigit():
        count = min(int(wanted), len(ids))
        keep = {ids[i] for i in np.unique(np.linspace(0, len(ids) - 1, count).round().astype(int))} if count else set()
    else:
        keep = set(fnmatch.filter(ids, wanted))
    if not keep:
        raise InputError(f"--grids {wanted}: matches none of the {len(ids):,} grids, which have ids like {ids[0]}.")
    stages = [replace(stage, grids=tuple(g for g in stage.grids if g.grid_id in keep)) for stage in plan.stages]
    return [stage for stage in stages if stage.grids]


class _Crew:
    """A Blender for each thread that asks, ended together."""

    def __init__(self, recipe: Recipe, executable: str | None, folder: Path, threads: int) -> None:
        self._recipe, self._folder = recipe, folder
        limits = Limits()
        self._settings = BlenderSettings(executable, "CPU", threads, limits.work_s, recycle_units=0, recycle_gb=0)
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: list[BlenderKeeper] = []

    def stage(self, stage: StagePlan) -> list[GridProbe]:
        """Build a stage and probe its grids; what goes wrong with one is in its `error`."""
        return [self._grid(stage, grid) for grid in stage.grids]

    def _grid(self, stage: StagePlan, grid: GridJob) -> GridProbe:
        keeper = self._keeper()
        probe = GridProbe(grid.grid_id, stage.stage.stage_id)
        try:
            process, report = keeper.load(stage.stage)
            seconds = round(report.seconds, 3)
            probe = replace(probe, build_seconds=seconds, triangles=report.triangles, objects=report.objects)
            gate = Gate(process, report, grid, self._recipe)
            wanted = gate if self._recipe.quality["gate"] else None
            choice = choose_path(process, Framing.from_dict(report.framing), grid, self._recipe, wanted)
            cells = gate.look(choice.drawn.cameras)
        except InputError as error:
            return replace(probe, error=_plain(error))
        except WorkError as error:
            keeper.discard()
            return replace(probe, error=_plain(error))
        return replace(
            probe,
            memory_mb=round(keeper.resident_gb() * 1000, 1),
            cell_seconds=cells.seconds / cells.cells,
            draw=choice.number,
            redrawn=choice.redrawn,
            values=cells.values,
            faults=tuple(judge(cells.values, Quality.model_validate(self._recipe.quality))),
        )

    def _keeper(self) -> BlenderKeeper:
        keeper: BlenderKeeper | None = getattr(self._own, "keeper", None)
        if keeper is None:
            with self._lock:
                scratch = Path(tempfile.mkdtemp(prefix="blender-", dir=self._folder))
                keeper = self._own.keeper = BlenderKeeper(self._settings, self._recipe, scratch)
                self._all.append(keeper)
        return keeper

    def close(self) -> None:
        """End every Blender."""
        for keeper in self._all:
            keeper.discard()


def _plain(error: CamxtimeError) -> str:
    return str(error).split("; its log is ", maxsplit=1)[0]
