"""Short animated pictures of clips, for pages and notebooks."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError

QUALITY = 60


def animated_webp(frames: NDArray[np.uint8], fps: float, quality: int = QUALITY) -> bytes:
    """Frames uint8 [F, H, W, 3] (sRGB) as an endlessly looping animated WebP at `fps`, lossy.

    Raises `InputError` for no frame, an impossible rate, or sides above 16383 pixels.
    """
    from PIL import Image

    if frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape or not 0 < fps <= 1000:
        raise InputError(f"An animation needs frames [F, H, W, 3] and 0 < fps ≤ 1000, not {frames.shape} at {fps} fps.")
    if max(frames.shape[1:3]) > 16383:
        raise InputError(f"WebP stores at most 16383 pixels a side, not {frames.shape[1:3]}.")
    ends = np.rint(np.arange(1, len(frames) + 1) * 1000.0 / fps).astype(int)
    lasting = np.diff(ends, prepend=0).tolist()  # whole milliseconds that add up to the clip's length
    pictures = [Image.fromarray(np.ascontiguousarray(frame)) for frame in frames]
    target = io.BytesIO()
    pictures[0].save(
        target, "WEBP", save_all=True, append_images=pictures[1:], duration=lasting, loop=0, quality=quality, method=2
    )
    return target.getvalue()
