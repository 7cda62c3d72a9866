"""Cards and Croissant files: valid, complete, and true to the dataset."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
import yaml
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import InputError
from camxtime.splits import Manifest, Recipe, content_of, cut
from camxtime.splits.about import Publisher
from camxtime.splits.card import write_metadata

GRIDS = tuple(f"s{i}.a{i}.{path}" for i in range(3) for path in ("arc", "pan"))
PUBLISHER = Publisher(
    "CC-BY-4.0", ("Ada Example",), "https://example.org/d", "1.2.0", "2026-05-01", "@misc{d}", "Small."
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    root = make_dataset(tmp_path_factory.mktemp("d"), SyntheticSpec(GRIDS, 6, 5, 32, 24))
    dataset = camxtime.open(root)
    manifest = cut(content_of(dataset), Recipe({"test": "1"}))
    files = write_metadata(dataset, root, manifest, PUBLISHER)
    assert files == [str(root / name) for name in ("README.md", "croissant.json", "splits.csv")]
    return root, manifest


def test_croissant_is_valid_and_its_records_are_the_data(published: tuple[Path, Manifest]) -> None:
    root, manifest = published
    mlcroissant = pytest.importorskip("mlcroissant")
    metadata = mlcroissant.Dataset(jsonld=str(root / "croissant.json"))
    issues = metadata.metadata.ctx.issues
    assert not issues.errors and not issues.warnings, issues.report()
    grids = list(metadata.records("grids"))
    assert sorted(r["grids/grid"].decode() for r in grids) == sorted(GRIDS) and grids[0]["grids/C"] == 6
    found = {r["grid_split/grid"].decode(): r["grid_split/split"].decode() for r in metadata.records("grid_split")}
    assert found == manifest.split_of
    cell = next(iter(metadata.records("cells")))
    assert {"cells/camera", "cells/time", "cells/rgb", "cells/depth"} <= set(cell) and cell["cells/rgb"].size == (
        32,
        24,
    )


def test_croissant_states_what_venues_ask_for(published: tuple[Path, Manifest]) -> None:
    root, _ = published
    value = json.loads((root / "croissant.json").read_text())
    assert (
        value["conformsTo"][0].endswith("croissant/1.1")
        and value["version"] == "1.2.0"
        and value["datePublished"] == "2026-05-01"
    )
    for name in (
        "dataLimitations",
        "dataBiases",
        "personalSensitiveInformation",
        "dataUseCases",
        "dataSocialImpact",
        "hasSyntheticData",
    ):
        assert f"rai:{name}" in value
    for entry in value["distribution"]:
        if entry["@type"] == "cr:FileObject":
            assert hashlib.sha256((root / entry["contentUrl"]).read_bytes()).hexdigest() == entry["sha256"]


def test_the_card_has_front_matter_splits_and_licences(published: tuple[Path, Manifest]) -> None:
    root, manifest = published
    _, front, text = (root / "README.md").read_text().split("---\n", 2)
    head = yaml.safe_load(front)
    assert head["license"] == "cc-by-4.0" and head["size_categories"] == ["n<1K"]
    files = {entry["split"]: entry["path"] for entry in head["configs"][0]["data_files"]}
    for split, patterns in files.items():
        shards = {p.parent.name for pattern in patterns for p in root.glob(pattern)}
        assert shards == set(manifest.grids(split))
    assert manifest.digest in text and "CC-BY-4.0" in text and "right-handed" in text and "@misc{d}" in text
    rows = list(csv.DictReader((root / "splits.csv").open()))
    assert {row["grid"]: row["split"] for row in rows} == manifest.split_of


def test_licences_of_assets_are_listed(tmp_path: Path) -> None:
    root = make_dataset(tmp_path, SyntheticSpec(GRIDS[:1], 2, 2, 16, 16, passes={"rgb": "png"}))
    dataset = camxtime.open(root)
    dataset.spec.update({
        "scenes": [{"id": "dungeon", "file": "d.glb", "licence": "CC0-1.0"}, {"id": "x", "file": "x.glb"}],
        "animations": [{"id": "walker", "family": "walker"}],
    })  # fmt: skip
    write_metadata(dataset, tmp_path / "meta")
    text = (tmp_path / "meta" / "README.md").read_text()
    assert "| scene | dungeon | d.glb | CC0-1.0 |" in text and "| scene | x | x.glb | not stated |" in text
    assert "| animation | walker | family walker | made by camxtime; no third-party asset |" in text
    assert "license: other" in text
    assert "Licences not stated yet: x" in (tmp_path / "meta" / "croissant.json").read_text()


def test_bad_publishers() -> None:
    for fields in ({"version": "1"}, {"date": "yesterday"}):
        with pytest.raises(InputError):
            Publisher(**fields)
