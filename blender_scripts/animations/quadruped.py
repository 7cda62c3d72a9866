"""A four-legged animal (horse, dog, fox, deer, young elephant) that walks, trots or gallops, its feet planted by IK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts.build_tools import Array
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.motion.quadrupeds import SPECIES, Species, draw_coat, head_shape
from blender_scripts.motion.rotations import pose, turn, two_bone
from blender_scripts.motion_tools import (
    Loop,
    Puppet,
    curve_through,
    draw_loop,
    ease,
    frames_along,
    mean_heading_deg,
    seconds_of,
    stage_point,
    sweep,
    taper,
)

PARAMETERS = {
    "species": (["horse", "dog", "fox", "deer", "elephant"], "the animal"),
    "gait": ("auto", "walk, amble, trot, pace or gallop; auto draws a gait of the species' own"),
    "path": (["circle", "circle", "oval", "in_place"], "round a circle or an oval, or on the spot"),
    "size_scale": ((0.85, 1.15), "size relative to the species' own"),
    "speed_scale": ((0.85, 1.15), "tempo relative to the gait's own"),
    "radius_m": ((1.1, 2.0), "radius of the path; made smaller for small animals and small stages"),
    "dyed": ([False, False, False, True], "a coat in a bright colour instead of a natural one"),
}


@dataclass(frozen=True)
class Gait:
    """Phases of the legs (left and right hind, left and right fore), for an animal 1 m high at the withers."""

    verb: str
    phases: tuple[float, float, float, float]
    period_s: float
    speed_mps: float
    duty: float
    lift: float
    pitch: float


GAITS = {
    "walk": Gait("walks", (0.0, 0.5, 0.25, 0.75), 1.0, 0.85, 0.63, 0.09, 0.6),
    "amble": Gait("ambles", (0.0, 0.5, 0.2, 0.7), 0.8, 0.95, 0.55, 0.08, 0.6),
    "trot": Gait("trots", (0.0, 0.5, 0.5, 0.0), 0.62, 1.8, 0.46, 0.15, 0.8),
    "pace": Gait("paces", (0.0, 0.5, 0.05, 0.55), 0.66, 1.7, 0.48, 0.12, 0.8),
    "gallop": Gait("gallops", (0.0, 0.12, 0.48, 0.6), 0.52, 3.0, 0.33, 0.2, 6.0),
}
LEGS = ((-1, 1), (-1, -1), (1, 1), (1, -1))
"""(hind -1 or fore 1, left 1 or right -1), in the order of `Gait.phases`."""


@dataclass(frozen=True)
class _Walk:
    """Where the animal goes: `ground` gives floor points beside its path, as planted at times ``when``."""

    loop: Loop | None
    heading: Array
    speed: float
    seconds: Array

    def ground(self, when: Array, ahead: float, aside: float = 0.0) -> tuple[Array, Array]:
        """Return points (T, 3) and directions (T, 3), ``ahead`` metres on along the path and ``aside`` to its left."""
        if self.loop is None:
            along = ahead + self.speed * (when - self.seconds)
            points, way = along[:, None] * self.heading, np.tile(self.heading, (len(when), 1))
        else:
            points, way = self.loop.at(self.speed * when + ahead), self.loop.direction(self.speed * when + ahead)
        left = np.stack([-way[:, 1], way[:, 0], 0 * way[:, 0]], axis=-1)
        return points + aside * left, way


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the animal and bake its motion; see `contracts.AnimatedSubject` for what comes back."""
    name = str(params["species"])
    kind = SPECIES[name]
    scale, tempo = float(params["size_scale"]), float(params["speed_scale"])
    if not 0.2 <= scale <= 3.0 or not 0.2 <= tempo <= 4.0:
        raise StageError("quadruped: size_scale must lie in 0.2..3 and speed_scale in 0.2..4")
    room = context.scene.stage_radius_m
    in_place = params["path"] == "in_place"
    size = min(kind.height_m * scale, room / (1.25 if in_place else 1.6))
    drawn = kind.gaits[int(rng.integers(len(kind.gaits)))]
    wished = drawn if params["gait"] == "auto" else str(params["gait"])
    if wished not in GAITS:
        raise StageError(f"quadruped: gait must be auto or one of {', '.join(GAITS)}, not {wished!r}")
    gait = GAITS[wished]
    seconds = seconds_of(context)
    radius = float(np.clip(room - 0.35 * size, 0.8 * size, max(min(float(params["radius_m"]), 2.3 * size), 0.8 * size)))
    loop = None if in_place else draw_loop(str(params["path"]), radius, rng)
    angle = float(rng.uniform(0, 2 * np.pi))
    speed = gait.speed_mps * np.sqrt(size) * tempo
    if loop is not None:
        speed = min(speed, np.sqrt(4.5 * radius) * tempo)
    walk = _Walk(loop, np.array([np.cos(angle), np.sin(angle), 0.0]), float(speed), seconds)
    period = gait.period_s * np.sqrt(size) / tempo
    coat = draw_coat(name, kind, bool(params["dyed"]), rng)
    animal = _Animal(name, kind, size, gait, period, walk, float(rng.random()))
    puppet = Puppet(context.times)
    animal.add_to(puppet)
    subject = puppet.bake(f"quadruped {name}", coat.materials, 0.0)
    subject.location = stage_point(context)
    where = "on the spot" if in_place else "in a circle" if params["path"] == "circle" else "round an oval"
    _, way = walk.ground(seconds, 0.0)
    return AnimatedSubject([subject], mean_heading_deg(way[0]), f"{coat.phrase} {gait.verb} {where}")


class _Animal:
    """One animal in motion: adds its parts, posed at all times, to a puppet whose origin is the stage's centre."""

    def __init__(self, name: str, kind: Species, size: float, gait: Gait, period: float, walk: _Walk, phase: float):
        self.name, self.kind, self.size, self.gait = name, kind, size, gait
        self.period, self.walk, self.phase = period, walk, phase
        self.cycle = walk.seconds / period + phase
        self.sway = 2 * np.pi * self.cycle

    def add_to(self, puppet: Puppet) -> None:
        """Add trunk, legs, neck, head and tail."""
        kind, size = self.kind, self.size
        spine = self._spine()
        puppet.skin(sweep(spine, _girth(kind, 0) * size, _girth(kind, 1) * size, sides=18))
        for leg in range(4):
            self._add_leg(puppet, leg, spine)
        head_frame, head_at = self._add_neck(puppet, spine)
        puppet.rigid(head_shape(self.name, kind, size), pose(head_frame, head_at))
        if self.name == "elephant":
            self._add_trunk(puppet, head_frame, head_at)
        self._add_tail(puppet, spine)

    def _spine(self) -> Array:
        """Return the trunk's axis (T, 15, 3) from rump to chest."""
        kind, size, gait = self.kind, self.size, self.gait
        where = np.linspace(-0.66, 0.66, 15) * kind.length * size
        now = self.walk.seconds
        points = np.stack([self.walk.ground(now, float(x))[0] for x in where], axis=1)
        saddle = -0.04 if self.name == "elephant" else 0.03
        top = 0.97 - saddle * np.cos(np.linspace(-1.2, 1.2, 15) * np.pi) - _girth(kind, 1)
        beats = 1.0 if gait.pitch > 3 else 2.0
        bob = 0.012 * gait.pitch**0.5 * np.cos(beats * self.sway)
        tilt = np.radians(gait.pitch) * np.sin(self.sway + 2.2)
        arch = 0.012 * gait.pitch / 6 * np.sin(self.sway + 0.6)
        share = np.linspace(-1, 1, 15)
        points[..., 2] += size * (top[None] + bob[:, None]) + tilt[:, None] * where[None]
        points[..., 2] += size * arch[:, None] * (1 - share**2)[None] * 2
        return points

    def _add_leg(self, puppet: Puppet, leg: int, spine: Array) -> None:
        kind, size, gait = self.kind, self.size, self.gait
        end, side = LEGS[leg]
        aside = side * (kind.chest if end > 0 else kind.loin)[0] * 0.72 * size
        ahead = end * 0.5 * kind.length * size
        cycle = self.cycle + gait.phases[leg]
        step = np.floor(cycle)
        share = cycle - step
        shift = self.phase + gait.phases[leg]
        middle = (step + gait.duty / 2 - shift) * self.period
        planted, _ = self.walk.ground(middle, ahead, aside)
        target, _ = self.walk.ground(middle + self.period, ahead, aside)
        swing = np.clip((share - gait.duty) / (1 - gait.duty), 0, 1)
        toe = planted + (target - planted) * ease(swing)[:, None]
        hoof = (0.03 if self.name != "elephant" else 0.055) * size
        toe[:, 2] = hoof + gait.lift * size * np.sin(np.pi * swing) ** 2
        _, way = self.walk.ground(self.walk.seconds, ahead)
        leaving = np.clip((share / gait.duty - 0.5) / 0.5, 0, 1) * (swing <= 0)
        fold = np.where(swing > 0, np.sin(np.pi * np.clip(swing * 0.8 + 0.2, 0, 1)), 0.6 * leaving**2)
        lean = np.radians((12 if end < 0 else 4) + fold * (42 if end < 0 else 65) * min(gait.lift / 0.12, 1.2))
        cannon = (0.25 if end < 0 else 0.19) * size * (0.5 if self.name == "elephant" else 1.0)
        up = np.array([0.0, 0.0, 1.0])
        back = -way * np.sin(lean)[:, None] + up * np.cos(lean)[:, None]
        hock = toe + cannon * back
        joint = spine[:, 3 if end < 0 else 11] + aside * _left(way) * 0.8
        joint[:, 2] -= (0.02 if end < 0 else 0.06) * size
        bend = way * (1.0 if end < 0 else -1.0) + up * 0.1
        reach = 1.03 * float(np.hypot(joint[:, 2].mean() - cannon - hoof, 0.25 * size))
        upper = 0.5 if end < 0 else 0.47
        knee = two_bone(joint, hock, upper * reach, (1 - upper) * reach, bend)
        low = toe + way * 0.01 * size - up * hoof * 0.5
        bone = np.stack([joint, knee, hock, toe, low], axis=1)
        top, bottom = kind.leg
        upper_leg = [(0, top * 0.55), (0.1, top * 1.15), (0.25, top * 0.9)]
        girth = taper([*upper_leg, (0.5, bottom * 1.25), (0.72, bottom), (1, bottom * 1.15)], 15)
        spread = taper([(0, 1.45), (0.25, 1.2), (0.5, 1.0), (1, 1.0)], 15)
        grid = sweep(curve_through(bone, 15), girth * size, girth * spread * size, way[:, None], 10)
        puppet.skin(_closed(grid))
        foot = np.stack([toe + up * hoof * 0.9, toe - up * hoof * 0.95], axis=1)
        radius = bottom * size * np.array([1.2, 1.5])
        puppet.skin(_closed(sweep(foot, radius, radius * 1.25, way[:, None], 10)), 2)

    def _add_neck(self, puppet: Puppet, spine: Array) -> tuple[Array, Array]:
        kind, size = self.kind, self.size
        _, way = self.walk.ground(self.walk.seconds, 0.62 * kind.length * size)
        nod = 4.0 * np.sin((1.0 if self.gait.pitch > 3 else 2.0) * self.sway + 0.8)
        pitch = np.radians(kind.neck_pitch + nod)
        up = np.array([0.0, 0.0, 1.0])
        along = way * np.cos(pitch)[:, None] + up * np.sin(pitch)[:, None]
        across = -way * np.sin(pitch)[:, None] + up * np.cos(pitch)[:, None]
        length, base, top = (v * size for v in kind.neck)
        root = spine[:, 12] + up * 0.04 * size
        poll = spine[:, 13] + up * 0.05 * size + along * length
        middle = root + (poll - root) * 0.55 + across * 0.025 * size
        curve = curve_through(np.stack([root, middle, poll], axis=1), 9)
        radii = np.linspace(base, top, 9)
        puppet.skin(_closed(sweep(curve, radii * 0.72, radii, across[:, None], 14)))
        if self.name == "horse":
            mane = curve + across[:, None] * (radii * 0.93)[None, :, None]
            puppet.skin(_closed(sweep(mane, np.full(9, 0.022 * size), np.full(9, 0.05 * size), across[:, None], 8)), 1)
        frame = (
            frames_along(way, up) @ turn("z", 5 * np.sin(0.37 * self.sway)) @ turn("y", -(kind.head_pitch + nod * 0.4))
        )
        return frame, poll

    def _add_trunk(self, puppet: Puppet, frame: Array, at: Array) -> None:
        """Add an elephant's trunk, which swings and curls."""
        share = np.linspace(0, 1, 12)
        curl = 0.35 * np.sin(0.5 * self.sway)[:, None] * share[None] ** 2
        aside = 0.16 * np.sin(0.31 * self.sway + 1.0)[:, None] * share[None] ** 2
        forward = 0.31 + 0.13 * np.sin(share * 2.4)[None] + 0.4 * curl
        local = np.stack([forward, aside, -0.02 - 0.56 * share[None] + 0.12 * curl], axis=-1)
        curve = np.einsum("tij,tnj->tni", frame, local * self.size) + at[:, None]
        radii = np.linspace(0.105, 0.042, 12) * self.size
        puppet.skin(_closed(sweep(curve, radii, radii, frame[:, None, :, 0], 12)))

    def _add_tail(self, puppet: Puppet, spine: Array) -> None:
        kind, size = self.kind, self.size
        length, thick, rise = kind.tail
        share = np.linspace(0, 1, 10)
        _, way = self.walk.ground(self.walk.seconds, -0.66 * kind.length * size)
        wag = 2.0 if self.name == "dog" else 1.0
        droop = {"dog": 35.0, "fox": -28.0, "deer": 0.0}.get(self.name, -78.0)
        angle = np.radians(rise + droop * share)
        swing = (
            (0.22 if self.name != "dog" else 0.4) * np.sin(wag * self.sway[:, None] - 1.6 * share[None]) * share[None]
        )
        steps = length * size / 9
        out = np.cumsum(np.cos(angle)) * steps - steps * np.cos(angle[0])
        lift = np.cumsum(np.sin(angle)) * steps - steps * np.sin(angle[0])
        base = spine[:, 1] + np.array([0, 0, 1.0]) * _girth(kind, 1)[1] * 0.75 * size
        curve = (
            base[:, None]
            - way[:, None] * (out - 0.02 * size)[None, :, None]
            + swing[..., None] * length * size * _left(way)[:, None]
        )
        curve[..., 2] += lift[None]
        bulge = [(0, 0.45), (0.25, 0.8), (0.6, 1.0), (0.85, 0.75), (1, 0.08)]
        if self.name == "fox":
            bulge = [(0, 0.4), (0.25, 0.75), (0.65, 1.0), (0.8, 0.95), (0.93, 0.6), (1, 0.1)]
        if self.name in ("dog", "elephant"):
            bulge = [(0, 1.0), (0.7, 0.75), (1, 0.3)]
        radii = taper(bulge, 10) * thick * size
        grid = sweep(curve, radii, radii, _left(way)[:, None], 10)
        cut = 6 if self.name == "fox" else 1
        puppet.skin(grid[:, : cut + 1], 0 if self.name != "horse" else 1)
        puppet.skin(_closed(grid[:, cut:]), 1 if self.name in ("horse", "fox", "deer") else 0)


def _left(way: Array) -> Array:
    return np.stack([-way[:, 1], way[:, 0], 0 * way[:, 0]], axis=-1)


def _closed(grid: Array) -> Array:
    """Return the skin (T, N, C, 3) with its ends drawn together to points."""
    first, last = (np.broadcast_to(grid[:, [k]].mean(axis=2, keepdims=True), grid[:, [k]].shape) for k in (0, -1))
    return np.concatenate([first, grid, last], axis=1)


def _girth(kind: Species, axis: int) -> Array:
    """Return the trunk's half widths (axis 0) or half heights (1) from rump to chest (15,), closed at the ends."""
    chest, loin = kind.chest[axis], kind.loin[axis]
    points = [(0, 0.02), (0.035, 0.55 * loin), (0.1, 0.86 * loin), (0.22, 1.05 * loin), (0.45, 0.96 * loin),
              (0.72, chest), (0.86, 0.96 * chest), (0.95, 0.66 * chest), (1, 0.02)]  # fmt: skip
    return taper(points, 15)
