"""Loading a stage: a scene, an animation placed in it, and what the rest of the system needs to know of them."""

from __future__ import annotations

import math
import resource
import sys
import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from blender_scripts import cast, file_parameters, instances, lights, measure, scenes, space
from blender_scripts.assets import import_file
from blender_scripts.bvh_sharing import is_ghost, share_meshes
from blender_scripts.clip_words import noun_phrase
from blender_scripts.clips import freeze
from blender_scripts.contracts import AnimatedSubject, AnimationContext, SceneContract
from blender_scripts.errors import StageError
from blender_scripts.parameters import resolve
from blender_scripts.physics import bake_physics

NEAR_CLIP_M = 0.01


@dataclass(frozen=True)
class Stage:
    """A loaded stage.

    bounds: (T, 2, 3) world box of the subject per time index; clip: near and far distance of cameras in metres.
    """

    times: int
    contract: SceneContract
    subject: AnimatedSubject
    bounds: NDArray[np.float64]
    clip: tuple[float, float]
    report: dict[str, Any]

    def owns(self, item: Any) -> bool:
        """Whether an object belongs to the subject."""
        return any(item == root or item in root.children_recursive for root in self.subject.objects)


def load_stage(request: dict[str, Any], beat: Callable[[], None] = lambda: None) -> Stage:
    """Load a stage into an empty file; docs/blender.md describes the request. `beat` is called between steps.

    Raises StageError for anything wrong with the request or its files.
    """
    start = clock.perf_counter()
    times, fps = int(request["times"]), float(request["fps"])
    if times < 1 or not fps > 0:
        raise StageError(f"a stage needs at least one time and a positive frame rate, not {times} at {fps:g} fps")
    empty_file()
    _set_frames(times, fps)
    contract, files = _load_scene(request["scene"])
    beat()
    placed, more = cast.load(request["animation"], AnimationContext(times, fps, contract))
    measure.sync_visibility()
    beat()
    bake_physics(times)
    members = {m for root in placed.objects for m in (root, *root.children_recursive)}
    bounds = _bounds(times, members, request["animation"], beat)
    table = instances.number_instances(placed.objects)
    triangles, box = _size(members)
    diagonal = float(np.linalg.norm(box[1] - box[0]))
    share_meshes(far=10 * diagonal + 1000)
    report = {
        "triangles": triangles,
        "objects": len(bpy.context.scene.objects),
        "memory_mb": _memory_mb(),
        "seconds": clock.perf_counter() - start,
        "framing": _framing(contract, placed, bounds),
        "instances": table,
        "assets": files + more,
        "captions": {"scene": contract.caption, "animation": placed.caption},
        "stage": {"centre": list(contract.stage_centre), "radius_m": contract.stage_radius_m},
    }
    far = max(4 * diagonal, 100.0)
    return Stage(times, contract, placed, bounds, (NEAR_CLIP_M, far), report)


def empty_file() -> None:
    """Start from an empty factory file in which nothing found in files may run."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    preferences = bpy.context.preferences
    preferences.filepaths.use_scripts_auto_execute = False
    preferences.edit.use_global_undo = False


def _set_frames(times: int, fps: float) -> None:
    scene = bpy.context.scene
    scene.render.fps = max(round(fps), 1)
    scene.render.fps_base = scene.render.fps / fps
    scene.frame_start, scene.frame_end = 1, times
    scene.frame_set(1)


def _load_scene(request: dict[str, Any]) -> tuple[SceneContract, list[dict[str, str]]]:
    rng = np.random.default_rng(int(request["seed"]))
    given = request.get("params", {})
    if "family" in request:
        family = scenes.load(request["family"])
        contract = family.build(resolve(request["family"], family.PARAMETERS, given, rng), rng)
        return _with_caption(contract, request.get("caption")), []
    name = request["file"].replace("\\", "/").rsplit("/", 1)[-1]
    values = resolve(name, file_parameters.SCENE, given, rng)
    if values["lights"] not in file_parameters.LIGHTS:
        known = ", ".join(file_parameters.LIGHTS)
        raise StageError(f"{name}: parameter 'lights' must be one of {known}, not {values['lights']!r}")
    imported = import_file(request["file"])
    freeze(imported.objects, imported.cached)
    _set_upright(imported.objects, values["scale"], values["turn_x_deg"])
    measure.sync_visibility()
    if values["lights"] == "default" or (values["lights"] == "auto" and not lights.is_lit(imported.objects)):
        lights.add_default_lights()
    elif values["sky"] and bpy.context.scene.world is None:
        lights.add_sky()
    mesh = space.Mesh.of(measure.surfaces(lambda _: True))
    if mesh is None:
        raise StageError(f"{name}: holds nothing that renders")
    check_scene_size(name, mesh.box)
    return space.find_space(name, mesh, request.get("caption") or noun_phrase(name)), imported.files


def check_scene_size(name: str, box: NDArray[np.float64]) -> None:
    """Raise StageError for a scene whose box (2, 3) in metres cannot be meant: another unit was."""
    if not np.isfinite(box).all():
        raise StageError(f"{name}: has vertices at infinity; export it again")
    side = float((box[1] - box[0])[:2].max())
    low, high = file_parameters.SCENE_METRES
    if not low <= side <= high:
        way = "larger" if side < low else "smaller"
        raise StageError(
            f"{name}: is {side:.3g} m across, so its unit is not the metre; make it {way} with params: "
            f"{{scale: {file_parameters.likely_scale(side):g}}}"
        )


def _with_caption(contract: SceneContract, caption: str | None) -> SceneContract:
    if caption is None:
        return contract
    return SceneContract(**{**contract.__dict__, "caption": caption})


def _set_upright(objects: list[Any], factor: float, turn_x_deg: float) -> None:
    if factor == 1.0 and turn_x_deg == 0.0:
        return
    root = bpy.data.objects.new("camxtime scale", None)
    bpy.context.scene.collection.objects.link(root)
    for item in objects:
        if item.parent is None:
            item.parent = root
    root.scale = (factor, factor, factor)
    root.rotation_euler.x = math.radians(turn_x_deg)
    bpy.context.view_layer.update()


def _bounds(times: int, members: set[Any], request: dict[str, Any], beat: Callable[[], None]) -> NDArray[np.float64]:
    boxes = []
    for time in range(times):
        beat()
        bpy.context.scene.frame_set(1 + time)
        box = measure.bounds(members.__contains__)
        if box is None:
            raise StageError(f"animation {request.get('id', '')!r}: nothing of the subject renders at time {time}")
        boxes.append(box)
    return np.stack(boxes)


def _size(members: set[Any]) -> tuple[int, NDArray[np.float64]]:
    """Triangles that render, and the world box of all of them; the last time's pose stands for the subject's."""
    triangles, corners = 0, []
    for surface in measure.surfaces(lambda item: not is_ghost(item)):
        triangles += len(surface.triangles)
        corners.append(np.stack([surface.vertices.min(0), surface.vertices.max(0)]))
    return triangles, np.stack([np.min(corners, axis=(0, 1)), np.max(corners, axis=(0, 1))])


def _framing(contract: SceneContract, placed: AnimatedSubject, bounds: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "subject_bounds": bounds.tolist(),
        "camera_min": list(contract.camera_min),
        "camera_max": list(contract.camera_max),
        "floor_m": contract.floor_m,
        "front_deg": placed.front_deg,
    }


def _memory_mb() -> float:
    """Peak resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
