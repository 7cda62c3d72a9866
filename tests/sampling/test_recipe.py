"""Recipes: the same after JSON, digests that tell them apart, and refusals that name the field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from camxtime.errors import InputError
from camxtime.sampling.recipe import Contexts, Recipe, default_families
from camxtime.sampling.time_terms import time_path


def test_json_round_trip() -> None:
    recipe = Recipe(frames=33, strides=(1, 2), other_path=0.5, contexts=Contexts(count=2, choose="frustum"))
    again = Recipe.of_json(json.loads(json.dumps(recipe.to_json())))
    assert again == recipe and again.digest == recipe.digest
    assert Recipe.of_json({}) == Recipe() and Recipe().frames == 81
    assert set(default_families()) == {"direction", "speed", "bullet", "joint", "camera"}


def test_every_field_changes_the_digest() -> None:
    changes: list[dict[str, Any]] = [
        {"frames": 49}, {"strides": (1, 2)}, {"offset": 0}, {"other_path": 0.1}, {"pairs_per_grid": 2},
        {"source_cameras": {"fixed": 1.0}}, {"contexts": Contexts(count=1)}, {"families": {"camera": default_families()["camera"]}},
    ]  # fmt: skip
    digests = {replace(Recipe(), **change).digest for change in changes} | {Recipe().digest}
    assert len(digests) == len(changes) + 1


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "recipe"), ({"frame": 3}, "frame"), ({"frames": 0}, "frames"), ({"frames": "81"}, "frames"),
        ({"frames": True}, "frames"), ({"strides": 1}, "strides"), ({"strides": []}, "strides"), ({"strides": [0]}, "strides"),
        ({"offset": -1}, "offset"), ({"other_path": 1.5}, "other_path"), ({"other_path": float("nan")}, "other_path"),
        ({"families": {}}, "families"), ({"families": {"x": {"weight": 1}}}, r"families\.x"),
        ({"families": {"x": {"weight": 1, "warps": {"nope": 1}, "cameras": {"fixed": 1}}}}, "nope"),
        ({"families": {"x": {"weight": 1, "warps": {"pattern:nope": 1}, "cameras": {"fixed": 1}}}}, "nope"),
        ({"families": {"x": {"weight": 1, "warps": {"pattern:bounce_late:coded": 1}, "cameras": {"fixed": 1}}}}, "coded-clipped"),
        ({"families": {"x": {"weight": 1, "warps": {"freeze": 1}, "cameras": {"nope": 1}}}}, "nope"),
        ({"families": {"x": {"weight": 1, "warps": {"freeze": -1}, "cameras": {"fixed": 1}}}}, "freeze"),
        ({"families": {"x": {"weight": 0, "warps": {"freeze": 1}, "cameras": {"fixed": 1}}}}, "weight"),
        ({"source_cameras": {"hop": 1}}, "hop"), ({"contexts": {"count": 9}}, "9 cannot be chosen"),
        ({"contexts": {"choose": "best"}}, "choose"), ({"contexts": {"near_m": 5, "far_m": 1}}, "near_m"),
        ({"contexts": {"kount": 1}}, "kount"), ({"pairs_per_grid": 0}, "pairs_per_grid"),
        ({"frames": 2, "families": {"x": {"weight": 1, "warps": {"zigzag": 1}, "cameras": {"fixed": 1}}}}, "zigzag"),
    ],
)  # fmt: skip
def test_refuses_naming_the_field(value: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        Recipe.of_json(value)


def test_time_terms() -> None:
    rng = np.random.default_rng(0)
    assert time_path("pattern:pingpong", 81, rng)[1][0] == 40
    assert time_path("pattern:bounce_late:coded-clipped", 81, rng)[1].max() == 80
    name, path = time_path("mixture:spacetimepilot-coded", 81, rng)
    assert name.startswith("mixture:spacetimepilot-coded:") and len(path) == 81
    for term in ("pattern", "pattern:", "mixture:x", "", "forward:1"):
        with pytest.raises(InputError):
            time_path(term, 81, rng)
