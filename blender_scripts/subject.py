"""A subject from a file: imported, its clip laid over the times, scaled, turned and set on the stage's floor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from blender_scripts import measure
from blender_scripts.assets import Imported, import_file
from blender_scripts.caches import Cached, bake_transforms
from blender_scripts.clip_words import subject_phrase
from blender_scripts.clips import LaidClip, Timing, lay_clip
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.file_parameters import SUBJECT_METRES

SMALLEST_DRIFT = 0.05
"""Travel per clip, as a fraction of the subject's height, below which a clip counts as being in place."""

IN_SECONDS = (".glb", ".gltf", ".abc")
"""Formats that need no frame rate."""

LOOKS = 5
"""Times at which a subject without clips is looked at, to see whether it moves."""

PHYSICS = frozenset({"CLOTH", "SOFT_BODY", "FLUID", "DYNAMIC_PAINT", "PARTICLE_SYSTEM", "NODES"})
"""Modifiers whose motion shows only when frames are gone through in order."""


@dataclass(frozen=True)
class Brought:
    """A subject from a file, its clip laid, scaled and turned, not yet placed: it stands where the file has it.

    anchor: the empty that all of it hangs on. travel: (T, 3) offsets to add to the anchor over time. boxes: (T, 2, 3)
    its world box per time, travel included. path: (T, 2) middles of these on the floor. files: what it was read from.
    """

    name: str
    anchor: Any
    travel: NDArray[np.float64]
    boxes: NDArray[np.float64]
    facing_deg: float
    caption: str
    files: list[dict[str, str]]

    @property
    def middle(self) -> NDArray[np.float64]:
        """(3,): the middle of the whole motion on the floor plane, at its lowest point."""
        low, high = self.boxes[:, 0].min(axis=0), self.boxes[:, 1].max(axis=0)
        return np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])

    @property
    def reach_m(self) -> float:
        """How far the middle of its body gets from `middle`: what must be free is the floor that it walks on."""
        return float(np.linalg.norm(self.boxes.mean(axis=1)[:, :2] - self.middle[:2], axis=1).max())

    @property
    def radius_m(self) -> float:
        """Radius about `middle` of the upright cylinder that it never leaves."""
        corners = self.boxes[:, :, :2] - self.middle[:2]
        return float(np.linalg.norm(np.abs(corners).max(axis=(0, 1))))

    def place(self, x: float, y: float, floor_m: float) -> AnimatedSubject:
        """Centre the whole motion over (x, y), its lowest point on the floor."""
        start = np.array([x, y, floor_m]) - self.middle
        self.anchor.location = Vector(start)
        if self.travel.any():
            for time, offset in enumerate(self.travel):
                self.anchor.location = Vector(start + offset)
                self.anchor.keyframe_insert("location", frame=1 + time)
        return AnimatedSubject([self.anchor], self.facing_deg, self.caption)


def load_subject(
    request: dict[str, Any], values: dict[str, Any], context: AnimationContext
) -> tuple[AnimatedSubject, list[dict[str, str]]]:
    """The one subject of an animation request, on the middle of the stage, and the files it came from.

    Raises StageError as `bring` does, and if its motion leaves the free part of the floor.
    """
    brought = bring(request, values, context)
    room = context.scene.stage_radius_m
    if brought.reach_m > room:
        raise StageError(
            f"{brought.name}: the clip travels {2 * brought.reach_m:.1f} m, but the scene is free for {2 * room:.1f} m "
            "only; set root_motion to remove, or use fewer times or a larger scene"
        )
    x, y, _ = context.scene.stage_centre
    return brought.place(x, y, context.scene.floor_m), brought.files


def bring(request: dict[str, Any], values: dict[str, Any], context: AnimationContext) -> Brought:
    """Bring in the subject of an animation request (`file`, `clip`, `height_m`, `fit`, `root_motion`).

    `values` are its resolved parameters (`file_parameters.ANIMATION`). Raises StageError for a file that cannot be
    imported, a clip that cannot be laid, a size that cannot be meant, and a subject that does not move.
    """
    name = request["file"].replace("\\", "/").rsplit("/", 1)[-1]
    imported = import_file(request["file"])
    _hide(name, imported, values["hide"])
    if values["fps"] and name.lower().endswith(IN_SECONDS):
        raise StageError(
            f"{name}: states its motion in seconds, so fps does not apply; use fit: stretch for another speed"
        )
    cached, fps = imported.cached, values["fps"] or imported.fps
    if cached is not None and values["fps"]:
        cached = replace(cached, fps=values["fps"])
    fit = request.get("fit", "loop")
    timing = Timing(fit, fps, context.times, context.fps)
    clip = lay_clip(name, imported.objects, request.get("clip"), timing, cached)
    measure.sync_visibility()
    drift = _cached_drift(imported.objects, cached) if cached is not None else None
    if cached is not None and clip is not None:
        cached.lay(clip.span, context.times)
    bake_transforms(imported.objects, context.times)
    if measure.bounds(set(imported.objects).__contains__) is None:
        raise StageError(f"{name}: nothing of it renders (no mesh, or all of it hidden); export it with its geometry")
    anchor = _anchor(values["name"], imported.objects)
    owned = set(anchor.children_recursive)
    upright = Matrix.Rotation(np.radians(values["turn_x_deg"]), 4, "X")
    anchor.matrix_world = upright
    scale = _scale(name, request.get("height_m"), imported.objects, owned)
    turn = Matrix.Rotation(np.radians(values["facing_deg"] - values["authored_front_deg"]), 4, "Z")
    anchor.matrix_world = turn @ upright @ Matrix.Scale(scale, 4)
    height = scale * _height(imported.objects, owned)
    if drift is None:
        drift = _drift(clip, imported.objects, height)
    else:
        drift = np.array((turn @ upright).to_3x3()) @ drift * scale
    travel = _travel(clip, drift, request.get("root_motion", "keep"), height, context.times)
    if clip is None and fit != "still" and not _moves(owned, context.times):
        raise StageError(
            f"{name}: has no animation; export it with its clips, list it under `scenes`, or set fit to still if it is "
            "to stand there"
        )
    boxes = _boxes(name, owned, travel, context.times)
    caption = request.get("caption") or subject_phrase(name, clip.name if clip is not None else "", fit == "still")
    return Brought(name, anchor, travel, boxes, values["facing_deg"], caption, imported.files)


def _hide(name: str, imported: Imported, listed: str) -> None:
    wanted = {n.strip() for n in listed.split(",") if n.strip()}
    there = imported.named()
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
    low, high = SUBJECT_METRES
    if height_m is None:
        size = _extents(objects, owned)
        if size.any() and not low <= size.max() <= high:
            shown = " x ".join(f"{side:.3g}" for side in size)
            raise StageError(
                f"{name}: measures {shown} m, which no subject does; give its height in metres with height_m"
            )
        return 1.0
    height = _height(objects, owned)
    if height < 1e-6:
        raise StageError(f"{name}: is flat, so it cannot be scaled to a height of {height_m} m; leave out height_m")
    return height_m / height


def _height(objects: list[Any], owned: set[Any]) -> float:
    """Height of what renders, armatures in rest pose: a clip may begin lying down."""
    return float(_extents(objects, owned)[2])


def _extents(objects: list[Any], owned: set[Any]) -> NDArray[np.float64]:
    """Size (3,) of the box round what renders, armatures in rest pose; zeros if nothing does."""
    rigs = [o.data for o in objects if o.type == "ARMATURE"]
    poses = [rig.pose_position for rig in rigs]
    for rig in rigs:
        rig.pose_position = "REST"
    bpy.context.scene.frame_set(1)
    box = measure.bounds(owned.__contains__)
    for rig, pose in zip(rigs, poses, strict=True):
        rig.pose_position = pose
    return np.zeros(3) if box is None else box[1] - box[0]


def _travel(
    clip: LaidClip | None, drift: NDArray[np.float64], mode: str, height: float, times: int
) -> NDArray[np.float64]:
    """Offsets (T, 3) to add to the anchor so that travel over the floor is kept through loops, or taken out.

    drift (3,): how far the subject gets from the clip's first pose to its last, in the world. Only its straight line over
    the floor is changed: the sway within a step stays.
    """
    if mode not in ("keep", "remove"):
        raise StageError(f"animation.root_motion: {mode!r} is not known; known: keep, remove")
    frames = np.arange(times, dtype=np.float64)
    offsets = np.zeros((times, 3))
    level = drift * [1.0, 1.0, 0.0]
    if clip is None or clip.period_frames < 1e-6 or np.linalg.norm(level) < SMALLEST_DRIFT * height:
        return offsets
    loops = np.minimum(np.floor(frames / clip.period_frames + 1e-6), max(clip.repeats - 1, 0))
    if mode == "keep":
        offsets += loops[:, None] * level
    else:
        offsets -= np.minimum(frames / clip.period_frames - loops, 1.0)[:, None] * level
    return offsets


def _drift(clip: LaidClip | None, objects: list[Any], height: float) -> NDArray[np.float64]:
    """How far (3,) the uppermost moving bone, or object, gets from the clip's first pose to its last."""
    if clip is None or clip.period_frames < 1e-6:
        return np.zeros(3)
    # Just before the end: at the end itself a repeated strip may already be at its start.
    last = clip.period_frames * (1 - 1e-4)
    return _root_position(objects, last, height) - _root_position(objects, 0.0, height)


def _cached_drift(objects: list[Any], cached: Cached) -> NDArray[np.float64]:
    """How far (3,) the middle of what renders gets from a cache's first frame to its last, before any scaling."""
    middles = []
    for frame in (cached.start, cached.end):
        for file in cached.files:
            file.override_frame, file.frame = True, frame
        bpy.context.scene.frame_set(1)
        box = measure.bounds(set(objects).__contains__)
        middles.append(np.zeros(3) if box is None else box.mean(axis=0))
    return np.asarray(middles[1] - middles[0], dtype=np.float64)


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


def _moves(owned: set[Any], times: int) -> bool:
    """Whether anything that renders is elsewhere at one of a few times; physics and single times count as moving."""
    if times < 2 or any(modifier.type in PHYSICS for item in owned for modifier in item.modifiers):
        return True
    first: NDArray[np.float64] | None = None
    for time in sorted({int(t) for t in np.linspace(0, times - 1, min(times, LOOKS))}):
        bpy.context.scene.frame_set(1 + time)
        parts = [s.vertices for s in measure.surfaces(owned.__contains__)]
        now = np.concatenate(parts) if parts else np.zeros((0, 3))
        if first is not None and (now.shape != first.shape or not np.allclose(now, first, atol=1e-6)):
            return True
        first = now
    return False


def _boxes(name: str, owned: set[Any], travel: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    """World box (T, 2, 3) per time, travel included. Raises StageError if nothing renders, or none of it is finite."""
    boxes: list[NDArray[np.float64]] = []
    for time in range(times):
        bpy.context.scene.frame_set(1 + time)
        box = measure.bounds(owned.__contains__)
        if box is not None:
            boxes.append(box + travel[time])
        elif boxes:
            boxes.append(boxes[-1])  # hidden for a while: it stays where it was
    if not boxes:
        raise StageError(f"{name}: nothing of it renders")
    if not np.isfinite(boxes).all():
        raise StageError(f"{name}: has vertices at infinity; export it again")
    return np.stack([boxes[0]] * (times - len(boxes)) + boxes)
