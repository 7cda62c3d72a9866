"""Other people's camera conventions, converted here and nowhere else (docs/conventions.md has the table).

Native everywhere else: camera-to-world 4×4, OpenCV axes (x right, y down, z forward), right-handed world, Z
up, metres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from camxtime.geometry.cameras import Floats, w2c

OPENCV_FROM_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""Camera axes of OpenGL and Blender (x right, y up, z back) to those of OpenCV, and back: it is its own
inverse.
"""


def opencv_to_opengl(c2w: ArrayLike) -> Floats:
    """c2w (..., 4, 4) with OpenCV camera axes → c2w with OpenGL camera axes (the world is unchanged)."""
    return np.asarray(c2w, dtype=np.float64) @ OPENCV_FROM_OPENGL


def opengl_to_opencv(c2w: ArrayLike) -> Floats:
    """c2w (..., 4, 4) with OpenGL camera axes → c2w with OpenCV camera axes (the world is unchanged)."""
    return np.asarray(c2w, dtype=np.float64) @ OPENCV_FROM_OPENGL


def opencv_to_blender(c2w: ArrayLike) -> Floats:
    """c2w (..., 4, 4), OpenCV axes → `matrix_world` of a Blender camera object without scale."""
    return opencv_to_opengl(c2w)


def blender_to_opencv(matrix_world: ArrayLike) -> Floats:
    """`matrix_world` (..., 4, 4) of a Blender camera → c2w with OpenCV axes; any scale of the object is
    removed.

    Blender's camera ignores its object's scale, so a scaled matrix_world still is a rigid pose once its first
    three columns are normalised.
    """
    pose = np.array(matrix_world, dtype=np.float64)
    pose[..., :3, :3] /= np.linalg.norm(pose[..., :3, :3], axis=-2, keepdims=True)
    return opengl_to_opencv(pose)


def c2w_to_w2c(c2w: ArrayLike) -> Floats:
    """Camera-to-world (..., 4, 4) → world-to-camera (the "extrinsics" of OpenCV and COLMAP)."""
    return w2c(c2w)


def w2c_to_c2w(world_to_camera: ArrayLike) -> Floats:
    """World-to-camera (..., 4, 4) → camera-to-world."""
    return w2c(world_to_camera)


def rel_left(c2w: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """inv(c2w_ref) @ c2w_i: each camera's pose in the frame of the reference camera.

    This is the usual relative pose (ReCamMaster's `get_relative_pose`): its translation is measured along the
    reference *camera's* axes. It does not change when the world is moved. `reference` (4, 4) defaults to
    c2w[0].
    """
    poses = np.asarray(c2w, dtype=np.float64)
    first = poses[0] if reference is None else np.asarray(reference, dtype=np.float64)
    return w2c(first) @ poses


def rel_right(c2w: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """c2w_i @ inv(c2w_ref): the motion, in *world* axes, that carries the reference camera to camera i.

    SpaceTimePilot's source cameras use this form. It does not change when the camera axes change, but it does
    when the world is moved; it equals `rel_left` only where the reference pose is the identity (or commutes
    with the motion). `reference` (4, 4) defaults to c2w[0].
    """
    poses = np.asarray(c2w, dtype=np.float64)
    first = poses[0] if reference is None else np.asarray(reference, dtype=np.float64)
    return poses @ w2c(first)
