"""Bodies of the biped: a robot, a wooden mannequin and a clothed person, made of rigid parts that overlap at joints.

Each part is a shape in its bone's frame (see `gait.animate`): x forward, y left; limbs hang along -z from their upper
joint, the trunk and head rise along +z.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, scaling, translation
from blender_scripts.materials import fabric, glow, plain, shade, wood
from blender_scripts.motion.gait import Build
from blender_scripts.palettes import ACCENTS, WOODS, srgb

SIDES = ((1, "left"), (-1, "right"))
SKINS = ("f0c8a8", "d9a37c", "b07a52", "8a5a3b", "5f3d2a")
HAIR = ("2b1d14", "553820", "8a6233", "b98a4a", "1a1a1c", "8c8c8c")


@dataclass(frozen=True)
class Body:
    """A figure's parts, the materials that their slots mean, and how a caption calls it."""

    parts: dict[str, Shape]
    materials: list[bpy.types.Material]
    phrase: str


def draw_body(style: str, build: Build, rng: np.random.Generator) -> Body:
    """Return the body of a style: 'robot', 'mannequin' or 'person', in drawn colours."""
    return {"robot": _robot, "mannequin": _mannequin, "person": _person}[style](build, rng)


def _accent(rng: np.random.Generator) -> tuple[str, tuple[float, float, float]]:
    name = str(rng.choice(list(ACCENTS)))
    return name, srgb(ACCENTS[name])


def _robot(build: Build, rng: np.random.Generator) -> Body:
    """Slots: 0 shell, 1 dark joints, 2 light, 3 trim."""
    h = build.height
    name, colour = _accent(rng)
    trim_name, trim = _accent(rng)
    parts: dict[str, Shape] = {}
    pelvis = Shape().box((0.115 * h, 0.155 * h, 0.075 * h), 0, translation(0, 0, -0.035 * h), 0.018 * h)
    pelvis.capsule((0, 0, 0.02 * h), (0, 0, build.waist_up), 0.042 * h, slot=1)
    parts["pelvis"] = pelvis
    chest = Shape().box((0.145 * h, 0.205 * h, 0.19 * h), 0, translation(0, 0, -0.015 * h), 0.028 * h)
    chest.box((0.02 * h, 0.12 * h, 0.075 * h), 3, translation(0.07 * h, 0, 0.075 * h), 0.008 * h)
    chest.sphere(0.018 * h, 2, translation(0.08 * h, 0.035 * h, 0.11 * h), 10)
    chest.box((0.06 * h, 0.14 * h, 0.13 * h), 3, translation(-0.09 * h, 0, 0.02 * h), 0.012 * h)
    chest.cylinder(0.03 * h, 0.05 * h, 1, translation(0, 0, 0.165 * h), 12)
    parts["chest"] = chest
    head = Shape().box((0.115 * h, 0.125 * h, 0.115 * h), 0, translation(0, 0, 0.015 * h), 0.026 * h)
    head.box((0.02 * h, 0.098 * h, 0.034 * h), 1, translation(0.052 * h, 0, 0.066 * h), 0.008 * h)
    for side, _ in SIDES:
        head.sphere(0.011 * h, 2, translation(0.0625 * h, side * 0.026 * h, 0.083 * h), 10)
        head.cylinder(0.024 * h, 0.02 * h, 3, translation(0, side * 0.058 * h, 0.072 * h)
                      @ rotation("x", -90 * side), 14, bevel=0.004 * h)  # fmt: skip
    head.capsule((-0.03 * h, 0.035 * h, 0.12 * h), (-0.035 * h, 0.035 * h, 0.165 * h), 0.004 * h, slot=1, sides=6)
    head.sphere(0.009 * h, 2, translation(-0.035 * h, 0.035 * h, 0.17 * h), 8)
    parts["head"] = head
    for side, tag in SIDES:
        upper = Shape().sphere(0.044 * h, 1, sides=14)
        upper.box((0.058 * h, 0.058 * h, 0.1 * h), 0, translation(0, side * 0.006 * h, -0.135 * h), 0.014 * h)
        upper.box((0.085 * h, 0.075 * h, 0.05 * h), 3, translation(0, side * 0.012 * h, -0.008 * h), 0.018 * h)
        parts[f"upper arm {tag}"] = upper
        lower = Shape().sphere(0.034 * h, 1, sides=12)
        lower.box((0.066 * h, 0.066 * h, 0.11 * h), 0, translation(0, 0, -0.145 * h), 0.018 * h)
        lower.box((0.05 * h, 0.026 * h, 0.055 * h), 1, translation(0, 0, -0.2 * h), 0.01 * h)
        parts[f"forearm {tag}"] = lower
        thigh = Shape().sphere(0.05 * h, 1, sides=14)
        thigh.box((0.082 * h, 0.082 * h, 0.17 * h), 0, translation(0, 0, -0.21 * h), 0.02 * h)
        parts[f"thigh {tag}"] = thigh
        shin = Shape().sphere(0.044 * h, 1, sides=14)
        shin.box((0.09 * h, 0.08 * h, 0.175 * h), 0, translation(0, 0, -0.225 * h), 0.022 * h)
        shin.box((0.02 * h, 0.05 * h, 0.1 * h), 3, translation(0.04 * h, 0, -0.17 * h), 0.006 * h)
        parts[f"shin {tag}"] = shin
        parts[f"foot {tag}"] = _shoe(build, 3, 1, 0.084)
    materials = [
        plain("robot shell", colour, 0.35, 0.15, 0.1, coat=0.4),
        plain("robot joints", srgb("3a3d42"), 0.4, 0.8),
        glow("robot lights", srgb("8fe9ff"), 1.8),
        plain("robot trim", trim if trim_name != name else shade(colour, 0.4), 0.4, 0.1),
    ]
    return Body(parts, materials, f"{_article(name)} {name} robot")


def _shoe(build: Build, upper_slot: int, sole_slot: int, width: float) -> Shape:
    """Return a shoe whose sole lies on the floor when the ankle joint is at rest height."""
    h = build.height
    shape = Shape()
    length = build.heel + build.ball + 0.032 * h
    middle = (build.ball + 0.032 * h - build.heel) / 2
    down = -build.ankle
    shape.box((length, width * 0.9 * h, 0.014 * h), sole_slot, translation(middle, 0, down + 0.0005), 0.005 * h)
    shape.box(
        (length * 0.95, width * 0.85 * h, 0.03 * h), upper_slot, translation(middle, 0, down + 0.012 * h), 0.012 * h
    )
    return shape.sphere(0.036 * h, upper_slot, scaling(1.25, 1, 0.95), 12)


def _limbs(build: Build, slots: dict[str, int], girth: float) -> dict[str, Shape]:
    """Return rounded arms, legs, hands and shoes; ``slots`` names the material slot of each."""
    h, parts = build.height, {}
    for side, tag in SIDES:
        parts[f"upper arm {tag}"] = Shape().capsule(
            (0, 0, 0), (0, 0, -build.upper_arm), 0.036 * girth * h, 0.027 * girth * h, slots["sleeve"])  # fmt: skip
        arm = Shape().capsule(
            (0, 0, 0), (0, 0, -build.forearm), 0.0275 * girth * h, 0.021 * girth * h, slots["forearm"]
        )
        arm.capsule(
            (0, 0, -build.forearm), (0.006 * h, 0, -build.forearm - 0.05 * h), 0.022 * h, 0.017 * h, slots["hand"]
        )
        arm.capsule((0.012 * h, 0, -build.forearm - 0.01 * h), (0.032 * h, -side * 0.008 * h, -build.forearm - 0.04 * h),
                    0.009 * h, 0.007 * h, slots["hand"], 8)  # fmt: skip
        parts[f"forearm {tag}"] = arm
        parts[f"thigh {tag}"] = Shape().capsule(
            (0, 0, 0), (0, 0, -build.thigh), 0.056 * girth * h, 0.038 * girth * h, slots["leg"])  # fmt: skip
        parts[f"shin {tag}"] = Shape().capsule(
            (0, 0, 0), (0, 0, -build.shin), 0.039 * girth * h, 0.028 * girth * h, slots["leg"])  # fmt: skip
        parts[f"foot {tag}"] = _shoe(build, slots["shoe"], slots["sole"], 0.062)
    return parts


def _trunk(build: Build, slots: dict[str, int], broad: float) -> dict[str, Shape]:
    """Return pelvis and chest as swept ellipses."""
    h = build.height
    pelvis = Shape().merge(_oval([(0.055, 0.075, -0.055), (0.066, 0.094, -0.02), (0.064, 0.092, 0.03),
                                  (0.056, 0.078, 0.085), (0.055, 0.076, 0.125)], h), slot_offset=slots["leg"])  # fmt: skip
    rows = [(0.054, 0.077, -0.045), (0.06, 0.084 * broad, 0.02), (0.07, 0.1 * broad, 0.09), (0.064, 0.106 * broad, 0.135),
            (0.04, 0.07 * broad, 0.168), (0.028, 0.03, 0.185)]  # fmt: skip
    chest = Shape().merge(_oval(rows, h), slot_offset=slots["chest"])
    chest.cylinder(0.03 * h, 0.06 * h, slots["hand"], translation(0, 0, 0.165 * h), 12)
    return {"pelvis": pelvis, "chest": chest}


def _oval(rows: list[tuple[float, float, float]], scale: float) -> Shape:
    """Return a closed skin through ellipses given as (half depth x, half width y, height z) times ``scale``."""
    angles = np.arange(18) * 2 * np.pi / 18
    x, y, z = (np.array(column)[:, None] * scale for column in zip(*rows, strict=True))
    grid: Array = np.stack([x * np.cos(angles), y * np.sin(angles), np.broadcast_to(z, (len(rows), 18))], axis=-1)
    shape = Shape().sheet(grid, close=True)
    shape.add(grid[0], [tuple(range(18))[::-1]])
    return shape.add(grid[-1], [tuple(range(18))])


def _mannequin(build: Build, rng: np.random.Generator) -> Body:
    """Slots: 0 wood, 1 joints."""
    h = build.height
    name = str(rng.choice(list(WOODS)))
    joint_name, joint = _accent(rng)
    slots = {"sleeve": 0, "forearm": 0, "hand": 0, "leg": 0, "chest": 0, "shoe": 0, "sole": 0}
    parts = _limbs(build, slots, 0.98) | _trunk(build, slots, 1.0)
    parts["chest"].sphere(0.045 * h, 1, translation(0, 0, -0.04 * h), 14)
    parts["head"] = Shape().sphere(0.065 * h, 0, translation(0.006 * h, 0, 0.085 * h) @ scaling(0.95, 0.82, 1.15), 18)
    parts["head"].sphere(0.03 * h, 1, translation(0, 0, 0.008 * h), 12)
    for _, tag in SIDES:
        for part, radius in (
            ("upper arm", 0.041),
            ("forearm", 0.032),
            ("thigh", 0.06),
            ("shin", 0.043),
            ("foot", 0.033),
        ):
            parts[f"{part} {tag}"].sphere(radius * h, 1, sides=12)
    materials = [wood("mannequin wood", srgb(WOODS[name]), 0.4), plain("mannequin joints", joint, 0.35)]
    return Body(parts, materials, f"{_article(name)} {name} mannequin with {joint_name} joints")


def _person(build: Build, rng: np.random.Generator) -> Body:
    """Slots: 0 skin, 1 top, 2 trousers, 3 shoes, 4 sole, 5 hair, 6 eyes."""
    h = build.height
    name, colour = _accent(rng)
    _, legs = _accent(rng)
    skin = srgb(str(rng.choice(SKINS)))
    long_sleeves = bool(rng.random() < 0.6)
    slots = {"sleeve": 1, "forearm": 1 if long_sleeves else 0, "hand": 0, "leg": 2, "chest": 1, "shoe": 3, "sole": 4}
    parts = _limbs(build, slots, float(rng.uniform(0.95, 1.12))) | _trunk(build, slots, float(rng.uniform(0.95, 1.08)))
    head = Shape().sphere(0.06 * h, 0, translation(0.008 * h, 0, 0.078 * h) @ scaling(0.98, 0.84, 1.18), 18)
    head.merge(_hair(h, bool(rng.random() < 0.5)), slot_offset=5)
    head.sphere(0.012 * h, 0, translation(0.068 * h, 0, 0.07 * h) @ scaling(1, 0.8, 1.2), 8)
    for side, _ in SIDES:
        head.sphere(0.0085 * h, 6, translation(0.06 * h, side * 0.022 * h, 0.09 * h), 8)
        head.sphere(0.014 * h, 0, translation(0.002 * h, side * 0.05 * h, 0.075 * h) @ scaling(0.8, 0.5, 1.2), 8)
    parts["head"] = head
    materials = [
        plain("skin", skin, 0.5, variation=0.05),
        fabric("top", colour),
        fabric("trousers", shade(legs, 0.5)),
        plain("shoes", srgb(str(rng.choice(["2d2a28", "7a4a2c", "d8d4cc"]))), 0.5),
        plain("soles", srgb("e0dcd2"), 0.7),
        plain("hair", srgb(str(rng.choice(HAIR))), 0.6, variation=0.3),
        plain("eyes", srgb("16120f"), 0.15),
    ]
    return Body(parts, materials, f"a person in {_article(name)} {name} {'jumper' if long_sleeves else 't-shirt'}")


def _hair(h: float, long: bool) -> Shape:
    """Return a cap of hair over the back and top of the head, down to the neck if long."""
    rows = np.linspace(np.pi / 2 - 0.02, -0.75 if long else -0.3, 10)
    turns = np.linspace(0, 2 * np.pi, 25)
    grid = []
    for low in rows:
        front = np.cos(turns) > 0
        height = np.where(front, np.maximum(low, 0.62 - 0.5 * (1 - np.cos(turns)) ** 2), low)
        radius = 0.064 * h * (1.0 + (0.12 if long else 0.05) * (low < 0.2))
        grid.append(np.stack([np.cos(height) * np.cos(turns) * 0.98 * radius + 0.004 * h,
                              np.cos(height) * np.sin(turns) * 0.86 * radius,
                              np.sin(height) * 1.18 * radius + 0.079 * h], axis=-1))  # fmt: skip
    return Shape().sheet(np.array(grid)[::-1])


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"
