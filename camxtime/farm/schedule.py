"""Which task a worker gets next: affinity to the stage it has loaded, stealing when it has nothing of its own.

Pure bookkeeping, no Ray, no clock: a few bytes per unit, so that tens of thousands of units fit easily.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from camxtime.farm.jobs import GridJob, RunPlan, StageJob, Task


@dataclass
class _Grid:
    job: GridJob
    prepared: bool
    preparing: bool = False
    pending: deque[int] = field(default_factory=deque)  # indices into unit_times


@dataclass
class _Stage:
    job: StageJob
    grids: dict[str, _Grid]
    workers: set[int] = field(default_factory=set)  # who has it loaded, or was given a task of it last

    def left(self) -> int:
        """Units that nobody works on, whether or not their grid is prepared."""
        return sum(len(grid.pending) for grid in self.grids.values())


class Scheduler:
    """Hands out tasks. A grid is prepared once, by one worker, before any of its units is handed out.

    Args:
        plan: the run's plan.
        prepared: ids of grids that have a record.
        done: finished unit names by grid id.
    """

    def __init__(self, plan: RunPlan, prepared: set[str], done: dict[str, set[str]]) -> None:
        self._times = plan.unit_times
        self._stages: dict[str, _Stage] = {}
        for stage in plan.stages:
            grids = {}
            for job in stage.grids:
                finished = done.get(job.grid_id, set())
                waiting = deque(
                    i for i, (a, b) in enumerate(self._times) if Task(stage.stage, job, a, b).unit not in finished
                )
                if waiting or job.grid_id not in prepared:
                    grids[job.grid_id] = _Grid(job, job.grid_id in prepared, pending=waiting)
            if grids:
                self._stages[stage.stage.stage_id] = _Stage(stage.stage, grids)

    @property
    def empty(self) -> bool:
        """Whether all units and preparations are handed out, and every preparation has come back."""
        return not any(
            grid.pending or not grid.prepared for stage in self._stages.values() for grid in stage.grids.values()
        )

    @property
    def tasks(self) -> int:
        """Units and preparations that have not been handed out."""
        grids = [grid for stage in self._stages.values() for grid in stage.grids.values()]
        return self.pending + sum(not grid.prepared and not grid.preparing for grid in grids)

    @property
    def pending(self) -> int:
        """Units that have not been handed out (preparations not counted)."""
        return sum(stage.left() for stage in self._stages.values())

    def next(self, worker: int, busy: bool) -> Task | None:
        """The next task for a worker, None when there is nothing it could or should do now.

        A worker that is `busy` (a task of its is in flight) waits for its own stage's preparation rather than loading
        another stage; an idle one takes what there is.
        """
        own = [stage for stage in self._stages.values() if worker in stage.workers]
        for stage in own:
            task = self._take(stage)
            if task is not None:
                return task
        if busy and any(stage.left() for stage in own):
            return None
        for stage in self._candidates(worker):
            task = self._take(stage)
            if task is not None:
                for other in own:
                    other.workers.discard(worker)
                stage.workers.add(worker)
                return task
        return None

    def _candidates(self, worker: int) -> list[_Stage]:
        """Other workers' stages and free ones: free ones first, in order, then the one with most left per worker."""
        others = [stage for stage in self._stages.values() if worker not in stage.workers]
        free = [stage for stage in others if not stage.workers]
        shared = [stage for stage in others if stage.workers]
        return free + sorted(shared, key=lambda stage: -stage.left() / len(stage.workers))

    def _take(self, stage: _Stage) -> Task | None:
        for grid in stage.grids.values():
            if grid.prepared and grid.pending:
                first, last = self._times[grid.pending.popleft()]
                return Task(stage.job, grid.job, first, last)
        for grid in stage.grids.values():
            if not grid.prepared and not grid.preparing:
                grid.preparing = True
                return Task(stage.job, grid.job)
        return None

    def finished(self, task: Task) -> None:
        """A task succeeded: a prepared grid's units become available; stages without work are forgotten."""
        grid = self._grid(task)
        if grid is not None and task.first is None:
            grid.prepared, grid.preparing = True, False
        self._tidy(task.stage.stage_id)

    def give_back(self, task: Task) -> None:
        """A task was not done and shall be handed out again, first of its grid."""
        stage = self._stages.setdefault(task.stage.stage_id, _Stage(task.stage, {}))
        grid = stage.grids.setdefault(task.grid.grid_id, _Grid(task.grid, prepared=task.first is not None))
        if task.first is None or task.last is None:
            grid.preparing = False
        else:
            grid.pending.appendleft(self._times.index((task.first, task.last)))

    def drop(self, task: Task) -> int:
        """A task is given up: a unit alone, or a grid with all its units. Returns the number of units lost."""
        lost = 1
        stage = self._stages.get(task.stage.stage_id)
        if task.first is None and stage is not None:
            grid = stage.grids.pop(task.grid.grid_id, None)
            lost = len(grid.pending) if grid is not None else 0
        self._tidy(task.stage.stage_id)
        return lost

    def forget_worker(self, worker: int) -> None:
        """A worker is gone: its stages are free for others."""
        for stage in self._stages.values():
            stage.workers.discard(worker)

    def _grid(self, task: Task) -> _Grid | None:
        stage = self._stages.get(task.stage.stage_id)
        return stage.grids.get(task.grid.grid_id) if stage is not None else None

    def _tidy(self, stage_id: str) -> None:
        stage = self._stages.get(stage_id)
        if stage is None:
            return
        for grid_id in [key for key, grid in stage.grids.items() if grid.prepared and not grid.pending]:
            del stage.grids[grid_id]
        if not stage.grids:
            del self._stages[stage_id]
