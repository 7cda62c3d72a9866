"""Writing a dataset's files, in a folder and in a bucket: whole or not at all, whatever the storage does."""

from __future__ import annotations

import pickle
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
