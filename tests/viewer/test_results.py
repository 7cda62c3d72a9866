"""A benchmark's items, truth and predictions, with the scores that `camxtime evaluate` gives."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.evaluation.harness import evaluate
from camxtime.evaluation.items import load_items
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.predictions import FolderPredictions
from camxtime.splits import content_of
from camxtime.splits.benchmark_cut import BenchmarkRecipe, cut_benchmark
from camxtime.splits.cutting import Recipe, cut
from tests.viewer.conftest import Ask


@pytest.fixture(scope="module")
def benchmark(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five items; `good/` predicts all nearly right, `bad/` lacks the second and has a frame too few of the third."""
    folder = tmp_path_factory.mktemp("benchmark")
    dataset = camxtime.open(dataset_dir)
    content = content_of(dataset)
    manifest = cut(content, Recipe({"test": "name:arc_2"}, by="path"))
    file = cut_benchmark(manifest, content, BenchmarkRecipe(modes="paper", frames=5)).write(folder / "items.json")
    for number, item in enumerate(load_items(file).items):
        truth = dataset.grid(item.target.grid).clip(list(item.target.cameras), list(item.target.times)).rgb
        write_frames(folder / "good" / item.id, np.clip(truth.astype(int) + 3, 0, 255).astype(np.uint8))
        if number != 1:
            write_frames(folder / "bad" / item.id, np.roll(truth, 4, axis=2)[: len(truth) - (number == 2)])
    return file


def write_frames(folder: Path, frames: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number:03d}.png")


@pytest.fixture
def client(ask: Ask, dataset_dir: Path, benchmark: Path, tmp_path: Path) -> TestClient:
    folders = (benchmark.parent / "good", benchmark.parent / "bad")
    return ask(dataset_dir, manifests=(benchmark,), predictions=folders, cache=tmp_path / "cache")


def scored(client: TestClient) -> dict[str, object]:
    """The results once all is scored."""
    for _ in range(600):
        value = client.get("/api/benchmark.json").json()
        if value["scoring"] is None:
            return value
        time.sleep(0.05)
    raise AssertionError("never done")


def test_scores_are_those_of_the_evaluation(client: TestClient, dataset_dir: Path, benchmark: Path) -> None:
    value = scored(client)
    items = load_items(benchmark)
    dataset = camxtime.open(dataset_dir)
    good = FolderPredictions(benchmark.parent / "good", items)
    report = evaluate(items, dataset, {"good": good}, EvalOptions(parts=("frames",)))
    assert value["metrics"] == ["psnr", "psnr_pooled", "ssim"] and value["measures"]["psnr"]["better"] == 1
    shown = {entry["name"]: entry for entry in value["predictions"]}
    for item in items.items:
        expected = report.methods[0].scores[item.id].values
        assert shown["good"]["scores"][item.id] == pytest.approx(expected, abs=1e-6)
    names = [item.id for item in items.items]
    assert set(shown["bad"]["problems"]) == {names[1], names[2]} and "missing" in shown["bad"]["problems"][names[1]]
    assert set(shown["bad"]["scores"]) == set(names) - {names[1], names[2]}


def test_items_say_which_cells_they_show(client: TestClient, benchmark: Path) -> None:
    shown = client.get("/api/benchmark.json").json()["items"]
    for number, (entry, item) in enumerate(zip(shown, load_items(benchmark).items, strict=True)):
        assert (entry["index"], entry["id"], entry["frames"]) == (number, item.id, 5)
        assert entry["target"] == {"grid": item.target.grid, "cameras": list(item.target.cameras),
                                   "times": list(item.target.times)}  # fmt: skip


def test_frames_of_truth_and_predictions(client: TestClient, dataset_dir: Path, benchmark: Path) -> None:
    item = load_items(benchmark).items[3]
    cell = camxtime.open(dataset_dir).grid(item.target.grid).cell(item.target.cameras[2], item.target.times[2])
    truth, good = (
        np.asarray(Image.open(io.BytesIO(client.get(f"/benchmark/{name}/3/2.png").content)))
        for name in ("truth", "good")
    )
    np.testing.assert_array_equal(truth, cell.rgb)
    np.testing.assert_array_equal(good, np.clip(truth.astype(int) + 3, 0, 255))
    for path in ("bad/1/0", "none/0/0", "good/9/0", "good/0/5", "truth/0/5"):
        answer = client.get(f"/benchmark/{path}.png")
        assert answer.status_code == 404 and answer.json()["error"], path


def test_without_a_benchmark(ask: Ask, dataset_dir: Path, benchmark: Path, tmp_path: Path) -> None:
    client = ask(dataset_dir, cache=tmp_path)
    assert client.get("/api/benchmark.json").status_code == 404
    assert client.get("/api/site.json").json()["features"]["benchmark"] is False
    with pytest.raises(InputError, match="--manifest"):
        ask(dataset_dir, predictions=(benchmark.parent / "good",))
    with pytest.raises(InputError, match="no such folder"):
        ask(dataset_dir, manifests=(benchmark,), predictions=(tmp_path / "none",))


def test_a_benchmark_of_other_content_is_refused(ask: Ask, dataset_dir: Path, benchmark: Path, tmp_path: Path) -> None:
    from camxtime.splits.manifest import write_signed

    value = json.loads(benchmark.read_text())
    value.pop("sha256")
    value["grids"] = {grid: {**used, "digest": "0" * 32} for grid, used in value["grids"].items()}
    other = write_signed(tmp_path / "other.json", value)
    with pytest.raises(DataError, match="digest"):
        ask(dataset_dir, manifests=(other,))


def test_folders_of_one_name_are_refused(ask: Ask, dataset_dir: Path, benchmark: Path) -> None:
    folder = benchmark.parent / "good"
    with pytest.raises(InputError, match="two folders"):
        ask(dataset_dir, manifests=(benchmark,), predictions=(folder, folder))
