"""The proof that a dataset is complete and right. It changes nothing and names each bad cell.

Levels, each with all before it:

quick    the index is consistent and complete: every cell of every grid once, shards present with their sizes, cameras
         proper, all digests follow from those below them
sample   N random cells (by seed) decode to what they should be, and one warp check a grid (or as many as N grids) holds
full     every byte of every shard, every image decoded, the offsets against Parquet's own reader, warp checks in every
         grid, and the ledger's records and commits (where there is a ledger)

`verify(path).ok` is the answer; `.findings` say what, where and what mends it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from camxtime.errors import CamxtimeError, InputError
from camxtime.shards import layout
from camxtime.shards.dataset import Dataset, open_dataset
from camxtime.shards.verify.ledger import check_ledger, ledger_of
from camxtime.shards.verify.payloads import check_shard, image_problem, instance_ids
from camxtime.shards.verify.report import Finding, Part, Progress, Report
from camxtime.shards.verify.structure import REINDEX, REMAKE, ShardRow, check_structure, shard_rows
from camxtime.shards.verify.warp import check_warps, draw_pairs

__all__ = ["WARP_PAIRS", "Finding", "Level", "Report", "verify"]

Level = Literal["quick", "sample", "full"]

WARP_PAIRS = 8
"""Warp pairs tried in every grid at the full level."""


def verify(
    path: str | os.PathLike[str],
    level: Level = "full",
    *,
    sample: int = 100,
    seed: int = 0,
    workers: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Verify the dataset in a folder or at a URL.

    sample: cells to decode at level "sample". seed: of the choice of cells and warp pairs. workers: threads, 0 for one a
    CPU. Problems of the data are findings of the report; `InputError` is raised for a path or level that is none.
    """
    if level not in ("quick", "sample", "full"):
        raise InputError(f"There is no level {level!r}: choose quick, sample or full.")
    if sample < 1 or workers < 0:
        raise InputError("sample must be at least 1 and workers at least 0.")
    report = Report(os.fspath(path), level)
    try:
        dataset = open_dataset(path)
        rows = shard_rows(dataset)
        list(dataset.grids)  # every row can be read
    except InputError:
        raise
    except CamxtimeError as error:
        report.findings.append(Finding("error", str(error), REINDEX, file=layout.DATASET_JSON))
        return report
    report.digest = dataset.digest
    run = _Run(dataset, report, workers or os.cpu_count() or 1, progress)
    run.add("structure", [lambda: check_structure(dataset, rows)])
    if level == "sample":
        run.add("cells", _sample_jobs(dataset, sample, seed))
        run.add("warps", _warp_jobs(dataset, seed, pairs=1, grids=sample))
    if level == "full":
        known = set(dataset.grids.ids)
        run.add("shards", [_shard_job(dataset, row) for row in rows if row.grid in known])
        run.add("ledger", _ledger_jobs(dataset, rows))
        run.add("warps", _warp_jobs(dataset, seed, pairs=WARP_PAIRS, grids=len(dataset)))
    return report


Job = Callable[[], Part]


class _Run:
    """Runs jobs in threads (decoding and hashing leave Python's lock) and collects their parts in order."""

    def __init__(self, dataset: Dataset, report: Report, workers: int, progress: Progress | None):
        self.dataset = dataset
        self.report = report
        self.workers = workers
        self.progress = progress

    def add(self, what: str, jobs: list[Job]) -> None:
        with ThreadPoolExecutor(self.workers) as pool:
            for done, part in enumerate(pool.map(lambda job: job(), jobs), start=1):
                self.report.findings.extend(part.kept())
                self.report.counts.update(part.counts)
                if self.progress is not None:
                    self.progress(what, done, len(jobs))


def _shard_job(dataset: Dataset, row: ShardRow) -> Job:
    def job() -> Part:
        grid = dataset.grid(row.grid)
        try:
            if dataset.storage.size(row.shard) != row.nbytes or row.shard not in grid.index.shards:
                broken = Part()  # the structure says so; what is left of its images is still looked at, one by one
                broken.counts["shards unreadable"] += 1
                return _merge(broken, _cells_part(dataset, _cells_of(dataset, row)))
        except CamxtimeError:
            part = Part()  # a file that is not there, or an index that does not load: the structure names it
            part.counts["shards unreadable"] += 1
            return part
        try:
            with dataset.storage.view(row.shard) as data:
                return check_shard(grid, dataset.codecs, row, data)
        except (
            CamxtimeError
        ) as error:  # it is there, as large as it should be, and cannot be read: only this level notices
            part = Part()
            part.counts["shards unreadable"] += 1
            part.error(str(error), REMAKE, file=row.shard, grid=row.grid)
            return part

    return job


def _ledger_jobs(dataset: Dataset, rows: list[ShardRow]) -> list[Job]:
    """A job a grid; none where there is no ledger."""
    store = ledger_of(dataset)
    if store is None:
        return []
    by_grid: dict[str, list[ShardRow]] = {name: [] for name in dataset.grids.ids}
    for row in rows:
        by_grid.get(row.grid, []).append(row)

    def job(name: str) -> Part:
        try:
            return check_ledger(store, dataset.grid(name), by_grid[name])
        except CamxtimeError:
            return Part()  # cameras that do not load: the structure names them

    return [lambda name=name: job(name) for name in by_grid]  # type: ignore[misc]


def _cells_of(dataset: Dataset, row: ShardRow) -> Iterator[tuple[str, int, int]]:
    return (
        (row.grid, camera, time) for time in range(row.t0, row.t1 + 1) for camera in range(dataset.grid(row.grid).C)
    )


def _sample_jobs(dataset: Dataset, count: int, seed: int) -> list[Job]:
    """Jobs of up to 16 cells; cells are drawn without replacement, uniformly over the cells that there are."""
    sides = [(row.grid, row.C, row.T) for row in dataset.grids]
    ends = np.cumsum([c * t for _, c, t in sides], dtype=np.int64) if sides else np.zeros(1, np.int64)
    total = int(ends[-1])
    rng = np.random.default_rng([seed, 1])
    chosen = np.sort(rng.choice(total, min(count, total), replace=False))
    cells = []
    for number in chosen:
        ordinal = int(np.searchsorted(ends, number, side="right"))
        grid, c, t = sides[ordinal]
        time, camera = divmod(int(number) - (int(ends[ordinal]) - c * t), c)
        cells.append((grid, camera, time))
    batches = [cells[i : i + 16] for i in range(0, len(cells), 16)]
    return [lambda batch=batch: _cells_part(dataset, iter(batch)) for batch in batches]  # type: ignore[misc]


def _cells_part(dataset: Dataset, cells: Iterator[tuple[str, int, int]]) -> Part:
    """Read and decode cells as a user would."""
    part = Part()
    codecs = dataset.codecs
    for name, camera, time in cells:
        grid = dataset.grid(name)
        for pass_name, codec in codecs.items():
            column = list(codecs).index(pass_name)
            place = {"grid": name, "camera": camera, "time": time, "pass_name": pass_name}
            try:
                shard = grid.index.shard[time, camera, column]
                if shard < 0:
                    continue  # missing cells are named by the structure
                place["file"] = grid.index.shards[shard]
                payload = grid.payloads(camera, time, pass_name)[0]
            except CamxtimeError as error:
                part.error(str(error), REMAKE, **place)
                continue
            part.counts["images"] += 1
            problem = image_problem(codec, payload, (grid.H, grid.W), instance_ids(grid))
            if problem is not None:
                part.error(problem, REMAKE, **place)
    return part


def _warp_jobs(dataset: Dataset, seed: int, pairs: int, grids: int) -> list[Job]:
    if "depth" not in dataset.passes:
        return []
    rng = np.random.default_rng([seed, 2])
    count = len(dataset)
    chosen = np.sort(rng.choice(count, min(grids, count), replace=False))

    def job(ordinal: int) -> Part:
        grid = dataset.grid(dataset.grids.ids[ordinal])
        try:
            drawn = draw_pairs(grid, pairs, np.random.default_rng([seed, 3, ordinal]))
            return check_warps(grid, drawn)
        except CamxtimeError:
            return Part()  # an index that does not load: the structure names it

    return [lambda ordinal=int(ordinal): job(ordinal) for ordinal in chosen]  # type: ignore[misc]


def _merge(a: Part, b: Part) -> Part:
    a.findings.extend(b.findings)
    a.counts.update(b.counts)
    return a
