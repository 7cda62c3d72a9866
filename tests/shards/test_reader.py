"""Reading: the right pixels for any track, from any process, folder or URL; damaged bytes are an error with a place."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from http_server import RangeServer, range_server
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import SyntheticScene, SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.shards import fetch as fetch_module
from camxtime.shards.bounds import VettedFile
from camxtime.shards.dataset import Dataset, read_header
from camxtime.shards.layout import CellError
from camxtime.shards.remote import RemoteOptions, RemoteStorage
from camxtime.shards.storage import open_storage
from camxtime.shards.verify import verify

GRID = "room.ball.arc"


def truth(spec: SyntheticSpec, grid: str, camera: int, time: int) -> dict[str, np.ndarray]:
    """The images that were put in."""
    number = spec.grids.index(grid)
    return SyntheticScene(spec.times, tint=number % 2).render(spec.record(grid).cameras, camera, time)


@settings(max_examples=30, deadline=None)
@given(track=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=40), grid=st.integers(0, 1))
def test_any_track_gives_its_cells(dataset_dir: Path, spec: SyntheticSpec, track: list, grid: int) -> None:
    name = spec.grids[grid]
    cameras, times = (np.array(side) for side in zip(*track, strict=True))
    clip = camxtime.open(dataset_dir).grid(name).clip(cameras, times, ("rgb", "depth", "instance"))
    assert len(clip) == len(track) and clip.rgb.dtype == np.uint8 and clip.depth.dtype == np.float32
    poses = spec.record(name).cameras
    for f, (camera, time) in enumerate(track):
        expected = truth(spec, name, camera, time)
        assert np.array_equal(clip.instance[f], expected["instance"])
        assert np.array_equal(np.isinf(clip.depth[f]), np.isinf(expected["depth"]))
        np.testing.assert_allclose(clip.depth[f], expected["depth"], rtol=1.6e-4)
        assert np.abs(clip.rgb[f].astype(int) - expected["rgb"]).mean() < 6
        assert np.array_equal(clip.c2w[f], poses.c2w[camera]) and np.array_equal(clip.K[f], poses.K[camera])


def test_lossless_passes_are_exact(tmp_path: Path) -> None:
    spec = SyntheticSpec(grids=(GRID,), passes={"rgb": "webp", "depth": "zstd32", "instance": "png16"}, times=2)
    grid = camxtime.open(make_dataset(tmp_path, spec)).grid(GRID)
    for camera, time in ((0, 0), (3, 1), (5, 1)):
        cell, expected = grid.cell(camera, time), truth(spec, GRID, camera, time)
        for name in spec.passes:
            assert np.array_equal(cell.image(name), expected[name])
        assert np.array_equal(cell.rgb, expected["rgb"]) and np.array_equal(cell.depth, expected["depth"])
        assert np.array_equal(cell.c2w, grid.cameras.c2w[camera]) and np.array_equal(cell.K, grid.cameras.K[camera])


def test_named_tracks(dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    diagonal = grid.diagonal()
    assert diagonal.cameras.tolist() == [0, 1, 2, 3, 4, 5] and diagonal.times.tolist() == [0, 1, 2, 2, 3, 4]
    assert grid.diagonal(1).cameras.tolist() == [0]
    assert grid.diagonal(3).times.tolist() == [0, 2, 4]
    assert grid.fixed_camera(2).times.tolist() == [0, 1, 2, 3, 4] and set(grid.fixed_camera(2).cameras) == {2}
    assert grid.bullet_time(4).cameras.tolist() == [0, 1, 2, 3, 4, 5] and set(grid.bullet_time(4).times) == {4}


def test_what_the_dataset_says_of_itself(dataset_dir: Path, spec: SyntheticSpec) -> None:
    dataset = camxtime.open(str(dataset_dir))
    assert dataset.name == "synthetic" and len(dataset) == 2 and [grid.id for grid in dataset] == list(spec.grids)
    assert dataset.spec == {"grids": list(spec.grids)} and dataset.passes == dict(sorted(spec.passes.items()))
    row = dataset.grids[-1]
    assert (row.scene, row.animation, row.path, row.C, row.T, row.H, row.W) == ("room", "ball", "arc_2", 6, 5, 48, 64)
    assert row.instances[1] == {"id": 2, "name": "ball", "role": "subject"} and row.seeds == {"grid": 1}
    assert dataset.grids.column("scene") == ["room", "room"] and len(dataset.grids[:]) == 2
    assert "2 grids, 60 cells" in repr(dataset) and "6 cameras × 5 times" in repr(dataset.grid(GRID))
    assert GRID in dataset._repr_html_() and dataset.grid(GRID)._repr_png_()[:4] == b"\x89PNG"
    assert dataset.grid(GRID).cell(0, 0)._repr_png_()[:4] == b"\x89PNG"
    dataset.grid(GRID).cameras.validate()
    with pytest.raises(IndexError):
        dataset.grids[2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.grid("room.ball.none"), "no grid 'room.ball.none'"),
        (lambda d: d.grids.column("x"), "no column"),
        (lambda d: d.grid(GRID).cell(6, 0), "no camera 6: it has cameras 0 to 5"),
        (lambda d: d.grid(GRID).cell(-1, 0), "no camera -1"),
        (lambda d: d.grid(GRID).cell(0, 5), "no time 5"),
        (lambda d: d.grid(GRID).cell([0, 1], 0), "one camera and one time"),
        (lambda d: d.grid(GRID).clip([], []), "at least one"),
        (lambda d: d.grid(GRID).clip([0.5], [1]), "whole numbers"),
        (lambda d: d.grid(GRID).clip([[0]], [1]), "whole numbers"),
        (lambda d: d.grid(GRID).clip([0, 1], [0, 1, 2]), "as many cameras as times"),
        (lambda d: d.grid(GRID).clip(0, 0, ("normal",)), "no pass 'normal'"),
        (lambda d: d.grid(GRID).clip(0, 0).depth, "ask for 'depth'"),
        (lambda d: d.grid(GRID).diagonal(0), "at least 1 frame"),
    ],
)
def test_impossible_requests_are_refused(dataset_dir: Path, call, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        call(camxtime.open(dataset_dir))


def test_a_damaged_image_is_an_error_with_its_place(damaged: Path) -> None:
    grid = camxtime.open(damaged).grid(GRID)
    place = (3, 2, 2)  # time, camera, rgb
    shard, offset = grid.index.shards[grid.index.shard[place]], int(grid.index.offset[place])
    with (damaged / shard).open("r+b") as file:
        file.seek(offset + 100)
        byte = file.read(1)[0]
        file.seek(offset + 100)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(
        CellError, match=r"t0002-0003.parquet: rgb of grid room.ball.arc, camera 2, time 3: .*checksum"
    ) as caught:
        grid.fixed_camera(2)
    error = pickle.loads(pickle.dumps(caught.value))  # as it comes out of a worker
    assert type(error) is CellError and str(error) == str(caught.value)
    assert isinstance(error, DataError)
    assert (error.grid, error.camera, error.time, error.pass_name, error.offset) == (GRID, 2, 3, "rgb", offset)
    assert grid.cell(2, 3).depth.shape == (48, 64)  # the others are as good as ever
    assert grid.fixed_camera(3).rgb.shape == (5, 48, 64, 3)


def test_a_shard_cut_short_or_gone_is_an_error(damaged: Path) -> None:
    shard = damaged / "shards" / GRID / "t0000-0001.parquet"
    os.truncate(shard, 1000)
    with pytest.raises(DataError, match=r"t0000-0001.parquet ends before byte .*cut short"):
        camxtime.open(damaged).grid(GRID).cell(5, 1).image("rgb")
    shard.unlink()
    with pytest.raises(DataError, match=r"t0000-0001.parquet cannot be read: No such file"):
        camxtime.open(damaged).grid(GRID).cell(5, 1).image("rgb")


def clip_sum(dataset: Dataset, grid: str = GRID) -> int:
    """A number that depends on all pixels of a clip."""
    return int(dataset.grid(grid).diagonal().rgb.astype(np.int64).sum())


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_share_an_open_dataset(dataset_dir: Path, method: str) -> None:
    dataset = camxtime.open(dataset_dir)
    expected = clip_sum(dataset)  # files are open, indices loaded
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(clip_sum, [dataset] * 6) == [expected] * 6


def test_fork_while_threads_read(dataset_dir: Path) -> None:
    dataset = camxtime.open(dataset_dir)
    expected = clip_sum(dataset)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            clip_sum(camxtime.open(dataset_dir), "room.ball.arc_2")
            clip_sum(dataset, "room.ball.arc_2")

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            pid = os.fork()
            if pid == 0:
                os._exit(0 if clip_sum(dataset) == expected else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_threads_share_an_open_dataset(dataset_dir: Path) -> None:
    dataset = camxtime.open(dataset_dir)
    expected = clip_sum(camxtime.open(dataset_dir))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: clip_sum(dataset), range(40))) == [expected] * 40


def test_pickles_are_small(dataset_dir: Path) -> None:
    dataset = camxtime.open(dataset_dir)
    clip_sum(dataset)
    data = pickle.dumps(dataset)
    assert len(data) < 4000 and clip_sum(pickle.loads(data)) == clip_sum(dataset)


def test_grids_and_cells_pickle(dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    cell = grid.cell(1, 2)
    for _ in range(2):
        assert np.array_equal(pickle.loads(pickle.dumps(grid)).cell(1, 2).rgb, cell.rgb)
        assert np.array_equal(pickle.loads(pickle.dumps(cell)).rgb, cell.rgb)


def test_few_files_stay_open(tmp_path: Path) -> None:
    spec = SyntheticSpec(
        grids=(GRID,), cameras=2, times=80, times_per_unit=1, width=16, height=12, passes={"rgb": "png"}
    )
    dataset = camxtime.open(make_dataset(tmp_path, spec))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        assert len(dataset.grid(GRID).fixed_camera(1)) == 80
    assert len(os.listdir("/proc/self/fd")) - before <= 64
    del dataset
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_neighbours_are_read_together(dataset_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = camxtime.open(dataset_dir)
    grid = dataset.grid(GRID)
    requests: list[list] = []
    real = dataset.storage.read_ranges
    monkeypatch.setattr(dataset.storage, "read_ranges", lambda ranges: requests.append(list(ranges)) or real(ranges))
    grid.bullet_time(2)
    assert len(requests[-1]) == 1  # all cameras of a time, one pass: one read
    monkeypatch.setattr(type(dataset.storage), "gap", 0)
    assert np.array_equal(grid.clip([3, 3, 3], 2).rgb[0], grid.cell(3, 2).rgb)
    assert len(requests[-2]) == 1  # the same cell thrice is read once
    grid.bullet_time(2)
    assert len(requests[-1]) == 6
    monkeypatch.setattr(type(dataset.storage), "gap", 10**6)
    monkeypatch.setattr(fetch_module, "MAX_READ", 5000)
    grid.bullet_time(2)
    assert 1 < len(requests[-1]) <= 6


@pytest.fixture
def server(dataset_dir: Path) -> Iterator[RangeServer]:
    """The dataset on a local web server."""
    with range_server(dataset_dir) as running:
        yield running


def test_a_url_reads_like_a_folder(dataset_dir: Path, server: RangeServer) -> None:
    url = server.url
    local, remote = camxtime.open(dataset_dir), camxtime.open(url)
    assert remote.digest == local.digest
    for name in ("rgb", "depth"):
        assert np.array_equal(
            remote.grid(GRID).diagonal(passes=(name,)).image(name),
            local.grid(GRID).diagonal(passes=(name,)).image(name),
        )
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        assert pool.apply(clip_sum, (remote,)) == clip_sum(local)
    assert verify(url, "sample", sample=4).ok
    with pytest.raises(DataError, match=r"dataset.json is missing"):
        camxtime.open(url + "/nowhere")


def test_a_server_that_fails_is_said(server: RangeServer) -> None:
    quick = RemoteOptions(tries=2, first_pause_s=0.01)
    dataset = camxtime.open(server.url, remote=quick)
    server.status = 503
    with pytest.raises(DataError, match="503"):
        dataset.grid(GRID).cell(0, 0).image("rgb")
    with pytest.raises(DataError, match="503"):
        camxtime.open(server.url, remote=quick)
    server.status = 0
    assert dataset.grid(GRID).cell(0, 0).rgb.shape == (48, 64, 3)
    with pytest.raises(DataError, match="cannot be read"):
        camxtime.open("http://127.0.0.1:9", remote=quick)


def test_other_urls(dataset_dir: Path) -> None:
    expected = clip_sum(camxtime.open(dataset_dir))
    assert clip_sum(camxtime.open(f"file://{dataset_dir}")) == expected
    storage = RemoteStorage(f"local://{dataset_dir}")
    dataset = Dataset(storage, read_header(storage))
    assert clip_sum(dataset) == clip_sum(pickle.loads(pickle.dumps(dataset))) == expected
    with pytest.raises(InputError, match="cannot be opened"):
        camxtime.open("nosuchprotocol://x/y")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\0b"])
def test_storage_does_not_leave_its_root(dataset_dir: Path, path: str) -> None:
    for storage in (open_storage(dataset_dir), RemoteStorage(f"local://{dataset_dir}")):
        for read in (storage.read_bytes, storage.exists, storage.size, storage.open_input):
            with pytest.raises(DataError, match="leads out"):
                read(path)


def test_parquet_files_are_read_in_pythons_threads_alone(dataset_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyarrow's look-ahead has threads of its own; one that lets go of a buffer while Python ends aborts the process."""
    seen = set()
    read = VettedFile.read

    def watched(self: VettedFile, nbytes: int | None = -1) -> bytes:
        seen.add(type(threading.current_thread()).__name__)
        return read(self, nbytes)

    monkeypatch.setattr(VettedFile, "read", watched)
    assert verify(dataset_dir).ok  # reads the index, the commits and the shards
    assert seen and "_DummyThread" not in seen
