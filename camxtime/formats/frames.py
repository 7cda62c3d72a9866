"""A track as image files: PNG colour, OpenEXR depth, PNG ids, and `frames.json`; in and out.

<grid>/frames.json            cameras and times of every frame (see `posed`)
<grid>/rgb/000000.png         8-bit RGB: the decoded pixels, exactly
<grid>/depth/000000.exr       float32 channel Z, metres, +inf where nothing is hit
<grid>/instance/000000.png    16-bit ids
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from camxtime.errors import DataError
from camxtime.formats import exporting, images, posed
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import ImportOptions, codecs_for, subfolders
from camxtime.formats.posed import PosedTrack
from camxtime.formats.stored import Cell, DatasetBuilder, ForeignGrid
from camxtime.formats.untrusted import inside, read_json
from camxtime.shards.dataset import Dataset

NAME = "frames"
SUFFIX = {"rgb": "png", "depth": "exr", "instance": "png"}


def passes(source: Path, options: ImportOptions) -> dict[str, str]:
    """Codecs: those asked for, else the defaults of what the first folder has."""
    folder = _folders(source, options)[0]
    there = [name for name in SUFFIX if (folder / name).is_dir()]
    if options.passes is not None:
        return codecs_for(source, options, there)
    defaults = {"rgb": "png", "depth": "zstd32", "instance": "png16"}
    return {name: defaults[name] for name in there}


def _folders(source: Path, options: ImportOptions) -> list[Path]:
    found = [source] if (source / "frames.json").is_file() else subfolders(source, options)
    found = [folder for folder in found if (folder / "frames.json").is_file()]
    if not found:
        raise DataError(f"{source}: has no frames.json, nor folders with one.")
    return found


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import frames with their `frames.json`: a whole grid, or one moving camera."""
    for folder in _folders(source, options):
        track = posed.read(folder / "frames.json")
        if track.files is None:
            raise DataError(f"{folder}: frames.json names no files; it belongs to a video.")
        place = track.arrangement
        if track.by_frame:
            builder.note(posed.BY_FRAME_NOTE.format(folder.name))
        stated = str(read_json(folder / "frames.json").get("layout", ""))
        found = ForeignGrid(
            posed.grid_id_of(track.grid, folder.name), place.cameras, place.times, track.fps, track.caption,
            posed.layout_of(track, stated), {"folder": folder.name}, track.instances,
        )  # fmt: skip
        builder.add(found, _cells(folder, track, tuple(builder.passes)))


def _cells(folder: Path, track: PosedTrack, wanted: tuple[str, ...]) -> Iterator[Cell]:
    for number, (name, (camera, time)) in enumerate(zip(track.files or (), track.arrangement.cells, strict=True)):
        where = f"{folder}: frames.{number}"
        read: dict[str, Any] = {}
        for kind in wanted:
            file = inside(folder, f"{kind}/{name}.{SUFFIX[kind]}", where)
            if kind == "rgb":
                read[kind] = images.read_rgb(file)[0]
            elif kind == "depth":
                read[kind] = images.read_exr_depth(file, track.size)
            else:
                read[kind] = images.read_ids(file, track.size)
        yield Cell(camera, time, read)


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write a track of every chosen grid (the diagonal by default; `all` for whole grids) as image files."""
    report = exporting.start(folder, NAME)
    kinds = exporting.passes_of(dataset, options)
    exporting.note_lost_passes(report, dataset, kinds)
    for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
        track = exporting.track_of(grid, options.track)
        names = [f"{number:06d}" for number in range(len(track))]
        target = folder / grid.id
        for kind in kinds:
            for name, image in zip(names, exporting.frames_of(grid, track, kind), strict=True):
                path = target / kind / f"{name}.{SUFFIX[kind]}"
                if kind == "rgb":
                    images.write_png(path, image)
                elif kind == "depth":
                    images.write_exr_depth(path, image)
                else:
                    images.write_ids(path, image)
        posed.write(target / "frames.json", grid, track, names)
        report.add(target / "frames.json", **exporting.track_json(track), passes=kinds)
    return report.finish(dataset, posed.CONVENTION)
