"""Pictures of pairs: source above target, every k-th frame, and where both run in the camera × time grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from camxtime.errors import InputError
from camxtime.sampling.loader import Sample
from camxtime.shards.contact_sheet import wrapped

_PAPER, _INK, _FAINT, _RULE = (255, 255, 255), (28, 30, 36), (112, 116, 126), (226, 228, 232)
_SOURCE, _TARGET = (70, 110, 200), (210, 80, 40)
_GAP, _MARGIN, _TITLE, _SMALL, _LABEL = 3, 20, 17, 13, 76


@dataclass(frozen=True)
class StripOptions:
    """columns: frames shown of each clip. thumb_px: longer side of a thumbnail."""

    columns: int = 9
    thumb_px: int = 144

    def __post_init__(self) -> None:
        if not (2 <= self.columns <= 100 and 16 <= self.thumb_px <= 1024):
            raise InputError("A strip shows 2 to 100 frames of 16 to 1024 pixels.")


def pair_strip(samples: Sequence[Sample], options: StripOptions | None = None) -> Image.Image:
    """One block for each sample (as `PairLoader` gives it, channels last): the clips that it has, and a map of its tracks.

    In the map the camera runs to the right and time runs down, from the first to the last that either clip shows; the
    source's track is blue, the target's red. `InputError` if there is no sample.
    """
    options = options or StripOptions()
    if not samples:
        raise InputError("There is no pair to draw.")
    blocks = [_block(sample, options) for sample in samples]
    width = max(block.width for block in blocks) + 2 * _MARGIN
    height = sum(block.height + _MARGIN for block in blocks) + _MARGIN
    page = Image.new("RGB", (width, height), _PAPER)
    y = _MARGIN
    for block in blocks:
        page.paste(block, (_MARGIN, y))
        y += block.height + _MARGIN
    return page


def _block(sample: Sample, options: StripOptions) -> Image.Image:
    rows = [("source", "source"), ("target", "target")]
    if "condition" in sample:
        rows.append(("condition", "target"))
    clips = [(label, sample[label], sample[f"{of}_cells"]) for label, of in rows]
    clips += [
        (f"context {i + 1}", clip, sample["context_cells"][i]) for i, clip in enumerate(sample.get("context", ()))
    ]
    frames = np.unique(np.linspace(0, len(sample["source"]) - 1, options.columns).round().astype(int))
    height, width = sample["source"].shape[1:3]
    scale = options.thumb_px / max(height, width)
    thumb = (max(1, round(width * scale)), max(1, round(height * scale)))
    small, title = ImageFont.load_default(_SMALL), ImageFont.load_default(_TITLE)
    row_height = thumb[1] + _SMALL + 8
    side = 2 * row_height - _SMALL - 12
    left = _LABEL + len(frames) * (thumb[0] + _GAP) + 24
    words = f"time {sample['warp']}, camera {sample['camera']}; {sample['grid']}. {sample['caption']}"
    lines = wrapped(words, small, left + side)
    top = _TITLE + 11 + (_SMALL + 5) * len(lines)
    block = Image.new("RGB", (left + side + 60, top + len(clips) * row_height), _PAPER)
    draw = ImageDraw.Draw(block)
    draw.text((0, 0), f"Pair {int(sample['index'])}: {sample['task']}", _INK, title)
    for number, line in enumerate(lines):
        draw.text((0, _TITLE + 5 + number * (_SMALL + 5)), line, _FAINT, small)
    for row, (label, clip, cells) in enumerate(clips):
        y = top + row * row_height
        draw.text((0, y + thumb[1] // 2), label, _INK, small, anchor="lm")
        for column, frame in enumerate(frames):
            x = _LABEL + column * (thumb[0] + _GAP)
            picture = Image.fromarray(np.ascontiguousarray(clip[frame]))
            block.paste(picture.resize(thumb, Image.Resampling.LANCZOS), (x, y))
            camera, time = (int(value) for value in cells[frame])
            draw.text((x + thumb[0] // 2, y + thumb[1] + 2), f"c{camera} t{time}", _FAINT, small, anchor="ma")
    _draw_map(draw, (left, top, side), sample)
    return block


def _draw_map(draw: ImageDraw.ImageDraw, place: tuple[int, int, int], sample: Sample) -> None:
    """Both tracks in a square whose sides are the cameras and times that they span."""
    x, y, side = place
    small = ImageFont.load_default(_SMALL)
    tracks: list[NDArray[np.int64]] = [
        np.stack([sample[f"{clip}_cells"][:, 0], sample[f"{clip}_time"]], axis=1) for clip in ("source", "target")
    ]
    low = np.minimum(tracks[0].min(axis=0), tracks[1].min(axis=0))
    high = np.maximum(tracks[0].max(axis=0), tracks[1].max(axis=0))
    draw.rectangle((x, y, x + side, y + side), fill=None, outline=_RULE)
    for track, colour, size in zip(tracks, (_SOURCE, _TARGET), (1, 2), strict=True):
        points = [
            (x + 4 + (side - 8) * float(u), y + 4 + (side - 8) * float(v))
            for u, v in (track - low) / np.maximum(high - low, 1)
        ]
        draw.line(points, fill=colour, width=size)
        u, v = points[0]
        draw.ellipse((u - 4, v - 4, u + 4, v + 4), fill=colour)
    draw.text((x, y + side + 4), f"camera {low[0]} to {high[0]}", _FAINT, small)
    draw.text((x + side + 4, y), f"t{low[1]}", _FAINT, small)
    draw.text((x + side + 4, y + side), f"t{high[1]}", _FAINT, small, anchor="ld")
