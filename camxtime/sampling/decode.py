"""From cells to arrays: one read for all cells of a pair, each cell decoded once, on as many threads as asked for.

Decoding, resizing and checksums release the GIL. Nothing is opened before it is needed, and the threads belong to the
process that started them, so a decoder may be forked and pickled.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.sampling.tracks import ClipRef
from camxtime.sampling.view import Cut
from camxtime.shards import codecs as codec_module
from camxtime.shards.codecs import Codec, Jpeg, jpeg_library
from camxtime.shards.imagesize import check_scans
from camxtime.shards.layout import CellError

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

Image = NDArray[Any]

MAX_THREADS = 64


@dataclass(frozen=True, eq=False)
class Wanted:
    """One pass of one clip."""

    clip: ClipRef
    pass_name: str


class Decoder:
    """Reads and decodes cells of a dataset.

    threads: decoding threads (1: none but the caller's, as loader processes want it). channels_first: rgb as [F, 3, H, W]
    in place of [F, H, W, 3].
    """

    def __init__(self, dataset: Dataset, threads: int = 1, channels_first: bool = False):
        if not 1 <= threads <= MAX_THREADS:
            raise InputError(f"Decoding threads must be 1 to {MAX_THREADS}, not {threads}.")
        self._dataset = dataset
        self._threads = threads
        self._channels_first = channels_first
        self._codecs = codec_module.of_passes(dataset.passes)
        self._pool: ThreadPoolExecutor | None = None
        self._pid = -1

    def read(self, wanted: Sequence[Wanted], cut: Cut) -> list[Image]:
        """The images of each clip and pass that is wanted, in order, all cut alike.

        rgb uint8 [F, H, W, 3] (or [F, 3, H, W]), resized by area averaging (linearly where enlarged); depth float32 and
        instance uint16 [F, H, W], resized by taking the nearest pixel. Raises `InputError` for cells or passes that the
        dataset does not have, `CellError` naming a damaged image, `DataError` for one that cannot be read.
        """
        results = [self._empty(entry, cut.size) for entry in wanted]
        places = _places(wanted)
        jobs: list[Callable[[], None]] = []
        for (grid_id, pass_name), cells in places.items():
            grid = self._dataset.grid(grid_id)
            if cut.stored != (grid.H, grid.W):
                raise InputError(
                    f"Grid {grid_id} has {grid.W}×{grid.H} images where {cut.stored[1]}×{cut.stored[0]} are cut."
                )
            keys = list(cells)
            cameras, times = (np.array([key[axis] for key in keys]) for axis in (0, 1))
            payloads = grid.payloads(cameras, times, pass_name)
            codec = self._codecs[pass_name]
            for key, payload in zip(keys, payloads, strict=True):
                targets = [results[i][f] for i, f in cells[key]]
                jobs.append(_Job(self, codec, payload, cut, targets, (grid_id, pass_name, *key)))
        self._run(jobs)
        return results

    def _run(self, jobs: list[Callable[[], None]]) -> None:
        if self._threads == 1:
            for job in jobs:
                job()
            return
        if self._pool is None or self._pid != os.getpid():
            self._pool, self._pid = ThreadPoolExecutor(self._threads, "camxtime-decode"), os.getpid()
        running = [self._pool.submit(job) for job in jobs]
        try:
            for job_done in running:
                job_done.result()
        finally:
            for job_done in running:
                job_done.cancel()

    def decode(self, codec: Codec, payload: bytes, cut: Cut, targets: Sequence[Image]) -> None:
        """Decode one image into its places; `DataError` (without naming the cell) if it is damaged."""
        planar = self._channels_first and codec.channels == 3
        if isinstance(codec, Jpeg) and cut.nothing and not planar:
            _jpeg_into(payload, cut.stored, targets[0])
            image: Image = targets[0]
        else:
            whole = _jpeg_reduced(payload, cut) if isinstance(codec, Jpeg) else codec.decode(payload, cut.stored)
            image = whole if cut.nothing else cut.crop(_resize(whole, cut, codec.channels == 3))
        for target in targets:
            if planar:
                cv2.split(image, [target[0], target[1], target[2]])
            elif image is not target:
                target[...] = image

    def locate(self, grid_id: str, pass_name: str, camera: int, time: int) -> tuple[str, int]:
        """(file, offset) of an image, for messages."""
        grid = self._dataset.grid(grid_id)
        place = (time, camera, grid.passes.index(pass_name))
        shard = grid.index.shards[int(grid.index.shard[place])]
        return self._dataset.storage.where(shard), int(grid.index.offset[place])

    def _empty(self, wanted: Wanted, size: tuple[int, int]) -> Image:
        codec = self._codecs.get(wanted.pass_name)
        if codec is None:
            raise InputError(f"The dataset has no pass {wanted.pass_name!r}; it has {', '.join(self._codecs)}.")
        shape: tuple[int, ...] = size
        if codec.channels is not None:
            shape = (codec.channels, *size) if self._channels_first else (*size, codec.channels)
        return np.empty((len(wanted.clip), *shape), codec.dtype)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None, "_pid": -1}


@dataclass(frozen=True, eq=False)
class _Job:
    decoder: Decoder
    codec: Codec
    payload: bytes
    cut: Cut
    targets: Sequence[Image]
    cell: tuple[str, str, int, int]

    def __call__(self) -> None:
        try:
            self.decoder.decode(self.codec, self.payload, self.cut, self.targets)
        except DataError as error:
            grid, pass_name, camera, time = self.cell
            file, offset = self.decoder.locate(grid, pass_name, camera, time)
            raise CellError(
                str(error), grid=grid, time=time, camera=camera, pass_name=pass_name, file=file, offset=offset
            ) from error


def _places(wanted: Sequence[Wanted]) -> dict[tuple[str, str], dict[tuple[int, int], list[tuple[int, int]]]]:
    """(grid, pass) → (camera, time) → the (clip, frame) places that show it: each cell once."""
    places: dict[tuple[str, str], dict[tuple[int, int], list[tuple[int, int]]]] = {}
    for number, entry in enumerate(wanted):
        clip = entry.clip
        cells = zip(clip.parts.tolist(), clip.track.cameras.tolist(), clip.track.times.tolist(), strict=True)
        for frame, (part, camera, time) in enumerate(cells):
            images = places.setdefault((clip.grids[part], entry.pass_name), {})
            images.setdefault((camera, time), []).append((number, frame))
    return places


def _jpeg_into(payload: bytes, size: tuple[int, int], target: Image) -> None:
    """Decode into [H, W, 3], which bounds what is decoded, whatever size the bytes declare."""
    check_scans(payload)
    try:
        declared = jpeg_library().decode_jpeg(payload, "RGB", buffer=target).shape[:2]
    except ValueError as error:
        raise DataError(f"the image does not decode as {size[1]}×{size[0]} pixels: {error}.") from error
    _check_size(declared, size)


def _jpeg_reduced(payload: bytes, cut: Cut) -> Image:
    """The image, smaller by `cut.reduction()`; nothing is allocated before the declared size is checked."""
    factor = cut.reduction()
    check_scans(payload)
    try:
        _check_size(jpeg_library().decode_jpeg_header(payload)[:2], cut.stored)
        height, width = (side // factor for side in cut.stored)
        image: Image = jpeg_library().decode_jpeg(payload, "RGB", min_height=height, min_width=width)
    except ValueError as error:
        raise DataError(f"the image does not decode: {error}.") from error
    return image


def _check_size(declared: tuple[int, int], size: tuple[int, int]) -> None:
    if declared != size:
        raise DataError(
            f"the image declares {declared[1]}×{declared[0]} pixels where {size[1]}×{size[0]} are expected."
        )


def _resize(image: Image, cut: Cut, smooth: bool) -> Image:
    height, width = cut.resized
    if image.shape[:2] == cut.resized:
        return image
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    how = (cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR) if smooth else cv2.INTER_NEAREST_EXACT
    resized: Image = cv2.resize(image, (width, height), interpolation=how)
    return resized
