"""Points found in images and matched between them (OpenCV's SIFT), and the world points that depth gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation.metrics import Frames
from camxtime.geometry.cameras import unproject

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Pairs = NDArray[np.intp]

RATIO = 0.8
"""Lowe's ratio: a match must be this much nearer than the second best."""

_FLAT = 0.05
"""How much 1/depth may differ, relatively, between the four pixels round a point that is given a depth."""

_BENT = 0.01
_WANTED_SIDE = 220
_MOST_UPSCALE = 4


@dataclass(frozen=True, eq=False)
class Features:
    """uv: (N, 2) positions in pixels (centres at half-integers). descriptors: (N, 128) float32, RootSIFT."""

    uv: Floats
    descriptors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.uv)


def upscale_of(size: tuple[int, int]) -> int:
    """By how much an image of (H, W) is enlarged before features are looked for: small images have too few otherwise."""
    return int(np.clip(round(_WANTED_SIDE / max(size)), 1, _MOST_UPSCALE))


def grey_of(image: Frames, upscale: int) -> NDArray[np.uint8]:
    """An image [H, W, 3] in grey, enlarged."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if upscale == 1:
        return np.asarray(grey, np.uint8)
    return np.asarray(cv2.resize(grey, None, fx=upscale, fy=upscale, interpolation=cv2.INTER_CUBIC), np.uint8)


def to_pixels(points: NDArray[Any], upscale: int) -> Floats:
    """OpenCV's points of an enlarged image (pixel centres at whole numbers) in pixels of the image itself."""
    return (np.asarray(points, np.float64).reshape(-1, 2) + 0.5) / upscale


def detect(image: Frames) -> Features:
    """SIFT features (Lowe 2004) of an image uint8 [H, W, 3]; descriptors as RootSIFT (Arandjelović and Zisserman 2012)."""
    upscale = upscale_of((image.shape[0], image.shape[1]))
    sift = cv2.SIFT.create(nfeatures=2000, contrastThreshold=0.01, edgeThreshold=20)
    everywhere: Any = None
    points, descriptors = sift.detectAndCompute(grey_of(image, upscale), everywhere)
    if descriptors is None or not len(points):
        return Features(np.zeros((0, 2)), np.zeros((0, 128), np.float32))
    uv = to_pixels(np.array([point.pt for point in points]), upscale)
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-12))
    return Features(uv, rooted.astype(np.float32))


def match(a: Features, b: Features, mutual: bool = False) -> Pairs:
    """(M, 2) pairs of indices into a and b that pass the ratio test; mutual: each must also be the other's best."""
    if len(a) < 2 or len(b) < 2:
        return np.zeros((0, 2), np.intp)
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    found = matcher.knnMatch(a.descriptors, b.descriptors, k=2)
    pairs = [(m[0].queryIdx, m[0].trainIdx) for m in found if len(m) == 2 and m[0].distance < RATIO * m[1].distance]
    if mutual:
        back = {m.queryIdx: m.trainIdx for m in matcher.match(b.descriptors, a.descriptors)}
        pairs = [(i, j) for i, j in pairs if back.get(j) == i]
    return np.array(pairs, np.intp).reshape(-1, 2)


def lifted(
    uv: Floats, depth: NDArray[np.floating], c2w: Floats, K: Floats, allowed: Bools | None = None
) -> tuple[Floats, Bools]:
    """World points (N, 3) of image positions uv (N, 2), and where they are known (N): 1/depth interpolated between pixels.

    Known where the four pixels round the position are on one surface (1/z nearly planar) and `allowed` [H, W].
    """
    height, width = depth.shape
    if min(height, width) < 2 or not len(uv):
        return np.full((len(uv), 3), np.nan), np.zeros(len(uv), bool)
    inverse = 1.0 / depth.astype(np.float64)
    place = uv - 0.5
    low = np.clip(np.floor(place), 0, (width - 2, height - 2)).astype(np.intp)
    x, y = np.clip(place - low, 0.0, 1.0).T
    column, row = low.T
    corners = np.stack([inverse[row + i, column + j] for i in (0, 1) for j in (0, 1)], axis=1)
    least, mean = corners.min(axis=1), corners.mean(axis=1)
    twist = np.abs(corners[:, 0] - corners[:, 1] - corners[:, 2] + corners[:, 3])
    known = (least > 0) & (corners.max(axis=1) <= (1 + _FLAT) * least) & (twist <= _BENT * mean)
    if allowed is not None:
        known &= np.all([allowed[row + i, column + j] for i in (0, 1) for j in (0, 1)], axis=0)
    weights = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)
    value = (corners * weights).sum(axis=1)
    points = np.full((len(uv), 3), np.nan)
    points[known] = unproject(uv[known], 1.0 / value[known], c2w, K)
    return points, known
