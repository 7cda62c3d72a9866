"""Balls that bounce for ever and never meet: each hop is a parabola aimed at a spot that no other ball will cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain
from blender_scripts.motion.baking import bake_poses
from blender_scripts.motion.rotations import pose
from blender_scripts.palettes import ACCENTS, srgb

PARAMETERS = {
    "balls": ((3, 7), "number of balls"),
    "radius_m": ((0.16, 0.34), "mean radius; single balls differ by up to a quarter"),
    "bounce_m": ((0.7, 1.6), "mean height that a ball's underside reaches; balls differ by up to a third"),
    "spread_m": ((1.2, 2.0), "radius of the area in which they land; smaller where the stage is"),
    "squash": ((0.0, 0.3), "how much a ball flattens as it lands, 0 to 0.5"),
}

GRAVITY = 9.81
CONTACT_S = 0.08
"""How long a ball stays on the ground at each bounce."""
MARGIN_M = 0.04


@dataclass(frozen=True)
class _Hop:
    """A flight from start to end (x, y) at constant horizontal speed, after a contact of CONTACT_S."""

    begin: float
    flight: float
    start: Array
    end: Array

    @property
    def finish(self) -> float:
        return self.begin + CONTACT_S + self.flight


@dataclass(frozen=True)
class _Ball:
    radius: float
    height: float

    @property
    def flight(self) -> float:
        """Seconds in the air: up and down again under gravity."""
        return float(2 * np.sqrt(2 * self.height / GRAVITY))

    def at(self, hop: _Hop, times: Array, squash: float) -> tuple[Array, Array]:
        """Return centres (N, 3) above the floor at times within the hop, and flattening (N,) 0..squash."""
        air = np.clip(times - hop.begin - CONTACT_S, 0, hop.flight)
        share = (air / hop.flight)[:, None]
        rise = air * (hop.flight - air) * GRAVITY / 2
        press = squash * np.sin(np.pi * np.clip((times - hop.begin) / CONTACT_S, 0, 1))
        high = rise + self.radius * (1 - press)
        return np.column_stack([hop.start + (hop.end - hop.start) * share, high]), press


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the balls and bake their bounces; see `contracts.AnimatedSubject` for what comes back."""
    count, squash = int(params["balls"]), float(params["squash"])
    radius, height = float(params["radius_m"]), float(params["bounce_m"])
    if not 1 <= count <= 24 or not 0.02 <= radius <= 1.0 or not 0.05 <= height <= 6.0 or not 0 <= squash <= 0.5:
        raise StageError(
            "bouncing_balls: balls must lie in 1..24, radius_m in 0.02..1, bounce_m in 0.05..6, squash in 0..0.5"
        )
    reach = min(float(params["spread_m"]), context.scene.stage_radius_m - 1.35 * radius)
    balls = [
        _Ball(radius * float(rng.uniform(0.75, 1.25)), height * float(rng.uniform(0.67, 1.33))) for _ in range(count)
    ]
    seconds = np.arange(context.times) / context.fps
    tracks = _plan(balls, reach, float(seconds[-1]), rng)
    centre = np.array([*context.scene.stage_centre[:2], context.scene.floor_m])
    names = [str(name) for name in rng.permutation(list(ACCENTS))]
    made = []
    for index, (ball, hops) in enumerate(zip(balls, tracks, strict=True)):
        colours = (names[index % len(names)], names[(index + 5) % len(names)])
        places, press = _sample(ball, hops, seconds, squash)
        made.append(_make(index, ball, colours, str(rng.choice(["segments", "bands"]))))
        _bake(made[-1], places + centre, press, _spin(places, ball.radius))
    words = {1: "a ball bounces", 2: "two balls bounce", 3: "three balls bounce", 4: "four balls bounce",
             5: "five balls bounce", 6: "six balls bounce", 7: "seven balls bounce"}  # fmt: skip
    return AnimatedSubject(made, float(rng.uniform(0, 360)), f"{words.get(count, f'{count} balls bounce')} about")


def _plan(balls: list[_Ball], reach: float, until: float, rng: np.random.Generator) -> list[list[_Hop]]:
    """Return each ball's hops from before 0 to after ``until``, none of which comes near another ball's.

    Hops are chosen in the order of time. A ball that finds no free hop ends the attempt; after 60 attempts the stage
    is called too small.
    """
    for _ in range(60):
        tracks = _try_plan(balls, reach, until, rng)
        if tracks is not None:
            return tracks
    raise StageError(f"bouncing_balls: {len(balls)} balls do not fit within {reach:.2f} m; use fewer or smaller ones")


def _try_plan(balls: list[_Ball], reach: float, until: float, rng: np.random.Generator) -> list[list[_Hop]] | None:
    homes = _spots(balls, reach, rng)
    if homes is None:
        return None
    tracks: list[list[_Hop]] = []
    for ball, home in zip(balls, homes, strict=True):
        tracks.append([_Hop(-float(rng.uniform(0, ball.flight)), ball.flight, home, home)])
    while True:
        which = min(range(len(balls)), key=lambda index: tracks[index][-1].finish)
        last = tracks[which][-1]
        if last.finish > until + 0.1:
            return tracks
        hop = _next_hop(balls, tracks, which, reach, rng)
        if hop is None:
            return None
        tracks[which].append(hop)


def _spots(balls: list[_Ball], reach: float, rng: np.random.Generator) -> list[Array] | None:
    spots: list[Array] = []
    for index, ball in enumerate(balls):
        for _ in range(80):
            spot = _within(reach, rng)
            if all(
                np.linalg.norm(spot - other) > ball.radius + balls[i].radius + MARGIN_M for i, other in enumerate(spots)
            ):
                spots.append(spot)
                break
        if len(spots) == index:
            return None
    return spots


def _within(reach: float, rng: np.random.Generator) -> Array:
    angle, away = float(rng.uniform(0, 2 * np.pi)), reach * float(np.sqrt(rng.random()))
    return np.array([away * np.cos(angle), away * np.sin(angle)])


def _next_hop(
    balls: list[_Ball], tracks: list[list[_Hop]], which: int, reach: float, rng: np.random.Generator
) -> _Hop | None:
    """Return a hop from where the ball lands that keeps clear of all others; where another's flight ends sooner,
    its landing spot stays blocked, so that it can at least hop in place."""
    ball, last = balls[which], tracks[which][-1]
    times = np.linspace(last.finish, last.finish + CONTACT_S + ball.flight, 48)
    others = []
    for index, (other, hops) in enumerate(zip(balls, tracks, strict=True)):
        if index != which:
            known = hops[-1]
            there, _ = other.at(known, np.minimum(times, known.finish), 0.0)
            others.append((there, times > known.finish, other, known))
    for attempt in range(40):
        wish = _within(reach, rng) if attempt < 39 else last.end
        step = wish - last.end
        longest = 1.5 * ball.flight
        end = last.end + step * min(1.0, longest / max(float(np.linalg.norm(step)), 1e-6))
        hop = _Hop(last.finish, ball.flight, last.end, end)
        here, _ = ball.at(hop, times, 0.0)
        if all(_apart(here, ball, *other) for other in others):
            return hop
    return None


def _apart(here: Array, ball: _Ball, there: Array, later: Array, other: _Ball, known: _Hop) -> bool:
    """Say whether two balls keep apart: by distance while both are known, beside its column afterwards."""
    gap = ball.radius + other.radius + MARGIN_M
    away = np.linalg.norm(here - there, axis=1)
    beside = np.linalg.norm(here[:, :2] - known.end, axis=1)
    return bool(np.all(np.where(later, beside, away) > gap))


def _sample(ball: _Ball, hops: list[_Hop], seconds: Array, squash: float) -> tuple[Array, Array]:
    places, press = np.zeros((len(seconds), 3)), np.zeros(len(seconds))
    starts = np.array([hop.begin for hop in hops])
    which = np.clip(np.searchsorted(starts, seconds, side="right") - 1, 0, len(hops) - 1)
    for index, hop in enumerate(hops):
        chosen = which == index
        places[chosen], press[chosen] = ball.at(hop, seconds[chosen], squash)
    return places, press


def _spin(places: Array, radius: float) -> Array:
    """Return rotations (T, 3, 3): a ball turns about the axis across its way, half as fast as if it rolled."""
    turned = [np.eye(3)]
    for step in np.diff(places, axis=0):
        flat = step[:2]
        angle = float(np.linalg.norm(flat)) / radius * 0.5
        axis = np.array([-flat[1], flat[0], 0.0])
        length = float(np.linalg.norm(axis))
        turned.append(_about(axis / length, angle) @ turned[-1] if length > 1e-9 else turned[-1])
    return np.array(turned)


def _about(axis: Array, angle: float) -> Array:
    """Return the rotation (3, 3) about a unit axis (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def _make(index: int, ball: _Ball, colours: tuple[str, str], pattern: str) -> bpy.types.Object:
    """Return a ball of two colours under an empty that carries and squashes it."""
    sides = 24
    shape = Shape().sphere(ball.radius, 0, sides=sides)
    for face in range(shape.face_count):
        row, column = divmod(face, sides)
        second = (column // 4) % 2 == 1 if pattern == "segments" else 4 <= row <= 7
        shape.paint(face, 1 if second else 0)
    materials = [plain(f"ball {name}", srgb(ACCENTS[name]), 0.3, variation=0.06, coat=0.3) for name in colours]
    skin = shape.to_object(f"ball {index} skin", materials, sharp_deg=80)
    carrier = bpy.data.objects.new(f"ball {index}", None)
    bpy.context.scene.collection.objects.link(carrier)
    skin.parent = carrier
    return carrier


def _bake(carrier: bpy.types.Object, places: Array, press: Array, turned: Array) -> None:
    """Bake place and squash on the carrier (volume kept), spin on the ball."""
    wide = 1 / np.sqrt(1 - press)
    upright = np.tile(np.eye(3), (len(places), 1, 1))
    bake_poses(carrier, pose(upright, places), np.column_stack([wide, wide, 1 - press]))
    bake_poses(carrier.children[0], pose(turned, np.zeros_like(places)))
