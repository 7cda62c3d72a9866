"""Every warp is in range, of length F, a pure function of its seed, and hits what its definition says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.timewarp import WARPS, get, times

frames_strategy = st.integers(4, 130)
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("name", WARPS)
@settings(max_examples=60, deadline=None)
@given(frames=st.integers(1, 130), extra=st.integers(0, 60), seed=seeds)
def test_length_range_and_purity(name: str, frames: int, extra: int, seed: int) -> None:
    warp = WARPS[name]
    frames = max(frames, warp.min_frames)
    count = warp.min_times(frames) + extra
    path = warp(frames, count, seed)
    assert path.dtype == np.int64 and path.shape == (frames,)
    assert path.min() >= 0 and path.max() < count
    assert np.array_equal(path, warp(frames, count, np.random.default_rng(seed)))


@pytest.mark.parametrize("name", WARPS)
def test_refuses_too_few_times(name: str) -> None:
    warp = WARPS[name]
    if warp.min_times(81) > 1:
        with pytest.raises(InputError, match=f"{name} needs at least"):
            warp(81, warp.min_times(81) - 1, 0)
    with pytest.raises(InputError):
        warp(0, 81, 0)
    with pytest.raises(InputError):
        warp(81, 0, 0)


@given(frames=frames_strategy, seed=seeds)
@settings(max_examples=50, deadline=None)
def test_forward_reverse_freeze(frames: int, seed: int) -> None:
    assert np.array_equal(times("forward", frames, frames, seed), np.arange(frames))
    assert np.array_equal(times("reverse", frames, frames, seed), np.arange(frames)[::-1])
    assert len(set(times("freeze", frames, frames, seed).tolist())) == 1
    assert times("freeze", frames, frames, seed, at=frames - 1)[0] == frames - 1


@given(frames=frames_strategy, times_count=st.integers(2, 200), seed=seeds)
@settings(max_examples=80, deadline=None)
def test_acceleration_and_deceleration_change_speed_one_way(frames: int, times_count: int, seed: int) -> None:
    for name, power in (("acceleration", 2.0), ("deceleration", 2.0), ("acceleration", None), ("deceleration", None)):
        given_power = {} if power is None else {"power": power}
        path = times(name, frames, times_count, seed, **given_power)
        assert path[0] == 0 and path[-1] == times_count - 1
        speed = np.diff(path)
        assert (speed >= 0).all()
        # Rounding moves each position by at most half a step, so a speed by at most one, and a change by two.
        change = np.diff(speed) if name == "acceleration" else -np.diff(speed)
        assert (change >= -2).all()
        halves = path[frames // 2] - path[0], path[-1] - path[(frames - 1) // 2]
        assert halves[0] <= halves[1] + 1 if name == "acceleration" else halves[0] + 1 >= halves[1]


@given(frames=frames_strategy, extra=st.integers(0, 50), hold=st.integers(2, 4), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_slow_global_shows_every_time_hold_times(frames: int, extra: int, hold: int, seed: int) -> None:
    path = times("slow_global", frames, frames + extra, seed, hold=hold)
    assert set(np.diff(path).tolist()) <= {0, 1}
    values, counts = np.unique(path, return_counts=True)
    assert np.array_equal(values, np.arange(path[0], path[-1] + 1))
    assert (counts[1:-1] == hold).all() and counts[0] <= hold and counts[-1] <= hold


@given(frames=st.integers(12, 130), extra=st.integers(0, 50), seed=seeds)
@settings(max_examples=80, deadline=None)
def test_slow_segment_holds_one_run_of_times_twice(frames: int, extra: int, seed: int) -> None:
    path = times("slow_segment", frames, frames + extra, seed)
    values, counts = np.unique(path, return_counts=True)
    assert np.array_equal(values, np.arange(path[0], path[-1] + 1))
    doubled = values[counts == 2]
    assert counts.max() == 2
    assert np.array_equal(doubled, np.arange(doubled[0], doubled[-1] + 1))
    assert round(20 / 81 * frames) - 1 <= len(doubled) <= round(25 / 81 * frames) + 1


@given(frames=frames_strategy, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_zigzag_turns_once_past_the_middle(frames: int, seed: int) -> None:
    path = times("zigzag", frames, frames, seed)
    pivot = int(path.argmax())
    assert frames / 2 <= pivot < frames - 1 and path[0] == 0 and path[pivot] == pivot
    assert np.array_equal(path[: pivot + 1], np.arange(pivot + 1))
    assert np.array_equal(path[pivot:], pivot - np.arange(frames - pivot))


@given(frames=frames_strategy, extra=st.integers(0, 50), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_ping_pong_goes_forth_and_back(frames: int, extra: int, seed: int) -> None:
    path = times("ping_pong", frames, frames + extra, seed)
    assert (np.abs(np.diff(path)) == 1).all()
    low, high = path.min(), path.max()
    assert path[0] == low
    turns = np.flatnonzero(np.diff(np.sign(np.diff(path)))) + 1
    assert set(path[turns].tolist()) <= {low, high} and len(turns) >= 1


@given(frames=frames_strategy, extra=st.integers(0, 50), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_motion_to_freeze_plays_then_holds(frames: int, extra: int, seed: int) -> None:
    path = times("motion_to_freeze", frames, frames + extra, seed)
    stop = frames - frames // 2 - 1
    assert (np.diff(path[: stop + 1]) == 1).all()
    assert (path[stop:] == path[stop]).all() and len(path[stop:]) == frames // 2 + 1


@given(frames=frames_strategy, count=st.integers(1, 200), seed=seeds)
@settings(max_examples=80, deadline=None)
def test_ramp_changes_speed_linearly(frames: int, count: int, seed: int) -> None:
    path = times("ramp", frames, count, seed)
    assert (np.diff(path) >= 0).all()
    f = np.arange(frames)
    fitted = np.polyval(np.polyfit(f, path, 2), f)
    assert np.abs(fitted - path).max() <= 1.0


def test_ramp_with_given_speeds() -> None:
    path = times("ramp", 81, 121, 0, speed_from=0.5, speed_to=1.5)
    assert path[-1] - path[0] == 80
    assert path[10] - path[0] in (5, 6) and path[80] - path[70] in (14, 15)


@given(frames=frames_strategy, count=st.integers(1, 200), seed=seeds, speed=st.floats(0.5, 4))
@settings(max_examples=80, deadline=None)
def test_smooth_random_keeps_its_speed(frames: int, count: int, seed: int, speed: float) -> None:
    path = times("smooth_random", frames, count, seed, max_speed=speed)
    assert np.abs(np.diff(path)).max() <= np.ceil(speed) + 1


def test_smooth_random_goes_both_ways() -> None:
    paths = [times("smooth_random", 81, 81, seed) for seed in range(20)]
    assert all((np.diff(path) > 0).any() for path in paths) and any((np.diff(path) < 0).any() for path in paths)


def test_different_seeds_differ() -> None:
    for name in ("freeze", "zigzag", "ramp", "smooth_random", "slow_segment", "acceleration"):
        assert len({tuple(times(name, 81, 81, seed)) for seed in range(20)}) > 5


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("freeze", {"at": 81}),
        ("freeze", {"at": -1}),
        ("acceleration", {"power": 0.5}),
        ("acceleration", {"power": float("nan")}),
        ("zigzag", {"pivot": 99}),
        ("slow_global", {"hold": 1}),
        ("slow_global", {"hold": 0}),
        ("ramp", {"speed_from": -1.0, "speed_to": 1.0}),
        ("smooth_random", {"max_speed": 0.0}),
        ("ping_pong", {"span": 0}),
        ("forward", {"start": 1}),
        ("forward", {"speed": 2}),
        ("motion_to_freeze", {"hold": 82}),
    ],
)
def test_refuses_parameters_that_lead_outside(name: str, parameters: dict[str, float]) -> None:
    with pytest.raises(InputError, match=name):
        times(name, 81, 81, 0, **parameters)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match="zigzag"):
        get("zig_zag")


def test_every_warp_has_a_sentence_and_a_formula() -> None:
    for warp in WARPS.values():
        assert warp.summary.endswith(".") and warp.formula.startswith("τ(f) ="), warp.name
