"""Pairs are pure functions of their index, stay in their grids, and show what their task says."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import SyntheticSpec, make_dataset, path_cameras, write_unit

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.sampling import ClipRef, Contexts, Family, Pair, PairSampler, Recipe
from camxtime.shards.dataset import Dataset
from camxtime.shards.index import build_index
from camxtime.shards.records import GridRecord

RECIPE = Recipe(frames=9)
EXPECTED = [
    ("speed", "deceleration", "diagonal", "hall.ball.arc", 1),
    ("bullet", "freeze", "diagonal", "room.ball.arc", 1),
    ("speed", "slow_global", "diagonal", "room.ball.arc_2", 1),
    ("direction", "ping_pong", "diagonal", "room.ball.arc", 0),
    ("bullet", "motion_to_freeze", "diagonal", "hall.ball.arc", 0),
    ("camera", "forward", "strided", "room.ball.arc_2", 1),
]


def _check_clip(dataset: Dataset, clip: ClipRef, frames: int) -> None:
    assert len(clip) == frames
    for part, grid in enumerate(clip.grids):
        track = clip.track
        here = clip.frames_of(part)
        assert track.cameras[here].max() < dataset.grid(grid).C and track.times[here].max() < dataset.grid(grid).T


@given(index=st.integers(0, 2**62), seed=st.integers(0, 2**64 - 1))
@settings(max_examples=60, deadline=None)
def test_a_pair_depends_on_its_index_and_seed_alone(dataset_folder: Path, index: int, seed: int) -> None:
    one = PairSampler(camxtime.open(dataset_folder), RECIPE, seed)
    other = PairSampler(camxtime.open(dataset_folder), RECIPE, seed)
    other.pair(index // 2)  # what was drawn before does not matter
    pair = one.pair(index)
    assert pair == other.pair(index)
    for clip in (pair.source, pair.target):
        _check_clip(one.dataset, clip, 9)
    assert np.array_equal(pair.source.track.times, pair.window.times(np.arange(9)))


def test_everything_it_depends_on_changes_it(dataset: Dataset) -> None:
    base = PairSampler(dataset, RECIPE, 0)
    pairs = [base.pair(i).to_json() for i in range(20)]
    for other in (
        PairSampler(dataset, RECIPE, 1),
        PairSampler(dataset, Recipe(frames=9, strides=(1, 1)), 0),
        PairSampler(dataset, RECIPE, 0, grids=["room.ball.arc", "room.ball.arc_2"]),
    ):
        assert [other.pair(i).to_json() for i in range(20)] != pairs
    assert base.fingerprint != PairSampler(dataset, Recipe(frames=8), 0).fingerprint
    assert PairSampler(dataset, RECIPE, 1).fingerprint == base.fingerprint


def test_the_order_survives_versions_and_machines(dataset: Dataset) -> None:
    """Frozen: a change here changes what every resumed run sees, and needs a new version of the fingerprint."""
    dataset.digest = "0" * 64  # the real one hangs on the JPEG encoder's version
    sampler = PairSampler(dataset, RECIPE, 7)
    drawn = [(p.task, p.warp, p.camera, p.source.grids[0], p.window.offset) for p in map(sampler.pair, range(6))]
    assert drawn == EXPECTED


def test_contexts_do_not_change_the_pairs_random_stream(dataset: Dataset) -> None:
    with_contexts = PairSampler(dataset, Recipe(frames=9, contexts=Contexts(count=2)), 0)
    pair = with_contexts.pair(5)
    assert len(pair.contexts) == 2
    for clip in pair.contexts:
        _check_clip(dataset, clip, 9)


def test_an_epoch_visits_every_grid_equally_in_its_own_order(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, Recipe(frames=9, pairs_per_grid=10), 0)
    assert sampler.epoch_pairs == 30
    orders = []
    for epoch in range(3):
        order = [sampler.grid_of(epoch * 30 + i) for i in range(30)]
        assert set(Counter(order).values()) == {10}
        orders.append(tuple(order))
    assert len(set(orders)) == 3


def test_families_and_what_they_show(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, RECIPE, 0)
    seen: dict[str, list[Pair]] = {}
    for pair in map(sampler.pair, range(600)):
        seen.setdefault(pair.task, []).append(pair)
    assert set(seen) == {"direction", "speed", "bullet", "joint", "camera"}
    for task in seen:
        assert abs(len(seen[task]) / 600 - 0.2) < 0.09
    for task in ("direction", "speed", "bullet"):
        assert all(np.array_equal(p.source.track.cameras, p.target.track.cameras) for p in seen[task])
    for pair in seen["direction"]:
        assert (np.diff(pair.target.track.times) < 0).any()
    for pair in seen["speed"]:
        assert (np.diff(pair.target.track.times) >= 0).all()
    for pair in seen["bullet"]:
        assert pair.target.track.times[-1] == pair.target.track.times[-2]
    for pair in seen["camera"]:
        assert np.array_equal(pair.source.track.times, pair.target.track.times)
    hops = [p for p in seen["camera"] + seen["joint"] if p.camera == "hop"]
    assert hops
    for pair in hops:
        assert len(pair.target.grids) == 2 and set(pair.target.grids) == {"room.ball.arc", "room.ball.arc_2"}
        assert pair.target.parts[0] == 0 and pair.target.parts[-1] == 1 and (np.diff(pair.target.parts) >= 0).all()
    assert not [p for p in hops if p.source.grids[0].startswith("hall")]


def test_target_on_another_path(dataset: Dataset) -> None:
    recipe = Recipe(frames=9, other_path=1.0, families={"speed": Family(1.0, {"freeze": 1.0}, {"diagonal": 1.0})})
    sampler = PairSampler(dataset, recipe, 0, ["room.ball.arc", "room.ball.arc_2"])
    for pair in map(sampler.pair, range(20)):
        assert pair.source.grids != pair.target.grids
        assert {*pair.source.grids, *pair.target.grids} == {"room.ball.arc", "room.ball.arc_2"}


def test_strides_and_offset(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, Recipe(frames=5, strides=(1, 2), offset=2), 0)
    windows = {(p.window.offset, p.window.stride) for p in map(sampler.pair, range(50))}
    assert windows == {(2, 1), (2, 2)}
    pair = next(p for p in map(sampler.pair, range(50)) if p.window.stride == 2)
    assert pair.source.track.times.tolist() == [2, 4, 6, 8, 10]
    # C ≠ T here, 12 and 11: the diagonal goes from the first camera to the last.
    assert pair.source.track.cameras.tolist() == [2, 4, 7, 9, 11]


def test_refusals(dataset: Dataset) -> None:
    with pytest.raises(InputError, match=r"hall\.ball\.arc has 11 times: 12 frames"):
        PairSampler(dataset, Recipe(frames=12))
    with pytest.raises(InputError, match="11 times"):
        PairSampler(dataset, Recipe(frames=9, strides=(2,)))
    with pytest.raises(InputError, match="no complete grid"):
        PairSampler(dataset, RECIPE, grids=[])
    with pytest.raises(InputError, match="nope"):
        PairSampler(dataset, RECIPE, grids=["a.b.nope"])
    with pytest.raises(InputError, match="twice"):
        PairSampler(dataset, RECIPE, grids=["room.ball.arc", "room.ball.arc"])
    only_hop = {"camera": Family(1.0, {"forward": 1.0}, {"hop": 1.0})}
    with pytest.raises(InputError, match=r"hall\.ball\.arc.*hop needs a second"):
        PairSampler(dataset, Recipe(frames=9, families=only_hop))
    PairSampler(dataset, Recipe(frames=9, families=only_hop), grids=["room.ball.arc", "room.ball.arc_2"]).pair(0)
    for index in (-1, 2**63, 0.5, True, "1"):
        with pytest.raises(InputError):
            PairSampler(dataset, RECIPE).pair(index)  # type: ignore[arg-type]
    for seed in (-1, 2**64, 0.5):
        with pytest.raises(InputError, match="seed"):
            PairSampler(dataset, RECIPE, seed)  # type: ignore[arg-type]


def test_pickles(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, RECIPE, 3)
    assert pickle.loads(pickle.dumps(sampler)).pair(11) == sampler.pair(11)


def test_incomplete_grids_are_left_out_and_refused_by_name(tmp_path: Path) -> None:
    spec = SyntheticSpec(grids=("a.b.c", "a.b.d"), cameras=3, times=4, width=16, height=8)
    spec.record("a.b.d").write(tmp_path)
    write_unit(tmp_path, spec, spec.units("a.b.d")[0])
    spec.record("a.b.c").write(tmp_path)
    for unit in spec.units("a.b.c"):
        write_unit(tmp_path, spec, unit)
    build_index(tmp_path, spec.header())
    dataset = camxtime.open(tmp_path)
    sampler = PairSampler(dataset, Recipe(frames=4))
    assert {sampler.pair(i).source.grids[0] for i in range(10)} == {"a.b.c"}
    with pytest.raises(InputError, match=r"a\.b\.d is incomplete"):
        PairSampler(dataset, Recipe(frames=4), grids=["a.b.d"])


def test_one_time_or_one_camera_is_enough_for_one_frame(tmp_path: Path) -> None:
    dataset = camxtime.open(
        make_dataset(tmp_path, SyntheticSpec(grids=("a.b.c",), cameras=1, times=1, width=16, height=8))
    )
    families = {"x": Family(1.0, {"forward": 1.0, "freeze": 1.0}, {"diagonal": 1.0, "eased": 1.0, "strided": 1.0})}
    pair = PairSampler(dataset, Recipe(frames=1, families=families)).pair(0)
    assert len(pair.target) == 1


def _layout_dataset(root: Path, layout: str, cameras: int, times: int) -> Dataset:
    """Two grids whose camera axis is no path, made with the real writer."""
    spec = SyntheticSpec(
        grids=("a.b.v1", "a.b.v2"), cameras=cameras, times=times, width=16, height=8, passes={"rgb": "jpeg:95"}
    )
    for number, grid in enumerate(spec.grids):
        GridRecord(
            grid, path_cameras(cameras, 16, 8, 0.4 * number), times, 24.0, spec.passes, extra={"layout": layout}
        ).write(root)
        for unit in spec.units(grid):
            write_unit(root, spec, unit)
    build_index(root, spec.header())
    return camxtime.open(root)


def test_ordinary_videos_are_sampled_with_warped_targets(tmp_path: Path) -> None:
    """Synchronised moving-camera videos: source is a video, target the same or another one with its frames warped."""
    dataset = _layout_dataset(tmp_path, "moving_camera", cameras=9, times=1)
    sampler = PairSampler(dataset, Recipe(frames=9, other_path=0.5), 0)
    tasks, crossed = set(), 0
    for pair in map(sampler.pair, range(80)):
        tasks.add(pair.task)
        assert np.array_equal(pair.source.track.cameras, np.arange(9)) and (pair.source.track.times == 0).all()
        assert (pair.target.track.times == 0).all()
        times = sampler.catalog.animation_times(pair.target)
        assert np.array_equal(times, pair.target.track.cameras)
        crossed += pair.source.grids[0] not in pair.target.grids
        if pair.warp == "reverse":
            assert np.array_equal(times, np.arange(9)[::-1])
    assert tasks == {"direction", "speed", "bullet", "joint", "camera"} and crossed > 10


def test_scattered_cameras_are_never_moved_along(tmp_path: Path) -> None:
    sampler = PairSampler(_layout_dataset(tmp_path, "scattered_cameras", cameras=5, times=9), Recipe(frames=9), 0)
    for pair in map(sampler.pair, range(60)):
        for clip in (pair.source, pair.target):
            assert len(set(clip.track.cameras.tolist())) == 1
    assert len({p.source.track.cameras[0] for p in map(sampler.pair, range(40))}) == 5


def test_layouts_are_checked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="layout 'ring'"):
        PairSampler(_layout_dataset(tmp_path / "a", "ring", 4, 4), Recipe(frames=4))
    with pytest.raises(DataError, match="T = 1"):
        PairSampler(_layout_dataset(tmp_path / "b", "moving_camera", 4, 4), Recipe(frames=4))
