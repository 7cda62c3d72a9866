"""A folder of predictions of any model: one video, or one folder of frames, per item.

An item `<grid>/<mode>` is looked for at three places, of which exactly one must be there:

    <grid>/<mode>.mp4               or the folder <grid>/<mode>/ of images, in natural order of their names
    <mode>/<grid>.mp4               or the folder <mode>/<grid>/
    <published mode>/scene_<n>_cam_00.mp4   what the published inference writes for `camxtime export --format camxtime-eval`
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.evaluation.items import EvalItem, EvalSet
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.tasks import PredictionError, Task, TaskReader
from camxtime.formats.images import image_size, read_rgb
from camxtime.formats.importing import natural
from camxtime.formats.video import read_video, video_info

VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
MOST_FILES = 5_000_000
PUBLISHED_MODES = MappingProxyType(
    {"forward": "normal", "backward": "reverse", "slowmo": "slowmo", "zigzag": "zigzag", "bullettime": "fixed_10"}
)
"""Folder names of the published evaluation's modes."""


class FolderPredictions:
    """Predictions in a folder, as a predictor. resize: frames of another size are brought to the truth's by Pillow's bilinear
    filter, as the published script does; else they are a problem.

    Raises `InputError` if there is no such folder.
    """

    def __init__(self, folder: str | Path, items: EvalSet, resize: bool = False):
        self.folder = Path(folder)
        self.resize = resize
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: there is no such folder of predictions.")
        there = _scan(self.folder)
        self._paths: dict[str, list[Path]] = {}
        scenes = {grid: number for number, grid in enumerate(sorted({item.source.grid for item in items.items}))}
        claimed: set[str] = set()
        for item in items.items:
            found = [name for name in _places(item, scenes) if name in there]
            self._paths[item.id] = [path for name in found for path in there[name]]
            claimed.update(found)
        self.surplus = [str(path) for name in sorted(set(there) - claimed) for path in there[name]]

    def problems(self, items: EvalSet, reader: TaskReader) -> list[str]:
        """Everything that is wrong by names, headers and file counts, each in words; nothing is decoded."""
        found = []
        for item in items.items:
            try:
                self._check(item, reader.task(item))
            except PredictionError as error:
                found.append(str(error))
        return found + self.surplus_words()

    def surplus_words(self) -> list[str]:
        """The files and folders that belong to no item, each in words."""
        return [f"{path}: belongs to no item of the benchmark." for path in self.surplus]

    def __call__(self, task: Task) -> Frames:
        """The frames of an item; `PredictionError` naming what is wrong with them."""
        path = self._check(task.item, task)
        height, width = task.target.size
        frames: list[Frames] = []
        try:
            for frame in _frames(path):
                if len(frames) < len(task.target):
                    frames.append(self._sized(frame, (width, height), task.item.id, path))
                else:
                    frames.append(frame[:0])  # counted, not kept
        except PredictionError:
            raise
        except DataError as error:
            raise PredictionError(f"{task.item.id}: {error}") from error
        if len(frames) != len(task.target):
            raise PredictionError(f"{task.item.id}: {path} has {len(frames)} frames, not {len(task.target)}.")
        return np.stack(frames)

    def _check(self, item: EvalItem, task: Task) -> Path:
        paths = self._paths.get(item.id, [])
        if not paths:
            raise PredictionError(
                f"{item.id}: is missing; {self.folder / item.id}.mp4 or a folder of frames is expected."
            )
        if len(paths) > 1:
            raise PredictionError(f"{item.id}: is there more than once: {', '.join(map(str, paths))}.")
        path, wanted = paths[0], task.target.size[::-1]
        try:
            count, size = _header(path)
        except DataError as error:
            raise PredictionError(f"{item.id}: {error}") from error
        if size != wanted and not self.resize:
            raise PredictionError(f"{item.id}: {path} is {size[0]}×{size[1]}, not {wanted[0]}×{wanted[1]}.")
        if count is not None and count != len(task.target):
            raise PredictionError(f"{item.id}: {path} has {count} frames, not {len(task.target)}.")
        return path

    def _sized(self, frame: Frames, size: tuple[int, int], name: str, path: Path) -> Frames:
        if frame.shape[1::-1] == size:
            return frame
        if not self.resize:
            there = f"{frame.shape[1]}×{frame.shape[0]}"
            raise PredictionError(f"{name}: {path} has a frame of {there}, not {size[0]}×{size[1]}.")
        from PIL import Image

        return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))


def _places(item: EvalItem, scenes: dict[str, int]) -> list[str]:
    places = [item.id]
    head, sign, tail = item.id.rpartition("/")
    if sign and tail == item.mode:
        places.append(f"{tail}/{head}")
    if item.mode in PUBLISHED_MODES:
        places.append(f"{PUBLISHED_MODES[item.mode]}/scene_{scenes[item.source.grid]}_cam_00")
    return places


def _scan(folder: Path) -> dict[str, list[Path]]:
    """Name without suffix, relative to the folder → the videos and folders of frames of that name."""
    base = folder.resolve()
    found: dict[str, set[Path]] = {}
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number >= MOST_FILES:
            raise InputError(f"{folder}: has more than {MOST_FILES:,} files; name the folder of predictions alone.")
        suffix = path.suffix.lower()
        if path.name.startswith(".") or suffix not in VIDEOS + IMAGES or not path.is_file():
            continue
        if not path.resolve().is_relative_to(base):
            raise DataError(f"{path}: is a link that leads out of {folder}.")
        place = path if suffix in VIDEOS else path.parent
        name = place.relative_to(folder).as_posix()
        found.setdefault(name[: -len(suffix)] if suffix in VIDEOS else name, set()).add(place)
    return {name: sorted(paths) for name, paths in found.items()}


def _images(folder: Path) -> list[Path]:
    return sorted(
        (p for p in folder.iterdir() if p.suffix.lower() in IMAGES and not p.name.startswith(".")), key=natural
    )


def _header(path: Path) -> tuple[int | None, tuple[int, int]]:
    """Frames (None: the header does not say) and (width, height) of the first."""
    if path.is_dir():
        files = _images(path)
        return len(files), image_size(files[0])
    info = video_info(path)
    return info.frames, (info.width, info.height)


def _frames(path: Path) -> Iterator[Frames]:
    if path.is_dir():
        return (read_rgb(file)[0] for file in _images(path))
    return read_video(path)
