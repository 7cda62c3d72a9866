"""A biped that walks, runs, marches, idles or waves: a robot, a mannequin or a person, its feet planted by IK."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from blender_scripts.build_tools import Array, Shape
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.motion.baking import bake_vertices
from blender_scripts.motion.figure import Body, draw_body
from blender_scripts.motion.gait import GAITS, Build, Route, animate
from blender_scripts.motion_tools import pin_textures

PARAMETERS = {
    "gait": (["walk", "run", "march", "idle", "wave"], "what the figure does"),
    "path": (["circle", "circle", "in_place"], "whether walk, run and march go round a circle or stay on the spot"),
    "style": (["robot", "mannequin", "person"], "the figure's body"),
    "height_m": ((1.55, 1.95), "the figure's height"),
    "speed_scale": ((0.85, 1.15), "tempo relative to the gait's own"),
    "circle_radius_m": ((0.8, 1.6), "radius of the circle; made smaller if the stage needs it"),
}

ARM_REACH = 0.34
"""How far a walking figure reaches from its path, as a share of its height."""


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the figure and bake its motion; see `contracts.AnimatedSubject` for what comes back."""
    height, tempo = float(params["height_m"]), float(params["speed_scale"])
    if not 0.3 <= height <= 4.0 or not 0.2 <= tempo <= 4.0:
        raise StageError("walker: height_m must lie in 0.3..4 and speed_scale in 0.2..4")
    name, style = str(params["gait"]), str(params["style"])
    bones = Build(height)
    gait = GAITS[name]
    around = params["path"] == "circle" and gait.speed_mps > 0
    room = context.scene.stage_radius_m - ARM_REACH * height
    radius = min(float(params["circle_radius_m"]), room) if around else 0.0
    if around and radius < 0.3:
        raise StageError(f"walker: a stage of {context.scene.stage_radius_m} m is too small for a circle; use in_place")
    pace = np.sqrt(height / 1.75)
    gait = replace(gait, period_s=gait.period_s / tempo * pace,
                   speed_mps=_speed(gait.speed_mps * pace, radius) * tempo if around else 0.0)  # fmt: skip
    x, y, _ = context.scene.stage_centre
    route = Route((x, y, context.scene.floor_m), radius, gait.speed_mps, float(rng.uniform(0, 360)), rng.random() < 0.5)
    body = draw_body(style, bones, rng)
    seconds = np.arange(context.times) / context.fps
    poses = animate(gait, name, bones, route, seconds, float(rng.random()))
    subject = _bake(body, poses, style, context.scene.floor_m)
    where = " in a circle" if around else " on the spot" if name in ("walk", "run", "march") else ""
    return AnimatedSubject([subject], route.start_deg % 360.0, f"{body.phrase} {gait.verb}{where}")


def _speed(wished: float, radius: float) -> float:
    """Slow down on tight circles: at most 3.5 m/s2 sideways, and steps no longer than legs can carry."""
    return float(min(wished, np.sqrt(3.5 * radius)))


def _bake(body: Body, poses: dict[str, Array], style: str, floor_m: float) -> Any:
    """Join the parts into one mesh and bake where each part's vertices are at each time."""
    shape, tracks = Shape(), []
    for part, piece in body.parts.items():
        shape.merge(piece)
        local = piece.vertices
        tracks.append(np.einsum("tij,vj->tvi", poses[part][:, :3, :3], local) + poses[part][:, None, :3, 3])
    positions = np.concatenate(tracks, axis=1)
    positions[..., 2] = np.maximum(positions[..., 2], floor_m)
    subject = shape.to_object(f"walker {style}", body.materials)
    pin_textures(subject, np.concatenate([piece.vertices for piece in body.parts.values()]))
    bake_vertices(subject, positions)
    return subject
