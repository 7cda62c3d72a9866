"""What scores mean is seen beside methods that know nothing: five baselines, each a predictor.

copy        the source clip as it is
reshuffle   the source's frames by time: each target frame is the source frame with the nearest animation time (the paper's
            simulated temporal control); on a tie the earlier frame of the source
median      the temporal median of the source, the same in all frames
depth-warp  the source frame with the nearest time, lifted by ground-truth depth and drawn into the target's camera; holes take
            the colour of the nearest pixel that was drawn, and are not counted as known
oracle      the truth itself: PSNR +inf, SSIM 1
"""

from __future__ import annotations

from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.tasks import Prediction, Predictor, Task
from camxtime.sampling.condition import Frames as PosedFrames
from camxtime.sampling.condition import TargetCameras, geometric_condition

POINT_PX = 2
"""Side of the square that each lifted pixel covers: closes the cracks where the target is a little nearer."""


def copy(task: Task) -> Frames:
    """The source's frames in order; the last is held where the target is longer."""
    order = np.minimum(np.arange(len(task.target)), len(task.source) - 1)
    return _fitted(task, task.source.rgb[order])


def reshuffle(task: Task) -> Frames:
    """The source frame with the nearest time, for each target frame."""
    return _fitted(task, task.source.rgb[nearest_in_time(task)])


def median(task: Task) -> Frames:
    """The temporal median of the source (the lower of the two middle frames where they are even)."""
    ordered = np.sort(task.source.rgb, axis=0)
    middle = ordered[(len(ordered) - 1) // 2]
    return _fitted(task, np.repeat(middle[None], len(task.target), axis=0))


def depth_warp(task: Task) -> Prediction:
    """The source lifted by its depth and drawn into the target's cameras; `InputError` without the pass depth."""
    source, target = task.source, task.target
    if "depth" not in source.passes:
        raise InputError("The baseline depth-warp needs the pass depth, which the dataset does not have.")
    frames = PosedFrames(source.rgb, source.depth, source.c2w, source.K, source.times)
    wanted = TargetCameras(target.c2w, target.K, target.times, target.size)
    images, masks = geometric_condition(frames, wanted, POINT_PX)
    known = masks > 0
    for image, mask in zip(images, known, strict=True):
        fill_holes(image, mask)
    return Prediction(images, known)


def oracle(task: Task) -> Frames:
    """The target itself."""
    return task.target.rgb


BASELINES: MappingProxyType[str, Predictor] = MappingProxyType(
    {"copy": copy, "reshuffle": reshuffle, "median": median, "depth-warp": depth_warp, "oracle": oracle}
)


def nearest_in_time(task: Task) -> NDArray[np.int64]:
    """For each target frame the number of the source frame with the nearest time, int64 [F]."""
    apart = np.abs(task.target.times[:, None] - task.source.times[None, :])
    return np.asarray(apart.argmin(axis=1), np.int64)


def fill_holes(image: Frames, known: NDArray[np.bool_]) -> None:
    """Give each unknown pixel of [H, W, 3] the colour of the nearest known one, in place; nothing if none is known."""
    if known.all() or not known.any():
        return
    unknown = np.where(known, 0, 255).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colour_of = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colour_of[labels[known]] = image[known]
    image[~known] = colour_of[labels[~known]]


def _fitted(task: Task, frames: Frames) -> Frames:
    """The source's frames in the target's size, where its grid has another one."""
    height, width = task.target.size
    if frames.shape[1:3] == (height, width):
        return frames
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames])
