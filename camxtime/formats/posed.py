"""`frames.json`: the cameras and times of exported frames or of an exported video, in native conventions.

`{"format": "camxtime-frames", "format_version": 1, "grid", "caption", "fps", "width", "height", "layout", "convention",
"frames": [{"file" (images only), "camera", "time", "c2w": 4×4, "K": 3×3}, …]}`, one entry a frame in order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import DataError
from camxtime.formats import exporting
from camxtime.formats.arrange import Arrangement, arrange, cameras_of
from camxtime.formats.stored import LAYOUTS, identifier
from camxtime.formats.untrusted import field, member_name, number, pinhole, read_json, rigid
from camxtime.shards.grid import Grid
from camxtime.shards.index import CONVENTIONS
from camxtime.splits.tracks import CellTrack

FORMAT = "camxtime-frames"
FORMAT_VERSION = 1
CONVENTION = {name: CONVENTIONS[name] for name in ("world", "camera", "c2w", "K", "depth", "time")}


@dataclass(frozen=True)
class PosedTrack:
    """What a `frames.json` says.

    files: of the frames, None for a video. arrangement: where its frames belong. by_frame: the track is neither whole rows
    or columns of a grid nor has each time once, so its frames are taken for one ordinary video, frame = time.
    """

    grid: str
    caption: str
    fps: float
    size: tuple[int, int]
    files: tuple[str, ...] | None
    arrangement: Arrangement
    instances: tuple[dict[str, Any], ...]
    by_frame: bool


def write(path: Path, grid: Grid, track: CellTrack, files: Sequence[str] | None) -> None:
    """Write the cameras and times of a track."""
    cameras = grid.cameras
    frames = []
    for f, (camera, time) in enumerate(zip(track.cameras, track.times, strict=True)):
        entry = {"camera": camera, "time": time, "c2w": cameras.c2w[camera].tolist(), "K": cameras.K[camera].tolist()}
        frames.append({"file": files[f], **entry} if files is not None else entry)
    value = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "grid": grid.id, "caption": grid.caption, "fps": grid.fps,
        "width": grid.W, "height": grid.H, "layout": exporting.layout_of(grid), "convention": CONVENTION,
        "instances": list(grid.row.instances), "frames": frames,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def read(path: Path) -> PosedTrack:
    """Read and check a `frames.json`. `DataError` names the frame and field that is wrong."""
    data = read_json(path)
    where = str(path)
    if data.get("format") != FORMAT or data.get("format_version") != FORMAT_VERSION:
        raise DataError(f"{path}: is not a {FORMAT} file of version {FORMAT_VERSION}.")
    frames = field(data, "frames", where)
    if not isinstance(frames, list) or not frames:
        raise DataError(f"{path}: frames must be a list that is not empty.")
    width, height = (int(number(field(data, name, where), f"{where}: {name}")) for name in ("width", "height"))
    c2w = [rigid(field(f, "c2w", f"{where}: frames.{i}"), f"{where}: frames.{i}.c2w") for i, f in enumerate(frames)]
    K = [pinhole(field(f, "K", f"{where}: frames.{i}"), f"{where}: frames.{i}.K") for i, f in enumerate(frames)]
    labels = [
        int(number(field(f, "camera", f"{where}: frames.{i}"), f"{where}: frames.{i}.camera"))
        for i, f in enumerate(frames)
    ]
    moments = [
        number(field(f, "time", f"{where}: frames.{i}"), f"{where}: frames.{i}.time") for i, f in enumerate(frames)
    ]
    moving = data.get("layout") == "moving_camera"
    cameras = cameras_of(c2w, K, (width, height))
    try:
        arrangement = arrange(
            cameras, [float(n) for n in labels] if moving else moments, where, None if moving else labels
        )
        by_frame = False
    except DataError:  # a clip like any other: not a grid's rows or columns, nor each time once
        arrangement = arrange(cameras, [float(n) for n in range(len(frames))], where)
        by_frame = True
    with_files = ["file" in frame for frame in frames]
    if any(with_files) and not all(with_files):
        raise DataError(f"{path}: frames.{with_files.index(False)} has no file; all or none must.")
    files = (
        tuple(member_name(frame["file"], f"{where}: frames.{i}") for i, frame in enumerate(frames))
        if all(with_files)
        else None
    )
    instances = data.get("instances", [])
    if not isinstance(instances, list) or not all(isinstance(entry, dict) for entry in instances):
        raise DataError(f"{path}: instances must be a list of objects.")
    return PosedTrack(
        str(data.get("grid", "")), str(data.get("caption", ""))[:2000], number(field(data, "fps", where), f"{where}: fps"),
        (width, height), files, arrangement, tuple(instances), by_frame,
    )  # fmt: skip


BY_FRAME_NOTE = "{}: its cells repeat or skip times, so it was imported as one ordinary video (frame number = time)."


def layout_of(track: PosedTrack, stated: str | None = None) -> str:
    """The layout to import with: a whole grid keeps the source's, if that is a layout of whole grids."""
    found = track.arrangement.layout
    return stated if stated in LAYOUTS[:2] and found != "moving_camera" else found


def grid_id_of(stated: str, fallback: str) -> str:
    """`stated` made a grid id, or one from the fallback name."""
    parts = stated.split(".")
    if len(parts) == 3:
        return ".".join(identifier(part) for part in parts)
    name = identifier(fallback)
    return f"{name}.{name}-motion.video"
