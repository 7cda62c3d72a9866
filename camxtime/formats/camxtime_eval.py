"""Cam×Time's evaluation layout, in and out.

    full_grid_renders/scene_<n>/camera_000.mp4 …   one fixed camera each, all times
    full_grid_renders/scene_<n>/camera_data.json   schema 1
    eval_input/videos/<scene>.mp4                  source clips (diagonals)
    eval_input/src_cam/<scene>/camera_data.json    schema 2, world to camera
    eval_input/metadata.csv                        file_name, text
    eval_gt/<scene>/moving_{forward,backward,slowmo,zigzag,bullettime}.mp4
    eval_gt_wan2.1_format/<scene>/moving_*.mp4     832×480, cover and centre crop

Importing takes the full grids; where they are missing (they are not part of the published download command), the source
clips as moving-camera grids, whose intrinsics the layout does not have. `eval_gt` needs no import: it is a set of tracks of
the grids. Exporting writes the grids and, with a benchmark, its inputs and ground truth.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.formats import camera_data, exporting
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import (
    ImportOptions,
    cells_of_moving,
    cells_of_videos,
    count_frames,
    natural,
    read_captions,
    subfolders,
    videos_alike,
)
from camxtime.formats.pilot_dataset import assumed_intrinsics
from camxtime.formats.stored import DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.video import read_video, video_info, write_video
from camxtime.geometry.cameras import Cameras
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.splits.benchmark import Benchmark, load_benchmark

NAME = "camxtime-eval"
MOVING = {"forward": "moving_forward", "backward": "moving_backward", "slowmo": "moving_slowmo", "zigzag": "moving_zigzag",
          "bullettime": "moving_bullettime"}  # fmt: skip
WAN_SIZE = (832, 480)
_VIDEO = re.compile(r"camera_(\d{3,6})\.mp4")


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import `CamxTime_eval/` (or its `full_grid_renders/`). `DataError`: a camera is missing, lengths differ, …"""
    renders = source / "full_grid_renders" if (source / "full_grid_renders").is_dir() else source
    captions = read_captions(source / "eval_input" / "metadata.csv")
    scenes = [p for p in subfolders(renders, options) if (p / "camera_data.json").is_file()]
    for scene in scenes:
        _import_scene(scene, builder, captions.get(f"{scene.name}.mp4", ""))
    if scenes:
        if (source / "eval_gt").is_dir():
            builder.note(
                "eval_gt was not imported: its clips are tracks of the full grids (see camxtime.splits.benchmark)."
            )
        return
    if not (source / "eval_input" / "videos").is_dir():
        raise DataError(f"{source}: has neither full_grid_renders/scene_*/camera_data.json nor eval_input/videos/.")
    builder.note("full_grid_renders is missing: the source clips were imported as moving-camera grids.")
    _import_inputs(source / "eval_input", builder, options, captions)


def _import_scene(scene: Path, builder: DatasetBuilder, caption: str) -> None:
    file = scene / "camera_data.json"
    data = camera_data.read(file)
    videos = fixed_videos(scene, len(data.c2w))
    info = videos_alike(videos)
    times = count_frames(videos[0], info)
    name = identifier(scene.name)
    K = data.all_intrinsics(info.width, info.height, str(file))
    found = ForeignGrid(
        f"{name}.{name}-motion.arc", Cameras(data.c2w, K, info.width, info.height).validate(), times, info.fps,
        caption, "camera_path", {"folder": scene.name, "poses": "camera_data.json, schema 1"},
    )  # fmt: skip
    builder.add(found, cells_of_videos(videos, times))


def fixed_videos(folder: Path, cameras: int) -> list[Path]:
    """`camera_000.mp4` … of a scene; `DataError` naming the first that is missing or too many."""
    there = {int(m[1]): p for p in folder.glob("camera_*.mp4") if (m := _VIDEO.fullmatch(p.name)) is not None}
    for camera in range(cameras):
        if camera not in there:
            raise DataError(f"{folder}: camera_{camera:03d}.mp4 is missing; camera_data.json has {cameras} cameras.")
    if len(there) > cameras:
        raise DataError(f"{folder}: {there[max(there)].name} has no camera in camera_data.json, which has {cameras}.")
    return [there[camera] for camera in range(cameras)]


def _import_inputs(folder: Path, builder: DatasetBuilder, options: ImportOptions, captions: dict[str, str]) -> None:
    for video in sorted((p for p in (folder / "videos").glob("*.mp4") if options.wants(p.stem)), key=natural):
        file = folder / "src_cam" / video.stem / "camera_data.json"
        data = camera_data.read(file, options.matrix)
        info = video_info(video)
        frames = count_frames(video, info)
        if len(data.c2w) < frames:
            raise DataError(f"{file}: has {len(data.c2w)} cameras for the {frames} frames of {video.name}.")
        name = identifier(video.stem)
        K = np.tile(assumed_intrinsics(options, info.width, info.height, str(file)), (frames, 1, 1))
        cameras = Cameras(data.c2w[:frames], K, info.width, info.height).validate()
        words = {"file": video.name, "poses": f"schema 2, taken for {options.matrix}"}
        caption = captions.get(video.name, "")
        found = ForeignGrid(f"{name}.{name}-motion.video", cameras, 1, info.fps, caption, "moving_camera", words)
        builder.add(found, cells_of_moving(video, frames))
        if len(data.c2w) > frames:
            builder.note(
                f"Cameras beyond the last frame of a clip were left out (up to {len(data.c2w)} for {frames} frames)."
            )


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write `CamxTime_eval/` into a new folder."""
    report = exporting.start(folder, NAME)
    exporting.note_lost_passes(report, dataset, ["rgb"])
    exporting.note_recoding(report, options)
    grids = exporting.chosen_grids(dataset, options)
    benchmark = load_benchmark(options.benchmark) if options.benchmark is not None else None
    if benchmark is not None and not options.grids:
        grids = [dataset.grid(grid) for grid in sorted({item.source.grid for item in benchmark.items})]
    names = {grid.id: f"scene_{number}" for number, grid in enumerate(grids)}
    for grid in exporting.shown(grids, options):
        _export_scene(report, grid, names[grid.id], options)
    if benchmark is not None:
        _export_benchmark(report, dataset, benchmark, names, options)
    return report.finish(dataset, camera_data.CONVENTION)


def _export_scene(report: ExportReport, grid: Grid, name: str, options: ExportOptions) -> None:
    folder = report.folder / "full_grid_renders" / name
    files = {}
    for camera in range(grid.C):
        track = exporting.track_of(grid, f"camera:{camera}")
        path = folder / f"camera_{camera:03d}.mp4"
        write_video(path, exporting.frames_of(grid, track), grid.fps, options.video, options.crf)
        files[str(camera)] = path.name
        report.add(path, **exporting.track_json(track))
    extra = {"grid": grid.id, "caption": grid.caption, "fps": grid.fps, "n_frames": grid.T, "files": files}
    value = camera_data.format_schema1(grid.cameras.c2w, grid.cameras.K, (grid.W, grid.H), extra)
    if camera_data.varies(grid.cameras.K):
        report.note(camera_data.ZOOM_NOTE)
    camera_data.write(folder / "camera_data.json", value)


def _export_benchmark(
    report: ExportReport, dataset: Dataset, benchmark: Benchmark, names: dict[str, str], options: ExportOptions
) -> None:
    rows = []
    for item in benchmark.items:
        if item.source.grid not in names:
            raise InputError(f"{benchmark.name}: its grid {item.source.grid} is not among those exported.")
        scene, grid = names[item.source.grid], dataset.grid(item.source.grid)
        source = item.source.cells
        clip = report.folder / "eval_input" / "videos" / f"{scene}.mp4"
        if not clip.exists():
            write_video(clip, exporting.frames_of(grid, source), grid.fps, options.video, options.crf)
            report.add(clip, **exporting.track_json(source))
            poses = grid.cameras.c2w[list(source.cameras)]
            target = report.folder / "eval_input" / "src_cam" / scene / "camera_data.json"
            camera_data.write(target, camera_data.format_schema2(poses))
            rows.append((clip.name, item.caption))
        if item.mode not in MOVING:
            report.note(
                f"Benchmark items of mode {item.mode!r} have no place in eval_gt (it keeps the source's cameras)."
            )
            continue
        _export_truth(report, dataset, item.target.cells, scene, MOVING[item.mode], options)
    report.note("eval_input/src_cam has no intrinsics in this layout: they are in full_grid_renders.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("file_name", "text"), *rows])
    (report.folder / "eval_input" / "metadata.csv").write_text(text.getvalue(), encoding="utf-8")


def _export_truth(
    report: ExportReport, dataset: Dataset, track: Any, scene: str, mode: str, options: ExportOptions
) -> None:
    grid = dataset.grid(track.grid)
    path = report.folder / "eval_gt" / scene / f"{mode}.mp4"
    write_video(path, exporting.frames_of(grid, track), grid.fps, options.video, options.crf)
    report.add(path, **exporting.track_json(track))
    wan = report.folder / "eval_gt_wan2.1_format" / scene / f"{mode}.mp4"
    write_video(
        wan,
        (covered(frame, WAN_SIZE) for frame in exporting.frames_of(grid, track)),
        grid.fps,
        options.video,
        options.crf,
    )
    report.add(wan, **exporting.track_json(track))


def covered(frame: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A frame [H, W, 3] resized (bilinear, antialiased when shrinking) to cover (width, height), and cropped to its middle."""
    from PIL import Image

    width, height = size
    scale = max(width / frame.shape[1], height / frame.shape[0])
    wide, high = (max(side, round(n * scale)) for side, n in ((width, frame.shape[1]), (height, frame.shape[0])))
    image = Image.fromarray(frame).resize((wide, high), Image.Resampling.BILINEAR)
    left, top = (wide - width) // 2, (high - height) // 2
    return np.asarray(image.crop((left, top, left + width, top + height)))


def read_truth(folder: Path, scene: str) -> dict[str, Iterator[NDArray[np.uint8]]]:
    """The ground-truth clips of a scene under `eval_gt` or `eval_gt_wan2.1_format`, by mode; frames are read lazily."""
    there = {mode: folder / scene / f"{name}.mp4" for mode, name in MOVING.items()}
    return {mode: read_video(path) for mode, path in there.items() if path.is_file()}
