"""MultiCamVideo (ReCamMaster) and SynCamVideo (SynCamMaster): `camera_extrinsics.json` and focal lengths.

On disk: `{"frame0": {"cam01": "[r00 r01 r02 0] [r10 …] [r20 …] [tx ty tz 1] ", …}, …}`: row vectors (the
translation is the fourth row), Unreal camera axes (X forward, Y right, Z up), a **left-handed** Z-up world,
centimetres, about six significant digits. There are no intrinsics: the focal length is in a folder's name
(`f24_aperture5`), over a sensor of 23.76 × 23.76 mm.

Reading follows the authors' recipe (transpose; columns 1, 2, 0, 3; second column negated; metres) and then mirrors the
world's Y axis, which makes the world right-handed and the rotations proper. Relative poses are those of the recipe.
Facts: docs/exchange.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.formats.untrusted import Floats, contiguous, mapping, read_json, rigid
from camxtime.geometry.cameras import intrinsics

SENSOR_MM = 23.76
UNITS_PER_METRE = 100.0
"""Centimetres. (SynCamMaster's own loader divides by 200 instead: half the size, same directions.)"""

FOCALS_MM = (18.0, 24.0, 35.0, 50.0)
FOLDERS = {18.0: "f18_aperture10", 24.0: "f24_aperture5", 35.0: "f35_aperture2.4", 50.0: "f50_aperture2.4"}

_MIRROR_Y = np.diag([1.0, -1.0, 1.0, 1.0])
_ROW = re.compile(r"\[([^\[\]]*)\]")
_FRAME = re.compile(r"frame(\d{1,6})")
_FOCAL = re.compile(r"f(\d+(?:\.\d+)?)_aperture(\d+(?:\.\d+)?)")


@dataclass(frozen=True, eq=False)
class Rig:
    """Cameras that film the same thing at the same time.

    names: of the N cameras, sorted. c2w: (N, F, 4, 4) float64, OpenCV axes, right-handed Z-up world, metres: the pose of
    every camera at every frame.
    """

    names: tuple[str, ...]
    c2w: Floats

    @property
    def frames(self) -> int:
        """F."""
        return int(self.c2w.shape[1])

    @property
    def static(self) -> bool:
        """Whether no camera moves (SynCamVideo): then cameras × frames is a whole grid."""
        return bool(np.abs(self.c2w - self.c2w[:, :1]).max() < 1e-9)


def parse_matrix(text: Any, where: str) -> Floats:
    """One matrix string → c2w (4, 4), native convention; `DataError` naming `where` if it is not one."""
    if not isinstance(text, str) or len(text) > 1000:
        raise DataError(f"{where}: a matrix such as '[1 0 0 0] [0 1 0 0] [0 0 1 0] [x y z 1] ' is expected.")
    try:
        rows = [[float(word) for word in row.split()] for row in _ROW.findall(text)]
    except ValueError as error:
        raise DataError(f"{where}: the matrix holds something that is not a number: {error}.") from error
    if [len(row) for row in rows] != [4, 4, 4, 4]:
        raise DataError(f"{where}: four rows of four numbers are expected, not {[len(row) for row in rows]}.")
    # Columns of the transpose: forward, right, up. Right, down, forward are OpenCV's, in a world still left-handed.
    pose = np.array(rows).T[:, [1, 2, 0, 3]]
    pose[:, 1] *= -1
    pose[:3, 3] /= UNITS_PER_METRE
    return np.asarray(_MIRROR_Y @ rigid(pose, where, proper=False))


def format_matrix(c2w: Floats, digits: int = 9) -> str:
    """c2w (4, 4), native convention → the matrix string, with `digits` significant digits (the originals have 6)."""
    pose = _MIRROR_Y @ c2w
    pose[:3, 3] *= UNITS_PER_METRE
    pose[:, 1] *= -1
    rows = pose[:, [2, 0, 1, 3]].T
    return "".join("[" + " ".join(f"{value:.{digits}g}" for value in row) + "] " for row in rows)


def parse_extrinsics(data: Mapping[str, Any], where: str) -> Rig:
    """The cameras of a whole file's JSON object. `DataError`: a frame or a camera is missing, or a matrix is not one."""
    numbers: dict[int, str] = {}
    for key in data:
        match = _FRAME.fullmatch(key)
        if match is None:
            raise DataError(f"{where}: {key[:40]!r} is not a frame such as 'frame0'.")
        numbers[int(match[1])] = key
    contiguous(list(numbers), 0, "frame", where)
    names = tuple(sorted(mapping(data[numbers[0]], f"{where}: frame0")))
    if not names:
        raise DataError(f"{where}: frame0 has no camera.")
    c2w = np.empty((len(names), len(numbers), 4, 4))
    for frame in range(len(numbers)):
        here = f"{where}: frame{frame}"
        cameras = mapping(data[numbers[frame]], here)
        odd = set(names) ^ set(cameras)
        if odd:
            raise DataError(f"{here}: the camera {min(odd)!r} is not in every frame; all frames need the same cameras.")
        for index, name in enumerate(names):
            c2w[index, frame] = parse_matrix(cameras[name], f"{here}, {name}")
    return Rig(names, c2w)


def read_extrinsics(path: Path) -> Rig:
    """The cameras in a `camera_extrinsics.json`."""
    return parse_extrinsics(read_json(path), str(path))


def format_extrinsics(rig: Rig, digits: int = 9) -> dict[str, dict[str, str]]:
    """The JSON object of a rig; 9 digits hold a position of 10 km to 10 µm, and every known reader takes them."""
    if digits < 6:
        raise InputError(f"digits: MultiCamVideo files have at least 6 significant digits, not {digits}.")
    return {
        f"frame{frame}": {name: format_matrix(rig.c2w[index, frame], digits) for index, name in enumerate(rig.names)}
        for frame in range(rig.frames)
    }


def write_extrinsics(path: Path, rig: Rig, digits: int = 9) -> None:
    """Write a `camera_extrinsics.json`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(format_extrinsics(rig, digits), indent=4), encoding="utf-8")


def focal_of_folder(name: str) -> float:
    """Focal length in mm of a folder such as `f24_aperture5`; `DataError` if its name does not say."""
    match = _FOCAL.fullmatch(name)
    if match is None:
        raise DataError(
            f"The folder {name!r} does not say its focal length (as f24_aperture5 does): MultiCamVideo has no other "
            "intrinsics; give the focal length in mm."
        )
    return float(match[1])


def intrinsics_of_focal(focal_mm: float, width: int, height: int) -> Floats:
    """K (3, 3) in pixels of a focal length over the 23.76 mm wide sensor."""
    if not focal_mm > 0:
        raise InputError(f"The focal length must be positive, not {focal_mm} mm.")
    return intrinsics(width * focal_mm / SENSOR_MM, width, height)


def focal_of_intrinsics(K: Floats, width: int) -> float:
    """Focal length in mm over the 23.76 mm wide sensor of K (3, 3) in pixels."""
    return float(K[0, 0] * SENSOR_MM / width)


def folder_of_focal(focal_mm: float) -> str:
    """The folder for a focal length: the published name where there is one, else `f<mm>_aperture0` (a pin-hole)."""
    for known, folder in FOLDERS.items():
        if abs(known - focal_mm) < 1e-6 * known:
            return folder
    return f"f{focal_mm:.6f}".rstrip("0").rstrip(".") + "_aperture0"
