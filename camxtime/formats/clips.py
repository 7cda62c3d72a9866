"""A track as one MP4 with its cameras beside it, in and out: `<grid>.mp4` and `<grid>.json` (see `posed`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from camxtime.errors import DataError
from camxtime.formats import exporting, posed
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import ImportOptions, natural
from camxtime.formats.posed import PosedTrack
from camxtime.formats.stored import Cell, DatasetBuilder, ForeignGrid
from camxtime.formats.untrusted import read_json
from camxtime.formats.video import read_video, video_info, write_video
from camxtime.shards.dataset import Dataset

NAME = "mp4"


def import_folder(source: Path, builder: DatasetBuilder, options: ImportOptions) -> None:
    """Import videos that have their cameras beside them (`clip.mp4` with `clip.json`)."""
    videos = [source] if source.is_file() else sorted(source.glob("*.mp4"), key=natural) if source.is_dir() else []
    videos = [video for video in videos if options.wants(video.stem)]
    if not videos:
        raise DataError(f"{source}: there is no .mp4 to import.")
    for video in videos:
        cameras = video.with_suffix(".json")
        if not cameras.is_file():
            raise DataError(f"{video}: its cameras, {cameras.name}, are missing; a video alone has no poses.")
        track = posed.read(cameras)
        info = video_info(video)
        if (info.width, info.height) != track.size:
            raise DataError(
                f"{video}: is {info.width}×{info.height}; {cameras.name} is for {track.size[0]}×{track.size[1]}."
            )
        place = track.arrangement
        if track.by_frame:
            builder.note(posed.BY_FRAME_NOTE.format(video.name))
        stated = str(read_json(cameras).get("layout", ""))
        found = ForeignGrid(
            posed.grid_id_of(track.grid, video.stem), place.cameras, place.times, track.fps, track.caption,
            posed.layout_of(track, stated), {"file": video.name},
        )  # fmt: skip
        builder.add(found, _cells(video, track))


def _cells(video: Path, track: PosedTrack) -> Iterator[Cell]:
    places = track.arrangement.cells
    count = 0
    for count, frame in enumerate(read_video(video), start=1):
        if count > len(places):
            raise DataError(f"{video}: has more frames than the {len(places)} cameras in its .json.")
        yield Cell(*places[count - 1], {"rgb": frame})
    if count < len(places):
        raise DataError(f"{video}: has {count} frames; its .json has {len(places)} cameras.")


def export_folder(dataset: Dataset, folder: Path, options: ExportOptions) -> ExportReport:
    """Write a track of every chosen grid (the diagonal by default) as a video."""
    report = exporting.start(folder, NAME)
    exporting.note_lost_passes(report, dataset, ["rgb"])
    exporting.note_recoding(report, options)
    for grid in exporting.shown(exporting.chosen_grids(dataset, options), options):
        track = exporting.track_of(grid, options.track)
        path = folder / f"{grid.id}.mp4"
        write_video(path, exporting.frames_of(grid, track), grid.fps, options.video, options.crf)
        posed.write(folder / f"{grid.id}.json", grid, track, None)
        report.add(path, **exporting.track_json(track))
    return report.finish(dataset, posed.CONVENTION)
