"""A flock (birds, butterflies, paper planes, a school of fish) that swirls round the stage.

The agents follow Reynolds' rules (separation, alignment, cohesion; "Flocks, herds and schools", 1987) with a pull into a
swirl; the rules run once while the stage is built and the poses are keyed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, place, rotation, scaling, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, plain, shade
from blender_scripts.motion.baking import bake_poses, bake_vertices
from blender_scripts.motion.rotations import turn
from blender_scripts.motion.wings import Beat, Wing, wing_grid
from blender_scripts.motion_tools import (
    draw_colours,
    frames_along,
    mean_heading_deg,
    pin_textures,
    placed,
    root_of,
    seconds_of,
    shrink_to_frame,
    stage_point,
    sweep,
)
from blender_scripts.palettes import srgb

PARAMETERS = {
    "kind": (["birds", "butterflies", "paper planes", "fish"], "the agents"),
    "count": ((12, 24), "number of agents, 2 to 80"),
    "speed_mps": ((1.2, 1.9), "speed of birds and planes; butterflies and fish keep to 0.6 of it"),
    "height_m": ((1.15, 1.45), "height of the swirl's middle above the floor"),
    "spread_m": ((1.0, 1.6), "radius of the swirl; made smaller if the stage needs it"),
}

VARIANTS = 6
"""Different phases of the wing beat; agents share the meshes."""

STEP_S = 1 / 60
WARM_UP_S = 4.0
SPANS = {"birds": 0.52, "butterflies": 0.36, "paper planes": 0.4, "fish": 0.38}
"""Wing span or length in metres."""


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the agents and key their flight; see `contracts.AnimatedSubject` for what comes back."""
    kind, count = str(params["kind"]), int(params["count"])
    if not 2 <= count <= 80 or not 0.1 <= params["speed_mps"] <= 10 or not params["height_m"] >= 0.5:
        raise StageError("flock: count must lie in 2..80, speed_mps in 0.1..10 and height_m be at least 0.5")
    span = SPANS[kind] * min(1.0, context.scene.stage_radius_m / 2.2)  # small on a small stage: they keep apart
    pace = float(params["speed_mps"]) * (0.6 if kind in ("butterflies", "fish") else 1.0)
    radius = min(float(params["spread_m"]), context.scene.stage_radius_m - 1.2 * span - 0.15)
    if radius < 0.4:
        raise StageError(f"flock: a stage of {context.scene.stage_radius_m:.2f} m is too small")
    seconds = seconds_of(context)
    swarm = _Swarm(count, radius, float(params["height_m"]), 1.25 * span, pace, rng)
    where, way = _run(swarm, seconds)
    # In a small room the whole flock is smaller alike, so that its agents keep apart.
    middle = np.array([0.0, 0.0, swarm.height])
    corners = np.abs(where - middle).max(axis=1)  # framing holds the corners of each time's box
    shrunk = shrink_to_frame(context, float(np.linalg.norm(corners, axis=-1).max()) + 0.5 * span)
    where, span, pace = middle + (where - middle) * shrunk, span * shrunk, pace * shrunk
    names, colours = draw_colours(rng, 2)
    meshes = _meshes(kind, span, colours, seconds, pace, rng)
    agents = []
    centre = stage_point(context)
    for index in range(count):
        item = place(meshes[index % len(meshes)], f"{kind} {index}")
        lean = (
            np.gradient(np.unwrap(np.arctan2(way[:, index, 1], way[:, index, 0])), seconds)
            if len(seconds) > 1
            else [0.0]
        )
        bank = 0.0 if kind == "fish" else np.clip(-np.degrees(np.arctan(np.array(lean) * pace / 9.81)), -45, 45)
        frame = frames_along(way[:, index], (0.0, 0.0, 1.0)) @ turn("x", np.broadcast_to(bank, (len(seconds),)))
        bake_poses(item, placed(frame, centre + where[:, index]))
        agents.append(item)
    root = root_of(f"flock of {kind}", agents)
    phrase = {"birds": f"a flock of {names[0]} birds wheels",
              "butterflies": f"a swarm of {names[0]} and {names[1]} butterflies flutters",
              "paper planes": f"a squadron of {names[0]} and {names[1]} paper planes glides",
              "fish": f"a school of {names[0]} fish swims"}[kind]  # fmt: skip
    return AnimatedSubject([root], mean_heading_deg(way[0].mean(axis=0) + 1e-9), f"{phrase} through the air")


@dataclass(frozen=True)
class _Swarm:
    """Number of agents, the swirl's radius and height, the distance that they keep, their speed, and their dice."""

    count: int
    radius: float
    height: float
    apart: float
    pace: float
    rng: np.random.Generator


def _run(swarm: _Swarm, seconds: Array) -> tuple[Array, Array]:
    """Return positions and directions (T, N, 3), relative to the stage's centre."""
    rng, count = swarm.rng, swarm.count
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.normal(0, 0.1, count)
    sense = 1.0 if rng.random() < 0.5 else -1.0
    reach = swarm.radius * rng.uniform(0.5, 1.0, count)
    where = np.stack(
        [reach * np.cos(angle), reach * np.sin(angle), swarm.height + rng.uniform(-0.35, 0.35, count)], axis=-1
    )
    speed = sense * np.stack([-np.sin(angle), np.cos(angle), 0 * angle], axis=-1) * swarm.pace
    whim = rng.uniform(0, 2 * np.pi, (count, 2))
    rate = rng.uniform(0.25, 0.5, (count, 2))
    places, ways = np.empty((len(seconds), count, 3)), np.empty((len(seconds), count, 3))
    clock, filled = 0.0, 0
    total = WARM_UP_S + float(seconds[-1])
    before, before_way = where.copy(), speed.copy()
    while filled < len(seconds):
        before, before_way, earlier = where, speed, clock
        speed = _steer(swarm, where, speed, sense, np.sin(2 * np.pi * rate * clock + whim))
        where = where + speed * STEP_S
        clock += STEP_S
        while filled < len(seconds) and (seconds[filled] + WARM_UP_S <= clock or clock > total + 1):
            share = (seconds[filled] + WARM_UP_S - earlier) / STEP_S
            places[filled] = before + (where - before) * share
            ways[filled] = before_way + (speed - before_way) * share
            filled += 1
    # Keep stray agents off floor and ceiling: heights saturate smoothly 0.6 m from the middle.
    share = (places[..., 2] - swarm.height) / 0.6
    places[..., 2] = swarm.height + 0.6 * np.tanh(share)
    ways[..., 2] *= 1 - np.tanh(share) ** 2
    return places, ways / np.linalg.norm(ways, axis=-1, keepdims=True)


def _steer(swarm: _Swarm, where: Array, speed: Array, sense: float, whim: Array) -> Array:
    """Return the agents' velocities one step on; ``whim`` (N, 2) in -1..1 is what each would like to do."""
    offset = where[:, None] - where[None]
    gap = np.linalg.norm(offset, axis=-1) + np.eye(swarm.count) * 1e6
    near = (gap < 3.2 * swarm.apart)[..., None]
    close = np.clip(1.6 * swarm.apart / gap - 1, 0, 4)[..., None]
    push = np.sum(offset / gap[..., None] * close, axis=1) * 9.0
    number = np.maximum(near.sum(axis=1), 1)
    match = (np.sum(speed[None] * near, axis=1) / number - speed) * 1.2
    gather = (np.sum(where[None] * near, axis=1) / number - where) * 0.7
    flat = np.linalg.norm(where[:, :2], axis=-1, keepdims=True)
    out = np.concatenate([where[:, :2] / np.maximum(flat, 1e-6), np.zeros((swarm.count, 1))], axis=-1)
    around = sense * np.stack([-out[:, 1], out[:, 0], 0 * flat[:, 0]], axis=-1)
    lane = swarm.radius * (0.68 + 0.22 * whim[:, :1])
    swirl = around * 1.6 * swarm.pace - out * (flat - lane) * 4.5 - out * (swarm.pace**2 / np.maximum(lane, 0.2))
    level = swarm.height + 0.4 * whim[:, 1:]
    lift = np.concatenate([np.zeros((swarm.count, 2)), (level - where[:, 2:]) * 5.0 - 1.5 * speed[:, 2:]], axis=-1)
    fence = -out * np.clip((flat - 0.93 * swarm.radius) / (0.07 * swarm.radius), 0, 6) * 6.0
    made = speed + (push + match + gather + swirl + lift + fence) * STEP_S
    made[:, 2] = np.clip(made[:, 2], -0.55 * swarm.pace, 0.55 * swarm.pace)
    fast = np.linalg.norm(made, axis=-1, keepdims=True)
    return made * np.clip(swarm.pace / fast, 0.9, 1.1) if np.all(fast > 1e-6) else made


def _meshes(kind: str, span: float, colours: list[Colour], seconds: Array, pace: float,
            rng: np.random.Generator) -> list[bpy.types.Mesh]:  # fmt: skip
    """Return the agents' meshes, each in another phase of the beat."""
    made = []
    first = plain(f"{kind} first", colours[0], 0.5, variation=0.1)
    second = plain(
        f"{kind} second", shade(colours[0], 0.55) if kind in ("birds", "fish") else colours[1], 0.5, variation=0.1
    )
    dark = plain(f"{kind} dark", srgb("1d1b1c"), 0.5)
    if kind == "paper planes":
        return [_plane(span).to_mesh("paper plane", [m], sharp_deg=5) for m in (first, second)]
    rate = {"birds": 3.2, "butterflies": 4.2, "fish": 2.2 * pace}[kind]
    for variant in range(VARIANTS):
        phase = 2 * np.pi * (rate * float(rng.uniform(0.92, 1.08)) * seconds + variant / VARIANTS)
        shape, track = {"birds": _bird, "butterflies": _butterfly, "fish": _fish}[kind](span, phase)
        colour = [first, second, dark] if variant % 2 == 0 or kind != "butterflies" else [second, first, dark]
        item = shape.to_object(f"{kind} {variant}", colour)
        pin_textures(item, track[0])
        bake_vertices(item, track)
        mesh = item.data
        bpy.data.objects.remove(item)
        made.append(mesh)
    return made


def _bird(span: float, phase: Array) -> tuple[Shape, Array]:
    """A small bird: slots 0 body, 1 wings, 2 dark."""
    length = 0.42 * span
    trunk = [(0.01, -0.8), (0.06, -0.45), (0.13, -0.1), (0.14, 0.15), (0.09, 0.32), (0.1, 0.4), (0.06, 0.48)]
    body = Shape().lathe(np.array(trunk) * length, 0, rotation("y", 90), 8)
    body.lathe(np.array([(0.035, 0.47), (0.004, 0.62)]) * length, 2, rotation("y", 90), 6)
    body.add(np.array([[-0.5, 0.05, 0], [-0.5, -0.05, 0], [-1.05, -0.2, 0], [-0.92, 0, 0], [-1.05, 0.2, 0]]) * length,
             [(0, 1, 2, 3), (0, 3, 4)], 1)  # fmt: skip
    beat = Beat(phase, np.ones_like(phase), 46.0)
    tracks = [np.tile(body.vertices, (len(phase), 1, 1))]
    for side in (1, -1):
        grid = wing_grid(
            Wing(0.5 * span, 0.2 * span, 0.8, 3), beat, side, (0.2 * length, 0.08 * length, 0.05 * length), 9
        )
        body.sheet(grid[0], 1)
        tracks.append(grid.reshape(len(phase), -1, 3))
    lift = 0.05 * span * beat.lift
    return body, np.concatenate(tracks, axis=1) + lift[:, None, None] * [0, 0, 1]


def _butterfly(span: float, phase: Array) -> tuple[Shape, Array]:
    """A butterfly: slots 0 wings, 1 their patches, 2 body."""
    shape = Shape().capsule((-0.22 * span, 0, 0), (0.2 * span, 0, 0.01 * span), 0.022 * span, 0.028 * span, 2, 8)
    for side in (1, -1):
        shape.capsule(
            (0.2 * span, 0, 0.02 * span),
            (0.36 * span, side * 0.09 * span, 0.08 * span),
            0.006 * span,
            0.008 * span,
            2,
            5,
        )
    body = shape.vertices
    tracks = [np.tile(body, (len(phase), 1, 1))]
    fore = np.array([[0.1, 0.0], [0.34, 0.34], [0.3, 0.5], [0.12, 0.47], [-0.02, 0.3], [-0.01, 0.0]])
    hind = np.array([[0.0, 0.0], [-0.03, 0.29], [-0.14, 0.4], [-0.32, 0.3], [-0.36, 0.16], [-0.15, 0.0]])
    for side in (1, -1):
        for outline, delay in ((fore, 0.0), (hind, 0.35)):
            for size, lift, slot in (
                (1.0, 0.0, 2),
                (0.9, 0.004, 0),
                (0.9, -0.004, 0),
                (0.4, 0.008, 1),
                (0.4, -0.008, 1),
            ):
                middle = outline.mean(axis=0) * [1, 1.15]
                flat = (outline - middle) * size + middle
                angle = np.radians(28 + 48 * np.sin(phase - delay))[:, None]
                y = np.maximum(flat[:, 1], 0.012)[None]
                points = np.stack(np.broadcast_arrays(flat[None, :, 0], side * (y * np.cos(angle) - lift * np.sin(angle)),
                                                      y * np.sin(angle) + lift * np.cos(angle)), axis=-1) * span  # fmt: skip
                shape.add(points[0], [tuple(range(6))[::side]], slot)
                tracks.append(points)
    bob = -0.06 * span * np.sin(phase - 0.6)
    return shape, np.concatenate(tracks, axis=1) + bob[:, None, None] * [0, 0, 1]


def _plane(span: float) -> Shape:
    """A folded paper plane."""
    s = span
    points = (
        np.array(
            [
                [0.75, 0, 0],
                [-0.55, 0.5, 0.08],
                [-0.55, 0.07, 0.03],
                [-0.5, 0, -0.2],
                [-0.55, -0.07, 0.03],
                [-0.55, -0.5, 0.08],
            ]
        )
        * s
    )
    return Shape().add(points, [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5)], 0)


def _fish(span: float, phase: Array) -> tuple[Shape, Array]:
    """A small fish: slots 0 body, 1 fins, 2 eyes."""
    share = np.linspace(0, 1, 11)
    aside = (0.02 + 0.11 * share**2)[None] * np.sin(phase[:, None] - 4.4 * share[None])
    spine = np.stack(np.broadcast_arrays((0.5 - share)[None], aside, 0 * aside), axis=-1) * span
    high = np.interp(share, [0, 0.05, 0.3, 0.6, 0.9, 1], [0.01, 0.08, 0.17, 0.13, 0.035, 0.04]) * span
    grid = sweep(spine, high * 0.5, high, sides=10)
    shape = Shape().sheet(grid[0], 0, close=True)
    tracks = [grid.reshape(len(phase), -1, 3)]
    root = spine[:, -1]
    tip = root + (spine[:, -1] - spine[:, -2]) * 2.2
    up = np.array([0.0, 0.0, 0.17 * span])
    tail = np.stack([root, tip + up, tip * 0.55 + root * 0.45, tip - up], axis=1)
    shape.add(tail[0], [(0, 2, 1), (0, 3, 2)], 1)
    tracks.append(tail)
    fin = np.stack(
        [
            spine[:, 3] + [0, 0, high[3] * 0.9],
            spine[:, 5] + [0, 0, high[5] + 0.1 * span],
            spine[:, 7] + [0, 0, high[7] * 0.9],
        ],
        axis=1,
    )
    shape.add(fin[0], [(0, 1, 2)], 1)
    tracks.append(fin)
    for side in (1, -1):
        eye = Shape().sphere(0.026 * span, 2, translation(0, side * 0.045 * span, 0.03 * span) @ scaling(1, 0.6, 1), 8)
        shape.merge(eye, translation(*spine[0, 1]))
        tracks.append(eye.vertices[None] + spine[:, 1][:, None])
    return shape, np.concatenate(tracks, axis=1)
