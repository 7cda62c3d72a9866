"""A machine that cannot go on is not the content's fault: its worker is sent home, its tasks go to others, unblamed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from camxtime.errors import InputError, WorkError
from camxtime.farm import keeper as keeper_module
from camxtime.farm import lease
from camxtime.farm.blender_types import BlenderInfo, DeviceInfo, MachineFault
from camxtime.farm.crew import Crew, Heard, Member, Place
from camxtime.farm.events import EventLog
from camxtime.farm.gate import _configured
from camxtime.farm.jobs import Recipe, Task, plan_run
from camxtime.farm.keeper import BlenderKeeper, BlenderSettings
from camxtime.farm.ledger import Ledger
from camxtime.farm.messages import Report, WorkerSettings, failure_of
from camxtime.farm.options import RenderOptions
from camxtime.farm.pace import Pace, Reporter
from camxtime.farm.run import Run
from camxtime.farm.schedule import Scheduler
from camxtime.farm.worker import Worker
from camxtime.shards.store import open_store
from camxtime.spec import expand

from .helpers import events, tiny_spec

SETTINGS = BlenderSettings(None, "OPTIX", 1, 900.0, 500, 0.0)


class FakeBlender:
    """A Blender that starts, or does not, as `build` and `fault` of the class say."""

    build, fault = "abc", ""

    def __init__(self, *_: object) -> None:
        self.pid = 1

    def start(self) -> BlenderInfo:
        return BlenderInfo((5, 0, 1), self.build, "", "3.11", 1)

    def configure(self, engine: dict[str, object], *_: object) -> DeviceInfo:
        if self.fault:
            raise InputError(self.fault)
        return DeviceInfo(str(engine["device"]), (), "memory", Path())

    def kill(self) -> None:
        pass


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BlenderKeeper:
    monkeypatch.setattr(keeper_module, "BlenderProcess", FakeBlender)
    return BlenderKeeper(SETTINGS, Recipe.of(tiny_spec()), tmp_path)


def test_a_gpu_that_is_lost_is_the_machines_fault_once_it_has_worked(
    keeper: BlenderKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBlender, "fault", "Blender finds no OPTIX device here")
    with pytest.raises(InputError, match="finds no OPTIX"):
        keeper.start()
    monkeypatch.setattr(FakeBlender, "fault", "")
    keeper.start()
    keeper.discard()
    monkeypatch.setattr(FakeBlender, "fault", "Blender finds no OPTIX device here")
    with pytest.raises(MachineFault, match="cannot be started again as it was: Blender finds no OPTIX") as raised:
        keeper.start()
    report = failure_of(raised.value, None, None)
    assert report.unfit and not report.lasting


def test_another_blender_under_the_same_path_is_not_taken_unasked(
    keeper: BlenderKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.start()
    keeper.discard()
    keeper.start()  # the same again
    keeper.discard()
    monkeypatch.setattr(FakeBlender, "build", "def")
    with pytest.raises(MachineFault, match=r"'abc', 'OPTIX'\) and is .*'def'"):
        keeper.start()
    assert keeper.info is not None and keeper.info.build_hash == "abc"


def test_tasks_of_an_unfit_worker_go_to_others_unblamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_run(expand(tiny_spec()), Path())
    ledger, options = Ledger(tmp_path), RenderOptions(retries=0)
    scheduler = Scheduler(plan, set(plan.grid_ids), {})
    pace = Pace(plan.units_total, plan.units_total, 0, 0)
    run = Run(ledger, EventLog(ledger.store, "r"), options, scheduler, pace, Reporter(ledger, "r", options))
    crew, bereaved = Crew(), []
    member = Member(1, Place(None, None), None, None)  # type: ignore[arg-type]
    crew.members[1] = member
    tasks = [scheduler.next(1, False), scheduler.next(1, True)]
    member.hands["second"] = tasks[1]  # type: ignore[assignment]
    monkeypatch.setattr("ray.kill", lambda _: None)
    report = Report(error="node7: Blender cannot be started again", unfit=True)
    hiring = SimpleNamespace(bereaved=bereaved.append)
    run._take_in(crew, hiring, Heard(member, task=tasks[0], report=report))  # type: ignore[arg-type]
    assert crew.members == {} and bereaved == [member] and ledger.failures() == []
    assert [str(scheduler.next(2, False)), str(scheduler.next(2, True))] == [str(task) for task in tasks]
    assert events(tmp_path, "worker_lost")[0]["tasks"] == [str(task) for task in tasks]
    run._take_in(crew, hiring, Heard(member, task=tasks[1], report=report))  # type: ignore[arg-type]
    assert bereaved == [member] and str(scheduler.next(3, False)) == str(tasks[1])


def test_a_node_that_does_not_see_the_assets_is_refused_before_it_gets_work(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.write_run({"run_id": "r"})
    recipe, absent = Recipe.of(tiny_spec()), str(tmp_path / "assets" / "hall.glb")
    report = Worker(WorkerSettings(str(tmp_path), None, "r", recipe, SETTINGS, None, absent)).start()
    assert report.lasting and report.error is not None and f"does not see the spec's file {absent}" in report.error


def test_a_nodes_own_full_disk_does_not_end_a_run_into_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise WorkError("Cannot write /tmp/x: the disk is full.") from OSError(28, "No space left on device")

    monkeypatch.setattr(Worker, "_render", full)
    stage = plan_run(expand(tiny_spec()), Path()).stages[0]
    for root, ends_the_run in ((str(tmp_path), True), ("memory://staged", False)):
        worker = Worker(WorkerSettings(root, None, "r", Recipe.of(tiny_spec()), SETTINGS, None))
        report = worker.run(Task(stage.stage, stage.grids[0], 0, 0))
        assert (report.disk_full, report.unfit) == (ends_the_run, not ends_the_run)


def test_a_blender_left_configured_for_probe_cells_is_replaced() -> None:
    class Process:
        setup = ({}, (640, 480), ["rgb"])
        calls = 0

        def configure(self, *_: object) -> SimpleNamespace:
            self.calls += 1
            if self.calls > 1:
                raise InputError("engine.device: Blender finds no OPTIX device here")
            return SimpleNamespace(ocio_config=None)

    with pytest.raises(WorkError, match="finds no OPTIX"), _configured(Process(), {}, (48, 36)):  # type: ignore[arg-type]
        pass


def test_a_lock_object_with_anything_in_it_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LOOK_S", 0.02)
    store = open_store(f"memory://{tmp_path.name}")
    for left in (b"", b"{}", b"half a line"):
        store.write("ledger/lock", left)
        with lease.hold(store, "ledger/lock", stale_s=0.05):
            assert lease.holder(store, "ledger/lock") is not None
