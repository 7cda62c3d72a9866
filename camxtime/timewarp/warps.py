"""The warps themselves: each a pure function of (F, T, rng) and its own parameters, returning int64 [F] in 0..T−1.

F is the number of output frames, T the number of times that may be used, f = 0..F−1 the output frame, x = f / (F−1)
(0 where F = 1). A parameter left out is drawn from `rng`. round(·) rounds halves up. The first line of a docstring says
what the warp does, its lines that begin with τ are the formula: the registry, the command line and the docs show both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Rng = np.random.Generator

SEGMENT_SHARE = (20 / 81, 25 / 81)
"""Share of the clip's frames that a slow segment's content has: SpaceTimePilot's window of 20–25 frames of 81."""


def _round(values: NDArray[np.float64]) -> Times:
    return np.floor(values + 0.5).astype(np.int64)


def _phase(frames: int) -> NDArray[np.float64]:
    return np.arange(frames) / max(frames - 1, 1)


def _draw(rng: Rng, value: int | None, low: int, high: int) -> int:
    """A whole number from low to high, both included, unless one from there is given; `ValueError` otherwise."""
    if value is None:
        return int(rng.integers(low, high, endpoint=True))
    if not low <= value <= high:
        raise ValueError(f"a parameter is {value} where {low} to {high} are possible")
    return int(value)


def _power(power: float | None, rng: Rng) -> float:
    if power is not None and not power > 1:
        raise ValueError("power must be greater than 1")
    return float(rng.uniform(1.5, 3.0)) if power is None else power


def forward(frames: int, times: int, rng: Rng, *, start: int = 0) -> Times:
    """Plays the animation as it is.

    τ(f) = start + f
    """
    return start + np.arange(frames, dtype=np.int64)


def reverse(frames: int, times: int, rng: Rng, *, start: int = 0) -> Times:
    """Plays the animation backwards.

    τ(f) = start + F−1−f
    """
    return start + np.arange(frames - 1, -1, -1, dtype=np.int64)


def acceleration(frames: int, times: int, rng: Rng, *, power: float | None = None) -> Times:
    """Starts slowly and speeds up over all T times; `power` > 1, drawn from 1.5 to 3.

    τ(f) = round((T−1)·x^power)
    """
    exponent = _power(power, rng)
    return _round((times - 1) * _phase(frames) ** exponent)


def deceleration(frames: int, times: int, rng: Rng, *, power: float | None = None) -> Times:
    """Starts fast and slows down over all T times; `power` > 1, drawn from 1.5 to 3.

    τ(f) = round((T−1)·(1 − (1−x)^power))
    """
    exponent = _power(power, rng)
    return _round((times - 1) * (1.0 - (1.0 - _phase(frames)) ** exponent))


def freeze(frames: int, times: int, rng: Rng, *, at: int | None = None) -> Times:
    """Bullet time: one time, drawn from all T, throughout.

    τ(f) = at
    """
    return np.full(frames, _draw(rng, at, 0, times - 1), np.int64)


def slow_global(frames: int, times: int, rng: Rng, *, hold: int = 2, start: int | None = None) -> Times:
    """Slow motion at 1/hold speed: F consecutive frames, drawn, of the animation with every time shown `hold` times.

    τ(f) = ⌊(start + f) / hold⌋, start in 0..hold·T−F
    """
    if hold < 2:
        raise ValueError("hold must be at least 2")
    return (_draw(rng, start, 0, hold * times - frames) + np.arange(frames, dtype=np.int64)) // hold


def slow_segment(
    frames: int, times: int, rng: Rng, *, start: int | None = None, begin: int | None = None, length: int | None = None
) -> Times:
    """Half speed for `length` times (about a quarter to a third of F), real time before and after.

    τ(f) = start + f                         for f < begin
    τ(f) = start + begin + ⌊(f−begin) / 2⌋   for begin ≤ f < begin + 2·length
    τ(f) = start + f − length                for f ≥ begin + 2·length
    """
    low, high = (min(max(int(share * frames + 0.5), 1), frames // 2) for share in SEGMENT_SHARE)
    slow = _draw(rng, length, low, high)
    first = _draw(rng, begin, 0, frames - 2 * slow)
    f = np.arange(frames, dtype=np.int64)
    held = f - np.clip((f - first + 1) // 2, 0, slow)
    return _draw(rng, start, 0, times - (frames - slow)) + held


def zigzag(frames: int, times: int, rng: Rng, *, pivot: int | None = None) -> Times:
    """Plays from 0 to a pivot in the second half and back again from there.

    τ(f) = pivot − |pivot − f|, ⌈F/2⌉ ≤ pivot ≤ F−2
    """
    turn = _draw(rng, pivot, (frames + 1) // 2, min(frames - 2, times - 1))
    return turn - np.abs(turn - np.arange(frames, dtype=np.int64))


def ping_pong(frames: int, times: int, rng: Rng, *, span: int | None = None, start: int | None = None) -> Times:
    """Forth and back between two times `span` apart, over and over: one to two round trips in F frames.

    τ(f) = start + span − |span − (f mod 2·span)|
    """
    distance = _draw(rng, span, max((frames - 1) // 4, 1), min((frames - 1) // 2, times - 1))
    low = _draw(rng, start, 0, times - 1 - distance)
    return low + distance - np.abs(distance - np.arange(frames, dtype=np.int64) % (2 * distance))


def motion_to_freeze(frames: int, times: int, rng: Rng, *, hold: int | None = None, at: int | None = None) -> Times:
    """Plays up to the time `at`, then holds it for `hold` more frames (F/2 unless given).

    τ(f) = min(at − (F−hold−1) + f, at)
    """
    held = _draw(rng, frames // 2 if hold is None else hold, 0, frames - 1)
    stop = _draw(rng, at, frames - held - 1, times - 1)
    return np.minimum(stop - (frames - held - 1) + np.arange(frames, dtype=np.int64), stop)


def ramp(frames: int, times: int, rng: Rng, *, speed_from: float | None = None, speed_to: float | None = None) -> Times:
    """Speed changes linearly from one value to another (each drawn from 0.25 to 2), both scaled down to fit T.

    τ(f) = start + round(a·f + (b−a)·f² / (2·(F−1))), a and b the two speeds, start drawn from what fits
    """
    drawn = rng.uniform(0.25, 2.0, size=2)
    speeds = np.array([drawn[0] if speed_from is None else speed_from, drawn[1] if speed_to is None else speed_to])
    if not (speeds >= 0).all():
        raise ValueError("speeds must not be negative")
    f = np.arange(frames, dtype=np.float64)
    steps = max(frames - 1, 1)
    total = speeds.sum() / 2 * (frames - 1)
    if total > times - 1:
        speeds = speeds * ((times - 1) / total)
    played = _round(speeds[0] * f + (speeds[1] - speeds[0]) * f**2 / (2 * steps))
    return _draw(rng, None, 0, times - 1 - int(played[-1])) + played


def smooth_random(frames: int, times: int, rng: Rng, *, max_speed: float = 2.0) -> Times:
    """Wanders smoothly through the T times, in both directions, never faster than `max_speed` times a frame.

    τ(f) = round(v_k + (v_{k+1} − v_k)·(3u² − 2u³)), u = f/g − k, k = ⌊f/g⌋; v_k a random walk, reflected at 0 and T−1,
    of steps up to max_speed·g/1.5, one every g ≈ 12 frames
    """
    if not 0 < max_speed < np.inf:
        raise ValueError("max_speed must be a positive number")
    knots = max(round((frames - 1) / 12), 1) + 1
    gap = max(frames - 1, 1) / (knots - 1)
    values = np.empty(knots)
    values[0] = rng.uniform(0, times - 1)
    for k, step in enumerate(rng.uniform(-1.0, 1.0, size=knots - 1) * max_speed * gap / 1.5):
        values[k + 1] = _reflect(values[k] + step, times - 1)
    position = np.arange(frames) / gap
    before = np.minimum(position.astype(np.int64), knots - 2)
    u = position - before
    return _round(values[before] + (values[before + 1] - values[before]) * (3 * u**2 - 2 * u**3))


def _reflect(value: float, top: float) -> float:
    """`value` folded into 0..top as by mirrors at both ends."""
    if top == 0:
        return 0.0
    folded = value % (2 * top)
    return 2 * top - folded if folded > top else folded
