"""Writing a dataset's files, in a folder and in a bucket: whole or not at all, whatever the storage does."""

from __future__ import annotations

import os
import pickle
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import S3Server, s3_server
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import DataError, InputError, WorkError
from camxtime.shards.remote import RemoteOptions
from camxtime.shards.store import Store, open_store, read_if_there
from camxtime.shards.verify import verify

PATIENT = RemoteOptions(tries=12, first_pause_s=0.002, timeout_s=5.0)
HASTY = RemoteOptions(tries=3, first_pause_s=0.002, timeout_s=5.0)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An S3 server with a bucket, and the environment that clients find it by."""
    import s3fs

    with pytest.MonkeyPatch.context() as patch, s3_server() as running:
        for name, value in {
            "AWS_ENDPOINT_URL": running.url, "AWS_ACCESS_KEY_ID": "writer", "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("made")
        yield running


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each kind of store, empty."""
    if request.param == "folder":
        return open_store(tmp_path)
    request.getfixturevalue("s3")
    return open_store(f"s3://made/{tmp_path.name}", PATIENT)


def test_files_come_and_go(store: Store) -> None:
    assert store.files("ledger") == {} and store.names("ledger") == [] and read_if_there(store, "ledger/a.json") is None
    store.write("ledger/a.json", b"one")
    store.write("ledger/a.json", b"two", durable=False)
    store.write("ledger/deep/b.json", b"three")
    assert store.files("ledger") == {"ledger/a.json": 3, "ledger/deep/b.json": 5}
    assert store.read_bytes("ledger/a.json") == b"two" and store.size("ledger/deep/b.json") == 5
    store.remove("ledger/a.json")
    store.remove("ledger/a.json")
    assert not store.exists("ledger/a.json")
    again: Store = pickle.loads(pickle.dumps(store))
    assert again.read_bytes("ledger/deep/b.json") == b"three"


def test_of_two_who_create_one_wins(store: Store) -> None:
    assert store.create("ledger/lock", b"mine")
    assert not store.create("ledger/lock", b"yours")
    assert store.read_bytes("ledger/lock") == b"mine"


def test_a_staged_file_is_there_when_published_and_never_before(store: Store) -> None:
    with store.stage("shards/x.parquet") as file:
        file.file.write(b"half")
    assert store.files("shards") == {}
    with store.stage("shards/x.parquet") as file:
        file.file.write(b"whole")
        file.sync()
        assert file.temporary.read_bytes() == b"whole" and store.files("shards") == {}
        file.publish()
    assert store.read_bytes("shards/x.parquet") == b"whole" and not file.temporary.exists()


def test_paths_cannot_leave(store: Store) -> None:
    for path in ("../x", "/etc/x", "a/../../x"):
        with pytest.raises(DataError, match="leads out"):
            store.write(path, b"x")


def test_a_dataset_in_a_bucket_is_the_one_in_a_folder(s3: S3Server, tmp_path: Path) -> None:
    spec = SyntheticSpec()
    folder = make_dataset(tmp_path / "here", spec)
    url = "s3://made/set"
    store = open_store(url, PATIENT)
    s3.fail = lambda number, _: {1: True, 4: 500, 6: "drop", 9: "late"}.get(number % 13, False)
    try:
        make_dataset(store, spec)
    finally:
        s3.fail = None
    assert camxtime.open(url).digest == camxtime.open(folder).digest
    assert verify(url, "full").ok


def test_storage_that_never_recovers_is_an_error_with_file_and_tries(s3: S3Server, tmp_path: Path) -> None:
    store = open_store("s3://made/never", HASTY, tmp_path)
    s3.fail = lambda *_: True
    try:
        with pytest.raises(WorkError, match=r"s3://made/never/ledger/a.json cannot be written after 3 tries"):
            store.write("ledger/a.json", b"x")
        with store.stage("shards/x.parquet") as file:
            file.file.write(b"whole")
            with pytest.raises(WorkError, match=r"shards/x.parquet cannot be written after 3 tries"):
                file.publish()
    finally:
        s3.fail = None
    assert store.files("shards") == {} and list(tmp_path.iterdir()) == []


def test_a_large_file_goes_up_in_parts(s3: S3Server, tmp_path: Path) -> None:
    store = open_store("s3://made/large", PATIENT, tmp_path)
    data = bytes(range(256)) * (450 * 1024)  # 115 MB: more than one part
    s3.requests.clear()
    s3.fail = lambda number, path: number == 3
    try:
        with store.stage("shards/large.parquet") as file:
            file.file.write(data)
            file.publish()
    finally:
        s3.fail = None
    assert len([method for method, _, _ in s3.requests if method == "PUT"]) > 2
    assert store.size("shards/large.parquet") == len(data)
    assert store.read_range("shards/large.parquet", 60_000_000, 512) == (data[:512] * 2)[60_000_000 % 256 :][:512]


def test_what_cannot_be_written_to_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="web server"):
        open_store("https://127.0.0.1/data")
    with pytest.raises(InputError, match="carries credentials") as refused:
        open_store("s3://name:hush@bucket/data")
    assert "hush" not in str(refused.value)
    with pytest.raises(InputError, match="carries credentials"):
        open_store("https://name:hush@127.0.0.1/data")


@pytest.fixture
def memory(tmp_path: Path) -> Store:
    """A store at a URL without a server; one short try for each request."""
    return open_store(f"memory://{tmp_path.name}", RemoteOptions(tries=1, timeout_s=0.1), tmp_path / "staging")


def test_what_is_there_is_not_created_where_servers_do_not_name_the_condition(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    exceptions = pytest.importorskip("botocore.exceptions")

    def refuse(*_: object, **__: object) -> None:
        answer = {"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": {"HTTPStatusCode": 412}}
        raise OSError(22, "a pre-condition did not hold") from exceptions.ClientError(answer, "PutObject")

    memory.write("lock", b"mine")
    monkeypatch.setattr(memory._client_here().fs, "pipe_file", refuse)
    assert not memory.create("lock", b"yours") and memory.create("lock", b"mine")
    assert not memory.create("released in between", b"yours")


def test_a_file_that_is_replaced_meanwhile_is_never_half_old_half_new(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.write("run.json", b"[1]")
    measure = memory.size

    def size(path: str) -> int:
        found = measure(path)
        memory.write("run.json", b"[1, 2, 3]")
        return found

    monkeypatch.setattr(memory, "size", size)
    assert memory.read_bytes("run.json") == b"[1, 2, 3]"
    with pytest.raises(DataError, match="at most 4"):
        memory.read_bytes("run.json", 4)


def test_a_long_listing_may_take_longer_than_a_try(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.write("shards/a/x.parquet", b"x")
    fs = memory._client_here().fs
    find = fs.find

    def slowly(*args: object, **kwargs: object) -> object:
        time.sleep(0.3)
        return find(*args, **kwargs)

    monkeypatch.setattr(fs, "find", slowly)
    assert memory.files("shards") == {"shards/a/x.parquet": 1}


def test_staging_that_somebody_cleaned_up_is_made_again(memory: Store, tmp_path: Path) -> None:
    for data in (b"one", b"two"):
        with memory.stage("x.parquet") as file:
            file.file.write(data)
            file.publish()
        shutil.rmtree(tmp_path / "staging")
    assert memory.read_bytes("x.parquet") == b"two"


def test_a_folder_that_refuses_is_an_error_in_words_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(WorkError, match="is a file"):
        store.remove("file/below")
    for look in (store.exists, store.names, store.files, store.read_bytes):
        with pytest.raises(DataError, match="File name too long"):
            look("x" * 300)
    with pytest.raises(InputError, match="File name too long"):
        camxtime.open(tmp_path / ("x" * 300))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WorkError, match="the disk is full"):
        store.write("ledger/run.json", b"{}", durable=False)
    assert os.listdir(tmp_path / "ledger") == []


def test_the_folder_that_was_given_stays_though_it_is_empty(tmp_path: Path) -> None:
    store = open_store(tmp_path / "given")
    store.write("probe", b"x")
    store.remove("probe")
    assert (tmp_path / "given").is_dir()  # with the owner and rights that somebody gave it
