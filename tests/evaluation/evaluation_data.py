"""Items and textured scenes for the tests of evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from synthetic import SyntheticScene, SyntheticSpec

from camxtime.evaluation.items import EvalItem
from camxtime.geometry.cameras import Cameras
from camxtime.shards.codecs import of_passes
from camxtime.shards.index import build_index
from camxtime.shards.writer import UnitWriter
from camxtime.splits.tracks import CellTrack

GRIDS = ("hall.ball.arc", "room.ball.arc", "room.ball.arc_2")
SIDE = 9
LOSSLESS = {"rgb": "png", "depth": "zstd32", "instance": "png16"}


def item(grid: str, mode: str, cameras: list[int], times: list[int], target: str = "") -> EvalItem:
    """An item whose source is the grid's diagonal."""
    diagonal = tuple(range(len(cameras)))
    group = "direction" if mode == "backward" else mode
    source, wanted = CellTrack(grid, diagonal, diagonal), CellTrack(target or grid, tuple(cameras), tuple(times))
    return EvalItem(f"{grid}/{mode}", mode, group, source, wanted, f"{mode} of {grid}")


@dataclass(frozen=True)
class TexturedScene(SyntheticScene):
    """The synthetic scene with smooth random marks on every surface, so that features can be found."""

    def _shade(self, point: np.ndarray, instance: np.ndarray, time: int) -> np.ndarray:
        plain = super()._shade(point, instance, time).astype(np.float64)
        local = point - np.where((instance == 2)[..., None], self.ball(time), 0.0)
        marks = 0.6 * _noise(local / 0.45, 1) + 0.4 * _noise(local / 0.2, 2)
        return np.clip(plain * (0.45 + 1.1 * marks[..., None]), 0, 255).astype(np.uint8)


def _noise(place: np.ndarray, seed: int) -> np.ndarray:
    """Value noise in 0..1 on a lattice of unit cells, linear between."""
    table = np.random.default_rng(seed).random((64, 64, 64))
    low = np.floor(place).astype(int)
    part = place - low
    total = np.zeros(place.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=-1)
        x, y, z = np.moveaxis((low + corner) % 64, -1, 0)
        total += weight * table[x, y, z]
    return total


def textured_dataset(root: Path, cameras: int = 7, times: int = 3, side: int = 96) -> Path:
    """One grid of the textured scene, with lossless colour and without zoom."""
    spec = SyntheticSpec(("room.ball.arc",), cameras, times, side, side, times, dict(LOSSLESS))
    scene, codecs, (unit,) = TexturedScene(times), of_passes(spec.passes), spec.units("room.ball.arc")
    record = spec.record("room.ball.arc")
    K = np.repeat(record.cameras.K[:1], cameras, axis=0)
    record = replace(record, cameras=Cameras(record.cameras.c2w, K, side, side))
    record.write(root)
    with UnitWriter(root, unit, spec.cameras, spec.passes) as writer:
        for time in unit.times:
            for camera in range(cameras):
                images = scene.render(record.cameras, camera, time)
                writer.add(time, camera, {name: codec.encode(images[name]) for name, codec in codecs.items()})
        writer.finish({"blender": "none", "device": "NumPy", "seconds": 0.0})
    build_index(root, spec.header())
    return root
