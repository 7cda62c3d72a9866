"""WebDataset tar shards, in and out: a sample per cell, its images as they are stored and a JSON of all else.

    grids-000000.tar: <grid, '.' as '__'>/<time>_<camera>.{rgb.jpg, depth.png, instance.png, json}

The JSON has grid, camera, time, the grid's size and rate, codecs, c2w, K, caption, layout, in native conventions. Readers of
WebDataset take the directory and the name up to its first dot as the key.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.formats import exporting
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import ImportOptions, codecs_for
from camxtime.formats.posed import CONVENTION
from camxtime.formats.stored import LAYOUTS, Cell, DatasetBuilder, ForeignGrid
from camxtime.formats.untrusted import field, mapping, member_name, number, pinhole, read_json, rigid
from camxtime.geometry.cameras import Cameras
from camxtime.shards.codecs import Codec, get
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.shards.layout import check_grid_id

NAME = "webdataset"
TAR_BYTES = 10**9
CONVENTIONS = {
    **CONVENTION,
    "images": "each image is encoded as its sample's json says under codecs; do not decode depth as a picture",
    "logpng16": "16-bit PNG: code 0 is +inf, code n >= 1 is 1e-3 * 1e9 ** ((n - 1) / 65534) metres",
    "zstd32": "'CXZ1', height and width (uint32 LE), then a zstd frame of the four byte planes of float32 LE metres",
}
MAX_MEMBER_BYTES = 2**30
MAX_JSON = 64 * 2**10


@dataclass(frozen=True)
class _Place:
    """Where a member's bytes lie."""

    file: Path
    offset: int
    nbytes: int

    def read(self) -> bytes:
        with self.file.open("rb") as data:
            data.seek(self.offset)
            return data.read(self.nbytes)


Sample = dict[str, _Place]


def _index(source: Path) -> dict[str, Sample]:
    """Key → extension → place, over all tar files; `DataError` for members that are not plain files of sane size."""
    files = [source] if source.is_file() else sorted(source.glob("*.tar")) if source.is_dir() else []
    if not files:
        raise DataError(f"{source}: there is no .tar to import.")
    samples: dict[str, Sample] = {}
    for file in files:
        try:
            with tarfile.open(file, "r:") as tar:
                for member in tar:
                    if member.isdir():
                        continue
                    name = member_name(member.name, str(file))
                    if not member.isfile() or member.size > MAX_MEMBER_BYTES or member.sparse is not None:
                        raise DataError(f"{file}: {name} is not a plain file of at most {MAX_MEMBER_BYTES:,} bytes.")
                    folder, _, base = name.rpartition("/")
                    stem, dot, extension = base.partition(".")
                    sample = samples.setdefault(f"{folder}/{stem}", {})
                    if not dot or extension in sample:
                        raise DataError(f"{file}: {name} has no extension, or is there twice.")
                    sample[extension] = _Place(file, member.offset_data, member.size)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise DataError(f"{file}: is not an uncompressed tar file, or is cut off: {error}.") from error
    return samples


def _meta(key: str, sample: Sample) -> dict[str, Any]:
    if "json" not in sample:
        raise DataError(f"sample {key}: has no .json; only samples with camera and time can be imported.")
    place = sample["json"]
    if place.nbytes > MAX_JSON:
        raise DataError(f"{place.file}: {key}.json is larger than {MAX_JSON:,} bytes.")
    try:
        return mapping(json.loads(place.read()), f"{place.file}: {key}.json")
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place.file}: {key}.json is not JSON: {error}.") from error


def passes(source: Path, options: ImportOptions) -> dict[str, str]:
    """Codecs: those asked for, else those that the first sample was stored with."""
    samples = _index(source)
    if not samples:
        raise DataError(f"{source}: holds no sample.")
    key, sample = next(iter(samples.items()))
    stored = mapping(field(_meta(key, sample), "codecs", f"sample {key}"), f"sample {key}: codecs")
    return (
        codecs_for(source, options, tuple(stored))
        if options.passes is not None
        else {k: str(v) for k, v in stored.items()}
    )


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import the tar files of a folder; samples may come in any order."""
    grids: dict[str, list[tuple[dict[str, Any], Sample]]] = {}
    for key, sample in _index(source).items():
        meta = _meta(key, sample)
        grid = check_grid_id(str(field(meta, "grid", f"sample {key}")))
        if options.wants(grid):
            grids.setdefault(grid, []).append((meta, sample))
    names = _instances(source, builder)
    for grid, found in grids.items():
        _import_grid(grid, found, builder, names.get(grid, []))


def _instances(source: Path, builder: DatasetBuilder) -> dict[str, list[dict[str, Any]]]:
    """Grid → names of its instance ids, from the sidecar of the export; {} without one."""
    file = (source if source.is_dir() else source.parent) / exporting.SIDECAR
    if "instance" not in builder.passes:
        return {}
    if not file.is_file():
        builder.note(f"{exporting.SIDECAR} is not beside the tar files: instance ids have no names.")
        return {}
    tables = mapping(read_json(file).get("instances", {}), f"{file}: instances")
    for grid, table in tables.items():
        if not isinstance(table, list) or not all(isinstance(entry, dict) for entry in table):
            raise DataError(f"{file}: instances.{grid} must be a list of objects.")
    return tables


def _import_grid(
    grid: str, found: list[tuple[dict[str, Any], Sample]], builder: DatasetBuilder, instances: list[dict[str, Any]]
) -> None:
    first = found[0][0]
    count, times, width, height = (_whole(first, name, grid) for name in ("cameras", "times", "width", "height"))
    c2w, K = np.full((count, 4, 4), np.nan), np.full((count, 3, 3), np.nan)
    for meta, _ in found:
        camera = _whole(meta, "camera", grid)
        if camera >= count:
            raise DataError(f"{grid}: a sample is of camera {camera}; the grid has 0 to {count - 1}.")
        if np.isnan(c2w[camera, 0, 0]):
            c2w[camera] = rigid(field(meta, "c2w", grid), f"{grid}, camera {camera}: c2w")
            K[camera] = pinhole(field(meta, "K", grid), f"{grid}, camera {camera}: K")
    if np.isnan(c2w).any():
        missing = int(np.argmax(np.isnan(c2w).any(axis=(1, 2))))
        raise DataError(f"{grid}: camera {missing} is missing from the tar files.")
    layout = str(first.get("layout", "camera_path"))
    record = ForeignGrid(
        grid, Cameras(c2w, K, width, height).validate(), times, number(field(first, "fps", grid), f"{grid}: fps"),
        str(first.get("caption", ""))[:2000], layout if layout in LAYOUTS else "camera_path", {"samples": len(found)},
        tuple(instances),
    )  # fmt: skip
    builder.add(record, _cells(grid, found, builder, (height, width)))


def _whole(meta: dict[str, Any], name: str, grid: str) -> int:
    value = field(meta, name, f"{grid}: a sample's json")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10**6:
        raise DataError(f"{grid}: {name} is {value!r}, not a whole number from 0.")
    return value


def _cells(
    grid: str, found: list[tuple[dict[str, Any], Sample]], builder: DatasetBuilder, size: tuple[int, int]
) -> Iterator[Cell]:
    for meta, sample in found:
        camera, time = _whole(meta, "camera", grid), _whole(meta, "time", grid)
        codecs = mapping(field(meta, "codecs", grid), f"{grid}: codecs")
        payloads: dict[str, Any] = {}
        for name, wanted in builder.passes.items():
            try:
                codec = get(str(field(codecs, name, f"{grid}: codecs")))
                place = field(sample, f"{name}.{codec.extension}", f"{grid}, camera {camera}, time {time}")
                data = place.read()
                image = codec.decode(data, size)  # proves it, also where the bytes are kept
            except (DataError, InputError) as error:
                raise DataError(f"{grid}, camera {camera}, time {time}: {name}: {error}") from error
            payloads[name] = data if codec.name == wanted else image
        yield Cell(camera, time, payloads)


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write all cells of the chosen grids (or a track of each), in tar files of about 1 GB."""
    report = exporting.start(folder, NAME)
    codecs = {name: get(dataset.passes[name]) for name in exporting.passes_of(dataset, options)}
    exporting.note_lost_passes(report, dataset, list(codecs))
    if options.track is not None:
        report.note(
            f"Only the track {options.track!r} of each grid is here: its tar files cannot be imported as whole grids."
        )
    tar: tarfile.TarFile | None = None
    number_of = 0
    try:
        for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
            if "instance" in codecs:
                report.instances[grid.id] = grid.row.instances
            for name, data in _members(grid, codecs, options):
                if tar is None or (tar.offset > TAR_BYTES and name.endswith(".json")):  # a sample stays in one file
                    if tar is not None:
                        tar.close()
                    path = folder / f"grids-{number_of:06d}.tar"
                    tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
                    report.add(path)
                    number_of += 1
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    finally:
        if tar is not None:
            tar.close()
    return report.finish(dataset, CONVENTIONS)


def _members(grid: Grid, codecs: dict[str, Codec], options: ExportOptions) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all samples of a grid, each beginning with its JSON."""
    track = exporting.track_of(grid, options.track or "all")
    for first in range(0, len(track), 64):
        cameras, times = track.cameras[first : first + 64], track.times[first : first + 64]
        payloads = {name: grid.payloads(list(cameras), list(times), name) for name in codecs}
        for i, (camera, time) in enumerate(zip(cameras, times, strict=True)):
            key = f"{grid.id.replace('.', '__')}/{time:05d}_{camera:05d}"
            meta = {
                "grid": grid.id, "camera": camera, "time": time, "cameras": grid.C, "times": grid.T, "width": grid.W,
                "height": grid.H, "fps": grid.fps, "caption": grid.caption, "layout": exporting.layout_of(grid),
                "codecs": {name: codec.name for name, codec in codecs.items()},
                "c2w": grid.cameras.c2w[camera].tolist(), "K": grid.cameras.K[camera].tolist(),
            }  # fmt: skip
            yield f"{key}.json", json.dumps(meta, ensure_ascii=False, allow_nan=False).encode()
            for name, codec in codecs.items():
                yield f"{key}.{name}.{codec.extension}", payloads[name][i]
