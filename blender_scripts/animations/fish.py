"""A fish that swims through the air round the stage: a wave runs down its body, its fins beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain, shade
from blender_scripts.motion_tools import (
    Loop,
    Puppet,
    article,
    draw_colours,
    draw_loop,
    frames_along,
    mean_heading_deg,
    patched,
    placed,
    seconds_of,
    shrink_to_frame,
    stage_point,
    sweep,
    taper,
    wander,
)
from blender_scripts.palettes import srgb

PARAMETERS = {
    "species": (["clownfish", "koi", "shark", "reef fish", "angelfish"], "the fish"),
    "path": (["circle", "oval", "eight"], "the path, seen from above"),
    "size_scale": ((0.85, 1.15), "size relative to the species' own"),
    "speed_scale": ((0.8, 1.25), "tempo relative to the species' own"),
    "height_m": ((0.8, 1.4), "height of the path above the floor"),
    "radius_m": ((0.7, 1.3), "radius of the path; made smaller for small fish and small stages"),
}

ROWS = 27

RISE_M = 0.18
"""How far a fish rises and sinks about its height; in small rooms fish, path and rise are smaller alike."""


@dataclass(frozen=True)
class _Species:
    """Length in metres; half width and half height of the body and height of fins as shares of it; tail beats a
    second; lengths swum a second; whether the tail is forked."""

    length: float
    wide: float
    high: float
    fin: float
    beats: float
    pace: float
    fork: float


SPECIES = {
    "clownfish": _Species(0.62, 0.1, 0.19, 0.1, 2.4, 1.6, 0.0),
    "koi": _Species(0.85, 0.095, 0.13, 0.09, 1.7, 1.2, 0.45),
    "shark": _Species(1.35, 0.1, 0.105, 0.2, 1.2, 1.1, 0.75),
    "reef fish": _Species(0.55, 0.075, 0.25, 0.12, 2.6, 1.6, 0.3),
    "angelfish": _Species(0.5, 0.06, 0.3, 0.34, 1.8, 1.1, 0.15),
}


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the fish and bake its swimming; see `contracts.AnimatedSubject` for what comes back."""
    name, scale, tempo = str(params["species"]), float(params["size_scale"]), float(params["speed_scale"])
    if not 0.2 <= scale <= 3.0 or not 0.1 <= tempo <= 5.0 or not params["height_m"] >= 0.2:
        raise StageError("fish: size_scale must lie in 0.2..3, speed_scale in 0.1..5 and height_m be at least 0.2")
    kind = SPECIES[name]
    room = context.scene.stage_radius_m
    length = min(kind.length * scale, 0.8 * room)
    wished = min(float(params["radius_m"]), 1.6 * length)
    radius = float(np.clip(room - 0.35 * length, 0.5 * length, max(wished, 0.5 * length)))
    reach = np.hypot(radius + 0.75 * length, RISE_M + (kind.high + kind.fin) * length)
    shrunk = shrink_to_frame(context, float(reach))
    length, radius = length * shrunk, radius * shrunk
    seconds = seconds_of(context)
    rise = wander(rng, seconds, 4.0)[0] * RISE_M * shrunk
    high = np.maximum(float(params["height_m"]), (kind.high + kind.fin) * length + 0.25) + rise
    swim = _Swim(kind, length, draw_loop(str(params["path"]), radius, rng), tempo, seconds, high, float(rng.random()))
    puppet = Puppet(context.times)
    materials, phrase = _draw_coat(name, length, rng)
    _add_body(puppet, name, swim)
    _add_fins(puppet, name, swim)
    subject = puppet.bake(f"fish {name}", materials)
    subject.location = stage_point(context)
    path = {"circle": "in circles", "oval": "round an oval", "eight": "in a figure of eight"}[str(params["path"])]
    front = mean_heading_deg(swim.loop.direction(swim.metres)[0])
    return AnimatedSubject([subject], front, f"{phrase} swims through the air {path}")


class _Swim:
    """The moving backbone: `spine` (T, ROWS, 3) from the nose to the root of the tail, and its left direction."""

    def __init__(
        self, kind: _Species, length: float, loop: Loop, tempo: float, seconds: Array, height: Array, phase: float
    ):
        self.kind, self.length, self.loop = kind, length, loop
        self.metres = kind.pace * length * tempo * seconds
        self.wave = 2 * np.pi * (kind.beats * tempo * seconds + phase)
        self.share = np.linspace(0, 1, ROWS)
        self.spine, self.left = self.points(self.share, height)
        self.height = height

    def points(self, share: Array, height: Array) -> tuple[Array, Array]:
        """Return backbone points (T, N, 3) at shares of the length, 0 the nose and 1 the tail's root, and left."""
        along = self.metres[:, None] + (0.45 - share[None]) * self.length
        way = self.loop.direction(along)
        left = np.stack([-way[..., 1], way[..., 0], 0 * way[..., 0]], axis=-1)
        reach = 0.012 + 0.105 * share**2
        aside = reach[None] * np.sin(self.wave[:, None] - 4.6 * share[None]) * self.length
        points = self.loop.at(along) + aside[..., None] * left
        points[..., 2] += height[:, None]
        return points, left


def _draw_coat(name: str, length: float, rng: np.random.Generator) -> tuple[list[bpy.types.Material], str]:
    """Return materials by slot (0 body, 1 bands or belly, 2 dark, 3 fins, 4 eyes) and the fish's phrase."""
    names, colours = draw_colours(rng, 2)
    white, dark = srgb("ece8e0"), srgb("18171a")
    if name == "koi":
        red = srgb(("c8401f", "d9762b", "26262a")[int(rng.integers(3))])
        body, band, fin, phrase = white, white, shade(white, 0.92), "a spotted koi"
        skin = patched("koi skin", white, red, 3.6 / length, 0.45, 0.3)
    elif name == "shark":
        grey = srgb(("5d6a75", "6f7479", "47566b")[int(rng.integers(3))])
        body, band, fin, phrase = grey, srgb("d5d8d8"), shade(grey, 0.85), "a grey shark"
        skin = plain("fish skin", body, 0.4, coat=0.2)
    else:
        orange = name == "clownfish" and rng.random() < 0.6
        body = srgb("e2661c") if orange else colours[0]
        band = white if name == "clownfish" else colours[1]
        fin = body if name == "clownfish" else colours[1]
        word = "orange" if orange else names[0]
        phrase = article(f"{word} {name}") if name == "clownfish" else f"{article(word)} and {names[1]} {name}"
        skin = plain("fish skin", body, 0.35, coat=0.3)
    return [skin, plain("fish bands", band, 0.35, coat=0.3), plain("fish dark", dark, 0.4), plain("fins", fin, 0.5),
            plain("eyes", dark, 0.08, variation=0.0), plain("eye rings", white, 0.3)], phrase  # fmt: skip


def _outline(kind: _Species, name: str) -> tuple[Array, Array]:
    """Return half widths and half heights (ROWS,) along the body, as shares of its length."""
    nose = 0.35 if name == "shark" else 0.45
    high = taper([(0, 0.03), (0.04, nose), (0.13, 0.76), (0.27, 0.98), (0.4, 1.0), (0.6, 0.8), (0.8, 0.42), (0.93, 0.25),
                  (1, 0.24)], ROWS)  # fmt: skip
    wide = taper(
        [(0, 0.03), (0.04, 0.5), (0.13, 0.88), (0.27, 1.0), (0.45, 0.9), (0.7, 0.5), (0.93, 0.16), (1, 0.06)], ROWS
    )
    return wide * kind.wide, high * kind.high


def _add_body(puppet: Puppet, name: str, swim: _Swim) -> None:
    kind, length = swim.kind, swim.length
    wide, high = _outline(kind, name)
    sides = 18
    grid = sweep(swim.spine, wide * length, high * length, sides=sides)
    if name == "shark":
        lower = list(range(sides // 2 + 1, sides))
        upper = [sides - 1, *range(sides // 2 + 2)]
        puppet.skin(grid[:, :, upper], 0, close=False)
        puppet.skin(grid[:, :, lower], 1, close=False)
    else:
        for start, stop, slot in _bands(name):
            puppet.skin(grid[:, start : stop + 1], slot)
    at, left = swim.spine[:, 3], swim.left[:, 3]
    frame = frames_along(swim.spine[:, 1] - swim.spine[:, 6], (0, 0, 1.0))
    size = 0.022 * length if name == "shark" else 0.034 * length
    for side in (1, -1):
        bulge = side * wide[3] * 0.86 * length
        eye = at + bulge * left + np.array([0, 0, 0.3 * high[3] * length])
        shape = Shape().sphere(size, 5, sides=12)
        shape.sphere(size * 0.8, 4, translation(0.1 * size, side * 0.42 * size), 10)
        puppet.rigid(shape, placed(frame, eye))


def _bands(name: str) -> list[tuple[int, int, int]]:
    """Return (first row, last row, slot) of the bands along the body."""
    if name == "clownfish":
        return [(0, 6, 0), (6, 7, 2), (7, 9, 1), (9, 10, 2), (10, 14, 0), (14, 15, 2), (15, 17, 1), (17, 18, 2), (18, 22, 0),
                (22, 23, 2), (23, 24, 1), (24, 26, 0)]  # fmt: skip
    if name == "angelfish":
        return [(0, 4, 1), (4, 6, 2), (6, 11, 0), (11, 13, 2), (13, 18, 0), (18, 20, 2), (20, 26, 1)]
    if name == "reef fish":
        return [(0, 3, 1), (3, 13, 0), (13, 15, 1), (15, 23, 0), (23, 26, 1)]
    return [(0, 26, 0)]


def _add_fins(puppet: Puppet, name: str, swim: _Swim) -> None:
    """Add the tail, back and belly fins along the backbone, and the two paddles."""
    kind, length = swim.kind, swim.length
    _, high = _outline(kind, name)
    tail = np.linspace(0.97, 1.27 if name != "shark" else 1.3, 7)
    spread = np.linspace(-1, 1, 11)
    curve, _ = swim.points(tail, swim.height)
    ray = (tail - tail[0]) / (tail[-1] - tail[0])
    cut = 1 - kind.fork * (1 - np.abs(spread))
    reach = ray[:, None] * cut[None]
    at = np.clip(reach * 6, 0, 5.999)
    low = at.astype(int)
    flow = (
        curve[:, low] * (1 - (at - low))[None, ..., None]
        + curve[:, np.minimum(low + 1, 6)] * (at - low)[None, ..., None]
    )
    breadth = high[-1] + (max(0.9 * kind.high, 0.17) - high[-1]) * reach
    flow[..., 2] += breadth[None] * spread[None, None] * length
    puppet.skin(flow, 0 if name == "shark" else 3, close=False)
    pointed = name in ("shark", "angelfish")
    _add_ridge(puppet, swim, (0.33, 0.52) if name == "shark" else (0.26, 0.8), 1.0, kind.fin, pointed, name)
    _add_ridge(puppet, swim, (0.6, 0.82), -1.0, kind.fin * (0.35 if name == "shark" else 0.75), pointed, name)
    for side in (1, -1):
        _add_paddle(puppet, swim, side, name)


def _add_ridge(
    puppet: Puppet, swim: _Swim, span: tuple[float, float], way: float, fin: float, pointed: bool, name: str
) -> None:
    """Add a fin along the back (way 1) or the belly (-1), leaning backwards."""
    share = np.linspace(*span, 10)
    _, high = _outline(swim.kind, name)
    base = np.interp(share, swim.share, high) * 0.85
    inside = np.linspace(0, 1, 10)
    tall = fin * (inside if pointed else np.sin(np.pi * np.clip(0.12 + 0.8 * inside, 0, 1)) ** 0.6)
    if pointed:
        tall = fin * np.where(inside < 0.55, inside / 0.55, 1 - 0.75 * (inside - 0.55) / 0.45)
    rows = []
    for step in np.linspace(0, 1, 4):
        points, left = swim.points(share + 0.5 * step * tall, swim.height)
        points[..., 2] += way * (base + step * tall)[None] * swim.length
        ripple = 0.05 * step * tall * np.sin(1.7 * swim.wave[:, None] - 9 * share[None])
        rows.append(points + ripple[..., None] * left * swim.length)
    puppet.skin(np.stack(rows, axis=1), 0 if name == "shark" else 3, close=False)


def _add_paddle(puppet: Puppet, swim: _Swim, side: int, name: str) -> None:
    """Add a pectoral fin that beats up and down."""
    length = swim.length
    wide, high = _outline(swim.kind, name)
    size = (0.26 if name == "shark" else 0.17) * length
    beat = np.radians(-18 + (8 if name == "shark" else 26) * np.sin(0.8 * swim.wave + 0.7 * side))
    out = np.linspace(0, 1, 6)[:, None]
    chord = np.linspace(0, 1, 5)[None]
    width = (0.5 * np.sin(np.pi * np.clip(0.2 + 0.75 * out, 0, 1))) * size
    back = 0.75 * out * size + chord * width
    reach = out * size * (1 - 0.15 * chord)
    spot = int(0.3 * (ROWS - 1))
    way = frames_along(swim.spine[:, spot - 2] - swim.spine[:, spot + 2], (0, 0, 1.0))
    local = np.stack(np.broadcast_arrays(-back[None], side * reach[None] * np.cos(beat)[:, None, None],
                                         reach[None] * np.sin(beat)[:, None, None]), axis=-1)  # fmt: skip
    local = local + np.array([0, side * wide[spot] * 0.9 * length, -0.35 * high[spot] * length])
    moved = np.einsum("tij,trcj->trci", way, local) + swim.spine[:, spot][:, None, None]
    puppet.skin(moved, 0 if name == "shark" else 3, close=False, rest=local[0])
