"""nerfstudio and D-NeRF folders: `transforms.json` (or `transforms_train.json` …) with images; in and out.

Exporting writes every cell of a grid (or a track) with its time: the stored images as they are, and depth as 16-bit PNG in
millimetres. Importing takes a whole grid where every pose has an image at every time, and one moving camera where every
image has a time of its own (D-NeRF); without times, a grid of one time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.errors import DataError
from camxtime.formats import exporting, images, posed, transforms
from camxtime.formats.arrange import Arrangement, arrange, cameras_of
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import DEFAULT_FPS, ImportOptions, codecs_for
from camxtime.formats.stored import LAYOUTS, Cell, DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.transforms import Frame
from camxtime.formats.untrusted import inside
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.splits.tracks import CellTrack

NAME = "nerfstudio"
CONVENTIONS = {
    "transform_matrix": "camera to world, OpenGL axes: x right, y up, z back",
    "world": "right-handed, Z up, metres",
    "time": "0..1 over the grid's times (T-1 is 1)",
    "depth": "16-bit PNG, z-depth in millimetres, 0 = unknown",
}
_SUFFIXES = ("", ".png", ".jpg", ".jpeg")


def passes(source: Path, options: ImportOptions) -> dict[str, str]:
    """Codecs: those asked for, else rgb alone, as the source's images are lossless or not."""
    return codecs_for(source, options, ("rgb", "depth"))


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    found = (
        [source / "transforms.json"]
        if (source / "transforms.json").is_file()
        else sorted(source.glob("transforms_*.json"))
    )
    found = found or sorted(source.glob("*/transforms.json"))
    if not found:
        raise DataError(f"{source}: has no transforms.json, transforms_*.json, nor folders with one.")
    return found


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import every transforms file of a folder, one grid each."""
    for file in _files(source):
        name = file.stem.removeprefix("transforms").strip("_") or file.parent.resolve().name
        if options.wants(name):
            _import_file(file, name, builder, options)


def _import_file(file: Path, name: str, builder: DatasetBuilder, options: ImportOptions) -> None:
    frames = transforms.read(file)
    paths = [_image(file, frame) for frame in frames]
    width, height = images.image_size(paths[0])
    if any(frame.depth is None for frame in frames) and "depth" in builder.passes:
        raise DataError(f"{file}: not every frame has a depth_file_path; import rgb alone.")
    cameras = cameras_of([f.c2w for f in frames], [f.intrinsics_for(width, height) for f in frames], (width, height))
    extra = transforms.extra_of(file)
    labels = [f.label for f in frames if f.label is not None] if all(f.label is not None for f in frames) else None
    moments = [f.time for f in frames if f.time is not None] or None
    moving = extra.get("layout") == "moving_camera"
    place = arrange(
        cameras, [float(n) for n in labels] if moving and labels else moments, str(file), None if moving else labels
    )
    fps = options.fps or extra.get("fps")
    if not isinstance(fps, int | float):
        fps = DEFAULT_FPS
        if moments is not None:
            builder.note(
                f"transforms.json has no frame rate: {DEFAULT_FPS:g} frames a second were assumed (--fps changes it)."
            )
    stated = extra.get("layout")
    layout = stated if stated in LAYOUTS[:2] and place.layout != "moving_camera" else place.layout
    grid = posed.grid_id_of(str(extra.get("grid", "")), identifier(name))
    found = ForeignGrid(grid, place.cameras, place.times, float(fps), str(extra.get("caption", ""))[:2000], layout,
                        {"file": file.name, "moments": list(place.moments[:1000])})  # fmt: skip
    if any(frame.depth for frame in frames) and "depth" not in builder.passes:
        builder.note("The source has depth, which was left out; ask for it with --pass depth=zstd32.")
    builder.add(found, _cells(file, frames, paths, place, builder))


def _image(file: Path, frame: Frame) -> Path:
    for suffix in _SUFFIXES:
        path = inside(file.parent, frame.file + suffix, str(file))
        if path.is_file():
            return path
    raise DataError(f"{file}: the image {frame.file} is missing.")


def _cells(
    file: Path, frames: Sequence[Frame], paths: Sequence[Path], place: Arrangement, builder: DatasetBuilder
) -> Iterator[Cell]:
    size = (place.cameras.width, place.cameras.height)
    for frame, path, (camera, time) in zip(frames, paths, place.cells, strict=True):
        rgb, transparent = images.read_rgb(path)
        if transparent:
            builder.note("Transparent images were laid over white.")
        read: dict[str, Any] = {"rgb": rgb} if "rgb" in builder.passes else {}
        if "depth" in builder.passes:
            read["depth"], unknown = images.read_depth_mm(inside(file.parent, frame.depth, str(file)), size)
            if unknown:
                builder.note("Depth 0 (unknown in transforms.json) was taken for no hit (+inf).")
        yield Cell(camera, time, read)


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write a folder per grid: all cells, or those of `options.track`."""
    report = exporting.start(folder, NAME)
    held = [name for name in exporting.passes_of(dataset, options) if name in ("rgb", "depth")]
    exporting.note_lost_passes(report, dataset, held)
    for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
        track = exporting.track_of(grid, options.track or "all")
        target = folder / grid.id
        frames = list(_written(report, grid, track, target, held, dataset.passes["rgb"]))
        extra = {
            "grid": grid.id,
            "caption": grid.caption,
            "fps": grid.fps,
            "layout": exporting.layout_of(grid),
            **CONVENTIONS,
        }
        transforms.write(target / "transforms.json", frames, extra)
        report.add(target / "transforms.json", **exporting.track_json(track))
    return report.finish(dataset, CONVENTIONS)


def _written(
    report: ExportReport, grid: Grid, track: CellTrack, folder: Path, held: Sequence[str], codec: str
) -> Iterator[Frame]:
    """Write the images of a track, stored bytes as they are; yields their frames."""
    suffix = {"jpeg": "jpg"}.get(codec.split(":")[0], codec.split(":")[0])
    (folder / "images").mkdir(parents=True, exist_ok=True)
    depths = exporting.frames_of(grid, track, "depth") if "depth" in held else None
    for camera, time in zip(track.cameras, track.times, strict=True):
        name = f"c{camera:04d}_t{time:04d}"
        (data,) = grid.payloads([camera], [time], "rgb")
        (folder / "images" / f"{name}.{suffix}").write_bytes(data)
        depth = None
        if depths is not None:
            depth = f"depth/{name}.png"
            if images.write_depth_mm(folder / depth, next(depths)):
                report.note(
                    "Depth beyond 65.535 m (or under 0.5 mm) does not fit 16-bit millimetres: written as 0, unknown."
                )
        moment = (
            time / max(grid.T - 1, 1) if exporting.layout_of(grid) != "moving_camera" else camera / max(grid.C - 1, 1)
        )
        cameras = grid.cameras
        yield Frame(f"images/{name}.{suffix}", cameras.c2w[camera], cameras.K[camera], (grid.W, grid.H), float(np.float64(moment)),
                    depth=depth, label=camera)  # fmt: skip
    if depths is not None:
        report.note("Depth is rounded to whole millimetres, and no hit is 0 (unknown).")
