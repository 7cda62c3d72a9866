"""A flag in the wind: each thread of the cloth keeps its length while waves run along it from the pole."""

from __future__ import annotations

from typing import Any

import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import fabric, plain
from blender_scripts.motion.baking import bake_vertices
from blender_scripts.motion_tools import pin_textures
from blender_scripts.palettes import ACCENTS, srgb

PARAMETERS = {
    "width_m": ((1.5, 2.2), "length of the cloth from the pole to the fly"),
    "ratio": ((0.58, 0.72), "height of the cloth as a share of its width"),
    "wind": ((0.5, 1.0), "0 a breath: the cloth hangs and sways; 1 a gale: it flies and flutters fast"),
    "design": (["bands", "stripes", "cross", "disc", "quarters"], "what the flag shows"),
}

COLUMNS, ROWS = 60, 36


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build pole and flag and bake its waves; see `contracts.AnimatedSubject` for what comes back."""
    width, wind = float(params["width_m"]), float(params["wind"])
    high = width * float(params["ratio"])
    if not 0.2 <= width <= context.scene.stage_radius_m - 0.1 or not 0.0 <= wind <= 1.5:
        raise StageError(f"flag: width_m must lie in 0.2..{context.scene.stage_radius_m - 0.1:.1f} and wind in 0..1.5")
    top = high + float(rng.uniform(1.1, 1.5))
    azimuth = float(rng.uniform(0, 360))
    seconds = np.arange(context.times) / context.fps
    cloth = _waves(width, high, wind, seconds, rng)
    turn = np.radians(azimuth)
    across = np.array([np.cos(turn), np.sin(turn), 0.0])
    normal = np.array([-np.sin(turn), np.cos(turn), 0.0])
    base = np.array([*context.scene.stage_centre[:2], context.scene.floor_m])
    start = across * (0.035 - width * 0.3)
    points = (
        base
        + start
        + cloth[..., :1] * across
        + cloth[..., 1:2] * normal
        + (cloth[..., 2:] + top) * np.array([0, 0, 1.0])
    )
    foot = base + across * (-width * 0.3)
    names = [str(name) for name in rng.permutation(list(ACCENTS))[:3]]
    shape = _flag_shape(points[0], str(params["design"]))
    pole = _pole(top)
    shape.merge(pole, translation(*foot.tolist()), slot_offset=3)
    still = np.broadcast_to(pole.vertices + foot, (len(points), *pole.vertices.shape))
    materials = [fabric(f"flag {name}", srgb(ACCENTS[name])) for name in names]
    metal = plain("pole", srgb("c9c7c0"), 0.35, 0.7)
    subject = shape.to_object("flag", [*materials, metal, plain("foot", srgb("77736c"), 0.85, variation=0.3),
                                       plain("finial", srgb("c8a24a"), 0.25, 1.0)])  # fmt: skip
    track = np.concatenate([points.reshape(len(points), -1, 3), still], axis=1)
    pin_textures(subject, track[0])
    bake_vertices(subject, track)
    manner = (
        "flutters in a strong wind" if wind > 0.8 else "waves in the wind" if wind > 0.4 else "sways in a light wind"
    )
    article = "an" if names[0][0] in "aeiou" else "a"
    return AnimatedSubject([subject], (azimuth - 90.0) % 360.0,
                           f"{article} {names[0]}, {names[1]} and {names[2]} flag on a pole {manner}")  # fmt: skip


def _waves(width: float, high: float, wind: float, seconds: Array, rng: np.random.Generator) -> Array:
    """Return the cloth (T, ROWS, COLUMNS, 3) in (along the wind, across it, up from its upper corner) metres.

    Along each row the heading of the thread is a sum of waves that run away from the pole; positions are its
    integral, so the cloth bends without stretching. Weak wind tilts the threads downwards.
    """
    s = np.linspace(0, 1, COLUMNS)
    v = np.linspace(0, 1, ROWS)
    t = seconds[:, None, None]
    grow = np.minimum(s * 2.5, 1.0)[None, None, :]
    heading = np.zeros((len(seconds), ROWS, COLUMNS))
    for cycles, weight in ((0.8, 0.50), (1.7, 0.42), (2.9, 0.20)):
        speed = (1.1 + 1.9 * wind) * float(rng.uniform(0.85, 1.15)) * np.sqrt(cycles)
        tilt = float(rng.uniform(-1.4, 1.4))
        phase = 2 * np.pi * (cycles * s[None, None, :] - speed * t) + tilt * v[None, :, None] + float(rng.uniform(0, 6))
        heading += weight * (0.55 + 0.45 * wind) * grow * np.sin(phase)
    gust = 1 + 0.25 * np.sin(2 * np.pi * 0.31 * t + float(rng.uniform(0, 6)))
    droop = (0.12 + 0.95 * (1 - min(wind, 1.0)) ** 1.3) * gust * (0.35 + 0.65 * s)[None, None, :]
    droop = droop * (1.0 - 0.12 * v[None, :, None])
    step = width / (COLUMNS - 1)
    forward = np.cos(heading) * np.cos(droop) * step
    aside = np.sin(heading) * np.cos(droop) * step
    down = -np.sin(droop) * step * np.ones_like(heading)
    track = np.cumsum(np.stack([forward, aside, down], axis=-1), axis=2)
    track -= track[:, :, :1]
    track[..., 2] -= (0.06 + v * high)[None, :, None]
    return track


def _flag_shape(grid: Array, design: str) -> Shape:
    """Return the cloth at the first time, its squares painted with slots 0..2."""
    shape = Shape().sheet(grid)
    for face in range(shape.face_count):
        row, column = divmod(face, COLUMNS - 1)
        x, y = (column + 0.5) / (COLUMNS - 1), (row + 0.5) / (ROWS - 1)
        shape.paint(face, _slot(design, x, y))
    return shape


def _slot(design: str, x: float, y: float) -> int:
    """Return the colour 0..2 of a flag's design at (x, y) in 0..1, from the upper corner at the pole."""
    if design == "bands":
        return min(int(x * 3), 2)
    if design == "stripes":
        return 2 if x < 0.4 and y < 0.5 else int(y * 7) % 2
    if design == "cross":
        inner = abs(x - 0.38) < 0.055 or abs(y - 0.5) < 0.085
        return 2 if inner else 1 if abs(x - 0.38) < 0.11 or abs(y - 0.5) < 0.17 else 0
    if design == "disc":
        away = np.hypot((x - 0.5) * 1.55, y - 0.5)
        return 1 if away < 0.22 else 2 if away < 0.3 else 0
    return 2 if abs(x - 0.5) < 0.03 or abs(y - 0.5) < 0.05 else (int(x * 2) + int(y * 2)) % 2


def _pole(top: float) -> Shape:
    """Return the pole: slot 0 metal, 1 stone foot, 2 finial."""
    shape = Shape().cylinder(0.24, 0.12, 1, sides=20, bevel=0.03)
    shape.cylinder(0.16, 0.1, 1, translation(0, 0, 0.12), 20, bevel=0.02)
    shape.cylinder(0.032, top + 0.06, 0, sides=14, top_radius=0.026)
    return shape.sphere(0.06, 2, translation(0, 0, top + 0.1), 14)
