"""Bake motion computed in NumPy into key frames: frame 1 + t shows time index t, whatever was shown before.

Rigid motion becomes location and rotation curves; deforming motion becomes absolute shape keys, one per time, with a
curve on the evaluation time. Both are plain functions of the frame: no drivers, handlers or caches.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

Array = NDArray[np.float64]


def bake_vertices(subject: bpy.types.Object, positions: NDArray[np.floating]) -> None:
    """Deform a mesh object over time.

    Args:
        subject: mesh object with V vertices and no shape keys.
        positions: (T, V, 3) local vertex positions in metres, one per time index.
    """
    keys = [subject.shape_key_add(name=f"time {time}", from_mix=False) for time in range(len(positions))]
    for key, points in zip(keys, positions, strict=True):
        key.interpolation = "KEY_LINEAR"
        key.data.foreach_set("co", np.ascontiguousarray(points, dtype=np.float32).ravel())
    subject.data.vertices.foreach_set("co", np.ascontiguousarray(positions[0], dtype=np.float32).ravel())
    block = subject.data.shape_keys
    block.use_relative = False
    _write_curves(block, "eval_time", np.array([[key.frame] for key in keys]))


def bake_poses(subject: bpy.types.Object, poses: Array, scales: Array | None = None) -> None:
    """Move an object rigidly over time.

    Args:
        subject: the object; its rotation mode becomes quaternion.
        poses: (T, 4, 4) object-to-parent (or to-world) rigid transforms in metres.
        scales: optional (T, 3) scale factors along the object's own axes.
    """
    subject.rotation_mode = "QUATERNION"
    quaternions = np.array([Matrix(pose[:3, :3].tolist()).to_quaternion()[:] for pose in poses])
    for time in range(1, len(quaternions)):
        if np.dot(quaternions[time], quaternions[time - 1]) < 0:
            quaternions[time] *= -1
    _write_curves(subject, "location", poses[:, :3, 3])
    _write_curves(subject, "rotation_quaternion", quaternions)
    if scales is not None:
        _write_curves(subject, "scale", scales)


def _write_curves(block: bpy.types.ID, path: str, values: NDArray[np.floating]) -> None:
    """Write linear curves of ``values`` (T, channels) for a property of a data block, from frame 1 on."""
    animated = block.animation_data or block.animation_data_create()
    if animated.action is None:
        animated.action = bpy.data.actions.new(f"{block.name} {path}")
    channels = values.shape[1]
    for channel in range(channels):
        curve = animated.action.fcurve_ensure_for_datablock(block, path, index=channel if channels > 1 else 0)
        frames = np.column_stack([np.arange(1, len(values) + 1), values[:, channel]])
        curve.keyframe_points.add(len(values))
        curve.keyframe_points.foreach_set("co", frames.astype(np.float32).ravel())
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
        curve.update()
