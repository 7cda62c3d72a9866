"""The plain data that travels to a worker: JSON-ready, small (no pixels, no objects), the same for every attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camxtime.errors import InputError
from camxtime.shards.layout import UnitKey
from camxtime.spec import DatasetSpec, Expansion, PlannedGrid, Stage
from camxtime.spec.asset_checks import check_requests
from camxtime.spec.captions import read_captions
from camxtime.spec.expand import derive_seed, views_per_batch


def noise_seed(grid_seed: int, time: int) -> int:
    """Cycles' seed (31 bits) of one time of a grid: a function of the spec alone."""
    return derive_seed(grid_seed, "noise", time) & 0x7FFFFFFF


@dataclass(frozen=True)
class Recipe:
    """What all cells of a dataset share: engine settings, image size, passes with codecs, layout of units and batches.

    views_per_batch: cameras of one render call. Cycles' noise depends on a view's place in its batch, so this follows
        from the spec alone, never from the host.
    """

    name: str
    engine: dict[str, Any]
    width: int
    height: int
    passes: dict[str, str]
    cameras: int
    times: int
    fps: float
    times_per_unit: int
    views_per_batch: int
    checks: dict[str, Any]
    quality: dict[str, Any]
    spec_digest: str

    @staticmethod
    def of(spec: DatasetSpec) -> Recipe:
        """The recipe of a spec."""
        return Recipe(
            name=spec.name,
            engine=spec.engine.model_dump(exclude={"views_per_batch"}),
            width=spec.image.width,
            height=spec.image.height,
            passes={str(name): codec for name, codec in spec.passes.items()},
            cameras=spec.grid.cameras,
            times=spec.grid.times,
            fps=spec.grid.fps,
            times_per_unit=spec.grid.times_per_unit,
            views_per_batch=views_per_batch(spec),
            checks=spec.path_checks.model_dump(),
            quality=spec.quality.model_dump(),
            spec_digest=spec.digest,
        )


@dataclass(frozen=True)
class StageJob:
    """What Blender loads: see `camxtime.spec.Stage.request`; `file` entries are absolute here."""

    stage_id: str
    request: dict[str, Any]


@dataclass(frozen=True)
class GridJob:
    """One grid: its stage, what its path is drawn from, and the seed that its parameters and noise come from.

    kind, ranges: as `geometry.paths.draw` takes them; speed: fields of a `SpeedLaw`; caption: words for the path, None
    for those of its kind. assets_root: the folder that asset names in its record are relative to. own_caption: the whole
    caption, given by the user; None for one that is composed.
    """

    grid_id: str
    stage_id: str
    kind: str
    ranges: dict[str, Any]
    speed: dict[str, Any]
    caption: str | None
    seed: int
    assets_root: str = ""
    own_caption: str | None = None


@dataclass(frozen=True)
class Task:
    """One thing for a worker to do: prepare a grid (`first` is None), or render times first..last of it."""

    stage: StageJob
    grid: GridJob
    first: int | None = None
    last: int | None = None

    @property
    def key(self) -> UnitKey | None:
        """The unit, None for a preparation."""
        return None if self.first is None or self.last is None else UnitKey(self.grid.grid_id, self.first, self.last)

    @property
    def unit(self) -> str | None:
        """Name of the unit, None for a preparation."""
        return self.key.name if self.key is not None else None

    def __str__(self) -> str:
        return f"{self.grid.grid_id} {self.unit or 'prepare'}"


@dataclass(frozen=True)
class StagePlan:
    """A stage with its grids, as the driver schedules them."""

    stage: StageJob
    grids: tuple[GridJob, ...]


@dataclass(frozen=True)
class RunPlan:
    """Everything to be rendered: the recipe, the stages in the spec's order, the times of each grid's units."""

    recipe: Recipe
    stages: tuple[StagePlan, ...]
    unit_times: tuple[tuple[int, int], ...]
    grid_ids: frozenset[str] = field(default_factory=frozenset)
    captions: str | None = None  # the user's file of captions, absolute

    @property
    def cells_per_grid(self) -> int:
        return self.recipe.cameras * self.recipe.times

    @property
    def units_total(self) -> int:
        return len(self.grid_ids) * len(self.unit_times)


def plan_run(expansion: Expansion, assets_root: Path) -> RunPlan:
    """Turn a spec's expansion into jobs.

    Raises:
        InputError: an asset, path or caption file of the spec does not exist in `assets_root`, leads out of it, or is
            malformed (assets as far as that can be told without Blender: `spec.asset_checks`).
    """
    ranges = {path.id: path.ranges(assets_root) for path in expansion.spec.camera_paths}
    ids = frozenset(grid.grid_id for grid in expansion.grids)
    file = captions_file(expansion.spec, assets_root)
    content = _Content(ranges, read_captions(file, ids) if file is not None else {}, assets_root)
    stages = tuple(
        StagePlan(_stage_job(stage, assets_root), tuple(_grid_job(stage, grid, content) for grid in stage.grids))
        for stage in expansion.stages
    )
    check_requests(stage.stage.request for stage in stages)
    return RunPlan(
        Recipe.of(expansion.spec),
        stages,
        tuple(expansion.unit_times()),
        ids,
        str(file) if file is not None else None,
    )


def _stage_job(stage: Stage, root: Path) -> StageJob:
    scene, animation = stage.request["scene"], stage.request["animation"]
    request = {**stage.request, "scene": _located(scene, root, f"scenes.{scene['id']}")}
    place = f"animations.{animation['id']}"
    if "subjects" in animation:
        cast = [_located(s, root, f"{place}.subjects.{i}") for i, s in enumerate(animation["subjects"])]
        request["animation"] = {**animation, "subjects": cast}
    else:
        request["animation"] = _located(animation, root, place)
    return StageJob(stage.stage_id, request)


def _located(entry: dict[str, Any], root: Path, place: str) -> dict[str, Any]:
    """The entry with the absolute path of its file, if it has one."""
    if entry.get("file") is None:
        return entry
    return {**entry, "file": str(resolve_asset(root, entry["file"], f"{place}.file"))}


@dataclass(frozen=True)
class _Content:
    """What was read for a plan: path id to ranges, grid id to the user's caption, and where from."""

    ranges: dict[str, dict[str, Any]]
    captions: dict[str, str]
    root: Path


def _grid_job(stage: Stage, grid: PlannedGrid, content: _Content) -> GridJob:
    path = grid.path
    return GridJob(
        grid_id=grid.grid_id,
        stage_id=stage.stage_id,
        kind=path.kind,
        ranges=content.ranges[path.id],
        speed={"kind": path.speed.kind, "a": path.speed.a},
        caption=path.caption,
        seed=grid.seed,
        assets_root=str(content.root.resolve()),
        own_caption=content.captions.get(grid.grid_id),
    )


def captions_file(spec: DatasetSpec, root: Path) -> Path | None:
    """The CSV of the user's captions, if the spec names one; errors as `resolve_asset`."""
    return None if spec.captions is None else resolve_asset(root, spec.captions, "captions")


def resolve_asset(root: Path, name: str, field_name: str) -> Path:
    """Absolute path of a file named in the spec.

    Raises:
        InputError: no such file, or a name that leads out of `root`.
    """
    base = root.resolve()
    file = (base / name).resolve()
    if not file.is_relative_to(base):
        raise InputError(f"{field_name}: {name} leads out of the assets folder {base}; keep assets inside it.")
    if not file.is_file():
        raise InputError(f"{field_name}: there is no {name} in {base}; pass the folder that holds it with --assets.")
    return file
