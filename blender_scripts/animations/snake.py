"""A snake that slithers round the stage: its body follows the winding curve that its head has drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from blender_scripts.build_tools import Array, Shape
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain
from blender_scripts.motion.baking import bake_vertices
from blender_scripts.motion.rotations import normalise
from blender_scripts.motion_tools import pin_textures
from blender_scripts.palettes import ACCENTS, srgb

PARAMETERS = {
    "length_m": ((2.8, 4.2), "length of the body"),
    "girth_m": ((0.10, 0.16), "greatest radius of the body"),
    "speed_mps": ((0.6, 1.2), "speed along the winding curve"),
    "bends": ((5, 8), "waves round one lap"),
    "wave_m": ((0.16, 0.28), "how far the waves swing to each side"),
    "pattern": (["bands", "spots", "plain"], "the skin's pattern"),
}

RINGS, SIDES = 110, 14


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the snake and bake its motion; see `contracts.AnimatedSubject` for what comes back."""
    length, girth, wave = float(params["length_m"]), float(params["girth_m"]), float(params["wave_m"])
    if not 0.3 <= length <= 12 or not 0.01 <= girth <= 0.1 * length or int(params["bends"]) < 1:
        raise StageError("snake: length_m must lie in 0.3..12, girth_m under a tenth of it, bends at least 1")
    room = context.scene.stage_radius_m - wave - 2 * girth
    lap = length / 4.6
    if lap > room:
        raise StageError(f"snake: {length:.1f} m are too long for a stage of {context.scene.stage_radius_m} m")
    lap = float(rng.uniform(lap, min(room, lap * 1.9)))
    curve = _winding(lap, wave, int(params["bends"]), float(rng.choice([-1.0, 1.0])), float(rng.uniform(0, 2 * np.pi)))
    seconds = np.arange(context.times) / context.fps
    share = np.linspace(0, 1, RINGS)
    spine = _along(curve, float(params["speed_mps"]) * seconds[:, None] - share[None, :] * length)
    spine += [*context.scene.stage_centre[:2], context.scene.floor_m]
    rings = _skin(spine, share, girth, seconds)
    eyes = _eyes(rings, girth)
    pattern = str(params["pattern"])
    subject = _shape(rings[0], eyes[0], pattern)
    names = [str(name) for name in rng.permutation(list(ACCENTS))[:2]]
    materials = [plain(f"snake {name}", srgb(ACCENTS[name]), 0.35, variation=0.3, coat=0.2) for name in names]
    made = subject.to_object("snake", [*materials, plain("eyes", srgb("0d0b0a"), 0.1)], sharp_deg=80)
    flat = np.concatenate([rings.reshape(len(rings), -1, 3), eyes.reshape(len(eyes), -1, 3)], axis=1)
    pin_textures(made, flat[0])
    bake_vertices(made, flat)
    ahead = spine[0, 0] - spine[0, 4]
    kind = {"bands": f"{names[0]} and {names[1]} banded", "spots": f"{names[1]}-spotted {names[0]}", "plain": names[0]}
    phrase = kind[pattern]
    article = "an" if phrase[0] in "aeiou" else "a"
    front = float(np.degrees(np.arctan2(ahead[1], ahead[0]))) % 360.0
    return AnimatedSubject([made], front, f"{article} {phrase} snake slithers round in a circle")


def _winding(lap: float, wave: float, bends: int, sign: float, start: float) -> Array:
    """Return a closed curve (N, 3) round a circle of radius ``lap``, waving ``bends`` times, sampled finely."""
    angle = np.linspace(0, 2 * np.pi, 4001)
    radius = lap + wave * np.sin(bends * angle) * (1 + 0.25 * np.sin(2 * angle + start))
    turned = start + sign * angle
    return np.stack([radius * np.cos(turned), radius * np.sin(turned), np.zeros_like(angle)], axis=-1)


def _along(curve: Array, distance: Array) -> Array:
    """Return the points (..., 3) at arc lengths ``distance`` metres of a closed curve, however many laps away."""
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    reach = np.concatenate([[0.0], np.cumsum(steps)])
    wrapped = np.mod(distance, reach[-1])
    return np.stack([np.interp(wrapped, reach, curve[:, axis]) for axis in range(3)], axis=-1)


def _skin(spine: Array, share: Array, girth: float, seconds: Array) -> Array:
    """Return rings (T, RINGS, SIDES, 3) round the spine (T, RINGS, 3): head, neck, belly flat on the floor, tail."""
    head = 0.9 * np.exp(-(((share - 0.028) / 0.022) ** 2)) - 0.22 * np.exp(-(((share - 0.075) / 0.03) ** 2))
    trunk = np.clip(np.sin(np.pi * np.clip(share, 0.03, 1) ** 0.75), 0, 1) ** 0.6
    taper = np.clip(share / 0.012, 0, 1) ** 0.5 * np.clip((1 - share) / 0.02, 0.02, 1)
    radius = (
        girth * (0.42 + 0.58 * trunk) * (1 + 0.45 * head) * taper * (1 - 0.75 * np.clip((share - 0.55) / 0.45, 0, 1))
    )
    lift = girth * 2.2 * np.exp(-((share / 0.075) ** 2)) * (1 + 0.3 * np.sin(1.9 * seconds))[:, None]
    middle = spine + np.stack([0 * lift, 0 * lift, lift + radius * 0.82], axis=-1)
    tangent = normalise(np.gradient(middle, axis=1))
    side = normalise(np.cross([0.0, 0.0, 1.0], tangent))
    up = np.cross(tangent, side)
    angles = np.arange(SIDES) * 2 * np.pi / SIDES
    around = np.cos(angles)[:, None] * side[:, :, None, :] * (1 + 0.3 * np.clip(head, 0, 1))[None, :, None, None]
    above = np.maximum(np.sin(angles), -0.82)[:, None] * up[:, :, None, :]
    return middle[:, :, None, :] + radius[None, :, None, None] * (around + above * 0.98)


def _eyes(rings: Array, girth: float) -> Array:
    """Return two spheres' vertices (T, 2, E, 3) set into the sides of the head."""
    ball = Shape().sphere(girth * 0.17, sides=8).vertices
    ring = rings[:, 3]
    return np.stack([ring[:, index][:, None, :] + ball for index in (2, SIDES // 2 - 2)], axis=1)


def _shape(rings: Array, eyes: Array, pattern: str) -> Shape:
    """Return the mesh at the first time: slot 0 skin, 1 markings, 2 eyes, in the order that the tracks have."""
    shape = Shape().sheet(rings, close=True)
    for face in range(shape.face_count):
        row, column = divmod(face, SIDES)
        bands = pattern == "bands" and row % 10 < 4 and row > 8
        spots = pattern == "spots" and row % 8 < 4 and 1 <= column < SIDES // 2 - 1 and row > 6
        shape.paint(face, 1 if bands or spots else 0)
    pattern_ball = Shape().sphere(1.0, sides=8)
    for eye in eyes:
        shape.merge(pattern_ball.replaced(eye), slot_offset=2)
    return shape
