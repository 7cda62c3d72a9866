"""Cam×Time's camera files: two different schemas called `camera_data.json`, and the full release's trajectory file.

All hold poses with Blender/OpenGL camera axes (x right, y up, looking along −z) in Blender's right-handed Z-up world.

schema 1 (`full_grid_renders/scene_n/camera_data.json`): `intrinsics` {K | fx, fy, cx, cy [, width, height]},
  `n_cameras`, `cameras` {"0": {"c2w": 4×4, "w2c": 4×4}, …}.
schema 2 (`eval_input/src_cam/<video>/camera_data.json`): `cameras.extrinsic.camera_000 …` = 4×4, **world to camera** in
  the official loader; one other reader takes it for camera to world, so both can be asked for.
full release (`camera-trajectory-01-camera.json`): `intrinsics` {K}, `trajectory` {"<Blender frame>": {"c2w", "w2c"}}.
  Which key belongs to which `camNNN` file is not documented; numerical order is assumed, as all known readers do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.formats.untrusted import Floats, contiguous, field, mapping, number, pinhole, pinhole_of, read_json, rigid
from camxtime.geometry.conventions import c2w_to_w2c, opencv_to_opengl, opengl_to_opencv, w2c_to_c2w

Matrix = Literal["w2c", "c2w"]
AGREEMENT = 1e-3
"""Largest difference (metres, or entries of a rotation) between a c2w and the inverse of the w2c beside it."""

CONVENTION = {
    "camera_axes": "OpenGL/Blender: x right, y up, z back (the camera looks along -z)",
    "world": "right-handed, Z up, metres",
    "pixel_centres": "half-integer: the top-left pixel's centre is (0.5, 0.5)",
}

ZOOM_NOTE = "These files have one K a path; where a path zooms, K also stands in every camera's entry, where only camxtime looks."

_NUMBER = re.compile(r"-?\d{1,9}")
_CAMERA = re.compile(r"camera_(\d{3,9})")


@dataclass(frozen=True, eq=False)
class CameraData:
    """What one camera file says.

    c2w: (C, 4, 4) float64, native convention. K: (3, 3) pixels, or None where the file has none.
    size: (width, height) that K is for, or None where the file does not say. keys: the file's own names, in order.
    per_camera: (C, 3, 3), where every camera has a K of its own (an extension that camxtime's exports of zooms have).
    """

    c2w: Floats
    K: Floats | None
    size: tuple[int, int] | None
    keys: tuple[str, ...]
    per_camera: Floats | None = None

    def intrinsics_for(self, width: int, height: int, where: str) -> Floats:
        """K (3, 3) for images of this size; `DataError` if the file has no K, or its K is for an unknown other size."""
        if self.K is None:
            raise DataError(f"{where}: there are no intrinsics, and images need some; give a focal length.")
        if self.size is not None:
            return _rescaled(self.K, self.size, (width, height), where)
        # Without a stated size the principal point tells whether K is for these pixels.
        if abs(2 * self.K[0, 2] - width) > 0.02 * width or abs(2 * self.K[1, 2] - height) > 0.02 * height:
            raise DataError(
                f"{where}: K has its principal point at ({self.K[0, 2]:g}, {self.K[1, 2]:g}), far from the middle of "
                f"{width}×{height} images: it is for another size, which the file must state (intrinsics.width, height)."
            )
        return self.K

    def all_intrinsics(self, width: int, height: int, where: str) -> Floats:
        """K (C, 3, 3) for images of this size."""
        if self.per_camera is None:
            return np.tile(self.intrinsics_for(width, height, where), (len(self.c2w), 1, 1))
        if self.size is None:
            return self.per_camera
        return np.stack([_rescaled(K, self.size, (width, height), where) for K in self.per_camera])


def _rescaled(K: Floats, size: tuple[int, int], wanted: tuple[int, int], where: str) -> Floats:
    scale = np.array([wanted[0] / size[0], wanted[1] / size[1]])
    if abs(scale[0] - scale[1]) > 1e-6 * scale[0]:
        raise DataError(
            f"{where}: K is for {size[0]}×{size[1]} and the images are {wanted[0]}×{wanted[1]}: not one scale."
        )
    return np.diag([scale[0], scale[1], 1.0]) @ K


def _pose(entry: Any, where: str) -> Floats:
    """c2w with OpenGL axes of {"c2w", "w2c"}, one of which may be missing; both must agree."""
    entry = mapping(entry, where)
    if "c2w" not in entry and "w2c" not in entry:
        raise DataError(f"{where}: neither c2w nor w2c is there.")
    if "c2w" not in entry:
        return w2c_to_c2w(rigid(entry["w2c"], f"{where}.w2c"))
    pose = rigid(entry["c2w"], f"{where}.c2w")
    if "w2c" in entry:
        apart = float(np.abs(w2c_to_c2w(rigid(entry["w2c"], f"{where}.w2c")) - pose).max())
        if apart > AGREEMENT * max(1.0, float(np.abs(pose[:3, 3]).max())):
            raise DataError(f"{where}: c2w is not the inverse of w2c (they differ by {apart:.3g}).")
    return pose


def _intrinsics(data: Mapping[str, Any], where: str) -> tuple[Floats | None, tuple[int, int] | None]:
    if "intrinsics" not in data:
        return None, None
    here = f"{where}: intrinsics"
    given = mapping(data["intrinsics"], here)
    if "K" in given:
        K = pinhole(given["K"], f"{here}.K")
    else:
        fx, fy, cx, cy = (number(field(given, name, here), f"{here}.{name}") for name in ("fx", "fy", "cx", "cy"))
        K = pinhole_of(fx, fy, cx, cy, here)
    if "width" not in given and "height" not in given:
        return K, None
    width, height = (number(field(given, name, here), f"{here}.{name}") for name in ("width", "height"))
    if width < 1 or height < 1:
        raise DataError(f"{here}: {width:g}×{height:g} is not an image size.")
    return K, (int(width), int(height))


def _numbered(entries: Mapping[str, Any], where: str) -> dict[int, str]:
    for key in entries:
        if not _NUMBER.fullmatch(key):
            raise DataError(f"{where}: the key {key[:40]!r} is not a number.")
    return {int(key): key for key in entries}


def parse_schema1(data: Mapping[str, Any], where: str) -> CameraData:
    """Schema 1. `DataError`: a camera is missing, or what is there is not what it should be."""
    entries = mapping(field(data, "cameras", where), f"{where}: cameras")
    if "extrinsic" in entries:
        raise DataError(f"{where}: this is schema 2 of camera_data.json (cameras.extrinsic), not schema 1.")
    keys = _numbered(entries, f"{where}: cameras")
    contiguous(list(keys), 0, "camera", where)
    if "n_cameras" in data and data["n_cameras"] != len(keys):
        raise DataError(f"{where}: n_cameras is {data['n_cameras']!r}, but {len(keys)} cameras are there.")
    poses = np.stack([_pose(entries[keys[i]], f"{where}: cameras.{keys[i]}") for i in range(len(keys))])
    K, size = _intrinsics(data, where)
    ordered = tuple(keys[i] for i in range(len(keys)))
    return CameraData(opengl_to_opencv(poses), K, size, ordered, _own_intrinsics(entries, ordered, f"{where}: cameras"))


def _own_intrinsics(entries: Mapping[str, Any], keys: tuple[str, ...], where: str) -> Floats | None:
    own = [pinhole(entries[key]["K"], f"{where}.{key}.K") for key in keys if "K" in entries[key]]
    if own and len(own) < len(keys):
        raise DataError(f"{where}: {len(own)} of {len(keys)} cameras have a K of their own; all or none must.")
    return np.stack(own) if own else None


def parse_schema2(data: Mapping[str, Any], where: str, matrix: Matrix = "w2c") -> CameraData:
    """Schema 2; `matrix` says what the 4×4 are taken for (officially w2c). `DataError` as for schema 1."""
    cameras = mapping(field(data, "cameras", where), f"{where}: cameras")
    entries = mapping(field(cameras, "extrinsic", f"{where}: cameras"), f"{where}: cameras.extrinsic")
    keys: dict[int, str] = {}
    for key in entries:
        match = _CAMERA.fullmatch(key)
        if match is None:
            raise DataError(f"{where}: cameras.extrinsic: the key {key[:40]!r} is not of the form camera_000.")
        keys[int(match[1])] = key
    contiguous(list(keys), 0, "camera", where)
    if matrix not in ("w2c", "c2w"):
        raise InputError(f"matrix: w2c or c2w, not {matrix!r}.")
    ordered = [keys[i] for i in range(len(keys))]
    poses = np.stack([rigid(entries[key], f"{where}: cameras.extrinsic.{key}") for key in ordered])
    return CameraData(opengl_to_opencv(w2c_to_c2w(poses) if matrix == "w2c" else poses), None, None, tuple(ordered))


def parse_trajectory(data: Mapping[str, Any], where: str) -> CameraData:
    """The full release's camera file; cameras in the numerical order of the keys (which need not start at 0)."""
    entries = mapping(field(data, "trajectory", where), f"{where}: trajectory")
    keys = _numbered(entries, f"{where}: trajectory")
    if not keys:
        raise DataError(f"{where}: the trajectory has no camera.")
    ordered = tuple(keys[i] for i in sorted(keys))
    poses = np.stack([_pose(entries[key], f"{where}: trajectory.{key}") for key in ordered])
    K, size = _intrinsics(data, where)
    return CameraData(
        opengl_to_opencv(poses), K, size, ordered, _own_intrinsics(entries, ordered, f"{where}: trajectory")
    )


def read(path: Path, matrix: Matrix = "w2c") -> CameraData:
    """Any of the three, told apart by their fields."""
    data = read_json(path)
    if "trajectory" in data:
        return parse_trajectory(data, str(path))
    cameras = data.get("cameras")
    if isinstance(cameras, dict) and "extrinsic" in cameras:
        return parse_schema2(data, str(path), matrix)
    return parse_schema1(data, str(path))


def _entries(c2w: Floats, K: Floats, first: int) -> dict[str, Any]:
    """Entries keyed from `first` on; K in each where it is not the same in all."""
    poses = opencv_to_opengl(c2w)
    entries: dict[str, Any] = {
        str(first + i): {"c2w": pose.tolist(), "w2c": c2w_to_w2c(pose).tolist()} for i, pose in enumerate(poses)
    }
    if K.ndim == 3 and varies(K):
        for entry, own in zip(entries.values(), K, strict=True):
            entry["K"] = own.tolist()
    return entries


def varies(K: Floats) -> bool:
    """Whether the cameras (C, 3, 3) differ in their intrinsics, which these files have one place for only."""
    return bool(np.abs(K - K[0]).max() > 0)


def _intrinsics_json(K: Floats, width: int, height: int) -> dict[str, Any]:
    K = K[0] if K.ndim == 3 else K
    numbers = {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
    return {"K": K.tolist(), **{k: float(v) for k, v in numbers.items()}, "width": width, "height": height}


def format_schema1(
    c2w: Floats, K: Floats, size: tuple[int, int], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Schema 1 of c2w (C, 4, 4) and K, (3, 3) or (C, 3, 3), with conventions, and `extra` fields (fps, file table)."""
    return {
        "intrinsics": _intrinsics_json(K, *size),
        "n_cameras": len(c2w),
        "convention": CONVENTION,
        **(extra or {}),
        "cameras": _entries(c2w, K, 0),
    }


def format_schema2(c2w: Floats) -> dict[str, Any]:
    """Schema 2 (world to camera, as the official loader reads it) of c2w (C, 4, 4)."""
    matrices = c2w_to_w2c(opencv_to_opengl(c2w))
    entries = {f"camera_{i:03d}": matrix.tolist() for i, matrix in enumerate(matrices)}
    return {"convention": {**CONVENTION, "matrix": "world to camera"}, "cameras": {"extrinsic": entries}}


def format_trajectory(
    c2w: Floats, K: Floats, size: tuple[int, int], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The full release's camera file of c2w (C, 4, 4) and K as above; key i + 1 belongs to the file cam<i + 1>."""
    head = {"intrinsics": _intrinsics_json(K, *size), "convention": CONVENTION, **(extra or {})}
    return {**head, "trajectory": _entries(c2w, K, 1)}


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Write one of the above as JSON; float64 survives exactly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, allow_nan=False), encoding="utf-8")
