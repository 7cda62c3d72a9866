"""What an evaluation found: every clip's score, what is wrong, and the summaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from camxtime.evaluation.items import EvalItem, EvalSet
from camxtime.evaluation.measures import MEASURES
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.score import ClipScore
from camxtime.evaluation.stats import Stat, summarise

FORMAT = "camxtime-evaluation"
FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class MethodResult:
    """One method: its scores by item id, and what is wrong with its predictions, each in words."""

    name: str
    scores: dict[str, ClipScore] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """Items that results are averaged over. kind: "all", "group" or "mode"."""

    kind: str
    name: str
    items: tuple[EvalItem, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """The outcome of `evaluate`. notes: what was not measured, and why."""

    items: EvalSet
    dataset: dict[str, Any]
    options: EvalOptions
    methods: list[MethodResult]
    notes: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is wrong, over all methods."""
        return [f"{method.name}: {problem}" for method in self.methods for problem in method.problems]

    def groups(self) -> list[Group]:
        """All items, then each group of modes, then each mode, in the order of the benchmark."""
        found = [Group("all", "all", self.items.items)]
        for kind in ("group", "mode"):
            for name in dict.fromkeys(getattr(item, kind) for item in self.items.items):
                chosen = tuple(item for item in self.items.items if getattr(item, kind) == name)
                if chosen != found[-1].items or found[-1].kind == "all":
                    found.append(Group(kind, name, chosen))
        return found

    def summarised(self) -> Iterator[MethodResult]:
        """The methods that are summarised: those without problems (all, if partial results were asked for)."""
        return (m for m in self.methods if m.scores and (self.options.partial or not m.problems))

    def measures(self) -> list[str]:
        """The measures that some clip has, in their order."""
        there = {name for method in self.methods for score in method.scores.values() for name in score.values}
        return [name for name in MEASURES if name in there]

    def stat(self, method: MethodResult, group: Group, measure: str) -> Stat:
        """One measure of a method over a group; the same seed gives the same interval."""
        scored = [item for item in group.items if item.id in method.scores]
        values = [method.scores[item.id].values.get(measure, float("nan")) for item in scored]
        clusters = [stage_of(item) for item in scored]
        rng = np.random.default_rng(self.options.seed)
        return summarise(values, clusters, rng, self.options.bootstrap)

    def summary(self) -> dict[str, dict[str, dict[str, Stat]]]:
        """Method → group → measure → statistics. A group is named by itself, "all" is every item."""
        measures, groups = self.measures(), self.groups()
        return {
            method.name: {group.name: {name: self.stat(method, group, name) for name in measures} for group in groups}
            for method in self.summarised()
        }

    def to_json(self) -> dict[str, Any]:
        """Everything, JSON-ready."""
        summary = {
            method: {group: {name: stat.to_json() for name, stat in stats.items()} for group, stats in groups.items()}
            for method, groups in self.summary().items()
        }
        scores = {
            method.name: {
                "problems": method.problems,
                "items": {item.id: {"mode": item.mode, "group": item.group, "grid": item.target.grid,
                                    **method.scores[item.id].to_json()}
                          for item in self.items.items if item.id in method.scores},
            }
            for method in self.methods
        }  # fmt: skip
        return {
            "format": FORMAT, "format_version": FORMAT_VERSION,
            "benchmark": {"name": self.items.name, "digest": self.items.digest, "items": len(self.items)},
            "dataset": self.dataset, "options": self.options.to_json(), "notes": self.notes,
            "measures": {name: {"unit": MEASURES[name].unit if not MEASURES[name].of_100 else "share",
                                "better": MEASURES[name].better, "meaning": MEASURES[name].words}
                         for name in self.measures()},
            "summary": summary, "methods": scores,
        }  # fmt: skip


def stage_of(item: EvalItem) -> str:
    """Scene and animation of an item: its cluster in the bootstrap."""
    return item.target.grid.rsplit(".", 1)[0]
