"""Conversions between camera conventions, and the two relative poses."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.geometry import conventions as convert
from camxtime.geometry.cameras import look_at


def poses(seed: int, count: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return look_at(rng.uniform(-3, 3, (count, 3)), rng.uniform(4, 9, (count, 3)))


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_round_trips(seed: int):
    c2w = poses(seed)
    for there, back in (
        (convert.opencv_to_opengl, convert.opengl_to_opencv),
        (convert.opencv_to_blender, convert.blender_to_opencv),
        (convert.c2w_to_w2c, convert.w2c_to_c2w),
    ):
        np.testing.assert_allclose(back(there(c2w)), c2w, atol=1e-12)
        assert (np.linalg.det(there(c2w)[:, :3, :3]) > 0).all()


def test_a_blender_camera_looks_along_its_minus_z_with_y_up():
    matrix = convert.opencv_to_blender(look_at([4.0, 0, 1], [0, 0, 1.0]))
    np.testing.assert_allclose(-matrix[:3, 2], [-1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(matrix[:3, 1], [0, 0, 1], atol=1e-15)


def test_the_scale_of_a_blender_camera_is_removed():
    pose = poses(1)
    scaled = convert.opencv_to_blender(pose) @ np.diag([2.0, 3.0, 0.5, 1.0])
    np.testing.assert_allclose(convert.blender_to_opencv(scaled), pose, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_relative_poses_have_the_invariances_their_docstrings_state(seed: int):
    c2w, world = poses(seed), poses(seed + 1, 1)[0]
    np.testing.assert_allclose(convert.rel_left(c2w)[0], np.eye(4), atol=1e-12)
    np.testing.assert_allclose(convert.rel_right(c2w)[0], np.eye(4), atol=1e-12)
    np.testing.assert_allclose(c2w[0] @ convert.rel_left(c2w), c2w, atol=1e-12)
    np.testing.assert_allclose(convert.rel_right(c2w) @ c2w[0], c2w, atol=1e-12)
    # Left: the world drops out. Right: the camera axes drop out.
    np.testing.assert_allclose(convert.rel_left(world @ c2w), convert.rel_left(c2w), atol=1e-10)
    np.testing.assert_allclose(convert.rel_right(convert.opencv_to_opengl(c2w)), convert.rel_right(c2w), atol=1e-10)
    # They agree when the reference camera is the world's frame.
    framed = convert.rel_left(c2w)
    np.testing.assert_allclose(convert.rel_left(framed), convert.rel_right(framed), atol=1e-10)
    np.testing.assert_allclose(convert.rel_left(c2w, c2w[2])[2], np.eye(4), atol=1e-12)
    assert not np.allclose(convert.rel_left(c2w), convert.rel_right(c2w))
