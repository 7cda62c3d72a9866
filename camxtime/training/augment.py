"""Changes that keep a pair true and make it new: colours exchanged, and the world mirrored. The same for all of its clips.

With few scenes a model learns their colours by heart in place of looking at the source; with colours exchanged at random it
cannot. Random numbers are a function of (seed, pair), as everywhere in training.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from camxtime.training.batch import Batch
from camxtime.training.config import ModelConfig
from camxtime.training.model import Conditions, Track
from camxtime.training.objectives import seeded

_POSE_SIGNS = (1, -1, -1, -1, -1, 1, 1, 1, -1, 1, 1, 1, 1, 1)
"""Signs of a pose's numbers in a world mirrored at the reference camera's x: M·P·M with M = diag(−1, 1, 1, 1)."""

_RAY_SIGNS = (1, -1, -1, -1, 1, 1)
"""Signs of (moment, direction): d' = M·d, and m' = o'×d' = −M·m, for a cross product changes its sign in a mirror."""


def augmented(batch: Batch, config: ModelConfig, seed: int) -> Batch:
    """The batch with each pair's colours exchanged, and half of the pairs mirrored."""
    generators = [seeded("augment", seed, index) for index in batch.indices]
    device = batch.target.device
    mix, shift = (torch.stack(part).to(device) for part in zip(*(_colours(g) for g in generators), strict=True))
    flip = torch.tensor([bool(torch.rand((), generator=g) < 0.5) for g in generators], device=device)

    def clip(video: Tensor) -> Tensor:
        painted = torch.einsum("bij,bfjhw->bfihw", mix, video) + shift[:, None, :, None, None]
        return torch.where(flip[:, None, None, None, None], painted.flip(-1), painted)

    def track(of: Track) -> Track:
        mirrored = _mirrored(of.camera, config.camera)
        return replace(of, camera=torch.where(flip.view(-1, *[1] * (of.camera.ndim - 1)), mirrored, of.camera))

    given = tuple((clip(video), track(of)) for video, of in batch.known.given)
    known = Conditions(track(batch.known.target), given, batch.known.text)
    return replace(batch, target=clip(batch.target), known=known)


def _colours(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A matrix [3, 3] and an offset [3] for values in [−1, 1]: channels permuted, each with a gain, sometimes negated.

    Gain and offset leave values in [−1, 1].
    """
    order = torch.randperm(3, generator=generator)
    gain = 0.6 + 0.4 * torch.rand(3, generator=generator)
    offset = (1 - gain) * (2 * torch.rand(3, generator=generator) - 1)
    sign = -1.0 if torch.rand((), generator=generator) < 0.25 else 1.0
    return torch.diag(sign * gain)[:, order], offset


def _mirrored(camera: Tensor, kind: str) -> Tensor:
    if kind == "pose":
        return camera * torch.tensor(_POSE_SIGNS, device=camera.device, dtype=camera.dtype)
    signs = torch.tensor(_RAY_SIGNS, device=camera.device, dtype=camera.dtype)
    return camera.flip(-1) * signs[:, None, None]
