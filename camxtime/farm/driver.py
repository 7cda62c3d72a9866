"""`render`: a spec becomes a dataset folder; the same call again resumes.

Order of things: the spec is planned and the folder checked before anything is started; the lock is held from then on;
what is committed is subtracted; Ray and the workers do the rest; the index is built from what is there.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import CamxtimeError, WorkError
from camxtime.farm import cluster, folder, identity
from camxtime.farm.assets import asset_files, pin_assets
from camxtime.farm.blender_launch import identify
from camxtime.farm.crew import Crew
from camxtime.farm.events import EventLog
from camxtime.farm.hiring import Hiring
from camxtime.farm.jobs import RunPlan, plan_run
from camxtime.farm.keeper import BlenderSettings
from camxtime.farm.ledger import Ledger
from camxtime.farm.messages import WorkerSettings
from camxtime.farm.metrics import Metrics
from camxtime.farm.options import RenderOptions, RenderSummary
from camxtime.farm.pace import Pace, Reporter
from camxtime.farm.run import Run
from camxtime.farm.schedule import Scheduler
from camxtime.farm.scratch import placed
from camxtime.farm.stop import StopWish
from camxtime.shards.dataset import open_dataset
from camxtime.shards.index import DatasetHeader, build_index, sound_header
from camxtime.shards.layout import UnitKey
from camxtime.shards.store import Root, open_store, resolved
from camxtime.spec import DatasetSpec, Expansion, LoadedSpec, estimate, expand
from camxtime.spec.captions import same_captions
from camxtime.spec.content import check_content
from camxtime.splits.card import CARD, write_metadata


def render(spec: LoadedSpec | DatasetSpec, out: Root, options: RenderOptions | None = None) -> RenderSummary:
    """Render every cell of every grid of a spec into `out`; what is committed there is kept.

    Args:
        spec: a loaded spec (its relative files are looked up in `options.assets`, else in its own folder), or a
            `DatasetSpec` (then in `options.assets`, else in the working folder).
        out: the dataset's folder, on a cluster on storage that all nodes share under the same path; or a URL that
            fsspec can write to (s3://bucket/name), for which every node has credentials of its own.
        options: how to render.

    Returns:
        A summary; `ok` is False when units were set aside or the run was interrupted by a signal.

    Raises:
        InputError: bad spec, options, address or target: nothing was rendered.
        WorkError: Ray, all workers or the disk failed; what is committed is kept, and the same call resumes.
        DataError: what is in the folder is damaged.
    """
    options = options or RenderOptions()
    options.validate()
    if options.address is not None:
        cluster.check_address(options.address)
    elif options.blender is not None:
        identify(options.blender)  # refused here, not once Ray has started; on a cluster the workers tell
    loaded = spec if isinstance(spec, LoadedSpec) else LoadedSpec(spec, "spec", Path.cwd())
    assets_root = loaded.assets_root(options.assets)
    check_content(loaded.spec, loaded.source)
    expansion = expand(loaded.spec)
    plan = plan_run(expansion, assets_root)
    ledger = Ledger(open_store(resolved(out), options.remote))
    folder.check_target(ledger.store)
    with ledger.lock():
        folder.claim(ledger, loaded.spec)
        pin_assets(ledger, plan, assets_root)
        folder.sweep(ledger.store)
        return _Rendering(expansion, plan, ledger, options).render()


@dataclass(frozen=True)
class _Start:
    """What was there when the run began: finished units by grid, and the grids with a record.

    settled: whether the last run ended with all of it in the index.
    """

    done: dict[str, set[str]]
    prepared: set[str]
    settled: bool

    def units(self) -> int:
        return sum(len(names) for names in self.done.values())


class _Rendering:
    """One call of `render`, the lock in hand."""

    def __init__(self, expansion: Expansion, plan: RunPlan, ledger: Ledger, options: RenderOptions) -> None:
        self._expansion = expansion
        self._plan = plan
        self._ledger = ledger
        self._options = options
        self._run_id = uuid.uuid4().hex
        self._events = EventLog(ledger.store, self._run_id)
        self._began = time.time()

    def render(self) -> RenderSummary:
        start = self._look()
        pace = Pace(
            self._plan.cells_per_grid * len(self._plan.grid_ids),
            self._plan.units_total,
            self._cells(start),
            start.units(),
        )
        scheduler = Scheduler(self._plan, start.prepared, start.done)
        reporter = Reporter(self._ledger, self._run_id, self._options)
        run = Run(self._ledger, self._events, self._options, scheduler, pace, reporter)
        whole = True
        if not scheduler.empty:
            self._check_space(pace)
            reporter.write("starting", pace.progress(()))
            self._events.add("run_started", units_left=scheduler.pending)
            try:
                whole = self._with_ray(run, reporter, pace)
            except BaseException as error:
                self._tell_end(reporter, pace, "failed", str(error))
                raise
            finally:
                reporter.close()
        return self._sum_up(run, pace, reporter, start, whole)

    def _look(self) -> _Start:
        wanted = {UnitKey("a.b.c", first, last).name for first, last in self._plan.unit_times}
        committed = self._ledger.committed(sorted(self._plan.grid_ids))
        done = {grid_id: names & wanted for grid_id, names in committed.items()}
        prepared = self._ledger.prepared()
        for old in self._ledger.failures():  # its success was never heard of, if a driver died just then
            if old.grid in prepared if old.unit is None else old.unit in done.get(old.grid, ()):
                self._ledger.forgive(old.grid, old.unit)
        settled = (self._ledger.read_run() or {}).get("state") == "complete"
        return _Start({grid_id: names for grid_id, names in done.items() if names}, prepared, settled)

    def _cells(self, start: _Start) -> int:
        times = {UnitKey("a.b.c", first, last).name: last - first + 1 for first, last in self._plan.unit_times}
        return sum(times[name] for names in start.done.values() for name in names) * self._plan.recipe.cameras

    def _check_space(self, pace: Pace) -> None:
        share = 1.0 - pace.cells_done / pace.cells_total
        needed = estimate(self._expansion).bytes * share
        folder.check_space(self._ledger.store, needed, self._options.ignore_free_space)

    def _with_ray(self, run: Run, reporter: Reporter, pace: Pace) -> bool:
        import ray

        with cluster.connected(self._options), StopWish() as stop:
            metrics = Metrics(self._plan.recipe.name)
            self._events.listener, reporter.listener = metrics.event, metrics.progress
            self._events.add("ray_connected")
            device = cluster.device_for(self._options, cluster.alive_nodes())
            hiring = Hiring(self._options, device, lambda slot: self._settings(device, slot), self._events)
            crew = Crew()
            try:
                return run.go(crew, hiring, stop)
            except ray.exceptions.RayError as error:
                raise cluster.lost(error) from error
            finally:
                crew.close()
                metrics.end(pace.progress(()))
                self._events.listener = reporter.listener = None

    def _settings(self, device: str, slot: cluster.Slot) -> WorkerSettings:
        options = self._options
        blender = BlenderSettings(
            executable=options.blender,
            device=device,
            threads=slot.threads,
            hang_timeout_s=options.hang_timeout_s,
            recycle_units=options.recycle_units,
            recycle_gb=options.recycle_gb,
        )
        scratch = placed(options.scratch) if options.scratch is not None else None
        asset = next(iter(asset_files(self._plan)), None)
        root, recipe = str(self._ledger.root), self._plan.recipe
        return WorkerSettings(root, options.remote, self._run_id, recipe, blender, scratch, asset)

    def _tell_end(self, reporter: Reporter, pace: Pace, state: str, error: str | None = None) -> None:
        with contextlib.suppress(WorkError):  # a full disk has been reported already, and must not hide the cause
            self._events.add("run_ended", state=state, error=error)
            self._events.flush()
            reporter.write(state, pace.progress(()))

    def _sum_up(self, run: Run, pace: Pace, reporter: Reporter, start: _Start, whole: bool) -> RenderSummary:
        failures = tuple(f for f in self._ledger.failures() if f.grid in self._plan.grid_ids)
        complete = pace.units_done == self._plan.units_total
        state = "complete" if complete else "incomplete" if whole else "interrupted"
        before = time.time()
        try:
            index = self._index(pace, start)
        except CamxtimeError as error:
            self._tell_end(reporter, pace, "failed", str(error))
            raise
        if complete:
            self._describe()
        now = time.time()
        if pace.units_rendered or state != "complete" or not start.settled:
            self._tell_end(reporter, pace, state)
        startup = min(max((run.first_render or before) - self._began, 0.0), now - self._began)
        timing = {name: round(seconds, 4) for name, seconds in run.timing.items()}
        return RenderSummary(
            root=self._ledger.root,
            state=state,
            grids=len(self._plan.grid_ids),
            units_total=self._plan.units_total,
            units_kept=start.units(),
            units_rendered=pace.units_rendered,
            cells_rendered=pace.cells_rendered,
            seconds=now - self._began,
            startup_seconds=startup,
            failures=failures,
            digest=index["digest"] if complete and index is not None else None,
            notes=(*run.notes, *(self._shared_captions() if complete and pace.units_rendered else ())),
            timing={**timing, "steady": round(run.steady_seconds, 4), "index": round(now - before, 4)},
        )

    def _describe(self) -> None:
        """Write the dataset's card and Croissant metadata once; what a publisher has made of them is left alone."""
        root, store = self._ledger.root, self._ledger.store
        if not store.exists(CARD):
            write_metadata(open_dataset(root, remote=self._options.remote), store)

    def _shared_captions(self) -> list[str]:
        """A note if grids have the same caption: a model could not tell them apart by it."""
        table = open_dataset(self._ledger.root, remote=self._options.remote).grids
        shared = same_captions(dict(zip(table.column("grid"), table.column("caption"), strict=True)))
        if not shared:
            return []
        caption, grids = next(iter(shared.items()))
        return [
            f"note: {sum(map(len, shared.values()))} grids share {len(shared)} caption(s), for instance {' and '.join(grids[:2])} "
            f'("{caption:.80}"); give words of their own with `caption` or `captions` in the spec if that matters.'
        ]

    def _index(self, pace: Pace, start: _Start) -> dict[str, Any] | None:
        """Build the index, unless the one that is there is sound, of all cells, and nothing was rendered since.

        A run that was killed may have rendered after the index was built: then it is built again.
        """
        store, spec = self._ledger.store, self._expansion.spec
        known = sound_header(store) if start.settled and not pace.units_rendered else None
        if known is not None and known["counts"]["cells"] == pace.cells_total:
            return known
        if not self._ledger.prepared():
            return None
        engine = {**self._plan.recipe.engine, "views_per_batch": self._plan.recipe.views_per_batch}
        made_with = self._ledger.read("engine.json") or {}
        engine.update({name: made_with[name] for name in (*identity.PINNED, identity.BUILDS) if name in made_with})
        planned = sorted(self._plan.grid_ids)
        return build_index(
            store, DatasetHeader(spec.name, spec.canonical(), dict(self._plan.recipe.passes), engine, planned)
        )
