"""What the files of a folder are good for: each is imported into a Blender of its own and looked at."""

from __future__ import annotations

import fnmatch
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderDied, BlenderFailed, BlenderHung, BlenderLaunch, FileReport, Limits
from camxtime.spec.blend import check_links
from camxtime.spec.draft import Found, Role
from camxtime.spec.gltf import read_gltf
from camxtime.spec.licences import licence_of

SUFFIXES = (
    ".blend",
    ".glb",
    ".gltf",
    ".usdz",
    ".usdc",
    ".usda",
    ".usd",
    ".fbx",
    ".abc",
    ".bvh",
    ".obj",
    ".ply",
    ".stl",
)
"""Suffixes of what can be imported, the better kept first: of files that differ in suffix alone one is taken."""

SCENE_LEAST_M = 4.0
SCENE_LEAST_RADIUS_M = 1.0
"""A file without motion is a scene if it is this large across and has a free floor of this radius."""

MOST_FILES = 2000
LIMITS = Limits(start_s=120.0, work_s=300.0)


@dataclass(frozen=True)
class SurveyOptions:
    """scenes, animations: patterns (`*.glb`, `props/*`) of files whose role is given. licence: for all files, else sought."""

    scenes: tuple[str, ...] = ()
    animations: tuple[str, ...] = ()
    licence: str | None = None
    blender: str | None = None


def survey(folder: Path, options: SurveyOptions) -> list[Found]:
    """Look at every file of `folder` and below that can be imported; what cannot is listed with the reason.

    Raises:
        InputError: no such folder, nothing to import in it, or more than `MOST_FILES`.
        WorkError: Blender cannot be started.
    """
    files = list(_files(folder))
    if not files:
        raise InputError(f"{folder}: holds no file that can be imported ({' '.join(SUFFIXES)}).")
    if len(files) > MOST_FILES:
        raise InputError(f"{folder}: holds more than {MOST_FILES:,} assets; name a folder below it.")
    kept: dict[Path, Path] = {}
    for file in sorted(files, key=lambda f: (f.with_suffix(""), SUFFIXES.index(f.suffix.lower()))):
        kept.setdefault(file.with_suffix(""), file)
    with tempfile.TemporaryDirectory(prefix="camxtime-survey-") as scratch, _Looker(Path(scratch), options) as looker:
        return [
            looker.look(folder, file, kept[file.with_suffix("")])
            for file in tqdm(sorted(files), desc="looking at assets", unit="file", disable=None, leave=False)
        ]


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    root = folder.resolve()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(parent) / name
            if file.suffix.lower() in SUFFIXES and not name.startswith(".") and file.resolve().is_relative_to(root):
                yield file


class _Looker:
    """A Blender that is started again when a file brings it down."""

    def __init__(self, scratch: Path, options: SurveyOptions) -> None:
        self._launch = BlenderLaunch(options.blender, scratch, scratch / "blender.log", limits=LIMITS)
        self._options = options
        self._process: BlenderProcess | None = None

    def __enter__(self) -> _Looker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.close()

    def look(self, folder: Path, file: Path, best: Path) -> Found:
        """What one file is; `best` is the one to take of those that differ in suffix alone."""
        name = file.relative_to(folder).as_posix()
        if best != file:
            return Found(name, "none", f"the same as {best.name}, by its name")
        try:
            if file.suffix.lower() in (".glb", ".gltf"):
                read_gltf(file)
            elif file.suffix.lower() == ".blend":
                check_links(file)
            report = self._blender().inspect(file)
        except InputError as error:
            return Found(name, "none", str(error).removeprefix(f"{file.name}: ").rstrip("."))
        except (BlenderDied, BlenderHung, BlenderFailed) as error:
            self._discard()
            return Found(name, "none", f"Blender cannot cope with it ({type(error).__name__})")
        role, why = self._role(name, report)
        x, y, z = report.size
        return Found(
            file=name,
            role=role,
            why=why,
            clips=tuple((clip["name"], float(clip["seconds"])) for clip in report.clips),
            height_m=z,
            size=(x, y, z),
            triangles=report.triangles,
            licence=self._options.licence or licence_of(file, folder),
        )

    def _role(self, name: str, report: FileReport) -> tuple[Role, str]:
        if any(fnmatch.fnmatch(name, pattern) for pattern in self._options.scenes):
            return "scene", "a scene, as told"
        if any(fnmatch.fnmatch(name, pattern) for pattern in self._options.animations):
            return "animation", "a subject, as told"
        if report.clips:
            count = len(report.clips)
            return "animation", f"a subject: it has {count} clip{'s' if count > 1 else ''}"
        radius = report.floor_radius_m
        if radius is not None and radius >= SCENE_LEAST_RADIUS_M and min(report.size[:2]) >= SCENE_LEAST_M:
            return "scene", f"a scene: a free floor of {2 * radius:.1f} m and no clips"
        return (
            "none",
            "no clips, and no floor large enough to act on; --animation lets it stand still, --scene makes it a scene",
        )

    def _blender(self) -> BlenderProcess:
        if self._process is None:
            self._process = BlenderProcess(self._launch)
            self._process.start()
        return self._process

    def _discard(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
