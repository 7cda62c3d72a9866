"""Where was the camera of a generated frame? Features matched to the grid's known geometry, then PnP with RANSAC.

For each frame, reference cells of the wanted time are taken: the wanted camera's, its neighbours', and some spread over the
whole path, so that a camera that went astray is found too. Their features that lie on surfaces that stand still are lifted to
world points by depth. Matches between the frame's features and these points give a pose (OpenCV's `solvePnPRansac`), which is
refined on corners of the nearest references, followed into the frame to a fraction of a pixel (Lucas and Kanade 1981), by
robust Gauss-Newton. The intrinsics are taken to be the target's: a zoom that the model got wrong shows as a wrong position.
Everything is deterministic.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.evaluation import masks
from camxtime.evaluation.features import Features, detect, grey_of, lifted, match, to_pixels, upscale_of
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.tasks import ClipView
from camxtime.geometry.cameras import project, w2c
from camxtime.sampling.decode import Decoder, Wanted
from camxtime.sampling.tracks import ClipRef, Track
from camxtime.sampling.view import Cut, View
from camxtime.shards.dataset import Dataset

Floats = NDArray[np.float64]

KEPT_REFERENCES = 256
MIN_INLIERS = 12
"""Fewest matches that a pose must explain."""

_NEIGHBOURS = (-2, -1, 0, 1, 2)
_SPREAD = 5
_NEAREST = 5
_CORNERS = 600
_LK_WINDOW = 15
_LK_MOST_ERROR = 16.0
_LK_MOST_SHIFT = 4.0
_MIN_FOLLOWED = 24
_NO_DISTORTION = np.zeros(4)


@dataclass(frozen=True, eq=False)
class Reference:
    """A cell to match with: features on still surfaces with their world points (N, 3); corners (M, 2, in OpenCV's pixels of the
    enlarged grey image) with theirs (M, 3)."""

    c2w: Floats
    features: Features
    points: Floats
    grey: NDArray[np.uint8]
    corners: NDArray[np.float32]
    corner_points: Floats


@dataclass(frozen=True, eq=False)
class Pose:
    """OpenCV's world-to-camera pose: rotation vector (3, 1), translation (3, 1)."""

    rvec: Floats
    tvec: Floats

    @property
    def w2c(self) -> Floats:
        """(4, 4) world to camera."""
        matrix = np.eye(4)
        matrix[:3, :3] = cv2.Rodrigues(self.rvec)[0]
        matrix[:3, 3] = self.tvec.ravel()
        return matrix


class Estimator:
    """Estimates cameras of frames of one dataset's grids. left_out: cameras whose cells are never used as references, for
    tests of the estimator itself.

    Raises `InputError` for a dataset without the pass depth.
    """

    def __init__(self, dataset: Dataset, view: View, left_out: frozenset[int] = frozenset()):
        if "depth" not in dataset.passes:
            raise InputError("The built-in pose estimator needs the pass depth; give pose files, or leave poses out.")
        self._dataset, self._view, self._left_out = dataset, view, left_out
        self._decoder = Decoder(dataset)
        self._references: OrderedDict[tuple[str, int, int], Reference] = OrderedDict()

    def poses(self, frames: Frames, target: ClipView) -> Floats:
        """c2w (F, 4, 4) of frames uint8 [F, H, W, 3] that should show the track `target`; NaN where no pose was found."""
        found = np.full((len(frames), 4, 4), np.nan)
        for f, frame in enumerate(frames):
            pose = self._pose(frame, target, f)
            if pose is not None:
                found[f] = w2c(pose.w2c)
        return found

    def _pose(self, frame: Frames, target: ClipView, f: int) -> Pose | None:
        camera, time, K = int(target.cameras[f]), int(target.times[f]), target.K[f]
        features = detect(frame)
        references = [self._reference(target.grid, c, time) for c in self._first_cameras(target.grid, camera)]
        matches = [match(features, reference.features) for reference in references]
        seen = np.concatenate([features.uv[pairs[:, 0]] for pairs in matches])
        points = np.concatenate([r.points[pairs[:, 1]] for r, pairs in zip(references, matches, strict=True)])
        pose = _ransac(points, seen, K, target.size)
        if pose is None:
            return None
        grey = grey_of(frame, upscale_of(target.size))
        for _ in range(2):
            near = [self._reference(target.grid, c, time) for c in self._nearest(target.grid, w2c(pose.w2c))]
            pose = _refined(pose, grey, near, K, target.size)
        return pose

    def _first_cameras(self, grid: str, camera: int) -> list[int]:
        count = self._dataset.grid(grid).C
        spread = np.linspace(0, count - 1, min(_SPREAD, count)).round().astype(int).tolist()
        wanted = {camera + step for step in _NEIGHBOURS} | set(spread)
        return sorted(c for c in wanted if 0 <= c < count and c not in self._left_out)

    def _nearest(self, grid: str, c2w: Floats) -> list[int]:
        """The cameras nearest to a pose: distance in metres, plus what the difference in direction moves at the mean distance
        between the path's cameras and the point they look at."""
        poses = self._dataset.grid(grid).cameras.c2w
        apart = np.linalg.norm(poses[:, :3, 3] - c2w[:3, 3], axis=1)
        turned = np.linalg.norm(poses[:, :3, 2] - c2w[:3, 2], axis=1)
        reach = max(float(np.ptp(poses[:, :3, 3], axis=0).max()), 1e-6)
        order = np.argsort(apart + reach * turned, kind="stable")
        return [int(c) for c in order if int(c) not in self._left_out][:_NEAREST]

    def _reference(self, grid: str, camera: int, time: int) -> Reference:
        key = (grid, camera, time)
        found = self._references.pop(key, None)
        if found is None:
            found = self._make(*key)
        self._references[key] = found
        while len(self._references) > KEPT_REFERENCES:
            self._references.popitem(last=False)
        return found

    def _make(self, grid_id: str, camera: int, time: int) -> Reference:
        grid = self._dataset.grid(grid_id)
        cut: Cut = self._view.cut(grid.H, grid.W)
        clip = ClipRef.of(grid_id, Track(np.array([camera]), np.array([time])))
        subjects = masks.subjects_of(self._dataset, grid_id)
        still = "instance" in grid.passes and subjects.size > 0
        wanted = [Wanted(clip, name) for name in (("rgb", "depth", "instance") if still else ("rgb", "depth"))]
        rgb, depth, *ids = (images[0] for images in self._decoder.read(wanted, cut))
        allowed = ~np.isin(ids[0], subjects) if still else None
        c2w, K = grid.cameras.c2w[camera], cut.K(grid.cameras.K[camera])
        features = detect(rgb)
        points, known = lifted(features.uv, depth, c2w, K, allowed)
        upscale = upscale_of(cut.size)
        grey = grey_of(rgb, upscale)
        corners = cv2.goodFeaturesToTrack(grey, _CORNERS, 0.005, 4)
        corners = np.zeros((0, 2), np.float32) if corners is None else corners.reshape(-1, 2)
        corner_points, corner_known = lifted(to_pixels(corners, upscale), depth, c2w, K, allowed)
        return Reference(
            c2w, Features(features.uv[known], features.descriptors[known]), points[known], grey,
            np.asarray(corners[corner_known], np.float32), corner_points[corner_known],
        )  # fmt: skip


def _ransac(points: Floats, seen: Floats, K: Floats, size: tuple[int, int]) -> Pose | None:
    if len(points) < MIN_INLIERS:
        return None
    within = max(0.75, max(size) / 400)
    try:
        ok, rvec, tvec, inliers = cv2.solvePnPRansac(
            points, seen, K, _NO_DISTORTION, iterationsCount=1000, reprojectionError=within, confidence=0.9999,
            flags=cv2.SOLVEPNP_SQPNP,
        )  # fmt: skip
        if not ok or inliers is None or len(inliers) < MIN_INLIERS:
            return None
        chosen = inliers.ravel()
        rvec, tvec = cv2.solvePnPRefineLM(points[chosen], seen[chosen], K, _NO_DISTORTION, rvec, tvec)
    except cv2.error:  # the points that agree lie too close together to tell a pose
        return None
    return _pose_of(rvec, tvec)


def _pose_of(rvec: NDArray[Any], tvec: NDArray[Any]) -> Pose | None:
    if not (np.isfinite(rvec).all() and np.isfinite(tvec).all()):
        return None
    return Pose(np.asarray(rvec, np.float64).reshape(3, 1), np.asarray(tvec, np.float64).reshape(3, 1))


def _refined(
    pose: Pose, grey: NDArray[np.uint8], references: list[Reference], K: Floats, size: tuple[int, int]
) -> Pose:
    """The pose that best explains the references' corners where they are found in the frame; the same if too few are."""
    upscale = upscale_of(size)
    points, seen = [], []
    for reference in references:
        uv, z = project(reference.corner_points, w2c(pose.w2c), K)
        inside = (z > 0) & (np.nan_to_num(uv, nan=-1.0) > 2).all(axis=1) & (uv < (size[1] - 2, size[0] - 2)).all(axis=1)
        if not inside.any():
            continue
        first = (uv[inside] * upscale - 0.5).astype(np.float32)
        place, status, error = cv2.calcOpticalFlowPyrLK(
            reference.grey, grey, reference.corners[inside], first.copy(), winSize=(_LK_WINDOW, _LK_WINDOW), maxLevel=0,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW, criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 0.003),
        )  # fmt: skip
        good = (status.ravel() == 1) & (error.ravel() < _LK_MOST_ERROR)
        good &= np.linalg.norm(place - first, axis=1) < _LK_MOST_SHIFT
        points.append(reference.corner_points[inside][good])
        seen.append(to_pixels(place[good], upscale))
    if sum(map(len, points)) < _MIN_FOLLOWED:
        return pose
    return _gauss_newton(pose, np.concatenate(points), np.concatenate(seen), K)


def _gauss_newton(pose: Pose, points: Floats, seen: Floats, K: Floats) -> Pose:
    """Least squares with Geman-McClure weights whose scale is the residuals' own (1.48 × their median)."""
    rvec: NDArray[Any] = pose.rvec
    tvec: NDArray[Any] = pose.tvec
    for _ in range(15):
        projected, jacobian = cv2.projectPoints(points, rvec, tvec, K, _NO_DISTORTION)
        residual = projected.reshape(-1, 2) - seen
        length = np.linalg.norm(residual, axis=1)
        scale = 2 * max(1.4826 * float(np.median(length)), 0.02)
        weight = np.repeat(1 / (1 + (length / scale) ** 2) ** 2, 2)
        part = jacobian[:, :6]
        normal = part.T @ (part * weight[:, None]) + 1e-9 * np.eye(6)
        step = -np.linalg.solve(normal, part.T @ (weight * residual.ravel()))
        rvec, tvec = rvec + step[:3, None], tvec + step[3:, None]
        if np.linalg.norm(step) < 1e-10:
            break
    return _pose_of(rvec, tvec) or pose
