"""A clockwork of meshing gears on stands; the topmost one drives a piston through a crank and a connecting rod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, rotation, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain, wood
from blender_scripts.motion.baking import bake_poses
from blender_scripts.motion_tools import article, draw_colours, root_of, seconds_of, stage_point, wander
from blender_scripts.palettes import WOODS, srgb

PARAMETERS = {
    "gears": ((4, 7), "number of gears, 3 to 9"),
    "module_m": ((0.036, 0.05), "pitch diameter over the number of teeth; made finer until the gears find room"),
    "turns_per_s": ((0.25, 0.55), "turns a second of a gear with 16 teeth"),
    "rhythm": (["steady", "steady", "swinging"], "a constant speed, or one that swells and ebbs"),
    "finish": (["metal", "painted", "wooden"], "what the gears are made of"),
}

THICKNESS_M = 0.07
METALS = {"brass": "b8913f", "copper": "b3683f", "steel": "9aa0a6", "bronze": "8a6a3a"}
BASE_M = 0.08


@dataclass(frozen=True)
class _Gear:
    """A gear in the plane of the mechanism: x to the right, y up, metres; angle at time 0 in radians."""

    x: float
    y: float
    teeth: int
    sign: int
    start: float

    def radius(self, module: float) -> float:
        return self.teeth * module / 2

    def angles(self, drive: Array) -> Array:
        """Return its angle at all times, ``drive`` being what a gear with one tooth would turn."""
        return self.start + self.sign * drive / self.teeth


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the clockwork and key its motion; see `contracts.AnimatedSubject` for what comes back."""
    count, module = int(params["gears"]), float(params["module_m"])
    if not 3 <= count <= 9 or not 0.01 <= module <= 0.1 or not params["turns_per_s"] > 0:
        raise StageError("gears: gears must lie in 3..9, module_m in 0.01..0.1 and turns_per_s be positive")
    half_width = min(1.15, 0.8 * context.scene.stage_radius_m)
    train, module = _lay_out(count, module, half_width, rng)
    seconds = seconds_of(context)
    turned = float(params["turns_per_s"]) * seconds
    if params["rhythm"] == "swinging":
        turned = turned + 0.26 * float(params["turns_per_s"]) * wander(rng, seconds, 2.2)[0]
    drive = 2 * np.pi * 16 * turned * (1 if rng.random() < 0.5 else -1)
    facing = float(rng.uniform(0, 360))
    upright = translation(*stage_point(context)) @ rotation("z", facing + 90) @ rotation("x", 90)
    finish = str(params["finish"])
    materials, words = _draw_materials(finish, rng)
    parts = [_stand(train, module, upright, materials)]
    for index, gear in enumerate(train):
        parts.append(_gear_object(gear, module, drive, upright, materials[2 + index % (len(materials) - 2)], rng))
    parts += _piston(train, module, drive, upright, materials)
    root = root_of("gears", parts)
    caption = f"{article(words)} clockwork of {count} meshing gears turns and drives a piston up and down"
    return AnimatedSubject([root], facing % 360.0, caption)


def _lay_out(count: int, module: float, half_width: float, rng: np.random.Generator) -> tuple[list[_Gear], float]:
    """Place gears one against another so that no others touch, the last one highest with free room above.

    Returns them and the module, which is made finer until they find room.
    """
    for attempt in range(6000):
        if attempt % 250 == 249:
            module *= 0.93
        teeth = [int(rng.integers(9, 22)) for _ in range(count)]
        own = teeth[0] * module / 2
        x, y = float(rng.uniform(-0.7, 0.0)) * half_width, own + module + BASE_M + float(rng.uniform(0.06, 0.4))
        train = [_Gear(x, y, teeth[0], 1, float(rng.uniform(0, 2 * np.pi)))]
        for amount in teeth[1:]:
            added = _append(train, amount, module, half_width, rng)
            if added is None:
                break
            train.append(added)
        if len(train) == count and _is_free_above(train, module):
            return train, module
    raise StageError(f"gears: {count} gears find no room within {half_width:.2f} m; use fewer")


def _append(train: list[_Gear], teeth: int, module: float, half_width: float, rng: np.random.Generator) -> _Gear | None:
    before = train[-1]
    near, own = before.radius(module), teeth * module / 2
    for _ in range(12):
        way = float(rng.uniform(-0.35 * np.pi, 0.75 * np.pi))
        x, y = before.x + (near + own) * np.cos(way), before.y + (near + own) * np.sin(way)
        inside = abs(x) + own + module <= half_width and own + module + BASE_M + 0.06 <= y <= 1.45 - own
        apart = all(np.hypot(x - g.x, y - g.y) > own + g.radius(module) + 2.6 * module for g in train[:-1])
        if inside and apart:
            # A tooth of one must meet a gap of the other on the line of centres.
            pitch = np.pi * module
            start = way + np.pi - (near * (before.start - way) + pitch / 2) / own
            return _Gear(float(x), float(y), teeth, -before.sign, float(start))
    return None


def _is_free_above(train: list[_Gear], module: float) -> bool:
    """Whether the last gear is large enough for a crank and nothing stands in the piston's way."""
    last = train[-1]
    if last.teeth < 12:
        return False
    for gear in train[:-1]:
        if gear.y + gear.radius(module) > last.y and abs(gear.x - last.x) < gear.radius(module) + 0.16:
            return False
    return True


def _draw_materials(finish: str, rng: np.random.Generator) -> tuple[list[bpy.types.Material], str]:
    """Return materials (stand, dark metal, then gears') and a word for the caption."""
    dark = plain("dark steel", srgb("3b3e43"), 0.35, 0.9)
    if finish == "metal":
        names = [str(n) for n in rng.permutation(list(METALS))[:3]]
        made = [plain(name, srgb(METALS[name]), 0.28, 1.0) for name in names]
        return [plain("stand", srgb("4a3a2c"), 0.6), dark, *made], f"{names[0]} and {names[1]}"
    if finish == "wooden":
        names = [str(n) for n in rng.permutation(["oak", "cherry", "ash", "walnut"])[:3]]
        return [
            wood("stand", srgb(WOODS["walnut"])),
            dark,
            *[wood(f"{n} gear", srgb(WOODS[n])) for n in names],
        ], "wooden"
    names, colours = draw_colours(rng, 3)
    painted = [plain(f"{n} paint", c, 0.35, coat=0.5) for n, c in zip(names, colours, strict=True)]
    return [plain("stand", srgb("d8d4ca"), 0.5), dark, *painted], f"{names[0]}, {names[1]} and {names[2]}"


def _gear_object(gear: _Gear, module: float, drive: Array, upright: Array, material: bpy.types.Material,
                 rng: np.random.Generator) -> bpy.types.Object:  # fmt: skip
    radius = gear.radius(module)
    shape = _toothed_ring(gear.teeth, module, THICKNESS_M)
    inner = radius - 2.3 * module
    shape.cylinder(
        max(0.28 * radius, 0.03), THICKNESS_M * 1.35, 0, translation(0, 0, -THICKNESS_M * 0.175), 20, bevel=0.006
    )
    if inner > 0.09:
        spokes = int(rng.integers(4, 7))
        for spoke in range(spokes):
            bar = rotation("z", 360 / spokes * spoke) @ translation((inner + 0.02) / 2, 0, 0.2 * THICKNESS_M)
            shape.box((inner + 0.02, 0.3 * radius * 0.55, THICKNESS_M * 0.6), 0, bar, 0.004)
    else:
        shape.cylinder(inner + 0.01, THICKNESS_M * 0.6, 0, translation(0, 0, 0.2 * THICKNESS_M), 24)
    shape.sphere(0.018, 1, translation(0.0, max(0.28 * radius, 0.03) * 0.6, THICKNESS_M * 1.17), 10)
    made = shape.to_object("gear", [material, plain("rivet", srgb("2c2d30"), 0.4, 0.9)], sharp_deg=30)
    poses = np.stack(
        [upright @ translation(gear.x, gear.y) @ rotation("z", float(np.degrees(a))) for a in gear.angles(drive)]
    )
    bake_poses(made, poses)
    return made


def _toothed_ring(teeth: int, module: float, thickness: float) -> Shape:
    """Return a spur gear's rim: straight-flanked teeth of 20 degrees pressure angle, with a little backlash."""
    pitch = 2 * np.pi / teeth
    radius = teeth * module / 2
    outline, inside = [], []
    slope = np.tan(np.radians(20.0))
    half = np.pi * module / 4 * 0.95
    levels = [(-1.2 * module, half + 1.2 * module * slope), (0.95 * module, half - 0.95 * module * slope)]
    for tooth in range(teeth):
        centre = tooth * pitch
        for (rise, width), side in ((levels[0], -1), (levels[1], -1), (levels[1], 1), (levels[0], 1)):
            angle = centre + side * width / (radius + rise)
            outline.append(((radius + rise) * np.cos(angle), (radius + rise) * np.sin(angle)))
            inside.append(
                (max(radius - 2.3 * module, 0.02) * np.cos(angle), max(radius - 2.3 * module, 0.02) * np.sin(angle))
            )
    count = len(outline)
    rings = [
        np.column_stack([np.array(ring), np.full(count, z)]) for ring in (outline, inside) for z in (0.0, thickness)
    ]
    faces = []
    for i in range(count):
        j = (i + 1) % count
        a, b, c, d = (k * count for k in range(4))
        faces += [(a + i, a + j, b + j, b + i), (c + j, c + i, d + i, d + j)]
        faces += [(b + i, b + j, d + j, d + i), (a + j, a + i, c + i, c + j)]
    return Shape().add(np.concatenate(rings), faces)


def _stand(train: list[_Gear], module: float, upright: Array, materials: list[bpy.types.Material]) -> bpy.types.Object:
    """Return the base, a post behind every gear with its axle, and the piston's guide; it stands still."""
    left = min(g.x - g.radius(module) for g in train) - 0.05
    right = max(g.x + g.radius(module) for g in train) + 0.05
    behind = -0.05
    shape = Shape().box(
        (right - left, BASE_M, 0.34), 0, translation((left + right) / 2, BASE_M / 2 + RESTING_GAP_M, -0.14), 0.012
    )
    for gear in train:
        post = translation(gear.x, (gear.y + BASE_M) / 2, behind - 0.04)
        shape.box((0.055, gear.y - BASE_M + 0.05, 0.035), 0, post, 0.006)
        shape.cylinder(0.02, THICKNESS_M + 0.14, 1, translation(gear.x, gear.y, behind - 0.03), 14, bevel=0.004)
    last = train[-1]
    top = last.y + _stroke(last, module)[1]
    for side in (1, -1):
        shape.box((0.03, 0.46, 0.05), 0, translation(last.x + side * 0.085, top, THICKNESS_M + 0.035), 0.006)
    shape.box((0.2, 0.03, 0.03), 0, translation(last.x, top - 0.2, THICKNESS_M + 0.005), 0.004)
    shape.box((0.05, top - last.y + 0.2, 0.03), 0, translation(last.x, (top + last.y) / 2 - 0.1, behind - 0.04), 0.005)
    shape.box((0.2, 0.035, THICKNESS_M + 0.16), 0, translation(last.x, top + 0.23, behind - 0.03), 0.004)
    return shape.to_object("stand", materials[:2], upright)


def _stroke(gear: _Gear, module: float) -> tuple[float, float]:
    """Return the crank's radius and the piston's mean height above the axle, metres."""
    crank = min(0.5 * gear.radius(module), 0.13)
    return crank, gear.radius(module) + 0.3


def _piston(train: list[_Gear], module: float, drive: Array, upright: Array,
            materials: list[bpy.types.Material]) -> list[bpy.types.Object]:  # fmt: skip
    """Return the crank pin with its rod, and the block that slides in the guide (slider-crank linkage)."""
    last = train[-1]
    crank, rod = _stroke(last, module)
    angles = last.angles(drive)
    pin = crank * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    slide = pin[:, 1] + np.sqrt(rod**2 - pin[:, 0] ** 2)
    front = THICKNESS_M * 1.2
    tilt = np.degrees(np.arctan2(-pin[:, 0], slide - pin[:, 1]))
    arm = Shape().box((0.035, rod, 0.022), 0, translation(0, rod / 2, 0.012), 0.004)
    for end in (0.0, rod):
        arm.cylinder(0.034, 0.028, 0, translation(0, end, 0.009), 16)
    arm.cylinder(0.016, 0.075, 1, translation(0, 0, -0.03), 12)
    arm.cylinder(0.014, 0.05, 1, translation(0, rod, 0.0), 12)
    link = arm.to_object("connecting rod", [materials[1], materials[-1]])
    poses = [
        upright @ translation(last.x + p[0], last.y + p[1], front) @ rotation("z", -t)
        for p, t in zip(pin, tilt, strict=True)
    ]
    bake_poses(link, np.stack(poses))
    block = Shape().box((0.13, 0.13, 0.035), 0, translation(0, 0, 0.04), 0.008).to_object("piston", [materials[-1]])
    bake_poses(block, np.stack([upright @ translation(last.x, last.y + s, front) for s in slide]))
    return [link, block]
