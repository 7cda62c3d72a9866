"""A dancer: the biped of the walker family performing a drawn sequence of dance moves to a beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from blender_scripts.build_tools import Array
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.motion.dance import MOVES, choreography, interpolate
from blender_scripts.motion.figure import draw_body
from blender_scripts.motion.gait import Build
from blender_scripts.motion.rotations import apply, hanging, pose, turn, two_bone
from blender_scripts.motion_tools import Puppet, seconds_of, stage_point

PARAMETERS = {
    "style": (["robot", "mannequin", "person", "person"], "the dancer's body"),
    "height_m": ((1.55, 1.9), "the dancer's height"),
    "tempo_bpm": ((96.0, 132.0), "beats a minute"),
    "moves": ((2, 3), "number of different moves in the sequence, 1 to 6"),
}


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the dancer and bake the dance; see `contracts.AnimatedSubject` for what comes back."""
    height, tempo, count = float(params["height_m"]), float(params["tempo_bpm"]), int(params["moves"])
    if not 0.3 <= height <= 4.0 or not 20 <= tempo <= 300 or not 1 <= count <= 6:
        raise StageError("dancer: height_m must lie in 0.3..4, tempo_bpm in 20..300 and moves in 1..6")
    bones = Build(min(height, 1.6 * context.scene.stage_radius_m))
    body = draw_body(str(params["style"]), bones, rng)
    names = [str(name) for name in rng.permutation(list(MOVES))[:count]]
    seconds = seconds_of(context)
    beat = seconds * tempo / 60 + float(rng.uniform(0, 0.5))
    sequence, danced = choreography(names, float(beat[-1]), rng)
    poses = interpolate(sequence, beat)
    facing = float(rng.uniform(0, 360))
    parts = _pose_body(bones, poses, beat, facing)
    puppet = Puppet(context.times)
    for part, shape in body.parts.items():
        puppet.rigid(shape, parts[part])
    subject = puppet.bake(f"dancer {params['style']}", body.materials, 0.0, sharp_deg=40)
    subject.location = stage_point(context)
    listed = danced[0] if len(danced) == 1 else f"{', '.join(danced[:-1])} and {danced[-1]}"
    front = (facing + float(poses["facing"][0, 0])) % 360.0
    return AnimatedSubject([subject], front, f"{body.phrase} dances with {listed}")


def _pose_body(bones: Build, poses: dict[str, Array], beat: Array, facing: float) -> dict[str, Array]:
    """Return every part's pose over time, {part: (T, 4, 4)}, relative to the spot on the floor."""
    h = bones.height
    forward = turn("z", facing + poses["facing"][:, 0])
    bounce = 0.012 * (0.5 - 0.5 * np.cos(2 * np.pi * beat))
    legs = bones.thigh + bones.shin + bones.ankle
    high = legs * 0.985 - (poses["sink"][:, 0] + bounce) * h
    waist = apply(forward, np.column_stack([poses["shift"] * h, high]))
    hips = forward @ turn("z", poses["hips"][:, 0]) @ turn("x", poses["hips"][:, 1])
    ankles = {side: _ankle(bones, poses, forward, index, side) for index, side in enumerate((1, -1))}
    waist = _lower(bones, waist, hips, ankles)
    lean = (
        forward @ turn("z", poses["chest"][:, 0]) @ turn("x", -poses["chest"][:, 1]) @ turn("y", poses["chest"][:, 2])
    )
    chest = waist + apply(_half(hips, lean), [0, 0, bones.waist_up])
    neck = chest + apply(lean, [0, 0, bones.chest_up])
    head = forward @ turn("z", poses["head"][:, 0]) @ turn("y", poses["head"][:, 1] + 4 * np.cos(2 * np.pi * beat))
    parts = {
        "pelvis": pose(hips, waist),
        "chest": pose(lean, chest),
        "head": pose(head, neck + apply(lean, [0, 0, bones.neck_up * 0.5])),
    }
    for index, (side, tag) in enumerate(((1, "left"), (-1, "right"))):
        foot, ankle = ankles[side]
        hip = waist + apply(hips, [0, side * bones.hip, -0.01])
        knees = apply(forward, [1, 0, 0]) + apply(foot, [0.6, 0, 0]) + apply(forward, [0, side * 0.25, 0])
        knee = two_bone(hip, ankle, bones.thigh, bones.shin, knees)
        parts[f"thigh {tag}"] = hanging(hip, knee, knees)
        parts[f"shin {tag}"] = hanging(knee, ankle, knees)
        parts[f"foot {tag}"] = pose(foot, ankle)
        socket = neck + apply(lean, [0, side * bones.shoulder, -h * 0.028])
        upper = lean @ turn("z", side * poses["spread"][:, index]) @ turn("y", -poses["raise_"][:, index])
        # Hang a little away from the trunk, so that sleeves and waist never meet.
        upper = turn_about(lean, "x", side * 8.0) @ upper
        lower = upper @ turn("z", side * -poses["twist"][:, index]) @ turn("y", -poses["elbow"][:, index])
        parts[f"upper arm {tag}"] = pose(upper, socket)
        parts[f"forearm {tag}"] = pose(lower, socket + apply(upper, [0, 0, -bones.upper_arm]))
    return parts


def turn_about(frame: Array, axis: str, degrees: float) -> Array:
    """Return the rotation about an axis of a moving frame (T, 3, 3), in the world."""
    return frame @ turn(axis, np.full(len(frame), degrees)) @ frame.transpose(0, 2, 1)


def _ankle(bones: Build, poses: dict[str, Array], forward: Array, index: int, side: int) -> tuple[Array, Array]:
    """Return a foot's rotation and its ankle; a foot that moves between half beats is lifted over the floor."""
    h = bones.height
    x, y, lift = (poses[name][:, index] for name in ("feet_x", "feet_y", "lift"))
    speed = np.hypot(np.gradient(x), np.gradient(y)) if len(x) > 1 else np.zeros_like(x)
    hop = 0.03 * np.clip(speed / 0.012, 0, 1)
    lift = np.maximum(lift, hop)
    point = 35 * np.clip(lift / 0.2, 0, 1)
    foot = forward @ turn("z", poses["toes"][:, index] + side * 9.0) @ turn("y", point)
    spot = np.column_stack([x * h - 0.02 * h, y * h, bones.ankle + lift * h + 0.002])
    # A pointed foot turns about its ankle: raise it so that the toes stay above the floor.
    spot[:, 2] += np.maximum(np.sin(np.radians(point)) * (bones.ball + 0.032 * h) - lift * h, 0)
    return foot, apply(forward, spot)


def _lower(bones: Build, waist: Array, hips: Array, ankles: dict[int, tuple[Array, Array]]) -> Array:
    """Lower the pelvis at each time until both legs reach their ankles."""
    reach = (bones.thigh + bones.shin) * 0.998
    excess = np.zeros(len(waist))
    for side, (_, ankle) in ankles.items():
        hip = waist + apply(hips, [0, side * bones.hip, -0.01])
        flat = np.linalg.norm((ankle - hip)[:, :2], axis=-1)
        excess = np.maximum(excess, hip[:, 2] - ankle[:, 2] - np.sqrt(np.clip(reach**2 - flat**2, 0, None)))
    return waist - np.column_stack([0 * excess, 0 * excess, np.minimum(excess, 0.3 * bones.height)])


def _half(first: Array, second: Array) -> Array:
    """Return rotations halfway between two (T, 3, 3): their mean, made orthonormal again."""
    u, _, v = np.linalg.svd(first + second)
    return u @ v
