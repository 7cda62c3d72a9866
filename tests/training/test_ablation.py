"""The ablation: what each condition may see, what is asked of all, and how it is scored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import InputError
from camxtime.evaluation.baselines import BASELINES
from camxtime.shards.dataset import Dataset
from camxtime.training.ablation.items import MODES, ablation_items, chosen_grids, mode_times
from camxtime.training.ablation.pairs import ConditionSampler, condition_grids
from camxtime.training.ablation.plan import CONDITIONS, HELD_OUT_WARP, WARPS, chosen
from camxtime.training.ablation.score import score_items
from camxtime.training.ablation.tables import Value, difference, mean_of

PAIRS = 60


def sampler(dataset: Dataset, name: str, grids: tuple[str, ...] | None = None) -> ConditionSampler:
    condition = CONDITIONS[name]
    return ConditionSampler(dataset, condition, condition.recipe(4), 0, grids or dataset.grids.ids)


def test_ordinary_videos_move_their_camera_with_their_time(dataset: Dataset) -> None:
    for name in ("one_path", "multi_view", "multi_view_static"):
        source = sampler(dataset, name)
        pairs = [source.pair(i) for i in range(PAIRS)]
        moving = [pair for pair in pairs if pair.warp != "static"]
        for pair in moving:
            for clip in (pair.source, pair.target):
                number = source.catalog.number(clip.grids[0])
                np.testing.assert_array_equal(clip.track.cameras, source.catalog.diagonal(number, clip.track.times))
        for pair in pairs:
            if pair.warp == "static":
                assert len({*pair.source.track.times.tolist(), *pair.target.track.times.tolist()}) == 1
        share = 1 - len(moving) / PAIRS
        assert (0.15 < share < 0.55) if name == "multi_view_static" else share == 0
        other = np.mean([pair.source.grids != pair.target.grids for pair in moving])
        assert other == 0 if name == "one_path" else 0.25 < other < 0.75


def test_a_full_grid_frees_the_camera_and_shares_paths_as_often(dataset: Dataset) -> None:
    grid, videos = sampler(dataset, "full_grid"), sampler(dataset, "multi_view")
    pairs = [grid.pair(i) for i in range(PAIRS)]
    free = [not np.array_equal(p.target.track.cameras, grid.catalog.diagonal(0, p.target.track.times)) for p in pairs]
    assert np.mean(free) > 0.5
    other = [np.mean([s.pair(i).source.grids != s.pair(i).target.grids for i in range(200)]) for s in (grid, videos)]
    assert abs(other[0] - other[1]) < 0.15
    assert grid.fingerprint != videos.fingerprint
    assert HELD_OUT_WARP not in WARPS
    assert not any(pair.warp == HELD_OUT_WARP for pair in pairs)


def test_equal_cells_are_equal(dataset: Dataset) -> None:
    condition = CONDITIONS["equal_cells"]
    kept = condition_grids(condition, dataset, dataset.grids.ids, seed=0)
    grid = dataset.grid(kept[0])
    diagonals = len(dataset.grids.ids) * grid.T
    assert len(kept) * grid.C * grid.T <= diagonals
    assert condition_grids(CONDITIONS["full_grid"], dataset, kept, 0) == kept
    with pytest.raises(InputError, match="too few"):
        condition_grids(condition, dataset, kept, 0)
    with pytest.raises(InputError, match="no condition"):
        chosen("full_grid,none")


def test_items_are_the_protocol(dataset: Dataset) -> None:
    items = ablation_items(dataset, dataset.grids.ids, 4, most=6)
    assert len(items) == 6 * len(MODES)
    assert len({item.target.grid.rsplit(".", 1)[0] for item in items.items}) == 5
    for item in items.items:
        assert len(item.target) == 4
        if item.mode == "stabilise":
            assert len(set(item.target.cameras)) == 1
        else:
            assert item.target.cameras == item.source.cameras
    assert mode_times("reverse", 8).tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert mode_times("slow", 8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert mode_times("zigzag", 8).tolist() == [0, 1, 2, 3, 4, 5, 4, 3]
    assert mode_times(HELD_OUT_WARP, 8).tolist() == [0, 1, 2, 1, 0, 1, 2, 1]
    assert chosen_grids(dataset.grids.ids, 6) == chosen_grids(dataset.grids.ids, 6)


def test_scores_tell_a_wrong_camera_from_a_wrong_time(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, SyntheticSpec(grids=("room.ball.arc",), cameras=4, times=4, width=48, height=40,
                                                  passes={"rgb": "png", "instance": "png16"}))  # fmt: skip
    dataset = camxtime.open(folder)
    items = ablation_items(dataset, dataset.grids.ids, 4, most=1)
    methods = {name: BASELINES[name] for name in ("oracle", "copy", "reshuffle")}
    scored = score_items(dataset, items, methods, (40, 48))
    scores = {name: {score.mode: score for score in rows} for name, rows in scored.items()}
    for score in scores["oracle"].values():
        assert (score.psnr, score.camera, score.time) == (60.0, 0.0, 0.0)
        assert score.ssim == pytest.approx(1.0)
    assert scores["copy"]["reverse"].camera == 0
    assert scores["copy"]["reverse"].time == 2  # |f − (3 − f)|: 3, 1, 1, 3
    assert scores["reshuffle"]["reverse"].time == 0
    assert scores["reshuffle"]["reverse"].camera == 2
    copied = scores["copy"]["reverse"]
    assert copied.static is not None
    assert copied.moving is not None
    assert copied.static > copied.moving + 10


def test_intervals_are_students() -> None:
    value = Value.of([1.0, 2.0, 3.0])
    assert value.mean == 2
    assert value.half == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    assert Value.of([1.0]).half is None
    assert Value.of([1.0, 1.1]).apart(Value.of([50.0, 50.1])) is True
    runs = [{"seed": s, "items": [{"mode": "reverse", "psnr": 20.0 + s}]} for s in (0, 1)]
    others = [{"seed": s, "items": [{"mode": "reverse", "psnr": 18.0 + s}]} for s in (1, 0)]
    assert difference(runs, others, "psnr", ["reverse"]).mean == pytest.approx(2.0)
    assert np.isnan(mean_of(runs[0]["items"], "psnr", ["slow"]))


@pytest.mark.slow
def test_the_whole_ablation_in_small_and_again(tmp_path: Path) -> None:
    """Two conditions, two seeds, processes of their own; run again, nothing is trained twice."""
    grids = tuple(f"scene_{i}.ball_{i}.{path}" for i in range(9) for path in ("arc", "arc_2"))
    spec = SyntheticSpec(
        grids=grids, cameras=4, times=4, width=16, height=16, passes={"rgb": "png", "depth": "logpng16"}
    )
    data = make_dataset(tmp_path / "data", spec)
    words = [sys.executable, "-m", "camxtime.training.ablation", str(data), "--out", str(tmp_path / "out"), "--setting",
             "tiny", "--conditions", "multi_view,full_grid"]  # fmt: skip
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = (tmp_path / "out" / "report.md").read_text()
    for word in ("multi-view, warped", "full grid", "*oracle*", "camera error"):
        assert word in report
    assert (tmp_path / "out" / "report" / "conditions.png").is_file()
    scores = sorted((tmp_path / "out" / "runs").glob("*/score.json"))
    assert len(scores) == 4
    assert len(json.loads(scores[0].read_bytes())["items"]) == 2 * len(MODES)
    before = [file.stat().st_mtime_ns for file in scores]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert [file.stat().st_mtime_ns for file in scores] == before
