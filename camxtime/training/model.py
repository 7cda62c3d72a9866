"""The reference model: a video transformer told from where to look and when (SpaceTimePilot, arXiv 2512.25075).

| here                          | in the paper                                                                      |
|-------------------------------|-----------------------------------------------------------------------------------|
| `SpaceTimeModel.patches`      | the 3-D autoencoder's tokens (section 3.1; here space-time patches of pixels)       |
| `AnimationTime`               | E_ani(t_src), E_ani(t_trg): SinPE, Conv1D twice, F → F' (section 3.2)              |
| `Camera`                      | E_cam(c_src), E_cam(c_trg) (section 3.4)                                           |
| x' = x + E_cam(c) + E_ani(t)  | target and source tokens concatenated along frames (section 3.4)                   |
| `contexts`                    | the previous segment V_prv of long videos (section 3.4)                            |
| objective "flow"              | flow matching: v(x_σ, σ) → ε − x_0 with x_σ = (1−σ)·x_0 + σ·ε                       |
| objective "regression"        | ours, for CPUs: x_0 at once, through a head that can copy                          |

All clips have F frames of H × W pixels with values in [−1, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from camxtime.errors import InputError
from camxtime.training.blocks import Block, NoiseLevel, initialise
from camxtime.training.config import ModelConfig
from camxtime.training.copy_head import CopyHead, unpatch
from camxtime.training.embeddings import AnimationTime, Camera, fill_front, rotary_angles


@dataclass(frozen=True, eq=False)
class Track:
    """Where a clip looks from and when: camera [B, F, 14] or [B, F, 6, h, w] (see `Camera`), times [B, F] in frames."""

    camera: Tensor
    times: Tensor


@dataclass(frozen=True, eq=False)
class Conditions:
    """What is known. given: (video [B, F, 3, H, W], its track) of the source, then of each context clip.

    text: [B, L, text_dim] or None.
    """

    target: Track
    given: tuple[tuple[Tensor, Track], ...]
    text: Tensor | None = None


class SpaceTimeModel(nn.Module):
    """Predicts the target clip (regression) or the velocity towards noise (flow matching) from the conditions."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        inside = 3 * config.time_stride * config.patch**2
        self.patches = nn.Linear(inside, config.dim)
        self.role = nn.Parameter(0.02 * torch.randn(3, config.dim, generator=torch.Generator().manual_seed(0)))
        self.time = AnimationTime(config) if config.time != "rope" else None
        self.camera = Camera(config)
        self.level = NoiseLevel(config.dim)
        self.blocks = nn.ModuleList(Block(config.dim, config.heads, config.text_dim) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim)
        self.copy = CopyHead(config) if config.objective == "regression" else None
        self.velocity = nn.Linear(config.dim, inside) if config.objective == "flow" else None
        initialise(self)
        if self.copy is not None:
            self.copy.begin_alike()
        if self.velocity is not None:
            nn.init.zeros_(self.velocity.weight)
            nn.init.zeros_(self.velocity.bias)

    def forward(self, noisy: Tensor | None, sigma: Tensor, known: Conditions) -> Tensor:
        """noisy [B, F, 3, H, W] (None: regression), sigma [B] in [0, 1] → [B, F, 3, H, W]."""
        self._check(known)
        first, _ = known.given[0]
        blank = torch.zeros_like(first) if noisy is None else noisy
        target = self._tokens(blank, known.target, 0)
        given = [self._tokens(video, track, min(number, 1) + 1) for number, (video, track) in enumerate(known.given)]
        shape = target.shape[1:4]
        x = torch.cat([part.flatten(1, 3) for part in (target, *given)], dim=1)
        angles = self._angles(known, shape)
        level = self.level(sigma)
        for block in self.blocks:
            x = block(x, angles, level, known.text)
        parts = self.norm(x).unflatten(1, (1 + len(given), *shape))
        if self.copy is not None:
            videos = torch.stack([video for video, _ in known.given], dim=1)
            predicted: Tensor = self.copy(parts[:, 0], parts[:, 1:], videos)
            return predicted
        head: nn.Linear = self.velocity  # type: ignore[assignment]  # a model has one head or the other
        return unpatch(head(parts[:, 0]), self.config)

    def _tokens(self, video: Tensor, track: Track, role: int) -> Tensor:
        """x' = x + E_cam(c) + E_ani(t): [B, F', h, w, dim]. Roles: 0 target, 1 source, 2 context."""
        config = self.config
        filled = fill_front(video, config.time_stride)
        batch, frames = filled.shape[:2]
        grid = (config.height // config.patch, config.width // config.patch)
        patches = filled.reshape(
            batch, frames // config.time_stride, config.time_stride, 3, grid[0], config.patch, grid[1], config.patch
        )
        x: Tensor = self.patches(patches.permute(0, 1, 4, 6, 2, 3, 5, 7).flatten(4)) + self.role[role]
        if self.time is not None:
            x = x + self.time(track.times)[:, :, None, None, :]
        if role != 1 or config.source_camera:
            x = x + self.camera(track.camera)
        return x

    def _angles(self, known: Conditions, shape: torch.Size) -> Tensor:
        """Rotary angles [B, N, channels/2] of all tokens: latent frame, row, column; with "rope", time for the frame."""
        tracks = [known.target, *(track for _, track in known.given)]
        device, batch = tracks[0].times.device, tracks[0].times.shape[0]
        frames, rows, columns = shape
        space = torch.stack(
            torch.meshgrid(torch.arange(rows, device=device), torch.arange(columns, device=device), indexing="ij"), -1
        ).reshape(1, 1, -1, 2)
        places = []
        for track in tracks:
            at = torch.arange(frames, device=device, dtype=torch.float32).expand(batch, -1)
            if self.config.time == "rope":
                stride = self.config.time_stride
                at = fill_front(track.times.float(), stride).unflatten(1, (-1, stride)).mean(dim=2) / stride
            frame = at[:, :, None, None].expand(-1, -1, rows * columns, 1)
            places.append(torch.cat([frame, space.expand(batch, frames, -1, -1).float()], dim=-1).flatten(1, 2))
        return rotary_angles(torch.cat(places, dim=1), self.config.dim // self.config.heads)

    def _check(self, known: Conditions) -> None:
        config = self.config
        for video, _ in known.given:
            if tuple(video.shape[1:]) != (config.frames, 3, config.height, config.width):
                raise InputError(
                    f"The model takes clips of {config.frames} frames of {config.height}×{config.width} pixels, not "
                    f"[{', '.join(map(str, video.shape[1:]))}]."
                )
        if not 1 <= len(known.given) <= 1 + config.contexts:
            raise InputError(f"The model takes a source and up to {config.contexts} context clips.")
        if known.text is not None and not config.text_dim:
            raise InputError("The model was made without text (model.text_dim is 0).")


def stack(parts: Sequence[Conditions]) -> Conditions:
    """Batches of the same number of clips as one."""

    def joined(tracks: Sequence[Track]) -> Track:
        return Track(torch.cat([t.camera for t in tracks]), torch.cat([t.times for t in tracks]))

    given = tuple(
        (torch.cat([part.given[k][0] for part in parts]), joined([part.given[k][1] for part in parts]))
        for k in range(len(parts[0].given))
    )
    texts = [part.text for part in parts if part.text is not None]
    return Conditions(joined([part.target for part in parts]), given, torch.cat(texts) if texts else None)


def parameter_count(model: nn.Module) -> int:
    """Trainable numbers."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
