"""The measures of a grid: pure functions of its cells. Units, defaults and mends stand in `camxtime.spec.quality`."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.geometry.cameras import pixel_centres, project, unproject
from camxtime.geometry.reproject import View, covisible_mask
from camxtime.quality.motion import changed, flow_lengths
from camxtime.quality.sample import Sample, spread

CLIPPED, BLACK = 250, 5
"""8-bit levels from which all channels count as blown out, and up to which as black."""

SEEN_SHARE, SEEN_PIXELS = 1e-3, 4
"""The subject is seen in a cell where it covers this share of the image, and at least this many pixels."""

FLOW_CAMERAS, FLOW_TIMES = 3, 4
"""Cameras and pairs of times of a sample that flow, by far the dearest measure, is computed for."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)

Values = dict[str, float | None]
"""Value by measure; None where the cells at hand cannot tell."""


def measure(sample: Sample) -> Values:
    """Every measure that the cells of a sample can tell, by name."""
    return {
        **exposure(sample.rgb),
        "sharpness": sharpness(sample.rgb),
        **subject(sample),
        "motion_px": motion(sample),
        "static_share": static_share(sample),
        **camera_steps(sample),
        "covisibility": covisibility(sample),
    }


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(...) Rec. 709 luma, 0..255, of (..., 3) 8-bit sRGB values: of the display values, not of light."""
    return np.asarray(rgb.astype(np.float32) @ _LUMA)


def exposure(rgb: NDArray[np.uint8] | None) -> Values:
    """`luminance`, `clipped_share` and `black_share` of images (..., 3)."""
    if rgb is None:
        return {"luminance": None, "clipped_share": None, "black_share": None}
    return {
        "luminance": float(luma(rgb).mean(dtype=np.float64) / 255),
        "clipped_share": float((rgb.min(axis=-1) >= CLIPPED).mean()),
        "black_share": float((rgb.max(axis=-1) <= BLACK).mean()),
    }


def sharpness(rgb: NDArray[np.uint8] | None) -> float | None:
    """Mean over images (..., H, W, 3) of the standard deviation of the luma's Laplacian (4-neighbour kernel), levels."""
    if rgb is None:
        return None
    images = luma(rgb).reshape(-1, *rgb.shape[-3:-1])
    return float(np.mean([cv2.Laplacian(image, cv2.CV_32F, ksize=1).std() for image in images]))


def subject(sample: Sample) -> Values:
    """`subject_share` of the image over the cells, and `subject_visible`: the share of cells that show the subject."""
    mask = sample.subject_mask
    if mask is None:
        return {"subject_share": None, "subject_visible": None}
    pixels = mask.sum(axis=(-2, -1))
    size = mask.shape[-1] * mask.shape[-2]
    return {
        "subject_share": float(pixels.mean() / size),
        "subject_visible": float((pixels >= max(SEEN_PIXELS, SEEN_SHARE * size)).mean()),
    }


def motion(sample: Sample) -> float | None:
    """Mean length of dense flow (pixels per frame) on the subject, over a few cameras and pairs of consecutive times.

    Without instance ids it is taken where something changes. Cells that do not show the subject do not count; 0 where
    nothing does.
    """
    starts = np.flatnonzero(np.diff(sample.times) == 1)
    if sample.rgb is None or not starts.size:
        return None
    mask = sample.subject_mask
    found: list[float] = []
    for row in starts[spread(len(starts), FLOW_TIMES)]:
        for column in spread(len(sample.cameras), FLOW_CAMERAS):
            where = changed(sample, (row, row + 1), column) if mask is None else mask[row, column]
            if where.sum() >= SEEN_PIXELS:
                lengths = flow_lengths(sample.rgb[row, column], sample.rgb[row + 1, column])
                found.append(float(lengths[where].mean()))
    return float(np.mean(found)) if found else 0.0


def static_share(sample: Sample) -> float | None:
    """Share of pixels that look at the same thing at all times of the sample, mean over its cameras."""
    rows = tuple(range(len(sample.times)))
    if len(rows) < 2:
        return None
    return float(1 - np.mean([changed(sample, rows, column).mean() for column in range(len(sample.cameras))]))


def camera_steps(sample: Sample) -> Values:
    """`camera_motion_px` and `parallax_px`: how far the still world moves in the image from a camera to the next.

    A pixel p of camera i with depth z shows a world point X; π_j(X) is its place in the next camera j, and p∞ the place
    that it would have if the camera only turned and zoomed: p∞ ~ K_j R_jᵀ R_i K_i⁻¹ p. Camera motion is the median of
    |π_j(X) − p| (of |p∞ − p| where nothing is hit), parallax the median of |π_j(X) − p∞| over what is hit; both are means
    over the sample's cameras at its middle time. The last camera looks back at the one before it.
    """
    path, none = sample.path, {"camera_motion_px": None, "parallax_px": None}
    if sample.depth is None or len(path) < 2:
        return {**none}
    moved: list[float] = []
    shifted: list[float] = []
    for column, i in enumerate(sample.cameras):
        depth = sample.depth[sample.middle, column].astype(np.float64)
        steps = _step(path.c2w, path.K, depth, int(i), int(i) + 1 if i + 1 < len(path) else int(i) - 1)
        for values, kept in zip(steps, (moved, shifted), strict=True):
            if values.size:
                kept.append(float(np.median(values)))
    return {
        "camera_motion_px": float(np.mean(moved)) if moved else None,
        "parallax_px": float(np.mean(shifted)) if shifted else None,
    }


def _step(
    c2w: NDArray[Any], K: NDArray[Any], depth: NDArray[np.float64], i: int, j: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lengths (k,) of the image displacements from camera i to j, and (l,) of the parallax of what is hit."""
    hit = np.isfinite(depth)
    places = pixel_centres(*depth.shape)
    rays = np.concatenate([places, np.ones_like(places[..., :1])], axis=-1) @ np.linalg.inv(K[i]).T
    turned = rays @ (c2w[j, :3, :3].T @ c2w[i, :3, :3]).T @ K[j].T
    with np.errstate(divide="ignore", invalid="ignore"):
        endless = np.where(turned[..., 2:] > 0, turned[..., :2] / turned[..., 2:], np.nan)
    there = project(unproject(places, np.where(hit, depth, 1.0), c2w[i], K[i]), c2w[j], K[j])[0]
    moved = np.linalg.norm(np.where(hit[..., None], there, endless) - places, axis=-1)
    shifted = np.linalg.norm(there - endless, axis=-1)[hit]
    return moved[np.isfinite(moved)], shifted[np.isfinite(shifted)]


def covisibility(sample: Sample) -> float | None:
    """Share of the surface that the first camera sees and the last sees too, and back; the mean, exact from depth."""
    if sample.depth is None or len(sample.cameras) < 2:
        return None
    first, last = (
        View(sample.depth[sample.middle, column], sample.path.c2w[camera], sample.path.K[camera])
        for column, camera in ((0, sample.cameras[0]), (-1, sample.cameras[-1]))
    )
    shares = []
    for a, b in ((first, last), (last, first)):
        hits = int(np.isfinite(a.depth).sum())
        if hits:
            shares.append(float(covisible_mask(a, b).sum() / hits))
    return float(np.mean(shares)) if shares else None
