"""Errors in cells, and which pixels the source shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from evaluation_data import GRIDS, SIDE

from camxtime.evaluation import baselines, masks
from camxtime.evaluation.cells import CellBank, CellBanks, reduced, search_size, sharpness
from camxtime.evaluation.items import EvalSet
from camxtime.evaluation.tasks import Task, TaskReader
from camxtime.geometry.reproject import View as DepthView
from camxtime.geometry.reproject import covisible_mask
from camxtime.sampling.view import View
from camxtime.shards.dataset import Dataset


@pytest.fixture(scope="module")
def bank(dataset: Dataset) -> CellBank:
    return CellBank(dataset, GRIDS[0], View(), (32, 40))


def test_every_cell_is_nearest_to_itself(dataset: Dataset, bank: CellBank) -> None:
    cameras, times = (axis.ravel() for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"))
    found = bank.nearest(dataset.grid(GRIDS[0]).clip(cameras, times).rgb, cameras, times)
    assert np.array_equal(found.camera, cameras) and np.array_equal(found.time, times)
    assert np.array_equal(found.row_camera, cameras) and np.array_equal(found.column_time, times)
    assert (found.margin == 1).all()


def test_errors_of_baselines_are_known(task: Task, bank: CellBank) -> None:
    target, apart = task.target, np.abs(np.arange(SIDE) - np.arange(SIDE)[::-1])
    copied = bank.nearest(baselines.copy(task), target.cameras, target.times)
    assert np.array_equal(copied.camera, target.cameras) and np.array_equal(np.abs(copied.time - target.times), apart)
    shuffled = bank.nearest(baselines.reshuffle(task), target.cameras, target.times)
    assert np.array_equal(shuffled.time, target.times) and np.array_equal(
        np.abs(shuffled.camera - target.cameras), apart
    )


def test_ties_go_to_the_wanted_cell(bank: CellBank) -> None:
    flat = np.full((1, 32, 40, 3), 128, np.uint8)
    bank_of_one = CellBank.__new__(CellBank)
    bank_of_one.__dict__.update(bank.__dict__)
    bank_of_one._images = np.full_like(bank._images, 100)
    bank_of_one._held, bank_of_one._norms = None, np.full(len(bank._images), float((28.0**2) * bank._images.shape[1]))
    found = bank_of_one.nearest(flat, np.array([3]), np.array([5]))
    assert found.camera is not None and found.time is not None
    assert (found.row_camera[0], found.column_time[0], found.margin[0]) == (3, 5, 0.0)


def test_the_cross_agrees_with_the_whole_grid(dataset: Dataset, task: Task, bank: CellBank) -> None:
    banks = CellBanks(dataset, View(), "cross", 1, 64)
    cross = banks.of(task.target)
    assert not cross.full and cross is banks.of(task.target)
    frames = np.stack([cv2.GaussianBlur(frame, (0, 0), 0.8) for frame in task.target.rgb])
    a, b = (b.nearest(frames, task.target.cameras, task.target.times) for b in (cross, bank))
    assert a.camera is None and a.time is None
    assert np.array_equal(a.row_camera, b.row_camera) and np.array_equal(a.column_time, b.column_time)
    assert (b.margin < 1).all()


def test_sizes_and_sharpness(task: Task) -> None:
    assert search_size((480, 832), 64) == (37, 64) and search_size((32, 40), 64) == (32, 40)
    assert reduced(task.target.rgb, (16, 20)).shape == (SIDE, 16, 20, 3)
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), 2) for frame in task.target.rgb])
    assert (sharpness(task.target.rgb, task.target.rgb) == 1).all() and (
        sharpness(blurred, task.target.rgb) < 0.5
    ).all()


def test_covisibility_is_that_of_reprojection(dataset: Dataset, items: EvalSet) -> None:
    reader = TaskReader(dataset)
    for number in (0, 4):
        task = reader.task(items.items[number])
        source, target = task.source, task.target
        moves = masks.moving(target, masks.subjects_of(dataset, target.grid))
        assert np.array_equal(moves, target.instance == 2)
        seen = masks.covisible(task, moves)
        for f in (0, 8):
            expected = np.zeros(target.size, bool)
            for s in range(len(source)):
                a, b = (DepthView(c.depth[i], c.c2w[i], c.K[i]) for c, i in ((target, f), (source, s)))
                visible = covisible_mask(a, b)
                expected |= visible if source.times[s] == target.times[f] else visible & ~moves[f]
            hit = np.isfinite(target.depth[f])
            assert (expected & ~seen[f]).mean() < 0.005
            # Reprojection does not judge a half pixel at the border of an image; the mask does.
            assert (expected[hit] == seen[f][hit]).mean() > 0.95


def test_what_hides_at_other_times_is_revealed(task: Task) -> None:
    everything = np.ones(task.target.instance.shape, bool)
    nothing = np.zeros_like(everything)
    assert (masks.covisible(task, nothing) >= masks.covisible(task, everything)).all()
    assert masks.covisible(task, None)[task.target.instance == 0].all()  # the sky is the same from everywhere here
