"""Single image files: colour, depth and ids, read with their size checked before they are decoded."""

from __future__ import annotations

import struct
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.shards.codecs import get
from camxtime.shards.imagesize import MAX_PIXELS

MAX_FILE_BYTES = 2**30
MAX_MM = 65_535
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")

Rgb = NDArray[np.uint8]
Depth = NDArray[np.float32]
Ids = NDArray[np.uint16]


def read_bytes(path: Path) -> bytes:
    """A file of at most 1 GiB; `DataError` naming it if it is missing or larger."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{path}: {path.stat().st_size:,} bytes are more than an image has.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: the image is missing.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error


def _open(path: Path) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(path, formats=_FORMATS)
    except FileNotFoundError as error:
        raise DataError(f"{path}: the image is missing.") from error
    except (OSError, UnidentifiedImageError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: is not an image that can be read: {error}.") from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(f"{path}: {image.width}×{image.height} pixels are more than {MAX_PIXELS}.")
    return image


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) by the file's header."""
    with _open(path) as image:
        return int(image.width), int(image.height)


def read_rgb(path: Path) -> tuple[Rgb, bool]:
    """uint8 [H, W, 3], and whether the file had transparency, which is laid over white (as D-NeRF's readers do)."""
    from PIL import Image

    with _open(path) as image:
        if image.mode.startswith(("I", "F")):
            raise DataError(f"{path}: is a {image.mode} image; colour must have 8 bits a channel.")
        try:
            if "A" not in image.getbands() and "transparency" not in image.info:
                return np.asarray(image.convert("RGB")), False
            whole = image.convert("RGBA")
            white = Image.new("RGBA", whole.size, (255, 255, 255, 255))
            return np.asarray(Image.alpha_composite(white, whole).convert("RGB")), True
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"{path}: the image does not decode: {error}.") from error


def write_png(path: Path, image: Rgb) -> None:
    """8-bit RGB PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(get("png").encode(image))


def read_ids(path: Path, size: tuple[int, int]) -> Ids:
    """16-bit grey PNG of `size` (width, height) → uint16 [H, W]."""
    return _named(path, "png16", size)


def write_ids(path: Path, ids: Ids) -> None:
    """16-bit grey PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(get("png16").encode(ids))


def _named(path: Path, codec: str, size: tuple[int, int]) -> NDArray[Any]:
    try:
        return get(codec).decode(read_bytes(path), (size[1], size[0]))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def read_depth_mm(path: Path, size: tuple[int, int], metres: float = 1e-3) -> tuple[Depth, int]:
    """16-bit PNG in units of `metres` → float32 [H, W] in metres, and how many pixels are 0: unknown, read as +inf."""
    raw = _named(path, "png16", size)
    depth = (raw.astype(np.float64) * metres).astype(np.float32)
    depth[raw == 0] = np.inf
    return depth, int(np.count_nonzero(raw == 0))


def write_depth_mm(path: Path, depth: Depth) -> int:
    """16-bit PNG in millimetres, 0 = unknown; returns how many hits were too far (or too near) for it."""
    millimetres = np.rint(np.where(np.isfinite(depth), depth, 0).astype(np.float64) * 1000)
    held = (millimetres >= 1) & (millimetres <= MAX_MM)
    write_ids(path, np.where(held, millimetres, 0).astype(np.uint16))
    return int(np.count_nonzero(np.isfinite(depth) & ~held))


def _openexr() -> ModuleType:
    try:
        import OpenEXR
    except ImportError as error:
        raise InputError("EXR files need OpenEXR: pip install 'camxtime[exchange]'.") from error
    return OpenEXR


def write_exr_depth(path: Path, depth: Depth) -> None:
    """float32 [H, W] as the channel Z of a zip-compressed OpenEXR file; +inf stays +inf."""
    exr = _openexr()
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    with exr.File(header, {"Z": np.ascontiguousarray(depth, np.float32)}) as file:
        file.write(str(path))


def read_exr_depth(path: Path, size: tuple[int, int]) -> Depth:
    """The channel Z (or the only one) of an OpenEXR file of `size` (width, height), float32 [H, W]."""
    exr = _openexr()
    if not path.is_file():
        raise DataError(f"{path}: the image is missing.")
    try:
        with exr.File(str(path), header_only=True) as file:
            (x0, y0), (x1, y1) = file.header()["dataWindow"]
        if (int(x1 - x0) + 1, int(y1 - y0) + 1) != size:
            raise DataError(f"{path}: is {x1 - x0 + 1}×{y1 - y0 + 1}, not {size[0]}×{size[1]}.")
        with exr.File(str(path), separate_channels=True) as file:
            channels = {name: channel.pixels for name, channel in file.channels().items()}
    except (RuntimeError, OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: is not an EXR file that can be read: {error}.") from error
    if "Z" not in channels and len(channels) != 1:
        raise DataError(f"{path}: has channels {', '.join(sorted(channels))}; depth is expected in Z.")
    depth = np.asarray(channels["Z"] if "Z" in channels else next(iter(channels.values())), np.float32)
    if not (depth > 0).all():
        raise DataError(f"{path}: depth must be positive metres, +inf where nothing is hit.")
    return depth
