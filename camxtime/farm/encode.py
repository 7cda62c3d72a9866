"""From Blender's float pixels to the bytes of a shard, on a few threads, while Blender renders the next batch."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import WorkError
from camxtime.farm.blender_types import RenderedBatch
from camxtime.farm.color import DisplayTransform
from camxtime.shards import codecs

CHUNK_PIXELS = 1 << 17  # large enough that handing a chunk to a thread costs nothing, small enough to spread

EncodedCell = dict[str, bytes]


@dataclass(frozen=True)
class EncodedBatch:
    """The encoding of one batch, under way: cameras in order, each with a future of its chunk's cells."""

    time: int
    cameras: tuple[int, ...]
    chunks: tuple[Future[list[EncodedCell]], ...]

    def cells(self) -> Iterator[tuple[int, EncodedCell]]:
        """(camera, bytes by pass) in the order of the cameras; waits for the encoders."""
        encoded = (cell for chunk in self.chunks for cell in chunk.result())
        yield from zip(self.cameras, encoded, strict=True)


class Encoder:
    """Encodes batches on `threads` threads.

    Args:
        passes: codec name by pass.
        transform: scene-linear to display.
        threads: number of encoding threads.
    """

    def __init__(self, passes: dict[str, str], transform: DisplayTransform, threads: int) -> None:
        self._codecs = {name: codecs.get(codec) for name, codec in passes.items()}
        self._transform = transform
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="encode")

    def submit(self, batch: RenderedBatch) -> EncodedBatch:
        """Start encoding a batch; its arrays must stay as they are until the futures are done."""
        cameras = tuple(batch.cameras)
        first = next(iter(batch.passes.values()))
        step = max(1, CHUNK_PIXELS // (first.shape[1] * first.shape[2]))
        chunks = tuple(
            self._pool.submit(self._encode, {name: pixels[i : i + step] for name, pixels in batch.passes.items()})
            for i in range(0, len(cameras), step)
        )
        return EncodedBatch(batch.time, cameras, chunks)

    def _encode(self, passes: dict[str, NDArray[Any]]) -> list[EncodedCell]:
        """Encode views (V, H, W, channels) float32 of each pass."""
        images: dict[str, NDArray[Any]] = {}
        for name in self._codecs:
            pixels = passes[name]
            if name == "rgb":
                images[name] = self._transform.to_uint8(pixels)
            elif name == "instance":
                images[name] = pixels[..., 0].astype(np.uint16)
            else:
                images[name] = pixels[..., 0]
        if "depth" in images and np.isnan(images["depth"]).any():
            raise WorkError("Blender returned a depth that is not a number.")
        count = len(next(iter(images.values())))
        return [{name: codec.encode(images[name][i]) for name, codec in self._codecs.items()} for i in range(count)]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
