"""Keyframe and trajectory files; splines; agreement with the programs whose files they are."""

from __future__ import annotations

import builtins
import functools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import KEYFRAMES, TRAJECTORY
from test_camera_paths import request, rng

from camxtime.errors import InputError, WorkError
from camxtime.geometry.cameras import hfov_deg, w2c
from camxtime.geometry.conventions import rel_left
from camxtime.geometry.paths import SpeedLaw, draw, files
from camxtime.geometry.paths.authored import inspatio_pose, rotation_of, trajectorycrafter_pose
from camxtime.geometry.splines import b_spline, cubic_spline, fitpack_smoothing

YAML = """
frame: subject
keys:
  - {at: 0, position: [3, 0, 1], look_at: [0, 0, 0]}
  - {at: 1, position: [0, 3, 1], look_at: [0, 0, 0]}
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_keyframes_load_from_yaml_and_json_alike(tmp_path: Path):
    from_yaml = files.load("keyframes", written(tmp_path, "path.yaml", YAML))
    from_json = files.load("keyframes", written(tmp_path, "path.json", json.dumps(from_yaml)))
    assert from_yaml == from_json
    assert from_yaml["interpolation"] == "smooth"


@pytest.mark.parametrize("speed", [SpeedLaw(), SpeedLaw("ease")])
def test_keyframes_pass_through_their_keys(speed: SpeedLaw):
    path = request(cameras=31, speed=speed, front_deg=90.0)
    cameras = draw("keyframes", {"keys": KEYFRAMES}, path, rng(0)).cameras
    # Front along +Y: the subject's x is the world's y, its y the world's −x.
    first, last = np.array([1.0, 3.0, 1.0]), np.array([-3.5, -1.0, 0.8])
    np.testing.assert_allclose(cameras.centres[[0, -1]] - path.framing.target, [first, last], atol=1e-12)
    np.testing.assert_allclose(hfov_deg(cameras.K[[0, -1], 0, 0], 64), [50, 55])
    if speed.kind == "constant":
        np.testing.assert_allclose(cameras.centres[10] - path.framing.target, [-1.5, 2.5, 1.4], atol=1e-12)


def test_keyframes_with_rotations_in_the_world_and_straight_lines():
    half = np.sqrt(0.5)
    keys = [
        {"at": 1, "position": [0, 0, 1], "rotation_wxyz": [1, 0, 0, 0], "roll_deg": 0},
        {"at": 3, "position": [2, 0, 1], "rotation_wxyz": [-half, 0, 0, -half], "roll_deg": 0},
    ]
    content = {"frame": "world", "interpolation": "linear", "keys": keys}
    cameras = draw("keyframes", {"keys": content, "hfov_deg": 70}, request(cameras=3), rng(0)).cameras
    np.testing.assert_allclose(cameras.centres, [[0, 0, 1], [1, 0, 1], [2, 0, 1]])
    np.testing.assert_allclose(cameras.c2w[0, :3, :3], np.eye(3), atol=1e-12)
    # The two keys are 90° apart about z, the shorter way although the signs of the quaternions differ.
    np.testing.assert_allclose(cameras.c2w[1, :3, 0], [half, half, 0], atol=1e-12)
    np.testing.assert_allclose(cameras.c2w[2, :3, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(hfov_deg(cameras.K[:, 0, 0], 64), 70)


def test_a_spline_that_overshoots_keeps_the_lens_possible():
    keys = [{**key, "hfov_deg": lens} for key, lens in zip(KEYFRAMES["keys"], (5, 5, 120, 120), strict=True)]
    cameras = draw("keyframes", {"keys": {**KEYFRAMES, "keys": keys}}, request(cameras=60), rng(0)).cameras
    lens = hfov_deg(cameras.K[:, 0, 0], 64)
    assert lens.min() >= 5 - 1e-9
    assert lens.max() <= 120 + 1e-9


BOMB = functools.reduce(lambda inner, n: f"[&n{n} {inner}" + f", *n{n}" * 8 + "]", range(9), "0")
"""Nine aliases of nine aliases, nine deep: printed in full, it would fill the memory."""

BAD_KEYFRAMES = [
    ("keys: [", "line 1: not YAML"),
    ("a: 1\nb: [1, 2\nc: 3\n", "line 3: not YAML"),
    ("- 1", "mapping with the list `keys`"),
    ("keys: []", "between 2 and"),
    ("speed: 1\nkeys: []", "unknown field 'speed'"),
    ("frame: camera\nkeys: []", "frame must be one of subject, world"),
    (YAML.replace("at: 1", "at: 0"), "key 1: `at` must be greater"),
    (YAML.replace("at: 1", "at: x"), "key 1: at: 'x' is not a finite number"),
    (YAML.replace("[0, 3, 1]", "[0, 3]"), "key 1: position must be a list of 3"),
    (YAML.replace("[0, 3, 1]", "[0, .nan, 1]"), "key 1: position: nan is not a finite number"),
    (YAML.replace("[0, 3, 1]", "[0, yes, 1]"), "True is not a finite number"),
    (YAML.replace("[0, 3, 1]", "[0, 1e9, 1]"), "is not a finite number"),
    (YAML.replace("[0, 3, 1]", "[0, 1.0e+9, 1]"), "beyond ±1e+06"),
    (YAML.replace("[0, 3, 1]", "[0, '3', 1]"), "'3' is not a finite number"),
    (YAML.replace("[0, 3, 1]", "[0, " + "9" * 400 + ", 1]"), "is not a finite number"),
    (YAML.replace("[0, 3, 1]", "[0, 2026-13-45, 1]"), "not YAML"),
    (YAML.replace("at: 1", "at: " + BOMB), "key 1: at: [["),
    (YAML.replace("at: 1, ", ""), "key 1: a key needs at"),
    (YAML.replace("at: 1", "zoom: 1, at: 1"), "key 1: unknown field 'zoom'"),
    (YAML.replace("at: 1", "hfov_deg: 50, at: 1"), "key 1: all keys must have"),
    (YAML.replace("at: 1", "hfov_deg: 150, at: 1"), "between 5 and 120"),
    (YAML.replace("look_at: [0, 0, 0]", "rotation_wxyz: [0, 0, 0, 0]"), "rotation_wxyz is zero"),
    (YAML.replace("[0, 3, 1]", "[0, 0, 1]"), "straight up"),
    ("!!python/object/apply:os.system ['true']", "not YAML"),
]


@pytest.mark.parametrize(("text", "message"), BAD_KEYFRAMES)
def test_bad_keyframe_files_are_refused_with_file_and_place(tmp_path: Path, text: str, message: str):
    path = written(tmp_path, "bad.yaml", text)
    with pytest.raises(InputError) as error:
        files.load("keyframes", path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=6))
@settings(deadline=None)
def test_whatever_a_key_holds_the_answer_is_cameras_or_an_input_error(value: object):
    for name in ("at", "position", "look_at", "hfov_deg", "colour"):
        keys = [dict(key) for key in KEYFRAMES["keys"]]
        keys[1][name] = value
        try:
            draw("keyframes", {"keys": {**KEYFRAMES, "keys": keys}}, request(5), rng(0)).cameras.validate()
        except InputError as error:
            assert "key" in str(error) or "look_at" in str(error)


def test_bad_json_names_the_line(tmp_path: Path):
    with pytest.raises(InputError, match="line 2: not JSON"):
        files.load("keyframes", written(tmp_path, "bad.json", '{"keys":\n ]}'))
    with pytest.raises(InputError, match="not JSON"):
        files.load("keyframes", written(tmp_path, "deep.json", "[" * 100_000))


def test_trajectory_lines_may_differ_in_length(tmp_path: Path):
    text = "# orbit up, left, radius\n0 5 10 5 0\n\n0 20 -10 8\n1 1.1\n"
    assert files.load("trajectory", written(tmp_path, "t.txt", text)) == TRAJECTORY


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n0 x\n1\n", "line 2: 'x' is not a finite number"),
        ("0 1\n0\n\n1 inf\n", "line 4: 'inf' is not a finite number"),
        ("0\n0\n", "three lines of numbers (pitch, yaw, displacement); this file has 2"),
        ("0\n0\n0\n0\n", "this file has 4"),
        ("", "this file has 0"),
    ],
)
def test_bad_trajectory_files_are_refused_with_their_line(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError) as error:
        files.load("trajectory", written(tmp_path, "bad.txt", text))
    assert message in str(error.value)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path):
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00\x81")
    (tmp_path / "large.txt").write_bytes(b"0 " * 3_000_000)
    for name in ("missing.txt", "binary.txt", "large.txt", "."):
        with pytest.raises(InputError):
            files.load("trajectory", tmp_path / name)
    with pytest.raises(InputError, match="loaders are keyframes, trajectory"):
        files.load("blend", tmp_path / "x")


def test_inspatio_poses_are_sphere2pose():
    """R = Ry(yaw)·Rx(pitch), T = (−r cosP sinY, −r sinP, r − r cosP cosY), as published (datasets/utils.py)."""
    pitch, yaw, r = np.array([10.0, -25.0]), np.array([-40.0, 70.0]), np.array([2.0, 0.7])
    for index, pose in enumerate(inspatio_pose(pitch, yaw, r)):
        p, y = np.radians(pitch[index]), np.radians(yaw[index])
        ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        rx = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
        np.testing.assert_allclose(pose[:3, :3], ry @ rx, atol=1e-14)
        offset = [-np.cos(p) * np.sin(y), -np.sin(p), 1 - np.cos(p) * np.cos(y)]
        np.testing.assert_allclose(pose[:3, 3], r[index] * np.array(offset), atol=1e-14)
    dolly = inspatio_pose(np.zeros(2), np.zeros(2), np.array([0.0, 1.5]))
    np.testing.assert_allclose(dolly[:, :3, 3], [[0, 0, 0], [0, 0, 1.5]])


def test_trajectorycrafter_poses_are_what_its_warper_renders():
    """The anchor is moved and turned (`sphere2pose`), radius added, and the result used as world-to-camera."""
    theta, phi, r, radius = np.array([0.0, 20.0, -35.0]), np.array([0.0, -15.0, 40.0]), np.array([0.0, 0.4, -0.3]), 2.5
    anchor = np.diag([-1.0, 1.0, -1.0, 1.0])
    extrinsics = []
    for t, p, move in zip(np.radians(theta), np.radians(phi), r, strict=True):
        pose = anchor.copy()
        pose[2, 3] -= move
        rot_x, rot_y = np.eye(4), np.eye(4)
        rot_x[1:3, 1:3] = [[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]
        rot_y[:3:2, :3:2] = [[np.cos(p), np.sin(p)], [-np.sin(p), np.cos(p)]]
        pose = rot_y @ rot_x @ pose
        pose[2, 3] += radius
        extrinsics.append(pose)
    # A point of the source camera's frame goes to the target's by pose_t · inv(pose_s); the camera is its inverse.
    expected = w2c(np.array(extrinsics) @ w2c(extrinsics[0]))
    np.testing.assert_allclose(trajectorycrafter_pose(theta, phi, r, radius), expected, atol=1e-12)


def test_senses_of_the_two_dialects():
    """InSpatio: + pitch orbits up, + yaw left. TrajectoryCrafter: + theta up, + phi right, + r forward."""
    one, zero = np.array([10.0]), np.array([0.0])
    assert inspatio_pose(one, zero, np.array([1.0]))[0, 1, 3] < 0
    assert inspatio_pose(zero, one, np.array([1.0]))[0, 0, 3] < 0
    assert trajectorycrafter_pose(one, zero, zero, 1.0)[0, 1, 3] < 0
    assert trajectorycrafter_pose(zero, one, zero, 1.0)[0, 0, 3] > 0
    assert trajectorycrafter_pose(zero, zero, one, 1.0)[0, 2, 3] == 10


@pytest.mark.parametrize("dialect", ["inspatio", "trajectorycrafter"])
def test_trajectories_orbit_the_subject_from_a_start_that_looks_at_it(dialect: str):
    path = request(cameras=41)
    keys = {"pitch": [0.0], "yaw": [0, 30, 60, 30, 0], "displacement": [1.0 if dialect == "inspatio" else 0.0]}
    drawn = draw("trajectory", {"keys": keys, "dialect": dialect}, path, rng(0))
    offset = drawn.cameras.centres - path.framing.target
    distance = np.linalg.norm(offset, axis=1)
    np.testing.assert_allclose(distance, distance[0])
    np.testing.assert_allclose(drawn.cameras.forward, -offset / distance[:, None], atol=1e-9)
    relative = rel_left(drawn.cameras.c2w)
    assert np.degrees(np.arccos(relative[20, 2, 2])) == pytest.approx(60)


def test_interpolation_passes_through_the_values_and_the_original_does_not():
    pytest.importorskip("scipy")
    zoom = [0.0, -0.5, -1.0, -0.5, 0.0, 0.5, 1.0, 0.5, 0.0]
    keys = {"pitch": [0.0], "yaw": [0.0], "displacement": zoom}
    path = request(cameras=9)
    reach = {}
    for smoothing in ("interpolate", "original"):
        cameras = draw("trajectory", {"keys": keys, "smoothing": smoothing}, path, rng(0)).cameras
        moves = rel_left(cameras.c2w)[:, 2, 3]
        reach[smoothing] = moves / np.linalg.norm(cameras.centres[0] - path.framing.target)
    np.testing.assert_allclose(reach["interpolate"], zoom, atol=1e-12)
    assert np.abs(reach["original"]).max() < 0.9
    np.testing.assert_allclose(reach["original"][[0, -1]], 0, atol=1e-12)


def test_trajectorycrafter_pins_the_ends_of_its_angles_and_inspatio_does_not():
    scipy = pytest.importorskip("scipy.interpolate")
    yaw = [0.0, 40.0, -40.0, 40.0, -40.0, 30.0]
    at = np.linspace(0, 1, 12)
    smooth = scipy.UnivariateSpline(np.linspace(0, 1, 6), yaw, k=3)(at)
    np.testing.assert_allclose(fitpack_smoothing(yaw, at), smooth)
    assert abs(smooth[0]) > 0.01
    keys = {"pitch": [0.0], "yaw": yaw, "displacement": [0.0]}
    turned = {}
    for dialect in ("inspatio", "trajectorycrafter"):
        ranges = {"keys": keys, "dialect": dialect, "smoothing": "original", "elevation_deg": 0, "azimuth_deg": 0}
        turned[dialect] = draw("trajectory", ranges, request(cameras=12, front_deg=0.0), rng(0)).cameras
    ahead = {name: np.degrees(np.arcsin(-cameras.forward[0, 1])) for name, cameras in turned.items()}
    assert ahead["trajectorycrafter"] == pytest.approx(0, abs=1e-9)
    assert abs(ahead["inspatio"]) == pytest.approx(abs(smooth[0]), abs=1e-6)


def test_the_original_smoothing_says_when_scipy_is_missing(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without_scipy(name: str, *rest, **more):
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_scipy)
    with pytest.raises(WorkError, match="pip install scipy"):
        fitpack_smoothing([0, 1, 2, 3.0], [0.5])


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(4, 30))
@settings(max_examples=30, deadline=None)
def test_splines_agree_with_scipy(seed: int, count: int):
    scipy = pytest.importorskip("scipy.interpolate")
    source = rng(seed)
    knots, values = np.cumsum(source.uniform(0.1, 2, count)), source.normal(size=(count, 3))
    at = np.linspace(knots[0], knots[-1], 57)
    for ends in ("natural", "not-a-knot"):
        expected = scipy.CubicSpline(knots, values, bc_type=ends)(at)
        np.testing.assert_allclose(cubic_spline(knots, values, at, ends), expected, atol=1e-8)
    t = np.concatenate([np.zeros(3), np.linspace(0, 1, count - 2), np.ones(3)])
    u = np.linspace(0, 1, 57)
    np.testing.assert_allclose(b_spline(values, u), scipy.BSpline(t, values, 3)(u), atol=1e-12)
    assert (b_spline(values, u) <= values.max(axis=0) + 1e-12).all()


def test_two_and_three_keys_make_a_line_and_a_curve():
    np.testing.assert_allclose(cubic_spline([0, 2.0], [[1.0], [5.0]], [0.5, 2.0])[:, 0], [2.0, 5.0])
    np.testing.assert_allclose(cubic_spline([0, 1, 2.0], [[0.0], [1.0], [0.0]], [0, 1, 2.0])[:, 0], [0, 1, 0])


def test_quaternions_make_proper_rotations_of_any_length():
    rotation = rotation_of(rng(0).normal(size=(20, 4)))
    np.testing.assert_allclose(rotation @ np.swapaxes(rotation, 1, 2), np.eye(3) + np.zeros((20, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    np.testing.assert_allclose(rotation_of([2, 0, 0, 2]), [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-12)
