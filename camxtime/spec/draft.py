"""A commented spec from what was found in a folder of assets, ready to plan and render as it is."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from blender_scripts.clip_words import clip_phrase, noun_phrase, subject_phrase, words_of
from camxtime.spec.names import ID_PATTERN

Role = Literal["scene", "animation", "none"]
MOST_GRIDS = 200
"""Grids up to which every scene is combined with every animation; beyond, each animation acts in one scene."""

USUAL_HEIGHT_M = (0.3, 3.0)
STAND_IN_HEIGHT_M = 1.7
_FIRST = ("walk", "run", "jog", "dance", "jump", "cheer", "wave", "spin", "punch", "kick", "throw", "idle")
_HEAD = """\
# Made by `camxtime spec from-assets` from {count} files. Change what you like: docs/assets.md says what each field does.
#   camxtime plan {file}{assets}
#   camxtime render {file}{assets} --out out/{name}
version: 1
name: {name}
seed: 1

grid: {{cameras: 16, times: 24, fps: 24, times_per_unit: 8}}
image: {{width: 256, height: 256}}
engine: {{samples: 32, max_bounces: 4, denoise: fast}}
passes: {{rgb: "jpeg:95", depth: logpng16, instance: png16}}
"""
_PATHS = """
camera_paths:
  - {id: arc, kind: arc, sweep_deg: [30, 70]}
  - {id: dolly, kind: dolly}
  - {id: handheld, kind: handheld}
"""


@dataclass(frozen=True)
class Found:
    """A file of the folder. file: relative name. why: in words, why it has its role. clips: names with seconds."""

    file: str
    role: Role
    why: str
    clips: tuple[tuple[str, float], ...] = ()
    height_m: float = 0.0
    size: tuple[float, float, float] = (0.0, 0.0, 0.0)
    triangles: int = 0
    licence: str | None = None


@dataclass(frozen=True)
class DraftOptions:
    """name: of the dataset. clips: how many of each subject's to use. assets: what `--assets` must be, "" for nothing.

    file: name of the spec's file, for the commands in its head.
    """

    name: str
    clips: int = 3
    assets: str = ""
    file: str = "spec.yaml"


def draft(found: Iterable[Found], options: DraftOptions) -> str:
    """The text of a spec. Where the folder has no scene or no subject, a procedural one stands in, and is said to."""
    files = list(found)
    scenes = [f for f in files if f.role == "scene"]
    animations = [f for f in files if f.role == "animation"]
    ids = _Ids()
    scene_lines = [line for f in scenes for line in _scene(f, ids)]
    if not scenes:
        scene_lines = [
            "  # No file of the folder is a scene; a procedural one stands in.",
            "  - {id: courtyard, family: courtyard}",
        ]
    chosen = [(f, clip) for f in animations for clip in choose_clips(f.clips, options.clips)]
    animation_lines = [line for f in animations for line in _animation(f, options.clips, ids)]
    if not animations:
        animation_lines = [
            "  # No file of the folder moves; a procedural subject stands in.",
            "  - {id: walker, family: walker}",
        ]
    grids = max(len(scenes), 1) * max(len(chosen), 1) * _PATHS.count("- {")
    how = "cross" if grids <= MOST_GRIDS else "each_animation_in_one_scene"
    assets = f" --assets {options.assets}" if options.assets else ""
    unused = [f"# not used: {f.file}: {f.why}" for f in files if f.role == "none"]
    return "\n".join(
        [
            _HEAD.format(count=len(files), name=options.name, file=options.file, assets=assets),
            "scenes:",
            *scene_lines,
            "",
            "animations:",
            *animation_lines,
            _PATHS.rstrip(),
            "",
            f"combine: {{how: {how}}}",
            *(["", *unused] if unused else []),
            "",
        ]
    )


def choose_clips(clips: tuple[tuple[str, float], ...], count: int) -> list[str]:
    """Names of at most `count` clips that differ in action: common motions first, poses last; [""] for a nameless one."""

    def rank(clip: tuple[str, float]) -> tuple[bool, int, str]:
        phrase = clip_phrase(clip[0])
        first = next(
            (i for i, word in enumerate(_FIRST) if any(w.startswith(word) for w in words_of(clip[0]))), len(_FIRST)
        )
        return clip[1] < 0.2 or phrase == "holds a pose", first, clip[0]

    ranked = [name for name, _ in sorted(clips, key=rank)]
    verbs: dict[str, str] = {}
    for name in ranked:
        verbs.setdefault(clip_phrase(name).split(" ")[0] or name, name)
    different = list(verbs.values())
    return (different + [name for name in ranked if name not in different])[:count] or [""]


def _scene(f: Found, ids: _Ids) -> list[str]:
    size = " x ".join(f"{side:.1f}" for side in f.size)
    return [
        f"  # {size} m, {f.triangles:,} triangles: {f.why}.",
        f"  - id: {ids.of(f.file)}",
        f"    file: {json.dumps(f.file, ensure_ascii=False)}",
        f"    caption: {json.dumps(noun_phrase(f.file), ensure_ascii=False)}",
        _licence(f),
    ]


def _animation(f: Found, count: int, ids: _Ids) -> list[str]:
    chosen = choose_clips(f.clips, count)
    others = [name for name, _ in f.clips if name not in chosen]
    lines = [f"  # {f.file}: {f.triangles:,} triangles, {f.size[2]:.2f} m high as it is; {f.why}."]
    if others:
        listed = "further clips: " + ", ".join(others)
        lines += textwrap.wrap(listed, 116, initial_indent="  # ", subsequent_indent="  #   ", break_on_hyphens=False)
    low, high = USUAL_HEIGHT_M
    height = round(f.size[2], 2) if low <= f.size[2] <= high else STAND_IN_HEIGHT_M
    for clip in chosen:
        still = not f.clips
        lines += [
            f"  - id: {ids.of(f.file, clip)}",
            f"    file: {json.dumps(f.file, ensure_ascii=False)}",
            *([f"    clip: {json.dumps(clip, ensure_ascii=False)}"] if clip else []),
            f"    height_m: {height:g}",
            *(["    fit: still"] if still else ["    root_motion: remove  # keep: it travels as far as the clip does"]),
            f"    caption: {json.dumps(subject_phrase(f.file, clip, still), ensure_ascii=False)}",
            _licence(f),
        ]
    return lines


def _licence(f: Found) -> str:
    if f.licence is None:
        return "    # licence: none was found beside it; state it before you publish"
    return f"    licence: {json.dumps(f.licence, ensure_ascii=False)}"


class _Ids:
    """Ids that are valid and not given twice."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, file: str, clip: str = "") -> str:
        stem = file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        text = (
            "-".join(part for part in (_slug(stem), _slug(clip.rsplit("|", 1)[-1])) if part)[:56].strip("-_") or "asset"
        )
        name, number = text, 2
        while name in self._given:
            name, number = f"{text}-{number}", number + 1
        self._given.add(name)
        if not re.match(ID_PATTERN, name):
            raise ValueError(f"{name!r} is no id")
        return name


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
