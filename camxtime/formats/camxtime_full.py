"""The layout of Cam×Time's full (training) release, in and out.

[train/]Scene001/camera-trajectory-01/cam001_full_motion.mp4 …   one fixed camera each, numbered from 1, all times
[train/]Scene001/camera-trajectory-01/camera-trajectory-01-camera.json
"""

from __future__ import annotations

import re
from pathlib import Path

from camxtime.errors import DataError
from camxtime.formats import camera_data, exporting
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import ImportOptions, cells_of_videos, count_frames, subfolders, videos_alike
from camxtime.formats.stored import DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.video import write_video
from camxtime.geometry.cameras import Cameras
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid

NAME = "camxtime-full"
_VIDEO = re.compile(r"cam(\d{3,6})_full_motion\.mp4")
ORDER_NOTE = (
    "The release does not document which camera file entry belongs to which video: entries in numerical order were taken "
    "for cam001, cam002, ….  Check one scene with `camxtime view` before you rely on the poses."
)


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import `CamXTime/` (or its `train/`, or one Scene folder's parent)."""
    root = source / "train" if (source / "train").is_dir() else source
    found = False
    for scene in subfolders(root, options):
        for path in subfolders(scene, ImportOptions(), "camera-trajectory-*"):
            _import_path(scene.name, path, builder)
            found = True
    if not found:
        raise DataError(f"{root}: has no Scene*/camera-trajectory-*/ folder.")


def _import_path(scene: str, folder: Path, builder: DatasetBuilder) -> None:
    file = folder / f"{folder.name}-camera.json"
    data = camera_data.read(file)
    there = {int(m[1]): p for p in folder.glob("cam*.mp4") if (m := _VIDEO.fullmatch(p.name)) is not None}
    for number in range(1, len(data.c2w) + 1):
        if number not in there:
            raise DataError(
                f"{folder}: cam{number:03d}_full_motion.mp4 is missing; {file.name} has {len(data.c2w)} cameras."
            )
    if len(there) > len(data.c2w):
        raise DataError(f"{folder}: {there[max(there)].name} has no entry in {file.name}, which has {len(data.c2w)}.")
    videos = [there[number] for number in range(1, len(data.c2w) + 1)]
    info = videos_alike(videos)
    times = count_frames(videos[0], info)
    name = identifier(scene)
    K = data.all_intrinsics(info.width, info.height, str(file))
    grid = ForeignGrid(
        f"{name}.{name}-motion.{identifier(folder.name)}", Cameras(data.c2w, K, info.width, info.height).validate(), times,
        info.fps, "", "camera_path", {"folder": f"{scene}/{folder.name}", "keys": [data.keys[0], data.keys[-1]]},
    )  # fmt: skip
    if data.keys != tuple(str(i + 1) for i in range(len(data.keys))):
        builder.note(ORDER_NOTE)
    builder.add(grid, cells_of_videos(videos, times))


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write the layout into a new folder: a Scene per (scene, animation), a trajectory per camera path."""
    report = exporting.start(folder, NAME)
    exporting.note_lost_passes(report, dataset, ["rgb"])
    exporting.note_recoding(report, options)
    stages: dict[str, int] = {}
    paths: dict[str, int] = {}
    for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
        stage = grid.id.rsplit(".", 1)[0]
        number = stages.setdefault(stage, len(stages) + 1)
        paths[stage] = paths.get(stage, 0) + 1
        _export_path(report, grid, folder / f"Scene{number:03d}" / f"camera-trajectory-{paths[stage]:02d}", options)
    return report.finish(dataset, camera_data.CONVENTION)


def _export_path(report: ExportReport, grid: Grid, target: Path, options: ExportOptions) -> None:
    files = {}
    for camera in range(grid.C):
        track = exporting.track_of(grid, f"camera:{camera}")
        video = target / f"cam{camera + 1:03d}_full_motion.mp4"
        write_video(video, exporting.frames_of(grid, track), grid.fps, options.video, options.crf)
        files[str(camera + 1)] = video.name
        report.add(video, **exporting.track_json(track))
    extra = {"grid": grid.id, "caption": grid.caption, "fps": grid.fps, "n_frames": grid.T, "files": files}
    value = camera_data.format_trajectory(grid.cameras.c2w, grid.cameras.K, (grid.W, grid.H), extra)
    if camera_data.varies(grid.cameras.K):
        report.note(camera_data.ZOOM_NOTE)
    camera_data.write(target / f"{target.name}-camera.json", value)
