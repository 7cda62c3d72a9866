"""Reading many images of a grid: neighbours in a shard become one read, every image's checksum is checked."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError
from camxtime.shards.cache import ImageCache, ImageKey
from camxtime.shards.cellindex import CellIndex
from camxtime.shards.layout import CellError
from camxtime.shards.storage import Storage

MAX_READ = 16 * 2**20
"""Neighbours are joined up to reads of this many bytes."""

Places = NDArray[np.int64]  # (N, 3): time, camera, pass index


@dataclass(frozen=True)
class Kept:
    """A cache, and the digest of the dataset whose images it keeps here."""

    cache: ImageCache
    digest: str


def fetch(
    storage: Storage, index: CellIndex, places: Places, grid: str, passes: Sequence[str], kept: Kept | None = None
) -> list[bytes]:
    """The payloads at `places`, in their order; from the cache what it has, and into it what it had not.

    Raises `CellError` for an image whose bytes are not those that were committed, `DataError` for one that is missing.
    """
    at = (places[:, 0], places[:, 1], places[:, 2])
    shard, offset, nbytes, crc32 = index.shard[at], index.offset[at], index.nbytes[at], index.crc32[at]
    if (shard < 0).any():
        time, camera, _ = places[int(np.argmax(shard < 0))]
        raise DataError(
            f"Grid {grid}, camera {camera}, time {time} has not been rendered yet: run `camxtime render` again."
        )
    payloads: list[bytes | None] = [None] * len(places)
    keys: list[ImageKey] = []
    missing = np.arange(len(places))
    if kept is not None:
        keys = [
            ImageKey(kept.digest, index.shards[shard[i]], int(offset[i]), int(nbytes[i]), int(crc32[i]))
            for i in missing
        ]
        payloads = [kept.cache.get(key) for key in keys]
        missing = np.array([i for i, payload in enumerate(payloads) if payload is None], np.int64)
    order = missing[np.lexsort((offset[missing], shard[missing]))]
    runs = _runs(shard[order], offset[order], nbytes[order], storage.gap)
    ranges = [(index.shards[shard[order[a]]], int(offset[order[a]]), end - int(offset[order[a]])) for a, _, end in runs]
    blocks = storage.read_ranges(ranges)
    for (a, b, _), (file, start, _), block in zip(runs, ranges, blocks, strict=True):
        for i in order[a:b]:
            begin = int(offset[i]) - start
            payload = block if len(block) == nbytes[i] else block[begin : begin + int(nbytes[i])]
            if zlib.crc32(payload) != crc32[i]:
                time, camera, column = (int(v) for v in places[i])
                raise CellError(
                    "its bytes are not those that were written (checksum): delete the shard and render again, or "
                    "fetch the file again",
                    grid=grid, time=time, camera=camera, pass_name=passes[column], file=storage.where(file),
                    offset=int(offset[i]),
                )  # fmt: skip
            payloads[i] = payload
    if kept is not None:
        for key, payload in {keys[i]: payloads[i] for i in missing}.items():
            kept.cache.put(key, cast(bytes, payload))
    return cast(list[bytes], payloads)


def _runs(
    shard: NDArray[np.int32], offset: NDArray[np.int64], nbytes: NDArray[np.int32], gap: int
) -> list[tuple[int, int, int]]:
    """(first, last + 1, end byte) of sorted images that are read together; the same image twice is read once."""
    runs: list[tuple[int, int, int]] = []
    first, end = 0, 0
    for i in range(len(shard)):
        start, stop = int(offset[i]), int(offset[i]) + int(nbytes[i])
        joined = i > 0 and shard[i] == shard[i - 1] and start - end <= gap and stop - int(offset[first]) <= MAX_READ
        if i > 0 and not joined:
            runs.append((first, i, end))
            first, end = i, 0
        end = max(end, stop)
    if len(shard):
        runs.append((first, len(shard), end))
    return runs
