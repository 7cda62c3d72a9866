"""Recipes: which pairs a sampler draws, as plain values that can be written in YAML or JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from camxtime.errors import InputError
from camxtime.sampling.camera_tracks import CAMERA_TRACKS, HOP
from camxtime.sampling.time_terms import check_time_term

Weights = Mapping[str, float]

CONTEXT_CHOICES = ("random", "frustum", "covisibility")
CONTEXT_TIMES = ("target", "source")

_MOVES = {"fixed": 1.0, "reverse": 1.0, "sub_range": 1.0, "strided": 1.0, "eased": 1.0, "random_walk": 1.0, HOP: 1.0}
_WARPS = {
    "reverse": 1.0, "zigzag": 1.0, "ping_pong": 1.0, "acceleration": 1.0, "deceleration": 1.0, "slow_global": 1.0,
    "slow_segment": 1.0, "ramp": 1.0, "freeze": 1.0, "motion_to_freeze": 1.0, "smooth_random": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Family:
    """A task family: one kind of target. Time warp and camera track are drawn independently, by weight.

    weight: of the family among all. warps: names of warps, `pattern:NAME`, or `mixture:NAME`. cameras: names of camera
    tracks, or `hop`.
    """

    weight: float
    warps: Weights
    cameras: Weights


def default_families() -> dict[str, Family]:
    """The five families of the papers' evaluation and training, equally likely."""
    own = {"diagonal": 1.0}
    return {
        "direction": Family(1.0, {"reverse": 1.0, "zigzag": 1.0, "ping_pong": 1.0}, own),
        "speed": Family(
            1.0, {"acceleration": 1.0, "deceleration": 1.0, "slow_global": 1.0, "slow_segment": 1.0, "ramp": 1.0}, own
        ),
        "bullet": Family(1.0, {"freeze": 1.0, "motion_to_freeze": 1.0}, own),
        "joint": Family(1.0, dict(_WARPS), dict(_MOVES)),
        "camera": Family(1.0, {"forward": 1.0}, dict(_MOVES)),
    }


@dataclass(frozen=True)
class Contexts:
    """Further clips of the same scene and animation that come with each target.

    count: k. choose: "random", "frustum" (PlenopticDreamer's Algorithm 1) or "covisibility" (from true depth).
    candidates: clips drawn, of which the best k are kept; with "random" the first k. times: "target" shows the target's
    times frame by frame (as in PlenopticDreamer), "source" plays the source's window forward. cameras: weights of camera
    tracks. near_m, far_m, points: frusta and points per frustum of the Monte Carlo estimate (unpublished; ours).
    max_shared: share of a context's frames that may be cells of the source, or of the target.
    frames: frames compared, evenly spread (0: all). grid_px: spacing of the pixels that covisibility compares.
    """

    count: int = 0
    choose: str = "random"
    candidates: int = 8
    times: str = "target"
    cameras: Weights = field(default_factory=lambda: {"diagonal": 1.0, "fixed": 1.0, "sub_range": 1.0, "eased": 1.0})
    max_shared: float = 0.25
    near_m: float = 0.1
    far_m: float = 10.0
    points: int = 128
    frames: int = 9
    grid_px: int = 8


@dataclass(frozen=True)
class Recipe:
    """What pairs are drawn. Any field changes the order and content of all pairs, as does the seed.

    frames: F of both clips. strides: steps through the animation's times, one drawn for each pair. offset: first time of
    the window, drawn if None. families: task families by name. source_cameras: weights of the source's camera tracks.
    other_path: probability that the target starts on another camera path of the same scene and animation (where there is
    one). pairs_per_grid: pairs of each grid in an epoch.
    """

    frames: int = 81
    strides: tuple[int, ...] = (1,)
    offset: int | None = None
    families: Mapping[str, Family] = field(default_factory=default_families)
    source_cameras: Weights = field(default_factory=lambda: {"diagonal": 1.0})
    other_path: float = 0.0
    contexts: Contexts = field(default_factory=Contexts)
    pairs_per_grid: int = 1

    def __post_init__(self) -> None:
        _check(self)

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for JSON or YAML."""
        value: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(_plain(self))))
        return value

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe, 64 hexadecimal digits: two recipes that draw the same pairs in the same order share it."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(b"camxtime recipe 1\n" + text.encode()).hexdigest()

    @staticmethod
    def of_json(value: Any) -> Recipe:
        """The recipe that `to_json` wrote, or part of one: fields left out keep their defaults.

        Raises `InputError` naming the field that is unknown or has a value of the wrong kind.
        """
        fields = _fields(Recipe, value, "recipe")
        if "strides" in fields:
            fields["strides"] = tuple(_list(fields["strides"], "recipe.strides"))
        if "contexts" in fields:
            fields["contexts"] = Contexts(**_fields(Contexts, fields["contexts"], "recipe.contexts"))
        if "families" in fields:
            given = _mapping(fields["families"], "recipe.families")
            families = {str(name): _fields(Family, entry, f"recipe.families.{name}") for name, entry in given.items()}
            for name, entry in families.items():
                if len(entry) != 3:
                    raise InputError(f"recipe.families.{name} needs weight, warps and cameras.")
            fields["families"] = {name: Family(**entry) for name, entry in families.items()}
        return Recipe(**fields)


def _plain(recipe: Recipe) -> Recipe:
    """The same recipe with plain dicts in place of other mappings, which `asdict` cannot copy."""
    families = {
        name: Family(family.weight, dict(family.warps), dict(family.cameras))
        for name, family in recipe.families.items()
    }
    contexts = dataclasses.replace(recipe.contexts, cameras=dict(recipe.contexts.cameras))
    return dataclasses.replace(recipe, families=families, contexts=contexts, source_cameras=dict(recipe.source_cameras))


def _check(recipe: Recipe) -> None:
    _whole(recipe.frames, "frames", 1)
    _whole(recipe.pairs_per_grid, "pairs_per_grid", 1)
    if not recipe.strides:
        raise InputError("recipe.strides needs at least one stride.")
    for stride in recipe.strides:
        _whole(stride, "strides", 1)
    if recipe.offset is not None:
        _whole(recipe.offset, "offset", 0)
    _number(recipe.other_path, "other_path", 0.0, 1.0)
    if not recipe.families:
        raise InputError("recipe.families needs at least one family.")
    check_weights({name: family.weight for name, family in recipe.families.items()}, "recipe.families: weight")
    for name, family in recipe.families.items():
        check_weights(family.warps, f"recipe.families.{name}.warps")
        check_weights(family.cameras, f"recipe.families.{name}.cameras")
        for term in family.warps:
            check_time_term(term, recipe.frames, f"recipe.families.{name}.warps")
        _check_cameras(family.cameras, f"recipe.families.{name}.cameras", (HOP,))
    check_weights(recipe.source_cameras, "recipe.source_cameras")
    _check_cameras(recipe.source_cameras, "recipe.source_cameras")
    _check_contexts(recipe.contexts)


def _check_contexts(contexts: Contexts) -> None:
    _whole(contexts.count, "contexts.count", 0)
    _whole(contexts.candidates, "contexts.candidates", 1)
    _whole(contexts.points, "contexts.points", 1)
    _whole(contexts.frames, "contexts.frames", 0)
    _whole(contexts.grid_px, "contexts.grid_px", 1)
    _number(contexts.max_shared, "contexts.max_shared", 0.0, 1.0)
    _number(contexts.near_m, "contexts.near_m", 0.0)
    _number(contexts.far_m, "contexts.far_m", 0.0)
    if contexts.choose not in CONTEXT_CHOICES or contexts.times not in CONTEXT_TIMES:
        raise InputError(
            f"recipe.contexts: choose must be one of {', '.join(CONTEXT_CHOICES)} and times one of "
            f"{', '.join(CONTEXT_TIMES)}."
        )
    if contexts.count > contexts.candidates:
        raise InputError(f"recipe.contexts: {contexts.count} cannot be chosen from {contexts.candidates} candidates.")
    if not 0 < contexts.near_m < contexts.far_m:
        raise InputError("recipe.contexts: near_m must be positive and less than far_m.")
    check_weights(contexts.cameras, "recipe.contexts.cameras")
    _check_cameras(contexts.cameras, "recipe.contexts.cameras")


def check_weights(weights: Weights, where: str) -> None:
    """Raise `InputError` unless all weights are finite numbers ≥ 0 and at least one is positive."""
    _mapping(weights, where)
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
            raise InputError(f"{where}.{name} must be a number from 0 on, not {weight!r}.")
    if not sum(weights.values()) > 0:
        raise InputError(f"{where}: at least one weight must be greater than 0.")


def _check_cameras(weights: Weights, where: str, more: tuple[str, ...] = ()) -> None:
    for name in weights:
        if name not in CAMERA_TRACKS and name not in more:
            raise InputError(
                f"{where}: there is no camera track {name!r}; there are: {', '.join((*CAMERA_TRACKS, *more))}."
            )


def _fields(kind: Any, value: Any, where: str) -> dict[str, Any]:
    known = [entry.name for entry in dataclasses.fields(kind)]
    for name in _mapping(value, where):
        if name not in known:
            raise InputError(f"{where} has no field {name!r}; it has: {', '.join(known)}.")
    return dict(value)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{where} must be a mapping from names to values, not {value!r}.")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{where} must be a list, not {value!r}.")
    return list(value)


def _whole(value: Any, name: str, low: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**31:
        raise InputError(f"recipe.{name} must be a whole number from {low} on, not {value!r}.")


def _number(value: Any, name: str, low: float, high: float = math.inf) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (low <= value <= high and value < math.inf):
        raise InputError(f"recipe.{name} must be a number from {low:g} to {high:g}, not {value!r}.")
