"""Paths round the subject: arc, arc with rise and fall, orbit, spiral, random walk. All look at the subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from camxtime.geometry.cameras import Cameras
from camxtime.geometry.paths.base import PathRequest, Rig, SubjectPath
from camxtime.geometry.paths.parameters import SEED_LIMIT, integer, real, sign
from camxtime.geometry.splines import b_spline

_TURN = "Sense of rotation seen from above: 1 counter-clockwise, −1 clockwise."


@dataclass(frozen=True, kw_only=True)
class Arc(SubjectPath):
    """A level arc round the subject: azimuth(s) = azimuth_deg + direction · sweep_deg · s."""

    sweep_deg: float = real("Angle of the arc.", "degrees", (30, 75), 0, 360)
    direction: float = sign(_TURN)

    def cameras(self, request: PathRequest) -> Cameras:
        turn = self.direction * self.sweep_deg * request.speed.positions(request.cameras)
        return Rig(self.eye(request, turn), self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class ArcRise(SubjectPath):
    """An arc that rises and falls: as arc, with elevation(s) = elevation_deg + rise_deg · sin(π·s)."""

    sweep_deg: float = real("Angle of the arc.", "degrees", (30, 75), 0, 360)
    rise_deg: float = real("Elevation gained in the middle of the arc; negative: lost.", "degrees", (6, 14), -25, 25)
    direction: float = sign(_TURN)

    def cameras(self, request: PathRequest) -> Cameras:
        s = request.speed.positions(request.cameras)
        eye = self.eye(request, self.direction * self.sweep_deg * s, self.rise_deg * np.sin(np.pi * s))
        return Rig(eye, self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Orbit(SubjectPath):
    """Full turns round the subject: azimuth(s) = azimuth_deg + direction · 360 · turns · s.

    After whole turns the last camera stands where the first stood: a closed loop; with turns =
    (C − 1)/C all differ.
    """

    turns: float = real("Turns round the subject.", "turns", (1, 1), 0, 10)
    direction: float = sign(_TURN)

    def cameras(self, request: PathRequest) -> Cameras:
        turn = self.direction * 360.0 * self.turns * request.speed.positions(request.cameras)
        return Rig(self.eye(request, turn), self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class Spiral(SubjectPath):
    """A spiral that turns, climbs, and closes in (inward = 1) or opens out (inward = −1).

    azimuth(s) = azimuth_deg + direction · 360 · turns · s; elevation(s) = elevation_deg + climb_deg · s;
    distance(s) = d · (1 + widen · q), q = 1 − s inward, q = s outward: its nearest point is at d.
    """

    turns: float = real("Turns round the subject.", "turns", (0.5, 1.5), 0, 10)
    climb_deg: float = real("Elevation gained from start to end; negative: lost.", "degrees", (-5, 10), -25, 25)
    widen: float = real("Far end: how much farther than the near end.", "× distance", (0.1, 0.4), 0, 4)
    inward: float = sign("1: ends near; −1: ends far.")
    direction: float = sign(_TURN)

    def cameras(self, request: PathRequest) -> Cameras:
        s = request.speed.positions(request.cameras)
        away = 1.0 - s if self.inward > 0 else s
        eye = self.eye(request, self.direction * 360.0 * self.turns * s, self.climb_deg * s, 1.0 + self.widen * away)
        return Rig(eye, self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)


@dataclass(frozen=True, kw_only=True)
class RandomWalk(SubjectPath):
    """A smooth walk among random way-points about the start, looking at the subject.

    The way-points (azimuth, elevation, distance) are drawn from `walk_seed` within the spreads, the first at the
    start's angles; the path is their clamped cubic B-spline: C², and never outside the way-points' range, so that no
    overshoot takes it nearer than d.
    """

    waypoints: int = integer("Number of way-points.", "count", (4, 7), 4, 32)
    spread_azimuth_deg: float = real("Way-points lie within ± this of its azimuth.", "degrees", (20, 45), 0, 180)
    spread_elevation_deg: float = real("Way-points lie within ± this of its elevation.", "degrees", (3, 10), 0, 25)
    spread_distance: float = real("Way-points lie between d and (1 + this) · d.", "× distance", (0.1, 0.4), 0, 4)
    walk_seed: int = integer("Seed of the way-points.", "seed", (0, SEED_LIMIT), 0, SEED_LIMIT)

    def cameras(self, request: PathRequest) -> Cameras:
        drawn = np.random.default_rng(self.walk_seed).random((self.waypoints, 3))
        points = np.column_stack(
            [
                self.spread_azimuth_deg * (2.0 * drawn[:, 0] - 1.0),
                self.spread_elevation_deg * (2.0 * drawn[:, 1] - 1.0),
                1.0 + self.spread_distance * drawn[:, 2],
            ]
        )
        points[0, :2] = 0.0
        walk = b_spline(points, request.speed.positions(request.cameras))
        eye = self.eye(request, walk[:, 0], walk[:, 1], walk[:, 2])
        return Rig(eye, self.aim(request), self.hfov_deg, roll_deg=self.roll_deg).cameras(request)
