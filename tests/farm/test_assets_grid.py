"""Real content: a knight runs in the dungeon room, from the shipped spec to a verified grid."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import camxtime
from camxtime.farm.driver import render
from camxtime.shards.verify import verify
from camxtime.spec import load

from .helpers import FAST

pytestmark = pytest.mark.slow


def test_knight_runs_in_the_dungeon(local_ray: None, repo: Path, assets_dir: Path, tmp_path: Path) -> None:
    loaded = load(repo / "scene_specs" / "assets.yaml")
    small = {
        "grid": {"cameras": 6, "times": 4, "fps": 12, "times_per_unit": 2},
        "image": {"width": 64, "height": 64},
        "engine": {"samples": 2, "max_bounces": 1, "view_transform": "Standard"},
        "animations": [a for a in loaded.spec.canonical()["animations"] if a["id"] == "knight_run"],
        "camera_paths": [p for p in loaded.spec.canonical()["camera_paths"] if p["id"] == "arc"],
    }
    spec = type(loaded.spec).model_validate({**loaded.spec.canonical(), **small})
    root = tmp_path / "dataset"
    summary = render(spec, root, dataclasses.replace(FAST, assets=assets_dir))
    assert summary.ok, summary.lines()
    report = verify(root)
    assert report.ok, [str(finding) for finding in report.findings]
    assert report.counts["cells"] == 24

    grid = camxtime.open(root).grid("dungeon.knight_run.arc")
    assert "knight" in grid.caption and "dungeon" in grid.caption
    subjects = {row["id"] for row in grid.row.instances if row["role"] == "subject"}
    clip = grid.fixed_camera(0, passes=("rgb", "instance"))
    seen = np.isin(clip.instance, list(subjects))
    assert seen.mean(axis=(1, 2)).min() > 0.02, "the knight is in every frame"
    assert clip.rgb.mean() > 20, "the room is lit"
    assert np.abs(clip.rgb[0].astype(int) - clip.rgb[2].astype(int))[seen[0] | seen[2]].mean() > 3, "the knight moves"

    card = root / "README.md"
    assert "CC0-1.0" in card.read_text() and summary.digest is not None and summary.digest in card.read_text()
    assert json.loads((root / "croissant.json").read_text())["@type"]
    card.write_text("edited by its publisher")
    again = render(spec, root, dataclasses.replace(FAST, assets=assets_dir))
    assert again.ok and again.units_rendered == 0 and card.read_text() == "edited by its publisher"
