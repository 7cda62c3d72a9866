"""The harness: baselines, predictions of all kinds, what is wrong with them, reports, and the command."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from evaluation_data import GRIDS, SIDE, item

from camxtime import splits
from camxtime.cli.evaluate import command
from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.evaluation.baselines import BASELINES, fill_holes, reshuffle
from camxtime.evaluation.harness import evaluate
from camxtime.evaluation.items import EvalSet, item_set, load_items
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.page import PageOptions, write_page
from camxtime.evaluation.predictions import FolderPredictions
from camxtime.evaluation.report import Report
from camxtime.evaluation.stats import Bootstrap, summarise
from camxtime.evaluation.tasks import Batched, Prediction, Task, TaskReader
from camxtime.evaluation.writing import markdown
from camxtime.formats.images import write_png
from camxtime.formats.video import write_video
from camxtime.shards.dataset import Dataset

FAST = EvalOptions(bootstrap=Bootstrap(200))


@pytest.fixture(scope="module")
def report(dataset: Dataset, items: EvalSet) -> Report:
    """All baselines, all parts but poses."""
    parts = ("frames", "masks", "cells", "sync")
    return evaluate(items, dataset, BASELINES, EvalOptions(parts=parts, bootstrap=Bootstrap(200)))


def test_baselines_score_as_they_must(report: Report) -> None:
    summary = report.summary()
    oracle, copy, shuffled = (summary[name]["all"] for name in ("oracle", "copy", "reshuffle"))
    assert oracle["psnr"].mean == np.inf and oracle["psnr"].exact == 5 and oracle["psnr"].std == 0
    assert oracle["ssim"].mean == 1 and oracle["right_cell"].mean == 1 and oracle["sharpness"].mean == 1
    assert copy["camera_cells"].mean < shuffled["camera_cells"].mean
    assert summary["reshuffle"]["backward"]["time_cells"].mean == 0 == summary["copy"]["backward"]["camera_cells"].mean
    assert summary["copy"]["backward"]["psnr_static"].mean > summary["reshuffle"]["backward"]["psnr_static"].mean
    warped = summary["depth-warp"]["backward"]
    assert warped["psnr_known"].mean > max(warped["psnr_pooled"].mean, shuffled["psnr_pooled"].mean)
    assert 0 < warped["share_known"].mean < 1 and np.isnan(copy["psnr_known"].mean)
    assert oracle["sync_of_truth"].n == 0 or oracle["sync_of_truth"].mean == pytest.approx(1)
    assert not report.problems and {group.name for group in report.groups()} >= {"all", "direction", "backward", "hop"}


def test_reports_are_whole_and_repeatable(report: Report, dataset: Dataset, items: EvalSet) -> None:
    value = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert value["summary"]["oracle"]["all"]["psnr"]["mean"] == "inf" and len(value["methods"]["copy"]["items"]) == 5
    assert len(value["methods"]["copy"]["items"]["hall.ball.arc/freeze"]["frames"]["ssim"]) == SIDE
    again = evaluate(items, dataset, {"copy": BASELINES["copy"]}, report.options).to_json()
    assert again["summary"]["copy"]["all"]["ssim"] == value["summary"]["copy"]["all"]["ssim"]
    text = markdown(report)
    assert "## direction: 2 items" in text and "| oracle | ∞ |" in text and "LPIPS: its weights were not given" in text
    assert text.count("## backward") == 0  # the same items as direction


def test_reshuffling_is_by_time(task: Task) -> None:
    assert np.array_equal(reshuffle(task), task.source.rgb[::-1])
    image, known = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), bool)
    image[:, 0], image[:, 5] = 10, 200
    known[:, [0, 5]] = True
    fill_holes(image, known)
    assert (image[:, :3] == 10).all() and (image[:, 3:] == 200).all()


def test_batches_and_masks(dataset: Dataset, items: EvalSet) -> None:
    sizes = []

    def predict(tasks: Sequence[Task]) -> list[Frames | Prediction]:
        sizes.append(len(tasks))
        assert len({task.target.grid for task in tasks}) == 1
        return [Prediction(t.target.rgb, np.ones(t.target.rgb.shape[:3], bool)) for t in tasks]

    found = evaluate(items, dataset, Batched(predict, 4), FAST)
    assert sizes == [2, 2, 1] and found.methods[0].scores["hall.ball.arc/freeze"].values["psnr"] == np.inf
    with pytest.raises(InputError, match="2 items were asked for, 0 came"):
        evaluate(items, dataset, Batched(lambda tasks: [], 2), FAST)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros((SIDE - 1, 32, 40, 3), np.uint8), "has 8 frames, not 9"),
        (np.zeros((SIDE, 30, 40, 3), np.uint8), "is 40×30, not 40×32"),
        (np.zeros((SIDE, 32, 40, 3)), "must be uint8"),
        (Prediction(np.zeros((SIDE, 32, 40, 3), np.uint8), np.zeros((1, 2, 3), bool)), "its mask is"),
    ],
)
def test_wrong_answers_are_named(dataset: Dataset, items: EvalSet, result: Frames | Prediction, message: str) -> None:
    found = evaluate(items, dataset, {"model": lambda task: result}, FAST)
    assert len(found.problems) == 5 and all(message in p and p.startswith("model: ") for p in found.problems)
    assert not found.summary() and "Not summarised" in markdown(found)


def fill(folder: Path, items: EvalSet, dataset: Dataset, suffix: str = ".mp4") -> None:
    """The truth as predictions: lossless videos, or folders of PNG."""
    reader = TaskReader(dataset)
    for one in items.items:
        frames = reader.task(one).target.rgb
        if suffix == ".mp4":
            write_video(folder / f"{one.id}.mp4", frames, 12, "lossless")
        else:
            for i, frame in enumerate(frames):
                write_png(folder / one.id / f"frame_{i}.png", frame)


@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_folders_of_videos_and_frames(dataset: Dataset, items: EvalSet, tmp_path: Path, suffix: str) -> None:
    fill(tmp_path, items, dataset, suffix)
    predictions = FolderPredictions(tmp_path, items)
    assert predictions.problems(items, TaskReader(dataset)) == []
    found = evaluate(items, dataset, predictions, FAST).summary()["prediction"]["all"]
    assert found["psnr"].mean == np.inf and found["ssim"].mean == 1


def test_published_names_and_other_places(dataset: Dataset, items: EvalSet, tmp_path: Path, task: Task) -> None:
    one = item_set([task.item])
    for name in ("backward/hall.ball.arc.mp4", "reverse/scene_0_cam_00.mp4"):
        folder = tmp_path / name.split("/")[0]
        write_video(folder / name, task.target.rgb, 12, "lossless")
        assert np.array_equal(FolderPredictions(folder, one)(task), task.target.rgb)
    write_video(tmp_path / "backward" / "reverse" / "scene_0_cam_00.mp4", task.target.rgb, 12)
    assert "more than once" in FolderPredictions(tmp_path / "backward", one).problems(one, TaskReader(dataset))[0]


def test_everything_wrong_with_a_folder_is_named(dataset: Dataset, items: EvalSet, tmp_path: Path, task: Task) -> None:
    fill(tmp_path, items, dataset)
    names = [one.id for one in items.items]
    (tmp_path / f"{names[0]}.mp4").unlink()
    write_video(tmp_path / f"{names[1]}.mp4", task.target.rgb[:5], 12)
    write_video(tmp_path / f"{names[2]}.mp4", task.target.rgb[:, :30], 12)
    (tmp_path / f"{names[3]}.mp4").write_bytes(b"nothing")
    write_video(tmp_path / "extra" / "clip.mp4", task.target.rgb, 12)
    predictions = FolderPredictions(tmp_path, items)
    problems = predictions.problems(items, TaskReader(dataset))
    for words in ("is missing", "has 5 frames, not 9", "is 40×30, not 40×32", "not a video", "belongs to no item"):
        assert sum(words in problem for problem in problems) == 1, (words, problems)
    found = evaluate(items, dataset, {"mine": predictions}, EvalOptions(partial=True, bootstrap=Bootstrap(200)))
    assert sorted(found.problems) == sorted(f"mine: {problem}" for problem in problems)
    assert found.summary()["mine"]["all"]["ssim"].n == 1  # nothing else is averaged over
    resized = FolderPredictions(tmp_path, items, resize=True)
    assert not any("40×30" in problem for problem in resized.problems(items, TaskReader(dataset)))
    assert resized(TaskReader(dataset).task(items.items[2])).shape == (SIDE, 32, 40, 3)


def test_evaluation_in_another_size(dataset: Dataset, items: EvalSet) -> None:
    options = EvalOptions(size=(16, 24), bootstrap=Bootstrap(200))
    found = evaluate(items, dataset, {name: BASELINES[name] for name in ("oracle", "depth-warp")}, options)
    assert found.summary()["oracle"]["all"]["ssim"].mean == 1 and not found.problems
    assert found.summary()["depth-warp"]["all"]["psnr_known"].mean > 18


def test_intervals() -> None:
    rng = np.random.default_rng
    stat = summarise([1.0, 2.0, float("nan"), float("inf")], ["a", "b", "c", "d"], rng(0))
    assert (stat.n, stat.exact, stat.mean, stat.finite_mean) == (3, 1, np.inf, 1.5) and stat.low == 1 and stat.high == 2
    assert np.isnan(summarise([1.0, 2.0], ["a", "a"], rng(0)).low) and summarise([float("nan")], ["a"], rng(0)).n == 0
    values = rng(1).normal(5, 1, 400)
    many = summarise(values, [str(i) for i in range(400)], rng(0))
    assert many.high - many.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1) and many.low < 5 < many.high
    clustered = summarise(np.repeat(values[:40], 10), [str(i // 10) for i in range(400)], rng(0))
    assert clustered.high - clustered.low > 2 * (many.high - many.low)
    assert summarise(values, [str(i) for i in range(400)], rng(0)) == many


def test_items_that_do_not_fit_are_refused(dataset: Dataset) -> None:
    with pytest.raises(DataError, match=r"no\.such\.grid is missing"):
        evaluate(item_set([item("no.such.grid", "x", [0], [0])]), dataset, BASELINES["copy"])
    with pytest.raises(DataError, match="wants time 9"):
        evaluate(item_set([item(GRIDS[0], "x", [0], [9])]), dataset, BASELINES["copy"])
    with pytest.raises(InputError, match="there twice"):
        item_set([item(GRIDS[0], "x", [0], [0])] * 2)
    with pytest.raises(CamxtimeError, match="leads out"):
        item_set([item("../x", "x", [0], [0])])
    for options in ({"parts": ("x",)}, {"cells": "x"}, {"cells_px": 1}):
        with pytest.raises(InputError):
            EvalOptions(**options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def benchmark(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark file cut from the dataset."""
    content = splits.content_of(dataset)
    manifest = splits.cut(content, splits.Recipe({"test": "1"}, by="scene"))
    return splits.cut_benchmark(manifest, content).write(tmp_path_factory.mktemp("benchmark") / "b.json")


def run(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_benchmark_files(dataset: Dataset, benchmark: Path, tmp_path: Path) -> None:
    items, whole = load_items(benchmark), splits.load_benchmark(benchmark)
    assert items.digest == whole.digest and [one.id for one in items.items] == [one.id for one in whole.items]
    assert items.items[0].target == whole.items[0].target.cells and len(items.only(["backward"])) == 1
    with pytest.raises(InputError, match="its modes are"):
        items.only(["none"])
    from camxtime.splits.signed import read_signed, write_signed

    value = {"format": "camxtime-benchmark", "format_version": 1, **read_signed(benchmark, "camxtime-benchmark", 1)}
    grid = next(iter(value["grids"]))
    value["grids"][grid] = {**value["grids"][grid], "digest": "0" * 32}
    other = load_items(write_signed(tmp_path / "other.json", value))
    with pytest.raises(DataError, match="was cut for 0000"):
        other.check(dataset)
    for wrong, message in (
        ({"items": []}, "not empty"),
        ({"items": [1]}, "items.0"),
        ({"grids": []}, "object is expected"),
    ):
        with pytest.raises(DataError, match=message):
            load_items(write_signed(tmp_path / "wrong.json", {**value, **wrong}))
    first = dict(value["items"][0])
    for change in (
        {"id": "../x"},
        {"mode": 1},
        {"source": {**first["source"], "times": "x"}},
        {"target": {"grid": "a"}},
    ):
        with pytest.raises(DataError, match=r"items\.0"):
            load_items(write_signed(tmp_path / "wrong.json", {**value, "items": [{**first, **change}]}))


def test_the_command(folder: Path, dataset: Dataset, benchmark: Path, tmp_path: Path) -> None:
    items = load_items(benchmark)
    fill(tmp_path / "mine", items, dataset)
    words = [benchmark, folder, tmp_path / "mine", "--baseline", "copy", "--json", tmp_path / "s.json", "--csv",
             tmp_path / "s.csv", "--markdown", tmp_path / "s.md", "--html", tmp_path / "page", "--html-items", 2]  # fmt: skip
    done = run(*words)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "mine" in done.output and "PSNR pooled (dB) ↑" in done.output and "Not measured: LPIPS" in done.output
    scores = json.loads((tmp_path / "s.json").read_text())
    assert scores["summary"]["mine"]["all"]["ssim"]["mean"] == 1 and scores["benchmark"]["digest"] == items.digest
    rows = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert len(rows) == 2 * len(items) and {row["psnr"] for row in rows if row["method"] == "mine"} == {"inf"}
    assert {path.name for path in (tmp_path / "page" / "clips").iterdir()} == {"0000.webp", "0001.webp"}
    from PIL import Image

    with Image.open(tmp_path / "page" / "clips" / "0000.webp") as picture:
        assert getattr(picture, "n_frames", 1) == len(items.items[0].target)
    assert "<article>" in (tmp_path / "page" / "index.html").read_text()

    (tmp_path / "mine" / f"{items.items[0].id}.mp4").unlink()
    (tmp_path / "s.json").unlink()
    stopped = run(*words)
    assert stopped.exit_code == 1 and "is missing" in stopped.output and "--partial" in stopped.output
    assert not (tmp_path / "s.json").exists()
    partial = run(*words, "--partial")
    assert partial.exit_code == 1 and "is missing" in partial.output
    assert json.loads((tmp_path / "s.json").read_text())["summary"]["mine"]["all"]["ssim"]["n"] == len(items) - 1


def test_mistakes_on_the_command_line(folder: Path, benchmark: Path, tmp_path: Path) -> None:
    for words, message in (
        ([], "nothing to score"),
        (["--baseline", "x"], "copy, reshuffle"),
        ([tmp_path / "none"], "no such folder"),
        (["--baseline", "copy", "--baseline", "copy"], "Two methods"),
        (["--baseline", "copy", "--measure", "x"], "not among"),
        (["--baseline", "copy", "--size", "8"], "WIDTHxHEIGHT"),
        (["--baseline", "copy", "--poses", "x"], "NAME=FOLDER"),
        (["--baseline", "copy", "--mode", "x"], "no item is left"),
    ):  # fmt: skip
        failed = run(benchmark, folder, *words)
        assert isinstance(failed.exception, CamxtimeError) and failed.exception.exit_code == 2, (words, failed.output)
        assert message in str(failed.exception)
    missing = run(tmp_path / "no.json", folder, "--baseline", "copy")
    assert "no such manifest" in str(missing.exception)
    assert "camxtime evaluate " in run("--help").output


def test_a_page_is_not_written_over_other_things(report: Report, dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        write_page(report, dataset, BASELINES, tmp_path, PageOptions(1))


def test_the_room_needs_neither_pydantic_ray_nor_torch(repo: Path, folder: Path) -> None:
    code = (
        "import sys, camxtime\n"
        "sys.modules.update({name: None for name in ('pydantic', 'ray', 'bpy', 'yaml', 'torch', 'skimage', 'av')})\n"
        "from camxtime.evaluation import baselines, harness, items, options, page, pose_files, writing\n"
        "from camxtime.splits.tracks import CellTrack\n"
        f"track = CellTrack({GRIDS[0]!r}, (0, 1), (0, 1))\n"
        "one = items.item_set([items.EvalItem('x', 'm', 'g', track, track)])\n"
        "parts = options.EvalOptions(parts=('frames', 'masks', 'cells', 'poses', 'sync'))\n"
        f"report = harness.evaluate(one, camxtime.open({str(folder)!r}), baselines.BASELINES, parts)\n"
        "print(writing.markdown(report))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "| oracle | ∞" in done.stdout, done.stderr
