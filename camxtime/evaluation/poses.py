"""Camera accuracy of a generated clip: this toolkit's definitions (docs/evaluation.md has the formulas).

The paper reports RelRot, RelTrans, AbsRot, AbsTrans, Rot and RTA@15/30 without publishing formulas. What follows is how they
are usually read, made precise; numbers are comparable among those made with this toolkit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.geometry.conventions import rel_left

Floats = NDArray[np.float64]

STILL_M = 1e-3
"""A path shorter than this (metres) has no length to relate errors to, a shorter baseline no direction."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimated cameras of a clip.

    c2w: (F, 4, 4), OpenCV axes, any world; NaN for frames without a pose. source: (4, 4) of the source's first frame in the same
    world; None where it was not estimated. metric: translations are in metres; else their scale is fitted.
    """

    c2w: Floats
    source: Floats | None
    metric: bool

    def __post_init__(self) -> None:
        if self.c2w.ndim != 3 or self.c2w.shape[1:] != (4, 4):
            raise InputError(f"Estimated cameras must be (F, 4, 4), not {self.c2w.shape}.")


def camera_accuracy(estimate: Estimate, truth: Floats, source: Floats) -> dict[str, float]:
    """Measure → number (NaN: not defined) of an estimate against the true cameras c2w (F, 4, 4) and the source's (S, 4, 4)."""
    if estimate.c2w.shape != truth.shape:
        raise InputError(f"{len(estimate.c2w)} estimated cameras cannot be compared with {len(truth)}.")
    there = np.isfinite(estimate.c2w).all(axis=(1, 2))
    nan = float("nan")
    names = ("rel_rot", "rel_trans", "abs_rot", "abs_trans", "rot", "rta_15", "rta_30")
    result = {"posed": float(there.mean()), **dict.fromkeys(names, nan)}
    if not there.any():
        return result
    found, true = estimate.c2w[there], truth[there]
    length = path_length(source)
    if len(found) > 1:
        result["rel_rot"], result["rel_trans"] = _errors(
            rel_left(found)[1:], rel_left(true)[1:], length, estimate.metric
        )
    if estimate.source is not None:
        found, true = rel_left(found, estimate.source), rel_left(true, source[0])
        result["abs_rot"], result["abs_trans"] = _errors(found, true, length, estimate.metric)
        if there[0]:
            result["rot"] = float(angle_deg(found[0, :3, :3], true[0, :3, :3]))
            result |= _direction(found[0, :3, 3], true[0, :3, 3])
    return result


def path_length(c2w: Floats) -> float:
    """Length in metres of the way through the camera centres of (F, 4, 4)."""
    return float(np.linalg.norm(np.diff(c2w[:, :3, 3], axis=0), axis=1).sum())


def angle_deg(a: Floats, b: Floats) -> Floats:
    """Angle in degrees of the rotation between a and b (..., 3, 3): 2·asin(‖a − b‖_F / √8), exact for small angles."""
    apart = np.linalg.norm(np.asarray(a) - np.asarray(b), axis=(-2, -1))
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(apart / np.sqrt(8.0), 0.0, 1.0))))


def fitted_scale(found: Floats, true: Floats) -> float:
    """The factor s ≥ 0 that brings s·found nearest to true, both (N, 3); 1 where found does not move at all."""
    square = float((found**2).sum())
    return max(float((found * true).sum()) / square, 0.0) if square > 0 else 1.0


def _errors(found: Floats, true: Floats, length: float, metric: bool) -> tuple[float, float]:
    rotation = float(angle_deg(found[:, :3, :3], true[:, :3, :3]).mean())
    moved, wanted = found[:, :3, 3], true[:, :3, 3]
    if length < STILL_M:
        return rotation, float("nan")
    scale = 1.0 if metric else fitted_scale(moved, wanted)
    return rotation, float(np.linalg.norm(scale * moved - wanted, axis=1).mean() / length)


def _direction(found: Floats, true: Floats) -> dict[str, float]:
    if np.linalg.norm(true) < STILL_M:
        return {}
    norms = np.linalg.norm(found) * np.linalg.norm(true)
    cosine = float(found @ true / norms) if norms > 0 else -1.0
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    return {f"rta_{limit}": float(angle < limit) for limit in (15, 30)}
