"""SpaceTimePilot's demo inputs: `<video>_extrinsics.npy` and the 81 time indices of a target.

On disk: an array (F, 4, 4) of **world-to-camera** matrices, OpenCV axes, any right-handed world; the model uses them
relative to the first. The time indices are raw frame numbers (0 … 80), as floats; the demo takes them from named
patterns, so they are written beside as `<video>_times.npy`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from camxtime.errors import DataError, InputError
from camxtime.formats.untrusted import Floats, rigid
from camxtime.geometry.conventions import c2w_to_w2c, w2c_to_c2w

MAX_NPY_BYTES = 64 * 2**20


def _load(path: Path) -> NDArray[np.generic]:
    try:
        if path.stat().st_size > MAX_NPY_BYTES:
            raise DataError(f"{path}: more than {MAX_NPY_BYTES:,} bytes; that is not a camera path.")
        value = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise DataError(f"{path}: is not a NumPy array of numbers: {error}.") from error
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise DataError(f"{path}: is not a NumPy array of numbers.")
    return value


def read_extrinsics(path: Path) -> Floats:
    """c2w (F, 4, 4), native axes, of an `*_extrinsics.npy`; (F, 3, 4) is accepted too."""
    value = _load(path)
    if value.ndim != 3 or value.shape[1:] not in ((4, 4), (3, 4)) or not len(value):
        raise DataError(f"{path}: an array (F, 4, 4) of world-to-camera matrices is expected, not {value.shape}.")
    matrices = np.tile(np.eye(4), (len(value), 1, 1))
    matrices[:, : value.shape[1]] = value
    return w2c_to_c2w(np.stack([rigid(matrix, f"{path}: frame {i}") for i, matrix in enumerate(matrices)]))


def write_extrinsics(path: Path, c2w: Floats, dtype: type[np.floating] = np.float64) -> None:
    """Write c2w (F, 4, 4) as world-to-camera matrices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, c2w_to_w2c(c2w).astype(dtype), allow_pickle=False)


def read_times(path: Path) -> NDArray[np.int64]:
    """Time indices (F,) of a `*_times.npy`; `DataError` if they are not whole numbers ≥ 0."""
    value = _load(path).astype(np.float64)
    if value.ndim != 1 or not len(value) or not np.isfinite(value).all() or (value < 0).any() or (value % 1).any():
        raise DataError(f"{path}: a row of whole frame numbers from 0 is expected.")
    return value.astype(np.int64)


def write_times(path: Path, times: ArrayLike) -> None:
    """Write time indices (F,) as the floats that the model takes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.asarray(times, dtype=np.float32), allow_pickle=False)
