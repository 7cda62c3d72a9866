"""The page as files: what the server would answer, at the same relative addresses, for any web host."""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from camxtime.errors import InputError, WorkError
from camxtime.shards.atomic import write_error
from camxtime.shards.grid import Grid
from camxtime.viewer import cells, describe
from camxtime.viewer.answers import json_bytes
from camxtime.viewer.clips import examples, track_names
from camxtime.viewer.pagefiles import all_page_files, page_file
from camxtime.viewer.state import TRUTH, State

if TYPE_CHECKING:
    from camxtime.viewer.results import Results

PASSES = ("rgb", "depth", "instance")
FILES = {"rgb": ("rgb",), "depth": ("depth.png", "depth.bin"), "instance": ("instance.png", "instance.bin")}
THUMBS = ("diagonal.webp", "mosaic.jpg", "coarse.jpg")
_SAMPLED = 6
_IN_HAND = 64  # cells waiting for a thread


@dataclass(frozen=True)
class ExportWish:
    """What is exported. grids: ids or shell patterns, all if empty. passes: those whose cells are written."""

    grids: tuple[str, ...] = ()
    passes: tuple[str, ...] = PASSES


@dataclass(frozen=True, eq=False)
class ExportPlan:
    """The grids and passes to be written, how many files that is, and about how many bytes."""

    grids: tuple[Grid, ...]
    passes: tuple[str, ...]
    files: int
    nbytes: int
    results: Results | None = None


def plan_export(state: State, wish: ExportWish) -> ExportPlan:
    """Say what an export would be, from the index and a few cells. `InputError` for a grid or pass that is not there."""
    ids = state.dataset.grids.ids
    for pattern in wish.grids:
        if not any(fnmatch.fnmatchcase(grid, pattern) for grid in ids):
            raise InputError(f"export: there is no grid {pattern!r}.")
    chosen = [grid for grid in ids if not wish.grids or any(fnmatch.fnmatchcase(grid, p) for p in wish.grids)]
    unknown = [name for name in wish.passes if name not in PASSES]
    if unknown:
        raise InputError(f"export: there is no pass {unknown[0]!r}; there are {', '.join(PASSES)}.")
    passes = tuple(name for name in PASSES if name in wish.passes and name in state.dataset.passes)
    if not chosen or not passes:
        raise InputError("export: there is no grid, or none of the passes, to write.")
    grids = tuple(state.source.grid(grid) for grid in chosen)
    pages = all_page_files()
    files, nbytes = len(pages) + 4, sum(len((page_file(name) or (b"", ""))[0]) for name in pages)
    for grid in grids:
        count, size = _size_of(grid, passes)
        files, nbytes = files + count, nbytes + size
    results = state.results if len(grids) == len(ids) and "rgb" in passes else None  # its sources are cells
    if results is not None:
        names = [TRUTH, *results.names]
        frames = sum(len(results.frames(name)) for name in names)
        files, nbytes = files + 1 + frames, nbytes + 50_000 + frames * len(results.frame(TRUTH, 0, 0))
    return ExportPlan(grids, passes, files, nbytes, results)


def write_site(state: State, plan: ExportPlan, folder: Path, progress: bool | None = None) -> int:
    """Write the site into a new or empty folder; returns its bytes. index.html comes last.

    progress: show a bar; None shows one on a terminal. Raises `InputError` for a folder that holds something or a disk
    without room, `WorkError` where it cannot be written.
    """
    from tqdm import tqdm

    _check_folder(folder, plan.nbytes)
    total = 0
    shown = tqdm(total=plan.files, unit="file", disable=None if progress is None else not progress)
    with shown, ThreadPoolExecutor(os.cpu_count() or 1, "camxtime-export") as pool:
        for nbytes in _done(pool, folder, _jobs(state, plan)):
            total += nbytes
            shown.update()
    for name in sorted(all_page_files(), key=lambda name: name == "index.html"):
        found = page_file(name)
        if found is not None:
            total += _write(folder / name, found[0])
    return total


@dataclass(frozen=True, eq=False)
class _Job:
    """A file to be made: its path in the site, and what makes its bytes."""

    path: str
    make: Any

    def write(self, folder: Path) -> int:
        return _write(folder / self.path, self.make())


def _jobs(state: State, plan: ExportPlan) -> Iterator[_Job]:
    ids = {grid.id for grid in plan.grids}
    rows = [row for row in describe.grid_rows(state.dataset, state.manifest, {})["grids"] if row["id"] in ids]
    sizes = {(grid.C, grid.T) for grid in plan.grids}
    yield _Job("api/site.json", lambda: json_bytes(_static_site(state, plan)))
    yield _Job("api/grids.json", lambda: json_bytes({"grids": rows}))
    yield _Job("api/tracks.json", lambda: json_bytes({"tracks": track_names(), "examples": examples(sizes)}))
    yield _Job("legend/depth.png", cells.depth_legend)
    for grid in plan.grids:
        yield _Job(f"api/grids/{grid.id}.json", lambda grid=grid: state.grid_details(grid))
        for kind in _thumbs_of(grid):
            yield _Job(f"thumbs/{grid.id}/{kind}", lambda grid=grid, kind=kind: state.thumb(grid, kind))
        yield from _cell_jobs(state, grid, plan.passes)
    if plan.results is not None:
        yield from _result_jobs(state, plan.results)


def _cell_jobs(state: State, grid: Grid, passes: Sequence[str]) -> Iterator[_Job]:
    for name in passes:
        for time, camera in np.argwhere(grid.index.shard[..., grid.passes.index(name)] >= 0).tolist():
            for file in FILES[name]:
                yield _Job(
                    f"cells/{grid.id}/{camera}/{time}/{file}",
                    lambda file=file, camera=camera, time=time: _cell_file(state, grid, (camera, time), file),
                )


def _result_jobs(state: State, results: Results) -> Iterator[_Job]:
    results.score_all(state.work.stop)
    yield _Job("api/benchmark.json", lambda: json_bytes(results.to_json()))
    for name in (TRUTH, *results.names):
        for item, frame in results.frames(name):
            yield _Job(
                f"benchmark/{name}/{item}/{frame}.png",
                lambda name=name, item=item, frame=frame: results.frame(name, item, frame),
            )


def _cell_file(state: State, grid: Grid, cell: tuple[int, int], file: str) -> bytes:
    if file == "rgb":
        return cells.stored(grid, *cell, "rgb")
    if file == "depth.png":
        return cells.depth_picture(grid, *cell, *state.depth_range(grid)).data
    if file == "depth.bin":
        return cells.depth_numbers(grid, *cell)
    if file == "instance.png":
        return cells.instance_picture(grid, *cell).data
    return cells.instance_numbers(grid, *cell)


def _static_site(state: State, plan: ExportPlan) -> dict[str, Any]:
    site = state.site()
    off = dict.fromkeys(site["features"], False)
    dataset = {**site["dataset"], "passes": [p for p in site["dataset"]["passes"] if p["name"] in plan.passes]}
    dataset["counts"] = {
        **dataset["counts"], "grids": len(plan.grids), "cells": sum(grid.row.cells for grid in plan.grids),
        "videos": sum(grid.C for grid in plan.grids if grid.status == "complete"),
    }  # fmt: skip
    shown = plan.results is not None
    return {**site, "static": True, "features": {**off, "benchmark": shown}, "render": False, "benchmark": shown,
            "dataset": dataset}  # fmt: skip


def _size_of(grid: Grid, passes: Sequence[str]) -> tuple[int, int]:
    """(files, bytes) of a grid: stored bytes and arrays are known, pictures are judged by a few."""
    files, nbytes = 1 + len(_thumbs_of(grid)), 200_000
    for name in passes:
        column = grid.passes.index(name)
        places = np.argwhere(grid.index.shard[..., column] >= 0)
        files += len(places) * len(FILES[name])
        if name == "rgb":
            nbytes += int(grid.index.nbytes[..., column].sum(dtype=np.int64))
        elif len(places):
            chosen = places[np.unique(np.linspace(0, len(places) - 1, _SAMPLED).astype(int))].tolist()
            if name == "depth":
                near, far = cells.depth_range_of(grid)
                made = [cells.depth_picture(grid, c, t, near, far).data for t, c in chosen]
            else:
                made = [cells.instance_picture(grid, c, t).data for t, c in chosen]
            picture = sum(map(len, made)) / len(made)
            nbytes += int(len(places) * (picture + grid.H * grid.W * (4 if name == "depth" else 2)))
    return files, nbytes


def _thumbs_of(grid: Grid) -> tuple[str, ...]:
    from camxtime.viewer.thumbs import coarse_plan

    return THUMBS if coarse_plan(grid.C, grid.T, grid.W, grid.H) is not None else THUMBS[:2]


def _done(pool: ThreadPoolExecutor, folder: Path, jobs: Iterator[_Job]) -> Iterator[int]:
    """Bytes of each file as it is written; only so many wait at a time."""
    waiting: set[Future[int]] = set()
    try:
        for job in jobs:
            waiting.add(pool.submit(job.write, folder))
            if len(waiting) >= _IN_HAND:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ready)
        yield from (future.result() for future in waiting)
    except BaseException:
        for future in waiting:
            future.cancel()
        raise


def _check_folder(folder: Path, nbytes: int) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty; export into a new folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise write_error(folder, error) from error
    if free < nbytes * 1.05:
        raise InputError(
            f"{folder}: the site needs about {nbytes:,} bytes, and {free:,} are free; choose fewer grids or passes."
        )


def _write(path: Path, data: bytes) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        failure: WorkError = write_error(path, error)
        raise failure from error
    return len(data)
