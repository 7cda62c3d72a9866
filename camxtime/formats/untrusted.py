"""Reading what strangers wrote: JSON of bounded size and depth, names that stay inside their folder, rigid poses.

Everything here raises `DataError` that names the file and the field, or `InputError` where the user named a file
that does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError

Floats = NDArray[np.float64]

MAX_JSON_BYTES = 256 * 2**20
RIGID_TOLERANCE = 1e-3
"""Largest entry of |RᵀR − I| taken for rounding of printed digits; within it the nearest rotation is taken."""

_DRIVE = re.compile(r"^[A-Za-z]:")


def read_text(path: Path, max_bytes: int = MAX_JSON_BYTES) -> str:
    """The UTF-8 text of a file of at most `max_bytes`."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DataError(f"{path}: {size:,} bytes are more than the {max_bytes:,} that such a file may have.")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start}).") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error


def read_json(path: Path, max_bytes: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """The JSON object in a file; NaN, infinities and duplicate keys are refused."""
    try:
        value = json.loads(read_text(path, max_bytes), parse_constant=_no_constant, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: holds a JSON {type(value).__name__} where an object is expected.")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} is given twice")
    return value


def field(value: Mapping[str, Any], name: str, where: str) -> Any:
    """`value[name]`; `DataError` naming the field if it is not there."""
    if not isinstance(value, Mapping) or name not in value:
        raise DataError(f"{where}: the field {name!r} is missing.")
    return value[name]


def mapping(value: Any, where: str) -> dict[str, Any]:
    """`value` if it is a JSON object; `DataError` otherwise."""
    if not isinstance(value, dict):
        raise DataError(f"{where}: an object is expected, not {type(value).__name__}.")
    return value


def number(value: Any, where: str) -> float:
    """`value` as a finite float; `DataError` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise DataError(f"{where}: a finite number is expected, not {value!r}.")
    return float(value)


def array(value: Any, shape: tuple[int, ...], where: str) -> Floats:
    """`value` (nested lists) as float64 of exactly this shape, all finite; `DataError` otherwise."""
    try:
        result = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: an array of numbers {list(shape)} is expected.") from error
    if result.shape != shape:
        raise DataError(f"{where}: an array {list(shape)} is expected, not {list(result.shape)}.")
    if not np.isfinite(result).all():
        raise DataError(f"{where}: a value is not finite.")
    return result


def rigid(matrix: Any, where: str, *, proper: bool = True) -> Floats:
    """A pose (4, 4) whose rotation is exactly orthonormal: the nearest one to what is printed (by SVD).

    proper: the determinant must be +1 (else −1 is what the caller expects, as in a left-handed world).
    Raises `DataError` for another shape, a last row other than 0 0 0 1, a rotation further than `RIGID_TOLERANCE` from
    orthonormal, or the other handedness.
    """
    pose = array(matrix, (4, 4), where)
    if np.abs(pose[3] - (0, 0, 0, 1)).max() > 1e-6:
        raise DataError(f"{where}: the last row is {pose[3].tolist()}, not 0 0 0 1; the matrix may be transposed.")
    rotation = pose[:3, :3]
    if np.abs(rotation.T @ rotation - np.eye(3)).max() > RIGID_TOLERANCE:
        raise DataError(f"{where}: its rotation is not orthonormal; scaled or sheared cameras cannot be imported.")
    if (np.linalg.det(rotation) > 0) != proper:
        raise DataError(f"{where}: its rotation has determinant {'−1 (a reflection)' if proper else '+1'}.")
    u, _, vt = np.linalg.svd(rotation)
    pose[:3, :3] = u @ vt
    pose[3] = (0, 0, 0, 1)
    return pose


def pinhole(matrix: Any, where: str) -> Floats:
    """K (3, 3) of a camera with square pixels and no skew, as the stored format holds it; `DataError` otherwise."""
    K = array(matrix, (3, 3), where)
    fx, fy = K[0, 0], K[1, 1]
    if not (fx > 0 and abs(fx - fy) <= 1e-4 * fx):
        raise DataError(f"{where}: fx {fx:g} and fy {fy:g} differ or are not positive; only square pixels can be held.")
    if abs(K[0, 1]) + abs(K[1, 0]) > 1e-6 * fx or np.abs(K[2] - (0, 0, 1)).max() > 1e-6:
        raise DataError(f"{where}: K has skew or a last row other than 0 0 1.")
    focal = (fx + fy) / 2
    return np.array([[focal, 0.0, K[0, 2]], [0.0, focal, K[1, 2]], [0.0, 0.0, 1.0]])


def pinhole_of(fx: float, fy: float, cx: float, cy: float, where: str) -> Floats:
    """K (3, 3) from four numbers in pixels, checked as by `pinhole`."""
    return pinhole([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]], where)


def member_name(name: Any, where: str) -> str:
    """A file name found inside a file, if it stays inside its folder; `DataError` otherwise.

    Refused: absolute names, drive letters, `..` parts, backslashes, control characters, more than 1024 characters.
    """
    if not isinstance(name, str) or not name or len(name) > 1024:
        raise DataError(f"{where}: {str(name)[:80]!r} is not a file name.")
    parts = name.split("/")
    if name.startswith(("/", "~")) or _DRIVE.match(name) or "\\" in name or ".." in parts:
        raise DataError(f"{where}: the file name {name!r} leads out of its folder.")
    if any(ord(character) < 32 for character in name):
        raise DataError(f"{where}: the file name {name!r} contains control characters.")
    return name


def inside(root: Path, name: Any, where: str) -> Path:
    """The path of `name` (found inside a file) under `root`, links resolved; `DataError` if it leads out of it."""
    base = root.resolve()
    path = (base / member_name(name, where)).resolve()
    if not path.is_relative_to(base):
        raise DataError(f"{where}: {name!r} is a link that leads out of {root}.")
    return path


def contiguous(keys: list[int], start: int, what: str, where: str) -> None:
    """Raise `DataError` naming the first missing number unless `keys` are start, start+1, … in any order."""
    if not keys:
        raise DataError(f"{where}: there is no {what} at all.")
    present = set(keys)
    for expected in range(start, start + len(keys)):
        if expected not in present:
            raise DataError(f"{where}: {what} {expected} is missing ({len(keys)} are there, up to {max(keys)}).")
