"""A subject from a file: imported, its clip laid over the times, scaled, turned and set on the stage's floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from blender_scripts import measure
from blender_scripts.assets import import_file
from blender_scripts.clips import LaidClip, Timing, lay_clip
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError

SMALLEST_DRIFT = 0.05
"""Travel per clip, as a fraction of the subject's height, below which a clip counts as being in place."""


@dataclass(frozen=True)
class LoadedSubject:
    """The placed subject and what is recorded of its file."""

    subject: AnimatedSubject
    files: list[dict[str, str]]


def load_subject(request: dict[str, Any], values: dict[str, Any], context: AnimationContext) -> LoadedSubject:
    """Bring in the subject of an animation request (`file`, `clip`, `height_m`, `fit`, `root_motion`).

    `values` are its resolved parameters (`file_parameters.ANIMATION`). The subject hangs on one new empty, its anchor.
    """
    name = request["file"].replace("\\", "/").rsplit("/", 1)[-1]
    imported = import_file(request["file"])
    _hide(name, imported.objects, values["hide"])
    timing = Timing(request.get("fit", "loop"), imported.fps, context.times, context.fps)
    clip = lay_clip(name, imported.objects, request.get("clip"), timing)
    measure.sync_visibility()
    anchor = _anchor(values["name"], imported.objects)
    owned = set(anchor.children_recursive)
    scale = _scale(name, request.get("height_m"), imported.objects, owned)
    anchor.matrix_world = Matrix.Rotation(
        np.radians(values["facing_deg"] - values["authored_front_deg"]), 4, "Z"
    ) @ Matrix.Scale(scale, 4)
    travel = _travel(
        clip, imported.objects, request.get("root_motion", "keep"), scale * _height(imported.objects, owned)
    )
    _place(name, anchor, owned, travel, context)
    caption = request.get("caption") or _caption(name, clip)
    return LoadedSubject(AnimatedSubject([anchor], values["facing_deg"], caption), imported.files)


def _hide(name: str, objects: list[Any], listed: str) -> None:
    wanted = {n.strip() for n in listed.split(",") if n.strip()}
    there = {o.name: o for o in objects}
    unknown = sorted(wanted - set(there))
    if unknown:
        raise StageError(f"{name}: has no object {unknown[0]!r} to hide; it has {', '.join(sorted(there))}")
    for item in wanted:
        there[item].hide_render = True


def _anchor(name: str, objects: list[Any]) -> Any:
    anchor = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(anchor)
    for item in objects:
        if item.parent is None:
            item.parent = anchor
    bpy.context.view_layer.update()
    return anchor


def _scale(name: str, height_m: float | None, objects: list[Any], owned: set[Any]) -> float:
    if height_m is None:
        return 1.0
    height = _height(objects, owned)
    if height < 1e-6:
        raise StageError(f"{name}: is flat, so it cannot be scaled to a height of {height_m} m; leave out height_m")
    return height_m / height


def _height(objects: list[Any], owned: set[Any]) -> float:
    """Height of what renders, armatures in rest pose: a clip may begin lying down."""
    rigs = [o.data for o in objects if o.type == "ARMATURE"]
    poses = [rig.pose_position for rig in rigs]
    for rig in rigs:
        rig.pose_position = "REST"
    bpy.context.scene.frame_set(1)
    box = measure.bounds(owned.__contains__)
    for rig, pose in zip(rigs, poses, strict=True):
        rig.pose_position = pose
    return 0.0 if box is None else float(box[1, 2] - box[0, 2])


def _travel(clip: LaidClip | None, objects: list[Any], mode: str, height: float) -> NDArray[np.float64]:
    """Offsets (T, 3) to add to the anchor so that travel over the floor is kept through loops, or taken out.

    The travel of a clip is how far the uppermost moving bone (or object) gets horizontally from the clip's first
    pose to its last. Only its straight line is changed: the sway within a step stays.
    """
    if mode not in ("keep", "remove"):
        raise StageError(f"animation.root_motion: {mode!r} is not known; known: keep, remove")
    scene = bpy.context.scene
    frames = np.arange(scene.frame_end, dtype=np.float64)
    offsets = np.zeros((len(frames), 3))
    if clip is None or clip.period_frames < 1e-6:
        return offsets
    # One frame before the end: at the end itself a repeated strip may already be at its start.
    last = clip.period_frames * (1 - 1e-4)
    drift = _root_position(objects, last, height) - _root_position(objects, 0.0, height)
    drift[2] = 0.0
    if np.linalg.norm(drift) < SMALLEST_DRIFT * height:
        return offsets
    loops = np.minimum(np.floor(frames / clip.period_frames + 1e-6), max(clip.repeats - 1, 0))
    if mode == "keep":
        offsets += loops[:, None] * drift
    else:
        offsets -= np.minimum(frames / clip.period_frames - loops, 1.0)[:, None] * drift
    return offsets


def _root_position(objects: list[Any], time: float, height: float) -> NDArray[np.float64]:
    """World position of the subject's root at a (fractional) time: the first bone, from the root down, that moves."""
    bpy.context.scene.frame_set(1 + int(time), subframe=time - int(time))
    for rig in (o for o in objects if o.type == "ARMATURE"):
        for bone in rig.pose.bones:  # parents come first
            rest = rig.data.bones[bone.name].matrix_local.translation
            if (bone.head - rest).length > 1e-3 * max(height, 1e-6) or len(bone.children) != 1:
                return np.array(rig.matrix_world @ bone.head)
    tops = [o for o in objects if o.type not in {"ARMATURE", "LIGHT", "CAMERA"}]
    return np.array(tops[0].matrix_world.translation) if tops else np.zeros(3)


def _place(name: str, anchor: Any, owned: set[Any], travel: NDArray[np.float64], context: AnimationContext) -> None:
    """Centre the whole motion over the stage and set its lowest point on the floor.

    Raises StageError if nothing renders, or if the motion leaves the free part of the floor.
    """
    scene = bpy.context.scene
    boxes = []
    for time in range(context.times):
        scene.frame_set(1 + time)
        box = measure.bounds(owned.__contains__)
        if box is not None:
            boxes.append(box + travel[time])
    if not boxes:
        raise StageError(f"{name}: nothing of it renders")
    low, high = np.min(boxes, axis=(0, 1)), np.max(boxes, axis=(0, 1))
    middles = np.array(boxes).mean(axis=1)[:, :2]
    reach = float(np.linalg.norm(middles - (low[:2] + high[:2]) / 2, axis=1).max())
    if reach > context.scene.stage_radius_m:
        raise StageError(
            f"{name}: the clip travels {2 * reach:.1f} m, but the scene is free for {2 * context.scene.stage_radius_m:.1f} m "
            "only; set root_motion to remove, or use fewer times or a larger scene"
        )
    target = np.array(context.scene.stage_centre, dtype=np.float64)
    target[2] = context.scene.floor_m
    start = target - np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    if not travel.any():
        anchor.location = Vector(start)
        return
    for time, offset in enumerate(travel):
        anchor.location = Vector(start + offset)
        anchor.keyframe_insert("location", frame=1 + time)


def _caption(name: str, clip: LaidClip | None) -> str:
    what = name.rsplit(".", 1)[0].replace("_", " ").replace("-", " ").lower()
    return f"a {what}" if clip is None else f"a {what}, {clip.name.replace('_', ' ').lower()}"
