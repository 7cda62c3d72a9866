"""Warps by name: what they are called, what they need, and drawing one from a seed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.timewarp import warps

Times = NDArray[np.int64]


def _all(frames: int) -> int:
    return frames


def _one(frames: int) -> int:
    return 1


def _half(frames: int) -> int:
    return (frames + 1) // 2


@dataclass(frozen=True)
class Warp:
    """A named warp. `min_times(F)` is the smallest T it can do with, `min_frames` the smallest F."""

    function: Callable[..., Times]
    min_times: Callable[[int], int]
    min_frames: int = 1

    @property
    def name(self) -> str:
        """What specs, recipes and the command line call it."""
        return self.function.__name__

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def formula(self) -> str:
        """Its definition, one or more lines beginning with τ."""
        lines = (inspect.getdoc(self.function) or "").split("\n\n", 1)
        return lines[1] if len(lines) > 1 else ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the keyword parameters; each is drawn, or has a default, when not given."""
        signature = inspect.signature(self.function)
        return tuple(p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY)

    def __call__(self, frames: int, times: int, seed: int | np.random.Generator, **parameters: Any) -> Times:
        """The times of `frames` frames: int64 [F] in 0..times−1, a pure function of the arguments.

        `seed` is an int, or a generator to draw from. Raises `InputError` for too few frames or times, an unknown
        parameter, or one that leads outside 0..times−1.
        """
        if frames < self.min_frames or times < self.min_times(max(frames, 1)):
            raise InputError(
                f"Warp {self.name} needs at least {self.min_frames} frames, and for {frames} frames at least "
                f"{self.min_times(max(frames, 1))} times, not {times}."
            )
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise InputError(f"Warp {self.name} has no parameter {unknown[0]!r}; it has: {known}.")
        rng = np.random.default_rng(seed) if isinstance(seed, int) else seed
        try:
            path = self.function(frames, times, rng, **parameters)
        except (ValueError, ZeroDivisionError, TypeError) as error:
            raise InputError(
                f"Warp {self.name} of {frames} frames and {times} times with {parameters}: {error}."
            ) from error
        if path.shape != (frames,) or path.min() < 0 or path.max() >= times:
            raise InputError(
                f"Warp {self.name} with {parameters} leads to times {path.min()} to {path.max()}; there are 0 to {times - 1}."
            )
        return path


WARPS = MappingProxyType(
    {
        warp.name: warp
        for warp in (
            Warp(warps.forward, _all),
            Warp(warps.reverse, _all),
            Warp(warps.acceleration, _one),
            Warp(warps.deceleration, _one),
            Warp(warps.freeze, _one),
            Warp(warps.slow_global, _half),
            Warp(warps.slow_segment, _all, min_frames=2),
            Warp(warps.zigzag, _all, min_frames=4),
            Warp(warps.ping_pong, _half, min_frames=3),
            Warp(warps.motion_to_freeze, _all),
            Warp(warps.ramp, _one),
            Warp(warps.smooth_random, _one),
        )
    }
)
"""Every warp by name."""


def get(name: str) -> Warp:
    """The warp called `name`; `InputError` naming the known ones if there is none."""
    if name not in WARPS:
        raise InputError(f"There is no warp {name!r}; there are: {', '.join(WARPS)}.")
    return WARPS[name]


def times(name: str, frames: int, times: int, seed: int | np.random.Generator, **parameters: Any) -> Times:
    """The times of a warp by name: see `Warp.__call__`."""
    return get(name)(frames, times, seed, **parameters)
