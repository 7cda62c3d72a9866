"""An index of what a render has committed so far, built apart from the folder that it is rendered into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from camxtime.shards.digest import dataset_digest
from camxtime.shards.index import CONVENTIONS, DatasetHeader, build_index
from camxtime.shards.layout import COMMITS, DATASET_JSON, FORMAT, FORMAT_VERSION, GRID_RECORDS, SHARDS_FOLDER
from camxtime.shards.tables import INDEX, META_KEY, open_index_writer
from camxtime.spec import DatasetSpec, expand


def index_apart(root: Path, folder: Path, spec: DatasetSpec, engine: dict[str, Any]) -> None:
    """Index the dataset that is rendered into `root`, in the empty folder `folder`, which links its ledger and shards.

    Nothing is written to `root`. Errors as `build_index`.
    """
    for name in (GRID_RECORDS, COMMITS, SHARDS_FOLDER):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            (folder / name).symlink_to(root / name, target_is_directory=True)
        else:
            (folder / name).mkdir()
    planned = sorted(grid.grid_id for grid in expand(spec).grids)
    header = DatasetHeader(
        spec.name, spec.canonical(), {str(name): codec for name, codec in spec.passes.items()}, engine, planned
    )
    if any((folder / GRID_RECORDS).glob("[!.]*.json")):
        build_index(folder, header)
    else:
        _empty_index(folder, header)


def _empty_index(folder: Path, header: DatasetHeader) -> None:
    """The index of a dataset of which no grid is prepared yet; `build_index` makes none."""
    missing = list(header.planned)
    digest = dataset_digest([], missing)
    for name, schema in INDEX.items():
        meta = json.dumps({"format_version": FORMAT_VERSION, "table": name, "build": digest}).encode()
        with (folder / name).open("wb") as file, open_index_writer(file, schema) as writer:
            writer.add_key_value_metadata({META_KEY: meta})
    value = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "name": header.name, "digest": digest, "build": digest,
        "counts": {"cells": 0, "videos": 0, "shards": 0, "nbytes": 0, "grids": 0},
        "states": {"complete": 0, "incomplete": 0, "missing": len(missing)}, "missing_grids": missing,
        "passes": header.passes, "conventions": CONVENTIONS, "files": {}, "engine": header.engine, "renderers": [],
        "spec": header.spec,
    }  # fmt: skip
    (folder / DATASET_JSON).write_text(json.dumps(value), encoding="utf-8")
