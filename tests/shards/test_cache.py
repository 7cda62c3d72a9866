"""The cache of images: bounded, shared by processes, never wrong."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import camxtime
from camxtime.errors import InputError, WorkError
from camxtime.shards.cache import FOLDER, ImageCache, ImageKey

LIMIT = 256_000


def image(number: int, nbytes: int = 3000) -> tuple[ImageKey, bytes]:
    """A key and its bytes."""
    data = np.random.default_rng(number).bytes(nbytes)
    return ImageKey("d" * 64, "shards/a/t0000-0001.parquet", number, nbytes, zlib.crc32(data)), data


def entry(cache: ImageCache, key: ImageKey) -> Path:
    """The file of an image."""
    return cache.root / key.name()


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path)
    key, data = image(1)
    assert cache.get(key) is None
    cache.put(key, data)
    assert cache.get(key) == data and pickle.loads(pickle.dumps(cache)).get(key) == data
    assert cache.nbytes() == len(data)


@pytest.mark.parametrize("field", ["digest", "shard", "offset", "nbytes", "crc32"])
def test_another_version_of_a_dataset_never_finds_it(tmp_path: Path, field: str) -> None:
    cache = ImageCache(tmp_path)
    key, data = image(1)
    cache.put(key, data)
    value = getattr(key, field)
    other = replace(key, **{field: value + 1 if isinstance(value, int) else value + "x"})
    assert other.name() != key.name() and cache.get(other) is None


@pytest.mark.parametrize("harm", ["flip", "cut", "grow", "empty"])
def test_damage_is_a_miss(tmp_path: Path, harm: str) -> None:
    cache = ImageCache(tmp_path)
    key, data = image(1)
    cache.put(key, data)
    bad = {"flip": data[:9] + bytes([data[9] ^ 4]) + data[10:], "cut": data[:-1], "grow": data + b"x", "empty": b""}
    entry(cache, key).write_bytes(bad[harm])
    assert cache.get(key) is None and not entry(cache, key).exists()
    cache.put(key, data)
    assert cache.get(key) == data


def test_the_bound_holds_and_the_longest_unused_go(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, LIMIT)
    (first, data), (second, _) = image(0), image(1)
    for number in range(200):
        key, bytes_ = image(number)
        cache.put(key, bytes_)
        os.utime(entry(cache, key), (number, number))  # clocks of file systems are coarse
        if number > 1:
            assert cache.get(first) == data  # in use all the time
            os.utime(entry(cache, first), (number, number))
        assert cache.nbytes() <= LIMIT
    assert cache.nbytes() > LIMIT // 2
    assert cache.get(second) is None and cache.get(image(199)[0]) is not None
    ImageCache(tmp_path, LIMIT // 4).put(*image(999, 100))
    assert cache.nbytes() <= LIMIT // 4  # a smaller bound is kept too
    big, bytes_ = image(5, LIMIT // 2)
    cache.put(big, bytes_)
    assert cache.get(big) is None  # it would push out half of the others


def test_it_removes_only_its_own_files(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, LIMIT)
    key, data = image(0)
    cache.put(key, data)
    folder = entry(cache, key).parent
    outside = tmp_path / "outside"
    outside.mkdir()
    precious = [
        tmp_path / "thesis.tex", cache.root / "notes.txt", folder / "x.image", folder / "readme", outside / key.name()[3:]
    ]  # fmt: skip
    for path in precious:
        path.write_bytes(bytes(LIMIT))
        os.utime(path, (0, 0))
    (cache.root / ("00" if folder.name != "00" else "01")).symlink_to(outside)  # a folder that is not the cache's
    leftover, young = (folder / f".{'0' * 62}.{digit * 16}.part" for digit in "01")
    for path in (leftover, young):
        path.write_bytes(b"killed while writing")
    os.utime(leftover, (0, 0))
    cache.shrink(0)
    assert all(path.exists() for path in precious) and young.exists()
    assert not leftover.exists() and cache.get(key) is None


def fill(cache: ImageCache, first: int) -> int:
    """Put and get 150 images, half of them those of another process; the number of wrong answers."""
    wrong = 0
    for number in range(first, first + 150):
        key, data = image(number)
        found = cache.get(key)
        wrong += found is not None and found != data
        cache.put(key, data)
        found = cache.get(key)
        wrong += found is not None and found != data
        wrong += cache.nbytes() > cache.limit
    return wrong


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_two_processes_at_once(tmp_path: Path, method: str) -> None:
    cache = ImageCache(tmp_path, LIMIT)
    cache.put(*image(0))
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.starmap(fill, [(cache, 0), (cache, 75)], chunksize=1) == [0, 0]
    assert LIMIT // 2 < cache.nbytes() <= LIMIT
    assert not list(cache.root.rglob("*.part"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkError, match="file"):
        ImageCache(tmp_path / "file")
    cache = ImageCache(tmp_path / "cache")
    (first, data), (second, other) = image(0), image(1)
    entry(cache, first).parent.write_text("in the way")
    with pytest.warns(UserWarning, match="Nothing more is kept in the cache"):
        cache.put(first, data)
    cache.put(second, other)  # said once
    assert cache.get(first) is None and cache.get(second) is None


def test_impossible_bounds(tmp_path: Path, dataset_dir: Path) -> None:
    with pytest.raises(InputError, match="at least 1 byte"):
        camxtime.open(dataset_dir, cache=tmp_path, cache_bytes=0)
    with pytest.raises(InputError, match="folder too"):
        camxtime.open(dataset_dir, cache_bytes=10)
    assert not (tmp_path / FOLDER).exists()
