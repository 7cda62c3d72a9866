"""The data of the streaming benchmark: a dataset of textured, moving pictures, and the same cells in other layouts."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from camxtime.geometry.cameras import Cameras, intrinsics, look_at
from camxtime.shards.codecs import get
from camxtime.shards.index import DatasetHeader, build_index
from camxtime.shards.layout import UnitKey
from camxtime.shards.records import GridRecord
from camxtime.shards.writer import UnitWriter

PASSES = {"rgb": "jpeg:95"}
TIMES_PER_UNIT = 8
FPS = 30


@dataclass(frozen=True)
class Shape:
    """grids × (cameras × times) cells of side × side pixels."""

    grids: int
    cameras: int
    times: int
    side: int

    @property
    def cells(self) -> int:
        """Cells in all."""
        return self.grids * self.cameras * self.times

    def grid(self, number: int) -> str:
        """Id of a grid."""
        return f"scene{number // 2:03d}.motion.path{number % 2}"

    def units(self) -> list[UnitKey]:
        """All units, sorted as their files are."""
        starts = range(0, self.times, TIMES_PER_UNIT)
        return [
            UnitKey(self.grid(g), t, min(t + TIMES_PER_UNIT, self.times) - 1) for g in range(self.grids) for t in starts
        ]

    def row(self, grid: str, camera: int, time: int) -> int:
        """Number of a cell, in the order of the shards' rows."""
        scene, _, path = grid.split(".")
        number = 2 * int(scene.removeprefix("scene")) + int(path.removeprefix("path"))
        return (number * self.times + time) * self.cameras + camera


class Painter:
    """Pictures with the detail of a render (about 0.2 bytes a pixel at quality 95): a moving view, a moving subject."""

    def __init__(self, shape: Shape, number: int):
        rng = np.random.default_rng(number)
        side = shape.side
        coarse = rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)
        fine = rng.normal(0, 14, (2 * side, 2 * side, 1)).astype(np.float32)
        fine = cv2.GaussianBlur(fine, (0, 0), 1.3)[..., None] * 2.2
        wall = cv2.resize(coarse, (2 * side, 2 * side), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        self._wall = np.clip(wall + fine, 0, 255).astype(np.uint8)
        self._shape = shape

    def __call__(self, camera: int, time: int) -> np.ndarray:
        """uint8 [side, side, 3]: camera moves the view, time the subject."""
        side = self._shape.side
        x = camera * side // (2 * self._shape.cameras)
        picture = self._wall[x // 2 : x // 2 + side, x : x + side].copy()
        centre = (side // 4 + time * side // (2 * self._shape.times) - x // 4 + side // 8, side // 2)
        cv2.circle(picture, centre, side // 9, (220, 60, 40), -1, cv2.LINE_AA)
        return picture


def make_dataset(root: Path, shape: Shape, processes: int) -> None:
    """Write and index the dataset with the real writer, once."""
    if (root / "dataset.json").exists():
        return
    for number in range(shape.grids):
        angle = np.linspace(0, 1, shape.cameras) + number % 2
        eyes = np.stack([4 * np.cos(angle), 4 * np.sin(angle), np.ones(shape.cameras)], axis=-1)
        K = intrinsics(np.full(shape.cameras, 1.01 * shape.side), shape.side, shape.side)
        cameras = Cameras(look_at(eyes, np.zeros(3)), K, shape.side, shape.side)
        GridRecord(shape.grid(number), cameras, shape.times, float(FPS), PASSES).write(root)
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_write_unit, *zip(*((root, shape, unit) for unit in shape.units()), strict=True)))
    build_index(root, DatasetHeader("stream", asdict(shape), PASSES, {}, [shape.grid(g) for g in range(shape.grids)]))


def _write_unit(root: Path, shape: Shape, unit: UnitKey) -> None:
    painter = Painter(shape, shape.row(unit.grid, 0, 0) // (shape.cameras * shape.times))
    codec = get("jpeg:95")
    with UnitWriter(root, unit, shape.cameras, PASSES) as writer:
        for time in unit.times:
            for camera in range(shape.cameras):
                writer.add(time, camera, {"rgb": codec.encode(painter(camera, time))})
        writer.finish({})


def make_videos(folder: Path, shape: Shape, processes: int) -> None:
    """One H.264 file per camera, as the field stores it (x264, crf 18, its default distance of key frames), once."""
    tasks = [(folder, shape, number, camera) for number in range(shape.grids) for camera in range(shape.cameras)]
    missing = [task for task in tasks if not video_path(*task[:1], shape.grid(task[2]), task[3]).exists()]
    if missing:
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(_write_video, *zip(*missing, strict=True)))


def video_path(folder: Path, grid: str, camera: int) -> Path:
    """File of a camera's video."""
    return folder / grid / f"camera_{camera:03d}.mp4"


def _write_video(folder: Path, shape: Shape, number: int, camera: int) -> None:
    import av

    painter = Painter(shape, number)
    path = video_path(folder, shape.grid(number), camera)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with av.open(str(part), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS), options={"crf": "18", "preset": "veryfast"})
        stream.width = stream.height = shape.side
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for time in range(shape.times):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(painter(camera, time), format="rgb24")))
        container.mux(stream.encode(None))
    part.rename(path)


def cells(root: Path, unit: UnitKey) -> pa.Table:
    """camera, time and rgb of a shard."""
    return pq.read_table(root / unit.shard, columns=["camera", "time", "rgb"], use_threads=False)


def payloads(root: Path, shape: Shape) -> Iterator[bytes]:
    """Every cell's bytes, in the order of `Shape.row`."""
    for unit in shape.units():
        for value in cells(root, unit)["rgb"]:
            yield value.as_py()


def make_tars(folder: Path, root: Path, shape: Shape) -> None:
    """WebDataset shards: one tar a unit, keys in the order of its cells; once."""
    for unit in shape.units():
        path = tar_path(folder, unit)
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        table = cells(root, unit)
        part = path.with_suffix(".part")
        with tarfile.open(part, "w") as tar:
            for camera, time, rgb in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
                entry = tarfile.TarInfo(f"{shape.row(unit.grid, camera, time):08d}.jpg")
                entry.size = len(rgb)
                tar.addfile(entry, io.BytesIO(rgb))
        part.rename(path)


def tar_path(folder: Path, unit: UnitKey) -> Path:
    """File of a unit's tar."""
    return folder / f"{unit.grid}.{unit.name}.tar"
