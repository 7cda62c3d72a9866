"""SpaceTimePilot's named inference patterns: fixed time lists, one per public name of its code.

Two of them are documented as one thing and coded as another (docs/warps.md), so each pattern has variants:
`documented` is what the publication's names and figures say; `coded` is what its public code yields for 81 frames, whose
indices run to 84 in two patterns; `coded-clipped` is `coded` with every index above F−1 set to F−1, for clips that have
no such times. `zigzag_0_10_0` is not one of the thirteen: it is the zigzag of the published evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError

Times = NDArray[np.int64]

CODED_FRAMES = 81
VARIANTS = ("documented", "coded", "coded-clipped")


@dataclass(frozen=True)
class Pattern:
    """One named pattern. `old_name` is what the code called it first (it counts latent steps of 4 frames)."""

    name: str
    old_name: str
    documented: Callable[[int], Times]
    coded: Callable[[int], Times]
    remark: str = ""

    def __call__(self, variant: str = "documented", frames: int = CODED_FRAMES) -> Times:
        """Time indices, int64 [frames], 0-based.

        The documented variant scales to any odd number of frames F ≥ 5 with F−1 divisible by 4: its quarter points
        0, 20, 40, 60, 80 of 81 become those of F. The coded ones exist for 81 frames only, as in the published code.
        Raises `InputError` for anything else.
        """
        if variant not in VARIANTS:
            raise InputError(
                f"There is no variant {variant!r} of pattern {self.name}; there are: {', '.join(VARIANTS)}."
            )
        if variant != "documented":
            if frames != CODED_FRAMES:
                raise InputError(
                    f"Pattern {self.name} is coded for {CODED_FRAMES} frames, not {frames}: use 'documented'."
                )
            path = self.coded(frames)
            return np.minimum(path, frames - 1) if variant == "coded-clipped" else path
        if frames < 5 or (frames - 1) % 4:
            raise InputError(f"Pattern {self.name} needs 4n+1 frames (81, 49, …), not {frames}.")
        return self.documented(frames)


def _span(first: int, last: int) -> Times:
    """first, …, last, both included, in either direction."""
    step = 1 if last >= first else -1
    return np.arange(first, last + step, step, dtype=np.int64)


def _quarter(frames: int, count: int) -> int:
    return count * (frames - 1) // 4


def _forward(frames: int) -> Times:
    return _span(0, frames - 1)


def _reverse(frames: int) -> Times:
    return _span(frames - 1, 0)


def _pingpong(frames: int) -> Times:
    half, last = _quarter(frames, 2), frames - 1
    return np.concatenate([_span(half, last), _span(last, half)])[:frames]


def _bounce(quarter: int) -> Callable[[int], Times]:
    def documented(frames: int) -> Times:
        start, last = _quarter(frames, quarter), frames - 1
        return np.concatenate([_span(start, last), _span(last - 1, last - start)])

    return documented


def _bounce_coded(start: int) -> Callable[[int], Times]:
    def coded(frames: int) -> Times:
        return np.concatenate([_span(start, 84), _span(84, 0)])[:frames]

    return coded


def _slow_first_half(frames: int) -> Times:
    return (np.arange(frames, dtype=np.int64) + 1) // 2


def _slow_second_half(frames: int) -> Times:
    return _quarter(frames, 2) + _slow_first_half(frames)


def _ramp_then_freeze(frames: int) -> Times:
    return np.minimum(np.arange(frames, dtype=np.int64), _quarter(frames, 2))


def _fixed(quarter: int) -> Callable[[int], Times]:
    def frozen(frames: int) -> Times:
        return np.full(frames, _quarter(frames, quarter), np.int64)

    return frozen


def _zigzag_evaluation(frames: int) -> Times:
    half = _quarter(frames, 2)
    return np.concatenate([_span(0, half), _span(half - 1, 0)])


def _same(name: str, old_name: str, function: Callable[[int], Times], remark: str = "") -> Pattern:
    return Pattern(name, old_name, function, function, remark)


PATTERNS = MappingProxyType(
    {
        pattern.name: pattern
        for pattern in (
            _same("forward", "normal", _forward),
            _same("reverse", "reverse", _reverse),
            _same("pingpong", "bounce_40", _pingpong, "the turning time is shown twice"),
            Pattern("bounce_late", "zigzag_15_21_5", _bounce(3), _bounce_coded(60),
                    "documented as 60→80→20; the code runs 60→84→29, past the 81 frames"),
            Pattern("bounce_early", "zigzag_5_21_15", _bounce(1), _bounce_coded(20),
                    "documented as 20→80→60; the code runs 20→84→69, past the 81 frames"),
            _same("slowmo_first_half", "repeat_0to40_double", _slow_first_half),
            _same("slowmo_second_half", "start40_repeat_next", _slow_second_half),
            _same("ramp_then_freeze", "go_and_freeze", _ramp_then_freeze),
            _same("freeze_start", "fixed_0", _fixed(0)),
            _same("freeze_early", "fixed_5", _fixed(1)),
            _same("freeze_mid", "fixed_10", _fixed(2)),
            _same("freeze_late", "fixed_15", _fixed(3)),
            _same("freeze_end", "fixed_20", _fixed(4)),
            _same("zigzag_0_10_0", "zigzag_0_10_0", _zigzag_evaluation, "the evaluation's zigzag; not one of the thirteen"),
        )
    }
)  # fmt: skip
"""The thirteen patterns by public name, and the evaluation's zigzag."""

_BY_OLD_NAME = MappingProxyType({pattern.old_name: pattern for pattern in PATTERNS.values()})


def pattern(name: str, variant: str = "documented", frames: int = CODED_FRAMES) -> Times:
    """Time indices, int64 [frames], of a pattern by its public or its old name: see `Pattern.__call__`.

    An unknown name is an `InputError` (the published code prints it and plays forward instead).
    """
    found = PATTERNS.get(name) or _BY_OLD_NAME.get(name)
    if found is None:
        raise InputError(f"There is no pattern {name!r}; there are: {', '.join(PATTERNS)}.")
    return found(variant, frames)
