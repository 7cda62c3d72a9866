"""Depth of one view carried into another: do two depth images, with their poses, describe one world?

For each pixel of view A that hit something: its centre is unprojected to a world point, the point is projected into
view B, and B's depth there (interpolated linearly in 1/z, which is exact on planes) is compared with the point's own
z in B. B nearer is an occlusion. B *farther* is a contradiction: B would look through a point that A saw. Right poses,
intrinsics and z-depths yield none; wrong ones yield them at once.

An error that moves surfaces nearer in B looks like occlusion that way round, and like contradiction the other way: compare
both ways. Small errors show where depth changes across the image; what they shift by less than a fraction of a pixel on
surfaces that face the camera does not.

So that right data yields none, the comparison is made only where it can be decided:

- Where B's depth is not locally planar in 1/z (a silhouette, a step, the sky beside an object) nothing is interpolated.
- A structure thinner than B's pixels may be hit by A's ray and missed by all of B's. A contradiction therefore needs a
  surface that fills a 5×5 window of A, seen from the same side, whose footprint in B is wide enough
  (half the window × the smallest stretch from A's to B's pixels) to cover one of B's pixel centres.
- At grazing angles a small error of A's depth or of the pixel position moves 1/z much: the tolerance grows with the
  measured slope and with how far the stated depth error moves the point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError
from camxtime.geometry.cameras import Floats, pixel_centres, project, unproject

Bools = NDArray[np.bool_]

LABELS = ("no_hit", "outside", "edge", "occluded", "agree", "contradiction")
"""Meaning of the values in `Reprojection.labels`: A hit nothing; the point is behind or outside B; it cannot be decided;
B sees something nearer; B sees the same surface; B sees through it."""

_NO_HIT, _OUTSIDE, _EDGE, _OCCLUDED, _AGREE, _CONTRADICTION = range(6)

WINDOW = 2
"""Half the window of A (5×5 pixels) that one surface must fill before its absence in B counts."""

_CENTRE_REACH = 0.75
"""A disc of this radius in pixels always covers a pixel centre (half a pixel's diagonal is 0.707)."""


@dataclass(frozen=True, eq=False)
class View:
    """One depth image and its camera: depth (H, W) z-depth in metres, +inf where nothing was hit; c2w (4, 4); K (3, 3)."""

    depth: NDArray[np.floating]
    c2w: Floats
    K: Floats


@dataclass(frozen=True)
class Tolerances:
    """What still counts as agreement.

    relative: difference of z, relative. depth_error: relative error of the stored depth (its codec's bound).
    pixels: error of the image position. edge: bend of 1/z from pixel to pixel, relative, beyond which a place counts as
    an edge.
    """

    relative: float = 2e-3
    depth_error: float = 1e-3
    pixels: float = 0.05
    edge: float = 0.02


@dataclass(frozen=True, eq=False)
class Reprojection:
    """Outcome per pixel of view A.

    labels: (H, W) uint8, index into `LABELS`. predicted_z: (H, W) z of A's point in B, NaN where A hit nothing.
    relative_error: (H, W) (z seen by B − predicted z) / predicted z; positive where B sees farther, +inf where B sees
    nothing, NaN where the labels are no_hit or outside. At edges it is interpolated across the edge: read it with care.
    """

    labels: NDArray[np.uint8]
    predicted_z: Floats
    relative_error: Floats

    def mask(self, label: str) -> Bools:
        """(H, W) where the label holds."""
        return np.asarray(self.labels == LABELS.index(label))

    @cached_property
    def counts(self) -> dict[str, int]:
        """Pixels per label."""
        found = np.bincount(self.labels.ravel(), minlength=len(LABELS))
        return {label: int(number) for label, number in zip(LABELS, found, strict=True)}

    @property
    def decided(self) -> int:
        """Pixels that either agree or contradict: the base of `contradiction_share`."""
        return self.counts["agree"] + self.counts["contradiction"]

    @property
    def contradiction_share(self) -> float:
        """Contradictions among the decided pixels; 0 where nothing could be decided."""
        return self.counts["contradiction"] / self.decided if self.decided else 0.0

    def median_error(self) -> float:
        """Median of |relative_error| over the pixels that agree; NaN where none does."""
        error = self.relative_error[self.mask("agree")]
        return float(np.median(np.abs(error))) if error.size else float("nan")


def reproject(a: View, b: View, tolerances: Tolerances | None = None) -> Reprojection:
    """Carry A's depth into B and label each pixel of A. Both at the same time index.

    Raises DataError where a depth image is not (H, W), or holds a value that is NaN, zero or negative.
    """
    limits = tolerances or Tolerances()
    carried = _carry(a, b)
    sample = _sample_inverse(b, carried.uv)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / carried.z
        # difference > 0: B sees farther (smaller 1/z) than the point.
        difference = 1.0 - sample.inverse / inverse
        error = inverse / sample.inverse - 1.0
    bend_a = _widest(_bend(_inverse(a.depth)), WINDOW)
    slope = np.linalg.norm(sample.slope, axis=-1) * carried.z
    moved = carried.sensitivity(sample.slope) * limits.depth_error
    # Beyond `edge` a bend is an edge, no reason to forgive more.
    bends = np.minimum(bend_a, limits.edge) + np.minimum(sample.bend, limits.edge)
    allowed = limits.relative + bends + moved + slope * limits.pixels
    decidable = sample.bend <= limits.edge
    solid = (bend_a <= limits.edge) & (carried.footprint * WINDOW >= _CENTRE_REACH)

    labels = np.full(a.depth.shape, _EDGE, dtype=np.uint8)
    labels[decidable & (difference < -allowed)] = _OCCLUDED
    labels[decidable & (np.abs(difference) <= allowed)] = _AGREE
    labels[decidable & solid & (difference > allowed)] = _CONTRADICTION
    labels[~carried.inside] = _OUTSIDE
    labels[~np.isfinite(a.depth)] = _NO_HIT
    return Reprojection(labels, carried.z, np.where(carried.inside, error, np.nan))


def covisible_mask(a: View, b: View, tolerances: Tolerances | None = None) -> Bools:
    """(H, W) pixels of A whose surface point B sees too: exact co-visibility from depth.

    Where `reproject` agrees; at edges, where one of the four pixels of B round the point lies at the point's depth.
    """
    limits = tolerances or Tolerances()
    result = reproject(a, b, limits)
    carried = _carry(a, b)
    corners, _ = _corners(_inverse(b.depth), carried.uv)
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.abs(corners * carried.z[..., None] - 1.0).min(axis=-1) <= limits.edge
    return result.mask("agree") | (result.mask("edge") & near)


@dataclass(frozen=True, eq=False)
class _Carried:
    """A's points in B: uv (H, W, 2), z (H, W), inside (H, W); `nudge`: change of (u, v, 1/z) when A's depth grows by 100 %
    at the present rate; footprint (H, W): smallest stretch from A's pixels to B's, 0 where B looks from behind."""

    uv: Floats
    z: Floats
    inside: Bools
    nudge: Floats
    footprint: Floats

    def sensitivity(self, slope: Floats) -> Floats:
        """(H, W) |d((1/z − B's 1/z) · z)| per relative change of A's depth."""
        drift = self.nudge[..., 2] - (slope * self.nudge[..., :2]).sum(axis=-1)
        return np.asarray(np.abs(drift) * self.z)


def _carry(a: View, b: View) -> _Carried:
    _check(a.depth)
    _check(b.depth)
    hit = np.isfinite(a.depth)
    height, width = b.depth.shape
    depth = np.where(hit, a.depth, np.nan).astype(np.float64)
    points = unproject(pixel_centres(*a.depth.shape), depth, a.c2w, a.K)
    uv, z = project(points, b.c2w, b.K)
    step = 1e-4
    centre = np.asarray(a.c2w, dtype=np.float64)[:3, 3]
    uv_far, z_far = project(centre + (points - centre) * (1.0 + step), b.c2w, b.K)
    with np.errstate(invalid="ignore"):
        nudge = np.concatenate([uv_far - uv, (1.0 / z_far - 1.0 / z)[..., None]], axis=-1) / step
        # Bilinear interpolation needs a pixel centre on either side.
        inside = (z > 0) & (uv >= 0.5).all(axis=-1) & (uv <= (width - 0.5, height - 0.5)).all(axis=-1)
    return _Carried(uv, z, np.asarray(inside & hit), nudge, _smallest_stretch(uv))


def _check(depth: NDArray[np.floating]) -> None:
    if depth.ndim != 2 or 0 in depth.shape:
        raise DataError(f"a depth image must have shape (H, W), not {depth.shape}")
    if not (depth > 0).all():
        raise DataError("a depth image holds a value that is NaN, zero or negative; no hit is stored as +inf")


def _inverse(depth: NDArray[np.floating]) -> Floats:
    """1/z in float64; 0 where nothing was hit."""
    return np.asarray(1.0 / depth.astype(np.float64))


def _smallest_stretch(uv: Floats) -> Floats:
    """(H, W) smaller singular value of d(uv in B) / d(pixel in A); 0 where the map turns over or is unknown."""
    if min(uv.shape[:2]) < 2:
        return np.zeros(uv.shape[:2])
    down, right = np.gradient(uv, axis=(0, 1))
    determinant = right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]
    square = (right**2 + down**2).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        # σ1² + σ2² = square and σ1·σ2 = determinant.
        largest = np.sqrt((square + np.sqrt(np.maximum(square**2 - 4.0 * determinant**2, 0.0))) / 2.0)
        smallest = np.where(largest > 0, determinant / largest, 0.0)
    return np.asarray(np.nan_to_num(np.maximum(smallest, 0.0), nan=0.0))


@dataclass(frozen=True, eq=False)
class _Sample:
    """B's depth at points: inverse (H, W) 1/z, slope (H, W, 2) of 1/z per pixel, bend (H, W) relative non-planarity."""

    inverse: Floats
    slope: Floats
    bend: Floats


def _corners(inverse: Floats, uv: Floats) -> tuple[Floats, Floats]:
    """(H, W, 4) values at the pixel centres round uv (top-left, top-right, bottom-left, bottom-right), (H, W, 2) weights.

    Positions outside the image are clamped to it; NaN counts as 0. Callers mask those.
    """
    height, width = inverse.shape
    place = np.nan_to_num(uv - 0.5, nan=0.0, posinf=0.0, neginf=0.0)
    low = np.clip(np.floor(place), 0, (max(width - 2, 0), max(height - 2, 0))).astype(np.intp)
    column, row = low[..., 0], low[..., 1]
    right, below = np.minimum(column + 1, width - 1), np.minimum(row + 1, height - 1)
    values = [inverse[row, column], inverse[row, right], inverse[below, column], inverse[below, right]]
    return np.stack(values, axis=-1), np.clip(place - low, 0.0, 1.0)


def _sample_inverse(view: View, uv: Floats) -> _Sample:
    inverse = _inverse(view.depth)
    corners, weight = _corners(inverse, uv)
    x, y = weight[..., 0], weight[..., 1]
    top = corners[..., 0] * (1 - x) + corners[..., 1] * x
    bottom = corners[..., 2] * (1 - x) + corners[..., 3] * x
    slope_x = (corners[..., 1] - corners[..., 0]) * (1 - y) + (corners[..., 3] - corners[..., 2]) * y
    bends, _ = _corners(_bend(inverse), uv)
    value = np.asarray(top * (1 - y) + bottom * y, dtype=np.float64)
    return _Sample(value, np.stack([slope_x, bottom - top], axis=-1), np.asarray(bends.max(axis=-1)))


def _bend(inverse: Floats) -> Floats:
    """(H, W) how far 1/z departs from a plane at each pixel, relative to 1/z: the largest of the second differences.

    On a plane 1/z is affine in the image, so all of them vanish; a step of relative height h gives at least h/2 on
    both of its sides. 0 where nothing was hit all round.
    """
    bend = np.zeros_like(inverse)
    along_x = np.abs(inverse[:, 2:] - 2.0 * inverse[:, 1:-1] + inverse[:, :-2])
    along_y = np.abs(inverse[2:] - 2.0 * inverse[1:-1] + inverse[:-2])
    twist = np.abs(inverse[1:, 1:] - inverse[1:, :-1] - inverse[:-1, 1:] + inverse[:-1, :-1])
    bend[:, 1:-1] = along_x
    bend[1:-1] = np.maximum(bend[1:-1], along_y)
    for rows in (slice(None, -1), slice(1, None)):
        for columns in (slice(None, -1), slice(1, None)):
            bend[rows, columns] = np.maximum(bend[rows, columns], twist)
    scale = _widest(inverse, 1)
    return np.divide(bend, scale, out=np.zeros_like(bend), where=scale > 0)


def _widest(image: Floats, reach: int) -> Floats:
    """(H, W) maximum over the window of ±reach pixels, cut off at the image's border."""
    out = image
    for axis in (0, 1):
        padded = np.pad(out, [(reach, reach) if side == axis else (0, 0) for side in (0, 1)], mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        out = windows.max(axis=-1)
    return np.asarray(out)
