"""Datasets on a web server on loopback: what is asked for, what fails, what is kept."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from http_server import RangeServer, range_server
from remote_reads import GRID, QUICK, diagonal, one_pair, sum_of
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.shards.layout import CellError
from camxtime.shards.remote import RemoteOptions
from camxtime.shards.verify import verify


@pytest.fixture
def server(dataset_dir: Path) -> Iterator[RangeServer]:
    """The dataset on a web server."""
    with range_server(dataset_dir) as running:
        yield running


def first_of_each(fault: int | str | None):
    """Fails the first request for every file."""
    seen: set[str] = set()

    def fail(_: int, path: str) -> int | str | None:
        new = path not in seen
        seen.add(path)
        return fault if new else None

    return fail


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, "drop"])
def test_failures_that_pass_are_tried_again(server: RangeServer, expected: np.ndarray, fault: int | str) -> None:
    server.fail = first_of_each(fault)
    assert np.array_equal(diagonal(camxtime.open(server.url, remote=QUICK)), expected)


def test_dropped_connections_all_the_time(server: RangeServer, expected: np.ndarray) -> None:
    server.fail = lambda number, _: "drop" if number % 3 else None
    patient = RemoteOptions(tries=20, first_pause_s=0.001)
    assert np.array_equal(diagonal(camxtime.open(server.url, remote=patient)), expected)


def test_a_server_that_never_recovers_is_an_error_with_file_and_tries(server: RangeServer) -> None:
    dataset = camxtime.open(server.url, remote=QUICK)
    dataset.grid(GRID).index  # noqa: B018 (read before it fails)
    server.status = 503
    server.requests.clear()
    with pytest.raises(DataError, match=r"shards/room.ball.arc/t0000-0001.parquet cannot be read after 4 tries.*503"):
        dataset.grid(GRID).cell(0, 0).image("rgb")
    assert len(server.requests) == 4


def test_a_server_that_hangs(server: RangeServer) -> None:
    dataset = camxtime.open(server.url, remote=RemoteOptions(tries=2, first_pause_s=0.01, timeout_s=0.2))
    dataset.grid(GRID).index  # noqa: B018
    server.delay_s = 1.0
    with pytest.raises(
        DataError, match=r"t0000-0001.parquet cannot be read after 2 tries: TimeoutError: no answer in 0.2"
    ):
        dataset.grid(GRID).cell(0, 0).image("rgb")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final(server: RangeServer, status: int) -> None:
    dataset = camxtime.open(server.url, remote=QUICK)
    dataset.grid(GRID).index  # noqa: B018
    server.status = status
    server.requests.clear()
    with pytest.raises(DataError, match=rf"t0000-0001.parquet cannot be read: .*{status}"):
        dataset.grid(GRID).cell(0, 0).image("rgb")
    assert len(server.requests) == 1
    server.fail, server.status = (lambda _, path: status if "dataset.json" in path else None), 0
    with pytest.raises(DataError, match=r"dataset.json is missing" if status in (404, 410) else str(status)):
        camxtime.open(server.url, remote=QUICK)


def test_a_whole_file_for_a_range_is_refused(server: RangeServer) -> None:
    dataset = camxtime.open(server.url, remote=QUICK)
    dataset.grid(GRID).index  # noqa: B018
    server.fail = lambda _, path: "whole" if "shards/" in path else None
    server.requests.clear()
    with pytest.raises(DataError, match=r"t0000-0001.parquet: the server answers 200 with the whole file .*206"):
        dataset.grid(GRID).cell(0, 0).image("rgb")
    assert len(server.requests) == 1
    server.fail = lambda *_: "whole"  # a server that knows no ranges at all
    with pytest.raises(DataError, match=r"dataset.json: the server answers 200 with the whole file"):
        camxtime.open(server.url, remote=QUICK)


def test_files_cut_short_and_empty(dataset_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy"))
    (copy / "empty").touch()
    with range_server(copy) as server:
        dataset = camxtime.open(server.url, remote=QUICK)
        assert dataset.storage.read_bytes("empty") == b"" and dataset.storage.exists("empty")
        shard = copy / "shards" / GRID / "t0000-0001.parquet"
        for size in (10_000, 100):  # within the range that is asked for, and before it
            shard.write_bytes(shard.read_bytes()[:size])
            with pytest.raises(DataError, match=r"t0000-0001.parquet ends before byte .* cut short"):
                dataset.grid(GRID).clip(np.arange(6), 0)


def test_requests_run_at_once_within_their_bound(server: RangeServer, expected: np.ndarray) -> None:
    dataset = camxtime.open(server.url, remote=RemoteOptions(in_flight=4))
    grid = dataset.grid(GRID)
    cameras, times = (axis.ravel() for axis in np.meshgrid(np.arange(grid.C), np.arange(grid.T)))
    whole = grid.clip(cameras, times).rgb
    dataset.storage.gap = -1  # every cell by itself
    server.requests.clear()
    server.delay_s, server.most = 0.03, 0
    assert np.array_equal(grid.clip(cameras, times).rgb, whole)
    assert len(server.requests) == 30 and 2 <= server.most <= 4
    server.requests.clear()
    server.delay_s = 0.3  # longer than calling off takes
    server.fail = lambda number, _: 403 if number == 3 else None
    with pytest.raises(DataError, match="403"):
        grid.clip(cameras, times)
    assert len(server.requests) < 30  # the others were called off


def test_neighbours_are_one_request(server: RangeServer) -> None:
    grid = camxtime.open(server.url).grid(GRID)
    grid.index  # noqa: B018
    server.requests.clear()
    grid.bullet_time(2)
    assert len(server.of("shards/")) == 1 and len(server.of("cameras")) == 2  # its size, and all of it
    grid.fixed_camera(1)
    assert len(server.of("shards/")) == 1 + 3  # one a shard
    assert len(server.requests) == 6


def test_impossible_options() -> None:
    for bad in ({"tries": 0}, {"in_flight": 0}, {"timeout_s": 0.0}, {"first_pause_s": -1.0}):
        with pytest.raises(InputError):
            RemoteOptions(**bad)
    assert "secret" not in repr(RemoteOptions(storage_options={"key": "secret"}))


def test_a_second_read_asks_for_nothing(server: RangeServer, expected: np.ndarray, tmp_path: Path) -> None:
    dataset = camxtime.open(server.url, cache=tmp_path)
    assert np.array_equal(diagonal(dataset), expected)
    server.requests.clear()
    assert np.array_equal(diagonal(dataset), expected) and not server.requests
    again = camxtime.open(server.url, cache=tmp_path)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(sum_of, (again,)) == expected.astype(np.int64).sum()
    assert server.requests and not server.of("shards/")
    grid = again.grid(GRID)
    grid.bullet_time(0)  # one of its cells is kept: only the others are asked for
    assert len(server.of("shards/")) == 1


def test_a_flipped_byte_is_fetched_anew(server: RangeServer, expected: np.ndarray, tmp_path: Path) -> None:
    dataset = camxtime.open(server.url, cache=tmp_path)
    diagonal(dataset)
    files = sorted(tmp_path.rglob("*.image"))
    assert len(files) == 6
    good = files[2].read_bytes()
    files[2].write_bytes(good[:50] + bytes([good[50] ^ 1]) + good[51:])
    server.requests.clear()
    assert np.array_equal(diagonal(dataset), expected) and len(server.requests) == 1
    assert files[2].read_bytes() == good
    assert np.array_equal(diagonal(dataset), expected) and len(server.requests) == 1


def test_damage_at_the_source_is_not_kept(dataset_dir: Path, expected: np.ndarray, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy"))
    with range_server(copy) as server:
        dataset = camxtime.open(server.url, cache=tmp_path / "cache")
        index = dataset.grid(GRID).index
        shard, offset = copy / index.shards[index.shard[0, 0, 2]], int(index.offset[0, 0, 2])
        good = shard.read_bytes()
        shard.write_bytes(good[: offset + 90] + bytes([good[offset + 90] ^ 1]) + good[offset + 91 :])
        with pytest.raises(CellError, match="checksum"):
            diagonal(dataset)
        shard.write_bytes(good)
        assert np.array_equal(diagonal(dataset), expected)


def test_two_versions_share_a_cache(dataset_dir: Path, expected: np.ndarray, tmp_path: Path) -> None:
    passes = {"rgb": "jpeg:60"}
    other = make_dataset(tmp_path / "other", SyntheticSpec(passes=passes))
    for _ in range(2):  # a folder may have a cache too: it may be a slow one
        assert np.array_equal(diagonal(camxtime.open(dataset_dir, cache=tmp_path / "cache")), expected)
        pixels = diagonal(camxtime.open(other, cache=tmp_path / "cache"))
        assert np.array_equal(pixels, diagonal(camxtime.open(other))) and not np.array_equal(pixels, expected)


def test_two_readers_at_once_in_a_small_cache(server: RangeServer, expected: np.ndarray, tmp_path: Path) -> None:
    limit = 64 * 3000  # holds all images of this size, so the smallest share is one image
    dataset = camxtime.open(server.url, cache=tmp_path, cache_bytes=limit, remote=QUICK)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(sum_of, [dataset] * 8, chunksize=1) == [expected.astype(np.int64).sum()] * 8
    held = sum(file.stat().st_size for file in tmp_path.rglob("*.*"))
    assert 0 < held <= limit


def test_pairs_and_verification_over_http(server: RangeServer, dataset_dir: Path, tmp_path: Path) -> None:
    expected = one_pair(camxtime.open(dataset_dir))
    server.fail = lambda number, _: 503 if number % 5 == 0 else None
    for _ in range(2):
        assert np.array_equal(one_pair(camxtime.open(server.url, cache=tmp_path, remote=QUICK)), expected)
    assert verify(server.url, "sample", sample=4).ok
