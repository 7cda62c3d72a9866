"""Every kind of camera path: valid, framed as promised, true to its formula, drawn reproducibly."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import given_content, requests, wide_ranges

from camxtime.errors import InputError
from camxtime.geometry.cameras import hfov_deg, project
from camxtime.geometry.framing import Framing, box_corners, inside_box
from camxtime.geometry.paths import KINDS, PathRequest, SpeedLaw, draw, realise

ALL = sorted(KINDS)
DRAWN = [kind for kind in ALL if kind not in ("keyframes", "trajectory")]
SEEDS = st.integers(0, 2**32 - 1)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def request(cameras: int = 24, speed: SpeedLaw | None = None, front_deg: float = 30.0) -> PathRequest:
    bounds = np.array([[[-0.5, -0.4, 0.0], [0.6, 0.4, 1.8]], [[-0.4, -0.6, 0.0], [0.5, 0.7, 1.7]]])
    framing = Framing(bounds, np.full(3, -50.0), np.full(3, 50.0), 0.0, front_deg)
    return PathRequest(framing, cameras, 64, 64, speed or SpeedLaw())


def spherical(path: PathRequest, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(azimuth from the subject's front, elevation, distance) of points about the subject's centre; degrees."""
    offset = points - path.framing.target
    distance = np.linalg.norm(offset, axis=-1)
    azimuth = np.degrees(np.unwrap(np.arctan2(offset[:, 1], offset[:, 0]))) - path.framing.front_deg
    return azimuth, np.degrees(np.arcsin(offset[:, 2] / distance)), distance


def turned(azimuth: np.ndarray) -> np.ndarray:
    """Azimuths relative to the first, which may be off by whole turns."""
    return azimuth - azimuth[0]


@pytest.mark.parametrize("kind", ALL)
@given(data=st.data(), path=requests(), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_any_draw_gives_valid_cameras_that_can_be_rebuilt(kind: str, data: st.DataObject, path: PathRequest, seed: int):
    drawn = draw(kind, data.draw(wide_ranges(kind)), path, rng(seed))
    drawn.cameras.validate()
    assert len(drawn.cameras) == path.cameras
    assert (drawn.cameras.width, drawn.cameras.height) == (path.width, path.height)
    record = json.loads(json.dumps(drawn.parameters))
    assert list(record) == [field.name for field in dataclasses.fields(KINDS[kind])]
    again = realise(kind, record, path)
    assert np.array_equal(again.c2w, drawn.cameras.c2w)
    assert np.array_equal(again.K, drawn.cameras.K)


@pytest.mark.parametrize("kind", [kind for kind in DRAWN if KINDS[kind].PROMISE == "subject"])
@given(path=requests(), seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_whole_subject_stays_in_the_frame_at_every_time(kind: str, path: PathRequest, seed: int):
    cameras = draw(
        kind, {"distance_fit": (1, 3), "roll_deg": (-180, 180), "elevation_deg": (-50, 50)}, path, rng(seed)
    ).cameras
    corners = box_corners(path.framing.subject_bounds)
    for c2w, K in zip(cameras.c2w, cameras.K, strict=True):
        uv, z = project(corners, c2w, K)
        assert (z > 0).all()
        assert (uv >= 0).all()
        assert (uv <= (path.width, path.height)).all()


@pytest.mark.parametrize("kind", [kind for kind in DRAWN if KINDS[kind].PROMISE in ("subject", "centre")])
@given(path=requests(), seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_default_ranges_keep_the_subjects_centre_in_the_frame(kind: str, path: PathRequest, seed: int):
    cameras = draw(kind, {}, path, rng(seed)).cameras
    for c2w, K in zip(cameras.c2w, cameras.K, strict=True):
        uv, z = project(path.framing.target, c2w, K)
        assert z > 0
        assert (uv >= 0).all()
        assert (uv <= (path.width, path.height)).all()


@pytest.mark.parametrize("kind", ["arc", "arc_rise", "orbit", "static", "zoom", "spiral", "dolly"])
@given(path=requests(st.integers(2, 40)), seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_following_keeps_the_diagonal_in_the_frame(kind: str, path: PathRequest, seed: int):
    cameras = draw(kind, {"follow": (0.1, 1)}, path, rng(seed)).cameras
    times = len(path.framing.subject_bounds)
    for index, (c2w, K) in enumerate(zip(cameras.c2w, cameras.K, strict=True)):
        time = round(index * (times - 1) / (path.cameras - 1))
        uv, z = project(box_corners(path.framing.subject_bounds[time]), c2w, K)
        assert (z > 0).all()
        assert (uv >= 0).all()
        assert (uv <= (path.width, path.height)).all()


@pytest.mark.parametrize("kind", ["arc", "arc_rise", "orbit", "spiral", "random_walk", "dolly", "static", "zoom"])
def test_paths_round_the_subject_look_at_it(kind: str):
    path = request()
    cameras = draw(kind, {}, path, rng(5)).cameras
    for c2w, K in zip(cameras.c2w, cameras.K, strict=True):
        uv, _ = project(path.framing.target, c2w, K)
        assert np.abs(uv - 32.0).max() < 1e-9


@pytest.mark.parametrize("speed", [SpeedLaw(), SpeedLaw("ease"), SpeedLaw("exponential", 2.5)])
def test_arc_follows_its_formula(speed: SpeedLaw):
    path = request(speed=speed)
    fixed = {"azimuth_deg": 20, "elevation_deg": 10, "sweep_deg": 60, "direction": -1, "distance_fit": 1.2}
    azimuth, elevation, distance = spherical(path, draw("arc", fixed, path, rng(0)).cameras.centres)
    np.testing.assert_allclose(azimuth, 20 - 60 * speed.positions(24), atol=1e-9)
    np.testing.assert_allclose(elevation, 10, atol=1e-9)
    np.testing.assert_allclose(distance, distance[0])


def test_arc_rise_is_highest_midway_and_ends_at_its_start_height():
    path = request(cameras=25)
    _, elevation, _ = spherical(
        path, draw("arc_rise", {"elevation_deg": 5, "rise_deg": 15}, path, rng(0)).cameras.centres
    )
    np.testing.assert_allclose(elevation[[0, 12, 24]], [5, 20, 5], atol=1e-9)


def test_an_orbit_of_whole_turns_closes():
    cameras = draw("orbit", {"turns": 2, "direction": 1}, request(cameras=41), rng(0)).cameras
    np.testing.assert_allclose(cameras.c2w[0], cameras.c2w[-1], atol=1e-9)
    np.testing.assert_allclose(cameras.c2w[0], cameras.c2w[20], atol=1e-9)


def test_spiral_closes_in_to_the_fitting_distance_and_climbs():
    path = request()
    ranges = {"turns": 1, "climb_deg": 12, "widen": 0.5, "inward": 1, "elevation_deg": 3, "direction": 1}
    azimuth, elevation, distance = spherical(path, draw("spiral", ranges, path, rng(0)).cameras.centres)
    assert turned(azimuth)[-1] == pytest.approx(360)
    np.testing.assert_allclose(elevation[[0, -1]], [3, 15])
    assert distance[0] / distance[-1] == pytest.approx(1.5)


def test_pan_and_tilt_turn_the_view_in_place_and_in_the_named_sense():
    path = request(cameras=21)
    fixed = {"sweep_deg": 20, "centre_at": 0, "elevation_deg": 0, "direction": 1}
    pan = draw("pan", fixed, path, rng(0)).cameras
    np.testing.assert_allclose(pan.centres, pan.centres[[0]].repeat(21, 0))
    # Turning right brings the subject to the left of the image; its angle off the axis is the turn.
    np.testing.assert_allclose(
        pan.c2w[0][:3, :3].T @ pan.forward[-1], [np.sin(np.radians(20)), 0, np.cos(np.radians(20))]
    )
    tilt = draw("tilt", fixed, path, rng(0)).cameras
    np.testing.assert_allclose(
        tilt.c2w[0][:3, :3].T @ tilt.forward[-1], [0, -np.sin(np.radians(20)), np.cos(np.radians(20))], atol=1e-12
    )


def test_dolly_zoom_truck_and_pedestal_measure_what_they_say():
    path = request(cameras=11)
    dolly = spherical(path, draw("dolly", {"travel": 0.5, "direction": 1}, path, rng(0)).cameras.centres)[2]
    assert dolly[0] / dolly[-1] == pytest.approx(1.5)
    zoom = draw("zoom", {"ratio": 2, "direction": 1, "hfov_deg": 60}, path, rng(0)).cameras
    assert zoom.K[-1, 0, 0] / zoom.K[0, 0, 0] == pytest.approx(2)
    assert zoom.K[5, 0, 0] / zoom.K[0, 0, 0] == pytest.approx(np.sqrt(2))
    assert hfov_deg(zoom.K[0, 0, 0], 64) == pytest.approx(60)
    fixed = {"travel": 0.4, "centre_at": 0.5, "direction": 1, "elevation_deg": 0}
    truck = draw("truck", fixed, path, rng(0)).cameras
    move = truck.c2w[0][:3, :3].T @ (truck.centres[-1] - truck.centres[0])
    distance = spherical(path, truck.centres[[5]])[2][0]
    np.testing.assert_allclose(move, [0.4 * distance, 0, 0], atol=1e-12)
    np.testing.assert_allclose(truck.forward, truck.forward[[0]].repeat(11, 0))
    rise = draw("pedestal", fixed, path, rng(0)).cameras
    np.testing.assert_allclose(
        rise.centres[-1] - rise.centres[0], [0, 0, 0.4 * spherical(path, rise.centres[[5]])[2][0]], atol=1e-12
    )


def test_an_aim_lock_keeps_a_truck_on_the_subject():
    path = request()
    cameras = draw("truck", {"aim_lock": 1, "travel": 2}, path, rng(0)).cameras
    for c2w, K in zip(cameras.c2w, cameras.K, strict=True):
        np.testing.assert_allclose(project(path.framing.target, c2w, K)[0], 32.0)


@pytest.mark.parametrize("kind", ["random_walk", "handheld"])
@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_random_paths_are_smooth(kind: str, seed: int):
    """Halving the step quarters the second difference: the curve has a bounded second derivative."""
    fixed = draw(kind, {"shake_cycles": 10} if kind == "handheld" else {}, request(cameras=201), rng(seed)).parameters
    bends = []
    for count in (201, 401):
        centres = realise(kind, fixed, request(cameras=count)).centres
        bends.append(np.linalg.norm(np.diff(centres, 2, axis=0), axis=1).max())
    assert bends[1] < 0.3 * bends[0] + 1e-12


def test_handheld_shakes_within_its_amplitude():
    ranges = {"drift_deg": 0, "shake_deg": 1.0, "shake_distance": 0.01, "shake_cycles": 8}
    path = request(cameras=120)
    cameras = draw("handheld", ranges, path, rng(3)).cameras
    middle = cameras.centres.mean(axis=0)
    distance = spherical(path, middle[None])[2][0]
    spread = np.abs(cameras.centres - middle).max() / distance
    assert 0.001 < spread < 0.021
    angles = np.degrees(np.arccos(np.clip(cameras.forward @ cameras.forward[0], -1, 1)))
    assert 0.2 < angles.max() < 6


@pytest.mark.parametrize("kind", ALL)
def test_the_same_seed_gives_the_same_arrays_and_another_seed_others(kind: str):
    ranges = given_content(kind)
    one, two, other = (draw(kind, ranges, request(), rng(seed)) for seed in (7, 7, 8))
    assert np.array_equal(one.cameras.c2w, two.cameras.c2w)
    assert one.parameters == two.parameters
    if kind != "keyframes":
        assert not np.array_equal(one.cameras.c2w, other.cameras.c2w)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_changed_range_leaves_the_other_fields_and_the_next_draw_as_they_were(kind: str):
    source, changed = rng(11), rng(11)
    names = [field.name for field in dataclasses.fields(KINDS[kind])]
    before = draw(kind, {}, request(), source).parameters
    after = draw(kind, {"azimuth_deg": (100, 200), "hfov_deg": 40}, request(), changed).parameters
    assert {name for name in names if before[name] != after[name]} == {"azimuth_deg", "hfov_deg"}
    assert source.bit_generator.state == changed.bit_generator.state


def test_a_wider_range_stretches_the_drawn_value():
    low = draw("arc", {"sweep_deg": (0, 10)}, request(), rng(2)).parameters["sweep_deg"]
    high = draw("arc", {"sweep_deg": (0, 100)}, request(), rng(2)).parameters["sweep_deg"]
    assert high == pytest.approx(10 * low)


def test_both_signs_and_the_whole_range_are_drawn():
    source = rng(0)
    drawn = [draw("arc", {}, request(1), source).parameters for _ in range(300)]
    assert {path["direction"] for path in drawn} == {-1.0, 1.0}
    sweeps = np.array([path["sweep_deg"] for path in drawn])
    assert 30 <= sweeps.min() < 35
    assert 70 < sweeps.max() <= 75


def test_starts_are_independent_unless_the_azimuth_is_fixed():
    path = request()
    free = [draw("arc", {}, path, rng(seed)).parameters["azimuth_deg"] for seed in range(4)]
    assert len(set(free)) == 4
    fixed = [
        draw(
            kind, {"azimuth_deg": 15, "elevation_deg": 10, "distance_fit": 1, "hfov_deg": 50}, path, rng(seed)
        ).cameras.c2w[0]
        for seed, kind in enumerate(["arc", "orbit", "arc_rise", "static"])
    ]
    np.testing.assert_allclose(fixed, np.repeat(fixed[:1], 4, axis=0), atol=1e-12)


def test_azimuth_zero_stands_before_the_subjects_face():
    path = request(front_deg=90.0)
    eye = draw("static", {"azimuth_deg": 0, "elevation_deg": 0}, path, rng(0)).cameras.centres[0] - path.framing.target
    np.testing.assert_allclose(eye / np.linalg.norm(eye), [0, 1, 0], atol=1e-12)


def test_a_single_camera_stands_at_the_start_of_every_path():
    for kind in ALL:
        cameras = draw(kind, given_content(kind), request(cameras=1), rng(1)).cameras
        assert len(cameras) == 1


def test_inside_box_reports_the_cameras_that_leave_it():
    path = request()
    cameras = draw("orbit", {"elevation_deg": 10}, path, rng(0)).cameras
    reach = np.abs(cameras.centres).max()
    tight = dataclasses.replace(path.framing, camera_min=np.array([-0.5 * reach, -reach, 0.0]))
    assert inside_box(cameras, path.framing).all()
    mask = inside_box(cameras, tight)
    assert mask.tolist() == (cameras.centres[:, 0] >= -0.5 * reach).tolist()
    assert 0 < mask.sum() < len(cameras)


BAD = [
    ("loop", {}, "unknown kind of camera path 'loop'; the kinds are arc"),
    ("arc", {"swep_deg": 3}, "has no parameter 'swep_deg'; it has azimuth_deg"),
    ("arc", {"sweep_deg": (70, 30)}, "upside down"),
    ("arc", {"sweep_deg": 361}, "between 0 and 360"),
    ("arc", {"sweep_deg": (10, 400)}, "between 0 and 360"),
    ("arc", {"sweep_deg": float("nan")}, "finite"),
    ("arc", {"sweep_deg": (0, float("inf"))}, "finite"),
    ("arc", {"sweep_deg": "wide"}, "must be a number"),
    ("arc", {"sweep_deg": True}, "must be a number"),
    ("arc", {"sweep_deg": (1, 2, 3)}, "one value or a range"),
    ("arc", {"direction": 0.5}, "1 or −1"),
    ("random_walk", {"waypoints": 4.5}, "whole number"),
    ("keyframes", {}, "keys is required"),
    ("keyframes", {"keys": "path.yaml"}, "must hold the content"),
    ("keyframes", {"keys": {"keys": []}}, "frame must be one of"),
    ("trajectory", {"keys": {"pitch": [0]}}, "holds pitch, yaw and displacement"),
    ("trajectory", {"keys": {"pitch": [0], "yaw": [0], "displacement": [1]}, "dialect": "colmap"}, "one of inspatio"),
]


@pytest.mark.parametrize(("kind", "ranges", "message"), BAD)
def test_bad_parameters_are_refused_by_name(kind: str, ranges: dict, message: str):
    with pytest.raises(InputError) as error:
        draw(kind, ranges, request(), rng(0))
    assert message in str(error.value)


def test_a_record_must_be_complete_and_in_bounds():
    parameters = draw("arc", {}, request(), rng(0)).parameters
    with pytest.raises(InputError, match="no sweep_deg"):
        realise("arc", {name: value for name, value in parameters.items() if name != "sweep_deg"}, request())
    with pytest.raises(InputError, match="between 0 and 360"):
        realise("arc", {**parameters, "sweep_deg": -1}, request())
    with pytest.raises(InputError, match="no parameter 'speed'"):
        realise("arc", {**parameters, "speed": 1}, request())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cameras": 0}, "cameras must lie"),
        ({"width": 0}, "no pixel"),
        ({"speed": SpeedLaw("fast")}, "unknown kind 'fast'"),
    ],
)
def test_bad_requests_are_refused(change: dict, message: str):
    with pytest.raises(InputError, match=message):
        draw("arc", {}, dataclasses.replace(request(), **change), rng(0))


def test_every_field_declares_what_spec_and_documents_need():
    for kind, parameters in KINDS.items():
        assert parameters.__doc__
        for field in dataclasses.fields(parameters):
            meta = field.metadata
            assert meta["help"].endswith("."), (kind, field.name)
            assert meta["unit"]
            if "default_range" in meta:
                low, high = meta["default_range"]
                assert meta["min"] <= low <= high <= meta["max"]
