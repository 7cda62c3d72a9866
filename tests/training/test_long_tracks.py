"""Tracks of any length, and checkpoints as predictors."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.evaluation.items import EvalItem
from camxtime.evaluation.tasks import TaskReader, checked
from camxtime.shards.dataset import Dataset
from camxtime.splits.tracks import CellTrack
from camxtime.training import ModelConfig, SpaceTimeModel, TrainConfig, train
from camxtime.training.long_tracks import PosedClip, PosedTrack, render_track, segments, source_window
from camxtime.training.predictor import CheckpointPredictor


@given(st.integers(1, 200), st.integers(1, 40))
def test_segments_cover_every_frame_in_order(count: int, frames: int) -> None:
    parts = segments(count, frames)
    assert all(len(part) == frames for part in parts)
    assert sorted(set(np.concatenate(parts).tolist())) == list(range(count))
    assert parts[-1][-1] == count - 1
    for first, second in itertools.pairwise(parts):
        assert first[0] < second[0] <= first[-1] + 1


@given(st.integers(0, 60))
def test_source_window_holds_the_times_asked_for(start: int) -> None:
    times = np.arange(80)
    assert source_window(times, np.arange(start, start + 8), 8).tolist() == list(range(start, start + 8))
    assert source_window(np.arange(5), np.arange(8), 8).tolist() == [0, 1, 2, 3, 4, 4, 4, 4]


def posed(count: int, size: tuple[int, int], seed: int) -> PosedClip:
    rng = np.random.default_rng(seed)
    c2w = np.tile(np.eye(4), (count, 1, 1))
    c2w[:, :3, 3] = rng.normal(size=(count, 3))
    K = np.tile(np.diag([20.0, 20.0, 1.0]), (count, 1, 1))
    rgb = rng.integers(0, 256, (count, *size, 3), dtype=np.uint8)
    return PosedClip(rgb, PosedTrack(c2w, K, np.arange(count)))


@pytest.mark.parametrize("contexts", [0, 1])
def test_long_tracks_are_made_segment_after_segment(contexts: int) -> None:
    torch.manual_seed(0)
    config = ModelConfig(frames=4, height=16, width=16, dim=24, depth=1, heads=2, contexts=contexts)
    model = SpaceTimeModel(config).eval()
    source = posed(10, (16, 16), 0)
    clip = render_track(model, source, source.track)
    assert clip.shape == (10, 16, 16, 3)
    first = render_track(model, source, source.track.at(np.arange(4)))
    np.testing.assert_array_equal(clip[:4], first)
    second = render_track(model, source, source.track.at(np.arange(4, 8)))
    assert np.array_equal(clip[4:8], second) == (contexts == 0)  # with contexts, the segment before is heard
    with pytest.raises(InputError, match="16×16 pixels"):
        render_track(model, posed(4, (8, 8), 0), source.track)


def test_a_checkpoint_predicts_items_of_any_length_and_size(
    dataset: Dataset, config: TrainConfig, tmp_path: Path
) -> None:
    train(config.changed({"run.steps": 2}), dataset, tmp_path)
    predictor = CheckpointPredictor(tmp_path, "cpu")
    grid = dataset.grids.ids[0]

    def item(count: int) -> EvalItem:
        indices = tuple(min(i, 3) for i in range(count))
        return EvalItem(f"{grid}/{count}", "reverse", "direction", CellTrack(grid, indices, indices),
                        CellTrack(grid, indices, indices[::-1]))  # fmt: skip

    for size in ((16, 24), (32, 48)):
        reader = TaskReader(dataset, size)
        for count in (3, 4, 9):
            task = reader.task(item(count))
            assert checked(task, predictor(task)).frames.shape == (count, *size, 3)
        tasks = [reader.task(item(4))] * 2
        for made in predictor.many(tasks):
            assert np.abs(made.astype(int) - predictor(tasks[0]).astype(int)).max() <= 1
    with pytest.raises(InputError, match="other proportions"):
        predictor(TaskReader(dataset, (24, 24)).task(item(4)))
