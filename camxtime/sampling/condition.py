"""The geometric condition (InSpatio-World, arXiv 2604.07209): source frames lifted by their depth, seen from the target.

Each target frame takes the source frame that shows its animation time (the nearest in time where none does), lifts every
pixel that hits a surface to a world point, and draws the points into the target camera with a z-buffer. What no point
falls on stays black, and its mask is 0. InSpatio estimates depth and splats softly; this depth is true and the splat hard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camxtime.geometry.cameras import pixel_centres, unproject

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of a clip: rgb uint8 (F, H, W, 3), z-depth float32 (F, H, W) metres, c2w (F, 4, 4), K (F, 3, 3), times (F,)."""

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    c2w: Floats
    K: Floats
    times: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TargetCameras:
    """Where the condition is seen from: c2w (F, 4, 4), K (F, 3, 3), animation times (F,), image size (H, W)."""

    c2w: Floats
    K: Floats
    times: NDArray[np.int64]
    size: tuple[int, int]


def geometric_condition(
    source: Frames, target: TargetCameras, point_px: int = 1
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(condition uint8 (F, H, W, 3), mask uint8 (F, H, W), 1 where a point fell) along the target's track.

    point_px: side in pixels of the square that each point covers; 2 closes the cracks that appear where the target is
    nearer than the source, and lets the background show through less.
    """
    images = np.zeros((len(target.times), *target.size, 3), np.uint8)
    masks = np.zeros((len(target.times), *target.size), np.uint8)
    nearest = np.abs(target.times[:, None] - source.times[None, :]).argmin(axis=1)
    lifted: dict[int, tuple[Floats, NDArray[np.uint8]]] = {}
    for frame, of in enumerate(nearest.tolist()):
        if of not in lifted:
            lifted = {of: lift(source.rgb[of], source.depth[of], source.c2w[of], source.K[of])}
        points, colours = lifted[of]
        splat(points, colours, target.c2w[frame], target.K[frame], images[frame], masks[frame], point_px)
    return images, masks


def lift(
    rgb: NDArray[np.uint8], depth: NDArray[np.float32], c2w: Floats, K: Floats
) -> tuple[Floats, NDArray[np.uint8]]:
    """World points (N, 3) and colours (N, 3) of the pixels whose depth is finite."""
    hit = np.isfinite(depth)
    points = unproject(pixel_centres(*depth.shape)[hit], depth[hit], c2w, K)
    return points, rgb[hit]


def splat(
    points: Floats,
    colours: NDArray[np.uint8],
    c2w: Floats,
    K: Floats,
    image: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    point_px: int = 1,
) -> None:
    """Draw points into an image (H, W, 3) and its mask (H, W), the nearest on top. Both are changed in place."""
    height, width = mask.shape
    camera = (points - c2w[:3, 3]) @ c2w[:3, :3]
    z = camera[:, 2]
    front = z > 1e-6
    uv = (camera[front] @ K.T)[:, :2] / z[front, None]
    z, colours = z[front], colours[front]
    corner = np.floor(uv - (point_px - 1) / 2)
    near = ((corner > -point_px) & (corner < (width, height))).all(axis=1)
    corner, z, colours = corner[near].astype(np.int64), z[near], colours[near]
    far_first = np.argsort(-z, kind="stable")
    corner, colours = corner[far_first], colours[far_first]
    order = np.arange(len(corner))
    nearest = np.full(height * width, -1, np.int64)
    for row in range(point_px):
        for column in range(point_px):
            x, y = corner[:, 0] + column, corner[:, 1] + row
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
            np.maximum.at(nearest, y[inside] * width + x[inside], order[inside])
    drawn = nearest >= 0
    image.reshape(-1, 3)[drawn] = colours[nearest[drawn]]
    mask.reshape(-1)[drawn] = 1
