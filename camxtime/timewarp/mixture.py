"""SpaceTimePilot's training mixture of time warps, in two versions that differ, both named.

`spacetimepilot-coded` is the public code: seven modes, sequences that are then cut to F frames at a random place.
`spacetimepilot-documented` is the publication's text and figure: its operations (reversal, acceleration, freeze, segmental
and global slow motion, zigzag, motion-to-freeze) as defined there. The publication gives no probabilities: operations that
the code has keep the code's, and the 0.10 of the code's undocumented boomerang is shared by the two documented operations
that the code lacks (our choice).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.timewarp.registry import WARPS

Times = NDArray[np.int64]
Rng = np.random.Generator
Mode = Callable[[int, Rng], Times]

CODED_WINDOW = (20, 25)
"""Frames that the coded segmental slow motion doubles: a window of this many, both included, whatever F."""


@dataclass(frozen=True)
class Mixture:
    """Modes with probabilities that sum to 1; a mode maps (F, rng) to int64 [F] in 0..F−1."""

    name: str
    modes: MappingProxyType[str, tuple[float, Mode]]
    min_frames: int

    def draw(self, frames: int, seed: int | Rng) -> tuple[str, Times]:
        """(name of the mode, times int64 [F]), a pure function of (F, seed); `InputError` for too few frames."""
        rng = np.random.default_rng(seed) if isinstance(seed, int) else seed
        names = list(self.modes)
        chosen = names[int(rng.choice(len(names), p=[self.modes[name][0] for name in names]))]
        return chosen, self.mode(chosen, frames, rng)

    def mode(self, name: str, frames: int, rng: Rng) -> Times:
        """Times int64 [F] of one mode; `InputError` for an unknown mode or too few frames."""
        if name not in self.modes:
            raise InputError(f"Mixture {self.name} has no mode {name!r}; it has: {', '.join(self.modes)}.")
        if frames < self.min_frames:
            raise InputError(f"Mixture {self.name} needs at least {self.min_frames} frames, not {frames}.")
        return self.modes[name][1](frames, rng)


def _crop(sequence: Times, frames: int, rng: Rng) -> Times:
    """The published `resample_to_fixed_length`: a random contiguous crop, or tiling where the sequence is shorter."""
    if len(sequence) < frames:
        return np.resize(sequence, frames)
    start = int(rng.integers(0, len(sequence) - frames, endpoint=True))
    return sequence[start : start + frames]


def _coded_forward(frames: int, rng: Rng) -> Times:
    return np.arange(frames, dtype=np.int64)


def _coded_backward(frames: int, rng: Rng) -> Times:
    return np.arange(frames - 1, -1, -1, dtype=np.int64)


def _coded_boomerang(frames: int, rng: Rng) -> Times:
    there = np.arange(frames, dtype=np.int64)
    return _crop(np.concatenate([there, there[::-1]]), frames, rng)


def _coded_zigzag(frames: int, rng: Rng) -> Times:
    pivot = int(rng.integers(frames // 2 + 1, frames - 1, endpoint=True))
    there = np.arange(pivot + 1, dtype=np.int64)
    return _crop(np.concatenate([there, there[-2::-1]]), frames, rng)


def _coded_slow_global(frames: int, rng: Rng) -> Times:
    return _crop(np.repeat(np.arange(frames, dtype=np.int64), 2), frames, rng)


def _coded_slow_segment(frames: int, rng: Rng) -> Times:
    length = int(rng.integers(*CODED_WINDOW, endpoint=True))
    start = int(rng.integers(0, frames - length, endpoint=True))
    repeats = np.ones(frames, np.int64)
    repeats[start : start + length] = 2
    return _crop(np.repeat(np.arange(frames, dtype=np.int64), repeats), frames, rng)


def _coded_fixed_frame(frames: int, rng: Rng) -> Times:
    return np.full(frames, rng.integers(0, frames), np.int64)


def _named(name: str) -> Mode:
    warp = WARPS[name]

    def mode(frames: int, rng: Rng) -> Times:
        return warp(frames, frames, rng)

    return mode


MIXTURES = MappingProxyType(
    {
        mixture.name: mixture
        for mixture in (
            Mixture(
                "spacetimepilot-coded",
                MappingProxyType(
                    {
                        "forward": (0.45, _coded_forward),
                        "backward": (0.10, _coded_backward),
                        "boomerang": (0.10, _coded_boomerang),
                        "zigzag": (0.10, _coded_zigzag),
                        "slow_global": (0.10, _coded_slow_global),
                        "slow_segment": (0.10, _coded_slow_segment),
                        "fixed_frame": (0.05, _coded_fixed_frame),
                    }
                ),
                CODED_WINDOW[1],
            ),
            Mixture(
                "spacetimepilot-documented",
                MappingProxyType(
                    {
                        "forward": (0.45, _named("forward")),
                        "reverse": (0.10, _named("reverse")),
                        "acceleration": (0.05, _named("acceleration")),
                        "motion_to_freeze": (0.05, _named("motion_to_freeze")),
                        "zigzag": (0.10, _named("zigzag")),
                        "slow_global": (0.10, _named("slow_global")),
                        "slow_segment": (0.10, _named("slow_segment")),
                        "freeze": (0.05, _named("freeze")),
                    }
                ),
                4,
            ),
        )
    }
)
"""Both versions by name."""


def mixture(name: str) -> Mixture:
    """The mixture called `name`; `InputError` naming the known ones if there is none."""
    if name not in MIXTURES:
        raise InputError(f"There is no mixture {name!r}; there are: {', '.join(MIXTURES)}.")
    return MIXTURES[name]
