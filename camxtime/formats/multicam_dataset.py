"""MultiCamVideo's and SynCamVideo's layout, in and out.

    [train/]f24_aperture5/scene1/videos/cam01.mp4 …              synchronised videos
    [train/]f24_aperture5/scene1/cameras/camera_extrinsics.json
    metadata.csv                                                 file_name (below train/), text

Importing: where no camera of a scene moves (SynCamVideo), cameras × frames is a whole grid. Where cameras move, only one
cell per camera and frame exists: every video becomes a moving-camera grid (camera index = frame index), and those of a
scene share its (scene, animation), so that samplers pair them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.formats import exporting, multicamvideo
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import (
    ImportOptions,
    cells_of_moving,
    cells_of_videos,
    count_frames,
    natural,
    read_captions,
    videos_alike,
)
from camxtime.formats.multicamvideo import Rig
from camxtime.formats.stored import DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.untrusted import Floats
from camxtime.formats.video import write_video
from camxtime.geometry.cameras import Cameras, focal_px, intrinsics
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.splits.tracks import CellTrack

NAME = "multicamvideo"
CONVENTIONS = {
    "matrices": "row-vector camera-to-world: the translation is the fourth row",
    "camera_axes": "Unreal: X forward, Y right, Z up",
    "world": "left-handed, Z up, centimetres",
    "intrinsics": "focal length in mm in the folder's name, over a sensor of 23.76 x 23.76 mm",
}
_VIDEO = re.compile(r"cam\d{2,4}")


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import every scene below `source`: any folder with `cameras/camera_extrinsics.json` and `videos/`."""
    if not source.is_dir():
        raise InputError(f"{source}: there is no such folder.")
    files = [p for p in source.rglob("cameras/camera_extrinsics.json") if p.resolve().is_relative_to(source.resolve())]
    scenes = sorted({p.parent.parent for p in files}, key=lambda p: (p.parent.as_posix(), natural(p)))
    captions = read_captions(source / "metadata.csv")
    if not scenes:
        raise DataError(f"{source}: has no cameras/camera_extrinsics.json anywhere below.")
    for scene in scenes:
        if options.wants(scene.name):
            _import_scene(source, scene, builder, options, captions)


def _import_scene(
    source: Path, scene: Path, builder: DatasetBuilder, options: ImportOptions, captions: dict[str, str]
) -> None:
    rig = multicamvideo.read_extrinsics(scene / "cameras" / "camera_extrinsics.json")
    videos = videos_of(scene, rig)
    info = videos_alike(videos)
    frames = count_frames(videos[0], info)
    if frames != rig.frames:
        raise DataError(f"{scene}: the videos have {frames} frames, camera_extrinsics.json has {rig.frames}.")
    K = _intrinsics(scene, options, info.width, info.height)
    where = scene.relative_to(source).as_posix()
    name = identifier(where.removeprefix("train/").replace("/", "-"))
    words = {"folder": where, "matrices": "row vectors, Unreal axes, left-handed, centimetres; world's Y mirrored"}
    texts = [_caption(captions, source, video) for video in videos]
    if rig.static:
        cameras = Cameras(rig.c2w[:, 0], np.tile(K, (len(rig.names), 1, 1)), info.width, info.height).validate()
        source_words = {**words, "cameras": list(rig.names)}
        grid = ForeignGrid(
            f"{name}.{name}-motion.rig", cameras, frames, info.fps, texts[0], "scattered_cameras", source_words
        )
        builder.add(grid, cells_of_videos(videos, frames))
        return
    for number, video in enumerate(videos):
        cameras = Cameras(rig.c2w[number], np.tile(K, (frames, 1, 1)), info.width, info.height).validate()
        grid_id = f"{name}.{name}-motion.{identifier(video.stem)}"
        builder.add(ForeignGrid(grid_id, cameras, 1, info.fps, texts[number], "moving_camera", {**words, "video": video.name}),
                    cells_of_moving(video, frames))  # fmt: skip


def videos_of(scene: Path, rig: Rig) -> list[Path]:
    """A scene's videos in the order of the rig's cameras; `DataError` naming a video or a camera without the other."""
    there = {p.stem: p for p in (scene / "videos").glob("*.mp4")}
    for name in rig.names:
        if _VIDEO.fullmatch(name) is None:
            raise DataError(
                f"{scene}: camera_extrinsics.json names a camera {name[:40]!r}; cam01, cam02, … are expected."
            )
        if name not in there:
            raise DataError(f"{scene}: videos/{name}.mp4 is missing; camera_extrinsics.json has the camera {name}.")
    extra = sorted(set(there) - set(rig.names))
    if extra:
        raise DataError(f"{scene}: videos/{extra[0]}.mp4 has no camera in camera_extrinsics.json.")
    return [there[name] for name in rig.names]


def _intrinsics(scene: Path, options: ImportOptions, width: int, height: int) -> Floats:
    if options.hfov_deg is not None:
        return intrinsics(focal_px(width, hfov_deg=options.hfov_deg), width, height)
    focal = options.focal_mm if options.focal_mm is not None else multicamvideo.focal_of_folder(scene.parent.name)
    return multicamvideo.intrinsics_of_focal(focal, width, height)


def _caption(captions: dict[str, str], source: Path, video: Path) -> str:
    below = video.relative_to(source).as_posix()
    return captions.get(below.removeprefix("train/"), captions.get(below, ""))


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write a scene per (scene, animation); its videos are the diagonals of the stage's grids, one per camera path.

    A grid of scattered cameras gives one video per camera; any other track (`options.track`) is taken from every grid.
    """
    report = exporting.start(folder, NAME)
    exporting.note_lost_passes(report, dataset, ["rgb"])
    exporting.note_recoding(report, options)
    stages: dict[tuple[str, float, int, int], list[Grid]] = {}
    for grid in exporting.chosen_grids(dataset, options):
        stages.setdefault((grid.id.rsplit(".", 1)[0], grid.fps, grid.H, grid.W), []).append(grid)
    rows: list[tuple[str, str]] = []
    for number, grids in enumerate(stages.values(), start=1):
        tracks = [track for grid in grids for track in _tracks(grid, options)]
        length = min(len(track) for track in tracks)
        if any(len(track) != length for track in tracks):
            report.note("Videos of one scene are equally long: longer ones were cut to the shortest.")
        tracks = [CellTrack(t.grid, t.cameras[:length], t.times[:length]) for t in tracks]
        rows += _export_scene(report, dataset, f"scene{number}", tracks, options)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("file_name", "text"), *rows])
    (folder / "metadata.csv").write_text(text.getvalue(), encoding="utf-8")
    return report.finish(dataset, CONVENTIONS)


def _tracks(grid: Grid, options: ExportOptions) -> list[CellTrack]:
    if options.track is None and exporting.layout_of(grid) == "scattered_cameras":
        return [exporting.track_of(grid, f"camera:{camera}") for camera in range(grid.C)]
    return [exporting.track_of(grid, options.track)]


def _export_scene(
    report: ExportReport, dataset: Dataset, scene: str, tracks: Sequence[CellTrack], options: ExportOptions
) -> list[tuple[str, str]]:
    """Write one scene; returns its rows of metadata.csv."""
    poses, K = [], []
    for track in tracks:
        cameras = dataset.grid(track.grid).cameras
        poses.append(cameras.c2w[list(track.cameras)])
        K.append(cameras.K[list(track.cameras)])
    grid = dataset.grid(tracks[0].grid)
    focal = multicamvideo.focal_of_intrinsics(np.mean(K, axis=(0, 1)), grid.W)
    held = multicamvideo.intrinsics_of_focal(focal, grid.W, grid.H)
    if np.abs(np.stack(K) - held).max() > 1e-6 * grid.W:
        report.note(f"{scene}: its cameras differ in K (or have their principal point off the middle); the folder's name holds "
                    f"one focal length, {focal:.3f} mm, their mean. K of every frame is in camxtime_export.json.")  # fmt: skip
    folder = report.folder / "train" / multicamvideo.folder_of_focal(focal) / scene
    rows = []
    names = tuple(f"cam{i:02d}" for i in range(1, len(tracks) + 1))
    for name, track, intrinsic in zip(names, tracks, K, strict=True):
        source = dataset.grid(track.grid)
        path = folder / "videos" / f"{name}.mp4"
        write_video(path, exporting.frames_of(source, track), source.fps, options.video, options.crf)
        report.add(path, **exporting.track_json(track), K=intrinsic.reshape(-1, 9).tolist())
        rows.append((path.relative_to(report.folder / "train").as_posix(), source.caption))
    rig = Rig(names, np.stack(poses))
    multicamvideo.write_extrinsics(folder / "cameras" / "camera_extrinsics.json", rig)
    return rows
