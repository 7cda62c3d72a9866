"""Colours for looking at passes that are not pictures: depth and instance ids → uint8 sRGB."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_HIT = (38, 40, 48)
"""Where nothing is hit, and instance 0."""

Rgb = NDArray[np.uint8]


def depth_range(depth: NDArray[np.float32]) -> tuple[float, float]:
    """(near, far) in metres for `depth_colours`: the 1st and 99th percentile of what is hit; (1, 2) if nothing is."""
    hit = depth[np.isfinite(depth)]
    if hit.size == 0:
        return 1.0, 2.0
    near, far = (float(v) for v in np.percentile(hit, (1, 99)))
    return near, max(far, near * 1.01)


def depth_colours(depth: NDArray[np.float32], near: float, far: float) -> Rgb:
    """[…, 3] colours of z-depth […] in metres, even steps in log depth: near is warm, far is cool (OpenCV's Turbo map)."""
    import cv2

    hit = np.isfinite(depth)
    log = np.log(np.clip(np.where(hit, depth, far), near, far) / near) / np.log(far / near)
    level = np.rint(255 * (0.95 - 0.87 * log)).astype(np.uint8)  # the ends of Turbo are too dark to tell apart
    table = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_TURBO)[:, 0, ::-1]
    colours: Rgb = table[level]
    colours[~hit] = NO_HIT
    return colours


def instance_colours(instance: NDArray[np.uint16]) -> Rgb:
    """[…, 3] colours of ids […]: the same id has the same colour everywhere, neighbours in number differ in hue."""
    ids, inverse = np.unique(instance, return_inverse=True)
    golden = 0.618033988749895
    table = np.array([
        NO_HIT if i == 0 else [255 * v for v in colorsys.hsv_to_rgb(float(i) * golden % 1, 0.55 + 0.15 * (int(i) % 3), 0.9)]
        for i in ids
    ])  # fmt: skip
    colours: Rgb = np.rint(table).astype(np.uint8)[inverse.reshape(instance.shape)]
    return colours


def pass_colours(pass_name: str, images: NDArray[Any]) -> Rgb:
    """[…, H, W, 3] picture of images […, H, W(, 3)] of any pass, on one scale."""
    if pass_name == "depth":
        return depth_colours(images, *depth_range(images))
    if pass_name == "instance":
        return instance_colours(images)
    return images
