"""Contexts: what frusta and depth say of overlap, and that the best candidates are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import SyntheticScene

from camxtime.errors import InputError
from camxtime.geometry.cameras import Cameras, intrinsics, look_at
from camxtime.sampling import Contexts, PairSampler, Recipe
from camxtime.sampling.contexts import compared_frames, draw_contexts, score_contexts
from camxtime.sampling.overlap import ClipCameras, covisibility, frustum_overlap
from camxtime.shards.dataset import Dataset

SIZE = (64, 48)


def _clip(eyes: list[list[float]], target: list[float]) -> ClipCameras:
    c2w = look_at(np.array(eyes, float), np.array(target, float))
    return ClipCameras(c2w, intrinsics(np.full(len(eyes), 60.0), *SIZE), *SIZE)


def _overlap(a: ClipCameras, b: ClipCameras, points: int = 4000) -> float:
    return frustum_overlap(a, b, 0.1, 10.0, points, np.random.default_rng(0))


def test_frustum_overlap_of_the_same_and_of_opposite_views() -> None:
    front = _clip([[5, 0, 1], [5, 1, 1]], [0, 0, 1])
    assert _overlap(front, front) == 1.0
    back_to_back = _clip([[5, 0, 1], [5, 1, 1]], [10, 0, 1])
    assert _overlap(front, back_to_back) < 0.002
    near, far = _clip([[5, 0.3, 1], [5, 1.3, 1]], [0, 0, 1]), _clip([[3, 3, 1], [3, 4, 1]], [0, 0, 1])
    assert 1 > _overlap(front, near) > _overlap(front, far) > 0


def test_frustum_overlap_is_the_volume_share() -> None:
    """A camera turned about its axis of symmetry shares a known volume: the narrower view lies in the wider one."""
    eye, target = [[5.0, 0, 1]], [0, 0, 1]
    wide = _clip(eye, target)
    narrow = ClipCameras(wide.c2w, intrinsics(np.array([120.0]), *SIZE), *SIZE)
    # All of the narrow one is inside the wide one, whose volume is 4 times as large: (1 + 1/4) / 2.
    assert _overlap(wide, narrow, 200_000) == pytest.approx(0.625, abs=0.004)


def test_frustum_overlap_ignores_walls_but_covisibility_does_not() -> None:
    """Two cameras that face each other with a wall between them share frusta, and see nothing in common."""
    a, b = _clip([[2, 0, 1]], [0, 0, 1]), _clip([[-2, 0, 1]], [0, 0, 1])
    wall = np.full((1, 48, 64), 1.9, np.float32)
    assert _overlap(a, b) > 0.01
    assert covisibility(a, wall, b, wall, 4) == 0.0
    assert covisibility(a, wall, a, wall, 4) == 1.0


def test_covisibility_from_rendered_depth() -> None:
    scene = SyntheticScene(5)

    def view(*eyes: list[float]) -> tuple[ClipCameras, np.ndarray]:
        clip = _clip(list(eyes), [0, 0, 0.8])
        cameras = Cameras(clip.c2w, clip.K, *SIZE)
        return clip, np.stack([scene.render(cameras, i, 2)["depth"] for i in range(len(eyes))])

    here, near, across = view([5, 0, 1.6]), view([5, 0.5, 1.6]), view([-5, 0, 1.6])
    assert covisibility(*here, *here, 2) > 0.995
    assert covisibility(*here, *near, 2) > 0.7 > covisibility(*here, *across, 2)
    assert covisibility(*here, *near, 2) == covisibility(*near, *here, 2)
    sky = np.full((1, 48, 64), np.inf, np.float32)
    assert covisibility(here[0], sky, near[0], sky, 2) == 0.0


def test_compared_frames() -> None:
    assert compared_frames(81, 9).tolist() == list(range(0, 81, 10))
    assert compared_frames(5, 0).tolist() == compared_frames(5, 9).tolist() == [0, 1, 2, 3, 4]
    assert compared_frames(81, 1).tolist() == [0]


@pytest.mark.parametrize("choose", ["frustum", "covisibility"])
@pytest.mark.parametrize("times", ["target", "source"])
def test_the_best_are_kept(dataset: Dataset, choose: str, times: str) -> None:
    wanted = Contexts(count=2, choose=choose, candidates=6, times=times, frames=3, points=500)
    sampler = PairSampler(dataset, Recipe(frames=5, contexts=wanted), 0, ["room.ball.arc", "room.ball.arc_2"])
    gains = []
    for i in range(4):
        pair = sampler.pair(i)
        assert pair == sampler.pair(i) and len(pair.contexts) == 2
        candidates = draw_contexts(sampler.catalog, replace(wanted, choose="random", count=6), pair, sampler._key)
        for clip in candidates:
            if times == "source":
                assert np.array_equal(sampler.catalog.animation_times(clip), pair.window.times(np.arange(5)))
            assert {g.rsplit(".", 1)[0] for g in clip.grids} == {"room.ball"}
        assert all(clip in candidates for clip in pair.contexts)
        scores = [
            score_contexts(
                sampler.catalog, wanted, pair.target, list(clips), np.arange(0, 5, 2), np.random.default_rng(1)
            )
            for clips in (pair.contexts, candidates)
        ]
        gains.append(scores[0].mean() - scores[1].mean())
        assert scores[0].min() >= np.sort(scores[1])[-2] - 0.1  # up to the Monte Carlo error
        if choose == "covisibility":
            assert scores[0].tolist() == sorted(scores[1], reverse=True)[:2]
    assert np.mean(gains) > 0


def test_contexts_play_the_targets_times(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, Recipe(frames=5, contexts=Contexts(count=3)), 0)
    for pair in map(sampler.pair, range(10)):
        for clip in pair.contexts:
            assert np.array_equal(clip.track.times, sampler.catalog.animation_times(pair.target))


@pytest.mark.parametrize("choose", ["random", "covisibility"])
def test_contexts_do_not_give_the_target_away(dataset: Dataset, choose: str) -> None:
    """The clip that sees most of what the target sees is the target itself: it, and what is nearly it, is left out."""
    sampler = PairSampler(dataset, Recipe(frames=5, contexts=Contexts(count=4, choose=choose, frames=2)), 0)
    for pair in map(sampler.pair, range(30)):
        texts = [str(clip.to_json()) for clip in pair.contexts]
        assert len(set(texts)) == 4
        for clip in pair.contexts:
            for other in (pair.source, pair.target):
                cells = {
                    (other.grids[p], c, t)
                    for p, c, t in zip(other.parts, other.track.cameras, other.track.times, strict=True)
                }
                shared = [
                    (clip.grids[0], c, t) in cells for c, t in zip(clip.track.cameras, clip.track.times, strict=True)
                ]
                assert np.mean(shared) <= 0.25


def test_too_few_contexts_are_an_error(dataset: Dataset) -> None:
    wanted = Contexts(count=3, cameras={"diagonal": 1.0})  # there are two diagonals, and one of them is the source
    sampler = PairSampler(dataset, Recipe(frames=5, offset=0, contexts=wanted), 0, ["room.ball.arc", "room.ball.arc_2"])
    with pytest.raises(InputError, match=r"Pair 0: .* offers [01] context clips"):
        sampler.pair(0)
