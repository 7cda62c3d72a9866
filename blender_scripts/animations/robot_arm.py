"""An industrial robot arm that picks up boxes and sets them down elsewhere, in turns, without end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain, shade
from blender_scripts.motion.baking import bake_poses
from blender_scripts.motion.rotations import pose, turn
from blender_scripts.palettes import ACCENTS, srgb

PARAMETERS = {
    "reach_m": ((1.5, 2.1), "length of the stretched arm; less where the stage is small"),
    "cycle_s": ((2.6, 4.2), "seconds from one box to the next"),
    "stands": ((3, 5), "number of stands between which boxes are carried"),
    "box_m": ((0.22, 0.34), "side of a box"),
}


@dataclass(frozen=True)
class _Arm:
    """Lengths in metres: height of the shoulder, upper arm, forearm, and wrist to the gripper's tips."""

    shoulder: float
    upper: float
    fore: float
    hand: float


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build arm, stands and boxes and bake the work; see `contracts.AnimatedSubject` for what comes back."""
    box, stands, cycle = float(params["box_m"]), int(params["stands"]), float(params["cycle_s"])
    reach = min(float(params["reach_m"]), context.scene.stage_radius_m - box)
    if reach < 0.6 or not 2 <= stands <= 6 or cycle <= 0.3 or not 0.05 <= box <= 0.25 * reach:
        raise StageError(
            "robot_arm: needs reach_m of at least 0.6 within the stage, 2..6 stands, box_m under a quarter of it"
        )
    arm = _Arm(0.42 * reach, 0.5 * reach, 0.46 * reach, 0.16 * reach)
    stand_height = float(rng.uniform(0.28, 0.45)) * reach * 0.6
    azimuths = float(rng.uniform(0, 360)) + np.arange(stands) * 360.0 / stands + rng.uniform(-12, 12, stands)
    spots = (
        np.stack([np.cos(np.radians(azimuths)), np.sin(np.radians(azimuths)), np.zeros(stands)], axis=-1) * 0.68 * reach
    )
    spots[:, 2] = stand_height
    seconds = np.arange(context.times) / context.fps
    moves = int(np.ceil(seconds[-1] / cycle)) + 1
    schedule, layout = _schedule(stands, moves, rng)
    base = np.array([*context.scene.stage_centre[:2], context.scene.floor_m])
    tips, grip = _tips(schedule, spots, azimuths, box, seconds / cycle)
    poses = _pose_links(arm, tips, base)
    name = str(rng.choice([colour for colour in ACCENTS if colour not in ("white", "charcoal")]))
    root = bpy.data.objects.new("robot arm", None)
    bpy.context.scene.collection.objects.link(root)
    for link, made in _links(arm, box, name).items():
        made.parent = root
        bake_poses(made, poses[link])
    for side, finger in _fingers(arm, box).items():
        finger.parent = root
        shift = np.zeros((len(seconds), 3))
        shift[:, 1] = side * (box / 2 + 0.012 + 0.05 * (1 - grip))
        bake_poses(finger, poses["hand"] @ pose(np.tile(np.eye(3), (len(seconds), 1, 1)), shift))
    _stand_objects(spots, box, base, root)
    box_roots = _bake_boxes(schedule, layout, spots, azimuths, box, seconds / cycle, tips, base, rng)
    article = "an" if name[0] in "aeiou" else "a"
    return AnimatedSubject([root, *box_roots], float(azimuths[schedule[0][0]]) % 360.0,
                           f"{article} {name} robot arm moves boxes from stand to stand")  # fmt: skip


def _schedule(stands: int, moves: int, rng: np.random.Generator) -> tuple[list[tuple[int, int, int]], dict[int, int]]:
    """Return moves as (from stand, to stand, box), and which box each stand holds at first; one stand is empty."""
    empty = int(rng.integers(stands))
    holds = {stand: index for index, stand in enumerate(s for s in range(stands) if s != empty)}
    first, plan, previous = dict(holds), [], -1
    for _ in range(moves):
        options = [stand for stand in holds if stand != previous] or list(holds)
        origin = int(rng.choice(options))
        plan.append((origin, empty, holds.pop(origin)))
        holds[empty] = plan[-1][2]
        previous, empty = empty, origin
    return plan, first


def _phases(share: Array) -> tuple[Array, Array]:
    """Return, for the share 0..1 of a move, the station 0..4 along it (over, at, over origin; over, at target) as a
    smooth number, and how far the gripper is shut, 0..1."""
    knots = np.array([0.0, 0.16, 0.24, 0.36, 0.68, 0.80, 0.88, 1.0])
    where = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0, 5.0])
    index = np.clip(np.searchsorted(knots, share, side="right") - 1, 0, len(knots) - 2)
    inside = (share - knots[index]) / (knots[index + 1] - knots[index])
    eased = inside**2 * (3 - 2 * inside)
    station = where[index] + (where[index + 1] - where[index]) * eased
    grip = np.clip((share - 0.16) / 0.08, 0, 1) * (1 - np.clip((share - 0.80) / 0.08, 0, 1))
    return station, grip


def _tips(
    schedule: list[tuple[int, int, int]], spots: Array, azimuths: Array, box: float, clock: Array
) -> tuple[Array, Array]:
    """Return the gripper's tip over time as (T, 3): azimuth in degrees, distance and height in metres; and its grip."""
    tips, grips = np.zeros((len(clock), 3)), np.zeros(len(clock))
    away, low = float(np.linalg.norm(spots[0, :2])), float(spots[0, 2]) + box * 0.5
    high = low + box * 2.0
    heading = azimuths[schedule[0][0]]
    for index, (origin, target, _) in enumerate(schedule):
        start = heading + _shortest(azimuths[origin] - heading)
        goal = start + _shortest(azimuths[target] - start)
        following = azimuths[schedule[index + 1][0]] if index + 1 < len(schedule) else azimuths[target]
        leave = goal + _shortest(following - goal)
        now = np.floor(clock).astype(int) == index
        station, grips[now] = _phases(clock[now] - index)
        turned = np.interp(station, [0, 2, 3, 4, 5], [start, start, goal, goal, leave])
        height = np.interp(station, [0, 1, 2, 2.5, 3, 4, 5], [high, low, high, high * 1.12, high, low, high])
        reach = np.interp(station, [0, 2, 2.5, 3, 4, 4.5, 5], [away, away, away * 0.82, away, away, away * 0.9, away])
        tips[now] = np.stack([turned, reach, height], axis=-1)
        heading = leave
    return tips, grips


def _shortest(degrees: float) -> float:
    return float((degrees + 180.0) % 360.0 - 180.0)


def _pose_links(arm: _Arm, tips: Array, base: Array) -> dict[str, Array]:
    """Return each link's pose (T, 4, 4): the hand points down over the tip; the elbow bends up (law of cosines)."""
    azimuth, away, height = tips.T
    wrist = np.stack([away, height + arm.hand], axis=-1)
    span = wrist - [0.0, arm.shoulder]
    length = np.clip(np.linalg.norm(span, axis=-1), 0.05, 0.999 * (arm.upper + arm.fore))
    lift = np.degrees(np.arctan2(span[:, 1], span[:, 0]))
    inner = np.degrees(np.arccos((arm.upper**2 + length**2 - arm.fore**2) / (2 * arm.upper * length)))
    upper = lift + inner
    elbow = np.stack(
        [arm.upper * np.cos(np.radians(upper)), arm.shoulder + arm.upper * np.sin(np.radians(upper))], axis=-1
    )
    fore = np.degrees(np.arctan2(wrist[:, 1] - elbow[:, 1], wrist[:, 0] - elbow[:, 0]))
    swing = turn("z", azimuth)

    def at(radial: Array, high: Array, tilt: Array) -> Array:
        origin = base + np.stack([radial * swing[:, 0, 0], radial * swing[:, 1, 0], high], axis=-1)
        return pose(swing @ turn("y", -tilt), origin)

    still, zero = pose(np.tile(np.eye(3), (len(tips), 1, 1)), np.tile(base, (len(tips), 1))), np.zeros(len(tips))
    return {
        "foot": still,
        "turret": at(zero, zero, zero),
        "upper": at(zero, zero + arm.shoulder, upper),
        "fore": at(elbow[:, 0], elbow[:, 1], fore),
        "hand": at(wrist[:, 0], wrist[:, 1], zero),
    }


def _links(arm: _Arm, box: float, name: str) -> dict[str, bpy.types.Object]:
    """Return the links as objects in their own frames: arms along +x, the hand along -z. Slots: paint, dark, steel."""
    paint = srgb(ACCENTS[name])
    materials = [plain("arm paint", paint, 0.35, 0.0, 0.1, 0.3), plain("arm dark", srgb("34363a"), 0.5, 0.4),
                 plain("arm steel", srgb("a8aaad"), 0.3, 0.9), plain("arm trim", shade(paint, 0.55), 0.4)]  # fmt: skip
    w = 0.09 * (arm.upper + arm.fore)
    hub = rotation("x", 90)
    shapes = {name: Shape() for name in ("foot", "turret", "upper", "fore", "hand")}
    shapes["foot"].cylinder(2.6 * w, 0.5 * w, 1, sides=28, bevel=0.1 * w)
    shapes["foot"].cylinder(1.9 * w, 0.9 * w, 0, sides=28, bevel=0.15 * w)
    turret = shapes["turret"].cylinder(
        1.5 * w, arm.shoulder * 0.55, 0, translation(0, 0, 0.9 * w), 24, 1.15 * w, 0.1 * w
    )
    for side in (-1, 1):
        turret.box((1.7 * w, 0.35 * w, arm.shoulder * 0.75), 0,
                   translation(0, side * 0.85 * w, arm.shoulder * 0.42 + 0.3 * w), 0.15 * w)  # fmt: skip
    turret.cylinder(0.62 * w, 2.3 * w, 2, translation(0, 1.15 * w, arm.shoulder) @ hub, 20, bevel=0.06 * w)
    lying = rotation("y", 90)
    shapes["upper"].cylinder(0.85 * w, 1.25 * w, 0, translation(0, 0.625 * w, 0) @ hub, 24, bevel=0.1 * w)
    shapes["upper"].box((1.1 * w, 1.0 * w, arm.upper), 0, lying, 0.25 * w)
    shapes["upper"].box((0.5 * w, 1.15 * w, arm.upper * 0.5), 3, translation(arm.upper * 0.25, 0, 0) @ lying, 0.1 * w)
    shapes["fore"].cylinder(0.72 * w, 1.5 * w, 1, translation(0, 0.75 * w, 0) @ hub, 24, bevel=0.1 * w)
    shapes["fore"].lathe([(0.62 * w, 0.2 * w), (0.6 * w, 0.3 * arm.fore), (0.4 * w, arm.fore)], 0, lying, 18)
    shapes["fore"].box((0.9 * w, 0.9 * w, 1.1 * w), 3, translation(-1.2 * w, 0, 0) @ lying, 0.2 * w)
    shapes["hand"].cylinder(0.42 * w, 1.0 * w, 1, translation(0, 0.5 * w, 0) @ hub, 18, bevel=0.06 * w)
    shapes["hand"].cylinder(0.3 * w, arm.hand * 0.45, 2, translation(0, 0, -arm.hand * 0.45), 16)
    shapes["hand"].box((0.07, box * 1.55, 0.05), 1, translation(0, 0, -arm.hand * 0.55), 0.012)
    return {part: shape.to_object(f"arm {part}", materials) for part, shape in shapes.items()}


def _fingers(arm: _Arm, box: float) -> dict[int, bpy.types.Object]:
    material = [plain("fingers", srgb("2a2b2e"), 0.6)]
    shape = Shape().box((0.06, 0.018, arm.hand * 0.6), 0, translation(0, 0, -arm.hand * 1.08), 0.004)
    return {side: shape.to_object(f"finger {side}", material) for side in (-1, 1)}


def _stand_objects(spots: Array, box: float, base: Array, root: bpy.types.Object) -> None:
    shape = Shape()
    for spot in spots:
        at = translation(spot[0], spot[1], 0)
        shape.cylinder(box * 0.8, 0.04, 0, at, 20, bevel=0.01)
        shape.cylinder(box * 0.3, float(spot[2]) - 0.04, 0, at @ translation(0, 0, 0.02), 16)
        shape.cylinder(box * 0.85, 0.04, 1, at @ translation(0, 0, float(spot[2]) - 0.041), 24, bevel=0.01)
    made = shape.to_object("stands", [plain("stand", srgb("4a4d52"), 0.5, 0.5), plain("stand top", srgb("c9c5bb"), 0.6)],
                           translation(*base.tolist()))  # fmt: skip
    made.parent = root


def _bake_boxes(schedule: list[tuple[int, int, int]], layout: dict[int, int], spots: Array, azimuths: Array, box: float,
                clock: Array, tips: Array, base: Array, rng: np.random.Generator) -> list[bpy.types.Object]:  # fmt: skip
    """Return one object per box: at rest on its stand, or in the gripper while its move has shut it."""
    names = [str(name) for name in rng.permutation(list(ACCENTS))]
    made = []
    for stand, which in layout.items():
        shape = Shape().box((box, box, box), 0, translation(0, 0, -box / 2), 0.02 * box)
        shape.box((box * 1.005, 0.28 * box, box * 1.005), 1, translation(0, 0, -box * 0.5025), 0.015 * box)
        colours = [srgb(ACCENTS[names[which % len(names)]]), srgb("d9d2c2")]
        created = shape.to_object(f"box {which}", [plain("box", colours[0], 0.6), plain("tape", colours[1], 0.6)])
        places, angles = np.zeros((len(clock), 3)), np.zeros(len(clock))
        rest, angle = spots[stand], float(azimuths[stand])
        lifted = np.array([0.0, 0.0, box / 2 + 0.001])
        places[:], angles[:] = rest + lifted, angle
        for index, (_, target, moved) in enumerate(schedule):
            if moved != which:
                continue
            share = clock - index
            held = (share >= 0.2) & (share <= 0.84)
            azimuth, away, height = tips[held].T
            places[held] = np.stack([away * np.cos(np.radians(azimuth)), away * np.sin(np.radians(azimuth)), height + 0.001],
                                    axis=-1)  # fmt: skip
            angles[held] = azimuth
            places[share > 0.84], angles[share > 0.84] = spots[target] + lifted, float(azimuths[target])
        bake_poses(created, pose(turn("z", angles), places + base))
        made.append(created)
    return made
