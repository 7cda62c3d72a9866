"""SpaceTimePilot's demo inputs: `videos/<name>.mp4`, `src_cam/<name>_extrinsics.npy`, `src_cam/<name>_times.npy`.

The cameras are world to camera; there are no intrinsics, so importing asks for a focal length. A video becomes a
moving-camera grid.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.formats import exporting, spacetimepilot
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import ImportOptions, cells_of_moving, count_frames, natural
from camxtime.formats.multicamvideo import intrinsics_of_focal
from camxtime.formats.stored import DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.untrusted import Floats
from camxtime.formats.video import video_info, write_video
from camxtime.geometry.cameras import Cameras, focal_px, intrinsics
from camxtime.shards.dataset import Dataset

NAME = "spacetimepilot"
CONVENTIONS = {"extrinsics": "world to camera (F, 4, 4), OpenCV axes", "times": "frame numbers from 0, float32"}


def assumed_intrinsics(options: ImportOptions, width: int, height: int, where: str) -> Floats:
    """K (3, 3) from the options; `InputError` if they have none."""
    if options.hfov_deg is not None:
        return intrinsics(focal_px(width, hfov_deg=options.hfov_deg), width, height)
    if options.focal_mm is not None:
        return intrinsics_of_focal(options.focal_mm, width, height)
    raise InputError(
        f"{where}: has no intrinsics; give a field of view (--hfov) or a focal length over 23.76 mm (--focal-mm; the "
        "published Cam×Time set has 24)."
    )


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import every video that has its extrinsics."""
    videos = sorted((p for p in (source / "videos").glob("*.mp4") if options.wants(p.stem)), key=natural)
    if not videos:
        raise DataError(f"{source}: there is no videos/*.mp4 to import.")
    for video in videos:
        file = source / "src_cam" / f"{video.stem}_extrinsics.npy"
        c2w = spacetimepilot.read_extrinsics(file)
        info = video_info(video)
        frames = count_frames(video, info)
        if len(c2w) != frames:
            raise DataError(f"{file}: has {len(c2w)} cameras for the {frames} frames of {video.name}.")
        K = np.tile(assumed_intrinsics(options, info.width, info.height, str(file)), (frames, 1, 1))
        name = identifier(video.stem)
        times = file.with_name(f"{video.stem}_times.npy")
        if times.is_file() and (spacetimepilot.read_times(times) != np.arange(frames)).any():
            raise DataError(
                f"{times}: {video.name} is not a plain clip but a warped one; only plain clips can be imported."
            )
        found = ForeignGrid(f"{name}.{name}-motion.video", Cameras(c2w, K, info.width, info.height).validate(), 1, info.fps, "",
                            "moving_camera", {"file": video.name})  # fmt: skip
        builder.add(found, cells_of_moving(video, frames))


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write a track of every chosen grid (the diagonal by default)."""
    report = exporting.start(folder, NAME)
    exporting.note_lost_passes(report, dataset, ["rgb"])
    exporting.note_recoding(report, options)
    report.note("This layout has no intrinsics: K of every frame is in camxtime_export.json.")
    for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
        track = exporting.track_of(grid, options.track)
        cameras = grid.cameras.subset(list(track.cameras))
        moving = exporting.layout_of(grid) == "moving_camera"
        path = folder / "videos" / f"{grid.id}.mp4"
        write_video(path, exporting.frames_of(grid, track), grid.fps, options.video, options.crf)
        spacetimepilot.write_extrinsics(folder / "src_cam" / f"{grid.id}_extrinsics.npy", cameras.c2w)
        spacetimepilot.write_times(
            folder / "src_cam" / f"{grid.id}_times.npy", track.cameras if moving else track.times
        )
        report.add(path, **exporting.track_json(track), K=cameras.K.reshape(-1, 9).tolist())
    return report.finish(dataset, CONVENTIONS)
