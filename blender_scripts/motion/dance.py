"""Dance steps of a biped: poses on half beats, put together into a sequence and interpolated smoothly.

A pose says where the feet stand, how the pelvis, chest and head are turned and where the arms point, all relative to the
spot and to the direction that the dancer faces. Lengths are shares of the dancer's height, angles are degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from blender_scripts.build_tools import Array


@dataclass(frozen=True)
class Pose:
    """One pose. Pairs are (left, right); arms: (raised from hanging, out to the side 0..90 or forward, elbow bend, twist)."""

    feet_x: tuple[float, float] = (0.0, 0.0)
    feet_y: tuple[float, float] = (0.075, -0.075)
    lift: tuple[float, float] = (0.0, 0.0)
    toes: tuple[float, float] = (0.0, 0.0)
    shift: tuple[float, float] = (0.0, 0.0)
    sink: float = 0.02
    hips: tuple[float, float] = (0.0, 0.0)
    """Turn about the vertical (to the left), and tilt (left hip up)."""
    chest: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turn to the left, lean to the left, lean forward."""
    head: tuple[float, float] = (0.0, 0.0)
    """Turn to the left, nod."""
    raise_: tuple[float, float] = (15.0, 15.0)
    spread: tuple[float, float] = (25.0, 25.0)
    """Direction in which an arm is raised: 0 forward, 90 to its side, negative across the body."""
    elbow: tuple[float, float] = (35.0, 35.0)
    twist: tuple[float, float] = (0.0, 0.0)
    """Turn of a bent forearm about the upper arm: 0 bends forward and up, 90 inwards."""
    facing: float = 0.0

    def mirrored(self) -> Pose:
        """Return the pose with left and right exchanged."""

        def swap(pair: tuple[float, float], sign: float = 1.0) -> tuple[float, float]:
            return (sign * pair[1], sign * pair[0])

        return replace(
            self, feet_x=swap(self.feet_x), feet_y=swap(self.feet_y, -1), lift=swap(self.lift), toes=swap(self.toes, -1),
            shift=(self.shift[0], -self.shift[1]), hips=(-self.hips[0], -self.hips[1]),
            chest=(-self.chest[0], -self.chest[1], self.chest[2]), head=(-self.head[0], self.head[1]),
            raise_=swap(self.raise_), spread=swap(self.spread), elbow=swap(self.elbow), twist=swap(self.twist),
            facing=-self.facing,
        )  # fmt: skip


@dataclass(frozen=True)
class Move:
    """Poses on consecutive half beats; ``turns`` is how far the dancer has turned at the end, in degrees."""

    poses: tuple[Pose, ...]
    turns: float = 0.0


def _both(pose: Pose) -> tuple[Pose, Pose]:
    return (pose, pose.mirrored())


_STEP = Pose(feet_y=(0.16, -0.04), lift=(0.0, 0.03), shift=(0.0, 0.07), sink=0.045, hips=(0, -6), chest=(8, -6, 2),
             raise_=(60, 30), spread=(70, 10), elbow=(70, 80), head=(15, 0))  # fmt: skip
_CLOSE = Pose(
    feet_y=(0.12, 0.0), shift=(0.0, 0.06), sink=0.015, raise_=(30, 30), spread=(20, 20), elbow=(95, 95), twist=(40, 40)
)
_UP = Pose(
    feet_y=(0.1, -0.1),
    sink=0.01,
    raise_=(158, 150),
    spread=(65, 65),
    elbow=(18, 18),
    chest=(0, 6, -4),
    hips=(0, 4),
    head=(0, -10),
)
_UP_SWAY = replace(_UP, shift=(0.0, 0.06), sink=0.05, hips=(6, -9), chest=(-8, 13, 0), raise_=(165, 140), head=(12, -6))
_POINT = Pose(feet_y=(0.13, -0.1), shift=(0.0, -0.05), sink=0.03, hips=(-10, 8), chest=(-20, -8, 0), raise_=(48, 142),
              spread=(-8, 62), elbow=(12, 6), head=(-30, -14))  # fmt: skip
_POINT_LOW = Pose(feet_y=(0.13, -0.1), shift=(0.0, 0.05), sink=0.055, hips=(14, -8), chest=(24, 6, 8), raise_=(40, 52),
                  spread=(35, -14), elbow=(75, 8), head=(20, 10))  # fmt: skip
_TWIST = Pose(feet_y=(0.09, -0.09), toes=(38, 38), sink=0.085, hips=(34, 0), chest=(-20, 0, 10), raise_=(38, 38), spread=(30, 5),
              elbow=(85, 85), twist=(15, 15), head=(-4, 0))  # fmt: skip
_KICK = Pose(feet_x=(0.26, -0.02), feet_y=(0.06, -0.07), lift=(0.2, 0.0), shift=(-0.02, -0.05), sink=0.03, hips=(-8, 4),
             chest=(8, 0, -9), raise_=(18, 82), spread=(40, 20), elbow=(30, 20), head=(0, -4))  # fmt: skip
_KNEE = Pose(feet_x=(0.1, 0.0), feet_y=(0.07, -0.07), lift=(0.22, 0.0), shift=(0.0, -0.06), sink=0.02, hips=(10, 6),
             chest=(-14, 0, 4), raise_=(30, 75), spread=(15, 30), elbow=(90, 95), twist=(20, 10))  # fmt: skip
_JUMP = Pose(
    feet_y=(0.17, -0.17), lift=(0.13, 0.13), sink=-0.12, raise_=(128, 128), spread=(80, 80), elbow=(8, 8), head=(0, -8)
)
_CROUCH = Pose(
    feet_y=(0.1, -0.1), sink=0.14, chest=(0, 0, 20), raise_=(26, 26), spread=(-5, -5), elbow=(70, 70), head=(0, -6)
)
_CLAP = Pose(
    feet_y=(0.1, -0.1),
    sink=0.055,
    chest=(0, 0, 5),
    raise_=(72, 72),
    spread=(-9, -9),
    elbow=(58, 58),
    twist=(78, 78),
    head=(0, 6),
)
_OPEN = Pose(
    feet_y=(0.1, -0.1), sink=0.01, chest=(0, 0, -3), raise_=(78, 78), spread=(62, 62), elbow=(45, 45), head=(0, -5)
)
_ROBOT = Pose(
    feet_y=(0.09, -0.09),
    sink=0.02,
    chest=(24, 0, 0),
    raise_=(78, 62),
    spread=(78, 78),
    elbow=(92, 92),
    twist=(0, 180),
    head=(34, 0),
)
_WAVE = [Pose(feet_y=(0.1, -0.1), sink=0.03, shift=(0, s * 0.03), raise_=(88 + 16 * s, 88 - 16 * s), spread=(86, 86),
              elbow=(20 + 26 * abs(s), 20 + 26 * abs(s)), twist=(0 if s > 0 else 180, 0 if s < 0 else 180), chest=(0, 9 * s, 0),
              hips=(0, -5 * s), head=(16 * s, 0)) for s in (1.0, 0.0, -1.0, 0.0)]  # fmt: skip
_SPIN = replace(_OPEN, feet_y=(0.06, -0.06), raise_=(86, 86), spread=(80, 80), elbow=(25, 25), lift=(0.0, 0.035))

MOVES = {
    "side steps": Move((_STEP, _CLOSE, *[p.mirrored() for p in (_STEP, _CLOSE)])),
    "arms swaying overhead": Move((*_both(_UP_SWAY), *_both(_UP_SWAY))),
    "disco points": Move((_POINT, _POINT_LOW, _POINT, _POINT_LOW)),
    "twists": Move((*_both(_TWIST), *_both(_TWIST))),
    "kicks": Move((_KICK, _CLOSE, _KICK.mirrored(), _CLOSE.mirrored())),
    "high knees": Move((_KNEE, _CLOSE, _KNEE.mirrored(), _CLOSE.mirrored())),
    "jumps": Move((_CROUCH, _JUMP, _CROUCH, _OPEN)),
    "claps": Move((_OPEN, _CLAP, replace(_OPEN, shift=(0.0, 0.05)), _CLAP)),
    "robot arms": Move((_ROBOT, _ROBOT, _ROBOT.mirrored(), _ROBOT.mirrored())),
    "arm waves": Move(tuple(_WAVE)),
    "spins": Move((_SPIN, _SPIN.mirrored(), _SPIN, _OPEN), 360.0),
}
"""Moves of two beats each, by the words that a caption uses."""


def choreography(names: list[str], beats: float, rng: np.random.Generator) -> tuple[list[Pose], list[str]]:
    """Return poses on half beats for at least ``beats`` beats, and the moves that begin before that, in order.

    Every move is danced once in short sequences and twice in long ones, mirrored or not; then comes the next one.
    """
    poses: list[Pose] = []
    danced: list[str] = []
    facing, index = 0.0, int(rng.integers(len(names)))
    while len(poses) < 2 * beats + 4:
        name = names[index % len(names)]
        move = MOVES[name]
        if len(poses) < 2 * beats - 1 and name not in danced:
            danced.append(name)
        flip = rng.random() < 0.5
        for _ in range(1 if move.turns or beats < 8 else 2):
            for step, pose in enumerate(move.poses):
                turned = move.turns * (step + 1) / len(move.poses) * (-1 if flip else 1)
                poses.append(replace(pose.mirrored() if flip else pose, facing=facing + turned))
            facing += move.turns * (-1 if flip else 1)
        index += 1
    return poses, danced or names[:1]


def interpolate(poses: list[Pose], beat: Array) -> dict[str, Array]:
    """Return every field of the pose over time, {name: (T, n)}, at (fractional) beats (T,).

    Cubic Hermite through the half beats with zero slope at turning points (Fritsch and Carlson's rule), so that poses are
    struck and nothing overshoots.
    """
    made = {}
    for item in fields(Pose):
        values = np.array([np.atleast_1d(getattr(pose, item.name)) for pose in poses], dtype=np.float64)
        made[item.name] = _hermite(values, 2 * beat)
    return made


def _hermite(values: Array, where: Array) -> Array:
    """Return monotone cubic interpolation of values (K, n) at fractional indices (T,)."""
    step = np.diff(values, axis=0)
    slope = np.zeros_like(values)
    same = step[:-1] * step[1:] > 0
    slope[1:-1] = np.where(same, 2 * step[:-1] * step[1:] / np.where(same, step[:-1] + step[1:], 1.0), 0.0)
    low = np.clip(where.astype(int), 0, len(values) - 2)
    u = (where - low)[:, None]
    a, b, c, d = values[low], values[low + 1], slope[low], slope[low + 1]
    return (2 * u**3 - 3 * u**2 + 1) * a + (u**3 - 2 * u**2 + u) * c + (3 * u**2 - 2 * u**3) * b + (u**3 - u**2) * d
