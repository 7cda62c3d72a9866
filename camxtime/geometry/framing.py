"""Where a path is to look and where its cameras may be: measured once per stage, by Blender."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from camxtime.errors import InputError
from camxtime.geometry.cameras import Cameras, Floats

FIT_MARGIN = 1.1
"""The subject's sphere is held within the image with this much room to spare (1 = touching the edge)."""

SMALLEST_RADIUS_M = 0.05
"""Subjects smaller than this are framed as if they had this radius, so that no camera stands inside its
target.
"""

_FIELDS = ("subject_bounds", "camera_min", "camera_max", "floor_m", "front_deg")


@dataclass(frozen=True, eq=False)
class Framing:
    """What camera paths need to know of a stage. World coordinates, metres.

    subject_bounds: (T, 2, 3) axis-aligned min and max corner of the moving subject(s) as rendered, per time
    index. camera_min, camera_max: (3,) corners of the box in which camera centres may be.
    floor_m: height of the floor. front_deg: azimuth that the subject faces, counter-clockwise about +Z from
    +X.
    """

    subject_bounds: Floats
    camera_min: Floats
    camera_max: Floats
    floor_m: float
    front_deg: float

    def __post_init__(self) -> None:
        for name in ("subject_bounds", "camera_min", "camera_max"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))

    def validate(self) -> Framing:
        """Return self, or raise InputError naming the field that is malformed, not finite or empty."""
        bounds = self.subject_bounds
        if bounds.ndim != 3 or bounds.shape[0] < 1 or bounds.shape[1:] != (2, 3):
            raise InputError(f"framing: subject_bounds must have shape (T, 2, 3), not {bounds.shape}")
        if self.camera_min.shape != (3,) or self.camera_max.shape != (3,):
            raise InputError("framing: camera_min and camera_max must each hold three numbers")
        for name in _FIELDS:
            if not np.isfinite(getattr(self, name)).all():
                raise InputError(f"framing: {name} holds a value that is not finite")
        if not (bounds[:, 0] <= bounds[:, 1]).all():
            time = int(np.argmin((bounds[:, 0] <= bounds[:, 1]).all(axis=1)))
            raise InputError(f"framing: subject_bounds at time {time} has a minimum above its maximum")
        if not (self.camera_min < self.camera_max).all():
            raise InputError("framing: camera_min must be below camera_max on every axis")
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Framing:
        """Framing of the JSON object that `to_dict` writes; InputError for a missing, unknown or
        malformed field.
        """
        if set(data) != set(_FIELDS):
            raise InputError(f"framing: the fields must be {', '.join(_FIELDS)}; got {', '.join(sorted(data))}")
        try:
            framing = cls(**{**data, "floor_m": float(data["floor_m"]), "front_deg": float(data["front_deg"])})
        except (TypeError, ValueError) as error:
            raise InputError(f"framing: a field does not hold numbers ({error})") from error
        return framing.validate()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "subject_bounds": self.subject_bounds.tolist(),
            "camera_min": self.camera_min.tolist(),
            "camera_max": self.camera_max.tolist(),
            "floor_m": float(self.floor_m),
            "front_deg": float(self.front_deg),
        }

    @property
    def target(self) -> Floats:
        """(3,) centre of the box that holds the subject over the whole clip: what paths look at."""
        return (self.subject_bounds[:, 0].min(axis=0) + self.subject_bounds[:, 1].max(axis=0)) / 2.0

    def targets(self, cameras: int, follow: float = 0.0) -> Floats:
        """(C, 3) points that the cameras of a path aim at.

        follow = 0: `target` for all. follow = 1: camera c aims at the subject's centre at the time that the diagonal
        gives it, c·(T−1)/(C−1). Between: the blend. Centres are smoothed over a tenth of the clip, because
        the bounding box of a walking body jitters with each step.
        """
        aim = np.repeat(self.target[None], cameras, axis=0)
        if follow == 0.0:
            return aim
        centres = _smoothed(self.subject_bounds.mean(axis=1))
        times = np.linspace(0.0, len(centres) - 1.0, cameras)
        index = np.arange(len(centres))
        at_time = np.stack([np.interp(times, index, centres[:, axis]) for axis in range(3)], axis=1)
        return aim + follow * (at_time - aim)

    def radius_m(self, cameras: int = 1, follow: float = 0.0) -> float:
        """Radius about `target` that is to fit in the image so that the subject stays in the frame.

        follow = 0: the farthest corner of any time's box, so that the subject is in the frame at every time.
        follow > 0: max over cameras of |aim − target| + the radius about the aim of the subject at that
        camera's time. A camera that keeps the sphere of this radius about `target` inside its cone of view
        when looking at the centre also holds the smaller sphere about its own aim, so the diagonal stays
        framed.
        """
        if follow == 0.0:
            return max(float(_corner_distance(self.subject_bounds, self.target[None]).max()), SMALLEST_RADIUS_M)
        # Camera c sees time c·(T−1)/(C−1) on the diagonal: the two neighbouring times are both held.
        aims = self.targets(cameras, follow)
        times = np.linspace(0.0, len(self.subject_bounds) - 1.0, cameras)
        reach = np.maximum(
            _corner_distance(self.subject_bounds[np.floor(times).astype(int)], aims),
            _corner_distance(self.subject_bounds[np.ceil(times).astype(int)], aims),
        )
        return max(float((np.linalg.norm(aims - self.target, axis=1) + reach).max()), SMALLEST_RADIUS_M)


def fitting_distance(radius_m: float, half_fov_rad: float, margin: float = FIT_MARGIN) -> float:
    """Distance at which a sphere of `radius_m` about the optical axis fits a half angle of view, with
    `margin`.

    d = margin · r / sin(half_fov): the sphere then is tangent to the cone of view widened by the margin.
    """
    return margin * radius_m / float(np.sin(half_fov_rad))


def inside_box(cameras: Cameras, framing: Framing) -> NDArray[np.bool_]:
    """(C,) whether each camera's centre lies in the framing's camera box. A path that leaves it is
    drawn again.
    """
    centres = cameras.centres
    return np.asarray(((centres >= framing.camera_min) & (centres <= framing.camera_max)).all(axis=1))


def box_corners(bounds: ArrayLike) -> Floats:
    """(..., 8, 3) corners of axis-aligned boxes (..., 2, 3)."""
    box = np.asarray(bounds, dtype=np.float64)
    picks = np.array(list(itertools.product((0, 1), repeat=3)))
    return box[..., picks, np.arange(3)]


def _corner_distance(bounds: Floats, centres: Floats) -> Floats:
    """(N,) distance from centres (N or 1, 3) to the farthest corner of boxes (N, 2, 3)."""
    return np.asarray(np.linalg.norm(box_corners(bounds) - centres[:, None, :], axis=-1).max(axis=1))


def _smoothed(points: Floats) -> Floats:
    """Gaussian smoothing of (T, 3) points, sigma a twentieth of the clip, without shrinking at the ends."""
    count = len(points)
    if count < 3:
        return points
    offsets = np.arange(count)[:, None] - np.arange(count)[None, :]
    weights = np.exp(-0.5 * (offsets / (count / 20.0)) ** 2)
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)) @ points)
