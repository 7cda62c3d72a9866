"""The grids a sampler draws from, as arrays: sizes, and which grids show the same scene and animation.

Held as NumPy arrays of a few bytes a grid, so that forked loader processes share them without copying.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.sampling.tracks import ClipRef, Track, diagonal_cameras
from camxtime.shards.tables import numpy_column

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

Indices = NDArray[np.int64]

PATH, SCATTERED, MOVING = range(3)
LAYOUTS = ("camera_path", "scattered_cameras", "moving_camera")
"""What a grid's camera axis is, from `extra["layout"]` of its record.

camera_path (the default): neighbouring cameras are neighbours in space. scattered_cameras: cameras that film at the same
time from anywhere, so nothing moves along the axis. moving_camera: one ordinary video; camera c is where the camera was at
time c, and the grid has only the column of time 0: a diagonal without the rest of its grid.
"""


class Catalog:
    """Grids of a dataset (all complete ones, or those named), in order of id, and their stages.

    A stage is one scene with one animation; its grids differ in the camera path. Raises `InputError` for an unknown or
    incomplete grid, one named twice, or none at all.
    """

    def __init__(self, dataset: Dataset, grids: Sequence[str] | None = None):
        table = dataset.grids
        status = table.column("status")
        if grids is None:
            rows = [row for row, state in enumerate(status) if state == "complete"]
        else:
            rows = sorted(table.ordinal(grid) for grid in grids)
            for place, row in enumerate(rows):
                if place and row == rows[place - 1]:
                    raise InputError(f"Grid {table.ids[row]} is named twice.")
                if status[row] != "complete":
                    raise InputError(
                        f"Grid {table.ids[row]} is {status[row]}: finish rendering it before sampling from it."
                    )
        if not rows:
            raise InputError(f"{dataset.root}: there is no complete grid to draw pairs from.")
        self.dataset = dataset
        self.rows = np.array(rows, np.int64)
        self._cameras, times, height, width = (
            numpy_column(table.table, name)[self.rows].astype(np.int64) for name in "CTHW"
        )
        self.sizes = np.stack([height, width], axis=1)
        self.layouts = _layouts(dataset, self.rows)
        moving = self.layouts == MOVING
        if (times[moving] != 1).any():
            bad = table.ids[self.rows[moving][int(np.argmax(times[moving] != 1))]]
            raise DataError(f"grids.parquet, grid {bad}: a grid with layout 'moving_camera' must have one time, T = 1.")
        self._times = np.where(moving, self._cameras, times)
        self._stages = self._group(numpy_column(table.table, "fps")[self.rows])
        self._by_stage = np.argsort(self._stages, kind="stable")
        self._first = np.searchsorted(self._stages[self._by_stage], np.arange(self._stages.max() + 2))

    def _group(self, fps: NDArray[np.float64]) -> Indices:
        """Number of each grid's stage: same scene, animation, layout, time axis and image size."""
        numbers: dict[tuple[object, ...], int] = {}
        keys = zip(self.layouts.tolist(), self._times.tolist(), fps.tolist(), self.sizes.tolist(), strict=True)
        stages = np.empty(len(self), np.int64)
        for i, (layout, times, rate, size) in enumerate(keys):
            stage = self.id(i).rsplit(".", 1)[0]
            stages[i] = numbers.setdefault((stage, layout, times, rate, *size), len(numbers))
        return stages

    def __len__(self) -> int:
        return len(self.rows)

    def id(self, number: int) -> str:
        """Id of a grid from its number, 0 … len−1."""
        return self.dataset.grids.ids[self.rows[number]]

    def number(self, grid: str) -> int:
        """Number of a grid from its id; `InputError` if it is not among the grids drawn from."""
        row = self.dataset.grids.ordinal(grid)
        place = int(np.searchsorted(self.rows, row))
        if place == len(self.rows) or self.rows[place] != row:
            raise InputError(f"Grid {grid} is not among the {len(self)} grids that pairs are drawn from.")
        return place

    def times(self, number: int) -> int:
        """Animation times of a grid (frames of a moving-camera video)."""
        return int(self._times[number])

    def cameras(self, number: int) -> int:
        """Cameras along a grid's path; 1 for a moving-camera video, which has nowhere else to look from."""
        return 1 if self.layouts[number] == MOVING else int(self._cameras[number])

    def layout(self, number: int) -> int:
        """PATH, SCATTERED or MOVING."""
        return int(self.layouts[number])

    def siblings(self, number: int) -> Indices:
        """Numbers of the other grids of the same stage (same scene, animation, time axis and image size), int64."""
        stage = self._stages[number]
        same = self._by_stage[self._first[stage] : self._first[stage + 1]]
        return same[same != number]

    def diagonal(self, number: int, times: Indices) -> Indices:
        """Cameras of the diagonal at the given animation times, int64 [F]."""
        return diagonal_cameras(self.cameras(number), self.times(number), times)

    def clip(self, number: int, cameras: Indices, times: Indices) -> ClipRef:
        """The clip that shows the given animation times from the given cameras of the path."""
        if self.layouts[number] == MOVING:
            return ClipRef.of(self.id(number), Track(times, np.zeros_like(times)))
        return ClipRef.of(self.id(number), Track(cameras, times))

    def animation_times(self, clip: ClipRef) -> Indices:
        """The animation time that each frame of a clip shows, int64 [F]."""
        moving = np.array([self.layouts[self.number(grid)] == MOVING for grid in clip.grids])
        return np.where(moving[clip.parts], clip.track.cameras, clip.track.times)


def fitting_frames(catalog: Catalog, frames: int) -> int:
    """So many frames, or as many as every grid drawn from has times."""
    return min(frames, *(catalog.times(number) for number in range(len(catalog))))


def hop(first: ClipRef, second: ClipRef, frame: int) -> ClipRef:
    """`first` up to a frame, `second` from it on (both of one length, each in one grid)."""
    late = np.arange(len(first)) >= frame
    track = Track(
        np.where(late, second.track.cameras, first.track.cameras), np.where(late, second.track.times, first.track.times)
    )
    return ClipRef((first.grids[0], second.grids[0]), late.astype(np.int64), track)


def _layouts(dataset: Dataset, rows: Indices) -> NDArray[np.int8]:
    layouts = np.zeros(len(rows), np.int8)
    extras = dataset.grids.column("extra")
    for i, row in enumerate(rows):
        if '"layout"' in extras[row]:
            name = json.loads(extras[row]).get("layout", LAYOUTS[PATH])
            if name not in LAYOUTS:
                raise DataError(
                    f"grids.parquet, grid {dataset.grids.ids[row]}: layout {name!r} is none of {', '.join(LAYOUTS)}."
                )
            layouts[i] = LAYOUTS.index(name)
    return layouts
