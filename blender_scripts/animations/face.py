"""A cartoon head on a plinth that pulls faces: brows, lids, gaze and mouth morph from one expression to the next."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, rotation, scaling, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain, shade
from blender_scripts.motion.rotations import apply, pose, turn
from blender_scripts.motion_tools import Puppet, article, draw_colours, ease, seconds_of, stage_point, sweep, wander
from blender_scripts.palettes import srgb

PARAMETERS = {
    "skin": (["natural", "colourful"], "a natural or a bright skin"),
    "top": (["curls", "beanie", "quiff", "bald"], "what is on its head"),
    "height_m": ((0.75, 1.0), "height of the head; the plinth is in proportion"),
    "change_s": ((0.38, 0.6), "seconds from one expression to the next"),
}

HALF = np.array([0.4, 0.38, 0.5])
"""Half axes of the skull in head heights: forwards, aside, up."""

SKINS = ("f0c8a8", "d9a37c", "b07a52", "8a5a3b", "5f3d2a")
HAIR = ("2b1d14", "553820", "8a6233", "c79a4a", "a8401f")


@dataclass(frozen=True)
class Expression:
    """A face: corners of the mouth up, mouth open, its width, brows up, their inner ends up, lids shut (left, right)."""

    smile: float = 0.0
    open: float = 0.0
    wide: float = 0.5
    brows: float = 0.0
    tilt: float = 0.0
    left: float = 0.12
    right: float = 0.12


EXPRESSIONS = {
    "grins": Expression(1.0, 0.25, 0.85, 0.2, 0.1, 0.22, 0.22),
    "laughs": Expression(1.0, 0.95, 0.8, 0.5, 0.2, 0.5, 0.5),
    "gasps": Expression(-0.1, 1.0, 0.3, 1.0, 0.3, -0.15, -0.15),
    "frowns": Expression(-0.9, 0.0, 0.5, -0.6, -1.0, 0.25, 0.25),
    "sulks": Expression(-0.8, 0.0, 0.35, 0.3, 1.0, 0.4, 0.4),
    "winks": Expression(0.8, 0.1, 0.7, 0.1, 0.0, 0.95, 0.08),
    "dozes off": Expression(0.0, 0.2, 0.35, 0.2, 0.3, 1.0, 1.0),
    "blows a kiss": Expression(0.1, 0.3, 0.12, 0.5, 0.2, 0.6, 0.6),
}


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the head and bake its expressions; see `contracts.AnimatedSubject` for what comes back."""
    height, change = float(params["height_m"]), float(params["change_s"])
    if not 0.1 <= height <= 2.0 or not 0.1 <= change <= 10:
        raise StageError("face: height_m must lie in 0.1..2 and change_s in 0.1..10")
    height = min(height, 0.8 * context.scene.stage_radius_m)
    seconds = seconds_of(context)
    shown, names = _sequence(seconds, change, rng)
    facing = float(rng.uniform(0, 360))
    yaw, nod, roll = wander(rng, seconds, 2.4, 3)
    stand = 0.62 * height
    level = turn("z", np.full(len(seconds), facing))
    neck = np.array([0.0, 0.0, stand + 0.12 * height])
    head = level @ turn("z", 24 * yaw) @ turn("y", 9 * nod) @ turn("x", 8 * roll)
    frame = pose(head, neck + apply(head, [0, 0, 0.5 * height]))
    puppet = Puppet(context.times)
    plinth = Shape().box((0.62 * height, 0.62 * height, stand), 3, None, 0.02)
    plinth.cylinder(0.3 * height, 0.05 * height, 1, translation(0, 0, stand), 28, top_radius=0.2 * height)
    plinth.capsule((0, 0, stand), (0, 0, stand + 0.3 * height), 0.15 * height, 0.13 * height, 0, 18)
    puppet.still(plinth, translation(0, 0, RESTING_GAP_M) @ rotation("z", facing))
    _add_skull(puppet, shown, frame, height)
    _add_eyes(puppet, shown, frame, height, wander(rng, seconds, 1.1, 2))
    _add_mouth(puppet, shown, frame, height)
    _add_top(puppet, str(params["top"]), frame, height, rng)
    materials, words = _draw_materials(str(params["skin"]), rng)
    subject = puppet.bake("face", materials, 0.0, sharp_deg=60)
    subject.location = stage_point(context)
    top = {"curls": "with curls", "beanie": "in a beanie", "quiff": "with a quiff", "bald": "without hair"}[
        str(params["top"])
    ]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return AnimatedSubject([subject], facing, f"{words} head {top} on a plinth {listed}")


def _sequence(seconds: Array, change: float, rng: np.random.Generator) -> tuple[Array, list[str]]:
    """Return the expression over time (T, 7), with blinks, and the names in the order in which they are reached."""
    count = int(seconds[-1] / change) + 3
    names: list[str] = []
    while len(names) < count:
        fresh = [str(name) for name in rng.permutation(list(EXPRESSIONS))]
        names += fresh[1:] if names and names[-1] == fresh[0] else fresh
    keys = np.array([astuple(EXPRESSIONS[name]) for name in names[:count]])
    where = seconds / change + 0.3
    low = np.minimum(where.astype(int), count - 2)
    shown = keys[low] + (keys[low + 1] - keys[low]) * ease((where - low) * 1.25)[:, None]
    phase = np.mod(seconds + rng.uniform(0, 1.7), 1.7)
    blink = np.exp(-(((phase - 0.85) / 0.07) ** 2))
    shown[:, 5:] += (1 - np.clip(shown[:, 5:], 0, 1)) * blink[:, None]
    reached = list(dict.fromkeys(names[: int(seconds[-1] / change + 0.3 + 0.4) + 1]))
    return shown, reached[:4]


def _skin_x(y: Array, z: Array) -> Array:
    """Return how far forward the face is at (y, z), in head heights."""
    return HALF[0] * np.sqrt(np.clip(1 - (y / HALF[1]) ** 2 - (z / HALF[2]) ** 2, 0.02, 1))


def _jaw(z: Array, opened: Array) -> Array:
    """Return how far the jaw drops points at height z, for mouths opened (T, ...)."""
    return -0.07 * opened * ease((-z - 0.08) / 0.28)


def _place(points: Array, frame: Array, height: float) -> Array:
    """Take points (T, ..., 3) in head heights into the world."""
    flat = points.reshape(len(points), -1, 3) * height
    moved = np.einsum("tij,tvj->tvi", frame[:, :3, :3], flat) + frame[:, None, :3, 3]
    return moved.reshape(points.shape)


def _add_skull(puppet: Puppet, shown: Array, frame: Array, height: float) -> None:
    """Slot 0. The jaw drops with the mouth, cheeks rise with the smile."""
    high = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, 26)[:, None]
    around = (np.arange(36) * 2 * np.pi / 36)[None]
    ray = np.stack(
        np.broadcast_arrays(np.cos(high) * np.cos(around), np.cos(high) * np.sin(around), np.sin(high)), axis=-1
    )
    rest = ray * HALF
    rest[..., :2] *= (1 - 0.1 * ease(-ray[..., 2]))[..., None]
    moved = np.tile(rest, (len(shown), 1, 1, 1))
    moved[..., 2] += _jaw(rest[..., 2][None], shown[:, 1, None, None])
    cheeks = np.exp(-(((np.abs(rest[..., 1]) - 0.19) / 0.1) ** 2) - ((rest[..., 2] + 0.06) / 0.09) ** 2) * (
        rest[..., 0] > 0
    )
    moved[..., 0] += 0.035 * np.maximum(shown[:, 0], 0)[:, None, None] * cheeks
    puppet.skin(_place(moved, frame, height), 0, rest=rest * height)
    still = Shape().sphere(1.0, 0, translation(0.42, 0, -0.01) @ scaling(0.085, 0.075, 0.085), 14)
    for side in (1, -1):
        still.sphere(1.0, 0, translation(-0.02, side * 0.385, 0.02) @ scaling(0.07, 0.05, 0.11), 14)
    puppet.rigid(Shape().merge(still, scaling(height, height, height)), frame)


def _add_eyes(puppet: Puppet, shown: Array, frame: Array, height: float, gaze: Array) -> None:
    """Slots 4 (white), 5 (dark), 1 (brows); lids are domes of skin that turn over the eyes."""
    for index, side in enumerate((1, -1)):
        at = np.array([0.3, side * 0.145, 0.115])
        ball = (
            Shape()
            .sphere(0.098, 4, sides=16)
            .sphere(0.056, 5, translation(0.058, 0, 0), 12)
            .sphere(0.014, 4, translation(0.106, 0.02, 0.022), 8)
        )
        looks = turn("z", 16 * gaze[0]) @ turn("y", 9 * gaze[1])
        puppet.rigid(
            Shape().merge(ball, scaling(height, height, height)),
            frame @ pose(looks, np.tile(at * height, (len(shown), 1))),
        )
        arc = np.linspace(0, np.pi / 2, 8)
        dome = Shape().lathe(np.column_stack([np.cos(arc), np.sin(arc)]) * 0.107 * height, 0, rotation("y", 90), 18)
        shut = np.clip(shown[:, 5 + index], -0.2, 1.0)
        lid = turn("y", -82 + 82 * shut)
        puppet.rigid(dome, frame @ pose(lid, np.tile(at * height, (len(shown), 1))))
        share = np.linspace(0, 1, 7)
        y = side * (0.05 + 0.19 * share)
        rise = 0.238 + 0.055 * shown[:, 3, None] + 0.05 * shown[:, 4, None] * (0.5 - share)[None] * 2 * 0.8
        z = rise + 0.03 * np.sin(np.pi * share)[None]
        x = _skin_x(y[None], z) + 0.02
        curve = _place(np.stack(np.broadcast_arrays(x, y[None], z), axis=-1), frame, height)
        girth = np.array([0.5, 0.9, 1.0, 1.0, 0.9, 0.7, 0.2]) * 0.026 * height
        puppet.skin(sweep(curve, girth * 0.8, girth, frame[:, None, :3, 0], 8), 1)


def _add_mouth(puppet: Puppet, shown: Array, frame: Array, height: float) -> None:
    """Slots 2 (lips), 5 (inside), 4 (teeth), 6 (tongue): flat layers that follow the face, framed by the lips."""
    smile, opened, wide = (shown[:, k, None] for k in (0, 1, 2))
    u = np.linspace(-1, 1, 15)[None]
    half = 0.08 + 0.165 * wide
    y = half * u
    bow = 0.085 * smile * (u**2 - 0.45)
    upper = -0.2 + bow + 0.02 * opened * (1 - u**2) + 0.004
    lower = -0.2 + bow - (0.235 * opened * (0.6 + 0.6 * (1 - wide))) * (1 - u**2) - 0.004

    def layer(low: Array, top: Array, out: float, slot: int) -> None:
        rows = [low + (top - low) * share for share in np.linspace(0, 1, 4)]
        grid = np.stack([_on_face(y, row, opened, out) for row in rows], axis=1)
        puppet.skin(_place(grid, frame, height), slot, close=False)

    layer(lower, upper, 0.006, 5)
    layer(np.maximum(upper - 0.055, lower), upper, 0.01, 4)
    layer(lower, np.minimum(lower + 0.5 * (upper - lower) * (1 - u**2), upper - 0.055), 0.009, 6)
    loop = np.concatenate([_on_face(y, upper, opened, 0.012), _on_face(y, lower, opened, 0.012)[:, -2:0:-1]], axis=1)
    loop = np.concatenate([loop, loop[:, :1]], axis=1)
    girth = np.full(loop.shape[1], 0.02 * height)
    puppet.skin(sweep(_place(loop, frame, height), girth, girth, frame[:, None, :3, 0], 8), 2)


def _on_face(y: Array, z: Array, opened: Array, out: float) -> Array:
    """Return points (T, N, 3) on the face ``out`` head heights in front of it."""
    taper = 1 - 0.1 * ease(-z / HALF[2])
    return np.stack([_skin_x(y / taper, z) * taper + out, y, z], axis=-1)


def _add_top(puppet: Puppet, kind: str, frame: Array, height: float, rng: np.random.Generator) -> None:
    """Hair or a hat; slots 1 and 3."""
    shape = Shape()
    if kind == "beanie":
        arc = np.linspace(0.12, 1.0, 10) * np.pi / 2
        shape.lathe(np.column_stack([0.385 * np.cos(arc), 0.3 + 0.3 * np.sin(arc)]), 3, scaling(1.03, 0.98, 1), 28)
        shape.lathe(
            [(0.31, 0.305), (0.385, 0.31), (0.4, 0.35), (0.39, 0.4), (0.35, 0.41)], 1, scaling(1.02, 0.97, 1), 28
        )
        shape.sphere(0.09, 1, translation(0, 0, 0.63), 14)
    elif kind == "curls":
        for index in range(46):
            level = 1 - 0.95 * (index + 0.5) / 46
            angle = 2.4 * index
            flat = np.sqrt(1 - level**2)
            spot = np.array([flat * np.cos(angle), flat * np.sin(angle), level]) * HALF * 1.03
            if spot[0] > 0.12 and spot[2] < 0.36:
                continue
            shape.sphere(0.085 + 0.02 * float(rng.random()), 1, translation(*spot), 8)
    elif kind == "quiff":
        for row in np.linspace(-1, 1, 5):
            for share in np.linspace(0, 1, 7):
                lean = 0.62 - 1.7 * share
                spot = np.array([np.sin(lean), 0.5 * row, np.cos(lean)]) * HALF * 0.98
                spot[2] = (
                    HALF[2] * np.sqrt(max(1 - (spot[0] / HALF[0]) ** 2 - (spot[1] / HALF[1]) ** 2, 0.05))
                    if share < 0.75
                    else spot[2]
                )
                shape.capsule(spot, spot + np.array([0.1, 0.03 * row, 0.13 * (1 - 0.7 * share)]), 0.085, 0.05, 1, 8)
    if len(shape.vertices):
        puppet.rigid(Shape().merge(shape, scaling(height, height, height)), frame)


def _draw_materials(skin: str, rng: np.random.Generator) -> tuple[list[bpy.types.Material], str]:
    """Return materials by slot (0 skin, 1 hair, 2 lips, 3 plinth, 4 white, 5 dark, 6 tongue) and the head's words."""
    names, colours = draw_colours(rng, 2)
    while names[0] in ("white", "charcoal"):
        names, colours = draw_colours(rng, 2)
    if skin == "natural":
        tone = srgb(str(rng.choice(SKINS)))
        lips, words = (tone[0] * 0.8, tone[1] * 0.42, tone[2] * 0.42), "a cartoon"
    else:
        tone, lips, words = colours[0], shade(colours[0], 0.5), f"{article(names[0])} cartoon"
    hair = srgb(str(rng.choice(HAIR))) if skin == "natural" else colours[1]
    stone = srgb(str(rng.choice(["d8d2c4", "8f8a84", "b89b78"])))
    return [
        plain("skin", tone, 0.45, variation=0.06),
        plain("hair", hair, 0.7, variation=0.25),
        plain("lips", lips, 0.35, variation=0.05),
        plain("plinth", stone, 0.7, variation=0.25),
        plain("white", srgb("f2efe8"), 0.2, variation=0.02),
        plain("dark", srgb("1a0f0f"), 0.25, variation=0.0),
        plain("tongue", srgb("c2525a"), 0.4),
    ], words
