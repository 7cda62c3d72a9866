"""The reader's objects below the dataset: a grid, its cells, and clips cut from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from camxtime.errors import DataError, InputError
from camxtime.geometry.cameras import Cameras
from camxtime.shards.cellindex import CellIndex, GridShape, IndexFile, load_cell_index
from camxtime.shards.codecs import Codec
from camxtime.shards.fetch import Kept, fetch
from camxtime.shards.layout import CAMERAS, CellError
from camxtime.shards.storage import Storage
from camxtime.shards.tables import numpy_array, numpy_column


@dataclass(frozen=True)
class GridRow:
    """One row of grids.parquet: C cameras × T times of H × W pixels.

    status: "complete" or "incomplete". cells, nbytes: rendered so far. instances: `{"id", "name", "role"}` per object.
    """

    grid: str
    scene: str
    animation: str
    path: str
    C: int
    T: int
    H: int
    W: int
    fps: float
    caption: str
    status: str
    digest: str
    cells: int
    nbytes: int
    seeds: dict[str, Any]
    instances: list[dict[str, Any]]
    path_parameters: dict[str, Any]
    extra: dict[str, Any]


@dataclass(frozen=True, eq=False)
class GridSource:
    """What grids of one dataset share: where the bytes are, the index files, the codecs (sorted by pass), the cache."""

    storage: Storage
    cameras: IndexFile
    cells: IndexFile
    codecs: dict[str, Codec]
    kept: Kept | None = None


@dataclass(frozen=True, eq=False)
class Clip:
    """The pixels of a track: F cells at (`cameras[f]`, `times[f]`).

    c2w (F, 4, 4) and K (F, 3, 3) float64 as in `Cameras`; `images` maps each pass that was read to its array.
    """

    grid: str
    cameras: NDArray[np.int64]
    times: NDArray[np.int64]
    c2w: NDArray[np.float64]
    K: NDArray[np.float64]
    fps: float
    images: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.times)

    def image(self, pass_name: str) -> NDArray[Any]:
        """[F, H, W, …] of a pass; `InputError` if the clip was read without it."""
        if pass_name not in self.images:
            raise InputError(f"This clip was read with passes {tuple(self.images)}; ask for {pass_name!r} too.")
        return self.images[pass_name]

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """[F, H, W, 3] uint8, sRGB."""
        return self.image("rgb")

    @property
    def depth(self) -> NDArray[np.float32]:
        """[F, H, W] float32, z-depth in metres, +inf where nothing is hit."""
        return self.image("depth")

    @property
    def instance(self) -> NDArray[np.uint16]:
        """[F, H, W] uint16 object ids."""
        return self.image("instance")

    def __repr__(self) -> str:
        return f"Clip({self.grid}, {len(self)} frames, passes {', '.join(self.images)})"

    def _repr_html_(self) -> str:
        from camxtime.shards.animation import clip_html

        return clip_html(self)


class Grid:
    """One grid of a dataset. Its row is at hand; cameras and index are read when first needed."""

    def __init__(self, source: GridSource, row: GridRow, ordinal: int, cells_row_group: int):
        self._source = source
        self._ordinal = ordinal
        self._group = cells_row_group
        self._cameras: Cameras | None = None
        self._index: CellIndex | None = None
        self.row = row
        self.id, self.C, self.T, self.H, self.W = row.grid, row.C, row.T, row.H, row.W
        self.fps, self.caption, self.status, self.digest = row.fps, row.caption, row.status, row.digest

    @property
    def passes(self) -> tuple[str, ...]:
        """Names of the stored passes, sorted."""
        return tuple(self._source.codecs)

    @property
    def cameras(self) -> Cameras:
        """The C cameras; `DataError` if cameras.parquet is damaged or does not fit."""
        if self._cameras is None:  # two threads may both read it: the same, and no lock to inherit through fork
            self._cameras = self._read_cameras()
        return self._cameras

    @property
    def index(self) -> CellIndex:
        """Where the images lie; `DataError` if cells.parquet is damaged or does not fit the grid."""
        if self._index is None:
            shape = GridShape(self.id, self.T, self.C, self.passes, self.H * self.W)
            self._index = load_cell_index(self._source.cells, self._group, shape)
        return self._index

    def cell(self, camera: int, time: int) -> Cell:
        """The cell at (camera, time); `InputError` if the grid has none there. Its images are read when asked for."""
        cameras, times = self._track(camera, time)
        if cameras.size != 1:
            raise InputError("cell() takes one camera and one time; clip() takes many.")
        return Cell(self, int(cameras[0]), int(times[0]))

    def payloads(self, cameras: ArrayLike, times: ArrayLike, pass_name: str) -> list[bytes]:
        """The encoded images of a track, checksums checked; errors as `clip`."""
        c, t = self._track(cameras, times)
        column = self._column(pass_name)
        places = np.stack([t, c, np.full_like(t, column)], axis=1)
        return fetch(self._source.storage, self.index, places, self.id, self.passes, self._source.kept)

    def clip(self, cameras: ArrayLike, times: ArrayLike, passes: Sequence[str] = ("rgb",)) -> Clip:
        """The track through the cells (cameras[f], times[f]); a single number stands for all frames.

        Raises `InputError` for indices outside the grid or an unknown pass, `CellError` (a `DataError`) for an image
        that is damaged, `DataError` for one that is not there.
        """
        c, t = self._track(cameras, times)
        images = {name: self._decode(c, t, name) for name in passes}
        poses = self.cameras
        return Clip(self.id, c, t, poses.c2w[c], poses.K[c], self.fps, images)

    def diagonal(self, frames: int | None = None, passes: Sequence[str] = ("rgb",)) -> Clip:
        """The track where camera and time advance together from their first to their last.

        `frames`: F, by default max(C, T). Frame f shows camera round(f·(C−1)/(F−1)), half up, and the same of T.
        """
        count = max(self.C, self.T) if frames is None else frames
        if count < 1:
            raise InputError(f"A clip needs at least 1 frame, not {count}.")
        f = np.arange(count)
        span = max(count - 1, 1)
        cameras, times = ((2 * f * (n - 1) + span) // (2 * span) for n in (self.C, self.T))
        return self.clip(cameras, times, passes)

    def fixed_camera(self, camera: int, passes: Sequence[str] = ("rgb",)) -> Clip:
        """All times from one camera: an ordinary video."""
        return self.clip(camera, np.arange(self.T), passes)

    def bullet_time(self, time: int, passes: Sequence[str] = ("rgb",)) -> Clip:
        """All cameras at one time: the world stands still, the camera moves."""
        return self.clip(np.arange(self.C), time, passes)

    def _read_cameras(self) -> Cameras:
        table = self._source.cameras.read(self._ordinal)
        numbers = numpy_column(table, "camera")
        grids = set(table["grid"].to_pylist())  # `unique` would import pyarrow.compute: 0.05 s
        if grids != {self.id} or not np.array_equal(numbers, np.arange(self.C)):
            raise DataError(f"{CAMERAS}, grid {self.id}: its row group does not hold cameras 0 to {self.C - 1} of it.")
        values = [numpy_array(table[name].combine_chunks().flatten()) for name in ("c2w", "K")]
        if values[0].size != 16 * self.C or values[1].size != 9 * self.C:
            raise DataError(f"{CAMERAS}, grid {self.id}: c2w needs 16 numbers a camera and K needs 9.")
        return Cameras(values[0].reshape(-1, 4, 4).copy(), values[1].reshape(-1, 3, 3).copy(), self.W, self.H)

    def _decode(self, cameras: NDArray[np.int64], times: NDArray[np.int64], pass_name: str) -> NDArray[Any]:
        payloads = self.payloads(cameras, times, pass_name)
        codec = self._source.codecs[pass_name]
        shape = (self.H, self.W) if codec.channels is None else (self.H, self.W, codec.channels)
        images = np.empty((len(payloads), *shape), codec.dtype)
        for f, payload in enumerate(payloads):
            try:
                images[f] = codec.decode(payload, (self.H, self.W))
            except DataError as error:
                place = (times[f], cameras[f], self._column(pass_name))
                raise CellError(
                    str(error), grid=self.id, time=int(times[f]), camera=int(cameras[f]), pass_name=pass_name,
                    file=self._source.storage.where(self.index.shards[self.index.shard[place]]),
                    offset=int(self.index.offset[place]),
                ) from error  # fmt: skip
        return images

    def _column(self, pass_name: str) -> int:
        if pass_name not in self._source.codecs:
            raise InputError(f"The dataset has no pass {pass_name!r}; it has {', '.join(self.passes)}.")
        return self.passes.index(pass_name)

    def _track(self, cameras: ArrayLike, times: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        given = [np.atleast_1d(np.asarray(values)) for values in (cameras, times)]
        for name, values, count in (("camera", given[0], self.C), ("time", given[1], self.T)):
            if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "iu":
                raise InputError(f"A track needs {name} indices: whole numbers, at least one.")
            bad = (values < 0) | (values >= count)
            if bad.any():
                raise InputError(f"Grid {self.id} has no {name} {values[bad][0]}: it has {name}s 0 to {count - 1}.")
        if given[0].size != given[1].size and 1 not in (given[0].size, given[1].size):
            raise InputError(f"A track needs as many cameras as times, not {given[0].size} and {given[1].size}.")
        c, t = np.broadcast_arrays(*(values.astype(np.int64) for values in given))
        return c.copy(), t.copy()

    def __repr__(self) -> str:
        return f"Grid({self.id}, {self.C} cameras × {self.T} times, {self.W}×{self.H}, {self.status})"

    def _repr_png_(self) -> bytes:
        from camxtime.shards.contact_sheet import grid_sheet, png_bytes

        return png_bytes(grid_sheet(self))


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of a grid. Images are read and decoded on every access: keep what you need."""

    grid: Grid
    camera: int
    time: int

    def image(self, pass_name: str) -> NDArray[Any]:
        """[H, W, …] of a pass; errors as `Grid.clip`."""
        image: NDArray[Any] = self.grid.clip(self.camera, self.time, (pass_name,)).image(pass_name)[0]
        return image

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """[H, W, 3] uint8, sRGB."""
        return self.image("rgb")

    @property
    def depth(self) -> NDArray[np.float32]:
        """[H, W] float32, z-depth in metres, +inf where nothing is hit."""
        return self.image("depth")

    @property
    def instance(self) -> NDArray[np.uint16]:
        """[H, W] uint16 object ids."""
        return self.image("instance")

    @property
    def c2w(self) -> NDArray[np.float64]:
        """(4, 4) camera to world."""
        return self.grid.cameras.c2w[self.camera]

    @property
    def K(self) -> NDArray[np.float64]:
        """(3, 3) intrinsics in pixels."""
        return self.grid.cameras.K[self.camera]

    def _repr_png_(self) -> bytes:
        from camxtime.shards.contact_sheet import cell_picture, png_bytes

        return png_bytes(cell_picture(self))

    def __repr__(self) -> str:
        return f"Cell({self.grid.id}, camera {self.camera}, time {self.time})"
