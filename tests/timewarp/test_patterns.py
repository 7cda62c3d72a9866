"""SpaceTimePilot's patterns and training mixture equal the published index lists (81 frames, 0-based)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.timewarp import MIXTURES, PATTERNS, mixture, pattern, times


def _up(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def _down(first: int, last: int) -> list[int]:
    return list(range(first, last - 1, -1))


def _doubled(first: int, last: int) -> list[int]:
    """first, then every later one twice."""
    return [first] + [t for t in _up(first + 1, last) for _ in range(2)]


# The lists generated from the published code, written out.
PUBLISHED = {
    "forward": ("normal", _up(0, 80)),
    "reverse": ("reverse", _down(80, 0)),
    "pingpong": ("bounce_40", _up(40, 80) + _down(80, 41)),
    "bounce_late": ("zigzag_15_21_5", _up(60, 84) + _down(84, 29)),
    "bounce_early": ("zigzag_5_21_15", _up(20, 84) + _down(84, 69)),
    "slowmo_first_half": ("repeat_0to40_double", _doubled(0, 40)),
    "slowmo_second_half": ("start40_repeat_next", _doubled(40, 80)),
    "ramp_then_freeze": ("go_and_freeze", _up(0, 40) + [40] * 40),
    "freeze_start": ("fixed_0", [0] * 81),
    "freeze_early": ("fixed_5", [20] * 81),
    "freeze_mid": ("fixed_10", [40] * 81),
    "freeze_late": ("fixed_15", [60] * 81),
    "freeze_end": ("fixed_20", [80] * 81),
    "zigzag_0_10_0": ("zigzag_0_10_0", _up(0, 40) + _down(39, 0)),
}
DOCUMENTED = PUBLISHED | {
    "bounce_late": ("zigzag_15_21_5", _up(60, 80) + _down(79, 20)),
    "bounce_early": ("zigzag_5_21_15", _up(20, 80) + _down(79, 60)),
}


def test_thirteen_patterns_and_the_evaluation_zigzag() -> None:
    assert list(PATTERNS) == list(PUBLISHED)
    assert len(PATTERNS) == 13 + 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_lists(name: str) -> None:
    old_name, coded = PUBLISHED[name]
    assert len(coded) == 81
    assert pattern(name, "coded").tolist() == coded == pattern(old_name, "coded").tolist()
    assert pattern(name, "documented").tolist() == DOCUMENTED[name][1]
    assert pattern(name, "coded-clipped").tolist() == [min(t, 80) for t in coded]
    assert PATTERNS[name].old_name == old_name


@given(quarters=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_documented_scales_and_stays_in_range(quarters: int) -> None:
    frames = 4 * quarters + 1
    for name in PATTERNS:
        path = pattern(name, frames=frames)
        assert path.shape == (frames,) and path.dtype == np.int64
        assert path.min() >= 0 and path.max() < frames


def test_patterns_are_special_cases_of_warps() -> None:
    assert np.array_equal(pattern("zigzag_0_10_0"), times("ping_pong", 81, 81, 0, span=40, start=0))
    assert np.array_equal(pattern("ramp_then_freeze"), times("motion_to_freeze", 81, 81, 0, at=40))
    assert np.array_equal(pattern("slowmo_first_half"), times("slow_global", 81, 81, 0, start=1))
    assert np.array_equal(pattern("freeze_mid"), times("freeze", 81, 81, 0, at=40))


@pytest.mark.parametrize(
    ("name", "variant", "frames"),
    [("nope", "coded", 81), ("forward", "as it likes", 81), ("forward", "coded", 49), ("pingpong", "documented", 80)],
)
def test_refuses(name: str, variant: str, frames: int) -> None:
    with pytest.raises(InputError):
        pattern(name, variant, frames)


CODED = mixture("spacetimepilot-coded")


def test_probabilities() -> None:
    assert {name: share for name, (share, _) in CODED.modes.items()} == {
        "forward": 0.45, "backward": 0.10, "boomerang": 0.10, "zigzag": 0.10, "slow_global": 0.10, "slow_segment": 0.10,
        "fixed_frame": 0.05,
    }  # fmt: skip
    for entry in MIXTURES.values():
        assert sum(share for share, _ in entry.modes.values()) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("name", MIXTURES)
def test_draws_follow_the_probabilities(name: str) -> None:
    rng = np.random.default_rng(7)
    drawn = [mixture(name).draw(81, rng)[0] for _ in range(4000)]
    for mode, (share, _) in mixture(name).modes.items():
        assert abs(drawn.count(mode) / 4000 - share) < 5 * np.sqrt(share * (1 - share) / 4000)


@pytest.mark.parametrize("name", MIXTURES)
@given(frames=st.integers(25, 130), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_draws_are_in_range_and_pure(name: str, frames: int, seed: int) -> None:
    mode, path = mixture(name).draw(frames, seed)
    assert path.shape == (frames,) and path.dtype == np.int64
    assert path.min() >= 0 and path.max() < frames
    again = mixture(name).draw(frames, seed)
    assert again[0] == mode and np.array_equal(again[1], path)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_coded_modes_are_crops_of_the_published_sequences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    forward = _up(0, 80)
    assert _is_crop(CODED.mode("boomerang", 81, rng).tolist(), forward + forward[::-1])
    assert _is_crop(CODED.mode("slow_global", 81, rng).tolist(), [t for t in forward for _ in range(2)])
    zigzag = CODED.mode("zigzag", 81, rng)
    pivot = int(zigzag.max())
    assert 41 <= pivot <= 80 and _is_crop(zigzag.tolist(), _up(0, pivot) + _down(pivot - 1, 0))
    segment = CODED.mode("slow_segment", 81, rng)
    assert set(np.diff(segment).tolist()) <= {0, 1} and 1 <= (np.diff(segment) == 0).sum() <= 25
    assert len(set(CODED.mode("fixed_frame", 81, rng).tolist())) == 1


def _is_crop(path: list[int], sequence: list[int]) -> bool:
    return any(sequence[start : start + len(path)] == path for start in range(len(sequence) - len(path) + 1))


def test_mixture_refuses() -> None:
    with pytest.raises(InputError, match="at least 25"):
        CODED.draw(24, 0)
    with pytest.raises(InputError, match="no mode"):
        CODED.mode("acceleration", 81, np.random.default_rng(0))
    with pytest.raises(InputError, match="spacetimepilot-coded"):
        mixture("spacetimepilot")
