"""Animated pictures, and clips in a notebook."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import camxtime
from camxtime.errors import InputError
from camxtime.shards.animation import animated_webp
from tests.synthetic import SyntheticSpec, make_dataset


def frames_of(data: bytes) -> tuple[list[np.ndarray], list[int]]:
    """Frames and how long each lasts, ms."""
    image = Image.open(io.BytesIO(data))
    frames, lasting = [], []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")))
        lasting.append(int(image.info["duration"]))
    return frames, lasting


def test_frames_and_length_are_kept() -> None:
    ramp = np.linspace(20, 230, 7).astype(np.uint8)
    clip = np.broadcast_to(ramp[:, None, None, None], (7, 24, 32, 3)).copy()
    frames, lasting = frames_of(animated_webp(clip, 24.0, quality=90))
    assert len(frames) == 7 and abs(sum(lasting) - 7000 / 24) < 1
    assert np.abs(np.stack(frames).astype(int) - clip).max() <= 4


def test_one_frame_is_a_picture() -> None:
    image = Image.open(io.BytesIO(animated_webp(np.full((1, 8, 8, 3), 90, np.uint8), 10)))
    assert image.size == (8, 8)


@pytest.mark.parametrize(
    ("shape", "fps"), [((0, 4, 4, 3), 10), ((2, 4, 4), 10), ((2, 4, 4, 3), 0), ((2, 4, 4, 3), 2000)]
)
def test_what_cannot_be_is_refused(shape: tuple[int, ...], fps: float) -> None:
    with pytest.raises(InputError):
        animated_webp(np.zeros(shape, np.uint8), fps)


def test_a_clip_plays_in_a_notebook(tmp_path: Path) -> None:
    grid = camxtime.open(make_dataset(tmp_path, SyntheticSpec(grids=("room.ball.arc",)))).grids[0].grid
    clip = camxtime.open(tmp_path).grid(grid).clip([0, 2, 4, 5], [0, 1, 2, 4], ("rgb", "depth", "instance"))
    text = clip._repr_html_()
    pictures = re.findall(r"data:image/webp;base64,([^\"]+)", text)
    assert len(pictures) == 3 and "room.ball.arc" in text and "<script" not in text
    frames, lasting = frames_of(base64.b64decode(pictures[0]))
    assert len(frames) == 4 and frames[0].shape == (48, 64, 3) and abs(sum(lasting) - 4000 / 24) < 1
    assert np.abs(np.stack(frames).astype(int) - clip.rgb).mean() < 12
