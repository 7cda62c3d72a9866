"""A stack (tower, pyramid, wall) knocked down by a wrecking ball that swings from a gallows.

Blender's rigid-body solver runs once while the stage is built; its result is keyed and the solver removed, so that a
frame's pose is a plain function of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, place, rotation, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import plain, wood
from blender_scripts.motion.baking import bake_poses
from blender_scripts.motion_tools import article, draw_colours, root_of, seconds_of, stage_point
from blender_scripts.palettes import WOODS, srgb

PARAMETERS = {
    "stack": (["tower", "pyramid", "wall", "columns"], "what is knocked down"),
    "height_m": ((0.95, 1.25), "height of the stack"),
    "strike_s": ((0.15, 0.35), "when the ball strikes, in seconds of the simulation"),
    "bounce": ((0.05, 0.25), "restitution of the pieces"),
}

LONGEST_S = 2.6
"""Longest stretch of physics shown in a clip; longer clips show it slowed down, so that things keep moving."""


@dataclass(frozen=True)
class _Piece:
    """A piece of the stack: which of the shapes it shows, where it stands, and its colour's number."""

    shape: int
    at: Array
    colour: int


@dataclass(frozen=True)
class _Plan:
    """The stack: shapes (with the collision shape each needs), pieces, and the distance from its middle to its near side."""

    shapes: list[tuple[Shape, str]]
    pieces: list[_Piece]
    near_m: float


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build stack, ball and gallows, run the physics and key it; see `contracts.AnimatedSubject`."""
    height = float(params["height_m"])
    if not 0.3 <= height <= 2.0 or not 0.05 <= params["strike_s"] <= 1.0 or not 0 <= params["bounce"] <= 1:
        raise StageError("collapse: height_m must lie in 0.3..2, strike_s in 0.05..1 and bounce in 0..1")
    height = min(height, 0.55 * context.scene.stage_radius_m)
    kind = str(params["stack"])
    plan = {"tower": _tower, "pyramid": _pyramid, "wall": _wall, "columns": _columns}[kind](height)
    facing = float(rng.uniform(0, 360))
    ground = translation(*stage_point(context)) @ rotation("z", facing)
    materials, words = _draw_materials(kind, rng)
    meshes: dict[tuple[int, int], bpy.types.Mesh] = {}
    blocks = []
    # The solver's boxes and cylinders are centred on an object's origin.
    centres = [translation(*shape.bounds.mean(axis=0)) for shape, _ in plan.shapes]
    for piece in plan.pieces:
        key = (piece.shape, piece.colour % len(materials))
        if key not in meshes:
            meshes[key] = (
                Shape()
                .merge(plan.shapes[piece.shape][0], np.linalg.inv(centres[piece.shape]))
                .to_mesh("block", [materials[key[1]]], sharp_deg=35)
            )
        jitter = rotation("z", float(rng.normal(0, 0.6)))
        blocks.append(place(meshes[key], "block", ground @ piece.at @ jitter @ centres[piece.shape]))
    seconds = seconds_of(context)
    natural = max(float(seconds[-1]), 1e-6)
    slow = min(LONGEST_S / natural, 1.0)
    gear = _gallows(plan, height, ground, seconds * slow, float(params["strike_s"]), rng)
    reach = min(0.94 * context.scene.stage_radius_m, 1.75 * height + 0.1)
    _simulate(
        blocks, [plan.shapes[p.shape][1] for p in plan.pieces], gear, context, slow, float(params["bounce"]), reach
    )
    noun = {
        "tower": "tower of planks",
        "pyramid": "pyramid of cans",
        "wall": "brick wall",
        "columns": "temple of columns",
    }[kind]
    slowly = " in slow motion" if slow < 0.7 else ""
    root = root_of("collapse", [*blocks, *gear])
    caption = f"a wrecking ball knocks down {article(words)} {noun}{slowly}"
    return AnimatedSubject([root], (facing - 90.0) % 360.0, caption)


def _tower(height: float) -> _Plan:
    """Crossed layers of three planks."""
    length, layers = 0.36 * height, 12
    thick = height / layers
    plank = Shape().box((length, length / 3 * 0.965, thick * 0.995), 0, None, 0.005)
    pieces = []
    for layer in range(layers):
        turned = rotation("z", 90.0 * (layer % 2))
        for side in (-1, 0, 1):
            at = translation(0, 0, layer * thick + RESTING_GAP_M) @ turned @ translation(0, side * length / 3)
            pieces.append(_Piece(0, at, layer + side))
    return _Plan([(plank, "BOX")], pieces, length / 2)


def _pyramid(height: float) -> _Plan:
    """Cans in a square pyramid of five layers."""
    rows = 5
    tall = height / rows
    radius = 0.36 * tall
    profile = np.array(
        [
            (0.82, 0.0),
            (0.86, 0.02),
            (0.99, 0.04),
            (1.0, 0.06),
            (0.97, 0.12),
            (0.97, 0.88),
            (1.0, 0.94),
            (0.99, 0.96),
            (0.84, 0.98),
            (0.8, 0.995),
        ]
    )
    can = Shape().lathe(profile * [radius, tall * 0.995], 0, sides=18)
    pieces = []
    for layer in range(rows):
        across = rows - layer
        for i in range(across):
            for j in range(across if layer < rows - 1 else 1):
                x, y = ((k - (across - 1) / 2) * 2.04 * radius for k in (i, j))
                pieces.append(_Piece(0, translation(x, y, layer * tall + RESTING_GAP_M), layer))
    return _Plan([(can, "CYLINDER")], pieces, rows * radius)


def _wall(height: float) -> _Plan:
    """A running bond of bricks, five wide and nine high."""
    courses, thick = 9, 0.19 * height
    tall, long = height / courses, 0.25 * height
    brick = Shape().box((thick, long * 0.985, tall * 0.995), 0, None, 0.007)
    half = Shape().box((thick, long * 0.485, tall * 0.995), 0, None, 0.007)
    pieces = []
    for course in range(courses):
        z = course * tall + RESTING_GAP_M
        if course % 2 == 0:
            pieces += [_Piece(0, translation(0, (k - 2) * long, z), k + course) for k in range(5)]
            continue
        pieces += [_Piece(0, translation(0, (k - 1.5) * long, z), k + course) for k in range(4)]
        pieces += [_Piece(1, translation(0, side * 2.25 * long, z), course) for side in (-1, 1)]
    return _Plan([(brick, "BOX"), (half, "BOX")], pieces, thick / 2)


def _columns(height: float) -> _Plan:
    """Six columns of four drums each, beams over them, and a slab on top."""
    drum_m, beam_m = 0.185 * height, 0.12 * height
    radius = 0.085 * height
    drum = Shape().cylinder(radius, drum_m * 0.995, 0, None, 18, bevel=0.006)
    beam = Shape().box((0.2 * height, 0.78 * height, beam_m * 0.99), 0, None, 0.006)
    slab = Shape().box((0.62 * height, 0.8 * height, beam_m * 0.9), 0, None, 0.008)
    pieces = []
    for row in (-1, 1):
        for column in (-1, 0, 1):
            for level in range(4):
                at = translation(row * 0.19 * height, column * 0.29 * height, level * drum_m + RESTING_GAP_M)
                pieces.append(_Piece(0, at, level))
        pieces.append(_Piece(1, translation(row * 0.19 * height, 0, 4 * drum_m + RESTING_GAP_M), 1))
    pieces.append(_Piece(2, translation(0, 0, 4 * drum_m + beam_m + RESTING_GAP_M), 0))
    return _Plan([(drum, "CYLINDER"), (beam, "BOX"), (slab, "BOX")], pieces, 0.3 * height)


def _draw_materials(kind: str, rng: np.random.Generator) -> tuple[list[bpy.types.Material], str]:
    names, colours = draw_colours(rng, 2)
    if kind == "tower" and rng.random() < 0.5:
        grain = str(rng.choice(list(WOODS)))
        return [wood(f"{grain} planks", srgb(WOODS[grain]))], grain
    shine = 0.25 if kind == "pyramid" else 0.55
    metal = 0.6 if kind == "pyramid" else 0.0
    return [
        plain(f"{n} blocks", c, shine, metal) for n, c in zip(names, colours, strict=True)
    ], f"{names[0]} and {names[1]}"


def _gallows(plan: _Plan, height: float, ground: Array, seconds: Array, strike: float,
             rng: np.random.Generator) -> list[bpy.types.Object]:  # fmt: skip
    """Return the gallows and the ball on its rod, which swings along x as a pendulum, keyed."""
    radius = 0.13 * height + 0.02
    hang, pivot = 1.3 * height, 1.72 * height
    reach = np.arcsin(min((plan.near_m + radius) / hang, 0.9))
    rate = np.sqrt(9.81 / hang) * 1.1
    widest = np.radians(44.0)
    # The ball hits the near side at `strike`: solve A cos(phase) = reach there, on its way in.
    phase = np.arccos(np.clip(reach / widest, -1, 1)) - rate * strike
    decay = np.exp(-0.12 * seconds)
    angles = -widest * decay * np.cos(rate * seconds + phase)
    stand = Shape()
    aside = 0.85 * height
    for end in (1, -1):
        stand.box((0.07, 0.07, pivot + 0.05), 0, translation(0, end * aside, RESTING_GAP_M), 0.01)
        stand.box((0.6 * height, 0.09, 0.05), 0, translation(0, end * aside, RESTING_GAP_M), 0.008)
    stand.box((0.07, 2 * aside + 0.07, 0.07), 0, translation(0, 0, pivot), 0.01)
    paint = srgb(str(rng.choice(["d1a033", "b8322a", "3d4045", "2f66ad"])))
    steel = plain("steel", srgb("4a4d52"), 0.35, 0.85)
    still = stand.to_object("gallows", [plain("gallows", paint, 0.5)], ground)
    ball = Shape().sphere(radius, 0, translation(0, 0, -hang), 22)
    ball.cylinder(0.014, hang - radius + 0.02, 0, translation(0, 0, -hang + radius - 0.02), 8).sphere(0.05, 0, None, 12)
    swinging = ball.to_object("wrecking ball", [steel])
    bake_poses(
        swinging, np.stack([ground @ translation(0, 0, pivot) @ rotation("y", -float(np.degrees(a))) for a in angles])
    )
    return [still, swinging]


def _simulate(blocks: list[bpy.types.Object], shapes: list[str], gear: list[bpy.types.Object],
              context: AnimationContext, slow: float, bounce: float, reach: float) -> None:  # fmt: skip
    """Let the blocks fall as the keyed ball (the last of ``gear``) runs into them, key what they did, and remove the physics."""
    scene = bpy.context.scene
    if scene.rigidbody_world is not None:
        raise StageError("collapse: this scene has physics of its own; use another scene or another animation")
    bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    world.collection = bpy.data.collections.new("camxtime physics")
    world.time_scale = slow
    world.substeps_per_frame = max(int(np.ceil(300 * slow / context.fps)), 4)
    world.solver_iterations = 20
    world.point_cache.frame_start, world.point_cache.frame_end = 1, max(context.times, 2)
    fences = _fences(context, reach)
    for item, kind in [*zip(blocks, shapes, strict=True), *((g, "MESH") for g in gear), *((f, "BOX") for f in fences)]:
        _join_physics(item, kind, passive=item not in blocks, bounce=bounce)
    gear[1].rigid_body.kinematic = True
    poses = np.empty((context.times, len(blocks), 4, 4))
    for time in range(context.times):
        scene.frame_set(1 + time)
        graph = bpy.context.evaluated_depsgraph_get()
        for index, block in enumerate(blocks):
            poses[time, index] = np.array(block.evaluated_get(graph).matrix_world)
    bpy.ops.rigidbody.world_remove()
    for item in [*blocks, *gear]:
        with bpy.context.temp_override(object=item, active_object=item, selected_objects=[item]):
            if item.rigid_body is not None:
                bpy.ops.rigidbody.object_remove()
    for fence in fences:
        bpy.data.meshes.remove(fence.data)
    for collection in [c for c in bpy.data.collections if c.name.startswith("camxtime physics")]:
        bpy.data.collections.remove(collection)
    scene.frame_set(1)
    floor = context.scene.floor_m + 0.0005
    for index, block in enumerate(blocks):
        corners = np.array([corner[:] for corner in block.bound_box])
        low = (np.einsum("tj,vj->tv", poses[:, index, 2, :3], corners) + poses[:, index, 2, 3:]).min(axis=1)
        poses[:, index, 2, 3] += np.maximum(floor - low, 0)  # the solver lets things sink in by millimetres
        bake_poses(block, poses[:, index])


def _join_physics(item: bpy.types.Object, kind: str, passive: bool, bounce: float) -> None:
    with bpy.context.temp_override(object=item, active_object=item, selected_objects=[item]):
        bpy.ops.rigidbody.object_add(type="PASSIVE" if passive else "ACTIVE")
    body = item.rigid_body
    body.collision_shape = kind
    body.friction, body.restitution = 0.7, bounce
    body.use_margin, body.collision_margin = True, 0.0005
    body.mass = 1.0
    body.linear_damping, body.angular_damping = 0.1, 0.2


def _fences(context: AnimationContext, reach: float) -> list[bpy.types.Object]:
    """Return the floor and unseen walls that keep the pieces within ``reach`` metres; they live as long as the simulation."""
    x, y, z = stage_point(context)
    radius = context.scene.stage_radius_m
    middle = translation(x, y, z)
    made = [_block((8 * radius, 8 * radius, 1.0)).to_object("physics floor", [], middle @ translation(0, 0, -0.5))]
    for side in range(12):
        wall = middle @ rotation("z", 30.0 * side) @ translation(reach + 0.25, 0, 0)
        made.append(_block((0.5, 2 * reach, 6.0)).to_object("physics wall", [], wall))
    return made


def _block(size: tuple[float, float, float]) -> Shape:
    """Return a box centred on the origin."""
    return Shape().box(size, 0, translation(0, 0, -size[2] / 2))
