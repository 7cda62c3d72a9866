"""Noise that depends on the pair alone, solvers, augmentation, schedule."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.geometry.cameras import intrinsics, look_at
from camxtime.sampling.poses import plucker_rays, relative_poses
from camxtime.training import Conditions, ModelConfig, OptimConfig, Solver, Track
from camxtime.training.augment import _mirrored, augmented
from camxtime.training.batch import Batch, pose_numbers
from camxtime.training.objectives import Draw, losses
from camxtime.training.optim import rate_at

Make = Callable[..., tuple[torch.Tensor, Conditions]]
SMALL = ModelConfig(frames=4, height=16, width=16, dim=24, depth=1, heads=2)


def test_noise_is_the_pairs_own() -> None:
    shape = torch.Size([3, 4, 3, 8, 8])
    sigma, noise = Draw(7, (5, 6, 9)).noise(shape)
    other_sigma, other_noise = Draw(7, (9, 5)).noise(torch.Size([2, *shape[1:]]))
    assert torch.equal(noise[2], other_noise[0])
    assert torch.equal(sigma[0], other_sigma[1])
    assert not torch.equal(Draw(8, (5,)).noise(torch.Size([1, *shape[1:]]))[1][0], noise[0])


def test_flow_loss_is_zero_for_the_true_velocity() -> None:
    """A model that knows the pair's noise predicts ε − x_0 and has no loss."""
    target = torch.rand(2, 4, 3, 8, 8) * 2 - 1
    draw = Draw(0, (1, 2))
    _, noise = draw.noise(target.shape)

    class Knowing(torch.nn.Module):
        def forward(self, noisy: torch.Tensor, sigma: torch.Tensor, known: Conditions) -> torch.Tensor:
            at = sigma[:, None, None, None, None]
            torch.testing.assert_close(noisy, (1 - at) * target + at * noise)
            return noise - target

    known = Conditions(Track(torch.zeros(2, 4, 14), torch.zeros(2, 4)), ())
    assert losses(Knowing(), target, known, draw, "flow").abs().max() < 1e-10


def test_levels_run_from_one_to_zero() -> None:
    levels = Solver("euler", 10).levels()
    assert levels[0] == 1
    assert levels[-1] == 0
    assert (levels.diff() < 0).all()
    with pytest.raises(InputError, match="euler or heun"):
        Solver("rk4")


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_mirrored_numbers_are_those_of_a_mirrored_camera(seed: int) -> None:
    rng = np.random.default_rng(seed)
    c2w = look_at(rng.normal(size=(3, 3)) * 3 + [0, 0, 5], np.zeros(3))
    K = intrinsics(np.full(3, 20.0), 16, 16)
    local = relative_poses(c2w, c2w[0], "left")
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    other = mirror @ local @ mirror
    rays, mirrored = (torch.from_numpy(plucker_rays(pose, K, (16, 16), step=4)) for pose in (local, other))
    torch.testing.assert_close(_mirrored(rays, "plucker"), mirrored, atol=1e-5, rtol=0)
    poses = [pose_numbers(torch.from_numpy(pose), torch.from_numpy(K), SMALL) for pose in (local, other)]
    torch.testing.assert_close(_mirrored(poses[0], "pose"), poses[1], atol=1e-6, rtol=0)


def test_augmentation_treats_all_clips_of_a_pair_alike(known_of: Make) -> None:
    _, known = known_of(SMALL, batch=6)
    source = known.given[0][0]
    batch = Batch(source.clone(), known, tuple(range(6)), {})
    changed = augmented(batch, SMALL, seed=3)
    assert torch.equal(changed.target, changed.known.given[0][0])
    assert changed.target.abs().max() <= 1
    again = augmented(Batch(source[2:3].clone(), _row(known, 2), (2,), {}), SMALL, seed=3)
    assert torch.equal(again.target[0], changed.target[2])
    assert not torch.equal(changed.target[0], source[0])


def _row(known: Conditions, row: int) -> Conditions:
    def one(track: Track) -> Track:
        return Track(track.camera[row : row + 1], track.times[row : row + 1])

    return Conditions(one(known.target), tuple((video[row : row + 1], one(track)) for video, track in known.given))


def test_rate_warms_up_and_falls_to_its_last_share() -> None:
    config = OptimConfig(rate=1.0, warmup=10, final=0.1)
    assert rate_at(0, 100, config) == pytest.approx(0.1)
    assert rate_at(9, 100, config) == pytest.approx(1.0)
    assert rate_at(100, 100, config) == pytest.approx(0.1)
    assert rate_at(55, 100, config) == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 2)))
