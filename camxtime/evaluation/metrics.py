"""PSNR and SSIM of 8-bit frames, as the published Cam×Time evaluation computes them.

The published script calls scikit-image's `peak_signal_noise_ratio(data_range=255)` and
`structural_similarity(data_range=255, channel_axis=-1)` on uint8 frames. The formulas are computed here with OpenCV, which
takes a third of the time and is wherever datasets are read; tests hold them to scikit-image's own within 1e-6.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError

Frames = NDArray[np.uint8]
Floats = NDArray[np.float64]

PEAK = 255.0
WINDOW = 7
"""Side of SSIM's square window; frames must be at least this large."""

_C1, _C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def check_alike(a: Frames, b: Frames) -> None:
    """`InputError` unless both are uint8 [F, H, W, 3] of one shape."""
    for frames in (a, b):
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
            raise InputError(f"Frames must be uint8 [F, H, W, 3], not {frames.dtype} {list(frames.shape)}.")
    if a.shape != b.shape:
        raise InputError(f"Clips of {list(a.shape)} and {list(b.shape)} cannot be compared.")


def squared_error(a: Frames, b: Frames) -> Floats:
    """Squared difference summed over the channels, [F, H, W] float64: whole numbers, so sums of them are exact."""
    check_alike(a, b)
    return np.asarray(np.stack([_squared(x, y) for x, y in zip(a, b, strict=True)]), np.float64)


def _squared(a: Frames, b: Frames) -> Floats:
    difference = cv2.absdiff(a, b).astype(np.int32)
    return np.asarray(np.einsum("hwc,hwc->hw", difference, difference), np.float64)


def psnr_of_mse(mse: float) -> float:
    """10·log10(255² / mse) in dB; +inf where mse is 0, NaN where it is NaN (nothing to compare)."""
    if np.isnan(mse):
        return float("nan")
    return float("inf") if mse == 0 else float(10 * np.log10(PEAK**2 / mse))


def psnr(a: Frames, b: Frames) -> Floats:
    """PSNR of each frame in dB, [F]; +inf where two frames are equal."""
    mse = squared_error(a, b).mean(axis=(1, 2)) / 3
    return np.array([psnr_of_mse(value) for value in mse])


def pooled_psnr(squared: Floats, mask: NDArray[np.bool_] | None = None) -> float:
    """PSNR in dB of the mean squared error over all (masked) pixels of a clip; NaN where the mask is empty.

    squared: [F, H, W] of `squared_error`. mask: [F, H, W].
    """
    if mask is None:
        return psnr_of_mse(float(squared.mean()) / 3)
    count = int(mask.sum())
    return psnr_of_mse(float(squared[mask].sum()) / (3 * count)) if count else float("nan")


def ssim(a: Frames, b: Frames) -> Floats:
    """SSIM of each frame, [F]: 7×7 uniform window, sample covariance, mean over channels (scikit-image's defaults).

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, IEEE TIP 13(4), 2004. Raises `InputError` for frames smaller
    than the window.
    """
    check_alike(a, b)
    if min(a.shape[1:3]) < WINDOW:
        raise InputError(f"SSIM needs frames of at least {WINDOW}×{WINDOW} pixels, not {a.shape[2]}×{a.shape[1]}.")
    return np.array([_ssim(x, y) for x, y in zip(a, b, strict=True)])


def _ssim(a: Frames, b: Frames) -> float:
    x, y = a.astype(np.float64), b.astype(np.float64)

    def mean(image: Floats) -> Floats:
        border = WINDOW // 2  # windows that lie inside the image alone are kept
        filtered = cv2.boxFilter(image, cv2.CV_64F, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)
        return np.asarray(filtered, np.float64)[border:-border, border:-border]

    ux, uy = mean(x), mean(y)
    sample = WINDOW**2 / (WINDOW**2 - 1)
    vx, vy, vxy = (sample * (mean(p) - q) for p, q in ((x * x, ux * ux), (y * y, uy * uy), (x * y, ux * uy)))
    value = (2 * ux * uy + _C1) * (2 * vxy + _C2) / ((ux**2 + uy**2 + _C1) * (vx + vy + _C2))
    return float(value.mean())
