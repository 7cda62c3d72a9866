"""Datasets in a bucket, over the S3 protocol on loopback."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from remote_reads import GRID, QUICK, diagonal, one_pair, sum_of
from s3_server import S3Server, s3_server, upload

import camxtime
from camxtime.errors import DataError
from camxtime.shards.remote import RemoteOptions
from camxtime.shards.verify import verify


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An S3 server, with the environment that clients find it by."""
    with pytest.MonkeyPatch.context() as patch, s3_server() as running:
        for name, value in {
            "AWS_ENDPOINT_URL": running.url, "AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def bucket(s3: S3Server, dataset_dir: Path) -> str:
    """The dataset in a bucket."""
    return upload(s3, dataset_dir, "data", "sets/demo")


@pytest.fixture
def calm(s3: S3Server) -> Iterator[S3Server]:
    """The server, not failing before or after."""
    s3.requests.clear()
    yield s3
    s3.fail = None


def test_s3_reads_like_a_folder(bucket: str, calm: S3Server, dataset_dir: Path, expected: np.ndarray) -> None:
    dataset = camxtime.open(bucket)
    assert dataset.digest == camxtime.open(dataset_dir).digest
    assert np.array_equal(diagonal(dataset), expected)
    assert np.array_equal(one_pair(dataset), one_pair(camxtime.open(dataset_dir)))
    assert all(span for _, _, span in calm.of("shards/"))  # ranges only
    assert verify(bucket, "sample", sample=4).ok
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.apply(sum_of, (dataset,)) == expected.astype(np.int64).sum()


def test_s3_by_options_and_through_the_cache(
    bucket: str, calm: S3Server, expected: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    options = RemoteOptions(storage_options={"key": "reader", "secret": "none", "endpoint_url": calm.url})
    dataset = camxtime.open(bucket, cache=tmp_path, remote=options)
    assert np.array_equal(diagonal(dataset), expected)
    calm.requests.clear()
    assert np.array_equal(diagonal(dataset), expected) and not calm.requests


def test_s3_slow_down(bucket: str, calm: S3Server, expected: np.ndarray) -> None:
    calm.fail = lambda number, _: number % 3 == 1
    assert np.array_equal(diagonal(camxtime.open(bucket, remote=QUICK)), expected)
    dataset = camxtime.open(bucket, remote=QUICK)
    calm.fail = None
    dataset.grid(GRID).index  # noqa: B018
    calm.fail = lambda *_: True
    calm.requests.clear()
    with pytest.raises(
        DataError, match=r"s3://data/sets/demo/shards/.*t0000-0001.parquet cannot be read after 4 tries"
    ):
        dataset.grid(GRID).cell(0, 0).image("rgb")
    assert len(calm.requests) == 4  # s3fs and botocore do not multiply the tries


def test_s3_what_is_not_there(bucket: str, calm: S3Server) -> None:
    with pytest.raises(DataError, match=r"dataset.json is missing: s3://data/sets/none is not a camxtime dataset"):
        camxtime.open("s3://data/sets/none")
    with pytest.raises(DataError, match=r"dataset.json"):
        camxtime.open("s3://nowhere/sets/none")
