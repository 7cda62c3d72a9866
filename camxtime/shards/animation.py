"""Short animated pictures of clips, for pages and notebooks."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError

if TYPE_CHECKING:
    from camxtime.shards.grid import Clip

QUALITY = 60
NOTEBOOK_PX = 256
NOTEBOOK_FRAMES = 240


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


def clip_html(clip: Clip) -> str:
    """A clip as HTML for a notebook: its passes side by side, playing, at most 256 pixels a side, and what it is in words.

    Of more than 240 frames every k-th is shown, at the same speed.
    """
    from PIL import Image

    from camxtime.shards.colours import pass_colours

    every = -(-len(clip) // NOTEBOOK_FRAMES)
    figures = []
    for name, images in clip.images.items():
        pictures = pass_colours(name, images[::every])
        height, width = pictures.shape[1:3]
        scale = min(NOTEBOOK_PX / max(height, width), 1.0)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = [np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX)) for frame in pictures]
        data = base64.b64encode(animated_webp(np.stack(small), min(clip.fps / every, 1000.0))).decode()
        label = html.escape(name)
        figures.append(
            f'<figure style="display:inline-block;margin:0 8px 0 0"><img alt="{label}" width="{size[0]}" height="{size[1]}" '
            f'src="data:image/webp;base64,{data}"><figcaption>{label}</figcaption></figure>'
        )
    return f"<div>{''.join(figures)}<p>{html.escape(repr(clip))}, {clip.fps:g} fps</p></div>"
