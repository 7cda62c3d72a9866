"""The import side of every format: cells in any order → a dataset in the stored format.

Videos come camera by camera, shards are written time by time: encoded images pass through one temporary file (in the
target folder, as large as the grid), so memory does not grow with the grid.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.geometry.cameras import Cameras
from camxtime.shards.codecs import Codec, of_passes
from camxtime.shards.index import DatasetHeader, build_index
from camxtime.shards.layout import UnitKey
from camxtime.shards.records import GridRecord
from camxtime.shards.writer import UnitWriter

LAYOUTS = ("camera_path", "scattered_cameras", "moving_camera")
"""What a grid's camera axis is (`extra["layout"]`; docs/exchange.md): neighbouring cameras are neighbours in space;
cameras film at the same time from anywhere; or one ordinary video: camera c is where the camera was at time c, and the grid
has the one column of cells that exist, T = 1."""

UNIT_CELLS = 960
SPOOL_BYTES = 64 * 2**20

Image = NDArray[np.generic]
Payload = bytes | Image


@dataclass(frozen=True)
class Cell:
    """One imported cell: by pass either an image to encode, or bytes already encoded with the dataset's codec."""

    camera: int
    time: int
    images: Mapping[str, Payload]


@dataclass(frozen=True)
class ForeignGrid:
    """A grid as found: its id, cameras, number of times, rate, words and layout; `source` says where it came from."""

    grid: str
    cameras: Cameras
    times: int
    fps: float
    caption: str = ""
    layout: str = "scattered_cameras"
    source: Mapping[str, Any] = field(default_factory=dict)
    instances: tuple[dict[str, Any], ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.cameras.height, self.cameras.width


@dataclass(frozen=True)
class ImportReport:
    """What was imported, and what of the source the stored format did not take or had to assume."""

    root: Path
    digest: str
    grids: tuple[str, ...]
    cells: int
    notes: tuple[str, ...]


class DatasetBuilder:
    """Collects grids into a new dataset in folder `root`.

    passes: pass → codec name. progress: show it, on a terminal. Raises `InputError` if the folder holds something already.
    """

    def __init__(self, root: Path, name: str, passes: Mapping[str, str], progress: bool = False):
        self.root = Path(root)
        self.name = identifier(name)
        self.codecs: dict[str, Codec] = of_passes(dict(passes))
        if self.root.exists() and any(self.root.iterdir()):
            raise InputError(f"{self.root}: is not empty; import into a new folder.")
        self.root.mkdir(parents=True, exist_ok=True)
        self._progress = progress
        self._notes: dict[str, None] = {}
        self._grids: list[str] = []
        self._cells = 0

    @property
    def passes(self) -> dict[str, str]:
        """Pass → codec name."""
        return {name: codec.name for name, codec in self.codecs.items()}

    def note(self, text: str) -> None:
        """Remember what the stored format does not take, or what had to be assumed."""
        self._notes.setdefault(text)

    def add(self, found: ForeignGrid, cells: Iterable[Cell]) -> None:
        """Write one grid; its cells may come in any order.

        Raises `DataError` naming the first cell that is missing, there twice, or of another size.
        """
        if found.grid in self._grids:
            raise DataError(f"{found.grid}: two things in the source get this id; rename one.")
        if found.layout not in LAYOUTS:
            raise InputError(f"{found.grid}: layout {found.layout!r} is none of {', '.join(LAYOUTS)}.")
        record = GridRecord(
            found.grid, found.cameras, found.times, found.fps, self.passes, found.caption,
            instances=found.instances, extra={"layout": found.layout, "source": dict(found.source)},
        )  # fmt: skip
        shape = (found.times, len(found.cameras))
        with tempfile.TemporaryFile(dir=self.root, prefix=".import-") as spool:
            places = np.full((*shape, len(self.codecs), 2), -1, np.int64)
            for cell in self._shown(cells, found):
                self._spool(spool, places, found, cell)
            missing = np.argwhere((places[..., 0] < 0).any(axis=2))
            if len(missing):
                time, camera = missing[0]
                raise DataError(
                    f"{found.grid}: the image of camera {camera}, time {time} is missing ({len(missing)} are)."
                )
            record.write(self.root)
            self._write(spool, places, found.grid)
        self._grids.append(found.grid)
        self._cells += shape[0] * shape[1]

    def _shown(self, cells: Iterable[Cell], found: ForeignGrid) -> Iterator[Cell]:
        from tqdm import tqdm

        total = found.times * len(found.cameras)
        yield from tqdm(cells, total=total, unit="cell", desc=found.grid, disable=None if self._progress else True)

    def _spool(self, spool: Any, places: NDArray[np.int64], found: ForeignGrid, cell: Cell) -> None:
        where = f"{found.grid}: camera {cell.camera}, time {cell.time}"
        if not (0 <= cell.time < places.shape[0] and 0 <= cell.camera < places.shape[1]):
            raise DataError(f"{where}: lies outside {places.shape[1]} cameras × {places.shape[0]} times.")
        if set(cell.images) != set(self.codecs):
            raise DataError(f"{where}: has {sorted(cell.images)}, the dataset has {sorted(self.codecs)}.")
        for number, (name, codec) in enumerate(self.codecs.items()):
            image = cell.images[name]
            if places[cell.time, cell.camera, number, 0] >= 0:
                raise DataError(f"{where}: is there twice.")
            if isinstance(image, bytes):
                data = image
            elif image.shape[:2] != found.size:
                raise DataError(
                    f"{where}: is {image.shape[1]}×{image.shape[0]}, the grid {found.size[1]}×{found.size[0]}."
                )
            else:
                data = codec.encode(image)
                if not codec.lossless and name == "rgb":
                    self.note(
                        f"Colour was encoded anew as {codec.name}; --pass rgb=webp (or png) keeps every decoded pixel."
                    )
            places[cell.time, cell.camera, number] = spool.tell(), len(data)
            spool.write(data)

    def _write(self, spool: Any, places: NDArray[np.int64], grid: str) -> None:
        times, cameras = places.shape[:2]
        step = max(1, UNIT_CELLS // cameras)
        for t0 in range(0, times, step):
            unit = UnitKey(grid, t0, min(t0 + step, times) - 1)
            with UnitWriter(self.root, unit, cameras, self.passes) as writer:
                for time in unit.times:
                    for camera in range(cameras):
                        writer.add(time, camera, {name: _read(spool, *places[time, camera, number])
                                                  for number, name in enumerate(self.codecs)})  # fmt: skip
                writer.finish({"importer": "camxtime"})

    def finish(self, source: Mapping[str, Any]) -> ImportReport:
        """Build the index; `source` (format, folder name, …) is kept in dataset.json in the place of a spec."""
        if not self._grids:
            raise DataError(f"{self.name}: nothing was found to import.")
        spec = {"imported": {**source, "notes": list(self._notes)}}
        header = build_index(self.root, DatasetHeader(self.name, spec, self.passes, {}, tuple(self._grids)))
        return ImportReport(self.root, header["digest"], tuple(self._grids), self._cells, tuple(self._notes))


def _read(spool: Any, offset: int, nbytes: int) -> bytes:
    spool.seek(int(offset))
    return bytes(spool.read(int(nbytes)))


def identifier(text: str, fallback: str = "x") -> str:
    """`text` as a part of a grid id: lower case, letters and digits in groups joined by `-` or `_`, at most 64 long."""
    groups = re.sub(r"[^a-z0-9_]+", "-", text.lower())
    groups = re.sub(r"[-_]*-[-_]*", "-", groups)
    groups = re.sub(r"_+", "_", groups).strip("-_")
    return groups[:64].strip("-_") or fallback
