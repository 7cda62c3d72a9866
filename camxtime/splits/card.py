"""The dataset card (README.md with Hugging Face's YAML front matter), and writing it with the Croissant file."""

from __future__ import annotations

import datetime
import json
from typing import Any

import yaml

from camxtime.shards import layout
from camxtime.shards.dataset import Dataset
from camxtime.shards.store import Root, open_store
from camxtime.splits.about import UNSTATED, Asset, Publisher, assets_of, describe, responsible_ai
from camxtime.splits.croissant import SPLITS_CSV, croissant, splits_csv
from camxtime.splits.manifest import Manifest

CARD = "README.md"
CROISSANT = "croissant.json"
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
          (10**8, "10M<n<100M"), (10**9, "100M<n<1B"))  # fmt: skip
_HUB_LICENCES = frozenset({"apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0",
                           "cc-by-nd-4.0", "bsd-3-clause", "odc-by", "pddl", "cdla-permissive-2.0"})  # fmt: skip


def write_metadata(
    dataset: Dataset, folder: Root, manifest: Manifest | None = None, publisher: Publisher | None = None
) -> list[str]:
    """Write README.md, croissant.json and, with a manifest, splits.csv into `folder`; returns their paths.

    The files name the dataset's own by relative paths: `folder` is the dataset's, or what is uploaded beside it.
    """
    publisher = publisher or Publisher()
    date = publisher.date or datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    store = open_store(folder)
    text = json.dumps(croissant(dataset, publisher, date, manifest), indent=1, ensure_ascii=False, allow_nan=False)
    files = {CARD: card(dataset, publisher, manifest), CROISSANT: text + "\n"}
    if manifest is not None:
        files[SPLITS_CSV] = splits_csv(manifest)
    for name, content in files.items():
        store.write(name, content.encode())
    return [store.where(name) for name in files]


def card(dataset: Dataset, publisher: Publisher, manifest: Manifest | None = None) -> str:
    """The card's text."""
    assets = assets_of(dataset)
    front = yaml.safe_dump(_front(dataset, publisher, manifest), sort_keys=False, allow_unicode=True, width=10_000)
    parts = [
        f"---\n{front}---\n\n# {dataset.name}\n\n{describe(dataset, publisher)}\n",
        f"Digest `{dataset.digest}`, version {publisher.version}.\n",
        _reading(dataset),
        _splits(manifest) if manifest is not None else "",
        _conventions(dataset),
        _licences(publisher, assets),
        _making(dataset),
        _limits(dataset, assets),
        f"## Citation\n\n```bibtex\n{publisher.citation.strip()}\n```\n" if publisher.citation else "",
    ]
    return "\n".join(part for part in parts if part)


def _front(dataset: Dataset, publisher: Publisher, manifest: Manifest | None) -> dict[str, Any]:
    cells = dataset.header["counts"]["cells"]
    front: dict[str, Any] = {"pretty_name": dataset.name}
    licence = (publisher.licence or "").lower()
    if licence in _HUB_LICENCES:
        front["license"] = licence
    else:
        front |= {"license": "other", "license_name": publisher.licence or UNSTATED}
    front["size_categories"] = [next((name for limit, name in _SIZES if cells < limit), "n>1T")]
    front["tags"] = ["synthetic", "video", "multi-view", "camera-control", "croissant"]
    front["task_categories"] = ["text-to-video", "image-to-video", "depth-estimation"]
    front["language"] = ["en"]
    files: list[dict[str, Any]]
    if manifest is None:
        files = [{"split": "train", "path": f"{layout.SHARDS_FOLDER}/*/*.parquet"}]
    else:
        files = [{"split": split, "path": _patterns(manifest, split)} for split in manifest.splits]
    front["configs"] = [
        {"config_name": "cells", "default": True, "data_files": files},
        {"config_name": "grids", "data_files": layout.GRIDS},
        {"config_name": "cameras", "data_files": layout.CAMERAS},
    ]
    return front


def _patterns(manifest: Manifest, split: str) -> list[str]:
    """Patterns of a split's shards: one a scene where all its grids are in the split, else one a grid."""
    split_of = manifest.split_of
    by_scene: dict[str, list[str]] = {}
    for grid in [*split_of, *manifest.dropped]:
        by_scene.setdefault(grid.split(".", 1)[0], []).append(grid)
    patterns = []
    for scene in sorted(by_scene):
        inside = [grid for grid in sorted(by_scene[scene]) if split_of.get(grid) == split]
        names = [f"{scene}.*"] if len(inside) == len(by_scene[scene]) else inside
        patterns += [f"{layout.SHARDS_FOLDER}/{name}/*.parquet" for name in names]
    return patterns


def _reading(dataset: Dataset) -> str:
    first = dataset.grids.ids[0]
    return (
        "## Reading it\n\n```python\nimport camxtime\n\ndataset = camxtime.open(PATH_OR_URL)\n"
        f'grid = dataset.grid("{first}")\nvideo = grid.diagonal().rgb        # [F, H, W, 3]: camera and time advance together\n'
        "image = grid.cell(camera=0, time=0).rgb\n```\n\n"
        "Shards are ordinary Parquet: one row per cell, one binary column per pass.\n"
    )


def _splits(manifest: Manifest) -> str:
    rows = "".join(f"| {name} | {len(grids):,} | {len({g.split('.')[0] for g in grids}):,} | "
                   f"{len({g.split('.')[1] for g in grids}):,} |\n" for name, grids in manifest.splits.items())  # fmt: skip
    crossing = ", ".join(f"{count} {role} keys" for role, count in manifest.overlap.items() if count) or "nothing"
    return (
        f"## Splits\n\nManifest `{manifest.name}`, SHA-256 `{manifest.digest}`. Held out by {manifest.by}: no key of "
        f"{' or '.join(manifest.protects)} (name, asset, clip, family seed) is in two splits. In more than one split all the "
        f"same: {crossing}.\n\n| split | grids | scenes | animations |\n|---|---|---|---|\n{rows}"
    )


def _conventions(dataset: Dataset) -> str:
    lines = "".join(f"- **{name}**: {words}\n" for name, words in dataset.header.get("conventions", {}).items())
    return f"## Conventions\n\n{lines}"


def _licences(publisher: Publisher, assets: list[Asset]) -> str:
    rows = "".join(f"| {a.kind} | {_cell(a.name)} | {_cell(a.source)} | {_cell(a.licence)} |\n" for a in assets)
    return (
        f"## Licences\n\nThe dataset as a whole: {publisher.licence or UNSTATED}. What it was made from:\n\n"
        f"| kind | id | source | licence |\n|---|---|---|---|\n{rows}"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _making(dataset: Dataset) -> str:
    engine = ", ".join(
        f"{name} {value}" for name, value in dataset.header["engine"].items() if not isinstance(value, dict | list)
    )
    renderers = ", ".join(dataset.header["renderers"]) or "unknown"
    codecs = ", ".join(f"{name} as `{codec}`" for name, codec in sorted(dataset.passes.items()))
    return (
        f"## How it was made\n\nRenderer: {renderers}. Engine: {engine or 'not recorded'}. Stored: {codecs}. "
        "`dataset.json` holds the spec with all seeds: the same spec, Blender build and device render the same cells again.\n"
    )


def _limits(dataset: Dataset, assets: list[Asset]) -> str:
    fields = responsible_ai(dataset, assets)
    limits = "".join(f"- {text}\n" for text in fields["rai:dataLimitations"])
    uses = "".join(f"- {text}\n" for text in fields["rai:dataUseCases"])
    return (
        f"## Intended use\n\n{uses}\n## Known limits\n\n{limits}- {fields['rai:dataBiases']}\n\nPersonal information: "
        f"{fields['rai:personalSensitiveInformation']}\n"
    )
