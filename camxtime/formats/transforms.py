"""nerfstudio's `transforms.json` and D-NeRF's `transforms_*.json`: posed images with a time.

Poses are camera to world, OpenGL axes (x right, y up, z back); the world is right-handed, Z up. Intrinsics stand at the
top or in every frame (`fl_x, fl_y, cx, cy, w, h`), or as `camera_angle_x` (radians, D-NeRF). `time` runs from 0 to 1
over the animation. Depth is a 16-bit PNG in millimetres, 0 = unknown. Lens distortion is refused: the stored format
holds pin-hole cameras.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.errors import DataError
from camxtime.formats.untrusted import Floats, field, mapping, member_name, number, pinhole_of, read_json, rigid
from camxtime.geometry.cameras import focal_px
from camxtime.geometry.conventions import opencv_to_opengl, opengl_to_opencv

DISTORTION = ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2")
PINHOLE_MODELS = ("PINHOLE", "SIMPLE_PINHOLE", "OPENCV", "PERSPECTIVE")
MAX_FRAMES = 1_000_000


@dataclass(frozen=True, eq=False)
class Frame:
    """One posed image.

    file: name relative to the JSON file; D-NeRF leaves the suffix off. c2w: (4, 4) float64, native convention.
    K: (3, 3) pixels, or None where only the angle of view is known before the image is opened (`angle_x`, radians).
    size: (width, height) or None. time: 0..1, or None where the file has no time. depth: file name or None.
    label: number of the camera in the grid (`camxtime_camera`, which other readers skip), or None.
    """

    file: str
    c2w: Floats
    K: Floats | None
    size: tuple[int, int] | None
    time: float | None
    angle_x: float | None = None
    depth: str | None = None
    label: int | None = None

    def intrinsics_for(self, width: int, height: int) -> Floats:
        """K (3, 3) for the image as it is; `DataError` if the file is for another size, or says nothing."""
        if self.size is not None and self.size != (width, height):
            raise DataError(f"{self.file}: is {width}×{height}; the transforms say {self.size[0]}×{self.size[1]}.")
        if self.K is not None:
            return self.K
        if self.angle_x is None:
            raise DataError(f"{self.file}: has no intrinsics (fl_x, or camera_angle_x).")
        focal = float(focal_px(width, hfov_deg=np.degrees(self.angle_x)))
        return pinhole_of(focal, focal, width / 2, height / 2, self.file)


def read(path: Path) -> list[Frame]:
    """The frames of a transforms file, in its order. `DataError` names the frame and the field that is wrong."""
    data = read_json(path)
    frames = field(data, "frames", str(path))
    if not isinstance(frames, list) or not frames or len(frames) > MAX_FRAMES:
        raise DataError(f"{path}: frames must be a list of 1 to {MAX_FRAMES:,} entries.")
    result = [_frame({**_shared(data), **mapping(entry, f"{path}: frames.{i}")}, f"{path}: frames.{i}")
              for i, entry in enumerate(frames)]  # fmt: skip
    with_time = sum(frame.time is not None for frame in result)
    if with_time not in (0, len(result)):
        lacking = next(frame.file for frame in result if frame.time is None)
        raise DataError(f"{path}: the frame {lacking} has no time, others have one; all or none must.")
    return result


def extra_of(path: Path) -> dict[str, Any]:
    """What camxtime's exports say of the grid under the key `camxtime`; {} in other files."""
    extra = read_json(path).get("camxtime", {})
    return extra if isinstance(extra, dict) else {}


def _shared(data: Mapping[str, Any]) -> dict[str, Any]:
    """Fields at the top that hold for every frame."""
    return {key: value for key, value in data.items() if key not in ("frames", "camxtime", "applied_transform")}


def _frame(entry: Mapping[str, Any], where: str) -> Frame:
    for name in DISTORTION:
        if name in entry and number(entry[name], f"{where}.{name}") != 0:
            raise DataError(f"{where}: lens distortion ({name}) cannot be held; undistort the images first.")
    model = entry.get("camera_model", "PINHOLE")
    if model not in PINHOLE_MODELS:
        raise DataError(f"{where}: camera_model {model!r} is not a pin-hole; undistort the images first.")
    pose = opengl_to_opencv(rigid(field(entry, "transform_matrix", where), f"{where}.transform_matrix"))
    size = _size(entry, where)
    depth = entry.get("depth_file_path")
    label = number(entry["camxtime_camera"], f"{where}.camxtime_camera") if "camxtime_camera" in entry else None
    return Frame(
        file=member_name(_plain(field(entry, "file_path", where)), where),
        c2w=pose,
        K=_intrinsics(entry, size, where),
        size=size,
        time=number(entry["time"], f"{where}.time") if "time" in entry else None,
        angle_x=number(entry["camera_angle_x"], f"{where}.camera_angle_x") if "camera_angle_x" in entry else None,
        depth=member_name(_plain(depth), where) if depth is not None else None,
        label=int(label) if label is not None else None,
    )


def _plain(name: Any) -> Any:
    return name.removeprefix("./") if isinstance(name, str) else name


def _size(entry: Mapping[str, Any], where: str) -> tuple[int, int] | None:
    if "w" not in entry and "h" not in entry:
        return None
    width, height = (number(field(entry, name, where), f"{where}.{name}") for name in ("w", "h"))
    if not (width >= 1 and height >= 1 and width % 1 == 0 and height % 1 == 0):
        raise DataError(f"{where}: {width:g}×{height:g} is not an image size.")
    return int(width), int(height)


def _intrinsics(entry: Mapping[str, Any], size: tuple[int, int] | None, where: str) -> Floats | None:
    if "fl_x" not in entry:
        return None
    focal = number(entry["fl_x"], f"{where}.fl_x")
    fy = number(entry.get("fl_y", focal), f"{where}.fl_y")
    if ("cx" not in entry or "cy" not in entry) and size is None:
        raise DataError(f"{where}: neither cx, cy nor w, h are there.")
    middle = (size[0] / 2, size[1] / 2) if size is not None else (0.0, 0.0)
    cx, cy = number(entry.get("cx", middle[0]), f"{where}.cx"), number(entry.get("cy", middle[1]), f"{where}.cy")
    return pinhole_of(focal, fy, cx, cy, where)


def format_frames(frames: Sequence[Frame], extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object of frames that all have K and a size. Intrinsics that all share stand at the top (as D-NeRF's
    and nerfstudio's readers want them), else in every frame. `extra` goes under the key `camxtime`.
    """
    entries = [_entry(frame) for frame in frames]
    keys = ("fl_x", "fl_y", "cx", "cy", "w", "h")
    shared = {key: entries[0][key] for key in keys}
    data: dict[str, Any] = {"camera_model": "OPENCV"}
    if all(entry[key] == shared[key] for entry in entries for key in keys):
        data |= {**shared, "camera_angle_x": 2 * float(np.arctan(shared["w"] / (2 * shared["fl_x"])))}
        entries = [{key: value for key, value in entry.items() if key not in keys} for entry in entries]
    if any(frame.depth for frame in frames):
        data["depth_unit_scale_factor"] = 0.001
    return {**data, "camxtime": dict(extra or {}), "frames": entries}


def _entry(frame: Frame) -> dict[str, Any]:
    if frame.K is None or frame.size is None:
        raise DataError(f"{frame.file}: has no intrinsics or size to write.")
    entry: dict[str, Any] = {
        "file_path": frame.file,
        "fl_x": float(frame.K[0, 0]), "fl_y": float(frame.K[1, 1]),
        "cx": float(frame.K[0, 2]), "cy": float(frame.K[1, 2]), "w": frame.size[0], "h": frame.size[1],
        "transform_matrix": opencv_to_opengl(frame.c2w).tolist(),
    }  # fmt: skip
    if frame.time is not None:
        entry["time"] = frame.time
    if frame.depth is not None:
        entry["depth_file_path"] = frame.depth
    if frame.label is not None:
        entry["camxtime_camera"] = frame.label
    return entry


def write(path: Path, frames: Sequence[Frame], extra: Mapping[str, Any] | None = None) -> None:
    """Write a transforms file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(format_frames(frames, extra), indent=1, allow_nan=False), encoding="utf-8")
