"""A dataset under its bounds: every grid measured, judged and ranked, and how different the grids are."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import ValidationError

from camxtime.errors import DataError
from camxtime.quality.diversity import FRAMES, Neighbours, descriptor, neighbours
from camxtime.quality.judge import Fault, badness, judge, unmeasured
from camxtime.quality.left_out import left_out
from camxtime.quality.measures import Values, measure
from camxtime.quality.sample import CAMERAS, TIMES, read_sample
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.shards.layout import SHARDS
from camxtime.spec.quality import MEASURES, Quality, QualityBase

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AssessOptions:
    """cameras, times: how many cameras, and pairs of consecutive times, of each grid are looked at. workers: threads."""

    cameras: int = CAMERAS
    times: int = TIMES
    workers: int = 1


@dataclass(frozen=True)
class GridQuality:
    """One grid. values: by measure, None where the data cannot tell. faults: worst first; empty passes.

    badness: rank, see `judge.badness`. nearest, distance: the most similar other grid and its delta E. draw: which draw of
    its path was taken; redrawn: why earlier ones were not, with counts. note: "incomplete" or "not rendered".
    """

    grid: str
    values: Values
    faults: tuple[Fault, ...]
    badness: float
    nearest: str | None = None
    distance: float | None = None
    draw: int = 0
    redrawn: dict[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class DatasetQuality:
    """All grids, worst first. pairs: near-duplicates (grid, grid, delta E). left_out: why, by planned grid that
    is not there."""

    name: str
    digest: str
    quality: QualityBase
    grids: tuple[GridQuality, ...]
    pairs: tuple[tuple[str, str, float], ...]
    left_out: dict[str, str]
    median_distance: float | None

    @property
    def failing(self) -> list[GridQuality]:
        """Grids beyond a bound, worst first."""
        return [grid for grid in self.grids if grid.faults]

    @property
    def left_out_share(self) -> float:
        """Share of planned grids that were left out."""
        planned = len(self.grids) + len(self.left_out)
        return len(self.left_out) / planned if planned else 0.0

    @property
    def ok(self) -> bool:
        """No grid fails, and no more grids are left out than the spec allows."""
        return not self.failing and self.left_out_share <= self.quality.max_left_out

    @property
    def open_points(self) -> list[str]:
        """What is no fault of a grid, but would have to be settled for a spotless dataset, in words."""
        points = [f"{a} and {b} are near-duplicates (delta E {distance:.2f})" for a, b, distance in self.pairs]
        points += [f"{grid.grid} is {grid.note}" for grid in self.grids if grid.note]
        missing = {name for grid in self.grids if not grid.note for name in unmeasured(grid.values, self.quality)}
        points += [f"{name} could not be measured" for name in MEASURES if name in missing]
        return points

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form: every value, bound, fault and distance."""
        return {
            "name": self.name,
            "digest": self.digest,
            "ok": self.ok,
            "bounds": {name: self.quality.bounds(name).model_dump() for name in MEASURES},
            "grids": [
                {
                    "grid": grid.grid,
                    "passes": not grid.faults,
                    "badness": round(grid.badness, 6),
                    "values": grid.values,
                    "faults": [{**vars(fault), "mend": fault.mend} for fault in grid.faults],
                    "nearest": grid.nearest,
                    "distance": grid.distance,
                    "draw": grid.draw,
                    "redrawn": grid.redrawn,
                    "note": grid.note,
                }
                for grid in self.grids
            ],
            "near_duplicates": [{"grids": [a, b], "distance": distance} for a, b, distance in self.pairs],
            "median_distance": self.median_distance,
            "left_out": [{"grid": grid, "reason": reason} for grid, reason in self.left_out.items()],
            "left_out_share": self.left_out_share,
            "open_points": self.open_points,
        }


def spec_quality(dataset: Dataset) -> QualityBase:
    """The bounds that the dataset's own spec states; the defaults where it states none, or was imported.

    Raises:
        DataError: the section is not one.
    """
    try:
        return Quality.model_validate(dataset.spec.get("quality", {}))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise DataError(
            f"{dataset.root}: quality.{where} in dataset.json is no bound; build the index again."
        ) from error


def assess(
    dataset: Dataset,
    quality: QualityBase | None = None,
    options: AssessOptions | None = None,
    progress: Progress | None = None,
) -> DatasetQuality:
    """Measure every grid of a dataset and judge it.

    Args:
        quality: bounds; None takes those of the dataset's spec.
        progress: called with (grids done, grids in all).

    Raises:
        InputError: impossible options.
        DataError: an image or the index is damaged.
    """
    bounds, options = quality or spec_quality(dataset), options or AssessOptions()
    seconds = _seconds_per_cell(dataset)
    ids = dataset.grids.ids
    looked: dict[str, tuple[Values, Any]] = {}
    with ThreadPoolExecutor(max(options.workers, 1), thread_name_prefix="quality") as pool:
        futures = {pool.submit(_look, dataset, grid_id, options): grid_id for grid_id in ids}
        try:
            for done, future in enumerate(as_completed(futures), 1):
                looked[futures[future]] = future.result()
                if progress is not None:
                    progress(done, len(ids))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    described = [grid_id for grid_id in ids if looked[grid_id][1] is not None]
    found = neighbours(np.stack([looked[g][1] for g in described]), bounds.min_distance) if described else None
    near = {
        grid_id: (described[found.nearest[row]], float(found.distance[row]))
        for row, grid_id in enumerate(described)
        if found is not None and math.isfinite(found.distance[row])
    }
    grids = [_grade(dataset.grid(g), {**looked[g][0], "seconds_per_cell": seconds.get(g)}, bounds, near) for g in ids]
    return DatasetQuality(
        dataset.name,
        dataset.digest,
        bounds,
        tuple(sorted(grids, key=lambda grid: (-grid.badness, grid.grid))),
        _named(found, described),
        left_out(dataset),
        float(np.median([distance for _, distance in near.values()])) if near else None,
    )


def _named(found: Neighbours | None, ids: list[str]) -> tuple[tuple[str, str, float], ...]:
    return tuple((ids[i], ids[j], distance) for i, j, distance in found.pairs) if found is not None else ()


def _look(dataset: Dataset, grid_id: str, options: AssessOptions) -> tuple[Values, Any]:
    """Values and descriptor of a grid; the latter None where its diagonal is not there."""
    grid = dataset.grid(grid_id)  # here, not by the caller: the dataset keeps the indices of a few grids only
    sample = read_sample(grid, options.cameras, options.times)
    if sample is None:
        return dict.fromkeys(MEASURES), None
    values = {**dict.fromkeys(MEASURES), **measure(sample)}
    if "rgb" not in grid.passes or grid.status != "complete":
        return values, None
    return values, descriptor(list(grid.diagonal(FRAMES).rgb))


def _grade(grid: Grid, values: Values, bounds: QualityBase, near: dict[str, tuple[str, float]]) -> GridQuality:
    nearest, distance = near.get(grid.id, (None, None))
    note = "" if grid.status == "complete" else "not rendered" if values["luminance"] is None else "incomplete"
    return GridQuality(
        grid.id,
        values,
        tuple(judge(values, bounds)),
        badness(values, bounds),
        nearest,
        distance,
        int(grid.row.seeds.get("draw", 0)),
        dict(grid.row.extra.get("redrawn", {})),
        note,
    )


def _seconds_per_cell(dataset: Dataset) -> dict[str, float]:
    """Blender's seconds per cell of each grid, where its shards say."""
    table = dataset.index_table(SHARDS)
    total: dict[str, list[float]] = {}
    for grid, cells, info in zip(*(table[name].to_pylist() for name in ("grid", "cells", "info")), strict=True):
        seconds = (json.loads(info) if info else {}).get("seconds")
        if isinstance(seconds, dict) and isinstance(seconds.get("blender_render"), int | float):
            sums = total.setdefault(grid, [0.0, 0.0])
            sums[0] += float(seconds["blender_render"])
            sums[1] += cells
    return {grid: seconds / cells for grid, (seconds, cells) in total.items() if cells}
