"""Tracks by name, and a track as an MP4."""

from __future__ import annotations

import hashlib
import math
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.formats.exporting import frames_of
from camxtime.formats.video import VideoKind, write_video
from camxtime.sampling.camera_tracks import CAMERA_TRACKS, camera_track
from camxtime.sampling.camera_tracks import summary as camera_summary
from camxtime.sampling.tracks import Track, diagonal_cameras
from camxtime.shards.grid import Grid
from camxtime.splits.tracks import CellTrack
from camxtime.timewarp import WARPS
from camxtime.viewer.workroom import StoppedError

Indices = NDArray[np.int64]

MAX_FRAMES = 2000
CAMERA = "camera:"
"""Before the names of camera tracks, some of which are names of warps too."""
_OWN = {
    "diagonal": (
        "Camera and time advance together, from their first to their last: the source video.",
        "γ(f), τ(f) = f",
    ),
    "bullet": ("All cameras at one time: the world stands still, the camera moves.", "γ(f) = f, τ(f) = time"),
    "fixed": ("All times from one camera: an ordinary video.", "γ(f) = camera, τ(f) = f"),
}


@dataclass(frozen=True)
class TrackWish:
    """A track by name. frames: its length, by default what the name suggests. camera, time: of `fixed` and `bullet`."""

    name: str
    frames: int | None = None
    seed: int = 0
    camera: int = 0
    time: int = 0


def track_names() -> list[dict[str, str]]:
    """Every named track but diagonal, bullet and fixed, with a sentence and a formula."""
    warps = [{"name": w.name, "kind": "warp", "text": w.summary, "formula": w.formula} for w in WARPS.values()]
    cameras = [
        {"name": CAMERA + name, "kind": "camera", "text": camera_summary(name), "formula": _formula(name)}
        for name in CAMERA_TRACKS
        if name not in _OWN
    ]
    return warps + cameras


def named_track(cameras: int, times: int, wish: TrackWish) -> dict[str, Any]:
    """The cells of a named track in a grid of cameras × times; `InputError` for an unknown name or impossible length.

    A warp keeps the diagonal's cameras and moves through time by itself; a camera track keeps the diagonal's times.
    """
    frames = (cameras if wish.name == "bullet" else times) if wish.frames is None else wish.frames
    if not 1 <= frames <= MAX_FRAMES:
        raise InputError(f"A track has 1 to {MAX_FRAMES} frames, not {frames}.")
    f = np.arange(frames)
    along, forward = diagonal_cameras(cameras, frames, f), diagonal_cameras(times, frames, f)
    formula = _OWN[wish.name][1] if wish.name in _OWN else ""
    if wish.name == "bullet":
        forward = np.full(frames, wish.time)
    elif wish.name == "fixed":
        along = np.full(frames, wish.camera)
    elif wish.name in WARPS:
        forward, formula = WARPS[wish.name](frames, times, wish.seed), WARPS[wish.name].formula
    elif wish.name.startswith(CAMERA) and wish.name.removeprefix(CAMERA) in CAMERA_TRACKS:
        name = wish.name.removeprefix(CAMERA)
        along, formula = camera_track(name, along, cameras, wish.seed), _formula(name)
    elif wish.name not in _OWN:
        raise InputError("There is no track of this name.")
    track = Track(along, forward).check(cameras, times, "this one")
    return {**track.to_json(), "name": wish.name, "formula": formula}


def examples(sizes: set[tuple[int, int]]) -> dict[str, dict[str, Any]]:
    """Every named track once for each (cameras, times), seed 0: for pages that nothing computes behind."""
    names = [entry["name"] for entry in track_names()]
    found: dict[str, dict[str, Any]] = {}
    for cameras, times in sorted(sizes):
        tracks = found.setdefault(f"{cameras}x{times}", {})
        for name in names:
            try:
                track = named_track(cameras, times, TrackWish(name))
            except InputError:
                continue  # a warp that needs more times than there are
            tracks[name] = {"cameras": track["cameras"], "times": track["times"]}
    return found


@dataclass(frozen=True)
class ClipWish:
    """A track to be written as a video: Track, frames a second, h264 (for eyes) or lossless (bit-exact RGB)."""

    track: Track
    fps: float
    video: VideoKind

    @staticmethod
    def of_json(value: Any, grid: Grid) -> ClipWish:
        """From a request's body `{"cameras", "times", "fps"?, "video"?}`; `InputError` saying what is wrong."""
        if not isinstance(value, Mapping) or not {"cameras", "times"} <= set(value) <= {
            "cameras",
            "times",
            "fps",
            "video",
        }:
            raise InputError("A clip is an object with the lists 'cameras' and 'times', and maybe 'fps' and 'video'.")
        track = Track.of_json({name: value[name] for name in ("cameras", "times")}).check(grid.C, grid.T, grid.id)
        if len(track) > MAX_FRAMES:
            raise InputError(f"A clip has at most {MAX_FRAMES} frames, not {len(track)}.")
        fps, video = value.get("fps", grid.fps), value.get("video", "h264")
        number = isinstance(fps, int | float) and not isinstance(fps, bool) and math.isfinite(fps)
        if not number or not 0.1 <= fps <= 240:
            raise InputError("fps must be a number from 0.1 to 240.")
        if video not in ("h264", "lossless"):
            raise InputError("video must be h264 or lossless.")
        return ClipWish(track, float(fps), video)

    @property
    def digest(self) -> str:
        """Names this clip of a grid."""
        text = f"{self.track.to_json()} {self.fps!r} {self.video}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def clip_file(grid: Grid, wish: ClipWish, stop: threading.Event) -> Path:
    """An MP4 of the clip in a new folder of its own, which the caller removes.

    Raises `StoppedError` when `stop` is set, and what reading and encoding raise.
    """
    cells = CellTrack(grid.id, tuple(wish.track.cameras.tolist()), tuple(wish.track.times.tolist()))
    folder = Path(tempfile.mkdtemp(prefix="camxtime-clip-"))
    path = folder / f"{grid.id}-{wish.digest}.mp4"
    try:
        write_video(path, _until(frames_of(grid, cells), stop), wish.fps, wish.video)
    except BaseException:
        path.unlink(missing_ok=True)
        folder.rmdir()
        raise
    return path


def _until(frames: Iterator[NDArray[Any]], stop: threading.Event) -> Iterator[NDArray[Any]]:
    for frame in frames:
        if stop.is_set():
            raise StoppedError
        yield frame


def _formula(name: str) -> str:
    """The lines of a camera track's description that define it."""
    function: Callable[..., Indices] = CAMERA_TRACKS[name]
    lines = (line.strip() for line in (function.__doc__ or "").splitlines())
    return " ".join(line for line in lines if line.startswith("γ"))
