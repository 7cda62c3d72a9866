"""Camera tracks: how a clip moves along a camera path, each a pure function of (source cameras, C, rng).

`source` are the cameras of the source clip, int64 [F]; the result is int64 [F] in 0..C−1. x = f / (F−1). A parameter
left out is drawn. The first line of a docstring says what the track does, its lines that begin with γ are the formula.
`hop`, which leaves the path, is made by the sampler: the second part of the clip goes on in another grid.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.timewarp import times as warp_times

Indices = NDArray[np.int64]
Rng = np.random.Generator

HOP = "hop"


def _round(values: NDArray[np.float64]) -> Indices:
    return np.floor(values + 0.5).astype(np.int64)


def _fold(values: Indices, count: int) -> Indices:
    """Whole numbers folded into 0..count−1 as by mirrors at both ends."""
    if count == 1:
        return np.zeros_like(values)
    period = 2 * (count - 1)
    folded = values % period
    return np.where(folded < count, folded, period - folded)


def _range(count: int, rng: Rng, first: int | None, last: int | None, share: tuple[float, float]) -> tuple[int, int]:
    """A stretch of the path of a drawn share of its length, in a drawn direction, unless its ends are given."""
    length = int(rng.uniform(*share) * (count - 1) + 0.5)
    low = int(rng.integers(0, count - length))
    ends = (low, low + length) if rng.random() < 0.5 else (low + length, low)
    return (ends[0] if first is None else first, ends[1] if last is None else last)


def diagonal(source: Indices, cameras: int, rng: Rng) -> Indices:
    """The source's own cameras.

    γ(f) = source(f)
    """
    return source.copy()


def reverse(source: Indices, cameras: int, rng: Rng) -> Indices:
    """The source's cameras backwards.

    γ(f) = source(F−1−f)
    """
    return source[::-1].copy()


def fixed(source: Indices, cameras: int, rng: Rng, *, camera: int | None = None) -> Indices:
    """One camera, drawn from all C, throughout: a tripod.

    γ(f) = camera
    """
    chosen = int(rng.integers(cameras)) if camera is None else camera
    return np.full(len(source), chosen, np.int64)


def sub_range(source: Indices, cameras: int, rng: Rng, *, first: int | None = None, last: int | None = None) -> Indices:
    """Part of the path (a quarter to three quarters of it), in either direction, at constant speed.

    γ(f) = round(first + (last−first)·x)
    """
    a, b = _range(cameras, rng, first, last, (0.25, 0.75))
    return _round(a + float(b - a) * _phase(source))


def strided(source: Indices, cameras: int, rng: Rng, *, first: int | None = None, stride: int | None = None) -> Indices:
    """Every stride-th camera (2 to 4, in either direction) from a drawn one, turning back at the ends of the path.

    γ(f) = fold(first + stride·f), fold(c) mirrors at 0 and C−1
    """
    step = int(rng.integers(2, 5)) * (1 if rng.random() < 0.5 else -1)
    start = int(rng.integers(cameras))
    return _fold(
        (start if first is None else first) + (step if stride is None else stride) * np.arange(len(source)), cameras
    )


def eased(source: Indices, cameras: int, rng: Rng, *, first: int | None = None, last: int | None = None) -> Indices:
    """Part of the path (a third of it or more), in either direction, starting and stopping gently.

    γ(f) = round(first + (last−first)·(3x² − 2x³))
    """
    a, b = _range(cameras, rng, first, last, (1 / 3, 1.0))
    x = _phase(source)
    return _round(a + float(b - a) * (3 * x**2 - 2 * x**3))


def random_walk(source: Indices, cameras: int, rng: Rng, *, max_speed: float = 2.0) -> Indices:
    """Wanders smoothly along the path, in both directions, never faster than `max_speed` cameras a frame.

    γ(f) = smooth_random(F, C), as the time warp of that name
    """
    return warp_times("smooth_random", len(source), cameras, rng, max_speed=max_speed)


def _phase(source: Indices) -> NDArray[np.float64]:
    return np.arange(len(source)) / max(len(source) - 1, 1)


CAMERA_TRACKS: MappingProxyType[str, Callable[..., Indices]] = MappingProxyType(
    {track.__name__: track for track in (diagonal, reverse, fixed, sub_range, strided, eased, random_walk)}
)
"""Every camera track by name, but for `hop`."""


def camera_track(name: str, source: Indices, cameras: int, seed: int | Rng, **parameters: Any) -> Indices:
    """The cameras of a camera track by name: int64 [F] in 0..C−1.

    Raises `InputError` for an unknown name or parameter, or one that leads outside the path.
    """
    if name not in CAMERA_TRACKS:
        raise InputError(f"There is no camera track {name!r}; there are: {', '.join(CAMERA_TRACKS)}.")
    rng = np.random.default_rng(seed) if isinstance(seed, int) else seed
    known = inspect.signature(CAMERA_TRACKS[name]).parameters
    for parameter in parameters:
        if parameter not in known or known[parameter].kind is not inspect.Parameter.KEYWORD_ONLY:
            raise InputError(f"Camera track {name} has no parameter {parameter!r}.")
    path = CAMERA_TRACKS[name](source, cameras, rng, **parameters)
    if path.min() < 0 or path.max() >= cameras:
        raise InputError(
            f"Camera track {name} with {parameters} leads to cameras {path.min()} to {path.max()}; there are 0 to "
            f"{cameras - 1}."
        )
    return path


def summary(name: str) -> str:
    """What a camera track does, in a sentence."""
    if name == HOP:
        return "The source's cameras up to a drawn frame, then those of another camera path of the same scene and animation."
    return (inspect.getdoc(CAMERA_TRACKS[name]) or "").split("\n")[0]
