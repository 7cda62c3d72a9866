"""The score of one clip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation import metrics
from camxtime.evaluation.metrics import Floats, Frames
from camxtime.evaluation.stats import json_number


@dataclass(frozen=True, eq=False)
class ClipScore:
    """values: measure → number (NaN: not defined for this clip). frames: measure → [F], for those that have one a frame."""

    values: dict[str, float] = field(default_factory=dict)
    frames: dict[str, Floats] = field(default_factory=dict)

    def add(self, other: ClipScore) -> None:
        """Take over another part's numbers."""
        self.values.update(other.values)
        self.frames.update(other.frames)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "values": {name: json_number(value) for name, value in self.values.items()},
            "frames": {name: [json_number(float(v)) for v in values] for name, values in self.frames.items()},
        }


def score_clip(prediction: Frames, truth: Frames, masks: dict[str, NDArray[np.bool_]] | None = None) -> ClipScore:
    """PSNR and SSIM of a clip against the truth, both uint8 [F, H, W, 3], and pooled PSNR on each of the masks [F, H, W].

    `masks={"moving": …}` gives `psnr_moving` and `share_moving`. Raises `InputError` for clips that are not alike.
    """
    squared = metrics.squared_error(prediction, truth)
    per_frame = np.array([metrics.psnr_of_mse(value) for value in squared.mean(axis=(1, 2)) / 3])
    similar = metrics.ssim(prediction, truth)
    score = ClipScore(
        {"psnr": float(per_frame.mean()), "psnr_pooled": metrics.pooled_psnr(squared), "ssim": float(similar.mean())},
        {"psnr": per_frame, "ssim": similar},
    )
    for name, mask in (masks or {}).items():
        score.values[f"psnr_{name}"] = metrics.pooled_psnr(squared, mask)
        score.values[f"share_{name}"] = float(mask.mean())
    return score
