"""Motion that stays in its file (Alembic, USD): which frame is read when, and object transforms as key frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import bpy

TRANSFORM = "TRANSFORM_CACHE"
_KEYED = ("location", "rotation_quaternion", "scale")


@dataclass(frozen=True)
class Cached:
    """Motion read from the file at every frame: its cache files, and their first and last frame at `fps`."""

    files: list[Any]
    start: float
    end: float
    fps: float

    def lay(self, span: tuple[float, float, float, float], times: int) -> None:
        """Key the frame that the files are read at; `span`: first and last of theirs, frames of the stage per frame of
        theirs, repeats."""
        start, end, scale, repeats = span
        length = end - start
        for time in range(times):
            along = time / scale
            if length < 1e-6 or along >= length * repeats - 1e-6:
                along = length
            elif repeats > 1:
                along %= length
            for file in self.files:
                file.override_frame, file.frame = True, start + along
                file.keyframe_insert("frame", frame=1 + time)

    def freeze(self) -> None:
        """Read the first frame for good."""
        for file in self.files:
            file.override_frame, file.frame = True, self.start


def bake_transforms(objects: Iterable[Any], times: int) -> None:
    """Turn transforms that constraints read from a cache into key frames at frames 1..times.

    Such a constraint sets an object's place in the world whatever its parents do, so it could be neither scaled nor placed.
    """
    bound = [(item, c) for item in objects for c in item.constraints if c.type == TRANSFORM]
    if not bound:
        return
    scene = bpy.context.scene
    placed = []
    for time in range(times):
        scene.frame_set(1 + time)
        placed.append([(item.matrix_world.copy(), _parent(item)) for item, _ in bound])
    for item, constraint in bound:
        item.constraints.remove(constraint)
        item.rotation_mode = "QUATERNION"
    for time, matrices in enumerate(placed):
        for (item, _), (world, parent) in zip(bound, matrices, strict=True):
            item.matrix_basis = parent.inverted() @ world
            for channel in _KEYED if times > 1 else ():
                item.keyframe_insert(channel, frame=1 + time)
    scene.frame_set(1)


def _parent(item: Any) -> Any:
    """World matrix that an object's own transform is relative to."""
    inverse = item.matrix_parent_inverse
    return item.parent.matrix_world @ inverse if item.parent is not None else inverse.copy()
