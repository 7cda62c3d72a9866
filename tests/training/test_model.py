"""The model: shapes, how its time axis is compressed, and that every condition says what it should and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from camxtime.errors import InputError
from camxtime.training import Conditions, ModelConfig, Solver, SpaceTimeModel, Track, generate
from camxtime.training.embeddings import AnimationTime, fill_front, grouped
from camxtime.training.model import parameter_count, stack

Make = Callable[..., tuple[torch.Tensor, Conditions]]
SMALL = ModelConfig(frames=8, height=16, width=24, dim=24, depth=1, heads=2)


def predicted(model: SpaceTimeModel, known: Conditions) -> torch.Tensor:
    video = known.given[0][0]
    noisy = None if model.config.objective == "regression" else torch.zeros_like(video)
    with torch.no_grad():
        return model(noisy, torch.ones(len(video)), known)


def spread(model: SpaceTimeModel) -> SpaceTimeModel:
    """Give the parts that begin at zero some weight, so that outputs depend on everything."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in model.parameters():
            if not p.any():
                p.copy_(0.3 * torch.randn(p.shape, generator=generator))
    return model


@pytest.mark.parametrize(("frames", "latent"), [(81, 21), (8, 2), (9, 3), (16, 4), (17, 5), (1, 1)])
def test_latent_frames_are_wans(frames: int, latent: int) -> None:
    assert replace(SMALL, frames=frames).latent_frames == latent
    assert (frames - 1) % 4 or latent == (frames - 1) // 4 + 1
    for kind in ("conv", "uniform", "mlp"):
        config = replace(SMALL, frames=frames, time=kind)
        assert AnimationTime(config)(torch.arange(float(frames))[None]).shape == (1, latent, SMALL.dim)


def test_groups_fill_up_at_the_front() -> None:
    times = torch.arange(9.0)[None]
    assert fill_front(times, 4)[0].tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert grouped(times[..., None], 4)[0].tolist() == [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]


def test_convolutions_are_causal_in_groups_and_uniform_sees_every_fourth_time() -> None:
    torch.manual_seed(0)
    times = torch.arange(81.0)[None].repeat(81, 1)
    times[torch.arange(81), torch.arange(81)] += 0.5  # row i: frame i says another time
    reference = torch.arange(81.0)[None]
    for kind, expected in (("conv", "all"), ("uniform", "fourth")):
        embed = AnimationTime(replace(SMALL, frames=81, time=kind))
        with torch.no_grad():
            changed = (embed(times) - embed(reference)).abs().amax(dim=2) > 1e-6  # frame × latent frame
        first = [row.nonzero()[0].item() if row.any() else None for row in changed]
        if expected == "all":
            assert first == [-(-frame // 4) for frame in range(81)]  # frame f is first heard in its own group
        else:
            assert [frame for frame in range(81) if first[frame] is not None] == list(range(0, 81, 4))


@pytest.mark.parametrize("objective", ["regression", "flow"])
@pytest.mark.parametrize("camera", ["pose", "plucker"])
@pytest.mark.parametrize("frames", [8, 9, 16])
def test_shapes(objective: str, camera: str, frames: int, known_of: Make) -> None:
    config = replace(SMALL, objective=objective, camera=camera, frames=frames, contexts=1)
    for contexts in (0, 1):
        target, known = known_of(config, contexts=contexts)
        assert predicted(SpaceTimeModel(config), known).shape == target.shape


@pytest.mark.parametrize("objective", ["regression", "flow"])
def test_every_condition_is_heard(objective: str, known_of: Make) -> None:
    torch.manual_seed(0)
    config = replace(SMALL, objective=objective, text_dim=5)
    model = spread(SpaceTimeModel(config))
    _, known = known_of(config, text=torch.randn(2, 3, 5))
    (video, source), target = known.given[0], known.target
    others = {
        "target camera": replace(known, target=Track(target.camera + 1, target.times)),
        "target time": replace(known, target=Track(target.camera, target.times.flip(1) + 1)),
        "source camera": replace(known, given=((video, Track(source.camera + 1, source.times)),)),
        "source time": replace(known, given=((video, Track(source.camera, source.times + 2)),)),
        "source pixels": replace(known, given=((video.flip(-1), source),)),
        "text": replace(known, text=torch.ones(2, 3, 5)),
    }
    reference = predicted(model, known)
    for name, other in others.items():
        assert not torch.allclose(predicted(model, other), reference, atol=1e-6), name


def test_switches_close_a_path(known_of: Make) -> None:
    torch.manual_seed(0)
    _, known = known_of(SMALL)
    video, source = known.given[0]
    moved = replace(known, given=((video, Track(source.camera + 1, source.times)),))
    model = spread(SpaceTimeModel(replace(SMALL, source_camera=False)))
    assert torch.equal(predicted(model, moved), predicted(model, known))
    rope = spread(SpaceTimeModel(replace(SMALL, time="rope")))
    assert rope.time is None
    later = replace(known, target=Track(known.target.camera, known.target.times + 3))
    assert not torch.allclose(predicted(rope, later), predicted(rope, known), atol=1e-6)


def test_regression_begins_by_copying_the_source(known_of: Make) -> None:
    torch.manual_seed(0)
    model = SpaceTimeModel(SMALL)
    assert model.copy is not None
    with torch.no_grad():
        model.copy.nearness.fill_(60.0)  # nowhere but at the own place, in no frame but the own
        model.copy.same_frame.copy_(60.0 * torch.eye(SMALL.frames))
        model.copy.ask.weight.zero_()
        model.copy.centre.mul_(20)
    _, known = known_of(SMALL)
    torch.testing.assert_close(predicted(model, known), known.given[0][0], atol=1e-4, rtol=0)


def test_flow_sampling_is_seeded_and_batches_do_not_mix(known_of: Make) -> None:
    torch.manual_seed(0)
    config = replace(SMALL, objective="flow")
    model = spread(SpaceTimeModel(config))
    _, known = known_of(config, batch=1)
    first = generate(model, known, Solver("heun", 3, seed=4))
    assert torch.equal(first, generate(model, known, Solver("heun", 3, seed=4)))
    assert not torch.equal(first, generate(model, known, Solver("heun", 3, seed=5)))
    assert not torch.equal(first, generate(model, known, Solver("euler", 3, seed=4)))
    assert first.abs().max() <= 1
    _, other = known_of(config, batch=2)
    alone = predicted(model, Conditions(
        Track(other.target.camera[:1], other.target.times[:1]),
        ((other.given[0][0][:1], Track(other.given[0][1].camera[:1], other.given[0][1].times[:1])),),
    ))  # fmt: skip
    torch.testing.assert_close(predicted(model, other)[:1], alone, atol=1e-5, rtol=1e-4)
    assert len(stack([known, other]).target.times) == 3


def test_bad_shapes_are_refused(known_of: Make) -> None:
    model = SpaceTimeModel(SMALL)
    _, known = known_of(replace(SMALL, height=32))
    with pytest.raises(InputError, match="16×24"):
        predicted(model, known)
    _, known = known_of(SMALL, contexts=1)
    with pytest.raises(InputError, match="up to 0 context"):
        predicted(model, known)
    assert parameter_count(model) > 10_000
