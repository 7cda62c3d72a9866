"""Cameras of generated clips that an estimator wrote: camxtime's own format, and the trajectory formats that it reads.

For an item `<id>`, one of

    <id>.json          camxtime-poses (below); a frames.json; nerfstudio's transforms.json; Cam×Time's camera_data.json
    <id>.npy           (N, 4, 4) world to camera, OpenCV axes (SpaceTimePilot's *_extrinsics.npy)
    <id>.txt           a trajectory of the TUM benchmark: `timestamp tx ty tz qx qy qz qw` a line, camera to world, OpenCV axes
    <id>/images.txt    a COLMAP text model, images in order of their names

camxtime-poses: `{"format": "camxtime-poses", "format_version": 1, "scale": "metric" or "unknown", "frames": [4×4 or null, …],
"source": [4×4, …]}`: camera to world, OpenCV axes (x right, y down, z forward); null where there is no pose; `source`, which may
be left out, are the source clip's cameras in the same world, of which the first counts.

The other formats hold no source, or hold it before the generated frames: F poses are the generated clip's alone, S + F poses
those of the source's S frames and then the generated ones. Their scale is taken to be unknown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.evaluation.poses import Estimate
from camxtime.evaluation.tasks import PredictionError, Task
from camxtime.formats import camera_data, colmap, spacetimepilot, transforms
from camxtime.formats.untrusted import field, mapping, read_json, read_text, rigid

Floats = NDArray[np.float64]

FORMAT = "camxtime-poses"
FORMAT_VERSION = 1
SUFFIXES = (".json", ".npy", ".txt")


class PoseFolder:
    """Pose files of one method. Raises `InputError` if there is no such folder."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: there is no such folder of pose files.")

    def of(self, task: Task) -> Estimate:
        """The cameras of an item; `PredictionError` naming the item and file if they are missing or wrong."""
        name = task.item.id
        places = [self.folder / f"{name}{suffix}" for suffix in SUFFIXES] + [self.folder / name / "images.txt"]
        there = [path for path in places if path.is_file()]
        if not there:
            raise PredictionError(f"{name}: its pose file is missing; {places[0]} is expected (or .npy, .txt, COLMAP).")
        if len(there) > 1:
            raise PredictionError(f"{name}: has more than one pose file: {', '.join(map(str, there))}.")
        if not there[0].resolve().is_relative_to(self.folder.resolve()):
            raise PredictionError(f"{name}: {there[0]} is a link that leads out of {self.folder}.")
        try:
            return read_poses(there[0], len(task.target), len(task.source))
        except CamxtimeError as error:
            raise PredictionError(f"{name}: {error}") from error


def read_poses(path: Path, frames: int, source: int) -> Estimate:
    """The cameras in a file, of a clip of `frames` frames whose source has `source`. `DataError` if it does not fit them."""
    if path.suffix == ".json":
        data = read_json(path)
        if data.get("format") == FORMAT:
            return _own(data, path, frames)
        return _split(_foreign_json(data, path), path, frames, source)
    if path.suffix == ".npy":
        return _split(spacetimepilot.read_extrinsics(path), path, frames, source)
    if path.name == "images.txt":
        images = colmap.read_model(path.parent)
        return _split(np.stack([image.c2w for image in images]), path, frames, source)
    return _split(_tum(path), path, frames, source)


def write_poses(path: Path, c2w: Floats, source: Floats | None = None, metric: bool = True) -> None:
    """Write a camxtime-poses file: c2w (F, 4, 4), NaN for frames without a pose; source (S, 4, 4)."""
    frames = [pose.tolist() if np.isfinite(pose).all() else None for pose in c2w]
    value: dict[str, Any] = {"format": FORMAT, "format_version": FORMAT_VERSION, "frames": frames,
                             "scale": "metric" if metric else "unknown"}  # fmt: skip
    if source is not None:
        value["source"] = source.tolist()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")


def _own(data: dict[str, Any], path: Path, frames: int) -> Estimate:
    where = str(path)
    if data.get("format_version") != FORMAT_VERSION:
        raise DataError(
            f"{path}: has format version {data.get('format_version')!r}; this camxtime reads {FORMAT_VERSION}."
        )
    scale = field(data, "scale", where)
    if scale not in ("metric", "unknown"):
        raise DataError(f"{path}: scale must be metric or unknown, not {scale!r}.")
    entries = field(data, "frames", where)
    if not isinstance(entries, list) or len(entries) != frames:
        count = len(entries) if isinstance(entries, list) else "no"
        raise DataError(f"{path}: has {count} frames; the clip has {frames}.")
    nothing = np.full((4, 4), np.nan)
    c2w = [nothing if e is None else rigid(e, f"{where}: frames.{i}") for i, e in enumerate(entries)]
    own = data.get("source")
    if own is not None and (not isinstance(own, list) or not own):
        raise DataError(f"{path}: source must be a list of poses, or be left out.")
    return Estimate(np.stack(c2w), None if own is None else rigid(own[0], f"{where}: source.0"), scale == "metric")


def _foreign_json(data: dict[str, Any], path: Path) -> Floats:
    entries = data.get("frames")
    if data.get("format") == "camxtime-frames" and isinstance(entries, list) and entries:
        poses = [field(mapping(e, f"{path}: frames.{i}"), "c2w", f"{path}: frames.{i}") for i, e in enumerate(entries)]
        return np.stack([rigid(pose, f"{path}: frames.{i}.c2w") for i, pose in enumerate(poses)])
    if entries is not None:
        return np.stack([frame.c2w for frame in transforms.read(path)])
    if "cameras" in data or "trajectory" in data:
        return camera_data.read(path).c2w
    raise DataError(f"{path}: is none of camxtime-poses, frames.json, transforms.json and camera_data.json.")


def _tum(path: Path) -> Floats:
    poses = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        poses.append(_tum_pose(words, f"{path}: line {number}"))
    if not poses:
        raise DataError(f"{path}: holds no pose.")
    return np.stack(poses)


def _tum_pose(words: Sequence[str], where: str) -> Floats:
    try:
        _, x, y, z, qx, qy, qz, qw = (float(word) for word in words)
    except ValueError as error:
        raise DataError(f"{where}: timestamp tx ty tz qx qy qz qw are expected.") from error
    unit = np.array([qw, qx, qy, qz])
    if not np.isfinite([x, y, z, *unit]).all() or abs(np.linalg.norm(unit) - 1) > 1e-2:
        raise DataError(f"{where}: the position is not finite, or the quaternion not of length 1.")
    pose = np.eye(4)
    pose[:3, :3] = colmap.rotation_of(unit / np.linalg.norm(unit))
    pose[:3, 3] = x, y, z
    return pose


def _split(poses: Floats, path: Path, frames: int, source: int) -> Estimate:
    if len(poses) == frames:
        return Estimate(poses, None, False)
    if len(poses) == source + frames:
        return Estimate(poses[source:], poses[0], False)
    raise DataError(
        f"{path}: has {len(poses)} poses; {frames} of the generated clip, or {source + frames} with the source, are expected."
    )
