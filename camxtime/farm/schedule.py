"""Which task a worker gets next: affinity to the stage it has loaded, stealing when it has nothing of its own.

Pure bookkeeping, no Ray, no clock. A grid takes the same few bytes however many units it has, and handing a task out takes
the same time however many stages and workers there are; only a worker that steals looks at all stages that are worked on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from camxtime.farm.jobs import GridJob, RunPlan, StageJob, Task
from camxtime.shards.layout import UnitKey


@dataclass
class _Grid:
    """left: units not handed out: those in `back`, then from number `at` on what is not in `skip`."""

    job: GridJob
    prepared: bool
    left: int
    at: int = 0
    skip: frozenset[int] = frozenset()
    back: list[int] = field(default_factory=list)
    preparing: bool = False

    def take(self) -> int:
        """Number of the next unit."""
        self.left -= 1
        if self.back:
            return self.back.pop()
        while self.at in self.skip:
            self.at += 1
        self.at += 1
        return self.at - 1


@dataclass
class _Stage:
    job: StageJob
    grids: dict[str, _Grid]
    left: int  # units that nobody works on, whether or not their grid is prepared
    workers: set[int] = field(default_factory=set)  # who has it loaded, or was given a task of it last


class Scheduler:
    """Hands out tasks. A grid is prepared once, by one worker, before any of its units is handed out.

    Args:
        plan: the run's plan.
        prepared: ids of grids that have a record.
        done: finished unit names by grid id.

    Attributes:
        pending: units that have not been handed out (preparations not counted).
    """

    def __init__(self, plan: RunPlan, prepared: set[str], done: dict[str, set[str]]) -> None:
        self._times = plan.unit_times
        self._number = {times: number for number, times in enumerate(plan.unit_times)}
        names = [UnitKey("a.b.c", first, last).name for first, last in plan.unit_times]
        self._stages: dict[str, _Stage] = {}
        self._free: dict[str, None] = {}  # stages without a worker, in order
        self._own: dict[int, dict[str, None]] = {}  # stages of each worker
        self.pending = 0
        self._to_prepare = 0
        self._unprepared = 0
        self._ready = 0  # units of prepared grids that have not been handed out
        for stage in plan.stages:
            grids = {}
            for job in stage.grids:
                finished = done.get(job.grid_id, set())
                skip = frozenset(i for i, name in enumerate(names) if name in finished) if finished else frozenset()
                grid = _Grid(job, job.grid_id in prepared, len(names) - len(skip), skip=skip)
                if grid.left or not grid.prepared:
                    grids[job.grid_id] = grid
                    self._count(grid, 1)
            if grids:
                left = sum(grid.left for grid in grids.values())
                self._stages[stage.stage.stage_id] = _Stage(stage.stage, grids, left)
                self._free[stage.stage.stage_id] = None

    def _count(self, grid: _Grid, sign: int) -> None:
        """A grid comes or goes with all that is left of it."""
        self.pending += sign * grid.left
        if grid.prepared:
            self._ready += sign * grid.left
        else:
            self._unprepared += sign
            self._to_prepare += sign * (not grid.preparing)

    @property
    def empty(self) -> bool:
        """Whether all units and preparations are handed out, and every preparation has come back."""
        return self.pending == 0 and self._unprepared == 0

    @property
    def tasks(self) -> int:
        """Units and preparations that have not been handed out."""
        return self.pending + self._to_prepare

    def next(self, worker: int, busy: bool) -> Task | None:
        """The next task for a worker, None when there is nothing it could or should do now.

        A worker that is `busy` (a task of its is in flight) waits for its own stage's preparation rather than loading
        another stage; an idle one takes what there is.
        """
        if self._ready + self._to_prepare == 0:
            return None
        own = [self._stages[name] for name in self._own.get(worker, ())]
        for stage in own:
            task = self._take(stage)
            if task is not None:
                return task
        if busy and any(stage.left for stage in own):
            return None
        for stage in self._candidates(worker):
            task = self._take(stage)
            if task is not None:
                for other in own:
                    self._leave(worker, other)
                self._join(worker, stage)
                return task
        return None

    def _candidates(self, worker: int) -> Iterator[_Stage]:
        """Other workers' stages and free ones: free ones first, in order, then the one with most left per worker."""
        for name in self._free:  # looked up one by one: the first usually has something
            yield self._stages[name]
        shared = {name: self._stages[name] for names in self._own.values() for name in names}
        others = [stage for stage in shared.values() if worker not in stage.workers]
        yield from sorted(others, key=lambda stage: -stage.left / len(stage.workers))

    def _take(self, stage: _Stage) -> Task | None:
        for grid in stage.grids.values():
            if grid.prepared and grid.left:
                first, last = self._times[grid.take()]
                stage.left -= 1
                self.pending -= 1
                self._ready -= 1
                return Task(stage.job, grid.job, first, last)
        for grid in stage.grids.values():
            if not grid.prepared and not grid.preparing:
                grid.preparing = True
                self._to_prepare -= 1
                return Task(stage.job, grid.job)
        return None

    def finished(self, task: Task) -> None:
        """A task succeeded: a prepared grid's units become available; stages without work are forgotten."""
        stage = self._stages.get(task.stage.stage_id)
        grid = stage.grids.get(task.grid.grid_id) if stage is not None else None
        if grid is not None and task.first is None and not grid.prepared:
            self._count(grid, -1)
            grid.prepared, grid.preparing = True, False
            self._count(grid, 1)
        self._tidy(task.stage.stage_id)

    def give_back(self, task: Task) -> None:
        """A task was not done and shall be handed out again, first of its grid."""
        name = task.stage.stage_id
        stage = self._stages.get(name)
        if stage is None:
            stage = self._stages[name] = _Stage(task.stage, {}, 0)
            self._free[name] = None
        grid = stage.grids.get(task.grid.grid_id)
        if grid is None:
            grid = _Grid(task.grid, task.first is not None, 0, at=len(self._times))
            stage.grids[task.grid.grid_id] = grid
        else:
            self._count(grid, -1)
        if task.first is None or task.last is None:
            grid.preparing = False
        else:
            grid.back.append(self._number[task.first, task.last])
            grid.left += 1
            stage.left += 1
        self._count(grid, 1)

    def drop(self, task: Task) -> int:
        """A task is given up: a unit alone, or a grid with all its units. Returns the number of units lost."""
        lost = 1
        stage = self._stages.get(task.stage.stage_id)
        if task.first is None and stage is not None:
            grid = stage.grids.pop(task.grid.grid_id, None)
            lost = 0
            if grid is not None:
                lost = grid.left
                stage.left -= lost
                self._count(grid, -1)
        self._tidy(task.stage.stage_id)
        return lost

    def forget_worker(self, worker: int) -> None:
        """A worker is gone: its stages are free for others."""
        for name in list(self._own.get(worker, ())):
            self._leave(worker, self._stages[name])
        self._own.pop(worker, None)

    def _join(self, worker: int, stage: _Stage) -> None:
        stage.workers.add(worker)
        self._own.setdefault(worker, {})[stage.job.stage_id] = None
        self._free.pop(stage.job.stage_id, None)

    def _leave(self, worker: int, stage: _Stage) -> None:
        stage.workers.discard(worker)
        self._own[worker].pop(stage.job.stage_id, None)
        if not stage.workers:
            self._free[stage.job.stage_id] = None

    def _tidy(self, stage_id: str) -> None:
        stage = self._stages.get(stage_id)
        if stage is None:
            return
        for grid_id in [key for key, grid in stage.grids.items() if grid.prepared and not grid.left]:
            del stage.grids[grid_id]
        if not stage.grids:
            for worker in stage.workers:
                self._own[worker].pop(stage_id, None)
            self._free.pop(stage_id, None)
            del self._stages[stage_id]
