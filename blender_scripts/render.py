"""Rendering the cells of a unit: time outside, cameras together in batches."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from blender_scripts import passes
from blender_scripts.engine import Engine
from blender_scripts.errors import StageError
from blender_scripts.rig import CameraPool

MAX_VIEWS = 999


@dataclass(frozen=True)
class Order:
    """What to render: cameras (C, 4, 4) and (C, 3, 3), time indices with a seed each, cameras per batch."""

    c2w: NDArray[np.float64]
    K: NDArray[np.float64]
    times: list[int]
    seeds: list[int]
    views_per_batch: int

    @staticmethod
    def parse(args: dict[str, Any], stage_times: int) -> Order:
        """Read the arguments of the verb `render`; raises StageError if they do not fit together."""
        order = Order(
            np.asarray(args["c2w"], np.float64).reshape(-1, 4, 4),
            np.asarray(args["K"], np.float64).reshape(-1, 3, 3),
            [int(t) for t in args["times"]],
            [int(s) for s in args["seeds"]],
            int(args["views_per_batch"]),
        )
        if len(order.c2w) != len(order.K) or len(order.times) != len(order.seeds):
            raise StageError("render: as many K as c2w and as many seeds as times are needed")
        if not 1 <= order.views_per_batch <= MAX_VIEWS:
            raise StageError(f"render: views_per_batch must be 1..{MAX_VIEWS}, not {order.views_per_batch}")
        outside = [t for t in order.times if not 0 <= t < stage_times]
        if outside:
            raise StageError(f"render: time {outside[0]} is outside 0..{stage_times - 1}")
        return order


class Renderer:
    """Renders orders of one loaded stage. The camera pool and the pixel route persist between orders."""

    def __init__(self, engine: Engine, route: str, scratch: Path, clip: tuple[float, float]) -> None:
        self._engine, self._route, self._scratch, self._clip = engine, route, scratch, clip
        self._pool: CameraPool | None = None
        self._count = 0

    def run(self, order: Order, emit: Callable[[dict[str, Any]], bool]) -> int:
        """Render an order batch by batch; `emit` receives each batch's description and returns False to stop.

        Batches are cut from the order's cameras in sequence, `views_per_batch` each (the last may be smaller): the
        noise depends on a camera's place in its batch, so the layout is part of the recipe.
        """
        done = 0
        for time, seed in zip(order.times, order.seeds, strict=True):
            for first in range(0, len(order.c2w), order.views_per_batch):
                cameras = range(first, min(first + order.views_per_batch, len(order.c2w)))
                batch = self._batch(order, time, seed, cameras)
                done += 1
                if not emit(batch):
                    return done
        return done

    def _batch(self, order: Order, time: int, seed: int, cameras: range) -> dict[str, Any]:
        scene = bpy.context.scene
        start = clock.perf_counter()
        if self._pool is None or len(self._pool) != min(order.views_per_batch, len(order.c2w)):
            self._pool = CameraPool(min(order.views_per_batch, len(order.c2w)), self._clip)
        self._pool.pose(order.c2w[cameras.start : cameras.stop], order.K[cameras.start : cameras.stop])
        scene.cycles.seed = seed
        # `render` evaluates the frame itself; setting it through `frame_set` would evaluate the scene twice.
        scene.frame_current = 1 + time
        self._count += 1
        target = self._scratch / f"batch{self._count:08d}.{'raw' if self._route == 'memory' else 'exr'}"
        if self._route == "memory":
            passes.render_to_memory(self._engine, len(cameras), target)
        else:
            passes.render_to_exr(target)
        return {
            "time": time,
            "first": cameras.start,
            "count": len(cameras),
            "file": target.name,
            "seconds": {"render": clock.perf_counter() - start},
        }
