"""What a file holds, to decide what it is good for: clips, size, triangles, and whether it could be a scene."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from blender_scripts import measure, space
from blender_scripts.assets import import_file
from blender_scripts.clips import clip_lengths
from blender_scripts.errors import StageError
from blender_scripts.stage import empty_file

FPS = 24


def inspect(args: dict[str, Any]) -> dict[str, Any]:
    """Answer the verb `inspect` for `file`; raises StageError as `import_file` does, or if nothing renders.

    clips: [{"name", "seconds"}] (a name of "" stands for the one motion of a file without named clips). armature: whether
    it has a skeleton. size: (3,) metres. triangles. floor_radius_m: radius of the free floor found in it, None without.
    """
    empty_file()
    bpy.context.scene.render.fps = FPS
    imported = import_file(args["file"])
    measure.sync_visibility()
    mesh = space.Mesh.of(measure.surfaces(lambda _: True))
    if mesh is None:
        raise StageError(f"{args['file'].rsplit('/', 1)[-1]}: nothing of it renders")
    clips = [{"name": n, "seconds": frames / imported.fps} for n, frames in clip_lengths(imported.objects).items()]
    if imported.cached is not None and not clips and imported.cached.end > imported.cached.start:
        cached = imported.cached
        clips = [{"name": "", "seconds": (cached.end - cached.start) / cached.fps}]
    return {
        "clips": clips,
        "armature": any(item.type == "ARMATURE" for item in imported.objects),
        "size": np.subtract(mesh.box[1], mesh.box[0]).tolist(),
        "triangles": sum(len(s.triangles) for s in measure.surfaces(lambda _: True)),
        "floor_radius_m": _floor_radius(args["file"], mesh),
    }


def _floor_radius(name: str, mesh: space.Mesh) -> float | None:
    try:
        return space.find_space(name, mesh, "").stage_radius_m
    except StageError:
        return None
