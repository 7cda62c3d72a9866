"""The render worker: owns one Blender and one scratch folder, and does the tasks it is given. Made a Ray actor by `crew`.

No pixels go through Ray: a worker writes shards where the dataset lies and returns a small report. Its methods return
reports for whatever goes wrong with a task; only the loss of the whole process shows as a Ray error. Two tasks may be
in its hands at once: Blender works on one while the other's tail is written. A third thread answers `state`.
"""

from __future__ import annotations

import importlib.metadata
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from camxtime.errors import InputError, WorkError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import DeviceInfo, StageReport
from camxtime.farm.color import DisplayTransform
from camxtime.farm.encode import EncodedBatch, Encoder
from camxtime.farm.files import await_file, read_json
from camxtime.farm.identity import scripts_digest
from camxtime.farm.jobs import Task
from camxtime.farm.keeper import BlenderKeeper
from camxtime.farm.messages import Report, WorkerSettings, failure_of
from camxtime.farm.prepare import prepare
from camxtime.farm.relay import Relay
from camxtime.farm.scratch import Scratch, on_this_node, scratch_needed, staging_for
from camxtime.farm.unit import BATCHES_WAITING, UnitTiming, film, recorded_cameras, unit_request, write
from camxtime.farm.worker_log import WorkerLog
from camxtime.shards.layout import UnitKey, grid_record_path
from camxtime.shards.store import Store, open_store

MAX_ENCODERS = 4


class _HeldError(Exception):
    """A task was given before the run was stopped, and not begun."""


@dataclass(eq=False)
class _Job:
    """A task in hand: where its time goes, cells written so far, Blender's log if it failed."""

    task: Task
    timing: UnitTiming = field(default_factory=UnitTiming)
    cells: int = 0
    filmed: float = 0.0
    mark: int = 0
    log: str | None = None

    def count(self, cells: int) -> None:
        self.cells += cells


class Worker:
    """See the module. `settings` is all it needs; nothing is started before `start`."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._log = WorkerLog(settings.run_id, settings.worker)
        self._recipe = settings.recipe
        self._state_lock = threading.Lock()
        self._doing = "starting"
        self._job: _Job | None = None
        self._jobs: set[_Job] = set()
        self._hold = threading.Event()
        # One thread for all of Blender's life: the kernel ends the child when the thread that spawned it ends.
        self._blender_thread = ThreadPoolExecutor(1, thread_name_prefix="blender")
        self._keeper: BlenderKeeper | None = None
        self._scratch: Scratch | None = None
        self._staging: Scratch | None = None
        self._store: Store | None = None
        self._encoder: Encoder | None = None
        self._who: dict[str, Any] = {}

    def start(self) -> Report:
        """Check the folder, make the scratch folder, start Blender and choose its device."""
        try:
            self._see_folder()
            recipe = self._recipe
            needed = scratch_needed(recipe.width, recipe.height, recipe.views_per_batch)
            chosen = self._chosen_scratch()
            self._scratch = Scratch(Path(chosen) if chosen is not None else None, needed)
            keeper = BlenderKeeper(self._settings.blender, recipe, self._scratch.path, self._log.line)
            self._keeper = keeper
            self._blender_thread.submit(keeper.start).result()
            threads = max(1, min(MAX_ENCODERS, self._settings.blender.threads or os.cpu_count() or 1))
            transform = DisplayTransform.of_engine(self._device().ocio_config, recipe.engine)
            self._encoder = Encoder(recipe.passes, transform, threads)
        except Exception as error:  # noqa: BLE001  a worker reports whatever it is
            report = failure_of(error, self._keeper.log_since(0) if self._keeper is not None else None, self._scratch)
            self._log.line("start_failed", level="error", error=report.error)
            return report
        self._set("idle", None)
        self._who = self._identity()  # once: it reads all scripts, and the keeper takes no other Blender from here on
        return Report(info=self._who)

    def _chosen_scratch(self) -> str | None:
        return on_this_node(self._settings.scratch) if self._settings.scratch is not None else None

    def _see_folder(self) -> None:
        file, store, host = "ledger/run.json", self._store_here(), socket.gethostname()
        record = read_json(store, file) if await_file(store, file) else None
        mend = "it must be on storage that all nodes share under the same path or URL."
        if record is not None and record.get("run_id") == self._settings.run_id:
            asset = self._settings.asset
            if asset is not None and not Path(asset).is_file():
                raise InputError(f"{host} does not see the spec's file {asset}; {mend}")
            return
        spec = read_json(store, "ledger/spec.json")
        if spec is None:
            raise InputError(f"{host} does not see the dataset in {self._settings.root}; {mend}")
        raise InputError(
            f"{host} sees another folder than the driver in {self._settings.root}: it is bound to the spec "
            f'"{spec.get("name")}" and no run of "{self._recipe.name}" is under way in it; {mend}'
        )

    def _store_here(self) -> Store:
        if self._store is None:
            self._staging = staging_for(self._settings.root, self._chosen_scratch())
            place = self._staging.path if self._staging is not None else None
            self._store = open_store(self._settings.root, self._settings.remote, place)
        return self._store

    def _identity(self) -> dict[str, Any]:
        info, device = self._ready()[0].info, self._device()
        if info is None:
            raise WorkError("The worker's Blender was never started.")
        return {
            "host": socket.gethostname(),
            "node": node_here(),
            "pid": os.getpid(),
            "blender": ".".join(str(part) for part in info.version),
            "build_hash": info.build_hash,
            "device": device.device,
            "device_names": list(device.names),
            "camxtime": importlib.metadata.version("camxtime"),
            "scripts": scripts_digest(),
            "scratch": str(self._scratch.path) if self._scratch is not None else None,
        }

    def _device(self) -> DeviceInfo:
        if self._keeper is None or self._keeper.device is None:
            raise WorkError("The worker's Blender was never configured.")
        return self._keeper.device

    def _ready(self) -> tuple[BlenderKeeper, Encoder]:
        if self._keeper is None or self._encoder is None:
            raise WorkError("The worker was given work before it was started.")
        return self._keeper, self._encoder

    def run(self, task: Task) -> Report:
        """Do a task: prepare a grid or render a unit. Safe to repeat: what is there already is kept."""
        job = _Job(task)
        try:
            if task.key is None:
                self._blender_thread.submit(self._on_blender, job, self._prepare).result()
                return Report(timing=job.timing.to_json())
            return self._render(job, task.key)
        except _HeldError:
            return Report(error="not begun: the run stops", held=True)
        except Exception as error:  # noqa: BLE001  a worker reports whatever it is
            report = failure_of(error, job.log if job.log is not None else self._log_of(job), self._scratch)
            if report.disk_full and "://" in self._settings.root:  # this node's own disk, on which shards are staged
                report = replace(report, disk_full=False, unfit=True)
            self._log.line("task_failed", task, level="error", error=report.error)
            return report
        finally:
            self._forget(job)

    def _prepare(self, job: _Job, process: BlenderProcess, stage: StageReport) -> None:
        start = time.monotonic()
        record = prepare(process, stage, job.task.grid, self._recipe)
        if not self._store_here().exists(
            grid_record_path(job.task.grid.grid_id)
        ):  # by an attempt that was taken for lost
            record.write(self._store_here())
        job.timing.render = time.monotonic() - start

    def _render(self, job: _Job, key: UnitKey) -> Report:
        cameras = recorded_cameras(self._store_here(), job.task.grid.grid_id, self._recipe)
        relay: Relay[EncodedBatch] = Relay(BATCHES_WAITING)
        encoder = self._ready()[1]

        def filming(_: _Job, process: BlenderProcess, stage: StageReport) -> None:
            request = unit_request(cameras, key, job.task.grid.seed, self._recipe)
            film(process, request, encoder, relay, job.timing)

        future = self._blender_thread.submit(self._on_blender, job, filming)
        future.add_done_callback(lambda done: relay.fail(error) if (error := done.exception()) else None)
        commit = write(self._store_here(), key, self._recipe, relay, lambda: self._info(job), job.count)
        job.timing.tail = max(0.0, time.monotonic() - job.filmed)
        return Report(cells=commit.cells, nbytes=commit.nbytes, timing=job.timing.to_json())

    def _on_blender(self, job: _Job, do: Callable[[_Job, BlenderProcess, StageReport], None]) -> None:
        """Run `do` with the job's stage loaded, in Blender's thread; after a failure Blender is not trusted again."""
        if self._hold.is_set():
            raise _HeldError
        keeper = self._ready()[0]
        job.mark = keeper.log_mark()
        stage_id = job.task.stage.stage_id
        loaded = keeper.stage_id == stage_id
        self._set("rendering" if loaded else "loading", job)
        job.timing.began = time.time()
        self._log.line("task_began", job.task, stage_loaded=loaded, blender_pid=keeper.pid)
        try:
            start = time.monotonic()
            process, stage = keeper.load(job.task.stage)
            job.timing.load = time.monotonic() - start
            if not loaded:
                self._log.line("stage_loaded", job.task, stage=stage_id, seconds=round(job.timing.load, 3))
            self._set("preparing" if job.task.key is None else "rendering", job)
            do(job, process, stage)
        except BaseException as error:
            job.log = keeper.log_since(job.mark)
            if job.task.key is not None or not isinstance(error, InputError):
                keeper.discard()
            raise
        finally:
            job.filmed = time.monotonic()
            self._set("idle", None)
        keeper.unit_done()

    def _info(self, job: _Job) -> dict[str, Any]:
        """What is kept with a commit about how it came to be; no digest covers it."""
        kept = {
            name: self._who[name]
            for name in ("blender", "build_hash", "device", "device_names", "camxtime", "scripts", "host")
        }
        layout = {"views_per_batch": self._recipe.views_per_batch}
        return {**kept, "layout": layout, "seconds": job.timing.to_json()}

    def _log_of(self, job: _Job) -> str | None:
        """Blender's log since the job began, for a failure that was not Blender's."""
        return self._keeper.log_since(job.mark) if self._keeper is not None and job.timing.began else None

    def _set(self, doing: str, job: _Job | None) -> None:
        with self._state_lock:
            self._doing, self._job = doing, job
            if job is not None:
                self._jobs.add(job)

    def _forget(self, job: _Job) -> None:
        with self._state_lock:
            self._jobs.discard(job)

    def state(self) -> dict[str, Any]:
        """What the worker does now: plain data for `status`. Answers while tasks run."""
        with self._state_lock:
            doing, job, cells = self._doing, self._job, sum(job.cells for job in self._jobs)
        keeper = self._keeper
        return {
            "doing": doing,
            "task": str(job.task) if job is not None else None,
            "cells_in_hand": cells,
            "blender_gb": round(keeper.resident_gb(), 3) if keeper is not None else 0.0,
            "blender_pid": keeper.pid if keeper is not None else None,
            "blender_starts": keeper.starts if keeper is not None else 0,
        }

    def hold(self) -> None:
        """Begin no other task: the run is to stop."""
        self._hold.set()

    def stop(self) -> None:
        """End Blender in good order and remove the scratch folder."""
        if self._keeper is not None:
            self._blender_thread.submit(self._keeper.close).result()
        if self._encoder is not None:
            self._encoder.close()
        for folder in (self._scratch, self._staging):
            if folder is not None:
                folder.close()
        self._blender_thread.shutdown(wait=True)


def node_here() -> str | None:
    """Ray's id of the node that this process runs on, None outside Ray."""
    import ray

    return str(ray.get_runtime_context().get_node_id()) if ray.is_initialized() else None
