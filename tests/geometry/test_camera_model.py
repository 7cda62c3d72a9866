"""Cameras: projection, look-at, intrinsics, validation; framing; speed laws."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import framings

from camxtime.errors import InputError
from camxtime.geometry import Cameras, Framing, focal_px, look_at, pixel_centres, project, unproject
from camxtime.geometry.cameras import hfov_deg, intrinsics, min_half_fov_rad, w2c
from camxtime.geometry.framing import fitting_distance
from camxtime.geometry.speed import SPEED_KINDS, SpeedLaw


def random_cameras(seed: int, count: int = 3) -> Cameras:
    rng = np.random.default_rng(seed)
    eye = rng.uniform(-5, 5, (count, 3))
    pose = look_at(eye, eye + rng.normal(size=(count, 3)) + [0.1, 0, 0])
    return Cameras(pose, intrinsics(rng.uniform(20, 300, count), 80, 60), 80, 60).validate()


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_unproject_and_project_are_inverse(seed: int):
    cameras = random_cameras(seed)
    depth = np.random.default_rng(seed + 1).uniform(0.1, 50, (60, 80))
    uv = pixel_centres(60, 80)
    for c2w, K in zip(cameras.c2w, cameras.K, strict=True):
        back, z = project(unproject(uv, depth, c2w, K), c2w, K)
        assert np.abs(back - uv).max() < 1e-9
        np.testing.assert_allclose(z, depth, rtol=1e-11)
        np.testing.assert_allclose(w2c(c2w) @ c2w, np.eye(4), atol=1e-12)


def test_the_worked_example_of_the_conventions_page():
    c2w = look_at([4.0, 0.0, 1.0], [0.0, 0.0, 1.0])
    np.testing.assert_allclose(c2w, [[0, 0, -1, 4], [1, 0, 0, 0], [0, -1, 0, 1], [0, 0, 0, 1]], atol=1e-15)
    K = intrinsics(focal_px(64, hfov_deg=90.0), 64, 48)
    np.testing.assert_allclose(K, [[32, 0, 32], [0, 32, 24], [0, 0, 1]])
    uv, z = project([1.0, 0.75, 1.375], c2w, K)
    np.testing.assert_allclose(uv, [40.0, 20.0])
    assert z == pytest.approx(3.0)


def test_pixel_centres_are_at_half_integers():
    centres = pixel_centres(2, 3)
    assert centres.shape == (2, 3, 2)
    np.testing.assert_array_equal(centres[0, 0], [0.5, 0.5])
    np.testing.assert_array_equal(centres[1, 2], [2.5, 1.5])


def test_points_behind_the_camera_have_no_image_position():
    c2w, K = look_at([4.0, 0, 1], [0, 0, 1.0]), intrinsics(50.0, 64, 64)
    uv, z = project([[9.0, 0, 1], [4.0, 1, 1]], c2w, K)
    assert np.isnan(uv).all()
    assert (z <= 0).all()


def test_focal_lengths_of_the_published_lenses():
    """24 mm on a 23.76 mm sensor: fx = 1090.909 at 1080 px and 52.67° (formats of Cam×Time and MultiCamVideo)."""
    assert focal_px(1080, lens_mm=24, sensor_mm=23.76) == pytest.approx(1090.909, abs=1e-3)
    assert hfov_deg(focal_px(1080, lens_mm=24, sensor_mm=23.76), 1080) == pytest.approx(52.67, abs=5e-3)
    assert focal_px(1080, hfov_deg=hfov_deg(777.0, 1080)) == pytest.approx(777)


@pytest.mark.parametrize("wrong", [{"hfov_deg": 0}, {"hfov_deg": 180}, {"hfov_deg": [50, -1]}, {}, {"lens_mm": 24}])
def test_impossible_lenses_are_refused(wrong: dict):
    with pytest.raises(InputError):
        focal_px(64, **wrong)


def test_look_at_refuses_undefined_views():
    with pytest.raises(InputError, match="own target"):
        look_at([1, 2, 3.0], [1, 2, 3.0])
    with pytest.raises(InputError, match="up direction"):
        look_at([0, 0, 3.0], [0, 0, 0.0])


def test_subset_keeps_the_order_asked_for():
    cameras = random_cameras(0)
    part = cameras.subset([2, 0])
    np.testing.assert_array_equal(part.c2w, cameras.c2w[[2, 0]])
    assert len(cameras.subset(slice(1, None))) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, k: c.__setitem__((1, 0, 3), np.nan), "camera 1: c2w has a value that is not finite"),
        (lambda c, k: k.__setitem__((2, 0, 2), np.inf), "camera 2: K has a value that is not finite"),
        (
            lambda c, k: c.__setitem__((0, slice(3), 0), c[0, :3, 0] * 1.001),
            "camera 0: the rotation of c2w is not ortho",
        ),
        (lambda c, k: c.__setitem__((0, slice(3), 0), -c[0, :3, 0]), "reflection"),
        (lambda c, k: c.__setitem__((0, 3, 0), 1e-3), "last row of c2w"),
        (lambda c, k: k.__setitem__((0, 2, 1), 1e-3), "last row of K"),
        (lambda c, k: k.__setitem__((1, 1, 1), 7.0), "fx and fy"),
        (lambda c, k: k.__setitem__((1, slice(2), slice(2)), -k[1, :2, :2]), "fx and fy"),
        (lambda c, k: k.__setitem__((1, 0, 1), 0.5), "skew"),
    ],
)
def test_validate_names_the_camera_and_the_fault(change, message: str):
    cameras = random_cameras(1)
    change(cameras.c2w, cameras.K)
    with pytest.raises(InputError, match=message):
        cameras.validate()


def test_validate_refuses_wrong_shapes_and_sizes():
    good = random_cameras(2)
    for wrong in (
        Cameras(good.c2w[:, :3], good.K, 8, 8),
        Cameras(good.c2w, good.K[:1], 8, 8),
        Cameras(good.c2w[:0], good.K[:0], 8, 8),
        dataclasses.replace(good, width=0),
    ):
        with pytest.raises(InputError):
            wrong.validate()


def test_the_smallest_half_field_of_view_is_the_short_sides():
    K = intrinsics(32.0, 64, 48)
    assert np.degrees(min_half_fov_rad(K, 64, 48)) == pytest.approx(np.degrees(np.arctan(24 / 32)))
    assert fitting_distance(1.0, np.radians(30), margin=1.0) == pytest.approx(2.0)


@given(framing=framings())
@settings(deadline=None)
def test_framing_survives_json_and_holds_the_subject(framing: Framing):
    again = Framing.from_dict(json.loads(json.dumps(framing.to_dict())))
    np.testing.assert_array_equal(again.subject_bounds, framing.subject_bounds)
    assert again.front_deg == framing.front_deg
    reach = np.linalg.norm(framing.subject_bounds - framing.target, axis=-1).max()
    assert framing.radius_m() >= reach
    assert framing.targets(5, 0.0).tolist() == [framing.target.tolist()] * 5
    followed = framing.targets(len(framing.subject_bounds), 1.0)
    assert (followed >= framing.subject_bounds.mean(axis=1).min(axis=0) - 1e-9).all()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("subject_bounds", [[0, 0, 0]], "shape"),
        ("subject_bounds", [[[0, 0, 1.0], [1, 1, 0]]], "time 0 has a minimum above"),
        ("subject_bounds", [[[0, 0, np.nan], [1, 1, 1]]], "not finite"),
        ("camera_min", [0, 0], "three numbers"),
        ("camera_max", [-9, 9, 9], "below camera_max"),
        ("floor_m", float("inf"), "floor_m"),
        ("floor_m", "low", "does not hold numbers"),
        ("colour", 1, "fields must be"),
    ],
)
def test_bad_framings_are_refused_by_field(field: str, value: object, message: str):
    good = {
        "subject_bounds": [[[0, 0, 0], [1, 1, 1]]],
        "camera_min": [-5, -5, 0],
        "camera_max": [5, 5, 3],
        "floor_m": 0.0,
        "front_deg": 0.0,
    }
    Framing.from_dict(good)
    with pytest.raises(InputError, match=message):
        Framing.from_dict({**good, field: value})


@given(kind=st.sampled_from(SPEED_KINDS), a=st.floats(-20, 20), count=st.integers(1, 200))
@settings(deadline=None)
def test_speed_laws_are_monotone_from_0_to_1(kind: str, a: float, count: int):
    positions = SpeedLaw(kind, a).positions(count)
    assert positions.shape == (count,)
    assert positions[0] == 0.0
    assert count == 1 or positions[-1] == 1.0
    assert (np.diff(positions) >= 0).all()


def test_the_exponential_law_is_multicamvideos():
    u = np.linspace(0, 1, 81)
    np.testing.assert_allclose(SpeedLaw("exponential", 3.0).positions(81), (1 - np.exp(-3 * u)) / (1 - np.exp(-3)))
    np.testing.assert_allclose(SpeedLaw("exponential", 0.0).positions(81), u)
    np.testing.assert_allclose(SpeedLaw("exponential", 1e-8).positions(81), u, atol=1e-8)


@pytest.mark.parametrize("law", [SpeedLaw("quick"), SpeedLaw("exponential", 21), SpeedLaw("exponential", float("nan"))])
def test_bad_speed_laws_are_refused(law: SpeedLaw):
    with pytest.raises(InputError, match="speed"):
        law.positions(4)


def test_geometry_needs_numpy_only():
    code = (
        "import sys, camxtime.geometry.paths, camxtime.geometry.reproject, camxtime.geometry.conventions;"
        "print([name for name in ('scipy', 'yaml', 'bpy', 'torch', 'ray', 'pyarrow', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
