"""The moves of a film camera: static, pan, tilt, dolly, zoom, truck, pedestal, hand-held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from camxtime.geometry.cameras import Cameras, Floats
from camxtime.geometry.framing import fitting_distance
from camxtime.geometry.paths.base import PathRequest, Promise, Rig, SubjectPath
from camxtime.geometry.paths.parameters import SEED_LIMIT, integer, real, sign

_CENTRE_AT = "Where along the move the camera faces the subject: 0 at its start, 0.5 midway, 1 at its end."


@dataclass(frozen=True, kw_only=True)
class Static(SubjectPath):
    """All cameras stand at the start (with follow = 1 they turn after the subject)."""

    def cameras(self, request: PathRequest) -> Cameras:
        return Rig(self.eye(request), self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Pan(SubjectPath):
    """The camera stands and turns about the vertical: pan(s) = direction · sweep_deg · (s − centre_at)."""

    PROMISE: ClassVar[Promise] = "centre"

    sweep_deg: float = real("Angle of the turn.", "degrees", (8, 24), 0, 360)
    centre_at: float = real(_CENTRE_AT, "0–1", (0.3, 0.7), 0, 1)
    direction: float = sign("1 turns right, −1 left.")

    def cameras(self, request: PathRequest) -> Cameras:
        turn = self.direction * self.sweep_deg * (request.speed.positions(request.cameras) - self.centre_at)
        eye, aim = self.eye(request), self.aim(request)
        return Rig(eye, aim, self.hfov_deg, pan_deg=turn, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Tilt(SubjectPath):
    """The camera stands and turns about its horizontal axis: tilt(s) = direction · sweep_deg · (s − centre_at)."""

    PROMISE: ClassVar[Promise] = "centre"

    sweep_deg: float = real("Angle of the turn.", "degrees", (5, 16), 0, 90)
    centre_at: float = real(_CENTRE_AT, "0–1", (0.3, 0.7), 0, 1)
    direction: float = sign("1 turns up, −1 down.")

    def cameras(self, request: PathRequest) -> Cameras:
        turn = self.direction * self.sweep_deg * (request.speed.positions(request.cameras) - self.centre_at)
        eye, aim = self.eye(request), self.aim(request)
        return Rig(eye, aim, self.hfov_deg, tilt_deg=turn, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Dolly(SubjectPath):
    """The camera moves towards the subject (direction 1) or away (−1): distance(s) = d · (1 + travel · q).

    q = 1 − s towards, q = s away: the nearest point is at d, so the subject fits all along.
    """

    travel: float = real("Length of the move.", "× distance", (0.25, 0.8), 0, 10)
    direction: float = sign("1 moves in, −1 out.")

    def cameras(self, request: PathRequest) -> Cameras:
        s = request.speed.positions(request.cameras)
        eye = self.eye(request, stretch=1.0 + self.travel * (1.0 - s if self.direction > 0 else s))
        return Rig(eye, self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Zoom(SubjectPath):
    """The camera stands and its focal length changes: f(s) = f(hfov_deg) · ratio^q, q = s in, q = 1 − s out.

    hfov_deg is the wide end. The distance is measured with the narrow end, so the subject fits all along.
    """

    ratio: float = real("Longest over shortest focal length.", "×", (1.25, 1.7), 1, 10)
    direction: float = sign("1 zooms in, −1 out.")

    def narrowest_hfov_deg(self) -> float:
        return float(_narrowed(self.hfov_deg, np.asarray(self.ratio)))

    def cameras(self, request: PathRequest) -> Cameras:
        s = request.speed.positions(request.cameras)
        lens = _narrowed(self.hfov_deg, self.ratio ** (s if self.direction > 0 else 1.0 - s))
        return Rig(self.eye(request), self.aim(request), lens, roll_deg=self.roll_deg).cameras(request)


def _narrowed(hfov_deg: float, factor: Floats) -> Floats:
    """Fields of view (degrees) of focal lengths `factor` times as long."""
    return np.asarray(np.degrees(2.0 * np.arctan(np.tan(np.radians(hfov_deg) / 2.0) / factor)))


@dataclass(frozen=True, kw_only=True)
class Truck(SubjectPath):
    """The camera slides sideways: eye(s) = start + right · direction · travel · d · (s − centre_at).

    Its aim slides along (aim_lock 0: parallel views) or stays on the subject (aim_lock 1); between: the blend.
    """

    PROMISE: ClassVar[Promise] = "centre"

    travel: float = real("Length of the move.", "× distance", (0.15, 0.5), 0, 10)
    centre_at: float = real(_CENTRE_AT, "0–1", (0.4, 0.6), 0, 1)
    aim_lock: float = real("0: the view stays parallel; 1: it stays on the subject.", "0–1", (0, 0), 0, 1)
    direction: float = sign("1 moves right, −1 left.")

    def cameras(self, request: PathRequest) -> Cameras:
        heading = np.radians(request.framing.front_deg + self.azimuth_deg)
        # The camera looks against its azimuth, so its right hand points along increasing azimuth.
        return _slide(self, request, np.array([-np.sin(heading), np.cos(heading), 0.0]))


@dataclass(frozen=True, kw_only=True)
class Pedestal(SubjectPath):
    """The camera moves straight up or down: eye(s) = start + Z · direction · travel · d · (s − centre_at); aim
    as truck.
    """

    PROMISE: ClassVar[Promise] = "centre"

    travel: float = real("Length of the move.", "× distance", (0.1, 0.35), 0, 10)
    centre_at: float = real(_CENTRE_AT, "0–1", (0.4, 0.6), 0, 1)
    aim_lock: float = real("0: the view stays parallel; 1: it stays on the subject.", "0–1", (0, 0), 0, 1)
    direction: float = sign("1 moves up, −1 down.")

    def cameras(self, request: PathRequest) -> Cameras:
        return _slide(self, request, np.array([0.0, 0.0, 1.0]))


def _slide(path: Truck | Pedestal, request: PathRequest, axis: Floats) -> Cameras:
    along = path.direction * path.travel * (request.speed.positions(request.cameras) - path.centre_at)
    shift = (along * path.distance_m(request))[:, None] * axis
    aim = path.aim(request) + (1.0 - path.aim_lock) * shift
    return Rig(path.eye(request) + shift, aim, path.hfov_deg, roll_deg=path.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Handheld(SubjectPath):
    """A slow arc with the shake of a hand: position and rotation each get band-limited noise in three axes.

    shake(u) = A · Σ_k w_k · sin(2π·k·u + φ_k), k = 1 … shake_cycles, w_k ∝ g_k / k with Σ w_k = 1, so that |shake| ≤ A,
    and u = i / (C − 1): smooth, and independent of the speed law. g_k and φ_k are drawn from `shake_seed`.
    """

    drift_deg: float = real("Angle of the slow arc under the shake.", "degrees", (0, 12), 0, 90)
    shake_deg: float = real("Largest shake of each rotation (pan, tilt, roll).", "degrees", (0.3, 1.0), 0, 5)
    shake_distance: float = real("Largest shake of the position on each axis.", "× distance", (0.003, 0.01), 0, 0.1)
    shake_cycles: int = integer("Highest frequency: cycles over the whole path.", "cycles", (4, 10), 1, 60)
    shake_seed: int = integer("Seed of the shake.", "seed", (0, SEED_LIMIT), 0, SEED_LIMIT)
    direction: float = sign("Sense of the arc seen from above: 1 counter-clockwise, −1 clockwise.")

    def cameras(self, request: PathRequest) -> Cameras:
        drift = self.direction * self.drift_deg * request.speed.positions(request.cameras)
        shake = self._shake(request.cameras)
        eye = self.eye(request, drift) + self.shake_distance * self.distance_m(request) * shake[:, :3]
        turn = self.shake_deg * shake[:, 3:]
        aim, roll = self.aim(request), self.roll_deg + turn[:, 2]
        return Rig(eye, aim, self.hfov_deg, pan_deg=turn[:, 0], tilt_deg=turn[:, 1], roll_deg=roll).cameras(request)

    def distance_m(self, request: PathRequest) -> float:
        """d with room for the shake: pan and tilt together take 2·A off the field of view, and the position may come
        √3·A_position nearer."""
        half = self._half_fov_rad(request)
        # A lens so long that the shake alone fills its view cannot hold the subject: a quarter of the view is kept.
        steady = max(half - np.radians(2.0 * self.shake_deg), half / 4.0)
        nearest = 1.0 - np.sqrt(3.0) * self.shake_distance
        return self.distance_fit * fitting_distance(self._radius_m(request), steady) / float(nearest)

    def _shake(self, cameras: int) -> Floats:
        """(C, 6) noise in [−1, 1]; no frequency above a quarter of the sampling rate, so that it stays smooth."""
        rng = np.random.default_rng(self.shake_seed)
        gain = rng.uniform(0.3, 1.0, (self.shake_cycles, 6))
        phase = rng.uniform(0.0, 2.0 * np.pi, (self.shake_cycles, 6))
        cycles = np.arange(1, self.shake_cycles + 1)
        weight = np.where(cycles[:, None] <= max((cameras - 1) / 4.0, 1.0), gain / cycles[:, None], 0.0)
        weight /= weight.sum(axis=0)
        u = np.linspace(0.0, 1.0, cameras)
        return np.asarray((weight * np.sin(2.0 * np.pi * cycles[:, None] * u[:, None, None] + phase)).sum(axis=1))
