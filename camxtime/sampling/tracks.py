"""Tracks and clip references: which cells a clip is made of, as plain arrays that can be written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from camxtime.errors import InputError

Indices = NDArray[np.int64]

MAX_FRAMES = 100_000
"""Most frames of a track read from a file."""


@dataclass(frozen=True, eq=False)
class Track:
    """F cells of one grid: frame f shows the cell (cameras[f], times[f]). Both int64 [F], indices from 0.

    Raises `InputError` when the two are not whole numbers ≥ 0, at least one, and equally many.
    """

    cameras: Indices
    times: Indices

    def __post_init__(self) -> None:
        for name in ("cameras", "times"):
            values = np.asarray(getattr(self, name))
            if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "iu" or (values < 0).any():
                raise InputError(f"A track's {name} must be whole numbers from 0 on, at least one, in a flat list.")
            fixed = values.astype(np.int64)
            fixed.flags.writeable = False
            object.__setattr__(self, name, fixed)
        if len(self.cameras) != len(self.times):
            raise InputError(f"A track needs as many cameras as times, not {len(self.cameras)} and {len(self.times)}.")

    def __len__(self) -> int:
        return len(self.times)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Track):
            return NotImplemented
        return np.array_equal(self.cameras, other.cameras) and np.array_equal(self.times, other.times)

    __hash__ = None  # type: ignore[assignment]

    def check(self, cameras: int, times: int, grid: str) -> Track:
        """Return self; `InputError` naming the grid if a cell lies outside its C × T cells."""
        for name, values, count in (("camera", self.cameras, cameras), ("time", self.times, times)):
            if values.max() >= count:
                raise InputError(f"Grid {grid} has no {name} {values.max()}: it has {name}s 0 to {count - 1}.")
        return self

    def to_json(self) -> dict[str, Any]:
        """`{"cameras": [...], "times": [...]}`."""
        return {"cameras": self.cameras.tolist(), "times": self.times.tolist()}

    @staticmethod
    def of_json(value: Any) -> Track:
        """The track that `to_json` wrote; `InputError` naming what is wrong otherwise."""
        if not isinstance(value, Mapping) or set(value) != {"cameras", "times"}:
            raise InputError("A track is an object with the lists 'cameras' and 'times'.")
        return Track(_indices(value["cameras"], "cameras"), _indices(value["times"], "times"))


@dataclass(frozen=True, eq=False)
class ClipRef:
    """Where the frames of a clip lie: frame f is the cell (track.cameras[f], track.times[f]) of grids[parts[f]].

    grids: ids, most often one; a hop to another camera path makes it two. parts: int64 [F] into `grids`.
    """

    grids: tuple[str, ...]
    parts: Indices
    track: Track

    @staticmethod
    def of(grid: str, track: Track) -> ClipRef:
        """The clip of a track that stays in one grid."""
        return ClipRef((grid,), np.zeros(len(track), np.int64), track)

    def __len__(self) -> int:
        return len(self.track)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClipRef):
            return NotImplemented
        return self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def frames_of(self, part: int) -> Indices:
        """The frames that lie in grids[part], int64."""
        return np.flatnonzero(self.parts == part)

    def to_json(self) -> dict[str, Any]:
        """`{"grid": id, "cameras": …, "times": …}`, with `"grids"` and `"parts"` in place of `"grid"` where it hops."""
        if len(self.grids) == 1:
            return {"grid": self.grids[0], **self.track.to_json()}
        return {"grids": list(self.grids), "parts": self.parts.tolist(), **self.track.to_json()}

    @staticmethod
    def of_json(value: Any) -> ClipRef:
        """The reference that `to_json` wrote; `InputError` naming what is wrong otherwise."""
        if not isinstance(value, Mapping):
            raise InputError("A clip is an object with 'grid', 'cameras' and 'times'.")
        track = Track.of_json({key: value[key] for key in ("cameras", "times") if key in value})
        if set(value) == {"grid", "cameras", "times"}:
            if not isinstance(value["grid"], str):
                raise InputError("A clip's 'grid' must be a grid id.")
            return ClipRef.of(value["grid"], track)
        if set(value) != {"grids", "parts", "cameras", "times"}:
            raise InputError("A clip has 'grid' (or 'grids' and 'parts'), 'cameras' and 'times', nothing else.")
        grids = value["grids"]
        if not (isinstance(grids, list) and grids and all(isinstance(grid, str) for grid in grids)):
            raise InputError("A clip's 'grids' must be a list of grid ids.")
        parts = _indices(value["parts"], "parts")
        if len(parts) != len(track) or parts.min() < 0 or parts.max() >= len(grids):
            raise InputError("A clip's 'parts' must say for every frame which of 'grids' it lies in.")
        return ClipRef(tuple(grids), parts, track)


@dataclass(frozen=True)
class Window:
    """F of T by offset and stride: frame w of the window is the time offset + stride·w."""

    frames: int
    offset: int = 0
    stride: int = 1

    @property
    def last(self) -> int:
        """The last time in the window."""
        return self.offset + self.stride * (self.frames - 1)

    def times(self, window_times: ArrayLike) -> Indices:
        """Animation times of window times (what a warp yields): int64 of the same shape."""
        return self.offset + self.stride * np.asarray(window_times, np.int64)

    def check(self, times: int, grid: str) -> Window:
        """Return self; `InputError` if the window does not fit into the grid's times."""
        if self.frames < 1 or self.stride < 1 or self.offset < 0 or self.last >= times:
            raise InputError(
                f"Grid {grid} has {times} times: {self.frames} frames from {self.offset} by steps of {self.stride} do not "
                "fit. Ask for fewer frames or a smaller stride."
            )
        return self


def diagonal_cameras(cameras: int, times: int, at: Indices) -> Indices:
    """Cameras of the diagonal at the given times: camera and time advance together from their first to their last.

    round(t·(C−1)/(T−1)), half up: the time itself where C = T; int64 of the shape of `at`.
    """
    span = max(times - 1, 1)
    return (2 * at * (cameras - 1) + span) // (2 * span)


def _indices(value: Any, name: str) -> Indices:
    whole = isinstance(value, list) and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
    if not whole or not 1 <= len(value) <= MAX_FRAMES or not all(0 <= v < 2**31 for v in value):
        raise InputError(f"'{name}' must be a list of 1 to {MAX_FRAMES} whole numbers from 0 on.")
    return np.array(value, np.int64)
