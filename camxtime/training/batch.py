"""From the sampler's tensors to what the model takes: pixels in [−1, 1], cameras as E_cam wants them, times in frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from camxtime.sampling import SampleOptions, View
from camxtime.training.config import ModelConfig
from camxtime.training.model import Conditions, Track


def sample_options(config: ModelConfig) -> SampleOptions:
    """What the sampler must deliver for a model: size and rays; poses relative to the source's first frame."""
    return SampleOptions(
        view=View(config.height, config.width),
        plucker="moment-direction" if config.camera == "plucker" else None,
        plucker_step=config.patch,
    )


@dataclass(frozen=True, eq=False)
class Batch:
    """Pairs on a device. target [B, F, 3, H, W] in [−1, 1]; indices: the pairs' numbers; words: their text, by key."""

    target: Tensor
    known: Conditions
    indices: tuple[int, ...]
    words: Mapping[str, Any]

    def without_contexts(self) -> Batch:
        """The same with the source alone."""
        known = Conditions(self.known.target, self.known.given[:1], self.known.text)
        return Batch(self.target, known, self.indices, self.words)


def to_batch(sample: Mapping[str, Any], config: ModelConfig, device: torch.device, text: Tensor | None = None) -> Batch:
    """A collated sample of `PairDataset` as a batch; `text` [B, L, text_dim] comes from the user's encoder."""

    def clip(pixels: Tensor) -> Tensor:
        return pixels.to(device, non_blocking=True).float() / 127.5 - 1.0

    first = sample["source_time"][:, :1]

    def track(name: str, number: int | None = None) -> Track:
        def part(key: str) -> Tensor:
            value: Tensor = sample[f"{name}_{key}"]
            return value if number is None else value[:, number]

        if config.camera == "plucker":
            camera = part("rays")
        else:
            camera = pose_numbers(part("pose"), part("K"), config)
        return Track(camera.to(device, non_blocking=True), (part("time") - first).to(device).float())

    given = [(clip(sample["source"]), track("source"))]
    if config.contexts and "context" in sample:
        given += [(clip(sample["context"][:, k]), track("context", k)) for k in range(sample["context"].shape[1])]
    words = {key: sample[key] for key in ("grid", "task", "warp", "camera", "caption") if key in sample}
    known = Conditions(track("target"), tuple(given), None if text is None else text.to(device))
    return Batch(clip(sample["target"]), known, tuple(sample["index"].tolist()), words)


def pose_numbers(pose: Tensor, K: Tensor, config: ModelConfig) -> Tensor:
    """[…, 4, 4] relative poses and […, 3, 3] intrinsics → […, 14]: the pose's 3×4 rows, then fx/W and fy/H."""
    rows = pose[..., :3, :].flatten(-2)
    lens = torch.stack([K[..., 0, 0] / config.width, K[..., 1, 1] / config.height], dim=-1)
    return torch.cat([rows, lens], dim=-1).float()


def to_uint8(video: Tensor) -> Tensor:
    """[…] in [−1, 1] → uint8, rounded, on the CPU."""
    return ((video.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()
