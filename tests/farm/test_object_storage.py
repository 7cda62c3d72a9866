"""Rendering straight into a bucket: the same dataset as in a folder, resumed there, whatever the storage does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import S3Server, s3_server

import camxtime
from camxtime.doctor import check_storage
from camxtime.errors import InputError, WorkError
from camxtime.farm import lease
from camxtime.farm.driver import render
from camxtime.farm.events import read_events
from camxtime.farm.options import RenderOptions
from camxtime.farm.status import status
from camxtime.shards.remote import RemoteOptions
from camxtime.shards.store import Store, open_store
from camxtime.shards.verify import verify

from .helpers import tiny_spec

SECRET = "not-to-be-seen"
PATIENT = RemoteOptions(tries=12, first_pause_s=0.01, timeout_s=10.0)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An S3 server with a bucket, and the environment that clients find it by."""
    import s3fs

    with pytest.MonkeyPatch.context() as patch, s3_server() as running:
        for name, value in {
            "AWS_ENDPOINT_URL": running.url, "AWS_ACCESS_KEY_ID": "writer", "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("farm")
        yield running


def options(s3: S3Server, tries: int = 12, **changes: object) -> RenderOptions:
    """One worker; its Ray may have been started before the environment was set, so it is told where the server is."""
    known = {"endpoint_url": s3.url, "key": "writer", "secret": SECRET}
    remote = RemoteOptions(tries=tries, first_pause_s=0.01, timeout_s=10.0, storage_options=known)
    return RenderOptions(workers=1, threads=2, progress=False, remote=remote, **changes)


@pytest.mark.slow
def test_a_bucket_gets_the_dataset_that_a_folder_gets(s3: S3Server, tmp_path: Path) -> None:
    url, spec = "s3://farm/sets/tiny", tiny_spec()
    in_folder = render(spec, tmp_path / "folder", options(s3))
    stopped = False

    def break_off(progress: object) -> None:
        nonlocal stopped
        if progress.units_done >= 3 and not stopped:
            stopped = True
            s3.fail = lambda *_: 500  # an outage beyond all tries: the run ends, and says why

    with pytest.raises(WorkError, match="cannot be"):
        render(spec, url, options(s3, tries=2, on_progress=break_off))
    s3.fail = None
    store = open_store(url, PATIENT)
    store.remove("ledger/lock")  # the outage kept the driver from removing it; how it grows stale is tested below
    s3.fail = lambda number, _: {2: True, 5: 500, 8: "drop", 11: "late"}.get(number % 17, False)
    resumed = render(spec, url, options(s3))
    s3.fail = None
    assert resumed.ok and resumed.units_kept >= 3, resumed.lines()
    assert resumed.digest == in_folder.digest
    assert verify(url, "full").ok and camxtime.open(url).digest == in_folder.digest
    report = status(url)
    assert report.state == "complete" and report.holder is None and report.cells_done == report.cells_total
    again = render(spec, url, options(s3))
    assert again.units_rendered == 0 and again.digest == in_folder.digest
    with pytest.raises(InputError, match=r"seed: 5 -> 6"):
        render(tiny_spec(seed=6), url, options(s3))
    kinds = [event["event"] for event in read_events(store)]
    assert kinds.count("rendered") >= resumed.units_rendered and "run_ended" in kinds
    for path in store.files(""):
        assert SECRET.encode() not in store.read_bytes(path), path


@pytest.fixture
def store(s3: S3Server, tmp_path: Path) -> Store:
    """An empty place in the bucket."""
    return open_store(f"s3://farm/{tmp_path.name}", PATIENT)


def test_a_second_driver_is_refused_while_the_first_lives(store: Store) -> None:
    with (
        lease.hold(store, "ledger/lock", renew_s=0.1),
        pytest.raises(InputError, match=r"is being rendered by process \d+ on "),
        lease.hold(store, "ledger/lock", stale_s=60.0),  # longer than any pause of a busy machine
    ):
        pass
    assert not store.exists("ledger/lock")


def test_a_dead_drivers_lock_is_taken_over_and_it_would_notice(store: Store) -> None:
    heard: list[str] = []

    def sleeper() -> None:  # renews too seldom: as good as dead, and then it comes back
        try:
            with lease.hold(store, "ledger/lock", renew_s=4.0):
                time.sleep(6.0)
        except WorkError as error:
            heard.append(str(error))

    thread = threading.Thread(target=sleeper)
    thread.start()
    while not store.exists("ledger/lock"):
        time.sleep(0.05)
    with lease.hold(store, "ledger/lock", stale_s=1.0):
        thread.join()
        assert store.exists("ledger/lock")  # the sleeper left it to its new holder
    assert heard and "another driver took it over" in heard[0]
    assert not store.exists("ledger/lock")


def test_doctor_writes_to_a_bucket_and_says_when_it_cannot(s3: S3Server) -> None:
    good = check_storage("s3://farm/somewhere")
    assert good.state == "ok", good.message
    assert not open_store("s3://farm/somewhere", PATIENT).files("")
    bad = check_storage("s3://no-such-bucket/somewhere")
    assert bad.state == "fail" and "no-such-bucket" in bad.message
