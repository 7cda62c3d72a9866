"""COLMAP folders: `images/` and a text model in `sparse/0/`; in and out. One moment in time: COLMAP has no time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from camxtime.errors import DataError
from camxtime.formats import colmap, exporting, images
from camxtime.formats.arrange import cameras_of
from camxtime.formats.colmap import PosedImage
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import DEFAULT_FPS, ImportOptions
from camxtime.formats.stored import Cell, DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.untrusted import inside
from camxtime.shards.dataset import Dataset

NAME = "colmap"
CONVENTIONS = {"poses": "world to camera: quaternion w x y z and translation, OpenCV axes", "world": "right-handed, Z up, metres",
               "pixel_centres": "half-integer"}  # fmt: skip


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import a text model with its images as a grid of C cameras × 1 time, cameras in the order of their names."""
    models = [f for f in (source / "sparse" / "0", source / "sparse", source) if (f / "cameras.txt").is_file()]
    if not models:
        raise DataError(f"{source}: has no cameras.txt (nor in sparse/0): a text model is needed; COLMAP's model_converter "
                        "makes one from a binary model.")  # fmt: skip
    model = colmap.read_model(models[0])
    sizes = {(image.width, image.height) for image in model}
    if len(sizes) > 1:
        raise DataError(f"{models[0]}: images have {len(sizes)} sizes; a grid has one.")
    folder = source / "images" if (source / "images").is_dir() else source
    cameras = cameras_of([i.c2w for i in model], [i.K for i in model], sizes.pop())
    name = identifier(source.resolve().name)
    builder.note("COLMAP has no time: the images became a grid of one time.")
    found = ForeignGrid(f"{name}.{name}-motion.images", cameras, 1, options.fps or DEFAULT_FPS, "", "scattered_cameras",
                        {"images": [image.name for image in model]})  # fmt: skip
    builder.add(found, _cells(folder, model, builder))


def _cells(folder: Path, model: list[PosedImage], builder: DatasetBuilder) -> Iterator[Cell]:
    for camera, image in enumerate(model):
        rgb, transparent = images.read_rgb(inside(folder, image.name, str(folder)))
        if transparent:
            builder.note("Transparent images were laid over white.")
        yield Cell(camera, 0, {"rgb": rgb})


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write a folder per grid: the images and cameras of a track (all cameras at time 0 by default)."""
    report = exporting.start(folder, NAME)
    exporting.note_lost_passes(report, dataset, ["rgb"])
    report.note("COLMAP has no time: a model of a track with several times shows a scene that moves between its images; the times "
                "are in camxtime_export.json.")  # fmt: skip
    codec = dataset.passes["rgb"].split(":")[0]
    suffix = {"jpeg": "jpg"}.get(codec, codec)
    for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
        track = exporting.track_of(grid, options.track or "time:0")
        target = folder / grid.id
        (target / "images").mkdir(parents=True)
        model = []
        for frame, (camera, time) in enumerate(zip(track.cameras, track.times, strict=True)):
            name = f"{frame:06d}.{suffix}"
            (target / "images" / name).write_bytes(grid.payloads([camera], [time], "rgb")[0])
            model.append(PosedImage(name, grid.cameras.c2w[camera], grid.cameras.K[camera], grid.W, grid.H))
        colmap.write_model(target / "sparse" / "0", model)
        report.add(target / "images", **exporting.track_json(track))
    return report.finish(dataset, CONVENTIONS)
