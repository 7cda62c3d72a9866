"""SpaceTimePilot's conditioning in Wan-2.1, through diffusers: the backbone that the paper trains (its section 3).

    from camxtime.training.wan import WanOptions, load_wan
    model = load_wan("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", WanOptions(lora_rank=64), torch.device("cuda"))

Target and source latents are concatenated along frames, x = [target | source]; to the tokens of each the embeddings
E_cam(c) + E_ani(t) of `camxtime.training.embeddings` are added, where the transformer has just made its patches. Nothing
in diffusers is copied or patched: a hook on the patch embedding adds them. Their last layers begin at zero, so that the
model begins as Wan-2.1. Needs the extra `wan`; nothing else depends on this module. docs/training.md says how to train it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from camxtime.errors import InputError
from camxtime.training.config import ModelConfig
from camxtime.training.embeddings import AnimationTime, Camera
from camxtime.training.model import Conditions
from camxtime.training.objectives import SHIFT, Draw, Solver, seeded

STRIDE = 4
LORA_LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "ffn.net.0.proj", "ffn.net.2")


@dataclass(frozen=True)
class WanOptions:
    """How Wan is conditioned and trained. lora_rank: 0 trains all of the transformer. time, camera, source_camera: as in
    `ModelConfig`. checkpointing: recompute activations in the backward pass (slower, far less memory)."""

    frames: int = 81
    height: int = 480
    width: int = 832
    lora_rank: int = 64
    time: str = "conv"
    camera: str = "pose"
    source_camera: bool = True
    checkpointing: bool = True

    def conditioning(self, dim: int, pixels: int) -> ModelConfig:
        """The embeddings' configuration for tokens of `dim` channels that cover `pixels` × `pixels` pixels."""
        if self.time == "rope":
            raise InputError("Wan's rotary positions stay as they are: time is conv, uniform or mlp.")
        return ModelConfig(
            frames=self.frames, height=self.height, width=self.width, time_stride=STRIDE, patch=pixels, dim=dim,
            heads=1, objective="flow", time=self.time, camera=self.camera, source_camera=self.source_camera,
        )  # fmt: skip


class Conditioned(nn.Module):
    """E_ani and E_cam for a token grid, ending in a linear layer that begins at zero. Returns [B, N, dim] to be added."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.time = AnimationTime(config)
        self.camera = Camera(config)
        self.out = nn.Linear(config.dim, config.dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, known: Conditions) -> Tensor:
        """Tokens of [target | source], frame after frame, row after row."""
        rows, columns = self.config.height // self.config.patch, self.config.width // self.config.patch
        parts = []
        for number, track in enumerate((known.target, known.given[0][1])):
            tokens = self.time(track.times)[:, :, None, None, :].expand(-1, -1, rows, columns, -1)
            if number == 0 or self.config.source_camera:
                tokens = tokens + self.camera(track.camera)
            parts.append(tokens.flatten(1, 3))
        added: Tensor = self.out(torch.cat(parts, dim=1))
        return added


class WanModel(nn.Module):
    """Wan-2.1 with cameras and animation time. Latents are normalised as Wan's pipelines do it."""

    def __init__(self, transformer: Any, vae: Any, options: WanOptions):
        """transformer: diffusers' WanTransformer3DModel, vae: its AutoencoderKLWan (both untyped there)."""
        super().__init__()
        self.options = options
        patch = int(transformer.config.patch_size[1])
        dim = int(transformer.config.num_attention_heads * transformer.config.attention_head_dim)
        self.config = options.conditioning(dim, patch * int(vae.config.scale_factor_spatial))
        self.conditioned = Conditioned(self.config)
        self.transformer = _trainable(transformer, options)
        self.vae = vae.requires_grad_(False).eval()
        self._added: Tensor | None = None
        self._patches(self.transformer).register_forward_hook(self._add)

    def forward(self, noisy: Tensor, sigma: Tensor, known: Conditions, source: Tensor) -> Tensor:
        """Velocity of the target's latents. noisy, source [B, z, F', h, w], sigma [B]; text in `known` [B, L, text_dim]."""
        if known.text is None:
            raise InputError("Wan-2.1 needs text embeddings: UMT5's of the captions, or of the empty prompt.")
        self._added = self.conditioned(known)
        both = torch.cat([noisy, source], dim=2)
        kind = self._patches(self.transformer).weight.dtype
        try:
            velocity: Tensor = self.transformer(
                hidden_states=both.to(kind), timestep=1000.0 * sigma,
                encoder_hidden_states=known.text.to(kind), return_dict=False,
            )[0]  # fmt: skip
        finally:
            self._added = None
        return velocity[:, :, : noisy.shape[2]]

    @torch.no_grad()
    def encode(self, video: Tensor) -> Tensor:
        """[B, F, 3, H, W] in [−1, 1] → normalised latents [B, z, F', h, w], F' = (F − 1)/4 + 1."""
        with torch.autocast(video.device.type, enabled=False):  # the autoencoder computes as it was loaded
            latents = self.vae.encode(video.transpose(1, 2).to(self.vae.dtype)).latent_dist.mode()
        mean, deviation = self._statistics(latents)
        return (latents - mean) / deviation

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Normalised latents → [B, F, 3, H, W] in [−1, 1]."""
        mean, deviation = self._statistics(latents)
        with torch.autocast(latents.device.type, enabled=False):
            video = self.vae.decode((latents * deviation + mean).to(self.vae.dtype), return_dict=False)[0]
        return video.transpose(1, 2).float().clamp(-1, 1)

    def losses(self, target: Tensor, source: Tensor, known: Conditions, draw: Draw) -> Tensor:
        """Flow-matching loss of each pair [B], from latents (made on the fly, or cached)."""
        sigma, noise = (part.to(target.device) for part in draw.noise(target.shape))
        sigma = SHIFT * sigma / (1 + (SHIFT - 1) * sigma)
        at = sigma[:, None, None, None, None]
        velocity = self((1 - at) * target + at * noise, sigma, known, source)
        return (velocity.float() - (noise - target).float()).square().flatten(1).mean(dim=1)

    @torch.no_grad()
    def generate(self, known: Conditions, solver: Solver | None = None) -> Tensor:
        """The target clip [B, F, 3, H, W], by Euler steps."""
        solver = solver or Solver(steps=50)
        source = self.encode(known.given[0][0])
        x = torch.randn(source.shape, generator=seeded("sample", solver.seed)).to(source.device)
        levels = solver.levels().tolist()
        for level, following in zip(levels[:-1], levels[1:], strict=True):  # noqa: RUF007
            velocity = self(x, x.new_full((len(x),), level), known, source).float()
            x = x + (following - level) * velocity
        return self.decode(x)

    def weights(self) -> dict[str, Tensor]:
        """What is trained: the conditioning and the transformer's own or LoRA weights, by name."""
        return {name: p.detach() for name, p in self.named_parameters() if p.requires_grad}

    def _add(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        """Hook on the patch embedding [B, dim, F', h, w]: x' = x + E_cam(c) + E_ani(t)."""
        if self._added is None:
            return output
        batch, dim, frames, rows, columns = output.shape
        added = self._added.to(output.dtype).transpose(1, 2).reshape(batch, dim, frames, rows, columns)
        return output + added

    @staticmethod
    def _patches(transformer: nn.Module) -> nn.Conv3d:
        found = [m for name, m in transformer.named_modules() if name.split(".")[-1] == "patch_embedding"]
        layer: nn.Conv3d = found[0]
        return layer

    def _statistics(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        shape = (1, -1, 1, 1, 1)
        mean = torch.tensor(self.vae.config.latents_mean, device=latents.device, dtype=torch.float32).view(shape)
        deviation = torch.tensor(self.vae.config.latents_std, device=latents.device, dtype=torch.float32).view(shape)
        return mean, deviation


def load_wan(
    path: str | Path, options: WanOptions, device: torch.device, dtype: torch.dtype = torch.bfloat16
) -> WanModel:
    """Wan-2.1 in diffusers' layout (`transformer/`, `vae/`), from a folder or a name on the Hugging Face Hub.

    Only safetensors are read. The autoencoder stays in float32, as published. Raises `InputError` if diffusers is missing
    or nothing fits there.
    """
    try:
        from diffusers import AutoencoderKLWan, WanTransformer3DModel
    except ImportError as error:
        raise InputError("Wan-2.1 needs diffusers and peft: pip install 'camxtime[wan]'.") from error
    try:
        transformer = WanTransformer3DModel.from_pretrained(
            path, subfolder="transformer", torch_dtype=dtype, use_safetensors=True
        )
        vae = AutoencoderKLWan.from_pretrained(path, subfolder="vae", torch_dtype=torch.float32, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no Wan-2.1 model in diffusers' layout: {error}.") from error
    return WanModel(transformer, vae, options).to(device)


def _trainable(transformer: Any, options: WanOptions) -> Any:
    """The transformer with LoRA layers, or all of it to be trained."""
    if options.checkpointing:
        transformer.enable_gradient_checkpointing()
    if options.lora_rank == 0:
        return transformer.requires_grad_(True)
    from peft import LoraConfig

    transformer.requires_grad_(False)
    transformer.add_adapter(
        LoraConfig(r=options.lora_rank, lora_alpha=options.lora_rank, target_modules=list(LORA_LAYERS))
    )
    return transformer
