"""Rendering on a real local Ray with a real Blender: the same dataset whatever happens on the way."""

from __future__ import annotations

import dataclasses
import signal
import socket
import time

import pytest

import camxtime
from camxtime.errors import InputError
from camxtime.farm.driver import render
from camxtime.farm.options import RenderOptions
from camxtime.farm.status import status
from camxtime.shards.verify import verify

from .helpers import FAST, Saboteur, events, shard_marks, slow_spec, start_driver, tiny_spec, wait_for

pytestmark = pytest.mark.slow


def options(**changes) -> RenderOptions:
    return dataclasses.replace(FAST, **changes)


def test_any_number_of_workers_gives_the_same_dataset(local_ray, tmp_path):
    one = render(tiny_spec(), tmp_path / "one", FAST)
    two = render(tiny_spec(), tmp_path / "two", options(workers=2, threads=1))
    assert one.ok and two.ok and one.digest == two.digest
    assert one.units_rendered == 8 and one.cells_rendered == 32
    assert len({event["worker"] for event in events(tmp_path / "two", "rendered")}) == 2
    report = verify(tmp_path / "two")
    assert report.ok, report
    cell = camxtime.open(tmp_path / "one").grid("room.ball.arc").cell(1, 2)
    assert cell.rgb.shape == (32, 32, 3)


def test_rendering_again_renders_nothing_and_a_deleted_shard_only(local_ray, tmp_path):
    root = tmp_path / "dataset"
    first = render(tiny_spec(), root, FAST)
    before = shard_marks(root)
    again = render(tiny_spec(), root, FAST)
    assert (again.units_rendered, again.units_kept, again.digest) == (0, 8, first.digest)
    (root / "shards" / "room.ball.arc" / "t0002-0002.parquet").unlink()
    mended = render(tiny_spec(), root, FAST)
    assert (mended.units_rendered, mended.digest) == (1, first.digest)
    after = shard_marks(root)
    assert [name for name in before if before[name] != after[name]] == ["room.ball.arc/t0002-0002"]


@pytest.mark.parametrize("whom", ["blender_pid", "pid"])
def test_a_killed_blender_or_worker_costs_a_retry_only(reference, tmp_path, whom):
    saboteur = Saboteur(whom, signal.SIGKILL)
    summary = render(slow_spec(), tmp_path / "dataset", options(on_progress=saboteur))
    assert saboteur.hit and summary.ok and summary.digest == reference.digest
    assert events(tmp_path / "dataset", "failed")
    assert bool(events(tmp_path / "dataset", "worker_lost")) == (whom == "pid")


def test_a_hung_blender_is_killed_and_the_unit_retried(reference, tmp_path):
    saboteur = Saboteur("blender_pid", signal.SIGSTOP)
    summary = render(slow_spec(), tmp_path / "dataset", options(on_progress=saboteur, hang_timeout_s=4))
    assert saboteur.hit and summary.ok and summary.digest == reference.digest
    assert "no sign of life" in events(tmp_path / "dataset", "failed")[0]["error"]


def test_a_unit_that_always_fails_is_set_aside_with_its_log_and_tried_again_next_time(reference, tmp_path):
    root = tmp_path / "dataset"
    in_the_way = root / "shards" / "room.ball.arc" / "t0003-0003.parquet"
    (root / "ledger").mkdir(parents=True)
    in_the_way.mkdir(parents=True)
    summary = render(slow_spec(), root, options(retries=1, recycle_units=3))  # recycling changes nothing either
    assert (summary.state, summary.exit_code, summary.units_rendered) == ("incomplete", 1, 9)
    (failure,) = summary.failures
    assert (failure.unit, failure.attempts) == ("t0003-0003", 2) and "t0003-0003.parquet" in failure.error
    assert (root / failure.log).is_file()
    assert str(failure) in "\n".join(summary.lines())
    report = status(root)
    assert report.state == "incomplete" and report.failures == summary.failures
    in_the_way.rmdir()
    mended = render(slow_spec(), root, FAST)
    assert mended.ok and mended.units_rendered == 1 and mended.digest == reference.digest
    assert status(root).failures == ()


def test_driver_killed_then_resumed(reference, tmp_path):
    root = tmp_path / "dataset"
    driver = start_driver(slow_spec(), root)
    try:
        wait_for(lambda: len(events(root, "rendered")) >= 2)
        seen = status(root)
        assert seen.state == "running" and seen.holder["pid"] == driver.pid and seen.units_done >= 2
        assert any(worker["pid"] for worker in seen.workers)
        with pytest.raises(InputError, match=f"process {driver.pid} on {socket.gethostname()}"):
            render(slow_spec(), root, FAST)
    finally:
        driver.kill()
        driver.communicate()
    assert status(root).state == "killed"
    time.sleep(2)  # the workers of the dead driver end with its Ray
    before = shard_marks(root)
    summary = render(slow_spec(), root, FAST)
    assert summary.ok and summary.units_kept >= 2 and summary.digest == reference.digest
    after = shard_marks(root)
    assert all(after[name] == mark for name, mark in before.items())
    assert verify(root).ok


def test_interrupted_run_says_so_leaves_an_index_and_resumes(reference, tmp_path):
    root = tmp_path / "dataset"
    driver = start_driver(slow_spec(), root)
    wait_for(lambda: len(events(root, "rendered")) >= 1)
    driver.send_signal(signal.SIGINT)
    output, _ = driver.communicate(timeout=60)
    assert driver.returncode == 1 and "interrupted" in output
    assert (root / "dataset.json").is_file() and status(root).state == "incomplete"
    summary = render(slow_spec(), root, FAST)
    assert summary.ok and summary.units_kept >= 1 and summary.digest == reference.digest
