"""The conditioning in Wan-2.1, with small random weights in place of the published ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from camxtime.errors import DataError, InputError
from camxtime.shards.dataset import Dataset
from camxtime.training import Conditions, Options, Solver, TrainConfig, train
from camxtime.training.checkpoint import find
from camxtime.training.objectives import Draw

diffusers = pytest.importorskip("diffusers")
pytest.importorskip("peft")

from camxtime.training.wan import WanModel, WanOptions, load_wan  # noqa: E402
from camxtime.training.wan_learner import LatentCache, WanLearner, wan_config  # noqa: E402

Make = Callable[..., tuple[torch.Tensor, Conditions]]


def parts() -> tuple[Any, Any]:
    torch.manual_seed(0)
    transformer = diffusers.WanTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=8, freq_dim=16, ffn_dim=32,
        num_layers=2, rope_max_seq_len=64,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLWan(
        base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, latents_mean=[0.1] * 4, latents_std=[1.5] * 4
    )
    return transformer, vae


def model_of(**options: Any) -> WanModel:
    return WanModel(*parts(), WanOptions(frames=5, height=32, width=32, **options))


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize("camera", ["pose", "plucker"])
def test_it_begins_as_wan_and_hears_its_conditions_once_trained(rank: int, camera: str, known_of: Make) -> None:
    model = model_of(lora_rank=rank, camera=camera)
    _, known = known_of(model.config, batch=1, text=torch.randn(1, 3, 8))
    source = model.encode(known.given[0][0])
    assert source.shape == (1, 4, 2, 4, 4)
    sigma = torch.tensor([0.5])
    with torch.no_grad():
        before = model(source, sigma, known, source)
        plain = parts()[0](
            hidden_states=torch.cat([source, source], 2), timestep=1000 * sigma, encoder_hidden_states=known.text
        ).sample[:, :, :2]
    torch.testing.assert_close(before, plain, atol=1e-5, rtol=1e-4)
    model.losses(source, source, known, Draw(0, (1,))).sum().backward()
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    assert not any(name.startswith("vae") for name in trained)
    assert any("lora" in name for name in trained) == (rank > 0)
    with torch.no_grad():
        model.conditioned.out.weight.normal_(std=0.5)
        assert not torch.allclose(model(source, sigma, known, source), before, atol=1e-4)
    assert model.generate(known, Solver(steps=1)).shape == (1, 5, 3, 32, 32)


def test_latents_are_cached_by_content(tmp_path: Path, known_of: Make) -> None:
    model = model_of(lora_rank=2)
    video, _ = known_of(model.config, batch=2)
    cache = LatentCache(model, tmp_path)
    first = cache(video)
    torch.testing.assert_close(first, model.encode(video), atol=1e-5, rtol=1e-4)
    files = sorted(tmp_path.rglob("*.safetensors"))
    assert len(files) == 2
    assert torch.equal(cache(video), first)
    files[0].write_bytes(b"none")
    with pytest.raises(DataError, match="made again"):
        cache(video)


def test_the_trainer_trains_it(dataset: Dataset, config: TrainConfig, tmp_path: Path) -> None:
    model = model_of(lora_rank=2)
    config = wan_config(model.options, config).changed(
        {"run.steps": 2, "run.validation_pairs": 1, "run.solver_steps": 1}
    )

    def encoder(captions: list[str]) -> torch.Tensor:
        return torch.zeros(len(captions), 3, 8)

    before = {name: value.clone() for name, value in model.weights().items()}
    summary = train(
        config, dataset, tmp_path / "run", Options(learner=WanLearner(model, tmp_path / "cache"), text=encoder)
    )
    assert summary.step == 2
    assert any(not torch.equal(before[name], value) for name, value in model.weights().items())
    assert (find(tmp_path / "run") / "ema.safetensors").stat().st_size < 200_000


def test_loading_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no Wan-2\.1 model"):
        load_wan(tmp_path, WanOptions(), torch.device("cpu"))
    transformer, vae = parts()
    transformer.save_pretrained(tmp_path / "transformer")
    vae.save_pretrained(tmp_path / "vae")
    options = WanOptions(frames=5, height=32, width=32, lora_rank=0)
    loaded = load_wan(tmp_path, options, torch.device("cpu"), torch.float32)
    assert torch.equal(loaded.transformer.proj_out.weight, transformer.proj_out.weight)
    with pytest.raises(InputError, match="time is conv"):
        model_of(time="rope")
