"""Values against the bounds of a spec: which fail, by how much, and what to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from camxtime.quality.measures import Values
from camxtime.spec.quality import MEASURES, Bounds, QualityBase


@dataclass(frozen=True)
class Fault:
    """A measure beyond a bound. side: "min" or "max"."""

    measure: str
    value: float
    bound: float
    side: str

    @property
    def mend(self) -> str:
        """What to change."""
        known = MEASURES[self.measure]
        return known.mend_low if self.side == "min" else known.mend_high

    def __str__(self) -> str:
        sign = "<" if self.side == "min" else ">"
        return f"{self.measure} {brief(self.value)} {sign} {self.bound:.3g} {MEASURES[self.measure].unit}"


def brief(value: float) -> str:
    """A value for a reader: three digits, and 0 for what is nothing but rounding."""
    return f"{value:.3g}" if abs(value) >= 1e-6 else "0"


def judge(
    values: Mapping[str, float | None],
    quality: QualityBase,
    names: Iterable[str] = MEASURES,
    reserve: Mapping[str, float] | None = None,
) -> list[Fault]:
    """The faults among the named measures, worst first; what is None is not judged.

    reserve: factors on the lower bounds of measures that `values` tell only roughly.
    """
    faults = []
    factors = reserve or {}
    for name in names:
        value, bounds = values.get(name), quality.bounds(name)
        if value is None:
            continue
        lowest = None if bounds.min is None else bounds.min * factors.get(name, 1.0)
        if lowest is not None and value < lowest:
            faults.append(Fault(name, value, lowest, "min"))
        elif bounds.max is not None and value > bounds.max:
            faults.append(Fault(name, value, bounds.max, "max"))
    return sorted(faults, key=lambda fault: -excess(fault.measure, fault.value, quality.bounds(fault.measure)))


def excess(name: str, value: float, bounds: Bounds) -> float:
    """How far a measure lies beyond the nearer of its bounds: above 0 fails; −1 to 1, so that measures compare.

    In units of the bound b itself, of shares in units of min(b, 1 − b): 0.999 is far from 0.99. −1 without bounds.
    """
    sides = [-1.0]
    for bound, over in ((bounds.min, -1.0), (bounds.max, 1.0)):
        if bound is not None:
            scale = min(bound, 1 - bound) if MEASURES[name].unit.startswith("of ") else abs(bound)
            sides.append(over * (value - bound) / (scale or 1.0))
    return min(max(sides), 1.0)


def badness(values: Values, quality: QualityBase) -> float:
    """Rank of a grid: the sum of what fails if anything does, else the greatest excess (at most 0)."""
    found = [excess(name, value, quality.bounds(name)) for name, value in values.items() if value is not None]
    failing = sum(value for value in found if value > 0)
    return failing if failing > 0 else max(found, default=-1.0)


def unmeasured(values: Mapping[str, float | None], quality: QualityBase) -> list[str]:
    """Measures that have a bound and no value: the dataset lacks a pass, or a grid lacks cells."""
    return [name for name in MEASURES if values.get(name) is None and quality.bounds(name) != Bounds()]
