"""Cameras of a path: poses, intrinsics, projection.

Conventions (docs/conventions.md): world right-handed, Z up, metres; camera axes OpenCV (x right, y down, z
forward); `c2w` maps camera to world; `K` in pixels; the centre of pixel (column j, row i) is (j + 0.5, i +
0.5); depth is z-depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from camxtime.errors import InputError

Floats = NDArray[np.float64]

ROTATION_TOLERANCE = 1e-6
"""Largest entry of |RᵀR − I| that `Cameras.validate` accepts."""

_PARALLEL = 1e-9


@dataclass(frozen=True, eq=False)
class Cameras:
    """The cameras 0..C−1 of a path.

    c2w: (C, 4, 4) float64, camera to world, OpenCV camera axes, metres.
    K: (C, 3, 3) float64, pixels; the focal length may differ from camera to camera.
    width, height: image size in pixels, shared by all cameras.
    """

    c2w: Floats
    K: Floats
    width: int
    height: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "c2w", np.asarray(self.c2w, dtype=np.float64))
        object.__setattr__(self, "K", np.asarray(self.K, dtype=np.float64))

    def __len__(self) -> int:
        return int(self.c2w.shape[0])

    def validate(self) -> Cameras:
        """Return self, or raise InputError naming the first camera that is not a proper pin-hole camera.

        Checked: shapes, finite values, last rows (0 0 0 1) and (0 0 1), rotation orthonormal to 1e-6 with
        determinant +1, no skew, fx = fy > 0, image size at least 1×1.
        """
        _check_shapes(self)
        rotation = self.c2w[:, :3, :3]
        identity_error = np.abs(np.swapaxes(rotation, 1, 2) @ rotation - np.eye(3)).max(axis=(1, 2))
        fx, fy = self.K[:, 0, 0], self.K[:, 1, 1]
        skew = np.abs(self.K[:, 0, 1]) + np.abs(self.K[:, 1, 0])
        checks = (
            (np.isfinite(self.c2w).all(axis=(1, 2)), "c2w has a value that is not finite"),
            (np.isfinite(self.K).all(axis=(1, 2)), "K has a value that is not finite"),
            ((self.c2w[:, 3] == (0, 0, 0, 1)).all(axis=1), "the last row of c2w is not 0 0 0 1"),
            ((self.K[:, 2] == (0, 0, 1)).all(axis=1), "the last row of K is not 0 0 1"),
            (identity_error <= ROTATION_TOLERANCE, "the rotation of c2w is not orthonormal"),
            (np.linalg.det(rotation) > 0, "the rotation of c2w is a reflection (determinant −1)"),
            ((fx > 0) & np.isclose(fx, fy, rtol=1e-9, atol=0), "fx and fy of K are not equal and positive"),
            (skew == 0, "K has skew"),
        )
        for good, problem in checks:
            if not good.all():
                raise InputError(f"camera {int(np.argmin(good))}: {problem}")
        return self

    def subset(self, cameras: Sequence[int] | NDArray[np.integer] | slice) -> Cameras:
        """The cameras at the given indices, in the given order."""
        index = cameras if isinstance(cameras, slice) else np.asarray(cameras, dtype=np.intp)
        return Cameras(self.c2w[index], self.K[index], self.width, self.height)

    @property
    def centres(self) -> Floats:
        """(C, 3) camera centres in world metres."""
        return self.c2w[:, :3, 3]

    @property
    def forward(self) -> Floats:
        """(C, 3) unit viewing directions in the world."""
        return self.c2w[:, :3, 2]


def _check_shapes(cameras: Cameras) -> None:
    count = cameras.c2w.shape[0] if cameras.c2w.ndim else 0
    if count < 1 or cameras.c2w.shape != (count, 4, 4) or cameras.K.shape != (count, 3, 3):
        raise InputError(f"cameras need c2w (C,4,4) and K (C,3,3), not {cameras.c2w.shape} and {cameras.K.shape}")
    if cameras.width < 1 or cameras.height < 1:
        raise InputError(f"image size {cameras.width}×{cameras.height} has no pixel")


def w2c(c2w: ArrayLike) -> Floats:
    """Inverse of rigid poses (..., 4, 4), exact in structure: (Rᵀ, −Rᵀt)."""
    pose = np.asarray(c2w, dtype=np.float64)
    inverse = np.zeros_like(pose)
    inverse[..., :3, :3] = np.swapaxes(pose[..., :3, :3], -1, -2)
    inverse[..., :3, 3] = -np.einsum("...ij,...j->...i", inverse[..., :3, :3], pose[..., :3, 3])
    inverse[..., 3, 3] = 1.0
    return inverse


def project(points_world: ArrayLike, c2w: ArrayLike, K: ArrayLike) -> tuple[Floats, Floats]:
    """Project world points (..., 3) into one camera (c2w (4,4), K (3,3)).

    Returns uv (..., 2) in pixels and z (...) = z-depth in metres. Points with z <= 0 are behind the camera: their
    uv is NaN.
    """
    pose, intrinsics = np.asarray(c2w, dtype=np.float64), np.asarray(K, dtype=np.float64)
    camera = (np.asarray(points_world, dtype=np.float64) - pose[:3, 3]) @ pose[:3, :3]
    z = camera[..., 2]
    safe = np.where(z > 0, z, np.nan)
    image = camera @ intrinsics.T
    return image[..., :2] / safe[..., None], z


def unproject(uv: ArrayLike, z: ArrayLike, c2w: ArrayLike, K: ArrayLike) -> Floats:
    """World points (..., 3) of pixels uv (..., 2) at z-depth z (...), for one camera; the inverse of
    `project`.
    """
    pose, intrinsics = np.asarray(c2w, dtype=np.float64), np.asarray(K, dtype=np.float64)
    pixels = np.asarray(uv, dtype=np.float64)
    rays = np.concatenate([pixels, np.ones_like(pixels[..., :1])], axis=-1) @ np.linalg.inv(intrinsics).T
    camera = rays * np.asarray(z, dtype=np.float64)[..., None]
    return camera @ pose[:3, :3].T + pose[:3, 3]


def pixel_centres(height: int, width: int) -> Floats:
    """(H, W, 2) image coordinates (u, v) of the pixel centres; the top-left one is (0.5, 0.5)."""
    v, u = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    return np.stack([u, v], axis=-1)


def look_at(eye: ArrayLike, target: ArrayLike, up: ArrayLike = (0.0, 0.0, 1.0)) -> Floats:
    """c2w (..., 4, 4) of cameras at `eye` (..., 3) that look at `target`, their image's up nearest to `up`.

    Raises InputError where eye and target coincide, or the view is parallel to `up` (the roll is undefined
    there).
    """
    eyes, targets = np.broadcast_arrays(np.asarray(eye, dtype=np.float64), np.asarray(target, dtype=np.float64))
    forward = targets - eyes
    distance = np.linalg.norm(forward, axis=-1, keepdims=True)
    if not np.all(distance > _PARALLEL):
        raise InputError("look_at: a camera stands on its own target; move one of the two")
    forward = forward / distance
    right = np.cross(forward, np.asarray(up, dtype=np.float64))
    length = np.linalg.norm(right, axis=-1, keepdims=True)
    if not np.all(length > _PARALLEL):
        raise InputError("look_at: a camera looks along its up direction; tilt it or give another `up`")
    right = right / length
    pose = np.zeros((*eyes.shape[:-1], 4, 4))
    pose[..., :3, 0] = right
    pose[..., :3, 1] = np.cross(forward, right)
    pose[..., :3, 2] = forward
    pose[..., :3, 3] = eyes
    pose[..., 3, 3] = 1.0
    return pose


def focal_px(width: int, *, hfov_deg: ArrayLike | None = None, lens_mm: float = 0.0, sensor_mm: float = 0.0) -> Floats:
    """Focal length in pixels, from a horizontal field of view (degrees, any shape) or from lens and sensor
    width.

    fx = width / (2·tan(hfov/2)), or fx = width · lens / sensor width. Raises InputError for a field of view outside
    (0, 180) or lengths that are not positive.
    """
    if hfov_deg is not None:
        angle = np.asarray(hfov_deg, dtype=np.float64)
        if not np.all((angle > 0) & (angle < 180)):
            raise InputError(f"hfov_deg must lie between 0 and 180 degrees, not {angle.tolist()}")
        return np.asarray(width / (2.0 * np.tan(np.radians(angle) / 2.0)))
    if not (lens_mm > 0 and sensor_mm > 0):
        raise InputError("focal_px needs hfov_deg, or lens_mm and sensor_mm greater than 0")
    return np.asarray(width * lens_mm / sensor_mm, dtype=np.float64)


def hfov_deg(focal: ArrayLike, width: int) -> Floats:
    """Horizontal field of view in degrees of a focal length in pixels; the inverse of `focal_px`."""
    return np.asarray(np.degrees(2.0 * np.arctan(width / (2.0 * np.asarray(focal, dtype=np.float64)))))


def intrinsics(focal: ArrayLike, width: int, height: int) -> Floats:
    """K (..., 3, 3) with square pixels and the principal point in the middle of the image (W/2, H/2)."""
    focal_length = np.asarray(focal, dtype=np.float64)
    matrix = np.zeros((*focal_length.shape, 3, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = focal_length
    matrix[..., 0, 2], matrix[..., 1, 2], matrix[..., 2, 2] = width / 2.0, height / 2.0, 1.0
    return matrix


def min_half_fov_rad(K: ArrayLike, width: int, height: int) -> Floats:
    """(...) half angle, radians, of the widest cone about the optical axis that stays inside the image.

    The principal point is taken where K puts it; the nearest image edge decides.
    """
    matrix = np.asarray(K, dtype=np.float64)
    cx, cy = matrix[..., 0, 2], matrix[..., 1, 2]
    nearest = np.minimum.reduce(
        [
            cx / matrix[..., 0, 0],
            (width - cx) / matrix[..., 0, 0],
            cy / matrix[..., 1, 1],
            (height - cy) / matrix[..., 1, 1],
        ]
    )
    return np.asarray(np.arctan(nearest))
