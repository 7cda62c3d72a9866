"""An analytic world, ray-traced in NumPy: what a perfect renderer's depth images would be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from camxtime.geometry.cameras import Cameras, pixel_centres
from camxtime.geometry.reproject import View


@dataclass(frozen=True)
class World:
    """Spheres (centre, radius), a floor z = 0, and a room |x|, |y| <= room, below z = ceiling; without walls: sky."""

    spheres: tuple[tuple[tuple[float, float, float], float], ...] = (((0.0, 0.0, 0.9), 0.7), ((0.6, -0.9, 0.3), 0.3))
    boxes: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = ()
    room: float = np.inf

    def trace(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Parameter t of the first hit of origin + t·ray, inf for none; rays (..., 3)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            best = np.where(rays[..., 2] < 0, -origin[2] / rays[..., 2], np.inf)
            if np.isfinite(self.room):
                for axis in (0, 1):
                    wall = np.where(rays[..., axis] > 0, self.room, -self.room)
                    t = np.where(rays[..., axis] != 0, (wall - origin[axis]) / rays[..., axis], np.inf)
                    best = np.minimum(best, np.where(t > 0, t, np.inf))
            for centre, radius in self.spheres:
                best = np.minimum(best, _sphere(origin - np.array(centre), rays, radius))
            for low, high in self.boxes:
                best = np.minimum(best, _box(origin, rays, np.array(low), np.array(high)))
        return best


def _sphere(offset: np.ndarray, rays: np.ndarray, radius: float) -> np.ndarray:
    a, b = (rays**2).sum(-1), (rays * offset).sum(-1)
    root = b * b - a * (offset @ offset - radius**2)
    t = np.where(root >= 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
    return np.where(t > 0, t, np.inf)


def _box(origin: np.ndarray, rays: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    one, two = (low - origin) / rays, (high - origin) / rays
    near, far = np.minimum(one, two).max(-1), np.maximum(one, two).min(-1)
    return np.where((near <= far) & (near > 0), near, np.inf)


def depth(world: World, cameras: Cameras, index: int) -> np.ndarray:
    """(H, W) z-depth of the pixel centres: rays have z = 1 in the camera, so that t is z."""
    pose, K = cameras.c2w[index], cameras.K[index]
    pixels = pixel_centres(cameras.height, cameras.width)
    rays = np.concatenate([pixels, np.ones_like(pixels[..., :1])], -1) @ np.linalg.inv(K).T @ pose[:3, :3].T
    return world.trace(pose[:3, 3], rays)


def view(world: World, cameras: Cameras, index: int) -> View:
    """What camera `index` sees of the world."""
    return View(depth(world, cameras, index), cameras.c2w[index], cameras.K[index])
