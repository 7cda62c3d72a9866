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

from pydantic import BaseModel, ValidationError

from camxtime.errors import DataError, InputError
from camxtime.shards.dataset import Dataset
from camxtime.shards.digest import canonical_json
from camxtime.spec import DatasetSpec, Expansion, LoadedSpec, expand
from camxtime.spec.entries import AnimationSpec, SceneSpec, SubjectSpec, cast_of
from camxtime.spec.expand import PlannedGrid, Stage

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
    digests = _PlanDigests(expansion.spec)
    for stage in expansion.stages:
        assets = {role: _file_keys(_files(stage, role), root, hashed) for role in ("scene", "animation")}
        for grid in stage.grids:
            digest = digests.of(stage, grid)
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
    spec = _spec_of(dataset)
    plan = _plan_of(spec)
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
    return Content(dataset.name, "dataset", dataset.digest, spec.digest if spec is not None else "", grids)


def _spec_of(dataset: Dataset) -> DatasetSpec | None:
    """The spec that a dataset was rendered from; None for one that was imported."""
    if "scenes" not in dataset.spec or "camera_paths" not in dataset.spec:
        return None
    try:
        return DatasetSpec.model_validate(dataset.spec)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise DataError(
            f"{dataset.root}: the spec in dataset.json is not one ({field}); build the index again."
        ) from error


def _plan_of(spec: DatasetSpec | None) -> dict[str, tuple[Stage, PlannedGrid, str]]:
    """Grid → what it was planned as, for a rendered dataset; empty for one that was imported."""
    if spec is None:
        return {}
    digests = _PlanDigests(spec)
    return {g.grid_id: (stage, g, digests.of(stage, g)) for stage in expand(spec).stages for g in stage.grids}


def _assets_of(text: str) -> list[dict[str, Any]]:
    assets = json.loads(text).get("assets", []) if '"assets"' in text else []
    return [a for a in assets if isinstance(a, dict) and isinstance(a.get("sha256"), str)]


def _roles_of_assets(stage: Stage, assets: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Blender reports the scene's file with its textures, then the animation's with its own: told apart by that."""
    roles: dict[str, list[str]] = {"scene": [], "animation": []}
    own = tuple(_files(stage, "animation"))
    role = "scene"
    for asset in assets:
        if own and str(asset.get("file", "")).replace("\\", "/").endswith(own):
            role = "animation"
        roles[role].append(f"asset:{asset['sha256']}")
    for name in roles:
        roles[name] += [f"file:{file}" for file in _files(stage, name)]
    return {name: tuple(dict.fromkeys(keys)) for name, keys in roles.items()}


def _files(stage: Stage, role: str) -> list[str]:
    """Files of a stage's scene or animation, as the spec names them."""
    entries = cast_of(stage.request["animation"]) if role == "animation" else [stage.request["scene"]]
    return list(dict.fromkeys(entry["file"] for entry in entries if entry.get("file") is not None))


def _file_keys(files: list[str], root: Path | None, hashed: dict[str, str | None]) -> tuple[str, ...]:
    keys: list[str] = []
    for file in files:
        if file not in hashed:
            path = root / file if root is not None else None
            there = path is not None and path.is_file()
            hashed[file] = hashlib.sha256(path.read_bytes()).hexdigest() if there and path is not None else None
        digest = hashed[file]
        keys += [f"file:{file}"] if digest is None else [f"file:{file}", f"asset:{digest}"]
    return tuple(keys)


def keys_of(stage: Stage, grid: PlannedGrid, assets: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The keys of a planned grid, by role; `assets` are the keys of its files, by role."""
    scene, animation = stage.request["scene"], stage.request["animation"]
    own = {
        "scene": [f"scene:{scene['id']}"],
        "animation": [f"animation:{animation['id']}"],
        "path": [f"path:{grid.path.id}"],
    }
    for role, entries in (("scene", [scene]), ("animation", cast_of(animation))):
        own[role] += [f"seed:{e['family']}:{e['seed']}" for e in entries if e.get("family") is not None]
        own[role] += assets[role]
    clips = [subject["clip"] for subject in cast_of(animation) if subject.get("clip") is not None]
    own["animation"] += [f"clip:{clip}" for clip in dict.fromkeys(clips)]
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
        "animation_source": " + ".join(str(s.get("family") or s.get("file")) for s in cast_of(animation)),
        "clip": " + ".join(str(s["clip"]) for s in cast_of(animation) if s.get("clip")),
        "path_kind": str(getattr(grid.path, "kind", "")),
    }


class _PlanDigests:
    """Digests of what grids are to be rendered from (`DIGEST_LENGTH` hexadecimal digits).

    Only what differs from a spec's defaults counts, so that a manifest outlives new fields; how grids are combined, and
    units, do not count.
    """

    def __init__(self, spec: DatasetSpec):
        shared = {"grid", "image", "engine", "passes", "path_checks", "quality"}
        stated = spec.model_dump(mode="json", exclude_defaults=True, include=shared)
        stated["grid"].pop("times_per_unit", None)
        self._recipe = {"version": spec.version, **stated}
        self._defaults = {
            role: _defaults(model) for role, model in (("scene", SceneSpec), ("animation", AnimationSpec))
        }
        self._subject = _defaults(SubjectSpec)
        self._paths = {
            path.id: {**path.model_dump(mode="json", exclude_defaults=True), "kind": path.kind}
            for path in spec.camera_paths
        }
        self._stage: tuple[str, Any] | None = None

    def of(self, stage: Stage, grid: PlannedGrid) -> str:
        """The digest of one grid; quickest when the grids of a stage follow one another."""
        if self._stage is None or self._stage[0] != stage.stage_id:
            request: dict[str, Any] = {"times": stage.request["times"], "fps": stage.request["fps"]}
            for role, defaults in self._defaults.items():
                values = stage.request[role]
                request[role] = _stated(values, defaults)
            if "subjects" in request["animation"]:
                request["animation"]["subjects"] = [
                    _stated(subject, self._subject) for subject in request["animation"]["subjects"]
                ]
            head = hashlib.sha256(b"camxtime plan 1\n" + canonical_json({"recipe": self._recipe, "stage": request}))
            self._stage = (stage.stage_id, head)
        whole = self._stage[1].copy()
        whole.update(canonical_json({"path": self._paths[grid.path.id], "seed": grid.seed}))
        return str(whole.hexdigest()[:DIGEST_LENGTH])


def _stated(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k not in defaults or v != defaults[k]}


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {name: info.get_default(call_default_factory=True) for name, info in model.model_fields.items()}
