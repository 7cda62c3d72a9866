"""The quick level: everything that the index says is complete, consistent and matched by files of the right size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.shards import layout
from camxtime.shards.bounds import parse_json
from camxtime.shards.dataset import Dataset
from camxtime.shards.digest import dataset_digest, grid_digest, header_checksum, unit_digest
from camxtime.shards.grid import Grid
from camxtime.shards.index import file_sha256
from camxtime.shards.layout import UnitKey
from camxtime.shards.verify.report import Part

RENDER = "run `camxtime render` again: it renders what is missing and builds the index."
REMAKE = "delete this shard and run `camxtime render` again, or copy the file again from a good copy."
REINDEX = "run `camxtime render` again, which builds the index."

FOCAL_RANGE = (0.05, 200.0)
"""Focal lengths, in image widths, that a camera may sanely have (field of view 168° to 0.3°)."""


@dataclass(frozen=True)
class ShardRow:
    """A row of shards.parquet."""

    shard: str
    grid: str
    t0: int
    t1: int
    cells: int
    nbytes: int
    sha256: str
    digest: str
    time_digests: tuple[str, ...]


def shard_rows(dataset: Dataset) -> list[ShardRow]:
    """shards.parquet, checked field by field; `DataError` if a row is not that of a shard."""
    rows = []
    for row in dataset.index_table(layout.SHARDS).to_pylist():
        info = row.pop("info")
        row["time_digests"] = tuple(row["time_digests"])
        unit = UnitKey.of_shard(row["shard"])
        try:
            parse_json(info)
            for digest in (row["sha256"], row["digest"], *row["time_digests"]):
                if len(bytes.fromhex(digest)) != 32:
                    raise ValueError(f"{digest} is not a SHA-256 digest")
        except ValueError as error:
            raise DataError(f"{layout.SHARDS}, {row['shard']}: {error}.") from error
        if (unit.grid, unit.t0, unit.t1, len(unit.times)) != (
            row["grid"],
            row["t0"],
            row["t1"],
            len(row["time_digests"]),
        ):
            raise DataError(f"{layout.SHARDS}, {row['shard']}: its grid, times or time digests do not fit its name.")
        rows.append(ShardRow(**row))
    return rows


def check_structure(dataset: Dataset, rows: list[ShardRow]) -> Part:
    """Counts, states, files and digests of the whole dataset, and every grid by `check_grid`."""
    part = Part()
    by_grid: dict[str, list[ShardRow]] = {grid: [] for grid in dataset.grids.ids}
    for row in rows:
        if row.grid in by_grid:
            by_grid[row.grid].append(row)
        else:
            part.error(f"{row.shard} belongs to no grid of {layout.GRIDS}.", REINDEX, file=layout.SHARDS, grid=row.grid)
    for grid in dataset.header["missing_grids"]:
        part.error("the spec has this grid, the dataset does not: it was never prepared.", RENDER, grid=str(grid))
    for grid in dataset:
        check_grid(part, grid, by_grid[grid.id], dataset)
    _check_counts(part, dataset, rows)
    _check_index_files(part, dataset)
    _check_dataset_digest(part, dataset, rows)
    _check_files(part, dataset, rows)
    return part


def check_grid(part: Part, grid: Grid, shards: list[ShardRow], dataset: Dataset) -> None:
    """One grid: every cell once, poses and intrinsics sane, shards tile its times, digests follow."""
    part.counts["grids"] += 1
    part.counts["cells"] += grid.row.cells
    try:
        index = grid.index
        cameras = grid.cameras
    except CamxtimeError as error:
        part.error(str(error), REINDEX, file=layout.CELLS, grid=grid.id)
        return
    _check_cameras(part, grid)
    present = (index.shard >= 0).all(axis=(1, 2))  # by time: a unit has all cameras, all passes
    if not present.all():
        gaps = np.flatnonzero(~present)
        times = ", ".join(map(str, gaps[:8])) + (f" and {len(gaps) - 8} more" if len(gaps) > 8 else "")
        part.error(
            f"cells of {len(gaps)} of {grid.T} times are missing: times {times}.",
            RENDER,
            grid=grid.id,
            time=int(gaps[0]),
        )
    if (grid.status == "complete") != bool(present.all()) or grid.row.cells != int(present.sum()) * grid.C:
        part.error(
            f"it is called {grid.status} with {grid.row.cells} cells, {layout.CELLS} has {int(present.sum()) * grid.C}.",
            REINDEX, file=layout.GRIDS, grid=grid.id,
        )  # fmt: skip
    if {row.shard for row in shards} != set(index.shards):
        part.error(f"{layout.SHARDS} and {layout.CELLS} name different shards of this grid.", REINDEX, grid=grid.id)
    _check_spans(part, grid, {row.shard: row for row in shards})
    times_seen: dict[int, str] = {}
    for row in shards:
        numbered = list(zip(range(row.t0, row.t1 + 1), row.time_digests, strict=True))
        times_seen.update(numbered)
        if unit_digest(numbered, grid.C, dataset.passes) != row.digest or row.cells != len(numbered) * grid.C:
            part.error(
                f"the digest or cells of {row.shard} do not follow from its times.",
                REINDEX,
                file=layout.SHARDS,
                grid=grid.id,
            )
    if grid_digest(_description(grid, dataset), cameras.c2w, cameras.K, times_seen) != grid.digest:
        part.error("the grid's digest does not follow from its cameras, caption and time digests.", REINDEX,
                   file=layout.GRIDS, grid=grid.id)  # fmt: skip


def _description(grid: Grid, dataset: Dataset) -> dict[str, Any]:
    return {
        "grid": grid.id, "C": grid.C, "T": grid.T, "H": grid.H, "W": grid.W, "fps": float(grid.fps),
        "passes": dataset.passes, "caption": grid.caption, "instances": grid.row.instances,
    }  # fmt: skip


def _check_cameras(part: Part, grid: Grid) -> None:
    cameras = grid.cameras
    part.counts["cameras"] += len(cameras)
    mend = "delete the grid's record in ledger/grids and its shards, and run `camxtime render` again."
    for number in range(len(cameras)):
        problem = None
        try:
            cameras.subset([number]).validate()
        except InputError as error:
            problem = str(error).split(": ", 1)[-1]
        else:
            K = cameras.K[number]
            if not FOCAL_RANGE[0] <= K[0, 0] / grid.W <= FOCAL_RANGE[1]:
                problem = f"its focal length of {K[0, 0]:.6g} px is not sane for {grid.W} px of width"
            elif not (0 < K[0, 2] < grid.W and 0 < K[1, 2] < grid.H):
                problem = f"its principal point ({K[0, 2]:.6g}, {K[1, 2]:.6g}) lies outside the image"
        if problem is not None:
            part.error(f"{problem}.", mend, file=layout.CAMERAS, grid=grid.id, camera=number)


def _check_spans(part: Part, grid: Grid, rows: dict[str, ShardRow]) -> None:
    """No image reaches beyond its shard, no two share a byte."""
    index = grid.index
    flat = [array.ravel() for array in (index.shard, index.offset, index.nbytes)]
    there = np.flatnonzero(flat[0] >= 0)
    shard, start, size = (array[there].astype(np.int64) for array in flat)
    limits = np.array([rows[name].nbytes if name in rows else 0 for name in index.shards], np.int64)
    end = start + size
    order = np.lexsort((start, shard))
    overlap = np.zeros(len(there), bool)
    same = shard[order][1:] == shard[order][:-1]
    overlap[order[1:]] = same & (start[order][1:] < end[order][:-1])
    for bad, what in (
        (end > limits[shard], "reaches beyond the end of its shard"),
        (overlap, "shares bytes with another"),
    ):
        for i in there[bad]:
            time, camera, column = np.unravel_index(i, index.shard.shape)
            part.error(
                f"by {layout.CELLS} this image {what}.", REINDEX, file=index.shards[int(flat[0][i])], grid=grid.id,
                camera=int(camera), time=int(time), pass_name=grid.passes[column],
            )  # fmt: skip


def _check_counts(part: Part, dataset: Dataset, rows: list[ShardRow]) -> None:
    table = dataset.grids
    complete = [row.status == "complete" for row in table]
    counts = {
        "grids": len(table), "cells": sum(row.cells for row in table), "shards": len(rows),
        "videos": sum(row.C for row, whole in zip(table, complete, strict=True) if whole),
        "nbytes": sum(row.nbytes for row in rows),
    }  # fmt: skip
    states = {
        "complete": sum(complete), "incomplete": len(table) - sum(complete), "missing": len(dataset.header["missing_grids"])
    }  # fmt: skip
    for field, found in (("counts", counts), ("states", states)):
        if dataset.header[field] != found:
            part.error(
                f"its {field} are {dataset.header[field]}, the tables have {found}.", REINDEX, file=layout.DATASET_JSON
            )


def _check_dataset_digest(part: Part, dataset: Dataset, rows: list[ShardRow]) -> None:
    grids = [(row.grid, row.digest) for row in dataset.grids]
    if dataset_digest(grids, dataset.header["missing_grids"]) != dataset.digest:
        part.error("the dataset's digest does not follow from its grids.", REINDEX, file=layout.DATASET_JSON)
    build = hashlib.sha256(b"camxtime build 1\n")
    by_grid: dict[str, list[ShardRow]] = {}
    for row in rows:
        by_grid.setdefault(row.grid, []).append(row)
    for ordinal, (grid, digest) in enumerate(grids):
        for row in by_grid.get(grid, []):
            build.update(bytes.fromhex(row.sha256))
        build.update(f"{ordinal} {digest}\n".encode())
    if build.hexdigest() != dataset.header["build"]:
        part.error(
            "the index's build digest does not follow from its shards and grids.", REINDEX, file=layout.DATASET_JSON
        )


def _check_index_files(part: Part, dataset: Dataset) -> None:
    """Byte for byte what dataset.json says of them, and dataset.json what it says of itself."""
    if dataset.header.get("checksum") != header_checksum(dataset.header):
        part.error("its checksum is not that of its fields: it was changed.", REINDEX, file=layout.DATASET_JSON)
    for name in (layout.GRIDS, layout.CAMERAS, layout.CELLS, layout.SHARDS):
        try:
            found = {"nbytes": dataset.storage.size(name), "sha256": file_sha256(dataset.storage, name)}
        except DataError as error:
            part.error(str(error), REINDEX, file=name)
            continue
        if dataset.header["files"].get(name) != found:
            part.error("its bytes are not those that the index was built with (sha256).", REINDEX, file=name)


def _check_files(part: Part, dataset: Dataset, rows: list[ShardRow]) -> None:
    """Every shard is there with its size; whatever else lies beside them is named."""
    storage = dataset.storage
    for row in rows:
        part.counts["shards"] += 1
        try:
            size = storage.size(row.shard)
        except DataError as error:
            part.error(
                f"the shard of times {row.t0} to {row.t1} is not there: {error}", RENDER, file=row.shard, grid=row.grid
            )
            continue
        if size != row.nbytes:
            part.error(f"it has {size} bytes where {row.nbytes} were committed.", REMAKE, file=row.shard, grid=row.grid)
    known = {row.shard for row in rows}
    for grid in storage.names(layout.SHARDS_FOLDER):
        folder = f"{layout.SHARDS_FOLDER}/{grid}"
        for name in storage.names(folder):
            if f"{folder}/{name}" not in known:
                what = (
                    "a killed attempt left it behind" if name.startswith(".") else f"{layout.SHARDS} does not know it"
                )
                part.warn(f"{what}.", f"{REINDEX} Or delete it.", file=f"{folder}/{name}", grid=grid)
    for grid in storage.names(layout.COMMITS):
        for name in storage.names(f"{layout.COMMITS}/{grid}"):
            path = f"{layout.SHARDS_FOLDER}/{grid}/{name}"
            if not name.startswith(".") and path not in known and storage.exists(path):
                part.error(
                    "this unit is committed, but not in the index: the index is out of date.",
                    REINDEX,
                    file=path,
                    grid=grid,
                )
