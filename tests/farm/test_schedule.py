"""The scheduler hands out every task exactly once, keeps workers on their stage, and loses nothing that comes back."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.farm.jobs import RunPlan, Task, plan_run
from camxtime.farm.schedule import Scheduler
from camxtime.spec import expand

from .helpers import tiny_spec


def make_plan(scenes: int, paths: int, times: int = 4) -> RunPlan:
    spec = tiny_spec(
        grid={"cameras": 2, "times": times, "times_per_unit": 1},
        scenes=[{"id": f"s{i}", "family": "calibration"} for i in range(scenes)],
        camera_paths=[{"id": f"p{i}", "kind": "arc"} for i in range(paths)],
    )
    return plan_run(expand(spec), Path())


@settings(deadline=None, max_examples=60)
@given(
    scenes=st.integers(1, 4),
    paths=st.integers(1, 3),
    workers=st.integers(1, 5),
    seed=st.integers(0, 2**31),
    failing=st.floats(0, 0.4),
)
def test_every_unit_once_whatever_fails_and_in_whatever_order(scenes, paths, workers, seed, failing):
    plan = make_plan(scenes, paths)
    rng = random.Random(seed)
    scheduler = Scheduler(plan, set(), {})
    hands: dict[int, list[Task]] = {worker: [] for worker in range(workers)}
    done: list[str] = []
    for _ in range(10_000):
        for worker, tasks in hands.items():
            while len(tasks) < 2 and (task := scheduler.next(worker, bool(tasks))) is not None:
                tasks.append(task)
        busy = [worker for worker, tasks in hands.items() if tasks]
        if not busy:
            break
        worker = rng.choice(busy)
        task = hands[worker].pop(0)
        if rng.random() < failing:
            scheduler.give_back(task)
            if rng.random() < 0.3:
                scheduler.forget_worker(worker)
        else:
            scheduler.finished(task)
            done.append(str(task))
    assert scheduler.empty
    assert len(done) == len(set(done)) == len(plan.grid_ids) * (1 + len(plan.unit_times))


def test_units_wait_for_their_grid_to_be_prepared():
    scheduler = Scheduler(make_plan(1, 1), set(), {})
    first = scheduler.next(0, busy=False)
    assert first is not None and first.unit is None
    assert scheduler.next(0, busy=True) is None
    assert scheduler.next(1, busy=False) is None
    scheduler.finished(first)
    assert scheduler.next(0, busy=False).unit == "t0000-0000"


def test_workers_stay_on_their_stage_and_idle_ones_steal():
    plan = make_plan(2, 1)
    scheduler = Scheduler(plan, set(plan.grid_ids), {})
    assert [scheduler.next(0, False).stage.stage_id for _ in range(2)] == ["s0.ball"] * 2
    assert [scheduler.next(1, False).stage.stage_id for _ in range(4)] == ["s1.ball"] * 4
    assert scheduler.next(1, False).stage.stage_id == "s0.ball"


def test_what_is_done_is_not_handed_out():
    plan = make_plan(1, 1)
    (grid,) = plan.grid_ids
    scheduler = Scheduler(plan, {grid}, {grid: {"t0000-0000", "t0002-0002"}})
    units = [scheduler.next(0, False).unit for _ in range(2)]
    assert units == ["t0001-0001", "t0003-0003"] and scheduler.next(0, False) is None


def test_a_dropped_grid_takes_its_units_along():
    scheduler = Scheduler(make_plan(1, 2), set(), {})
    task = scheduler.next(0, False)
    assert scheduler.drop(task) == 4
    other = scheduler.next(0, False)
    assert other.grid.grid_id != task.grid.grid_id
    scheduler.finished(other)
    assert scheduler.pending == 4
