"""The readers that the streaming benchmark compares: each hands over source and target of a pair as uint8 [F, H, W, 3].

All decode JPEG with simplejpeg into the output array, in the calling thread, and each cell of a pair once.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import simplejpeg
from stream_data import Shape, cells, make_tars, payloads, tar_path

import camxtime
from camxtime.sampling import Pair, PairLoader, PairSampler
from camxtime.shards.layout import UnitKey

Cell = tuple[str, int, int]  # grid, camera, time
Clips = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Bench:
    """Where everything lies: the dataset, other layouts beside it, and how many processes may write them."""

    root: Path
    others: Path
    shape: Shape
    processes: int


def places(pair: Pair) -> dict[Cell, list[tuple[int, int]]]:
    """Each cell of a pair, with the (clip, frame) places that show it."""
    found: dict[Cell, list[tuple[int, int]]] = {}
    for number, clip in enumerate((pair.source, pair.target)):
        track = clip.track
        for frame in range(len(clip)):
            cell = (clip.grids[clip.parts[frame]], int(track.cameras[frame]), int(track.times[frame]))
            found.setdefault(cell, []).append((number, frame))
    return found


class Reader(ABC):
    """One way of reading. bar: how many times as fast camxtime must be (None: measured beside)."""

    name: str
    bar: float | None = None

    def __init__(self, bench: Bench):
        self.bench = bench

    @abstractmethod
    def prepare(self) -> None:
        """Write the layout if it is not there, and open it. Not timed."""

    def before(self, pair: Pair) -> None:  # noqa: B027 (most readers have nothing to do)
        """What happens before a pair is timed."""

    @abstractmethod
    def load(self, pair: Pair) -> Clips:
        """Source and target of a pair."""

    def empty(self, pair: Pair) -> Clips:
        """Arrays to decode into."""
        side = self.bench.shape.side
        return tuple(np.empty((len(clip), side, side, 3), np.uint8) for clip in (pair.source, pair.target))


class BytesReader(Reader):
    """A layout that yields the cells' JPEG bytes."""

    @abstractmethod
    def fetch(self, wanted: list[Cell]) -> list[Any]:
        """The bytes of cells, in order."""

    def load(self, pair: Pair) -> Clips:
        clips = self.empty(pair)
        found = places(pair)
        for shown, data in zip(found.values(), self.fetch(list(found)), strict=True):
            (number, frame), *more = shown
            simplejpeg.decode_jpeg(data, "RGB", buffer=clips[number][frame])
            for other, at in more:
                clips[other][at] = clips[number][frame]
        return clips

    def rows(self, wanted: list[Cell]) -> list[int]:
        """Row numbers of cells."""
        return [self.bench.shape.row(*cell) for cell in wanted]


class Memory(BytesReader):
    """The bytes are in memory already: decoding alone."""

    name = "decode from memory"

    def prepare(self) -> None:
        self._dataset = camxtime.open(self.bench.root)
        self._bytes: dict[Cell, bytes] = {}

    def before(self, pair: Pair) -> None:
        self._bytes = {cell: self._dataset.grid(cell[0]).payloads(cell[1], cell[2], "rgb")[0] for cell in places(pair)}

    def fetch(self, wanted: list[Cell]) -> list[bytes]:
        return [self._bytes[cell] for cell in wanted]


class Ours(Reader):
    """camxtime's loader, with all else that a sample holds (cameras, poses, words)."""

    name = "camxtime"

    def __init__(self, bench: Bench, sampler: PairSampler):
        super().__init__(bench)
        self._loader = PairLoader(sampler)

    def prepare(self) -> None:
        pass

    def load(self, pair: Pair) -> Clips:
        sample = self._loader.load(pair)
        return sample["source"], sample["target"]


def units_of(bench: Bench, wanted: list[Cell]) -> list[UnitKey]:
    """The units that hold some of the cells."""
    return [
        unit
        for unit in bench.shape.units()
        if any(grid == unit.grid and time in unit.times for grid, _, time in wanted)
    ]


class WebDataset(BytesReader):
    """Tar shards read in sequence through WebDataset: those shards that hold a cell of the pair."""

    name = "WebDataset tar"
    bar = 3.0

    def prepare(self) -> None:
        import webdataset

        self._wds = webdataset
        make_tars(self.bench.others / "tar", self.bench.root, self.bench.shape)

    def fetch(self, wanted: list[Cell]) -> list[bytes]:
        keys = {f"{row:08d}" for row in self.rows(wanted)}
        urls = [str(tar_path(self.bench.others / "tar", unit)) for unit in units_of(self.bench, wanted)]
        found = {}
        for sample in self._wds.WebDataset(urls, shardshuffle=False, empty_check=False):
            if sample["__key__"] in keys:
                found[sample["__key__"]] = sample["jpg"]
        return [found[f"{row:08d}"] for row in self.rows(wanted)]


class HuggingFaceStream(BytesReader):
    """Our own shards through Hugging Face `datasets`, streaming: by row group, those shards that hold a cell."""

    name = "HF datasets, Parquet row groups"
    bar = 3.0

    def prepare(self) -> None:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=str(self.bench.others / "hf"))
        import datasets

        datasets.disable_progress_bars()
        self._datasets = datasets

    def fetch(self, wanted: list[Cell]) -> list[Any]:
        files = [str(self.bench.root / unit.shard) for unit in units_of(self.bench, wanted)]
        found: dict[Cell, Any] = {}
        stream = self._datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
        units = iter(units_of(self.bench, wanted))
        unit, left = next(units), 0
        left = len(unit.times) * self.bench.shape.cameras
        missing = set(wanted)
        for table in stream.with_format("arrow").iter(batch_size=self.bench.shape.cameras):
            if left == 0:
                unit = next(units)
                left = len(unit.times) * self.bench.shape.cameras
            left -= len(table)
            for i, (camera, time) in enumerate(
                zip(table["camera"].to_pylist(), table["time"].to_pylist(), strict=True)
            ):
                if (unit.grid, camera, time) in missing:
                    found[unit.grid, camera, time] = table["rgb"][i].as_py()
        return [found[cell] for cell in wanted]


class HuggingFaceArrow(HuggingFaceStream):
    """`datasets` after it has copied everything into its memory-mapped Arrow cache."""

    name = "HF datasets, Arrow cache (a second copy)"
    bar = None

    def prepare(self) -> None:
        super().prepare()
        files = [str(self.bench.root / unit.shard) for unit in self.bench.shape.units()]
        self._all = self._datasets.load_dataset(
            "parquet", data_files=files, split="train", cache_dir=str(self.bench.others / "hf-cache")
        ).with_format("arrow")

    def fetch(self, wanted: list[Cell]) -> list[Any]:
        return [value.as_py() for value in self._all[self.rows(wanted)]["rgb"]]


class MosaicML(BytesReader):
    """MDS shards through MosaicML Streaming, local, by index."""

    name = "MosaicML Streaming"

    def prepare(self) -> None:
        from streaming import MDSWriter, StreamingDataset
        from streaming.base.util import clean_stale_shared_memory

        folder = self.bench.others / "mds"
        if not (folder / "index.json").exists():
            with MDSWriter(out=str(folder), columns={"jpg": "bytes"}) as writer:
                for data in payloads(self.bench.root, self.bench.shape):
                    writer.write({"jpg": data})
        clean_stale_shared_memory()
        self._all = StreamingDataset(local=str(folder), batch_size=1, shuffle=False)

    def fetch(self, wanted: list[Cell]) -> list[bytes]:
        return [self._all[row]["jpg"] for row in self.rows(wanted)]


class LitData(BytesReader):
    """LitData chunks of 64 MB, local, by index."""

    name = "LitData"

    def prepare(self) -> None:
        from litdata import StreamingDataset
        from litdata.streaming.writer import BinaryWriter

        folder = self.bench.others / "litdata"
        if not (folder / "index.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            writer = BinaryWriter(str(folder), chunk_bytes=64 * 2**20)
            for i, data in enumerate(payloads(self.bench.root, self.bench.shape)):
                writer[i] = {"jpg": data}
            writer.done()
            writer.merge()
        self._all = StreamingDataset(str(folder))

    def fetch(self, wanted: list[Cell]) -> list[bytes]:
        return [self._all[row]["jpg"] for row in self.rows(wanted)]


class Lance(BytesReader):
    """A Lance dataset, `take` by row."""

    name = "Lance"

    def prepare(self) -> None:
        import lance

        folder = self.bench.others / "cells.lance"
        if not folder.exists():
            schema = pa.schema([pa.field("rgb", pa.large_binary())])
            tables = (cells(self.bench.root, unit).select(["rgb"]).cast(schema) for unit in self.bench.shape.units())
            lance.write_dataset((b for table in tables for b in table.to_batches()), str(folder), schema=schema)
        self._all = lance.dataset(str(folder))

    def fetch(self, wanted: list[Cell]) -> list[Any]:
        rows = self.rows(wanted)
        order = np.argsort(rows)
        taken = self._all.take([rows[i] for i in order], columns=["rgb"])["rgb"]
        found: list[Any] = [None] * len(rows)
        for place, value in zip(order.tolist(), taken, strict=True):
            found[place] = value.as_py()
        return found
