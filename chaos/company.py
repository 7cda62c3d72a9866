"""Two where there should be one: workers on the same unit, drivers on the same folder; and storage that fails."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.errors import CamxtimeError, InputError
from camxtime.farm.jobs import Task, plan_run
from camxtime.farm.keeper import BlenderSettings
from camxtime.farm.messages import WorkerSettings
from camxtime.farm.worker import Worker
from camxtime.shards.store import open_store
from camxtime.spec import expand
from chaos.aftermath import Struck
from chaos.live import _ok, _said
from chaos.rig import LIMIT_S, PATIENT, Hang, Moment, Rig, await_true


@dataclass(frozen=True)
class DuplicateWorkers:
    """Two workers do the same units at the same time, as after a network split that healed."""

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Two real workers, the same tasks in their hands; the driver comes afterwards."""
        import ray

        store = rig.copy(root, {str(rng.choice(rig.all_units()))})
        run_id = f"{int(rng.integers(1 << 60)):032x}"
        store.write("ledger/run.json", json.dumps({"run_id": run_id, "updated": 0.0, "state": "running"}).encode())
        plan = plan_run(expand(rig.spec), Path.cwd())
        blender = BlenderSettings(None, "CPU", 1, 900.0, 500, 0.0)
        settings = WorkerSettings(str(root), None, run_id, plan.recipe, blender, str(rig.folder / "scratch"))
        actor: Any = ray.remote(Worker)
        pair = [actor.options(num_cpus=1, max_concurrency=3).remote(settings) for _ in range(2)]
        try:
            for report in _get([worker.start.remote() for worker in pair]):
                if report.error:
                    raise RuntimeError(f"a worker does not start: {report.error}")
            tasks = [Task(s.stage, g, a, b) for s in plan.stages for g in s.grids for a, b in plan.unit_times]
            chosen = [tasks[int(i)] for i in rng.permutation(len(tasks))[: int(rng.integers(2, 5))]]
            reports = _get([worker.run.remote(task) for task in chosen for worker in pair])
        finally:
            for worker in pair:
                ray.kill(worker)
        errors = [report.error for report in reports if report.error]
        if errors:
            raise RuntimeError(f"of two workers on the same units one failed: {'; '.join(errors)}")
        return Struck(f"two workers on {len(chosen)} units at once")


@dataclass(frozen=True)
class TwoDrivers:
    """A second driver comes while the first works: refused by name; with its lock deleted by hand, both finish."""

    unlocked: bool

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Two drivers, in two threads of this process: the lock is the same as between processes."""
        moment = Moment.draw(rng, rig)
        first = rig.start(root)
        await_true((root / "ledger" / "lock").exists, lambda: first.over)
        hit = moment.wait(root, lambda: first.over)
        if self.unlocked:
            (root / "ledger" / "lock").unlink(missing_ok=True)
        second = rig.start(root).join()
        first.join()
        words = f"a second driver {'with the lock deleted ' if self.unlocked else ''}{moment}"
        if hit and not self.unlocked and not isinstance(second.error, InputError) and not _late(second):
            raise RuntimeError(f"the second driver was not refused: {_said(second)}")
        if not self.unlocked and not _ok(first):
            raise RuntimeError(f"the first driver came to harm: {_said(first)}")
        return Struck(words, said=f"first: {_said(first)}; second: {_said(second)}"[:300], hit=hit)


def _late(second: Any) -> bool:
    """Whether the second found everything done: the first ended while the second began."""
    return second.summary is not None and second.summary.units_rendered == 0


@dataclass(frozen=True)
class Storage:
    """An S3-protocol server that fails while a render writes to it."""

    how: str  # "outage", "errors", "slow"

    def strike(self, rig: Rig, root: str, rng: np.random.Generator) -> Struck:
        """Render into a bucket. An outage is broken off by the run; the rest has to be lived through."""
        if self.how == "outage":
            return self._outage(rig, root, rng)
        server, seed = rig.server, int(rng.integers(1 << 30))
        share = float(rng.uniform(0.03, 0.15))
        if self.how == "slow":
            server.delay_s = float(rng.uniform(0.02, 0.15))
            words = f"each answer {server.delay_s * 1000:.0f} ms late"
        else:
            server.fail = lambda number, _: _fault(seed, number, share)
            words = f"{share:.0%} of answers: 503, 500, connection closed before or after the deed"
        try:
            attempt = rig.start(root).join()
        finally:
            server.fail, server.delay_s = None, 0.0
        _unlock(root)
        if not _ok(attempt):
            raise RuntimeError(f"{words}: this has to be lived through, and was not: {_said(attempt)}")
        return Struck(words, said=_said(attempt))

    def _outage(self, rig: Rig, root: str, rng: np.random.Generator) -> Struck:
        server, after = rig.server, int(rng.integers(0, rig.units))
        lasting = bool(rng.random() < 0.5)
        attempt = rig.start(root)
        await_true(lambda: attempt.progress is not None and attempt.progress.units_done >= after, lambda: attempt.over)
        hit = not attempt.over
        server.fail = lambda *_: 500
        timer = threading.Timer(float(rng.uniform(0.1, 1.5)), lambda: setattr(server, "fail", None))
        if not lasting:
            timer.start()
        try:
            attempt.join()
        finally:
            timer.cancel()  # or it would end the next trial's fault
            server.fail = None
        _unlock(root)
        return Struck(
            f"{'a lasting' if lasting else 'a short'} outage after {after} units", said=_said(attempt), hit=hit
        )


def _unlock(root: str) -> None:
    """Remove the lock that an outage kept its driver from removing; waiting 45 s for it to go stale does the same."""
    store = open_store(root, PATIENT)
    try:
        store.remove("ledger/lock")
    except CamxtimeError as error:
        raise RuntimeError(f"the server does not come back: {error}") from error


def _fault(seed: int, number: int, share: float) -> bool | int | str:
    draw = np.random.default_rng([seed, number]).random()
    if draw >= share:
        return False
    kinds: tuple[bool | int | str, ...] = (True, 500, "drop", "late")
    return kinds[int(draw / share * len(kinds))]


def _get(refs: list[Any]) -> list[Any]:
    import ray

    try:
        return list(ray.get(refs, timeout=LIMIT_S))
    except ray.exceptions.GetTimeoutError as error:
        raise Hang(f"workers have not answered in {LIMIT_S:.0f} s") from error
