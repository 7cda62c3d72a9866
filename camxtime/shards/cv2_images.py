"""Lossless images through OpenCV, imported when first used. Channel order is OpenCV's (BGR): callers swap it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError


def cv2_encode(suffix: Literal[".png", ".webp"], image: NDArray[Any]) -> bytes:
    """A PNG (zlib level 1: the fastest that still compresses depth well) or a lossless WebP of the image."""
    import cv2

    options = [cv2.IMWRITE_PNG_COMPRESSION, 1] if suffix == ".png" else [cv2.IMWRITE_WEBP_QUALITY, 101]
    done, data = cv2.imencode(suffix, np.ascontiguousarray(image), options)
    if not done:
        raise DataError(f"OpenCV did not encode a {suffix[1:]} image of {image.dtype} {list(image.shape)}.")
    return bytes(data)


def cv2_decode(data: bytes) -> NDArray[Any]:
    """The image as it is stored (no conversion); `DataError` if it does not decode."""
    import cv2

    try:
        image: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise DataError(f"the image does not decode: {error.err}") from error
    if image is None:
        raise DataError("the image does not decode: its bytes are damaged.")
    return image
