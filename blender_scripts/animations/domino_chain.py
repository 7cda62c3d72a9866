"""A chain of big dominoes along a curve: a wave of falling runs through it during the clip.

The fallen lean on one another as in the planar model of van Leeuwen, "The domino effect" (Am. J. Phys. 78, 2010):
h sin(a - b) = (s + d) cos b - d, for angles a, b from the vertical of a domino and the next one, height h, thickness d, gap s.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, place
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import Colour, plain, wood
from blender_scripts.motion.baking import bake_poses
from blender_scripts.motion.rotations import pose, turn
from blender_scripts.motion_tools import draw_colours, mean_heading_deg, progress_of, root_of, stage_point
from blender_scripts.palettes import ACCENTS, WOODS, srgb

PARAMETERS = {
    "course": (["spiral", "wave", "ring", "s-curve"], "the curve on which they stand"),
    "height_m": ((0.2, 0.3), "height of a domino"),
    "size_m": ((0.8, 1.1), "how far the curve reaches from the stage's centre; made smaller if the stage needs it"),
    "colouring": (["plain", "rainbow", "alternating", "wooden"], "how they are coloured"),
}

FACE = (0.5, 0.17)
"""Width and thickness of a domino as shares of its height."""

GAP = 0.42
"""Clear distance between neighbours as a share of the height."""

RAINBOW = ("red", "orange", "mustard", "green", "teal", "blue", "indigo", "purple")


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the chain and key its fall; see `contracts.AnimatedSubject` for what comes back."""
    height = float(params["height_m"])
    reach = min(float(params["size_m"]), context.scene.stage_radius_m - 1.05 * height)
    if not 0.05 <= height <= 1.0 or reach < 1.3 * height:
        raise StageError(
            f"domino_chain: height_m {height:g} is too big for a curve of {reach:.2f} m; use 0.05..1 and smaller"
        )
    course = str(params["course"])
    curve = _course(course, reach, height, rng)
    step = (FACE[1] + GAP) * height
    spots, headings = _stand_along(curve, step)
    angles = _fall(len(spots), height, context)
    materials, words = _draw_materials(str(params["colouring"]), rng)
    meshes = [
        _piece(height).to_mesh("domino", [material, plain("pips", srgb("f3efe6"), 0.5)]) for material in materials
    ]
    parts = []
    centre = stage_point(context)
    for index, (spot, heading) in enumerate(zip(spots, headings, strict=True)):
        made = place(meshes[_colour_index(index, len(spots), len(meshes), str(params["colouring"]))], f"domino {index}")
        yaw = turn("z", np.full(context.times, np.degrees(heading)))
        # Each turns about its lower front edge.
        edge = np.array([FACE[1] / 2 * height, 0.0, RESTING_GAP_M])
        rotated = yaw @ turn("y", np.degrees(angles[index]))
        origin = centre + np.append(spot, 0.0) + np.einsum("tij,j->ti", yaw, edge)
        bake_poses(made, pose(rotated, origin))
        parts.append(made)
    root = root_of("domino chain", parts)
    phrase = {"spiral": "a spiral", "wave": "a winding row", "ring": "a ring", "s-curve": "an S-shaped row"}[course]
    front = mean_heading_deg(np.append(spots[0] - spots.mean(axis=0), 0.0)) if course == "spiral" else float(
        np.degrees(headings[len(headings) // 2]) + 90) % 360.0  # fmt: skip
    return AnimatedSubject([root], front, f"{phrase} of {len(spots)} {words} dominoes topples one after another")


def _course(kind: str, reach: float, height: float, rng: np.random.Generator) -> Array:
    """Return a dense curve (K, 2) that keeps its own turns at least a domino's width apart, drawn turned and mirrored."""
    u = np.linspace(0, 1, 1600)
    if kind == "spiral":
        lanes = (FACE[0] + 0.38) * height
        turns = max((reach - 0.9 * height) / lanes, 0.6)
        angle = 2 * np.pi * turns * u
        radius = reach - lanes * angle / (2 * np.pi)
        flat = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    elif kind == "ring":
        angle = 2 * np.pi * u * (1 - 1.25 * height / (2 * np.pi * reach))
        flat = reach * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    elif kind == "s-curve":
        flat = _s_curve(0.5 * reach, u)
    else:
        flat = 0.91 * np.stack([(2 * u - 1) * reach, 0.42 * reach * np.sin(2 * np.pi * 1.25 * u)], axis=-1)
    turn_rad = float(rng.uniform(0, 2 * np.pi))
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    return flat * [1, 1 if rng.random() < 0.5 else -1] @ np.array([[c, s], [-s, c]])


def _s_curve(radius: float, u: Array) -> Array:
    """Return an S of two three-quarter circles."""
    first = 3 * np.pi * u
    upper = np.stack([radius * np.cos(first), radius + radius * np.sin(first)], axis=-1)
    return np.where((u < 0.5)[:, None], upper, -upper[::-1])


def _stand_along(curve: Array, step: float) -> tuple[Array, Array]:
    """Return standing points (N, 2) every ``step`` metres along the curve, and headings (N,) towards the next one."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=-1))])
    where = np.arange(0.0, along[-1], step)
    spots = np.stack([np.interp(where, along, curve[:, k]) for k in range(2)], axis=-1)
    ahead = np.diff(spots, axis=0, append=2 * spots[-1:] - spots[-2:-1])
    return spots, np.arctan2(ahead[:, 1], ahead[:, 0])


def _fall(count: int, height: float, context: AnimationContext) -> Array:
    """Return each domino's angle from the vertical over time, (count, T) radians."""
    thick, gap = FACE[1] * height, GAP * height
    touch = np.arcsin(gap / height)
    # The front is the (fractional) number of the domino that is falling; it passes the last one before the clip ends.
    front = 0.35 + progress_of(context) * (count + 0.15)
    angles = np.zeros((count, context.times))
    number = np.floor(front)
    for index in range(count - 1, -1, -1):
        own = np.clip(front - index, 0, 1) ** 1.6 * touch
        if index == count - 1:
            late = np.clip((front - index - 1) / 0.5, 0, 1)
            angles[index] = own + (np.pi / 2 - touch) * late**1.7
            continue
        following = angles[index + 1]
        leaning = following + np.arcsin(np.clip(((gap + thick) * np.cos(following) - thick) / height, -1, 1))
        angles[index] = np.where(number > index, leaning, own)
    return angles


def _piece(height: float) -> Shape:
    """Return a domino whose lower front edge is the y axis, with a band and pips on both faces."""
    wide, thick = FACE[0] * height, FACE[1] * height
    at = np.eye(4)
    at[0, 3] = -thick / 2
    shape = Shape().box((thick, wide, height), 0, at, 0.012 * height + 0.002)
    for spot in ((0.5, 0.0), (0.74, 0.22), (0.74, -0.22), (0.26, 0.0)):
        pip = at.copy()
        pip[:3, 3] = (-thick / 2, spot[1] * wide, spot[0] * height)
        if spot[0] == 0.5:
            pip[2, 3] -= 0.012 * height
            shape.box((thick + 0.004, 0.8 * wide, 0.024 * height), 1, pip)
            continue
        pip[:3, :3] = np.diag([thick * 0.53, 0.075 * height, 0.075 * height])
        shape.sphere(1.0, 1, pip, 7)
    return shape


def _draw_materials(colouring: str, rng: np.random.Generator) -> tuple[list[bpy.types.Material], str]:
    names, colours = draw_colours(rng, 2)
    if colouring == "wooden":
        kind = str(rng.choice(list(WOODS)))
        return [wood("domino wood", srgb(WOODS[kind]))], kind
    if colouring == "rainbow":
        return [_paint(name, srgb(ACCENTS[name])) for name in RAINBOW], "rainbow-coloured"
    if colouring == "alternating":
        return [_paint(n, c) for n, c in zip(names, colours, strict=True)], f"{names[0]} and {names[1]}"
    return [_paint(names[0], colours[0])], names[0]


def _paint(name: str, colour: Colour) -> bpy.types.Material:
    return plain(f"{name} paint", colour, 0.35, coat=0.4)


def _colour_index(index: int, count: int, kinds: int, colouring: str) -> int:
    return index * kinds // count if colouring == "rainbow" else index % kinds
