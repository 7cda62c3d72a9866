"""Tracks, clip references and camera tracks: in range, as defined, and the same after JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.sampling.camera_tracks import CAMERA_TRACKS, HOP, camera_track, summary
from camxtime.sampling.tracks import ClipRef, Track, Window, diagonal_cameras

seeds = st.integers(0, 2**32 - 1)


def test_json_round_trip() -> None:
    track = Track(np.array([3, 2, 1]), np.array([0, 0, 5]))
    assert Track.of_json(json.loads(json.dumps(track.to_json()))) == track
    clip = ClipRef.of("a.b.c", track)
    assert ClipRef.of_json(json.loads(json.dumps(clip.to_json()))) == clip
    hopped = ClipRef(("a.b.c", "a.b.d"), np.array([0, 1, 1]), track)
    assert ClipRef.of_json(json.loads(json.dumps(hopped.to_json()))) == hopped
    assert hopped.frames_of(1).tolist() == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        None, [], {}, {"cameras": [1]}, {"cameras": [], "times": []}, {"cameras": [1], "times": [1, 2]},
        {"cameras": [-1], "times": [0]}, {"cameras": [1.0], "times": [0]}, {"cameras": [True], "times": [0]},
        {"cameras": "12", "times": [0, 1]}, {"cameras": [2**40], "times": [0]}, {"cameras": [0], "times": [0], "x": 1},
        {"cameras": [[0]], "times": [[0]]},
    ],
)  # fmt: skip
def test_track_refuses_other_json(value: Any) -> None:
    with pytest.raises(InputError):
        Track.of_json(value)
    with pytest.raises(InputError):
        ClipRef.of_json(value)


@pytest.mark.parametrize(
    "change", [{"grids": []}, {"grids": [1]}, {"parts": [0, 2]}, {"parts": [0]}, {"parts": [0, -1]}, {"grid": "a.b.c"}]
)
def test_clip_refuses_other_json(change: dict[str, Any]) -> None:
    value = {"grids": ["a.b.c", "a.b.d"], "parts": [0, 1], "cameras": [0, 1], "times": [0, 1]}
    ClipRef.of_json(value)
    with pytest.raises(InputError):
        ClipRef.of_json(value | change)


def test_cells_outside_the_grid_are_refused() -> None:
    track = Track(np.array([0, 11]), np.array([0, 4]))
    track.check(12, 5, "a.b.c")
    with pytest.raises(InputError, match=r"a\.b\.c has no camera 11: it has cameras 0 to 10"):
        track.check(11, 5, "a.b.c")
    with pytest.raises(InputError, match="no time 4"):
        track.check(12, 4, "a.b.c")


def test_window() -> None:
    window = Window(81, 10, 1).check(120, "a.b.c")
    assert window.last == 90 and window.times([0, 80]).tolist() == [10, 90]
    assert Window(40, 1, 3).check(120, "g").times([39]).tolist() == [118]
    for bad in (Window(121), Window(81, 40), Window(81, 0, 2), Window(0), Window(5, -1), Window(5, 0, 0)):
        with pytest.raises(InputError, match="120 times"):
            bad.check(120, "a.b.c")


@given(cameras=st.integers(1, 130), times=st.integers(1, 130))
@settings(max_examples=60, deadline=None)
def test_the_diagonal_goes_from_first_to_last(cameras: int, times: int) -> None:
    path = diagonal_cameras(cameras, times, np.arange(times))
    assert path[0] == 0 and (times == 1 or path[-1] == cameras - 1)
    assert (np.diff(path) >= 0).all()
    if cameras == times:
        assert np.array_equal(path, np.arange(times))


@pytest.mark.parametrize("name", CAMERA_TRACKS)
@given(frames=st.integers(1, 130), cameras=st.integers(1, 130), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_camera_tracks_stay_on_the_path(name: str, frames: int, cameras: int, seed: int) -> None:
    source = diagonal_cameras(cameras, frames, np.arange(frames))
    track = camera_track(name, source, cameras, seed)
    assert track.shape == (frames,) and track.dtype == np.int64
    assert track.min() >= 0 and track.max() < cameras
    assert np.array_equal(track, camera_track(name, source, cameras, np.random.default_rng(seed)))


@given(frames=st.integers(3, 130), cameras=st.integers(2, 130), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_camera_tracks_do_what_they_say(frames: int, cameras: int, seed: int) -> None:
    source = diagonal_cameras(cameras, frames, np.arange(frames))
    assert np.array_equal(camera_track("diagonal", source, cameras, seed), source)
    assert np.array_equal(camera_track("reverse", source, cameras, seed), source[::-1])
    assert len(set(camera_track("fixed", source, cameras, seed).tolist())) == 1
    sub = camera_track("sub_range", source, cameras, seed)
    assert abs(int(sub[-1]) - int(sub[0])) <= 0.75 * (cameras - 1) + 1
    assert np.abs(np.diff(sub, 2)).max() <= 1 or (cameras - 1) / (frames - 1) > 1
    eased = camera_track("eased", source, cameras, seed, first=0, last=cameras - 1)
    assert eased[0] == 0 and eased[-1] == cameras - 1 and (np.diff(eased) >= 0).all()
    if frames > 20:
        assert eased[1] - eased[0] <= np.diff(eased).max()
    stride = camera_track("strided", source, cameras, seed, first=0, stride=2)
    inner = (stride[:-1] > 1) & (stride[:-1] < cameras - 2)
    assert (np.abs(np.diff(stride))[inner] == 2).all()
    assert np.abs(np.diff(camera_track("random_walk", source, cameras, seed))).max() <= 3


def test_camera_track_refuses() -> None:
    source = np.arange(5)
    for name, parameters in (
        ("nope", {}), ("fixed", {"camera": 5}), ("fixed", {"speed": 1}), ("eased", {"first": -1}), (HOP, {}),
    ):  # fmt: skip
        with pytest.raises(InputError):
            camera_track(name, source, 5, 0, **parameters)


def test_every_camera_track_has_a_sentence() -> None:
    assert all(summary(name).endswith(".") for name in (*CAMERA_TRACKS, HOP))
