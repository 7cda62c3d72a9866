"""The pairs shown are the sampler's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from starlette.testclient import TestClient

import camxtime
from camxtime.errors import InputError
from camxtime.sampling import PairSampler, Recipe
from camxtime.sampling.poses import relative_poses
from camxtime.splits import content_of
from tests.viewer.conftest import Ask

FIVE = Recipe(frames=5)


def test_pair_i_is_the_samplers_pair_i(client: TestClient, dataset_dir: Path) -> None:
    sampler = PairSampler(camxtime.open(dataset_dir), FIVE, seed=3)
    for index in range(12):
        shown = client.get(f"/api/sample.json?seed=3&index={index}").json()
        pair = sampler.pair(index)
        assert {name: shown[name] for name in pair.to_json()} == pair.to_json()
        assert shown["epoch_pairs"] == 2 and shown["fingerprint"] == sampler.fingerprint


def test_poses_are_relative_to_the_sources_first_frame(client: TestClient, dataset_dir: Path) -> None:
    dataset = camxtime.open(dataset_dir)
    sampler = PairSampler(dataset, FIVE)
    hops = 0
    for index in range(30):
        pair = sampler.pair(index)
        shown = client.get(f"/api/sample.json?index={index}").json()["poses"]
        c2w = {}
        for name, clip in (("source", pair.source), ("target", pair.target)):
            c2w[name] = np.stack([
                dataset.grid(clip.grids[part]).cameras.c2w[camera]
                for part, camera in zip(clip.parts, clip.track.cameras, strict=True)
            ])  # fmt: skip
        hops += len(pair.target.grids) > 1
        for name, poses in c2w.items():
            expected = relative_poses(poses, c2w["source"][0], "left")[:, :3].reshape(-1, 12)
            np.testing.assert_allclose(shown[name], expected, atol=1e-8)
    assert hops > 0


def test_recipes_by_name_by_file_and_by_address(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    family = {"still": {"weight": 1.0, "warps": {"freeze": 1.0}, "cameras": {"fixed": 1.0}}}
    file.write_text(yaml.safe_dump({"frames": 3, "families": family}))
    client = ask(dataset_dir, recipes=(file,), cache=tmp_path / "cache")
    listed = client.get("/api/recipes.json").json()["recipes"]
    assert [entry["name"] for entry in listed][:2] == ["default", "mine"]
    shown = client.get("/api/sample.json?recipe=mine&index=1").json()
    assert shown["task"] == "still" and len(shown["source"]["times"]) == 3 and len(set(shown["target"]["times"])) == 1
    assert client.get("/api/sample.json?recipe=bullet").json()["task"] == "bullet"
    text = json.dumps({"frames": 4, "strides": [1]})
    shown = client.get("/api/sample.json", params={"recipe_json": text, "index": "2"}).json()
    expected = PairSampler(camxtime.open(dataset_dir), Recipe(frames=4)).pair(2)
    assert shown["target"] == expected.target.to_json()
    for wrong in ("{", '{"frames":0}', '{"nothing":1}', "[]", '{"frames":99}'):
        answer = client.get("/api/sample.json", params={"recipe_json": wrong})
        assert answer.status_code == 400 and answer.json()["error"], wrong
    assert client.get("/api/sample.json?recipe=none").status_code == 404


def test_two_recipes_of_one_name_are_refused(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    files = (tmp_path / "a" / "same.yaml", tmp_path / "b" / "same.yaml")
    for file in files:
        file.parent.mkdir()
        file.write_text("frames: 3\n")
    with pytest.raises(InputError, match="same"):
        ask(dataset_dir, recipes=files)


def test_statistics_count_the_pairs(client: TestClient, dataset_dir: Path) -> None:
    value = client.get("/api/sample/stats.json?n=64").json()
    sampler = PairSampler(camxtime.open(dataset_dir), FIVE)
    pairs = [sampler.pair(index) for index in range(64)]
    assert value["n"] == 64 and sum(value["tasks"].values()) == sum(value["warps"].values()) == 64
    assert value["tasks"]["bullet"] == sum(pair.task == "bullet" for pair in pairs)
    expected = np.zeros((5, 6), int)
    for pair in pairs:
        np.add.at(expected, (pair.target.track.times, pair.target.track.cameras), 1)
    assert value["coverage"]["counts"] == expected.tolist()
    assert np.sum(value["coverage"]["source_counts"]) == 64 * 5


def test_splits_are_the_manifests(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    from camxtime.splits.cutting import Recipe as Cut
    from camxtime.splits.cutting import cut

    content = content_of(camxtime.open(dataset_dir))
    manifest = cut(content, Cut({"test": "name:arc_2"}, by="path"))
    file = manifest.write(tmp_path / "splits.json")
    client = ask(dataset_dir, manifests=(file,), cache=tmp_path / "cache")
    assert set(client.get("/api/site.json").json()["splits"]) == {"train", "test"}
    rows = {row["id"]: row["split"] for row in client.get("/api/grids.json").json()["grids"]}
    assert rows == {"room.ball.arc": "train", "room.ball.arc_2": "test"}
    for index in range(4):
        assert client.get(f"/api/sample.json?split=test&index={index}").json()["grid"] == "room.ball.arc_2"
    assert client.get("/api/sample.json?split=none").status_code == 400


def test_without_a_manifest_there_are_no_splits(client: TestClient) -> None:
    assert client.get("/api/sample.json?split=train").status_code == 400
