"""From runs' scores to a table: means over clips and seeds, and intervals over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation.stats import json_number
from camxtime.training.ablation.items import WARPED

Floats = NDArray[np.float64]

MEASURES = ("psnr", "ssim", "moving", "static", "camera", "time")

T_975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Student's t, 97.5 %, for n seeds (n − 1 degrees of freedom)."""


@dataclass(frozen=True)
class Value:
    """A mean over seeds and the half-width of its 95 % interval (Student's t; None with one seed)."""

    mean: float
    half: float | None
    seeds: tuple[float, ...]

    @staticmethod
    def of(values: Sequence[float]) -> Value:
        """Of one number a seed."""
        given = np.asarray(values, np.float64)
        half = None
        if len(given) > 1:
            half = float(T_975.get(len(given), 1.96) * given.std(ddof=1) / np.sqrt(len(given)))
        return Value(float(given.mean()), half, tuple(map(float, given)))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        half = None if self.half is None else json_number(self.half)
        return {"mean": json_number(self.mean), "half": half, "seeds": [json_number(value) for value in self.seeds]}

    def text(self, digits: int) -> str:
        """Mean ± half-width; a dash where there is none."""
        if np.isnan(self.mean):
            return "–"
        return f"{self.mean:.{digits}f}" + ("" if self.half is None else f" ± {self.half:.{digits}f}")

    def apart(self, other: Value) -> bool | None:
        """Whether the two intervals do not touch; None where there are none."""
        if self.half is None or other.half is None:
            return None
        return abs(self.mean - other.mean) > self.half + other.half


def mean_of(items: Sequence[Mapping[str, Any]], measure: str, modes: Sequence[str]) -> float:
    """Mean of a measure over the clips of some modes, each mode counting as much; NaN where it is not defined."""
    means = []
    for mode in modes:
        values = [item[measure] for item in items if item["mode"] == mode and item[measure] is not None]
        means.append(np.mean(values) if values else np.nan)
    return float(np.nanmean(means)) if np.isfinite(means).any() else float("nan")


def value_of(runs: Sequence[Mapping[str, Any]], measure: str, modes: Sequence[str] = WARPED) -> Value:
    """A measure of one condition: of each seed's run the mean over clips, then over seeds."""
    return Value.of([mean_of(run["items"], measure, modes) for run in runs])


def difference(
    runs: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], measure: str, modes: Sequence[str]
) -> Value:
    """runs − others, seed by seed (the same pairs of items and, as far as the conditions allow, of draws)."""
    by_seed = {run["seed"]: run for run in others}
    pairs = [(run, by_seed[run["seed"]]) for run in runs if run["seed"] in by_seed]
    return Value.of([mean_of(a["items"], measure, modes) - mean_of(b["items"], measure, modes) for a, b in pairs])
