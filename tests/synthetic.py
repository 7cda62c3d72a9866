"""A small dataset of an analytic scene, ray traced in NumPy: real images, true depth and ids, no Blender.

The scene: a chequered floor at z = 0 (instance 1), a ball that bounces along x (2), a still column (3), the open sky (0,
depth +inf). Cameras circle it and zoom. `SyntheticScene` renders cells; `make_dataset` writes a whole dataset with the
real writer and indexes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from camxtime.geometry.cameras import Cameras, intrinsics, look_at, pixel_centres
from camxtime.shards.codecs import of_passes
from camxtime.shards.index import DatasetHeader, build_index
from camxtime.shards.layout import UnitKey
from camxtime.shards.records import GridRecord
from camxtime.shards.store import Root
from camxtime.shards.writer import UnitWriter

ALL_PASSES = {"rgb": "jpeg:95", "depth": "logpng16", "instance": "png16"}
INSTANCES = (
    {"id": 1, "name": "floor", "role": "scene"},
    {"id": 2, "name": "ball", "role": "subject"},
    {"id": 3, "name": "column", "role": "scene"},
)
SUN = np.array([0.4, -0.5, 0.77])
BALL_RADIUS = 0.6
COLUMN = (np.array([1.2, 1.4]), 0.35, 2.4)  # centre (x, y), radius, height


def path_cameras(count: int, width: int, height: int, phase: float = 0.0) -> Cameras:
    """An arc of 60 degrees around the scene that rises and zooms in a little."""
    s = np.linspace(0, 1, count)
    angle = phase + np.radians(-30 + 60 * s)
    eye = np.stack([5 * np.cos(angle), 5 * np.sin(angle), 1.6 + 0.8 * s], axis=-1)
    focal = width * (0.8 + 0.3 * s)
    return Cameras(look_at(eye, np.array([0.0, 0.0, 0.8])), intrinsics(focal, width, height), width, height)


@dataclass(frozen=True)
class SyntheticScene:
    """The scene over `times` animation times; `tint` tells grids' colours apart."""

    times: int
    tint: float = 0.0

    def ball(self, time: int) -> np.ndarray:
        """Centre of the ball, metres."""
        s = time / max(self.times - 1, 1)
        return np.array([0.0, -1.2 + 2.4 * s, BALL_RADIUS + 0.8 * abs(np.sin(3 * np.pi * s))])

    def render(self, cameras: Cameras, camera: int, time: int) -> dict[str, np.ndarray]:
        """The cell's images: rgb uint8 [H, W, 3], depth float32 [H, W] (z-depth), instance uint16 [H, W]."""
        uv = pixel_centres(cameras.height, cameras.width)
        rays = np.concatenate([uv, np.ones_like(uv[..., :1])], -1) @ np.linalg.inv(cameras.K[camera]).T
        direction = rays @ cameras.c2w[camera, :3, :3].T  # one unit of z-depth per unit of parameter
        eye = cameras.c2w[camera, :3, 3]
        hits = [_floor(eye, direction), _sphere(eye, direction, self.ball(time)), _column(eye, direction)]
        depth = np.minimum.reduce(hits)
        instance = np.where(np.isfinite(depth), 1 + np.argmin(hits, axis=0), 0).astype(np.uint16)
        point = eye + np.where(np.isfinite(depth), depth, 0)[..., None] * direction
        return {"rgb": self._shade(point, instance, time), "depth": depth.astype(np.float32), "instance": instance}

    def _shade(self, point: np.ndarray, instance: np.ndarray, time: int) -> np.ndarray:
        radial = point - np.append(COLUMN[0], 0)
        normals = np.stack([
            np.zeros_like(point), np.broadcast_to([0.0, 0.0, 1.0], point.shape),
            (point - self.ball(time)) / BALL_RADIUS, radial * [1, 1, 0] / COLUMN[1],
        ])  # fmt: skip
        normal = np.take_along_axis(normals, instance[None, ..., None].astype(int), 0)[0]
        light = 0.35 + 0.65 * np.clip(normal @ SUN, 0, 1)
        check = 0.6 + 0.4 * ((np.floor(point[..., 0]) + np.floor(point[..., 1])) % 2)
        albedo = np.array([[0.6, 0.75, 0.95], [0.7, 0.65, 0.55], [0.85, 0.25 + 0.5 * self.tint, 0.2], [0.3, 0.5, 0.35]])
        colour = albedo[instance] * np.where(instance == 0, 1.0, light)[..., None]
        colour *= np.where(instance == 1, check, 1.0)[..., None]
        return np.clip(np.rint(255 * colour), 0, 255).astype(np.uint8)


def _floor(eye: np.ndarray, direction: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        s = -eye[2] / direction[..., 2]
    return np.where((s > 0) & (s < 40), s, np.inf)


def _sphere(eye: np.ndarray, direction: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return _nearest_root(direction, eye - centre, BALL_RADIUS)


def _column(eye: np.ndarray, direction: np.ndarray) -> np.ndarray:
    s = _nearest_root(direction[..., :2], eye[:2] - COLUMN[0], COLUMN[1])
    z = eye[2] + np.where(np.isfinite(s), s, 0) * direction[..., 2]
    return np.where((z >= 0) & (z <= COLUMN[2]), s, np.inf)


def _nearest_root(direction: np.ndarray, offset: np.ndarray, radius: float) -> np.ndarray:
    a = (direction**2).sum(-1)
    b = (direction * offset).sum(-1)
    root = b**2 - a * ((offset**2).sum() - radius**2)
    s = (-b - np.sqrt(np.maximum(root, 0))) / a
    return np.where((root > 0) & (s > 0), s, np.inf)


@dataclass(frozen=True)
class SyntheticSpec:
    """What `make_dataset` makes."""

    grids: tuple[str, ...] = ("room.ball.arc", "room.ball.arc_2")
    cameras: int = 6
    times: int = 5
    width: int = 64
    height: int = 48
    times_per_unit: int = 2
    passes: dict[str, str] = field(default_factory=lambda: dict(ALL_PASSES))

    def units(self, grid: str) -> list[UnitKey]:
        """The units of a grid, in order of time."""
        starts = range(0, self.times, self.times_per_unit)
        return [UnitKey(grid, t, min(t + self.times_per_unit, self.times) - 1) for t in starts]

    def record(self, grid: str) -> GridRecord:
        """The record of a grid."""
        number = self.grids.index(grid)
        cameras = path_cameras(self.cameras, self.width, self.height, phase=0.4 * number)
        return GridRecord(
            grid, cameras, self.times, 24.0, self.passes, caption=f"a ball bounces past a column ({number})",
            seeds={"grid": number}, instances=INSTANCES, path_parameters={"kind": "arc", "sweep_deg": 60.0},
        )  # fmt: skip

    def header(self) -> DatasetHeader:
        """The header to index with."""
        return DatasetHeader("synthetic", {"grids": list(self.grids)}, self.passes, {"device": "CPU"}, self.grids)


def write_unit(root: Root, spec: SyntheticSpec, unit: UnitKey) -> None:
    """Render and commit one unit."""
    number = spec.grids.index(unit.grid)
    scene = SyntheticScene(spec.times, tint=number % 2)
    cameras = spec.record(unit.grid).cameras
    codecs = of_passes(spec.passes)
    with UnitWriter(root, unit, spec.cameras, spec.passes) as writer:
        for time in unit.times:
            for camera in range(spec.cameras):
                images = scene.render(cameras, camera, time)
                writer.add(time, camera, {name: codec.encode(images[name]) for name, codec in codecs.items()})
        writer.finish({"blender": "none", "device": "NumPy", "seconds": 0.0})


def make_dataset(root: Root, spec: SyntheticSpec | None = None) -> Root:
    """Write and index a dataset in `root`; returns `root`. The same spec gives the same bytes."""
    spec = spec or SyntheticSpec()
    for grid in spec.grids:
        spec.record(grid).write(root)
        for unit in spec.units(grid):
            write_unit(root, spec, unit)
    build_index(root, spec.header())
    return root
