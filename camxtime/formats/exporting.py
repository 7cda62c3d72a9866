"""What all exporters share: which cells, the sidecar that says what is where, and what the format could not hold."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.formats.video import CRF, VideoKind
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.splits.tracks import CellTrack, decode_runs, encode_runs

SIDECAR = "camxtime_export.json"
LOSSLESS_CODECS = ("png", "webp")


@dataclass(frozen=True)
class ExportOptions:
    """What to export and how.

    grids: ids or shell patterns; empty: all complete ones. track: see `track_of`; None: what the format takes by itself.
    video: for formats made of videos. passes: those to export where the format can hold them; None: all there are.
    benchmark: a file of benchmark items (see camxtime.splits), for formats that have a place for them.
    progress: show how many grids are done, on a terminal.
    """

    grids: tuple[str, ...] = ()
    track: str | None = None
    video: VideoKind = "h264"
    crf: int = CRF
    passes: tuple[str, ...] | None = None
    benchmark: Path | None = None
    progress: bool = False


@dataclass
class ExportReport:
    """Files written and, in words, what the format could not hold. Written into the folder as `camxtime_export.json`.

    instances: grid → its table of instance ids, for formats that hold the pass but have no place for the names.
    """

    folder: Path
    format: str
    notes: list[str] = field(default_factory=list)
    table: list[dict[str, Any]] = field(default_factory=list)
    instances: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Remember what was not held; each is said once."""
        if text not in self.notes:
            self.notes.append(text)

    def add(self, path: Path, **what: Any) -> None:
        """Remember a file and what it shows."""
        self.table.append({"file": path.relative_to(self.folder).as_posix(), **what})

    def finish(self, dataset: Dataset, conventions: Mapping[str, Any]) -> ExportReport:
        """Write the sidecar."""
        value = {
            "written_by": "camxtime",
            "format": self.format,
            "dataset": {"name": dataset.name, "digest": dataset.digest},
            "conventions": dict(conventions),
            "not_held": self.notes,
            "files": self.table,
            **({"instances": self.instances} if self.instances else {}),
        }
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        (self.folder / SIDECAR).write_text(text, encoding="utf-8")
        return self


def start(folder: Path, name: str) -> ExportReport:
    """A report for a new folder; `InputError` if it holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty; export into a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return ExportReport(folder, name)


def chosen_grids(dataset: Dataset, options: ExportOptions) -> list[Grid]:
    """The grids asked for; `InputError` for one that is not there or not complete."""
    ids = dataset.grids.ids
    status = dict(zip(ids, dataset.grids.column("status"), strict=True))
    if not options.grids:
        wanted = [grid for grid in ids if status[grid] == "complete"]
        if not wanted:
            raise InputError(f"{dataset.root}: there is no complete grid to export.")
        return [dataset.grid(grid) for grid in wanted]
    wanted = []
    for pattern in options.grids:
        found = [grid for grid in ids if fnmatch.fnmatchcase(grid, pattern)]
        if not found:
            raise InputError(f"{dataset.root}: there is no grid {pattern!r}.")
        wanted += [grid for grid in found if grid not in wanted]
    for grid in wanted:
        if status[grid] != "complete":
            raise InputError(f"{dataset.root}: grid {grid} is {status[grid]}; finish rendering it before exporting it.")
    return [dataset.grid(grid) for grid in wanted]


def shown(grids: Sequence[Grid], options: ExportOptions) -> Iterator[Grid]:
    """The grids, with progress on a terminal if asked for."""
    from tqdm import tqdm

    yield from tqdm(grids, unit="grid", disable=None if options.progress else True)


def layout_of(grid: Grid) -> str:
    """What the grid's camera axis is: see `stored.LAYOUTS`."""
    return str(grid.row.extra.get("layout", "camera_path"))


def track_of(grid: Grid, text: str | None) -> CellTrack:
    """The track that a text names in a grid; `InputError` if it names none or leads out of the grid.

    `diagonal` (the default), `camera:5` (a fixed camera), `time:7` (bullet time), `all` (every cell, time by time), or
    cameras and times as runs of indices, `cameras@times`: `0:80@40*81`, `0:80@0:40,39:0`.
    """
    words = text or "diagonal"
    if words == "diagonal":
        frames = max(grid.C, grid.T)
        cameras: Sequence[int] = _spread(grid.C, frames)
        times: Sequence[int] = _spread(grid.T, frames)
    elif words.startswith("camera:") and words[7:].isdecimal():
        cameras, times = [int(words[7:])] * grid.T, range(grid.T)
    elif words.startswith("time:") and words[5:].isdecimal():
        cameras, times = range(grid.C), [int(words[5:])] * grid.C
    elif words == "all":
        cameras, times = np.tile(range(grid.C), grid.T).tolist(), np.repeat(range(grid.T), grid.C).tolist()
    elif "@" in words:
        left, _, right = words.partition("@")
        cameras, times = decode_runs(left), decode_runs(right)
    else:
        raise InputError(
            f"track {words!r}: write diagonal, camera:5, time:7, all, or cameras@times such as 0:80@40*81."
        )
    if len(cameras) != len(times):
        raise InputError(f"track {words!r}: {len(cameras)} cameras and {len(times)} times; they must be equally many.")
    track = CellTrack(grid.id, tuple(cameras), tuple(times))
    if max(cameras) >= grid.C or max(times) >= grid.T:
        raise InputError(f"track {words!r}: grid {grid.id} has cameras 0 to {grid.C - 1} and times 0 to {grid.T - 1}.")
    return track


def _spread(count: int, frames: int) -> list[int]:
    """`frames` indices from the first to the last of `count`, evenly, rounded half up: as `Grid.diagonal`."""
    span = max(frames - 1, 1)
    return [(2 * f * (count - 1) + span) // (2 * span) for f in range(frames)]


def frames_of(grid: Grid, track: CellTrack, what: str = "rgb") -> Iterator[NDArray[Any]]:
    """The images of a track in the pass `what`, one by one: at most 32 are decoded at a time."""
    for first in range(0, len(track), 32):
        part = slice(first, first + 32)
        clip = grid.clip(np.array(track.cameras[part]), np.array(track.times[part]), passes=(what,))
        yield from clip.image(what)


def passes_of(dataset: Dataset, options: ExportOptions) -> list[str]:
    """Passes to export; `InputError` for one that the dataset does not have."""
    wanted = list(options.passes) if options.passes is not None else sorted(dataset.passes)
    for name in wanted:
        if name not in dataset.passes:
            raise InputError(f"passes: {dataset.root} has no {name!r}; it has {', '.join(sorted(dataset.passes))}.")
    return wanted


def note_lost_passes(report: ExportReport, dataset: Dataset, held: Sequence[str]) -> None:
    """Say which stored passes the format has no place for."""
    for name in sorted(set(dataset.passes) - set(held)):
        report.note(f"The pass {name!r} is not in the export: the format {report.format} has no place for it.")


def note_recoding(report: ExportReport, options: ExportOptions) -> None:
    """Say that lossy video is not the stored pixels."""
    if options.video == "h264":
        report.note(
            f"Pixels are H.264 (CRF {options.crf}): not those that are stored; ask for lossless video to keep them."
        )


def track_json(track: CellTrack) -> dict[str, str]:
    """Cameras and times of a track as runs, for the sidecar."""
    return {"grid": track.grid, "cameras": encode_runs(track.cameras), "times": encode_runs(track.times)}
