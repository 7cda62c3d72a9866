"""What all kinds of camera path share: the request, the start on the subject, and the way to cameras."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from camxtime.errors import InputError
from camxtime.geometry.cameras import Cameras, Floats, focal_px, intrinsics, look_at, min_half_fov_rad
from camxtime.geometry.framing import Framing, fitting_distance
from camxtime.geometry.paths.parameters import real
from camxtime.geometry.speed import SpeedLaw

Promise = Literal["subject", "centre", "none"]
"""What a kind promises to keep in the image: the whole subject at every time (given distance_fit >= 1 and follow = 0),
the centre of the subject (with the default ranges), or nothing."""

LARGEST_PATH = 100_000


@dataclass(frozen=True)
class PathRequest:
    """What a path is made for: the stage's framing, the number of cameras C, the image size in pixels, the speed."""

    framing: Framing
    cameras: int
    width: int
    height: int
    speed: SpeedLaw = field(default_factory=SpeedLaw)

    def validate(self) -> PathRequest:
        """Return self, or raise InputError naming the field that is malformed."""
        self.framing.validate()
        self.speed.validate()
        if not 1 <= self.cameras <= LARGEST_PATH:
            raise InputError(f"camera path: cameras must lie between 1 and {LARGEST_PATH}, not {self.cameras}")
        if self.width < 1 or self.height < 1:
            raise InputError(f"camera path: image size {self.width}×{self.height} has no pixel")
        return self


@dataclass(frozen=True, eq=False)
class Rig:
    """A path before it becomes cameras: where each camera stands, what it aims at, and turns added to that aim.

    eye, aim: (C, 3) world metres. hfov_deg: (C,) or scalar. pan_deg (+ right, about world Z), tilt_deg (+ up, about
    the camera's x axis), roll_deg (+ clockwise, about the optical axis): (C,) or scalar.
    """

    eye: Floats
    aim: Floats
    hfov_deg: ArrayLike
    pan_deg: ArrayLike = 0.0
    tilt_deg: ArrayLike = 0.0
    roll_deg: ArrayLike = 0.0

    def cameras(self, request: PathRequest) -> Cameras:
        """The rig's cameras. R = Rz(−pan) · look_at(eye, aim) · Rx(tilt) · Rz(roll)."""
        pose = look_at(self.eye, self.aim)
        pose[:, :3, :3] = (
            axis_rotation("z", -np.asarray(self.pan_deg))
            @ pose[:, :3, :3]
            @ axis_rotation("x", self.tilt_deg)
            @ axis_rotation("z", self.roll_deg)
        )
        return with_lens(pose, self.hfov_deg, request)


def with_lens(c2w: Floats, hfov_deg: ArrayLike, request: PathRequest) -> Cameras:
    """Cameras of poses (C, 4, 4) and a field of view per camera (C,), or one for all."""
    focal = np.broadcast_to(focal_px(request.width, hfov_deg=hfov_deg), (len(c2w),))
    matrix = intrinsics(focal, request.width, request.height)
    return Cameras(c2w, matrix, request.width, request.height).validate()


def axis_rotation(axis: Literal["x", "y", "z"], angle_deg: ArrayLike) -> Floats:
    """(..., 3, 3) right-handed rotations about a coordinate axis, by angles in degrees."""
    angle = np.radians(np.asarray(angle_deg, dtype=np.float64))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., (0, 1, 2), (0, 1, 2)] = 1.0
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., second, first] = np.sin(angle)
    matrix[..., first, second] = -np.sin(angle)
    return matrix


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a path starts, relative to the subject. Angles in degrees.

    The start is (d·cos el·cos az, d·cos el·sin az, d·sin el) from the subject's centre: az = front_deg + azimuth_deg,
    el = elevation_deg and d = distance_fit · d_fit; d_fit is the distance at which the subject's bounding sphere over
    the whole clip just fits the narrowest field of view of the path, with a margin of 10 %.
    """

    PROMISE: ClassVar[Promise] = "none"

    azimuth_deg: float = real(
        "Start azimuth, counter-clockwise from the subject's front.", "degrees", (-90, 90), -360, 360
    )
    elevation_deg: float = real("Start elevation above the subject's centre.", "degrees", (2, 18), -60, 60)
    distance_fit: float = real(
        "Distance in multiples of the distance at which the whole subject just fits.", "×", (1.0, 1.3), 0.2, 20
    )
    hfov_deg: float = real("Horizontal field of view.", "degrees", (48, 65), 5, 120)
    roll_deg: float = real("Roll about the optical axis, clockwise.", "degrees", (0, 0), -180, 180)

    def cameras(self, request: PathRequest) -> Cameras:
        """The path's cameras, C of them; `request` is valid."""
        raise TypeError(f"{type(self).__name__} is not a path kind of its own")

    def narrowest_hfov_deg(self) -> float:
        """Horizontal field of view, degrees, that the subject is to fit: the narrowest of the path."""
        return self.hfov_deg

    def _radius_m(self, request: PathRequest) -> float:
        return request.framing.radius_m()

    def distance_m(self, request: PathRequest) -> float:
        """distance_fit · d_fit in metres."""
        return self.distance_fit * fitting_distance(self._radius_m(request), self._half_fov_rad(request))

    def _half_fov_rad(self, request: PathRequest) -> float:
        focal = focal_px(request.width, hfov_deg=self.narrowest_hfov_deg())
        matrix = intrinsics(focal, request.width, request.height)
        return float(min_half_fov_rad(matrix, request.width, request.height))

    def eye(
        self, request: PathRequest, azimuth: ArrayLike = 0.0, elevation: ArrayLike = 0.0, stretch: ArrayLike = 1.0
    ) -> Floats:
        """(C, 3) points on spheres about the subject's centre.

        azimuth, elevation: degrees added to the start's. stretch: factor on its distance. Each (C,) or scalar.
        """
        turn = np.radians(request.framing.front_deg + self.azimuth_deg + np.asarray(azimuth, dtype=np.float64))
        rise = np.radians(self.elevation_deg + np.asarray(elevation, dtype=np.float64))
        direction = np.stack(
            np.broadcast_arrays(np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)), axis=-1
        )
        distance = self.distance_m(request) * np.asarray(stretch, dtype=np.float64)
        points = request.framing.target + distance[..., None] * direction
        return np.array(np.broadcast_to(points, (request.cameras, 3)))


@dataclass(frozen=True, kw_only=True)
class SubjectPath(Start):
    """A path whose cameras aim at the subject, at its centre over the clip or following it along the diagonal."""

    PROMISE: ClassVar[Promise] = "subject"

    follow: float = real(
        "0: aim at the subject's centre over the clip; 1: aim at the subject where the diagonal sees it.",
        "0–1",
        (0, 0),
        0,
        1,
    )

    def _radius_m(self, request: PathRequest) -> float:
        return request.framing.radius_m(request.cameras, self.follow)

    def aim(self, request: PathRequest) -> Floats:
        """(C, 3) points that the cameras aim at."""
        return request.framing.targets(request.cameras, self.follow)
