"""A bird that flies circles over the stage: flapping steadily, or gliding between bursts of wing beats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, scaling, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, plain
from blender_scripts.motion.rotations import turn
from blender_scripts.motion.wings import Beat, Wing, tail_grid, wing_grid
from blender_scripts.motion_tools import (
    Puppet,
    article,
    draw_colours,
    draw_loop,
    ease,
    frames_along,
    mean_heading_deg,
    placed,
    seconds_of,
    shrink_to_frame,
    stage_point,
    wander,
)
from blender_scripts.palettes import srgb

PARAMETERS = {
    "species": (["gull", "parrot", "raven", "eagle", "dove"], "the bird"),
    "flight": (["flap", "flap", "glide"], "steady wing beats, or gliding between bursts of beats"),
    "path": (["circle", "oval", "eight"], "the path, seen from above"),
    "size_scale": ((0.85, 1.15), "size relative to the species' own"),
    "speed_mps": ((1.6, 2.4), "speed over ground"),
    "height_m": ((1.1, 1.7), "height of the path above the floor"),
    "radius_m": ((0.9, 1.5), "radius of the path; made smaller for small birds and small stages"),
}

CLIMB_M = 0.22
"""How far a bird climbs and sinks about its height; in small rooms bird, path and climb are smaller alike."""


@dataclass(frozen=True)
class _Species:
    """Wing span and body length in metres, beats a second, form of wings and tail, and colours (sRGB codes):
    body, head, wing, wing tips, beak."""

    span: float
    body: float
    beats: float
    chord: float
    pointed: float
    fingers: int
    tail: tuple[float, float]
    colours: tuple[str, str, str, str, str]


SPECIES = {
    "gull": _Species(1.4, 0.46, 2.3, 0.2, 0.85, 4, (0.16, 22), ("e9e8e4", "efeeea", "a9b1b9", "25272b", "e0a52c")),
    "parrot": _Species(1.15, 0.41, 3.0, 0.23, 0.4, 6, (0.42, 9), ("c4302b", "c4302b", "2f66ad", "3f8a55", "2b2724")),
    "raven": _Species(1.3, 0.47, 2.4, 0.27, 0.1, 5, (0.25, 16), ("23232a", "23232a", "2b2b35", "18181d", "1c1b1e")),
    "eagle": _Species(1.75, 0.55, 1.7, 0.36, 0.0, 6, (0.27, 24), ("5a3d27", "ece8df", "6b4a30", "3a281b", "e2b13c")),
    "dove": _Species(1.0, 0.37, 3.2, 0.19, 0.45, 5, (0.2, 26), ("eceae6", "eceae6", "f1efec", "d9d5cf", "d79a86")),
}  # fmt: skip


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the bird and bake its flight; see `contracts.AnimatedSubject` for what comes back."""
    name, scale = str(params["species"]), float(params["size_scale"])
    if not 0.2 <= scale <= 3.0 or not params["height_m"] >= 0.3 or not params["speed_mps"] > 0:
        raise StageError("bird: size_scale must lie in 0.2..3, height_m be at least 0.3 and speed_mps positive")
    kind = SPECIES[name]
    room = context.scene.stage_radius_m
    span = min(kind.span * scale, 0.9 * room)
    radius = float(
        np.clip(room - 0.55 * span, 0.4 * span, max(min(float(params["radius_m"]), 1.05 * span), 0.4 * span))
    )
    shrunk = shrink_to_frame(context, float(np.hypot(radius + 0.6 * span, CLIMB_M + 0.35 * span)))
    span, radius, speed = span * shrunk, radius * shrunk, float(params["speed_mps"]) * np.sqrt(shrunk)
    size = span / kind.span
    loop = draw_loop(str(params["path"]), radius, rng)
    seconds = seconds_of(context)
    metres = speed * seconds
    beat = _beat(kind, size, str(params["flight"]), seconds, rng)
    clearance = 0.55 * span
    climb = wander(rng, seconds, 3.6)[0] * CLIMB_M * shrunk
    height = np.maximum(float(params["height_m"]), clearance + 0.25) + climb + 0.035 * span * beat.lift
    where = loop.at(metres) + np.stack([0 * height, 0 * height, height], axis=-1)
    way = loop.direction(metres)
    way[:, 2] = np.gradient(climb, seconds) / speed if len(seconds) > 1 else 0.0
    bank = np.degrees(np.arctan(speed**2 * loop.bend(metres, 0.3) / 9.81))
    frame = (
        frames_along(way, (0.0, 0.0, 1.0)) @ turn("x", -np.clip(bank, -40, 40)) @ turn("y", np.full(len(seconds), -4.0))
    )
    poses = placed(frame, where)
    colours, phrase = _draw_colours(name, kind, rng)
    puppet = Puppet(context.times)
    _add_body(puppet, name, kind, size, poses)
    _add_wings(puppet, kind, size, beat, poses)
    pitch = 0.08 + 0.12 * np.sin(beat.phase - 0.8) * beat.strength
    tail = tail_grid(kind.tail[0] * size, kind.tail[1], pitch, (-0.4 * kind.body * size, 0.0, 0.02 * size))
    puppet.skin(_move(tail, poses), 3, close=False, rest=tail[0])
    materials = [plain(f"bird {part}", colour, 0.6, variation=0.15) for part, colour in
                 zip(("body", "head", "wing", "tips", "beak"), colours, strict=True)]  # fmt: skip
    subject = puppet.bake(f"bird {name}", [*materials, plain("eyes", srgb("0c0a09"), 0.1)])
    subject.location = stage_point(context)
    does = "flaps its wings and flies" if params["flight"] == "flap" else "glides"
    path = {"circle": "circles", "oval": "an oval", "eight": "a figure of eight"}[str(params["path"])]
    return AnimatedSubject([subject], mean_heading_deg(way[0]), f"{phrase} {does} in {path}")


def _beat(kind: _Species, size: float, flight: str, seconds: Array, rng: np.random.Generator) -> Beat:
    """Return the wings' motion; small birds beat faster."""
    rate = kind.beats / np.sqrt(size) * float(rng.uniform(0.9, 1.1))
    phase = 2 * np.pi * (rate * seconds + rng.random()) + 0.5 * wander(rng, seconds, 2.0)[0]
    if flight == "flap":
        return Beat(phase, 0.9 + 0.1 * wander(rng, seconds, 1.9)[0], 42.0)
    bursts = np.sin(2 * np.pi * (seconds / float(rng.uniform(1.8, 2.6)) + rng.random()))
    return Beat(phase, 0.12 + 0.88 * ease((bursts - 0.1) / 0.5), 42.0)


def _draw_colours(name: str, kind: _Species, rng: np.random.Generator) -> tuple[list[Colour], str]:
    colours = [srgb(code) for code in kind.colours]
    if name != "parrot":
        return colours, article({"gull": "white gull", "dove": "white dove"}.get(name, name))
    names, drawn = draw_colours(rng, 3)
    return [drawn[0], drawn[0], drawn[1], drawn[2], srgb("2b2724")], f"{article(names[0])} and {names[1]} parrot"


def _add_body(puppet: Puppet, name: str, kind: _Species, size: float, poses: Array) -> None:
    """Add trunk, head, beak and eyes."""
    length = kind.body * size
    forward = rotation("y", 90)
    profile = np.array(
        [(0.01, -0.52), (0.055, -0.42), (0.12, -0.2), (0.165, 0.02), (0.16, 0.18), (0.12, 0.32), (0.09, 0.4)]
    )
    trunk = Shape().lathe(profile * length, 0, forward, 14)
    neck = {"eagle": 0.44, "gull": 0.46}.get(name, 0.43)
    head = 0.115 * length * (1.15 if name in ("parrot", "raven") else 1.0)
    crown = translation(neck * length, 0, 0.06 * length)
    trunk.sphere(head, 1, crown @ scaling(1.15, 1, 1), 14)
    trunk.capsule(
        (0.3 * length, 0, 0.02 * length), (neck * length, 0, 0.06 * length), 0.105 * length, head * 0.9, 1, 12
    )
    beak = {"parrot": (0.7, 1.1), "eagle": (0.6, 1.3), "raven": (0.42, 1.6), "gull": (0.36, 1.5)}.get(name, (0.3, 1.0))
    hooked = [(beak[0] * head, 0), (beak[0] * 0.8 * head, beak[1] * 0.5 * head), (0.04 * head, beak[1] * head)]
    trunk.lathe(hooked, 4, crown @ translation(0.95 * head, 0, -0.1 * head) @ rotation("y", 104), 8)
    for side in (1, -1):
        trunk.sphere(0.17 * head, 5, crown @ translation(0.6 * head, side * 0.78 * head, 0.25 * head), 8)
    puppet.rigid(trunk, poses)


def _add_wings(puppet: Puppet, kind: _Species, size: float, beat: Beat, poses: Array) -> None:
    """Add both wings: coverts in the wing's colour, flight feathers and tips darker."""
    length = kind.body * size
    wing = Wing(kind.span * size / 2 - 0.1 * length, 1.15 * kind.chord * size, kind.pointed, kind.fingers)
    for side in (1, -1):
        grid = wing_grid(wing, beat, side, (0.24 * length, 0.1 * length, 0.06 * length))
        coverts = slice(0, 4) if side > 0 else slice(1, 5)
        feathers = slice(3, 5) if side > 0 else slice(0, 2)
        for rows, columns, slot in (
            (slice(0, 16), coverts, 2),
            (slice(0, 16), feathers, 3),
            (slice(15, 21), slice(0, 5), 3),
        ):
            piece = grid[:, rows, columns]
            puppet.skin(_move(piece, poses), slot, close=False, rest=piece[0])


def _move(grid: Array, poses: Array) -> Array:
    """Place a grid (T, R, C, 3) by poses (T, 4, 4)."""
    return np.einsum("tij,trcj->trci", poses[:, :3, :3], grid) + poses[:, None, None, :3, 3]
