"""The dataset's folder: one driver, one spec, no foreign files, and clear words for what the disk refuses."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from camxtime.errors import InputError, WorkError
from camxtime.farm import events, folder
from camxtime.farm import worker as worker_module
from camxtime.farm.jobs import Recipe
from camxtime.farm.ledger import Ledger
from camxtime.farm.lock import folder_lock, is_held
from camxtime.farm.messages import WorkerSettings
from camxtime.farm.options import Failure
from camxtime.farm.relay import AbandonedError, Relay
from camxtime.farm.scratch import PREFIX, Scratch, purge
from camxtime.shards.store import open_store

from .helpers import tiny_spec


def test_second_driver_is_refused_and_told_who_holds_it(tmp_path):
    lock = tmp_path / "ledger" / "lock"
    with folder_lock(lock):
        assert is_held(lock)
        with pytest.raises(InputError, match=f"process {os.getpid()} on "), folder_lock(lock):
            pass
    assert not is_held(lock)


def test_lock_dies_with_its_holder(tmp_path):
    lock = tmp_path / "ledger" / "lock"
    code = (
        "import os, sys; from pathlib import Path; from camxtime.farm.lock import folder_lock\n"
        "with folder_lock(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(lock)], check=False).returncode == -9
    with folder_lock(lock):
        pass


def test_a_lock_on_a_file_system_without_locks_or_room(tmp_path, monkeypatch):
    lock = tmp_path / "ledger" / "lock"

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(WorkError, match="the disk is full"), folder_lock(lock):
            pass

    def none(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none)
    assert not is_held(lock)  # `status` of a copy


def test_changed_spec_is_refused_with_the_difference(tmp_path):
    ledger = Ledger(tmp_path)
    folder.claim(ledger, tiny_spec())
    folder.claim(ledger, tiny_spec())
    changed = tiny_spec(seed=6, image={"width": 48, "height": 32})
    with pytest.raises(InputError, match=r"seed: 5 -> 6; image.width: 32 -> 48"):
        folder.claim(ledger, changed)
    with pytest.raises(InputError, match="holds the dataset 'tiny'"):
        folder.claim(ledger, tiny_spec(name="other"))


def test_foreign_files_and_a_file_as_target_are_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match=r"other files \(holiday.jpg\)"):
        folder.check_target(open_store(tmp_path))
    with pytest.raises(InputError, match="is not a folder"):
        folder.check_target(open_store(tmp_path / "holiday.jpg"))
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(InputError, match="without its ledger"):
        folder.check_target(open_store(tmp_path))


def test_too_little_space_is_refused_unless_told_otherwise(tmp_path):
    with pytest.raises(InputError, match="are needed"):
        folder.check_space(open_store(tmp_path), 1e18, ignore=False)
    folder.check_space(open_store(tmp_path), 1e18, ignore=True)


def test_half_written_files_of_the_root_are_swept_and_nobody_elses(tmp_path):
    store = open_store(tmp_path)
    left = [
        ".cells.parquet.0123456789abcdef.part",
        "ledger/.run.json.0123456789abcdef.part",
        "shards/a/.x.parquet.01.part",
    ]
    kept = ["exports/.video.mp4.part", "cells.parquet"]
    for name in (*left, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"half")
    assert folder.sweep(store) == len(left)
    assert [name for name in (*left, *kept) if (tmp_path / name).exists()] == kept


def test_failures_are_kept_with_their_log_and_forgiven(tmp_path):
    ledger = Ledger(tmp_path)
    kept = ledger.set_aside(Failure("a.b.c", "t0000-0003", 3, "Blender died"), "the log")
    assert (tmp_path / kept.log).read_text() == "the log"
    assert ledger.failures() == [kept]
    ledger.forgive("a.b.c", "t0000-0003")
    assert ledger.failures() == [] and not (tmp_path / "ledger" / "failures" / "a.b.c").exists()


def test_scratch_of_the_dead_is_purged_and_of_the_living_kept(tmp_path):
    mine = Scratch(tmp_path, needed=1)
    dead = tmp_path / f"{PREFIX}dead"
    dead.mkdir()
    (dead / "owner.lock").touch()
    (dead / "batch.raw").write_bytes(b"pixels")
    assert purge(tmp_path) == 1
    assert mine.path.is_dir() and not dead.exists()
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_scratch_that_is_just_being_made_is_not_purged(tmp_path, monkeypatch):
    lock = fcntl.flock

    def interrupted(handle, how):
        monkeypatch.setattr(fcntl, "flock", lock)
        assert purge(tmp_path) == 0  # another worker starts at this very moment
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", interrupted)
    mine = Scratch(tmp_path, needed=1)
    assert mine.path.is_dir() and purge(tmp_path) == 0
    mine.close()


def test_events_in_a_bucket_do_not_wait_for_the_next_one(tmp_path, monkeypatch):
    store = open_store(f"memory://{tmp_path.name}")
    log = events.EventLog(store, "run")
    log.add("run_started")
    log.add("worker_lost")
    log.tick()
    assert [event["event"] for event in events.read_events(store)] == ["run_started"]
    log._flushed -= 60.0
    log.tick()
    assert [event["event"] for event in events.read_events(store)] == ["run_started", "worker_lost"]
    monkeypatch.setattr(store, "write", None)
    log._flushed -= 60.0
    log.tick()  # nothing has come since


def test_a_grid_is_prepared_once_though_an_attempt_that_was_lost_comes_back(tmp_path, monkeypatch):
    class Record:
        def write(self, store):
            store.write("ledger/grids/a.b.c.json", b"new")

    recipe = Recipe.of(tiny_spec())
    worker = worker_module.Worker(WorkerSettings(str(tmp_path), None, "r", recipe, None, None))
    monkeypatch.setattr(worker_module, "prepare", lambda *_: Record())
    job = SimpleNamespace(task=SimpleNamespace(grid=SimpleNamespace(grid_id="a.b.c")), timing=SimpleNamespace())
    record = tmp_path / "ledger" / "grids" / "a.b.c.json"
    worker._prepare(job, None, None)
    assert record.read_bytes() == b"new"
    record.write_bytes(b"of another attempt")
    worker._prepare(job, None, None)
    assert record.read_bytes() == b"of another attempt"


def test_relay_bounds_what_waits_and_passes_errors_both_ways():
    relay: Relay[int] = Relay(2)
    most = []

    def produce() -> None:
        for i in range(20):
            relay.put(i)
            most.append(len(relay._items))
        relay.fail(ValueError("Blender's end"))

    thread = threading.Thread(target=produce)
    thread.start()
    got = []
    with pytest.raises(ValueError, match="Blender's end"):
        for item in relay:
            got.append(item)
    thread.join()
    assert got == list(range(20)) and max(most) <= 2
    relay = Relay(1)
    relay.abandon()
    with pytest.raises(AbandonedError):
        relay.put(1)
