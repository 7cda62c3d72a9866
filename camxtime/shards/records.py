"""The grid record, `ledger/grids/<grid>.json`: what is known of a grid before its first cell is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.geometry.cameras import Cameras
from camxtime.shards.bounds import MAX_JSON_BYTES, parse_json
from camxtime.shards.digest import canonical_json, header_checksum
from camxtime.shards.imagesize import MAX_PIXELS
from camxtime.shards.layout import FORMAT_VERSION, check_grid_id, grid_record_path
from camxtime.shards.store import Root, open_store, read_if_there

MAX_INDEX = 65_535
"""Most cameras, and most times, of a grid."""

MAX_CELLS = 2**22
"""Most cells of a grid; a spec may ask for a million."""


def check_instance(entry: Any) -> None:
    """`ValueError` unless `entry` is an instance: `{"id": 0..65535, "name": str}`, whatever else it says."""
    number = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(number, int) or not 0 <= number <= 65_535 or not isinstance(entry.get("name"), str):
        raise ValueError(f"{entry!r:.120} is not an instance: id (0 to 65535) and name are needed")


@dataclass(frozen=True)
class GridRecord:
    """A grid: C = len(cameras) camera positions × `times` animation times at `fps`.

    passes: pass → codec name. instances: `{"id": int, "name": str, "role": str}` per object id of the instance pass.
    seeds, path_parameters: what the grid was drawn from. extra: anything else worth keeping (framing, draws, assets);
    seeds, path_parameters and extra are not part of the digest: cameras, caption and images are what a reader gets.
    """

    grid: str
    cameras: Cameras
    times: int
    fps: float
    passes: dict[str, str]
    caption: str = ""
    seeds: dict[str, Any] = field(default_factory=dict)
    instances: tuple[dict[str, Any], ...] = ()
    path_parameters: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_grid_id(self.grid)
        cameras = self.cameras.validate()
        if not (1 <= self.times <= MAX_INDEX and len(cameras) <= MAX_INDEX):
            raise InputError(f"Grid {self.grid}: {len(cameras)}×{self.times} cells; each side has 1 to {MAX_INDEX}.")
        if len(cameras) * self.times > MAX_CELLS:
            raise InputError(f"Grid {self.grid}: {len(cameras)}×{self.times} cells are more than {MAX_CELLS:,}.")
        if not cameras.width * cameras.height <= MAX_PIXELS:
            raise InputError(f"Grid {self.grid}: {cameras.width}×{cameras.height} pixels are more than {MAX_PIXELS}.")
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise InputError(f"Grid {self.grid}: fps must be a positive number, not {self.fps!r}.")
        for entry in self.instances:
            try:
                check_instance(entry)
            except ValueError as error:
                raise InputError(f"Grid {self.grid}: {error}.") from error

    @property
    def names(self) -> tuple[str, str, str]:
        """Scene, animation and path of the grid id."""
        scene, animation, path = self.grid.split(".")
        return scene, animation, path

    def description(self) -> dict[str, Any]:
        """The part of the record that the grid's digest covers, besides the cameras."""
        return {
            "grid": self.grid, "C": len(self.cameras), "T": self.times, "H": self.cameras.height,
            "W": self.cameras.width, "fps": float(self.fps), "passes": self.passes, "caption": self.caption,
            "instances": list(self.instances),
        }  # fmt: skip

    def write(self, root: Root) -> str:
        """Write the record with a checksum, atomically; returns its path. `InputError` if JSON cannot represent it."""
        value = {
            "format_version": FORMAT_VERSION,
            **self.description(),
            "seeds": self.seeds,
            "path_parameters": self.path_parameters,
            "extra": self.extra,
            "cameras": {
                "c2w": self.cameras.c2w.reshape(-1, 16).tolist(),
                "K": self.cameras.K.reshape(-1, 9).tolist(),
            },
        }
        value["checksum"] = header_checksum(value)
        path = grid_record_path(self.grid)
        open_store(root).write(path, canonical_json(value) + b"\n")
        return path

    @staticmethod
    def read(root: Root, grid: str) -> GridRecord:
        """The record of a grid; `DataError` if it is missing, damaged or of another format version."""
        store = open_store(root)
        path = store.where(grid_record_path(grid))
        data = read_if_there(store, grid_record_path(grid), MAX_JSON_BYTES)
        if data is None:
            raise DataError(f"{path} is missing: grid {grid} was never prepared.")
        try:
            value = parse_json(data)
            if value["format_version"] != FORMAT_VERSION:
                raise DataError(f"{path} has format version {value['format_version']!r}; this is {FORMAT_VERSION}.")
            if value.get("checksum", header_checksum(value)) != header_checksum(value):  # older records have none
                raise ValueError("its checksum is not that of its fields")
            c2w = np.array(value["cameras"]["c2w"], np.float64).reshape(-1, 4, 4)
            K = np.array(value["cameras"]["K"], np.float64).reshape(-1, 3, 3)
            whole = all(isinstance(value[name], dict) for name in ("passes", "seeds", "path_parameters", "extra"))
            if not whole or not isinstance(value["instances"], list):
                raise ValueError("a field is of another kind than it should be")
            if len(c2w) != value["C"] or value["grid"] != grid:
                raise ValueError("its name or number of cameras is not what it says")
            return GridRecord(
                grid, Cameras(c2w, K, int(value["W"]), int(value["H"])), int(value["T"]), float(value["fps"]),
                dict(value["passes"]), str(value["caption"]), dict(value["seeds"]), tuple(value["instances"]),
                dict(value["path_parameters"]), dict(value["extra"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, InputError) as error:
            raise DataError(f"{path}: the grid record is damaged ({error}): delete it and render again.") from error
