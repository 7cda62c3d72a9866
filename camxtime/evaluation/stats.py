"""Means, spreads and bootstrap intervals over videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stat:
    """One measure over some videos.

    n: videos where it is defined. mean, std: over them (std as NumPy's, divided by n). low, high: bootstrap interval of the
    mean. exact: videos whose value is infinite (PSNR of equal frames); one of them makes the mean infinite, and the spread and
    interval are then those of the others. finite_mean: the mean of the others (NaN if there is none).
    """

    n: int
    mean: float
    std: float
    low: float
    high: float
    exact: int
    finite_mean: float

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: infinities are "inf", undefined values null."""
        return {name: json_number(value) for name, value in vars(self).items()}


def json_number(value: float) -> Any:
    """A number as JSON holds it: NaN is null, infinities are the strings "inf" and "-inf"."""
    if isinstance(value, int):
        return value
    if np.isnan(value):
        return None
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(value)


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are drawn: `resamples` draws, the middle `level` of their means."""

    resamples: int = 2000
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 100 <= self.resamples <= 1_000_000 or not 0 < self.level < 1:
            raise InputError("A bootstrap needs 100 to 1,000,000 resamples and a level between 0 and 1.")


def summarise(
    values: Sequence[float], clusters: Sequence[str], rng: np.random.Generator, how: Bootstrap | None = None
) -> Stat:
    """The statistics of one value a video. NaN: not defined for that video; it is left out.

    clusters: what each video was cut from (its stage): videos of one stage resemble one another, so whole clusters are drawn.
    """
    given = np.asarray(values, np.float64)
    there = ~np.isnan(given)
    finite = np.isfinite(given)
    n, exact = int(there.sum()), int((there & ~finite).sum())
    nan = float("nan")
    if n == 0:
        return Stat(0, nan, nan, nan, nan, 0, nan)
    mean = float(given[there].mean())
    if exact == n:
        return Stat(n, mean, 0.0, mean, mean, exact, nan)
    kept = given[finite]
    low, high = interval(kept, [c for c, ok in zip(clusters, finite, strict=True) if ok], rng, how)
    return Stat(n, mean, float(kept.std()), low, high, exact, float(kept.mean()))


def interval(
    values: Sequence[float] | Floats, clusters: Sequence[str], rng: np.random.Generator, how: Bootstrap | None = None
) -> tuple[float, float]:
    """Percentile interval of the mean by drawing whole clusters with replacement (Efron 1979; Field and Welsh 2007).

    NaN on both sides where there are fewer than two clusters: one tells nothing about the next.
    """
    how = how or Bootstrap()
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2:
        return float("nan"), float("nan")
    sums = np.bincount(index, weights=np.asarray(values, np.float64), minlength=len(names))
    counts = np.bincount(index, minlength=len(names)).astype(np.float64)
    tail = (1 - how.level) / 2
    means = np.empty(how.resamples)
    chunk = max(1, 4_000_000 // len(names))
    for first in range(0, how.resamples, chunk):
        drawn = rng.integers(len(names), size=(min(chunk, how.resamples - first), len(names)))
        means[first : first + len(drawn)] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
