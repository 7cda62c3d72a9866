"""How much two clips see of the same: by their frusta alone, or by true depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAME_SURFACE = 0.02
"""Relative difference of z up to which two views see the same surface (a pixel of depth slope at grazing angles)."""


@dataclass(frozen=True, eq=False)
class ClipCameras:
    """The cameras of F frames: c2w (F, 4, 4) OpenCV axes, K (F, 3, 3) pixels, image size in pixels."""

    c2w: Floats
    K: Floats
    width: int
    height: int


def frustum_overlap(
    first: ClipCameras, second: ClipCameras, near_m: float, far_m: float, points: int, rng: np.random.Generator
) -> float:
    """Overlap of the viewing frusta [near_m, far_m] of two clips, frame by frame, in 0..1.

    PlenopticDreamer, Algorithm 1: for each frame, P points are drawn in either frustum (here uniformly by volume); with
    P_n of the first's inside the second and P_{K+1} of the second's inside the first, S = Σ_f (P_n + P_{K+1}) / (2·P·F).
    Occlusion plays no part.
    """
    counts = _inside(_points(first, near_m, far_m, points, rng), second, near_m, far_m).sum()
    counts += _inside(_points(second, near_m, far_m, points, rng), first, near_m, far_m).sum()
    return float(counts / (2 * points * len(first.c2w)))


def _points(clip: ClipCameras, near_m: float, far_m: float, points: int, rng: np.random.Generator) -> Floats:
    """World points (F, P, 3), uniform by volume in each frame's frustum: z has density ∝ z², u and v are uniform."""
    u, v, share = rng.random((3, len(clip.c2w), points))
    z = np.cbrt(near_m**3 + share * (far_m**3 - near_m**3))
    pixels = np.stack([u * clip.width, v * clip.height, np.ones_like(u)], axis=-1)
    rays = pixels @ np.swapaxes(np.linalg.inv(clip.K), 1, 2)
    return _to_world(rays * z[..., None], clip.c2w)


def _inside(world: Floats, clip: ClipCameras, near_m: float, far_m: float) -> NDArray[np.bool_]:
    uv, z = _image(world, clip)
    inside = (uv >= 0).all(-1) & (uv[..., 0] < clip.width) & (uv[..., 1] < clip.height)
    return np.asarray(inside & (z >= near_m) & (z <= far_m))


def covisibility(
    first: ClipCameras,
    first_depth: NDArray[np.float32],
    second: ClipCameras,
    second_depth: NDArray[np.float32],
    grid_px: int,
) -> float:
    """Share of the surface points of two clips that the other one sees too, frame by frame, both ways, in 0..1.

    Depth (F, H, W) is z-depth in metres, +inf where nothing is hit. Every grid_px-th pixel of each frame that hits a
    surface is lifted to a point and looked up in the other clip's frame: seen if it falls into the image and the depth
    of the pixel there is within 2 % of the point's. What moved between two times is not the same point, and counts so.
    0 where neither clip hits anything.
    """
    seen, total = 0, 0
    sides = ((first, first_depth, second, second_depth), (second, second_depth, first, first_depth))
    for a, a_depth, b, b_depth in sides:
        there, hits = _seen(a, a_depth, b, b_depth, grid_px)
        seen, total = seen + there, total + hits
    return seen / total if total else 0.0


def _seen(
    a: ClipCameras, a_depth: NDArray[np.float32], b: ClipCameras, b_depth: NDArray[np.float32], step: int
) -> tuple[int, int]:
    rows = np.arange(min(step // 2, a.height - 1), a.height, step)
    columns = np.arange(min(step // 2, a.width - 1), a.width, step)
    v, u = (axis.ravel() for axis in np.meshgrid(rows + 0.5, columns + 0.5, indexing="ij"))
    z = a_depth[:, rows][:, :, columns].reshape(len(a_depth), -1).astype(np.float64)
    hit = np.isfinite(z)
    pixels = np.stack([u, v, np.ones_like(u)], axis=-1)
    rays = pixels @ np.swapaxes(np.linalg.inv(a.K), 1, 2)
    uv, there = _image(_to_world(rays * np.where(hit, z, 1.0)[..., None], a.c2w), b)
    inside = hit & (there > 0) & (uv >= 0).all(-1) & (uv[..., 0] < b.width) & (uv[..., 1] < b.height)
    column, row = (np.where(inside, uv[..., axis], 0).astype(np.int64) for axis in (0, 1))
    depth = b_depth[np.arange(len(b_depth))[:, None], row, column]
    same = inside & (np.abs(depth - there) <= SAME_SURFACE * there)
    return int(same.sum()), int(hit.sum())


def _to_world(camera_points: Floats, c2w: Floats) -> Floats:
    return camera_points @ np.swapaxes(c2w[:, :3, :3], 1, 2) + c2w[:, None, :3, 3]


def _image(world: Floats, clip: ClipCameras) -> tuple[Floats, Floats]:
    """uv (F, P, 2) in pixels and z (F, P); points behind the camera get uv −1."""
    camera = (world - clip.c2w[:, None, :3, 3]) @ clip.c2w[:, :3, :3]
    z = camera[..., 2]
    projected = camera @ np.swapaxes(clip.K, 1, 2)
    uv = projected[..., :2] / np.where(z > 0, z, np.inf)[..., None]
    return np.where((z > 0)[..., None], uv, -1.0), z
