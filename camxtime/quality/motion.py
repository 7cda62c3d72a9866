"""What changes along a fixed camera: pixels that see something else, and dense flow."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.quality.sample import Sample

DEPTH_STEP = 0.01
"""Relative change of depth from which a pixel sees something else: ten times the error of the stored depth."""

LUMA_STEP, LUMA_WINDOW = 12.0, 5
"""Without depth and ids: change of the luma (8-bit levels) averaged over a window of so many pixels."""

FLOW_SIDES = (192, 512)
"""Flow is computed on images whose longer side lies within these: small ones are enlarged, large ones reduced."""


def changed(sample: Sample, rows: Sequence[int], column: int) -> NDArray[np.bool_]:
    """(H, W) pixels of one camera that do not see the same thing at all the given times.

    A pixel sees something else where the instance id differs, or the depth by more than `DEPTH_STEP` (relative). Both
    are of the pixel centre's first hit, so noise does not count, and neither do shadows. Without both passes, the luma
    averaged over a window decides, and both do count.
    """
    rows = list(rows)
    if sample.depth is None and sample.instance is None:
        return _changed_light(sample, rows, column)
    shape = next(images for images in (sample.depth, sample.instance) if images is not None).shape[-2:]
    found = np.zeros(shape, dtype=bool)
    if sample.instance is not None:
        ids = sample.instance[rows, column]
        found |= (ids != ids[0]).any(axis=0)
    if sample.depth is not None:
        depth = sample.depth[rows, column]
        with np.errstate(invalid="ignore"):  # inf − inf: nothing is hit at either time
            step = np.abs(depth - depth[0]) > DEPTH_STEP * depth[0]
        found |= (step | (np.isinf(depth) != np.isinf(depth[0]))).any(axis=0)
    return found


def _changed_light(sample: Sample, rows: list[int], column: int) -> NDArray[np.bool_]:
    if sample.rgb is None:
        raise ValueError("a sample without any pass shows nothing")
    images = sample.rgb[rows, column].astype(np.float32).mean(axis=-1)
    smooth = np.stack([cv2.blur(image, (LUMA_WINDOW, LUMA_WINDOW)) for image in images])
    return np.asarray((np.abs(smooth - smooth[0]) > LUMA_STEP).any(axis=0))


def flow_lengths(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W) lengths in pixels of the dense flow between two images (H, W, 3) uint8.

    DIS flow (Kroeger et al. 2016, as in OpenCV, preset medium, down to full resolution).
    """
    height, width = first.shape[:2]
    longest = max(height, width)
    scale = float(np.clip(longest, *FLOW_SIDES) / longest)
    size = max(16, round(width * scale)), max(16, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = [cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), size, interpolation=way) for image in (first, second)]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setFinestScale(0)
    flow = dis.calc(grey[0], grey[1], None)  # type: ignore[call-overload]
    flow = flow / np.array([size[0] / width, size[1] / height], np.float32)
    lengths = np.linalg.norm(flow, axis=-1).astype(np.float32)
    return np.asarray(cv2.resize(lengths, (width, height), interpolation=cv2.INTER_AREA if scale > 1 else way))
