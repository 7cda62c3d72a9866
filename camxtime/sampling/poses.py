"""Relative poses and Plücker ray maps of clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.geometry.conventions import rel_left, rel_right

Floats = NDArray[np.float64]

POSE_FORMS = ("left", "right")
PLUCKER_ORDERS = ("moment-direction", "direction-moment")


def relative_poses(c2w: Floats, reference: Floats, form: str) -> Floats:
    """Poses (F, 4, 4) relative to a reference pose (4, 4), in one of the two published forms.

    "left": inv(c2w_ref) @ c2w_i, the pose in the reference camera's frame (ReCamMaster's targets). "right": c2w_i @
    inv(c2w_ref), the motion in world axes that carries the reference camera to camera i (SpaceTimePilot's sources).
    """
    if form not in POSE_FORMS:
        raise InputError(f"Relative poses have the form {' or '.join(POSE_FORMS)}, not {form!r}.")
    return rel_left(c2w, reference) if form == "left" else rel_right(c2w, reference)


def plucker_rays(
    c2w: Floats, K: Floats, size: tuple[int, int], *, order: str = "moment-direction", step: int = 1
) -> NDArray[np.float32]:
    """Plücker coordinates of the pixels' rays: float32 (F, 6, ⌈H/step⌉, ⌈W/step⌉).

    c2w (F, 4, 4) in the frame wanted (for a clip's own frame, `relative_poses(…, "left")`); K (F, 3, 3) pixels; size
    (H, W). A ray has the unit direction d and the moment m = o × d, o the camera's centre; "moment-direction" is (m, d),
    "direction-moment" (d, m). The ray of pixel (column j, row i) passes through its centre (j + 0.5, i + 0.5). With a
    step s, there is one ray for each block of s × s pixels, through the block's centre (s·(j + 0.5), s·(i + 0.5)).
    """
    if order not in PLUCKER_ORDERS or step < 1:
        raise InputError(f"Plücker rays have the order {' or '.join(PLUCKER_ORDERS)}, and a step of at least 1.")
    height, width = (-(-side // step) for side in size)
    v, u = np.meshgrid((np.arange(height) + 0.5) * step, (np.arange(width) + 0.5) * step, indexing="ij")
    pixels = np.stack([u, v, np.ones_like(u)]).reshape(3, -1)
    rays = np.asarray(c2w)[:, :3, :3] @ (np.linalg.inv(K) @ pixels)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    moments = np.cross(np.asarray(c2w)[:, :3, 3, None], rays, axisa=1, axisb=1, axisc=1)
    parts = (moments, rays) if order == "moment-direction" else (rays, moments)
    return np.concatenate(parts, axis=1).reshape(len(rays), 6, height, width).astype(np.float32)
