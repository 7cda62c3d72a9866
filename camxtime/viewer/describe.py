"""The dataset and its grids as JSON: what the page lists, filters and shows beside the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

import camxtime
from camxtime.errors import DataError
from camxtime.geometry.reproject import LABELS
from camxtime.shards.colours import instance_colours
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.splits.about import UNSTATED, Publisher, describe
from camxtime.splits.manifest import Manifest
from camxtime.viewer.cells import OVERLAP_COLOURS, OVERLAP_TEXT, depth_range_of
from camxtime.viewer.source import Source
from camxtime.viewer.thumbs import coarse_plan, mosaic_plan

UNITS = {"depth": "m"}
_CARD_BYTES = 2 * 2**20


def site(source: Source, dataset: Dataset, features: Mapping[str, bool], splits: list[str]) -> dict[str, Any]:
    """The dataset at a glance, and what this server can do."""
    header, table = dataset.header, dataset.grids.table
    states = header["states"]
    whole = states.get("incomplete", 0) + states.get("missing", 0) == 0 and len(dataset) > 0
    sizes = {name: max(table[name].to_pylist(), default=0) for name in ("C", "T", "W", "H", "fps")}
    value: dict[str, Any] = {
        "name": dataset.name,
        "description": describe(dataset, Publisher()),
        "path_name": source.name,
        "digest": dataset.digest,
        "status": "rendering" if source.live else "complete" if whole else "incomplete",
        "counts": {
            "grids": len(dataset), "cells": header["counts"]["cells"], "videos": header["counts"]["videos"],
            "cameras": sizes["C"], "times": sizes["T"], "missing": states.get("missing", 0),
        },
        "image": [sizes["W"], sizes["H"]],
        "fps": sizes["fps"],
        "passes": [
            {"name": name, "codec": codec, **({"unit": UNITS[name]} if name in UNITS else {})}
            for name, codec in sorted(dataset.passes.items())
        ],
    }  # fmt: skip
    licence = _licence(dataset)
    if licence:
        value["licence"] = licence
    overlap = [
        {"label": label, "colour": _hex(OVERLAP_COLOURS[label][:3]), "text": OVERLAP_TEXT[label]}
        for label in LABELS
        if label in OVERLAP_TEXT
    ]
    return {
        "static": False, "version": camxtime.__version__, "features": dict(features), "dataset": value,
        "splits": splits, "render": features["render"], "benchmark": features["benchmark"], "overlap": overlap,
    }  # fmt: skip


def grid_rows(dataset: Dataset, manifest: Manifest | None, planned: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """One row a grid. planned: sizes of the grids of a spec, for those that are not there yet."""
    split_of = manifest.split_of if manifest is not None else {}
    rows = _rows(dataset, split_of, range(len(dataset)))
    rows += [_missing(grid, planned.get(grid, {}), split_of) for grid in dataset.header["missing_grids"]]
    return {"grids": sorted(rows, key=lambda row: str(row["id"]))}


def _rows(dataset: Dataset, split_of: Mapping[str, str], numbers: range) -> list[dict[str, Any]]:
    """Rows of the grids with these numbers, in order."""
    names = ["grid", "scene", "animation", "path", "caption", "status", "C", "T", "W", "H", "fps", "digest", "cells"]
    part = dataset.grids.table.slice(numbers.start, len(numbers)).select([*names, "path_parameters"])
    rows: list[dict[str, Any]] = part.to_pylist()
    for row in rows:
        row["id"] = row.pop("grid")
        row["path_kind"] = str(_parsed(row.pop("path_parameters"), row["id"]).get("kind", ""))
        row["split"] = split_of.get(row["id"])
        row["thumb"] = f"thumbs/{row['id']}/diagonal.webp?v={row['digest'][:16]}"
        row["mosaic"] = _mosaic(row)
    return rows


def grid_details(dataset: Dataset, grid: Grid, manifest: Manifest | None) -> dict[str, Any]:
    """One grid's row with its cameras, instances and what it was drawn from."""
    number = dataset.grids.ordinal(grid.id)
    row = _rows(dataset, manifest.split_of if manifest is not None else {}, range(number, number + 1))[0]
    extra = grid.row.extra
    value = {
        **row,
        "cameras": {
            "c2w": grid.cameras.c2w.reshape(-1, 16).tolist(), "K": grid.cameras.K.reshape(-1, 9).tolist(),
        },
        "instances": _instances(grid),
        "seeds": {name: str(seed) if isinstance(seed, int) else seed for name, seed in grid.row.seeds.items()},
        "parameters": grid.row.path_parameters,
        "speed": grid.row.path_parameters.get("speed"),
        "layout": str(extra.get("layout", "camera_path")),
        "missing": missing_times(grid),
    }  # fmt: skip
    framing = extra.get("framing")
    if isinstance(framing, dict):
        value["subject_bounds"] = framing.get("subject_bounds")
        value["floor_m"] = framing.get("floor_m")
    if "depth" in grid.passes:
        value["depth_range"] = list(depth_range_of(grid))
    return value


def missing_times(grid: Grid) -> list[dict[str, int]]:
    """Runs of times at which some camera's cell is not there."""
    gaps = np.flatnonzero((grid.index.shard < 0).any(axis=(1, 2)))
    runs = np.split(gaps, np.flatnonzero(np.diff(gaps) > 1) + 1) if gaps.size else []
    return [{"t0": int(run[0]), "t1": int(run[-1])} for run in runs]


def _mosaic(row: Mapping[str, Any]) -> dict[str, Any]:
    size = (row["C"], row["T"], row["W"], row["H"])
    plan, coarse = mosaic_plan(*size), coarse_plan(*size)
    version = f"?v={row['digest'][:16]}"
    value = {"url": f"thumbs/{row['id']}/mosaic.jpg{version}", **plan.to_json(), "coarse": None}
    if coarse is not None:
        value["coarse"] = {"url": f"thumbs/{row['id']}/coarse.jpg{version}", **coarse.to_json()}
    return value


def _missing(grid: str, planned: dict[str, Any], split_of: Mapping[str, str]) -> dict[str, Any]:
    scene, animation, path = grid.split(".")
    return {
        "scene": scene, "animation": animation, "path": path, "caption": "", "status": "missing", "C": 0, "T": 0, "W": 0,
        "H": 0, "fps": 0, "digest": "", "cells": 0, "id": grid, "path_kind": "", "split": split_of.get(grid),
        "thumb": None, "mosaic": None, **planned,
    }  # fmt: skip


def _instances(grid: Grid) -> list[dict[str, Any]]:
    entries = [entry for entry in grid.row.instances if isinstance(entry.get("id"), int)]
    if not entries:
        return []
    colours = instance_colours(np.array([entry["id"] for entry in entries], np.uint16))
    return [{**entry, "colour": _hex(colour)} for entry, colour in zip(entries, colours.tolist(), strict=True)]


def _hex(colour: Any) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in colour)


def _parsed(text: str, grid: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"grids.parquet, grid {grid}: path_parameters is damaged: {error}.") from error
    return value if isinstance(value, dict) else {}


def _licence(dataset: Dataset) -> str:
    """The licence that the dataset's Croissant metadata states, if it has any."""
    storage, name = dataset.storage, "croissant.json"
    if not storage.exists(name) or storage.size(name) > _CARD_BYTES:
        return ""
    try:
        value = json.loads(storage.read_bytes(name))
    except (ValueError, RecursionError):
        return ""  # a publisher's own file; the page does without
    licence = value.get("license") if isinstance(value, dict) else None
    return licence if isinstance(licence, str) and not licence.startswith(UNSTATED) else ""
