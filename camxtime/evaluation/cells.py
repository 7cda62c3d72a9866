"""Camera and time error in cells: which cell of the grid a generated frame looks like most.

Only a full grid allows this measure: every camera at every time is there to compare with. The distance between two images is
the sum of squared differences of their 8-bit values (what PSNR is made of). For a generated frame that should show the cell
(c, t), the nearest cell (ĉ, t̂) is searched

    in the whole grid        camera error |ĉ − c|, time error |t̂ − t|
    in the row of time t     camera error, time given
    in the column of camera c    time error, camera given

Among equally near cells, those that agree with (c, t) best in |ĉ − c| + |t̂ − t| win. Blurred frames are near to everything:
`margin` and `sharpness` say how far the answer can be trusted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.tasks import ClipView
from camxtime.sampling.decode import Decoder, Wanted
from camxtime.sampling.tracks import ClipRef, Track
from camxtime.sampling.view import View
from camxtime.shards.dataset import Dataset

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_CHUNK = 256
_REFINED = 8
_HELD_BYTES = 256 * 2**20
"""Grids whose cells take less than this as float32 are kept so."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each of F frames, in cells (int64 [F]): camera, time of the nearest cell in the whole grid (None where it was not
    searched); row_camera, column_time: the nearest among the cells of the wanted time, and of the wanted camera.

    margin: [F] float64, 1 − √(distance of the nearest cell / of the nearest beyond its direct neighbours); 0 where nothing else
    was searched. For equal distances 0.
    """

    camera: Indices | None
    time: Indices | None
    row_camera: Indices
    column_time: Indices
    margin: Floats


class CellBank:
    """The cells of a grid, reduced by area averaging to `size` (h, w), to be searched.

    searched: (camera, time) pairs int64 [N, 2] that are held; None: all C × T.
    """

    def __init__(self, dataset: Dataset, grid: str, view: View, size: tuple[int, int], searched: Indices | None = None):
        shape = dataset.grid(grid)
        every = np.stack(np.meshgrid(np.arange(shape.C), np.arange(shape.T), indexing="ij"), axis=-1).reshape(-1, 2)
        self.places: Indices = every if searched is None else np.unique(searched, axis=0)
        self.full = searched is None
        self.size = size
        cut = view.cut(shape.H, shape.W)
        decoder = Decoder(dataset)
        self._images = np.empty((len(self.places), size[0] * size[1] * 3), np.uint8)
        for first in range(0, len(self.places), _CHUNK):
            part = self.places[first : first + _CHUNK]
            clip = ClipRef.of(grid, Track(part[:, 0], part[:, 1]))
            frames = decoder.read([Wanted(clip, "rgb")], cut)[0]
            self._images[first : first + len(part)] = reduced(frames, size).reshape(len(part), -1)
        small = self._images.size * 4 <= _HELD_BYTES
        self._held: list[NDArray[np.float32]] | None = [_centred(part) for part in self._chunks()] if small else None
        self._norms = np.concatenate([(part**2).sum(axis=1) for part in self._parts()])

    def _chunks(self) -> list[Frames]:
        return [self._images[first : first + _CHUNK] for first in range(0, len(self._images), _CHUNK)]

    def _parts(self) -> Iterator[NDArray[np.float32]]:
        yield from self._held if self._held is not None else (_centred(part) for part in self._chunks())

    def distances(self, frames: Frames) -> Floats:
        """[F, N] sums of squared differences of frames (reduced to `size` already) to the cells; the nearest ones exact."""
        flat = _centred(frames.reshape(len(frames), -1))
        products = np.concatenate([flat @ part.T for part in self._parts()], axis=1)
        rough = (flat**2).sum(axis=1)[:, None] - 2.0 * products + self._norms[None]
        return np.asarray(np.maximum(rough, 0.0), np.float64)

    def exact(self, frame: Frames, which: Indices) -> Floats:
        """Sums of squared differences of one frame to the cells `which`, exact."""
        difference = frame.reshape(1, -1).astype(np.int32) - self._images[which].astype(np.int32)
        return np.asarray((difference.astype(np.int64) ** 2).sum(axis=1), np.float64)

    def nearest(self, frames: Frames, cameras: Indices, times: Indices) -> Nearest:
        """The cells that frames uint8 [F, h, w, 3] look like, where (cameras[f], times[f]) was wanted."""
        distances = self.distances(frames)
        columns: dict[str, list[float]] = {"camera": [], "time": [], "row": [], "column": [], "margin": []}
        for f, frame in enumerate(frames):
            wanted = (int(cameras[f]), int(times[f]))
            row = self._best(frame, distances[f], self.places[:, 1] == wanted[1], wanted)
            column = self._best(frame, distances[f], self.places[:, 0] == wanted[0], wanted)
            best = self._best(frame, distances[f], np.ones(len(self.places), bool), wanted)
            columns["row"].append(self.places[row, 0])
            columns["column"].append(self.places[column, 1])
            columns["camera"].append(self.places[best, 0])
            columns["time"].append(self.places[best, 1])
            columns["margin"].append(self._margin(frame, distances[f], best))
        whole = {name: np.array(values, np.int64) for name, values in columns.items() if name != "margin"}
        return Nearest(
            whole["camera"] if self.full else None, whole["time"] if self.full else None, whole["row"], whole["column"],
            np.array(columns["margin"], np.float64),
        )  # fmt: skip

    def _best(self, frame: Frames, distances: Floats, among: NDArray[np.bool_], wanted: tuple[int, int]) -> int:
        candidates = np.flatnonzero(among)
        few = min(_REFINED, len(candidates))
        candidates = candidates[np.argpartition(distances[candidates], few - 1)[:few]]
        exact = self.exact(frame, candidates)
        apart = np.abs(self.places[candidates] - wanted).sum(axis=1)
        return int(candidates[np.lexsort((candidates, apart, exact))[0]])

    def _margin(self, frame: Frames, distances: Floats, best: int) -> float:
        beyond = np.abs(self.places - self.places[best]).max(axis=1) > 1
        if not beyond.any():
            return 0.0
        other = int(np.flatnonzero(beyond)[np.argmin(distances[beyond])])
        nearest, runner = self.exact(frame, np.array([best, other]))
        return float(1 - np.sqrt(nearest / runner)) if runner > 0 else 0.0


class CellBanks:
    """The banks of a dataset's grids, the last few kept. search, most, longest: as `EvalOptions`' cells, cells_most, cells_px."""

    def __init__(self, dataset: Dataset, view: View, search: str, most: int, longest: int, kept: int = 4):
        self._dataset, self._view = dataset, view
        self._search, self._most, self._longest, self._kept = search, most, longest, kept
        self._banks: OrderedDict[tuple[object, ...], CellBank] = OrderedDict()

    def of(self, clip: ClipView) -> CellBank:
        """The bank to search for a clip: its grid, whole or the rows and columns that the clip touches."""
        grid = self._dataset.grid(clip.grid)
        full = self._search == "full" or (self._search == "auto" and self._most >= grid.C * grid.T)
        searched = None if full else _cross(clip, grid.C, grid.T)
        key = (clip.grid, None if searched is None else searched.tobytes())
        bank = self._banks.pop(key, None)
        if bank is None:
            bank = CellBank(self._dataset, clip.grid, self._view, search_size(clip.size, self._longest), searched)
        self._banks[key] = bank
        while len(self._banks) > self._kept:
            self._banks.popitem(last=False)
        return bank


def search_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """(h, w) whose longer side is at most `longest`, in proportion; `size` itself where it is no larger."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def reduced(frames: Frames, size: tuple[int, int]) -> Frames:
    """Frames uint8 [F, H, W, 3] at (h, w) by area averaging."""
    if frames.shape[1:3] == size:
        return frames
    return np.stack([cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA) for frame in frames])


def sharpness(frames: Frames, truth: Frames) -> Floats:
    """[F] gradient energy of the frames against that of the truth's: 1 as sharp, 0 without any detail, NaN for a flat truth."""
    energies = np.array([[_energy(image) for image in pair] for pair in zip(frames, truth, strict=True)])
    return np.asarray(
        np.divide(energies[:, 0], energies[:, 1], out=np.full(len(frames), np.nan), where=energies[:, 1] > 0)
    )


def _energy(image: Frames) -> float:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    return float((np.diff(grey, axis=0) ** 2).mean() + (np.diff(grey, axis=1) ** 2).mean())


def _cross(clip: ClipView, cameras: int, times: int) -> Indices:
    rows = [(c, t) for t in set(clip.times.tolist()) for c in range(cameras)]
    columns = [(c, t) for c in set(clip.cameras.tolist()) for t in range(times)]
    return np.unique(np.array(rows + columns, np.int64), axis=0)


def _centred(flat: Frames) -> NDArray[np.float32]:
    return np.asarray(flat, np.float32) - np.float32(128)
