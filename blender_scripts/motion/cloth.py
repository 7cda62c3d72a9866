"""A small cloth solver: extended position-based dynamics with substeps, collisions against distance fields.

Macklin et al., "Small Steps in Physics Simulation" (2019): one sweep over the constraints per substep. The constraints of
a regular grid are swept in groups that share no vertex, so that each group is one NumPy operation and the order is fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blender_scripts.build_tools import Array

Distance = Callable[[Array], Array]
"""Maps points (N, 3) to signed distances (N,) in metres, negative inside."""

GRAVITY = 9.81
SUBSTEP_S = 1 / 240


@dataclass(frozen=True)
class Grip:
    """Vertices held by something: which (K,), and where they are held at a time in seconds, (K, 3) or None for let go."""

    which: Array
    where: Callable[[float], Array | None]


@dataclass(frozen=True)
class Cloth:
    """A square cloth of ``cells`` x ``cells`` quads with sides of ``side_m`` metres, and what it meets."""

    cells: int
    side_m: float
    obstacle: Distance
    thickness_m: float = 0.014
    friction: float = 0.45
    drag: float = 1.2

    def simulate(self, start: Array, seconds: Array, grips: list[Grip]) -> Array:
        """Return positions (T, V, 3) at ``seconds`` (T,), rising from ``start`` (V, 3) at rest at second 0."""
        groups = self._groups()
        points, before = start.copy(), start.copy()
        made = np.empty((len(seconds), *start.shape))
        clock, filled, last_step = 0.0, 0, SUBSTEP_S
        while filled < len(seconds):
            left = float(seconds[filled]) - clock
            if left <= 1e-9:
                made[filled] = points
                filled += 1
                continue
            step = left / np.ceil(left / SUBSTEP_S)
            clock += step
            speed = (points - before) / last_step * (1 - self.drag * step)
            speed[:, 2] -= GRAVITY * step
            before, points, last_step = points, points + speed * step, step
            held = [(grip.which, spot) for grip in grips if (spot := grip.where(clock)) is not None]
            for which, spot in held:
                points[which] = spot
            frozen = np.concatenate([which for which, _ in held]) if held else np.zeros(0, dtype=int)
            weight = np.ones(len(points))
            weight[frozen] = 0.0
            for first, second, length, give in groups:
                _pull(points, weight, first, second, length, give)
            self._collide(points, before, weight)
        return made

    def _groups(self) -> list[tuple[Array, Array, float, float]]:
        """Return (first, second, rest length, compliance) of stretch, shear and bend constraints in disjoint groups."""
        count = self.cells + 1
        number = np.arange(count * count).reshape(count, count)
        cell = self.side_m / self.cells
        made = []
        for rows, columns, give in ((0, 1, 0.0), (1, 0, 0.0), (1, 1, 2e-6), (1, -1, 2e-6), (0, 2, 6e-5), (2, 0, 6e-5)):
            first = number[: count - rows, max(-columns, 0) : count - max(columns, 0)]
            second = number[rows:, max(columns, 0) : count + min(columns, 0)]
            stride = max(rows, abs(columns))
            axis = 0 if rows else 1
            blocks = np.arange(first.shape[axis]) // stride % 2
            for parity in (0, 1):
                chosen = np.flatnonzero(blocks == parity)
                pair = (np.take(first, chosen, axis).ravel(), np.take(second, chosen, axis).ravel())
                made.append((*pair, cell * float(np.hypot(rows, columns)), give / SUBSTEP_S**2))
        return made

    def _collide(self, points: Array, before: Array, weight: Array) -> None:
        """Push vertices out of the obstacle and take away part of their slide along it."""
        depth = self.thickness_m - self.obstacle(points)
        touching = np.flatnonzero((depth > 0) & (weight > 0))
        if not len(touching):
            return
        spots, reach = points[touching], 1e-4
        slope = np.stack(
            [self.obstacle(spots + axis) - self.obstacle(spots - axis) for axis in np.eye(3) * reach], axis=-1
        )
        normal = slope / np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-9)
        moved = spots + normal * depth[touching, None]
        slide = moved - before[touching]
        slide -= normal * np.sum(slide * normal, axis=-1, keepdims=True)
        points[touching] = moved - self.friction * slide


def _pull(points: Array, weight: Array, first: Array, second: Array, length: float, give: float) -> None:
    """Move pairs of points towards their rest distance; ``give`` is the compliance over the substep squared."""
    offset = points[first] - points[second]
    distance = np.sqrt(np.einsum("ij,ij->i", offset, offset))
    shares = weight[first] + weight[second]
    move = ((distance - length) / (np.maximum(shares, 1e-9) + give) / np.maximum(distance, 1e-9))[:, None] * offset
    points[first] -= weight[first][:, None] * move
    points[second] += weight[second][:, None] * move


def ball(centre: Array, radius: float) -> Distance:
    """Return the distance field of a ball."""
    return lambda points: np.linalg.norm(points - centre, axis=-1) - radius


def post(radius: float, low: float, high: float, bevel: float = 0.02) -> Distance:
    """Return the distance field of a round post about the z axis, its edges rounded by ``bevel``."""

    def field(points: Array) -> Array:
        aside = np.hypot(points[:, 0], points[:, 1]) - radius + bevel
        along = np.abs(points[:, 2] - (low + high) / 2) - (high - low) / 2 + bevel
        outside = np.hypot(np.maximum(aside, 0), np.maximum(along, 0))
        return outside + np.minimum(np.maximum(aside, along), 0) - bevel

    return field


def block(half: tuple[float, float, float], middle: float, bevel: float = 0.02) -> Distance:
    """Return the distance field of a box about the z axis, centred at height ``middle``, its edges rounded."""
    size = np.array(half) - bevel

    def field(points: Array) -> Array:
        q = np.abs(points - [0.0, 0.0, middle]) - size
        return np.linalg.norm(np.maximum(q, 0), axis=-1) + np.minimum(q.max(axis=-1), 0) - bevel

    return field


def floor(height: float = 0.0) -> Distance:
    """Return the distance field of everything below ``height``."""
    return lambda points: points[:, 2] - height


def pill(low: float, high: float, radius: float) -> Distance:
    """Return the distance field of an upright capsule on the z axis between two heights."""

    def field(points: Array) -> Array:
        aside = points[:, 2] - np.clip(points[:, 2], low, high)
        return np.sqrt(points[:, 0] ** 2 + points[:, 1] ** 2 + aside**2) - radius

    return field


def union(*fields: Distance) -> Distance:
    """Return the distance field of all of them together."""
    return lambda points: np.min([field(points) for field in fields], axis=0)
