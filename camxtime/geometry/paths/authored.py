"""Paths that a person wrote: keyframes, and the three-line trajectories of InSpatio-World and TrajectoryCrafter.

Their `keys` are what `paths.files.load` returns: JSON-ready, so that the record of a path holds all it was made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from camxtime.geometry.cameras import Cameras, Floats, look_at
from camxtime.geometry.paths.base import PathRequest, Promise, Rig, Start, axis_rotation, with_lens
from camxtime.geometry.paths.files import check_keyframes, check_trajectory
from camxtime.geometry.paths.parameters import choice, content, real
from camxtime.geometry.splines import cubic_spline, fitpack_smoothing, linear

FEWEST_SMOOTH_KEYS = 4
"""Trajectory lines of fewer values are interpolated linearly, as both programs do."""


@dataclass(frozen=True, kw_only=True)
class Keyframes:
    """A path through key poses of a YAML or JSON file, at at(s) = at_first + (at_last − at_first) · s.

    Positions, targets, lenses and rolls run through the keys on a natural cubic spline (C²) or on straight lines;
    rotations as unit quaternions (normalised after interpolation, signs aligned). In the frame `subject`, the origin
    is the subject's centre over the clip, x its front, z up; in `world`, coordinates are the stage's. Metres in both.
    """

    PROMISE: ClassVar[Promise] = "none"

    keys: dict[str, Any] = content("The keyframe file.", "keyframes")  # noqa: RUF009 (a dataclass field)
    hfov_deg: float = real("Horizontal field of view where the keys do not give one.", "degrees", (50, 50), 5, 120)

    def cameras(self, request: PathRequest) -> Cameras:
        check_keyframes("camera path 'keyframes': keys", self.keys)
        keys = self.keys["keys"]
        at = np.array([key["at"] for key in keys], dtype=np.float64)
        where = at[0] + (at[-1] - at[0]) * request.speed.positions(request.cameras)
        curve = linear if self.keys["interpolation"] == "linear" else cubic_spline
        to_world = self._frame(request)

        def track(name: str, default: float) -> Floats:
            return curve(at, np.array([[key.get(name, default)] for key in keys]), where)[:, 0]

        # A spline may overshoot its keys: the lens is held within the bounds of the parameter.
        lens, roll = np.clip(track("hfov_deg", self.hfov_deg), 5.0, 120.0), track("roll_deg", 0.0)
        eye = _carry(to_world, curve(at, np.array([key["position"] for key in keys]), where))
        if "look_at" in keys[0]:
            aim = _carry(to_world, curve(at, np.array([key["look_at"] for key in keys]), where))
            return Rig(eye, aim, lens, roll_deg=roll).cameras(request)
        quaternions = curve(at, _aligned(np.array([key["rotation_wxyz"] for key in keys], dtype=np.float64)), where)
        pose = np.zeros((request.cameras, 4, 4))
        pose[:, :3, :3] = to_world[:3, :3] @ rotation_of(quaternions) @ axis_rotation("z", roll)
        pose[:, :3, 3], pose[:, 3, 3] = eye, 1.0
        return with_lens(pose, lens, request)

    def _frame(self, request: PathRequest) -> Floats:
        frame = np.eye(4)
        if self.keys["frame"] == "subject":
            frame[:3, :3] = axis_rotation("z", request.framing.front_deg)
            frame[:3, 3] = request.framing.target
        return frame


def _carry(frame: Floats, points: Floats) -> Floats:
    return points @ frame[:3, :3].T + frame[:3, 3]


def _aligned(quaternions: Floats) -> Floats:
    """Unit quaternions (N, 4) with signs such that neighbours lie in one hemisphere: the shorter way round."""
    unit = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
    flips = np.where((unit[1:] * unit[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    return np.asarray(unit * np.concatenate([[1.0], np.cumprod(flips)])[:, None])


def rotation_of(wxyz: ArrayLike) -> Floats:
    """(..., 3, 3) rotations of quaternions (..., 4) in the order w, x, y, z; any length but 0."""
    quaternion = np.asarray(wxyz, dtype=np.float64)
    w, x, y, z = np.moveaxis(quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


@dataclass(frozen=True, kw_only=True)
class Trajectory(Start):
    """The path of a three-line text file, relative to a start camera that looks at the subject: c2w_i = start @ rel_i.

    One unit of displacement is the start distance d. Each line is stretched over [0, 1] and read at s.
    """

    keys: dict[str, Any] = content("The trajectory file.", "trajectory")  # noqa: RUF009 (a dataclass field)
    dialect: str = choice("Whose file it is: what the three lines mean.", ("inspatio", "trajectorycrafter"))
    smoothing: str = choice(
        "interpolate: a cubic spline through the values; original: as the programs do, with FITPACK's default "
        "smoothing, which misses the values (needs SciPy).",
        ("interpolate", "original"),
    )

    def cameras(self, request: PathRequest) -> Cameras:
        check_trajectory("camera path 'trajectory': keys", self.keys)
        distance = self.distance_m(request)
        start = look_at(self.eye(request)[0], request.framing.target)
        start[:3, :3] = start[:3, :3] @ axis_rotation("z", self.roll_deg)
        s = request.speed.positions(request.cameras)
        pitch, yaw, displacement = (self._read(name, s) for name in ("pitch", "yaw", "displacement"))
        if self.dialect == "inspatio":
            relative = inspatio_pose(pitch, yaw, displacement * distance)
        else:
            relative = trajectorycrafter_pose(pitch, yaw, displacement * distance, distance)
        return with_lens(start @ relative, self.hfov_deg, request)

    def _read(self, name: str, s: Floats) -> Floats:
        values = np.array(self.keys[name], dtype=np.float64)
        knots = np.linspace(0.0, 1.0, len(values))
        if len(values) < FEWEST_SMOOTH_KEYS:
            return np.interp(s, knots, values) if len(values) > 1 else np.full_like(s, values[0])
        if self.smoothing == "interpolate":
            return cubic_spline(knots, values[:, None], s, "not-a-knot")[:, 0]
        smooth = fitpack_smoothing(values, s)
        # TrajectoryCrafter pins the ends of all lines; InSpatio-World's pins work for the displacement only.
        if self.dialect == "trajectorycrafter" or name == "displacement":
            smooth[0], smooth[-1] = values[0], values[-1]
        return smooth


def inspatio_pose(pitch_deg: ArrayLike, yaw_deg: ArrayLike, r: ArrayLike) -> Floats:
    """(C, 4, 4) c2w relative to the first camera, OpenCV axes, as InSpatio-World's `sphere2pose`; inputs (C,).

    R = Ry(yaw) · Rx(pitch) with Rx = [[1,0,0],[0,c,s],[0,−s,c]], T = (−r·cosP·sinY, −r·sinP, r − r·cosP·cosY): an orbit
    about (0, 0, r), pitch + up, yaw + left, always looking at that point. Where all pitch and yaw are 0 it is a dolly:
    T = (0, 0, r), + forward.
    """
    pitch, yaw, radius = (np.asarray(value, dtype=np.float64) for value in (pitch_deg, yaw_deg, r))
    pose = np.zeros((len(pitch), 4, 4))
    pose[:, :3, :3] = axis_rotation("y", yaw) @ axis_rotation("x", -pitch)
    pose[:, 3, 3] = 1.0
    if not pitch.any() and not yaw.any():
        pose[:, 2, 3] = radius
        return pose
    # The point (0, 0, r) stays on the optical axis at distance r.
    pose[:, :3, 3] = -radius[:, None] * pose[:, :3, 2]
    pose[:, 2, 3] += radius
    return pose


def trajectorycrafter_pose(theta_deg: ArrayLike, phi_deg: ArrayLike, r: ArrayLike, radius: float) -> Floats:
    """(C, 4, 4) c2w relative to the untouched camera (all keys 0), OpenCV axes, as TrajectoryCrafter renders; inputs
    (C,).

    Its `sphere2pose` moves an anchor −r along z, then turns it by theta about x and phi about y; radius is added to z
    afterwards. The warper uses the result as world-to-camera, so that the camera it renders is
    T(0, 0, radius + r) · [Ry(phi) · Rx(theta)]⁻¹ · T(0, 0, −radius): an orbit about the point `radius` ahead, theta +
    up, phi + right, that point and the camera carried r forward together.
    """
    theta, phi, forward = (np.asarray(value, dtype=np.float64) for value in (theta_deg, phi_deg, r))
    pose = np.zeros((len(theta), 4, 4))
    pose[:, :3, :3] = axis_rotation("x", -theta) @ axis_rotation("y", -phi)
    pose[:, :3, 3] = -radius * pose[:, :3, 2]
    pose[:, 2, 3] += radius + forward
    pose[:, 3, 3] = 1.0
    return pose
