"""COLMAP's text model: `cameras.txt`, `images.txt`, `points3D.txt`.

Poses are world to camera (quaternion w x y z, translation), OpenCV axes; K in pixels with the top-left pixel's centre at
(0.5, 0.5), as here. COLMAP has no time: a model holds one moment, or images whose names must tell their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camxtime.errors import DataError
from camxtime.formats.untrusted import Floats, member_name, pinhole_of, read_text
from camxtime.geometry.cameras import w2c

_PARAMETERS = {"SIMPLE_PINHOLE": 3, "PINHOLE": 4}


@dataclass(frozen=True, eq=False)
class PosedImage:
    """One image of a model: its name, c2w (4, 4) and K (3, 3) in native convention, and its size in pixels."""

    name: str
    c2w: Floats
    K: Floats
    width: int
    height: int


def quaternion(rotation: Floats) -> Floats:
    """Unit quaternion (w, x, y, z) with w ≥ 0 of a rotation matrix (3, 3): the eigenvector of Bar-Itzhack's matrix."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    matrix = np.array(
        [
            [xx - yy - zz, xy + yx, xz + zx, zy - yz],
            [xy + yx, yy - xx - zz, yz + zy, xz - zx],
            [xz + zx, yz + zy, zz - xx - yy, yx - xy],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    x, y, z, w = np.linalg.eigh(matrix / 3.0)[1][:, -1]
    result = np.array([w, x, y, z])
    return -result if w < 0 else result


def rotation_of(unit: Floats) -> Floats:
    """Rotation matrix (3, 3) of a unit quaternion (w, x, y, z)."""
    w, x, y, z = unit
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def write_model(folder: Path, images: Sequence[PosedImage]) -> None:
    """Write the three files; equal intrinsics share a camera. `points3D.txt` is empty: there is no sparse cloud."""
    folder.mkdir(parents=True, exist_ok=True)
    cameras: dict[tuple[float, ...], int] = {}
    lines = [
        "# IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, then POINTS2D[] (empty): world to camera, OpenCV axes, metres"
    ]
    for number, image in enumerate(images, start=1):
        K = image.K
        key = (image.width, image.height, K[0, 0], K[1, 1], K[0, 2], K[1, 2])
        camera = cameras.setdefault(tuple(float(value) for value in key), len(cameras) + 1)
        inverse = w2c(image.c2w)
        values = [*quaternion(inverse[:3, :3]), *inverse[:3, 3]]
        lines += [f"{number} {' '.join(repr(float(v)) for v in values)} {camera} {image.name}", ""]
    head = "# CAMERA_ID MODEL WIDTH HEIGHT fx fy cx cy"
    rows = [f"{n} PINHOLE {int(k[0])} {int(k[1])} {' '.join(map(repr, k[2:]))}" for k, n in cameras.items()]
    (folder / "cameras.txt").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    (folder / "images.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (folder / "points3D.txt").write_text("# no sparse points: the poses are exact\n", encoding="utf-8")


def read_model(folder: Path) -> list[PosedImage]:
    """The images of a text model, by name. `DataError`: lens distortion, a missing camera, lines that do not parse."""
    cameras = _read_cameras(folder / "cameras.txt")
    file = folder / "images.txt"
    lines = [line for line in read_text(file).splitlines() if not line.lstrip().startswith("#")]
    images = [_image(line, cameras, f"{file}: {line[:60]!r}") for line in _pose_lines(lines)]
    if not images:
        raise DataError(f"{file}: there is no image in it.")
    if len({image.name for image in images}) != len(images):
        raise DataError(f"{file}: an image name occurs twice.")
    return sorted(images, key=lambda image: image.name)


def _pose_lines(lines: list[str]) -> list[str]:
    """Every other line is an image's pose; the one after it lists its points and may be empty."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    return [line for line in lines[::2] if line.strip()]


def _read_cameras(file: Path) -> dict[int, tuple[Floats, int, int]]:
    cameras: dict[int, tuple[Floats, int, int]] = {}
    for line in read_text(file).splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        where = f"{file}: {line[:60]!r}"
        count = _PARAMETERS.get(words[1] if len(words) > 1 else "")
        if count is None:
            raise DataError(f"{where}: the camera model must be PINHOLE or SIMPLE_PINHOLE; undistort the images first.")
        number, width, height, *parameters = _numbers([words[0], *words[2:]], where)
        if len(parameters) != count or width < 1 or height < 1:
            raise DataError(f"{where}: {words[1]} has a size and {count} parameters.")
        values = parameters if count == 4 else [parameters[0], *parameters]
        cameras[int(number)] = (pinhole_of(values[0], values[1], values[2], values[3], where), int(width), int(height))
    return cameras


def _numbers(words: list[str], where: str) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise DataError(f"{where}: {error}.") from error
    if not np.isfinite(values).all():
        raise DataError(f"{where}: a value is not finite.")
    return values


def _image(line: str, cameras: dict[int, tuple[Floats, int, int]], where: str) -> PosedImage:
    words = line.split(maxsplit=9)
    if len(words) != 10:
        raise DataError(f"{where}: IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME is expected.")
    numbers = _numbers(words[:9], where)
    unit = np.array(numbers[1:5])
    length = float(np.linalg.norm(unit))
    if abs(length - 1) > 1e-3:
        raise DataError(f"{where}: the quaternion has length {length:g}, not 1.")
    camera = cameras.get(int(numbers[8]))
    if camera is None:
        raise DataError(f"{where}: there is no camera {int(numbers[8])} in cameras.txt.")
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_of(unit / length)
    matrix[:3, 3] = numbers[5:8]
    return PosedImage(member_name(words[9].strip(), where), w2c(matrix), *camera)
