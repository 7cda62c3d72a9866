"""Codecs: one image ↔ bytes. `get("jpeg:95")` returns the codec that a spec or a dataset names.

| name          | pass     | array                  | stored as                                                     |
|---------------|----------|------------------------|---------------------------------------------------------------|
| `jpeg:Q`      | rgb      | uint8 [H, W, 3]        | baseline JPEG, quality Q (1–100), 4:2:0                       |
| `jpeg:Q:444`  | rgb      | uint8 [H, W, 3]        | the same with full-resolution colour                          |
| `png`         | rgb      | uint8 [H, W, 3]        | PNG, lossless                                                 |
| `webp`        | rgb      | uint8 [H, W, 3]        | WebP, lossless; smaller and faster to read than PNG           |
| `logpng16`    | depth    | float32 [H, W], metres | 16-bit PNG of log depth, relative error < 1.6e-4              |
| `zstd32`      | depth    | float32 [H, W], metres | lossless float32, byte planes under zstd                      |
| `png16`       | instance | uint16 [H, W]          | 16-bit PNG, lossless                                          |

An encoded image carries its own size; `decode` compares it with the size the caller expects before it allocates.
Depth may be +inf (no hit) and must otherwise be positive; NaN is refused.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from camxtime.codec_names import parse_codec
from camxtime.errors import DataError, InputError
from camxtime.shards.cv2_images import cv2_decode, cv2_encode
from camxtime.shards.imagesize import MAX_PIXELS, check_scans, check_size, png_size, webp_lossless_size

NEAR_M = 1e-3
FAR_M = 1e6
_LOG_CODES = 65534  # codes 1..65535 lie on a log scale from NEAR_M to FAR_M; 0 is +inf
_LOG_STEP = math.log(FAR_M / NEAR_M) / _LOG_CODES
_ZSTD_MAGIC = b"CXZ1"

Image = NDArray[np.generic]
Size = tuple[int, int]


@dataclass(frozen=True)
class Codec(ABC):
    """One way of storing one pass. `name` is what specs and datasets say."""

    name: str
    passes: ClassVar[tuple[str, ...]]
    lossless: ClassVar[bool]
    extension: ClassVar[str]
    dtype: ClassVar[type[np.generic]]
    channels: ClassVar[int | None]

    def encode(self, image: Image) -> bytes:
        """The bytes of an image of this codec's dtype and shape ([H, W] or [H, W, 3]); `InputError` otherwise."""
        shape = "[H, W]" if self.channels is None else f"[H, W, {self.channels}]"
        right = image.ndim == 2 if self.channels is None else image.ndim == 3 and image.shape[2] == self.channels
        if image.dtype != self.dtype or not right:
            raise InputError(
                f"Codec {self.name} stores {np.dtype(self.dtype).name} {shape} images, not "
                f"{image.dtype.name} {list(image.shape)}."
            )
        if image.size == 0 or image.shape[0] * image.shape[1] > MAX_PIXELS:
            raise InputError(f"Codec {self.name} stores images of 1 to {MAX_PIXELS} pixels, not {image.shape[:2]}.")
        return self._encode(np.ascontiguousarray(image))

    def decode(self, data: bytes, size: Size | None = None) -> Image:
        """The image in `data`; if `size` (height, width) is given, the image must declare exactly that.

        Raises `DataError` saying what is wrong with the bytes (without naming the cell: the caller knows it).
        """
        declared = check_size(self._size(data), size)
        try:
            image = self._decode(data, declared)
        except (ValueError, OSError) as error:
            raise DataError(f"the image does not decode: {error}") from error
        if image.shape[:2] != declared or image.dtype != self.dtype:
            raise DataError(f"the image decodes to {image.dtype} {list(image.shape)}, not to what it declares.")
        return image

    @abstractmethod
    def _encode(self, image: Image) -> bytes: ...

    @abstractmethod
    def _decode(self, data: bytes, size: Size) -> Image: ...

    @abstractmethod
    def _size(self, data: bytes) -> Size: ...


@dataclass(frozen=True)
class _Rgb(Codec, ABC):
    passes = ("rgb",)
    dtype = np.uint8
    channels = 3


def jpeg_library() -> ModuleType:
    """simplejpeg, imported when first needed: datasets without JPEG images are read without it."""
    try:
        import simplejpeg
    except ImportError as error:
        raise InputError("JPEG images need simplejpeg: pip install simplejpeg.") from error
    return simplejpeg


@dataclass(frozen=True)
class Jpeg(_Rgb):
    """Baseline JPEG by libjpeg-turbo; `subsampling` is "420" or "444"."""

    quality: int
    subsampling: str
    lossless = False
    extension = "jpg"

    def _encode(self, image: Image) -> bytes:
        return bytes(jpeg_library().encode_jpeg(image, self.quality, "RGB", self.subsampling))

    def _decode(self, data: bytes, size: Size) -> Image:
        image: Image = jpeg_library().decode_jpeg(data, "RGB")
        return image

    def _size(self, data: bytes) -> Size:
        check_scans(data)
        try:
            height, width, _, _ = jpeg_library().decode_jpeg_header(data)
        except ValueError as error:
            raise DataError(f"the bytes are not a JPEG image: {error}") from error
        return int(height), int(width)


@dataclass(frozen=True)
class Png(_Rgb):
    """8-bit RGB PNG."""

    lossless = True
    extension = "png"

    def _encode(self, image: Image) -> bytes:
        return cv2_encode(".png", image[..., ::-1])

    def _decode(self, data: bytes, size: Size) -> Image:
        return np.ascontiguousarray(cv2_decode(data)[..., ::-1])

    def _size(self, data: bytes) -> Size:
        return png_size(data, 8, 2)


@dataclass(frozen=True)
class Webp(_Rgb):
    """Lossless WebP (at most 16383 pixels a side)."""

    lossless = True
    extension = "webp"

    def _encode(self, image: Image) -> bytes:
        if max(image.shape[:2]) > 16383:
            raise InputError(f"WebP stores at most 16383 pixels a side, not {image.shape[:2]}: use png.")
        return cv2_encode(".webp", image[..., ::-1])

    def _decode(self, data: bytes, size: Size) -> Image:
        return np.ascontiguousarray(cv2_decode(data)[..., ::-1])

    def _size(self, data: bytes) -> Size:
        return webp_lossless_size(data)


@dataclass(frozen=True)
class _Depth(Codec, ABC):
    passes = ("depth",)
    dtype = np.float32
    channels = None

    def encode(self, image: Image) -> bytes:
        """As `Codec.encode`; depth must be positive metres or +inf."""
        if image.dtype == np.float32 and not bool(np.all(np.greater(image, 0))):
            raise InputError(f"Codec {self.name}: depth must be positive metres, or +inf where nothing is hit.")
        return super().encode(image)


@dataclass(frozen=True)
class LogPng16(_Depth):
    """16-bit grey PNG: code 0 is +inf, code n ≥ 1 is NEAR_M · (FAR_M / NEAR_M)^((n − 1) / 65534) metres."""

    lossless = False
    extension = "png"

    def _encode(self, image: Image) -> bytes:
        hit = np.isfinite(image)
        if hit.any() and (float(image[hit].min()) < NEAR_M or float(image[hit].max()) > FAR_M):
            raise InputError(
                f"Codec logpng16 stores depths from {NEAR_M} to {FAR_M:.0f} m, not {float(image[hit].min()):.3g} to "
                f"{float(image[hit].max()):.3g} m: use zstd32, or keep cameras off surfaces."
            )
        log = np.log(np.where(hit, image, NEAR_M).astype(np.float64) / NEAR_M)
        code = np.where(hit, 1 + np.clip(np.rint(log / _LOG_STEP), 0, _LOG_CODES), 0)
        return cv2_encode(".png", code.astype(np.uint16))

    def _decode(self, data: bytes, size: Size) -> Image:
        code = cv2_decode(data)
        depth = (NEAR_M * np.exp((code.astype(np.float64) - 1) * _LOG_STEP)).astype(np.float32)
        depth[code == 0] = np.inf
        return depth

    def _size(self, data: bytes) -> Size:
        return png_size(data, 16, 0)


@dataclass(frozen=True)
class Zstd32(_Depth):
    """`CXZ1`, height and width (uint32 LE), then a zstd frame of the four byte planes of the float32 LE image."""

    lossless = True
    extension = "cxz"

    def _encode(self, image: Image) -> bytes:
        import zstandard

        planes = np.ascontiguousarray(image.astype("<f4").view(np.uint8).reshape(-1, 4).T)
        frame = zstandard.ZstdCompressor(level=3, write_checksum=False).compress(planes.tobytes())
        return _ZSTD_MAGIC + np.array(image.shape, "<u4").tobytes() + frame

    def _decode(self, data: bytes, size: Size) -> Image:
        import zstandard

        nbytes = 4 * size[0] * size[1]
        try:
            if zstandard.frame_content_size(data[12:]) != nbytes:
                raise DataError("the zstd frame does not hold as many bytes as the image declares.")
            raw = zstandard.ZstdDecompressor().decompress(data[12:], max_output_size=nbytes)
        except zstandard.ZstdError as error:
            raise DataError(f"the image does not decode: {error}") from error
        planes = np.frombuffer(raw, np.uint8).reshape(4, -1)
        depth: Image = np.ascontiguousarray(planes.T).view("<f4").reshape(size).astype(np.float32, copy=False)
        return depth

    def _size(self, data: bytes) -> Size:
        if len(data) < 12 or data[:4] != _ZSTD_MAGIC:
            raise DataError("the bytes are not a zstd32 depth image.")
        height, width = np.frombuffer(data[4:12], "<u4")
        return int(height), int(width)


@dataclass(frozen=True)
class Png16(Codec):
    """16-bit grey PNG of instance ids."""

    passes = ("instance",)
    lossless = True
    extension = "png"
    dtype = np.uint16
    channels = None

    def _encode(self, image: Image) -> bytes:
        return cv2_encode(".png", image)

    def _decode(self, data: bytes, size: Size) -> Image:
        return cv2_decode(data)

    def _size(self, data: bytes) -> Size:
        return png_size(data, 16, 0)


DEFAULTS = {"rgb": "jpeg:95", "depth": "logpng16", "instance": "png16"}
"""The codec of each pass unless the spec says otherwise."""

_PLAIN: dict[str, type[Codec]] = {"png": Png, "webp": Webp, "logpng16": LogPng16, "zstd32": Zstd32, "png16": Png16}


def get(name: str) -> Codec:
    """The codec called `name`; `InputError` naming the known ones if there is none."""
    try:
        parsed = parse_codec(name)
    except ValueError as error:
        raise InputError(f"There is no such codec: {error}.") from error
    if parsed.quality is not None and parsed.subsampling is not None:
        return Jpeg(str(parsed), parsed.quality, parsed.subsampling)
    return _PLAIN[parsed.kind](parsed.kind)


def of_passes(names: dict[str, str]) -> dict[str, Codec]:
    """The codecs of a dataset's passes (pass → codec name), sorted by pass; `InputError` if one does not fit."""
    codecs = {}
    for pass_name in sorted(names):
        codec = get(names[pass_name])
        if pass_name not in codec.passes:
            raise InputError(f"Codec {codec.name} stores {' and '.join(codec.passes)}, not the pass {pass_name!r}.")
        codecs[pass_name] = codec
    if not codecs:
        raise InputError("A dataset needs at least one pass: rgb, depth or instance.")
    return codecs
