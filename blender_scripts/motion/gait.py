"""Gaits of a biped: planted feet without sliding, a pelvis that the legs can carry, arms that counter-swing.

A leg's cycle has a stance (share ``duty`` of the period), when its foot stays on the ground, rolling from heel to
ball, and a swing to the next foothold. Footholds lie beside the path at the middle of each stance, so the same code
walks along any path, and on the spot when the path stands still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blender_scripts.motion.rotations import apply, hanging, pose, turn, two_bone

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gait:
    """A way to move: speeds and lengths for a figure 1.75 m tall, angles in degrees."""

    verb: str
    period_s: float
    speed_mps: float
    duty: float
    lift_m: float
    heel_strike: float
    toe_off: float
    lean: float
    bob_m: float
    arm_swing: float
    elbow: float
    knee_kick: float = 0.0


GAITS = {
    "walk": Gait("walks", 1.05, 1.15, 0.61, 0.07, 18, 42, 3, 0.016, 30, 18),
    "run": Gait("runs", 0.72, 2.7, 0.36, 0.16, 5, 48, 11, 0.045, 48, 85, 45),
    "march": Gait("marches", 1.10, 1.0, 0.58, 0.24, 4, 22, 0, 0.014, 50, 10, 18),
    "idle": Gait("stands idle", 3.4, 0.0, 1.0, 0.0, 0, 0, 1, 0.006, 5, 14),
    "wave": Gait("waves", 2.6, 0.0, 1.0, 0.0, 0, 0, 0, 0.006, 5, 14),
}


@dataclass(frozen=True)
class Route:
    """A circle (radius 0: a spot) walked at constant speed. Metres, degrees, seconds."""

    centre: tuple[float, float, float]
    radius_m: float
    speed_mps: float
    start_deg: float
    clockwise: bool

    def at(self, seconds: Array) -> tuple[Array, Array]:
        """Return positions on the floor (T, 3) and headings (T,) in degrees."""
        middle = np.asarray(self.centre, dtype=np.float64)
        if self.radius_m <= 0:
            return np.tile(middle, (len(seconds), 1)), np.full(len(seconds), self.start_deg)
        sign = -1.0 if self.clockwise else 1.0
        heading = self.start_deg + sign * np.degrees(self.speed_mps / self.radius_m * seconds)
        spot = np.radians(heading - sign * 90.0)
        offset = self.radius_m * np.stack([np.cos(spot), np.sin(spot), np.zeros_like(spot)], axis=-1)
        return middle + offset, heading


@dataclass(frozen=True)
class Build:
    """A figure's bone lengths in metres, all in proportion to its height."""

    height: float

    def __getitem__(self, share: float) -> float:
        return self.height * share

    thigh = property(lambda self: self[0.245])
    shin = property(lambda self: self[0.245])
    ankle = property(lambda self: self[0.042])
    heel = property(lambda self: self[0.036])
    ball = property(lambda self: self[0.088])
    hip = property(lambda self: self[0.056])
    shoulder = property(lambda self: self[0.112])
    waist_up = property(lambda self: self[0.12])
    chest_up = property(lambda self: self[0.16])
    neck_up = property(lambda self: self[0.055])
    upper_arm = property(lambda self: self[0.165])
    forearm = property(lambda self: self[0.15])


def animate(gait: Gait, name: str, build: Build, route: Route, seconds: Array, phase: float) -> dict[str, Array]:
    """Return each body part's pose over time, {part: (T, 4, 4)}, in world metres; ``phase`` 0..1 shifts the cycle."""
    size = build.height / 1.75
    place, heading = route.at(seconds)
    facing = turn("z", heading)
    cycle = seconds / gait.period_s + phase
    legs = {}
    for side, offset in ((1, 0.0), (-1, 0.5)):
        legs[side] = _foot(gait, build, route, seconds, phase + offset, side * build.hip * 1.1)
    pelvis = _pelvis(gait, build, cycle, size)
    roll = 0.0
    if route.radius_m > 0:
        inward = np.degrees(np.arctan(gait.speed_mps**2 * size / (9.81 * route.radius_m)))
        roll = min(inward * 0.6, 11.0) * (1 if route.clockwise else -1)
    sway = 2 * np.pi * cycle
    lean = facing @ turn("x", np.full(len(cycle), roll)) @ turn("y", np.full(len(cycle), gait.lean))
    swing = np.clip(gait.arm_swing / 40, 0.15, 1.0)
    hips = lean @ turn("z", -7 * swing * np.cos(sway)) @ turn("x", 3 * swing * np.sin(sway))
    waist = place + apply(facing, pelvis)
    waist = _carry(build, waist, hips, legs)
    chest_turn = lean @ turn("z", 9 * swing * np.cos(sway)) @ turn("y", 1.5 * np.sin(2 * sway + 0.6))
    chest = waist + apply(lean, [0, 0, build.waist_up])
    neck = chest + apply(chest_turn, [0, 0, build.chest_up])
    glance = 14 * np.sin(2 * np.pi * seconds / 4.3 + 6 * phase) if gait.speed_mps == 0 else 3 * np.sin(sway)
    head = facing @ turn("z", glance) @ turn("y", np.full(len(cycle), gait.lean * 0.3))
    parts = {
        "pelvis": pose(hips, waist),
        "chest": pose(chest_turn, chest),
        "head": pose(head, neck + apply(chest_turn, [0, 0, build.neck_up * 0.5])),
    }
    for side, tag in ((1, "left"), (-1, "right")):
        ankle, foot = legs[side]
        hip = waist + apply(hips, [0, side * build.hip, -0.01])
        forward = apply(facing, [1, 0, 0]) + apply(foot, [0.35, 0, 0]) + apply(hips, [0, side * 0.12, 0])
        knee = two_bone(hip, ankle, build.thigh, build.shin, forward)
        parts[f"thigh {tag}"] = hanging(hip, knee, forward)
        parts[f"shin {tag}"] = hanging(knee, ankle, forward)
        parts[f"foot {tag}"] = pose(foot, ankle)
        socket = neck + apply(chest_turn, [0, side * build.shoulder, -build.height * 0.028])
        upper, lower = _arm(gait, name, side, sway, seconds)
        upper = chest_turn @ upper
        elbow = socket + apply(upper, [0, 0, -build.upper_arm])
        parts[f"upper arm {tag}"] = pose(upper, socket)
        parts[f"forearm {tag}"] = pose(upper @ lower, elbow)
    return parts


def _pelvis(gait: Gait, build: Build, cycle: Array, size: float) -> Array:
    """Return the pelvis' wish, (T, 3) relative to the path: bob and sway at nearly straight legs."""
    straight = build.thigh + build.shin + build.ankle
    sway = 2 * np.pi * cycle
    middle = np.pi * gait.duty
    late = 0.0 if gait.duty >= 0.5 else np.pi
    bob = gait.bob_m * size * np.cos(2 * (sway - middle) + late)
    aside = 0.022 * size * np.cos(sway - middle)
    if gait.speed_mps == 0 and gait.duty >= 1:
        aside = 0.028 * size * np.sin(sway)
    crouch = 0.985 if gait.duty >= 0.5 else 0.955
    return np.stack([np.zeros_like(bob), aside, straight * crouch - 0.02 * size + bob], axis=-1)


def _carry(build: Build, waist: Array, hips: Array, legs: dict[int, tuple[Array, Array]]) -> Array:
    """Lower the pelvis, by the same amount at all times, until every ankle is within its leg's reach."""
    reach = (build.thigh + build.shin) * 0.998
    excess = 0.0
    for side, (ankle, _) in legs.items():
        hip = waist + apply(hips, [0, side * build.hip, -0.01])
        flat = np.linalg.norm((ankle - hip)[:, :2], axis=-1)
        highest = ankle[:, 2] + np.sqrt(np.clip(reach**2 - flat**2, 0, None))
        excess = max(excess, float(np.max(hip[:, 2] - highest)))
    return waist - [0, 0, min(excess, 0.12 * build.height)]


def _foot(gait: Gait, build: Build, route: Route, seconds: Array, phase: float, aside: float) -> tuple[Array, Array]:
    """Return one ankle's positions (T, 3) and the foot's rotations (T, 3, 3); ``aside`` metres left of the path."""
    if gait.duty >= 1:
        return _stance(gait, build, route, np.zeros_like(seconds), np.full_like(seconds, 0.5), aside, 8.0)
    cycle = seconds / gait.period_s + phase
    step = np.floor(cycle)
    share = cycle - step
    middle = (step + gait.duty / 2 - phase) * gait.period_s
    ankle, foot_turn = _stance(gait, build, route, middle, np.clip(share / gait.duty, 0, 1), aside, 5.0)
    ahead, _ = _stance(gait, build, route, middle + gait.period_s, np.zeros_like(share), aside, 5.0)
    swing = np.clip((share - gait.duty) / (1 - gait.duty), 0, 1)
    ease = swing**2 * (3 - 2 * swing)
    rise = np.sin(np.pi * swing) ** 2 * gait.lift_m * build.height / 1.75
    flight = ankle + (ahead - ankle) * ease[:, None] + np.stack([0 * rise, 0 * rise, rise], axis=-1)
    _, yaw = route.at(middle)
    _, yaw_ahead = route.at(middle + gait.period_s)
    splay = np.sign(aside) * 5.0
    pitch = gait.toe_off + (-gait.heel_strike - gait.toe_off) * ease + gait.knee_kick * np.sin(np.pi * swing) ** 2 * (
        1 - swing)  # fmt: skip
    flying = turn("z", yaw + (yaw_ahead - yaw) * ease + splay) @ turn("y", pitch)
    aloft = swing > 0
    return np.where(aloft[:, None], flight, ankle), np.where(aloft[:, None, None], flying, foot_turn)


def _stance(gait: Gait, build: Build, route: Route, when: Array, share: Array, aside: float,
            splay_deg: float) -> tuple[Array, Array]:  # fmt: skip
    """Return ankle and foot rotation of stances centred on times ``when``, at ``share`` 0..1 of the stance."""
    spot, heading = route.at(when)
    yaw = turn("z", heading)
    foothold = spot + apply(yaw, [0, aside, 0])
    toes = turn("z", heading + np.sign(aside) * splay_deg)
    landing = np.clip(1 - share / 0.18, 0, 1)
    leaving = np.clip((share - 0.55) / 0.45, 0, 1)
    pitch = -gait.heel_strike * landing**2 + gait.toe_off * leaving**2 * (3 - 2 * leaving)
    angle = np.radians(pitch)
    pivot = np.where(pitch > 0, build.ball, -build.heel)
    out = pivot - pivot * np.cos(angle) + build.ankle * np.sin(angle)
    up = pivot * np.sin(angle) + build.ankle * np.cos(angle)
    return foothold + apply(toes, np.stack([out, 0 * out, up], axis=-1)), toes @ turn("y", pitch)


def _arm(gait: Gait, name: str, side: int, sway: Array, seconds: Array) -> tuple[Array, Array]:
    """Return rotations of the upper arm in the chest's frame and of the forearm in the upper arm's."""
    if name == "wave" and side < 0:
        wag = 26 * np.sin(2 * np.pi * seconds * 1.3)
        lift = 108 + 6 * np.sin(sway)
        return turn("x", -lift) @ turn("z", np.full_like(sway, -20)), turn("x", -52 + wag)
    forward = gait.arm_swing * np.cos(sway + (0 if side < 0 else np.pi))
    upper = turn("x", np.full_like(sway, side * 9.0)) @ turn("y", -forward - (6 if gait.speed_mps == 0 else 0))
    bend = gait.elbow + 0.35 * gait.arm_swing * (0.5 + 0.5 * np.cos(sway + (0 if side < 0 else np.pi)))
    return upper, turn("y", -bend)
