"""From a spec to its stages and grids: pure, fast (tens of thousands of grids a second), the same every time.

A *stage* is one scene with one animation placed in it, what Blender loads; a grid is a stage filmed along one path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from camxtime.errors import InputError
from camxtime.spec.entries import AnimationSpec, SceneSpec, SubjectSpec
from camxtime.spec.models import CombineEach, CombineList, DatasetSpec, GridChoice
from camxtime.spec.paths import PathBase

BYTES_PER_VIEW_PIXEL = 40  # Combined + Depth and their copies: about 47 MB for a 1080² view, measured
BATCH_BYTES = 1_500_000_000
MAX_VIEWS_PER_BATCH = 32
MAX_GRIDS = 1_000_000


@dataclass(frozen=True)
class PlannedGrid:
    """One grid to render: a stage, a camera path, and the seed its path is drawn from."""

    grid_id: str
    scene_id: str
    animation_id: str
    path: PathBase
    seed: int


@dataclass(frozen=True)
class Stage:
    """One scene with one animation, and the grids filmed on it.

    Attributes:
        request: JSON-ready: {"scene": {...}, "animation": {...}, "times": T, "fps": fps}; files are still relative.
    """

    stage_id: str
    request: dict[str, Any]
    grids: tuple[PlannedGrid, ...]


@dataclass(frozen=True)
class Expansion:
    """Every stage of a spec, in the spec's order, and sizes derived from it."""

    spec: DatasetSpec
    stages: tuple[Stage, ...]
    units_per_grid: int = field(init=False)

    def __post_init__(self) -> None:
        size = self.spec.grid
        object.__setattr__(self, "units_per_grid", -(-size.times // size.times_per_unit))

    @property
    def grids(self) -> list[PlannedGrid]:
        return [grid for stage in self.stages for grid in stage.grids]

    def unit_times(self) -> list[tuple[int, int]]:
        """First and last time index (inclusive) of each unit of a grid."""
        size = self.spec.grid
        return [(t, min(t + size.times_per_unit, size.times) - 1) for t in range(0, size.times, size.times_per_unit)]


def derive_seed(*parts: str | int) -> int:
    """A 63-bit seed from words and numbers: SHA-256 of their text, so that no seed depends on order or on others."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def views_per_batch(spec: DatasetSpec) -> int:
    """Cameras in one render call: a function of the spec alone, because Cycles' noise depends on it."""
    if spec.engine.views_per_batch is not None:
        return min(spec.engine.views_per_batch, spec.grid.cameras)
    fit = BATCH_BYTES // (spec.image.width * spec.image.height * BYTES_PER_VIEW_PIXEL)
    most = int(np.clip(fit, 1, MAX_VIEWS_PER_BATCH))
    batches = -(-spec.grid.cameras // most)
    return -(-spec.grid.cameras // batches)


def expand(spec: DatasetSpec) -> Expansion:
    """Expand a spec.

    Raises:
        InputError: a listed id that does not exist, a grid listed twice, or more grids than `MAX_GRIDS`.
    """
    counts = [sum(entry.count for entry in entries) for entries in (spec.scenes, spec.animations)]
    if max(counts) > MAX_GRIDS:  # before anything is drawn
        raise InputError(f"{spec.name}: {max(counts):,} scenes or animations are more than {MAX_GRIDS:,}; lower count.")
    scenes = {draw["id"]: draw for scene in spec.scenes for draw in _draws(scene, spec.seed, "scene")}
    animations = {draw["id"]: draw for entry in spec.animations for draw in _draws(entry, spec.seed, "animation")}
    if len(scenes) != sum(s.count for s in spec.scenes) or len(animations) != sum(a.count for a in spec.animations):
        raise InputError(f"{spec.name}: an id made by count (like id-0) collides with another entry's id; rename one.")
    pairs = _pairs(spec, list(scenes), list(animations))
    total = sum(len(paths) for paths in pairs.values())
    if total > MAX_GRIDS:
        raise _too_many(spec, total)
    stages = tuple(
        _stage(spec, scenes[scene_id], animations[animation_id], paths)
        for (scene_id, animation_id), paths in pairs.items()
    )
    return Expansion(spec, stages)


def _too_many(spec: DatasetSpec, total: int) -> InputError:
    return InputError(f"{spec.name}: {total:,} grids are more than {MAX_GRIDS:,}; split the spec.")


def _draws(entry: SceneSpec | AnimationSpec, seed: int, kind: str) -> list[dict[str, Any]]:
    """The JSON-ready requests an entry stands for: one, or `count` with ids `<id>-<number>`."""
    base = entry.model_dump(exclude={"id", "count", "seed", "caption", "licence", "subjects"}, exclude_none=True)
    digits = len(str(entry.count - 1))
    ids = [entry.id] if entry.count == 1 else [f"{entry.id}-{i:0{digits}d}" for i in range(entry.count)]
    own = entry.seed if entry.seed is not None else seed
    extra = {"caption": entry.caption} if entry.caption is not None else {}
    draws = [{"id": name, **base, **extra, "seed": derive_seed(own, kind, name)} for name in ids]
    if isinstance(entry, AnimationSpec) and entry.subjects is not None:
        draws = [{"id": d["id"], **extra, "seed": d["seed"], "subjects": _cast(entry.subjects, d)} for d in draws]
    return draws


def _cast(subjects: list[SubjectSpec], draw: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests of an animation's subjects, each with a seed of its own."""
    return [
        {
            **subject.model_dump(exclude={"licence", "seed"}, exclude_none=True),
            "seed": derive_seed(draw["seed"] if subject.seed is None else subject.seed, "subject", draw["id"], number),
        }
        for number, subject in enumerate(subjects)
    ]


def _pairs(spec: DatasetSpec, scenes: list[str], animations: list[str]) -> dict[tuple[str, str], list[PathBase]]:
    """Which paths film which (scene, animation), in order."""
    paths = list(spec.camera_paths)
    combine = spec.combine
    if isinstance(combine, CombineList):
        return _listed(spec, combine.grids)
    if isinstance(combine, CombineEach):
        if combine.assign == "in_turn":
            places = [i % len(scenes) for i in range(len(animations))]
        else:
            places = _deal(len(animations), len(scenes), np.random.default_rng(derive_seed(spec.seed, "combine")))
        return {(scenes[place], name): paths for place, name in zip(places, animations, strict=True)}
    total = len(scenes) * len(animations) * len(paths)
    if total > MAX_GRIDS:
        raise _too_many(spec, total)
    return {(scene, animation): paths for scene in scenes for animation in animations}


def _deal(count: int, scenes: int, rng: np.random.Generator) -> list[int]:
    """Scene index of each animation: shuffled decks of all scenes, so that each is used equally often."""
    decks = [rng.permutation(scenes) for _ in range(-(-count // scenes))]
    return [int(i) for i in np.concatenate(decks)[:count]]


def _listed(spec: DatasetSpec, choices: list[GridChoice]) -> dict[tuple[str, str], list[PathBase]]:
    by_id = {path.id: path for path in spec.camera_paths}
    scenes = _ids_by_name(spec.scenes)
    animations = _ids_by_name(spec.animations)
    pairs: dict[tuple[str, str], list[PathBase]] = {}
    total = 0
    for number, choice in enumerate(choices):
        where = f"combine.grids.{number}"
        total += (
            len(scenes.get(choice.scene, ())) * len(animations.get(choice.animation, ())) * len(choice.paths or by_id)
        )
        if total > MAX_GRIDS:
            raise _too_many(spec, total)
        chosen = [_known(by_id, name, where, "paths") for name in (choice.paths or list(by_id))]
        for scene in _known(scenes, choice.scene, where, "scene"):
            for animation in _known(animations, choice.animation, where, "animation"):
                paths = pairs.setdefault((scene, animation), [])
                for path in chosen:
                    if path in paths:
                        raise InputError(f"{where}: the grid {scene}.{animation}.{path.id} is listed twice.")
                    paths.append(path)
    return pairs


def _ids_by_name(entries: list[SceneSpec] | list[AnimationSpec]) -> dict[str, list[str]]:
    """Ids reachable by name: an entry's id stands for all its draws, a draw's id for itself."""
    names: dict[str, list[str]] = {}
    for entry in entries:
        drawn = [draw["id"] for draw in _draws(entry, 0, "")]
        names[entry.id] = drawn
        names.update({name: [name] for name in drawn})
    return names


def _known(table: dict[str, Any], name: str, where: str, field_name: str) -> Any:
    if name not in table:
        raise InputError(f"{where}.{field_name}: there is no {name!r}; known: {', '.join(list(table)[:20])}.")
    return table[name]


def _stage(spec: DatasetSpec, scene: dict[str, Any], animation: dict[str, Any], paths: list[PathBase]) -> Stage:
    stage_id = f"{scene['id']}.{animation['id']}"
    grids = tuple(
        PlannedGrid(
            grid_id=f"{stage_id}.{path.id}",
            scene_id=scene["id"],
            animation_id=animation["id"],
            path=path,
            seed=derive_seed(path.seed if path.seed is not None else spec.seed, "grid", stage_id, path.id),
        )
        for path in paths
    )
    request = {"scene": scene, "animation": animation, "times": spec.grid.times, "fps": spec.grid.fps}
    return Stage(stage_id, request, grids)
