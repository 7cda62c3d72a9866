"""Small pictures of whole grids: the diagonal as an animation, and a mosaic of all cells."""

from __future__ import annotations

import io
import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camxtime.sampling.decode import Decoder, Wanted
from camxtime.sampling.tracks import ClipRef, Track, diagonal_cameras
from camxtime.sampling.view import View
from camxtime.shards.animation import animated_webp
from camxtime.shards.colours import pass_colours
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.viewer.workroom import StoppedError

CELL_PX = 32
MOSAIC_PX = 4096
COARSE_CELLS = 20
THUMB_PX = 128
THUMB_FRAMES = 48
_QUALITY = 80
_CHECKER = ((214, 217, 222), (196, 200, 207))
"""Where cells are missing: two greys."""


@dataclass(frozen=True)
class MosaicPlan:
    """columns × rows of cells of width × height pixels: column k shows camera k·step[0], row j time j·step[1]."""

    columns: int
    rows: int
    cell: tuple[int, int]
    step: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"cell": list(self.cell), "cols": self.columns, "rows": self.rows, "step": list(self.step)}


def mosaic_plan(C: int, T: int, W: int, H: int) -> MosaicPlan:
    """Every cell as large as fits: a cell's longer side at most 32 pixels, a mosaic's 4096."""
    return _plan((C, T, W, H), (-(-C // MOSAIC_PX), -(-T // MOSAIC_PX)))


def coarse_plan(C: int, T: int, W: int, H: int) -> MosaicPlan | None:
    """Every k-th cell so that 20 × 20 suffice; None where the whole mosaic has no more."""
    step = (-(-C // COARSE_CELLS), -(-T // COARSE_CELLS))
    return None if step == (1, 1) else _plan((C, T, W, H), step)


def _plan(size: tuple[int, int, int, int], step: tuple[int, int]) -> MosaicPlan:
    C, T, W, H = size
    columns, rows = -(-C // step[0]), -(-T // step[1])
    scale = min(CELL_PX / max(W, H), MOSAIC_PX / (columns * W), MOSAIC_PX / (rows * H), 1.0)
    return MosaicPlan(columns, rows, (max(1, math.floor(W * scale)), max(1, math.floor(H * scale))), step)


def mosaic(dataset: Dataset, grid: Grid, plan: MosaicPlan, stop: threading.Event) -> bytes:
    """A JPEG: cameras across, times down; missing cells are a grey checker. One row of cells is decoded at a time.

    Raises `StoppedError` when `stop` is set.
    """
    width, height = plan.cell
    sheet = _checker(plan)
    decoder = Decoder(dataset)
    name = shown_pass(grid)
    cameras = np.arange(plan.columns) * plan.step[0]
    column = grid.passes.index(name)
    for row in range(plan.rows):
        if stop.is_set():
            raise StoppedError
        time = row * plan.step[1]
        there = np.flatnonzero(grid.index.shard[time, cameras, column] >= 0)
        if not there.size:
            continue
        track = Track(cameras[there], np.full(there.size, time))
        cells = _small(decoder, grid, track, (width, height))
        for place, cell in zip(there.tolist(), cells, strict=True):
            sheet[row * height : (row + 1) * height, place * width : (place + 1) * width] = cell
    target = io.BytesIO()
    Image.fromarray(sheet).save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()


def diagonal_thumb(dataset: Dataset, grid: Grid) -> bytes:
    """The diagonal as an animated WebP, at most 128 pixels wide or high and 48 frames; what is missing is left out."""
    frames = max(grid.C, grid.T)
    every = -(-frames // THUMB_FRAMES)
    f = np.arange(0, frames, every)
    cameras, times = (diagonal_cameras(count, frames, f) for count in (grid.C, grid.T))
    there = grid.index.shard[times, cameras, grid.passes.index(shown_pass(grid))] >= 0
    scale = min(THUMB_PX / max(grid.W, grid.H), 1.0)
    size = (max(1, round(grid.W * scale)), max(1, round(grid.H * scale)))
    if not there.any():
        return animated_webp(_checker(MosaicPlan(1, 1, size, (1, 1)))[None], 1.0)
    small = _small(Decoder(dataset), grid, Track(cameras[there], times[there]), size)
    return animated_webp(small, min(grid.fps / every, 60.0))


def shown_pass(grid: Grid) -> str:
    """rgb, or the first pass there is."""
    return "rgb" if "rgb" in grid.passes else grid.passes[0]


def _small(decoder: Decoder, grid: Grid, track: Track, size: tuple[int, int]) -> NDArray[np.uint8]:
    """[F, h, w, 3] colours of a track's cells, cut to (w, h)."""
    name = shown_pass(grid)
    cut = View(size[1], size[0]).cut(grid.H, grid.W)
    images = decoder.read([Wanted(ClipRef.of(grid.id, track), name)], cut)[0]
    return pass_colours(name, images)


def _checker(plan: MosaicPlan) -> NDArray[np.uint8]:
    """The mosaic without any cell."""
    height, width = plan.rows * plan.cell[1], plan.columns * plan.cell[0]
    square = max(2, min(plan.cell) // 4)
    odd = (np.arange(height)[:, None] // square + np.arange(width) // square) % 2
    return np.array(_CHECKER, np.uint8)[odd]
