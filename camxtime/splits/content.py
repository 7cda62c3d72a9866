"""What is to be split: the grids of a spec (before anything is rendered) or of a dataset, each with its keys.

A *key* is something that two grids may share and that a model could remember: `scene:cave`, `asset:<sha256>`,
`file:kaykit/Knight.glb`, `clip:Running_A`, `seed:walker:123`. Keys have a role (scene, animation, path), by which recipes
say which of them must not cross a boundary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from camxtime.errors import InputError
from camxtime.shards.dataset import Dataset
from camxtime.shards.digest import canonical_json
from camxtime.spec import DatasetSpec, Expansion, LoadedSpec, expand, loads
from camxtime.spec.expand import PlannedGrid, Stage
from camxtime.spec.models import AnimationSpec, SceneSpec

Role = Literal["scene", "animation", "path"]
Kind = Literal["spec", "dataset"]
ROLES: tuple[Role, ...] = ("scene", "animation", "path")
DIGEST_LENGTH = 32
"""Hexadecimal digits of a grid's digest that manifests keep: 128 bits."""


@dataclass(frozen=True)
class GridFacts:
    """One grid: its names, its keys by role, what rules may ask for, and the digest that it is recognised by.

    digest: of a rendered grid its content's, of a planned one that of what it is to be rendered from.
    plan_digest: the latter, also for a rendered grid ("" where the dataset's spec does not say).
    caption: "" before rendering. complete: every cell is there.
    """

    grid: str
    scene: str
    animation: str
    path: str
    keys: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, str]
    digest: str
    plan_digest: str
    size: tuple[int, int]
    caption: str = ""
    complete: bool = True


@dataclass(frozen=True)
class Content:
    """All grids of a spec or dataset, by id.

    kind: "spec" or "dataset". digest: of it. spec_digest: of the spec behind it ("" where a dataset was imported).
    """

    name: str
    kind: Kind
    digest: str
    spec_digest: str
    grids: Mapping[str, GridFacts]

    def keys(self, roles: Iterable[str]) -> dict[str, list[str]]:
        """Grid → its keys of these roles."""
        wanted = tuple(roles)
        return {name: [key for role in wanted for key in facts.keys[role]] for name, facts in self.grids.items()}


def content_of(source: Dataset | LoadedSpec | DatasetSpec, assets: str | Path | None = None) -> Content:
    """The content of a dataset, or of a spec that need not be rendered yet.

    assets: folder of the spec's files (else its own); files found there are known by their SHA-256 too, so that one
    asset under two names is recognised.
    """
    if isinstance(source, Dataset):
        return _of_dataset(source)
    if isinstance(source, LoadedSpec):
        return _of_expansion(expand(source.spec), source.assets_root(assets))
    return _of_expansion(expand(source), Path(assets) if assets is not None else None)


def _of_expansion(expansion: Expansion, root: Path | None) -> Content:
    hashed: dict[str, str | None] = {}
    grids = {}
    size = (expansion.spec.grid.cameras, expansion.spec.grid.times)
    recipe = _recipe_digest(expansion.spec)
    for stage in expansion.stages:
        assets = {role: _file_keys(stage.request[role].get("file"), root, hashed) for role in ("scene", "animation")}
        for grid in stage.grids:
            digest = plan_digest(stage, grid, recipe)
            grids[grid.grid_id] = GridFacts(
                grid.grid_id, grid.scene_id, grid.animation_id, grid.path.id, keys_of(stage, grid, assets),
                facts_of(stage, grid), digest, digest, size,
            )  # fmt: skip
    digest = expansion.spec.digest
    return Content(expansion.spec.name, "spec", digest, digest, grids)


def _of_dataset(dataset: Dataset) -> Content:
    table = dataset.grids
    if not len(table):
        raise InputError(f"{dataset.root}: the dataset has no grid to split.")
    plan = _plan_of(dataset)
    extra = [_assets_of(text) for text in table.column("extra")]
    rows = zip(*(table.column(name) for name in ("grid", "scene", "animation", "path", "digest", "caption", "status", "C", "T")),
               extra, strict=True)  # fmt: skip
    grids = {}
    for grid, scene, animation, path, digest, caption, status, cameras, times, assets in rows:
        known = plan.get(grid)
        if known is not None:
            stage, planned = known[0], known[1]
            keys = keys_of(stage, planned, _roles_of_assets(stage, assets))
            facts, plan_id = facts_of(stage, planned), known[2]
        else:
            shared = tuple(f"asset:{asset['sha256']}" for asset in assets)
            keys = {"scene": (f"scene:{scene}", *shared), "animation": (f"animation:{animation}", *shared),
                    "path": (f"path:{path}",)}  # fmt: skip
            facts, plan_id = {"scene": scene, "animation": animation, "path": path}, ""
        grids[grid] = GridFacts(
            grid, scene, animation, path, keys, facts, digest[:DIGEST_LENGTH], plan_id, (cameras, times), caption,
            status == "complete",
        )  # fmt: skip
    spec_digest = _spec_of(dataset).digest if plan else ""
    return Content(dataset.name, "dataset", dataset.digest, spec_digest, grids)


def _spec_of(dataset: Dataset) -> DatasetSpec:
    return loads(canonical_json(dataset.spec).decode(), f"{dataset.root}: the spec in dataset.json")


def _plan_of(dataset: Dataset) -> dict[str, tuple[Stage, PlannedGrid, str]]:
    """Grid → what it was planned as, for a rendered dataset; empty for one that was imported."""
    if "scenes" not in dataset.spec or "camera_paths" not in dataset.spec:
        return {}
    expansion = expand(_spec_of(dataset))
    recipe = _recipe_digest(expansion.spec)
    return {g.grid_id: (stage, g, plan_digest(stage, g, recipe)) for stage in expansion.stages for g in stage.grids}


def _assets_of(text: str) -> list[dict[str, Any]]:
    assets = json.loads(text).get("assets", []) if '"assets"' in text else []
    return [a for a in assets if isinstance(a, dict) and isinstance(a.get("sha256"), str)]


def _roles_of_assets(stage: Stage, assets: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Blender reports the scene's file with its textures, then the animation's with its own: told apart by that."""
    roles: dict[str, list[str]] = {"scene": [], "animation": []}
    own = stage.request["animation"].get("file")
    role = "scene"
    for asset in assets:
        if own is not None and str(asset.get("file", "")).replace("\\", "/").endswith(own):
            role = "animation"
        roles[role].append(f"asset:{asset['sha256']}")
    for name in roles:
        if stage.request[name].get("file") is not None:
            roles[name].append(f"file:{stage.request[name]['file']}")
    return {name: tuple(dict.fromkeys(keys)) for name, keys in roles.items()}


def _file_keys(file: str | None, root: Path | None, hashed: dict[str, str | None]) -> tuple[str, ...]:
    if file is None:
        return ()
    if file not in hashed:
        path = root / file if root is not None else None
        there = path is not None and path.is_file()
        hashed[file] = hashlib.sha256(path.read_bytes()).hexdigest() if there and path is not None else None
    digest = hashed[file]
    return (f"file:{file}",) if digest is None else (f"file:{file}", f"asset:{digest}")


def keys_of(stage: Stage, grid: PlannedGrid, assets: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The keys of a planned grid, by role; `assets` are the keys of its files, by role."""
    scene, animation = stage.request["scene"], stage.request["animation"]
    own = {
        "scene": [f"scene:{scene['id']}"],
        "animation": [f"animation:{animation['id']}"],
        "path": [f"path:{grid.path.id}"],
    }
    for role, entry in (("scene", scene), ("animation", animation)):
        if entry.get("family") is not None:
            own[role].append(f"seed:{entry['family']}:{entry['seed']}")
        own[role] += assets[role]
    if animation.get("clip") is not None:
        own["animation"].append(f"clip:{animation['clip']}")
    file = getattr(grid.path, "file", None)
    if isinstance(file, str):
        own["path"].append(f"file:{file}")
    return {role: tuple(keys) for role, keys in own.items()}


def facts_of(stage: Stage, grid: PlannedGrid) -> dict[str, str]:
    """What rules may ask a planned grid for."""
    scene, animation = stage.request["scene"], stage.request["animation"]
    return {
        "scene": grid.scene_id,
        "animation": grid.animation_id,
        "path": grid.path.id,
        "scene_source": str(scene.get("family") or scene.get("file")),
        "animation_source": str(animation.get("family") or animation.get("file")),
        "clip": str(animation.get("clip") or ""),
        "path_kind": str(getattr(grid.path, "kind", "")),
    }


def _recipe_digest(spec: DatasetSpec) -> str:
    """Digest of what all cells share: sizes, engine, passes; not of how grids are combined, nor of units.

    Only what differs from a spec's defaults counts here and in `plan_digest`, so that a manifest outlives new fields.
    """
    stated = spec.model_dump(
        mode="json", exclude_defaults=True, include={"grid", "image", "engine", "passes", "path_checks"}
    )
    stated["grid"].pop("times_per_unit", None)
    return hashlib.sha256(canonical_json({"version": spec.version, **stated})).hexdigest()


def plan_digest(stage: Stage, grid: PlannedGrid, recipe: str) -> str:
    """Digest of what a grid is to be rendered from (`DIGEST_LENGTH` hexadecimal digits)."""
    request = {
        "scene": _stated(SceneSpec, stage.request["scene"]),
        "animation": _stated(AnimationSpec, stage.request["animation"]),
        "times": stage.request["times"],
        "fps": stage.request["fps"],
    }
    path = {**grid.path.model_dump(mode="json", exclude_defaults=True), "kind": grid.path.kind}
    head = {"recipe": recipe, "stage": request, "path": path, "seed": grid.seed}
    return hashlib.sha256(b"camxtime plan 1\n" + canonical_json(head)).hexdigest()[:DIGEST_LENGTH]


def _stated(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not the defaults of the model's fields."""
    defaults = {name: info.get_default(call_default_factory=True) for name, info in model.model_fields.items()}
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}
