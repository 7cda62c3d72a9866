"""A potted plant in gusts of wind, or growing out of its pot: sunflowers, tulips, a palm, tall grass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, rotation, scaling, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import foliage, plain, shade
from blender_scripts.motion_tools import (
    Puppet,
    draw_colours,
    ease,
    frames_along,
    placed,
    progress_of,
    seconds_of,
    stage_point,
    sweep,
    wander,
)
from blender_scripts.palettes import srgb

PARAMETERS = {
    "kind": (["sunflower", "tulips", "palm", "grass"], "the plant"),
    "action": (["sway", "sway", "grow"], "swaying in the wind, or growing during the clip"),
    "height_m": ((0.9, 1.5), "full height over the soil"),
    "wind": ((0.6, 1.2), "strength of the gusts"),
}

POT_M = 0.34
"""Height of the pot; its rim's radius is 0.75 of it."""


@dataclass(frozen=True)
class _Air:
    """Wind (T,) in radians of lean at a stem's tip, its azimuth, growth (T,) 0..1, and the seconds."""

    gust: Array
    azimuth: float
    growth: Array
    seconds: Array


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the plant and bake its motion; see `contracts.AnimatedSubject` for what comes back."""
    height, wind = float(params["height_m"]), float(params["wind"])
    if not 0.2 <= height <= 3.0 or not 0 <= wind <= 3:
        raise StageError("plant: height_m must lie in 0.2..3 and wind in 0..3")
    height = min(height, 0.9 * context.scene.stage_radius_m)
    kind, grows = str(params["kind"]), params["action"] == "grow"
    seconds = seconds_of(context)
    swell = wander(rng, seconds, 1.9)[0]
    gust = wind * (0.34 + 0.5 * swell + 0.22 * wander(rng, seconds, 0.8)[0]) * (0.35 if grows else 1.0)
    growth = 0.12 + 0.88 * progress_of(context) ** 0.9 if grows else np.ones(context.times)
    air = _Air(gust, float(rng.uniform(0, 2 * np.pi)), growth, seconds)
    puppet = Puppet(context.times)
    names, colours = draw_colours(rng, 2)
    _add_pot(puppet)
    words = {"sunflower": _sunflowers, "tulips": _tulips, "palm": _palm, "grass": _grass}[kind](
        puppet, height, air, rng
    )
    green = srgb(str(rng.choice(["4f7a33", "5d8a3a", "3f6b3a", "6f8f3f"])))
    petal = srgb("e8a91c") if kind == "sunflower" else srgb("8d6a45") if kind == "palm" else colours[1]
    many = words in ("sunflowers", "tulips")
    materials = [plain("pot", colours[0], 0.55), plain("soil", srgb("3a2a1e"), 0.95, variation=0.4),
                 plain("stem", shade(green, 0.8)),
                 foliage("leaves", green, 0.25), plain("petals", petal, 0.55, variation=0.2),
                 plain("seeds", srgb("3f2a18"), 0.8, variation=0.4)]  # fmt: skip
    subject = puppet.bake(f"plant {kind}", materials, 0.0)
    subject.location = stage_point(context)
    does = ("grow out of" if many else "grows out of") if grows else (
        "sway in the wind in" if many else "sways in the wind in")  # fmt: skip
    colour = f"{names[1]} " if kind == "tulips" else ""
    front = float(np.degrees(air.azimuth) + 60) % 360.0
    phrase = f"{colour}{words}" if many else f"a {words}"
    pot = f"{'an' if names[0][0] in 'aeiou' else 'a'} {names[0]} pot"
    return AnimatedSubject([subject], front, f"{phrase} {does} {pot}")


def _add_pot(puppet: Puppet) -> None:
    """Slots 0 (pot) and 1 (soil)."""
    profile = [
        (0.5, 0.0),
        (0.53, 0.03),
        (0.68, 0.8),
        (0.75, 0.81),
        (0.76, 0.98),
        (0.72, 1.0),
        (0.66, 0.98),
        (0.64, 0.86),
    ]
    pot = Shape().lathe(np.array(profile) * POT_M + [0, RESTING_GAP_M], 0, sides=28)
    pot.lathe(np.array([(0.001, 0.86), (0.4, 0.875), (0.655, 0.85)])[::-1] * POT_M, 1, sides=20)
    puppet.still(pot)


def _stem(
    base: Array, lean: float, toward: float, length: float, air: _Air, give: float, lag: float, count: int = 14
) -> Array:
    """Return a stem's points (T, count, 3): it leans ``lean`` radians towards azimuth ``toward`` and bends with the wind,
    more at its tip, ``lag`` seconds late."""
    share = np.linspace(0, 1, count)
    own = lean * share**0.8
    flutter = 0.05 * np.sin(2 * np.pi * 1.7 * air.seconds + 9 * lag)
    push = np.interp(air.seconds - lag, air.seconds, air.gust) + flutter * air.gust
    pushed = give * push[:, None] * (share**1.3)[None]
    x = own[None] * np.cos(toward) + pushed * np.cos(air.azimuth)
    y = own[None] * np.sin(toward) + pushed * np.sin(air.azimuth)
    angle = np.hypot(x, y)
    flat = np.where(angle > 1e-9, np.sin(angle) / np.maximum(angle, 1e-9), 1.0)
    way = np.stack([x * flat, y * flat, np.cos(angle)], axis=-1)
    step = length / (count - 1) * air.growth[:, None, None]
    points = np.concatenate(
        [np.zeros((len(way), 1, 3)), np.cumsum((way[:, 1:] + way[:, :-1]) / 2 * step, axis=1)], axis=1
    )
    return points + base


def _add_stem(puppet: Puppet, points: Array, thick: float, slot: int = 2, tip: float = 0.6) -> None:
    radii = np.linspace(1.0, tip, points.shape[1]) * thick
    puppet.skin(sweep(points, radii, radii, (0.31, 0.95, 0.0), 8), slot)


def _leaf(puppet: Puppet, root: Array, azimuth: float, rise: float, size: Array, wide: float, droop: float, air: _Air,
          lag: float, slot: int = 3, fold: float = 0.3) -> None:  # fmt: skip
    """Add a leaf at ``root`` (T, 3), pointing to ``azimuth`` at ``rise`` radians, of length ``size`` (T,) metres; ``wide``
    is its width over its length."""
    share = np.linspace(0, 1, 9)
    facing = np.cos(azimuth - air.azimuth)
    flutter = 0.35 * np.sin(2 * np.pi * (2.1 + 0.4 * np.sin(7 * lag)) * air.seconds + 40 * lag) * air.gust
    lift = rise + (flutter - 0.5 * facing * air.gust)[:, None] * share[None] - droop * share[None]
    aside = azimuth - 0.7 * np.sin(azimuth - air.azimuth) * air.gust[:, None] * share[None]
    step = size[:, None] / 8
    way = np.stack([np.cos(lift) * np.cos(aside), np.cos(lift) * np.sin(aside), np.sin(lift)], axis=-1)
    points = np.cumsum(way * step[..., None], axis=1) - way[:, :1] * step[..., None] + root[:, None]
    left = np.stack([-np.sin(aside), np.cos(aside), 0 * aside], axis=-1)
    over = np.cross(way, left)
    half = wide / 2 * size[:, None] * np.sin(np.pi * np.clip(0.06 + 0.93 * share, 0, 1) ** 0.75)[None]
    rows = [
        points + sign * half[..., None] * left + fold * abs(sign) * half[..., None] * over
        for sign in (-1, -0.5, 0, 0.5, 1)
    ]
    puppet.skin(np.stack(rows, axis=2), slot, close=False)


def _sunflowers(puppet: Puppet, height: float, air: _Air, rng: np.random.Generator) -> str:
    count = int(rng.integers(1, 4))
    for index in range(count):
        toward = 2 * np.pi * index / count + float(rng.uniform(0, 1))
        base = np.array([0.08 * np.cos(toward), 0.08 * np.sin(toward), 0.86 * POT_M]) * (count > 1) + [
            0,
            0,
            0.86 * POT_M * (count == 1),
        ]
        points = _stem(base, 0.25 if count > 1 else 0.1, toward, height * (1 - 0.16 * index), air, 0.7, 0.06 * index)
        _add_stem(puppet, points, 0.02)
        for leaf in range(6):
            node = 3 + int(leaf * 1.7)
            size = 0.33 * height**0.5 * (1 - 0.08 * leaf) * ease((air.growth - node / 15) / 0.3) + 1e-4
            _leaf(puppet, points[:, node], toward + 2.4 * leaf, 0.55, size, 0.6, 1.0, air, 0.05 * leaf + index)
        _add_flower(puppet, points, air, float(toward if count > 1 else rng.uniform(0, 6.28)), 0.14)
    return "sunflower" if count == 1 else "sunflowers"


def _add_flower(puppet: Puppet, points: Array, air: _Air, azimuth: float, size: float) -> None:
    """Add a disc with two rows of petals on a stem's tip, looking towards ``azimuth`` and a little up."""
    head = Shape().sphere(size * 0.62, 5, scaling(1, 1, 0.4), 16)
    for ring, (count, rise) in enumerate(((15, 14), (15, 26))):
        for petal in range(count):
            at = (
                rotation("z", 360 / count * (petal + 0.5 * ring))
                @ translation(size * 0.5, 0, -0.01 * ring)
                @ rotation("y", -rise)
            )
            blade = [[0, 0], [0.35, -0.16], [0.75, -0.13], [1.0, 0.0], [0.75, 0.13], [0.35, 0.16]]
            outline = np.column_stack([np.array(blade) * size * 0.95, [0, 0.02, 0.0, -0.03, 0.0, 0.02]])
            head.add(outline, [(0, 1, 2, 3, 4, 5)], 4, at)
    head.sphere(size * 0.3, 2, translation(0, 0, -0.2 * size) @ scaling(1.2, 1.2, 0.6), 10)
    way = points[:, -1] - points[:, -2]
    look = np.array([np.cos(azimuth), np.sin(azimuth), 0.25]) + 0.5 * way / np.linalg.norm(way, axis=-1, keepdims=True)
    frame = frames_along(look, (0.0, 0.0, 1.0)) @ np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    scale = (ease((air.growth - 0.45) / 0.5) + 1e-3)[:, None, None]
    puppet.rigid(head, placed(frame * scale, points[:, -1]))


def _tulips(puppet: Puppet, height: float, air: _Air, rng: np.random.Generator) -> str:
    cup = np.array(
        [
            (0.01, 0.0),
            (0.3, 0.05),
            (0.46, 0.25),
            (0.5, 0.5),
            (0.42, 0.85),
            (0.36, 1.0),
            (0.33, 0.97),
            (0.38, 0.5),
            (0.05, 0.2),
        ]
    )
    height = 0.62 * height
    for index in range(int(rng.integers(7, 12))):
        toward = 2.4 * index
        out = 0.045 * np.sqrt(index)
        base = np.array([out * np.cos(toward), out * np.sin(toward), 0.86 * POT_M])
        tall = height * float(rng.uniform(0.8, 1.1))
        points = _stem(base, 0.12 + 0.09 * np.sqrt(index), toward, tall, air, 0.8, 0.03 * index)
        _add_stem(puppet, points, 0.0095)
        bloom = 0.12 * (0.4 + 0.6 * ease((air.growth - 0.35) / 0.5))
        way = points[:, -1] - points[:, -3]
        frame = frames_along(way, (0.3, 0.95, 0.0)) @ np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
        puppet.rigid(
            Shape().lathe(cup, 4, sides=9),
            placed(frame * (bloom * ease(air.growth / 0.3))[:, None, None], points[:, -1]),
        )
        size = (0.6 + 0.3 * float(rng.random())) * tall * (0.25 + 0.75 * air.growth)
        _leaf(puppet, points[:, 0], toward + 0.8, 1.25, size, 0.16, 0.7, air, 0.07 * index, fold=0.5)
    return "tulips"


def _palm(puppet: Puppet, height: float, air: _Air, rng: np.random.Generator) -> str:
    trunk = _stem(np.array([0, 0, 0.86 * POT_M]), 0.16, float(rng.uniform(0, 6.28)), 0.5 * height, air, 0.25, 0.0)
    _add_stem(puppet, trunk, 0.045, 4, 0.75)
    fronds = int(rng.integers(9, 13))
    for index in range(fronds):
        azimuth = 2.4 * index
        rise = 1.25 - 0.95 * index / fronds
        size = 0.62 * height * (0.2 + 0.8 * air.growth)
        share = np.linspace(0, 1, 12)
        gust = air.gust[:, None] * share[None]
        flutter = 0.2 * np.sin(2 * np.pi * 1.3 * air.seconds + 1.7 * index)[:, None] * gust
        lift = rise - 1.5 * share[None] ** 1.2 - 0.6 * np.cos(azimuth - air.azimuth) * gust + flutter
        aside = azimuth - 0.8 * np.sin(azimuth - air.azimuth) * gust
        way = np.stack([np.cos(lift) * np.cos(aside), np.cos(lift) * np.sin(aside), np.sin(lift)], axis=-1)
        points = (
            np.cumsum(way * (size / 11)[:, None, None], axis=1)
            - way[:, :1] * (size / 11)[:, None, None]
            + trunk[:, -1:]
        )
        _add_stem(puppet, points, 0.008)
        left = np.stack([-np.sin(aside), np.cos(aside), 0 * aside], axis=-1)
        tall = 0.3 * np.sin(np.pi * np.clip(share * 0.85 + 0.12, 0, 1))[None] * size[:, None]
        for side in (1, -1):
            tip = points + tall[..., None] * (side * 0.8 * left + 0.5 * way) - np.array([0, 0, 0.25]) * tall[..., None]
            ends = np.stack([points[:, 1:] - 0.9 * (points[:, 1:] - points[:, :-1]), points[:, 1:], tip[:, 1:]], axis=2)
            blades = Shape().add(ends[0].reshape(-1, 3), [(3 * k, 3 * k + 1, 3 * k + 2) for k in range(11)], 3)
            puppet.soft(blades, ends.reshape(len(ends), -1, 3))
    return "palm"


def _grass(puppet: Puppet, height: float, air: _Air, rng: np.random.Generator) -> str:
    for index in range(60):
        azimuth = 2.4 * index
        out = 0.024 * np.sqrt(index)
        root = np.tile([out * np.cos(azimuth), out * np.sin(azimuth), 0.86 * POT_M], (len(air.seconds), 1))
        size = height * float(rng.uniform(0.65, 1.0)) * (0.15 + 0.85 * air.growth)
        rise = 1.5 - 0.05 * np.sqrt(index) * float(rng.uniform(0.5, 1.5))
        _leaf(puppet, root, azimuth, rise, size, 0.04, float(rng.uniform(0.5, 1.5)), air, 0.043 * index, fold=0.6)
    return "tuft of tall grass"
