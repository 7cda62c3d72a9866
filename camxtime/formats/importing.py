"""What all importers share: options, sets of fixed-camera videos, captions."""

from __future__ import annotations

import csv
import fnmatch
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from camxtime.errors import DataError, InputError
from camxtime.formats.camera_data import Matrix
from camxtime.formats.stored import Cell
from camxtime.formats.untrusted import read_text
from camxtime.formats.video import VideoInfo, read_video, video_info

DEFAULT_FPS = 30.0


@dataclass(frozen=True)
class ImportOptions:
    """How to import.

    passes: pass → codec of the new dataset; None: what the format has, rgb as jpeg:95. only: shell patterns of the
    source's own names (scenes, videos). fps: where the source has none. focal_mm: over a 23.76 mm wide sensor, and
    hfov_deg: either, where the source has no intrinsics. matrix: what schema 2 of camera_data.json holds. progress: show it,
    on a terminal.
    """

    passes: Mapping[str, str] | None = None
    only: tuple[str, ...] = ()
    fps: float | None = None
    focal_mm: float | None = None
    hfov_deg: float | None = None
    matrix: Matrix = "w2c"
    progress: bool = False

    def wants(self, name: str) -> bool:
        """Whether something of the source with this name is to be imported."""
        return not self.only or any(fnmatch.fnmatchcase(name, pattern) for pattern in self.only)


def videos_alike(paths: Sequence[Path]) -> VideoInfo:
    """What all these videos have in common; `DataError` naming the first that differs in size, rate or length.

    A length that a header does not state is found out when decoding.
    """
    first = video_info(paths[0])
    for path in paths[1:]:
        other = video_info(path)
        if (other.width, other.height) != (first.width, first.height):
            raise DataError(
                f"{path}: is {other.width}×{other.height}; {paths[0].name} is {first.width}×{first.height}."
            )
        if abs(other.fps - first.fps) > 1e-3 * first.fps:
            raise DataError(f"{path}: has {other.fps:g} frames a second; {paths[0].name} has {first.fps:g}.")
        if None not in (first.frames, other.frames) and other.frames != first.frames:
            raise DataError(
                f"{path}: has {other.frames} frames; {paths[0].name} has {first.frames}: all videos of a scene must be "
                "equally long."
            )
    return first


def count_frames(path: Path, info: VideoInfo) -> int:
    """Frames of a video: as stated, or counted."""
    return info.frames if info.frames is not None else sum(1 for _ in read_video(path))


def cells_of_videos(paths: Sequence[Path], times: int) -> Iterator[Cell]:
    """The cells of fixed-camera videos: video i is camera i, frame t is time t. `DataError` for another length."""
    for camera, path in enumerate(paths):
        count = 0
        for count, frame in enumerate(read_video(path), start=1):
            if count > times:
                raise DataError(f"{path}: has more than the {times} frames of {paths[0].name}.")
            yield Cell(camera, count - 1, {"rgb": frame})
        if count < times:
            raise DataError(f"{path}: has {count} frames; {paths[0].name} has {times}: all must be equally long.")


def cells_of_moving(path: Path, frames: int) -> Iterator[Cell]:
    """The cells of one ordinary video as a moving-camera grid: frame f is camera f, time 0."""
    for cell in cells_of_videos([path], frames):
        yield Cell(cell.time, 0, cell.images)


def only_rgb(source: Path, options: ImportOptions) -> dict[str, str]:
    """The codecs for a source that has colour alone; `InputError` if others were asked for."""
    return codecs_for(source, options, ("rgb",))


def codecs_for(source: Path, options: ImportOptions, there: Sequence[str]) -> dict[str, str]:
    """The codecs asked for (else rgb alone) for a source that has these passes; `InputError` for one it does not have."""
    passes = dict(options.passes) if options.passes is not None else {"rgb": "jpeg:95"}
    for name in passes:
        if name not in there:
            raise InputError(f"passes: {source} has {' and '.join(there)}, not {name}; give codecs for what is there.")
    return passes


def subfolders(folder: Path, options: ImportOptions, pattern: str = "*") -> list[Path]:
    """Folders below `folder` that are wanted, in natural order; links are not followed out."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    base = folder.resolve()
    found = [
        p for p in folder.glob(pattern) if p.is_dir() and p.resolve().is_relative_to(base) and options.wants(p.name)
    ]
    return sorted(found, key=natural)


def natural(path: Path) -> tuple[object, ...]:
    """Sorting key: numbers in names by value."""
    words: list[tuple[int, object]] = []
    digits = ""
    for character in path.name + "\0":
        if character.isdecimal():
            digits += character
        else:
            if digits:
                words.append((0, int(digits)))
                digits = ""
            words.append((1, character))
    return tuple(words)


def read_captions(path: Path) -> dict[str, str]:
    """`metadata.csv` with the columns file_name and text → text by file name; {} where there is no such file."""
    if not path.is_file():
        return {}
    rows = list(csv.DictReader(io.StringIO(read_text(path))))
    if rows and not {"file_name", "text"} <= set(rows[0]):
        raise DataError(f"{path}: has columns {', '.join(map(str, rows[0]))}; file_name and text are needed.")
    return {str(row["file_name"]): str(row["text"] or "")[:2000] for row in rows}
