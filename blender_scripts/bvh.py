"""Motion capture in BVH: a skeleton with one clip and no surface, so it drives a plain figure of one capsule per bone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from blender_scripts.errors import StageError

THICKNESS = 0.16
"""Radius of a capsule as a share of its bone's length, at most `LARGEST` of the figure's size."""

LARGEST = 0.035
SIDES, RINGS = 12, 4
COLOUR = (0.55, 0.58, 0.62, 1.0)
_CHANNELS = frozenset(f"{axis}{kind}" for axis in "XYZ" for kind in ("position", "rotation"))


@dataclass(frozen=True)
class Header:
    """What must be known before import: channels of all joints together, frames, seconds per frame."""

    channels: int
    frames: int
    seconds: float


def load(path: Path) -> float:
    """Import a BVH file into the current scene and give it a body; returns its frame rate.

    Raises StageError, naming the line, for a file that is cut short or malformed.
    """
    header = check(path)
    before = set(bpy.data.objects)
    with_name = {
        "filepath": str(path),
        "use_fps_scale": False,
        "update_scene_fps": False,
        "update_scene_duration": False,
    }
    bpy.ops.import_anim.bvh(**with_name)
    rig = next(o for o in bpy.data.objects if o not in before and o.type == "ARMATURE")
    _give_body(rig)
    return 1.0 / header.seconds


def check(path: Path) -> Header:
    """Read a BVH file through; raises StageError naming the line at which it stops being one."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise StageError(f"{path}: cannot be read ({error.strerror})") from error
    depth, channels, joints, start = 0, 0, 0, None
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        depth += (words[0] == "{") - (words[0] == "}")
        joints += words[0] in ("ROOT", "JOINT")
        if words[0] == "CHANNELS":
            if len(words) < 2 or words[1] != str(len(words) - 2) or not set(words[2:]) <= _CHANNELS:
                raise StageError(f"{path.name}:{number}: CHANNELS must give a number and as many names of channels")
            channels += len(words) - 2
        if words[0] == "MOTION":
            start = number
            break
    if start is None or depth or not joints:
        raise StageError(
            f"{path.name}: is cut short or has no joints: its HIERARCHY does not end in MOTION; export it again"
        )
    return _check_motion(path, [(i, line) for i, line in enumerate(lines, 1) if i > start and line.strip()], channels)


def _check_motion(path: Path, lines: list[tuple[int, str]], channels: int) -> Header:
    try:
        frames = int(lines[0][1].split("Frames:")[1])
        seconds = float(lines[1][1].split("Frame Time:")[1])
    except (IndexError, ValueError) as error:
        raise StageError(f"{path.name}: MOTION must give `Frames:` and `Frame Time:`; export it again") from error
    if frames < 1 or not 0 < seconds < math.inf:
        raise StageError(f"{path.name}: {frames} frames of {seconds:g} s are no motion; export it again")
    rows = lines[2:]
    if len(rows) < frames:
        raise StageError(f"{path.name}: announces {frames} frames and holds {len(rows)}; it is cut short")
    for number, line in rows[:frames]:
        try:
            values = np.array(line.split(), dtype=np.float64)
        except ValueError as error:
            raise StageError(f"{path.name}:{number}: holds something that is no number") from error
        if len(values) != channels or not np.isfinite(values).all():
            raise StageError(f"{path.name}:{number}: a frame must hold {channels} finite numbers")
    return Header(channels, frames, seconds)


def _give_body(rig: Any) -> None:
    """One mesh: a capsule for each bone, moved by that bone alone."""
    bones = [bone for bone in rig.data.bones if bone.length > 1e-6]
    if not bones:
        raise StageError(f"{rig.name}: all joints of the skeleton are in one place; export it again")
    ends = np.array([list(p) for bone in bones for p in (bone.head_local, bone.tail_local)])
    size = float(np.ptp(ends, axis=0).max())
    vertices: list[NDArray[np.float64]] = []
    faces: list[list[int]] = []
    groups: dict[str, range] = {}
    for bone in bones:
        radius = min(THICKNESS * bone.length, LARGEST * size)
        points, polygons = capsule(bone.length, radius)
        turn = np.array(bone.matrix_local)  # a bone points along its Y axis
        first = sum(len(part) for part in vertices)
        vertices.append(points @ turn[:3, :3].T + turn[:3, 3])
        faces += [[first + index for index in polygon] for polygon in polygons]
        groups[bone.name] = range(first, first + len(points))
    mesh = bpy.data.meshes.new("figure")
    mesh.from_pydata(np.concatenate(vertices).tolist(), [], faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    mesh.materials.append(_material())
    figure = bpy.data.objects.new("figure", mesh)
    bpy.context.scene.collection.objects.link(figure)
    for name, indices in groups.items():
        figure.vertex_groups.new(name=name).add(list(indices), 1.0, "REPLACE")
    figure.parent = rig
    figure.matrix_parent_inverse = Matrix.Identity(4)
    figure.modifiers.new("rig", "ARMATURE").object = rig


def capsule(length: float, radius: float) -> tuple[NDArray[np.float64], list[list[int]]]:
    """Vertices (N, 3) and faces of a capsule round the Y axis from 0 to `length`, with round ends of `radius`."""
    tilt = np.linspace(-np.pi / 2, np.pi / 2, 2 * RINGS + 2)[1:-1]
    along = radius * np.sin(tilt) + np.where(tilt > 0, length, 0.0)
    around = 2 * np.pi * np.arange(SIDES) / SIDES
    width = radius * np.cos(tilt)
    rings = np.stack(
        [
            width[:, None] * np.cos(around),
            np.broadcast_to(along[:, None], (len(tilt), SIDES)),
            -width[:, None] * np.sin(around),
        ],
        axis=-1,
    )
    points = np.concatenate([rings.reshape(-1, 3), [[0, -radius, 0], [0, length + radius, 0]]])
    last = (len(tilt) - 1) * SIDES
    faces = []
    for j in range(SIDES):
        k = (j + 1) % SIDES
        faces += [[r + j, r + k, r + SIDES + k, r + SIDES + j] for r in range(0, last, SIDES)]
        faces += [[k, j, last + SIDES], [last + j, last + k, last + SIDES + 1]]
    return points, faces


def _material() -> Any:
    material = bpy.data.materials.new("figure")
    material.use_nodes = True
    shader = material.node_tree.nodes.get("Principled BSDF")
    shader.inputs["Base Color"].default_value = COLOUR
    shader.inputs["Roughness"].default_value = 0.6
    return material
