"""A pool of cameras for multi-view rendering: one camera object and one render view per camera of a batch."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

SENSOR_MM = 36.0
BASE_NAME = "camxtime_view"
_OPENCV_TO_BLENDER = np.diag([1.0, -1.0, -1.0, 1.0])


class CameraPool:
    """`size` cameras named camxtime_view_000… and as many views; batches of up to `size` cameras are posed into them.

    The pool stays the same for a whole request, as a change of `scene.camera` makes Cycles build the scene anew.
    """

    def __init__(self, size: int, clip: tuple[float, float]) -> None:
        scene = bpy.context.scene
        for old in [o for o in scene.objects if o.name.startswith(BASE_NAME)]:
            bpy.data.cameras.remove(old.data)
        self.objects = [_new_camera(i, clip) for i in range(size)]
        scene.camera = self.objects[0]
        scene.render.use_multiview = True
        scene.render.views_format = "MULTIVIEW"
        views = scene.render.views
        while len(views) < size:
            views.new(f"view{len(views):03d}")
        for i, view in enumerate(views):
            view.name = f"view{i:03d}"
            view.camera_suffix = f"_{i:03d}"

    def __len__(self) -> int:
        return len(self.objects)

    def pose(self, c2w: NDArray[np.float64], K: NDArray[np.float64]) -> None:
        """Pose the first n cameras: c2w (n, 4, 4) OpenCV camera to world, K (n, 3, 3) pixels with fx = fy."""
        scene = bpy.context.scene
        size = scene.render.resolution_x, scene.render.resolution_y
        for camera, matrix, intrinsics in zip(self.objects, c2w, K, strict=False):
            camera.matrix_world = Matrix((matrix @ _OPENCV_TO_BLENDER).tolist())
            _set_intrinsics(camera.data, intrinsics, *size)
        for i, view in enumerate(scene.render.views):
            use = i < len(c2w)
            if view.use != use:
                view.use = use


def _new_camera(index: int, clip: tuple[float, float]) -> Any:
    name = f"{BASE_NAME}_{index:03d}"
    data = bpy.data.cameras.new(name)
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = SENSOR_MM
    data.clip_start, data.clip_end = clip
    camera = bpy.data.objects.new(name, data)
    camera.rotation_mode = "QUATERNION"
    bpy.context.scene.collection.objects.link(camera)
    return camera


def _set_intrinsics(camera: Any, K: NDArray[np.float64], width: int, height: int) -> None:
    """Blender's shifts are in units of the sensor's width; its y points up."""
    camera.lens = float(K[0, 0]) * SENSOR_MM / width
    camera.shift_x = (width / 2 - float(K[0, 2])) / width
    camera.shift_y = (float(K[1, 2]) - height / 2) / width
