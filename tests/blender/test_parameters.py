"""Declared parameters of families: read without bpy, checked, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_scripts import animations, scenes
from blender_scripts.errors import StageError
from blender_scripts.parameters import Declared, resolve

DECLARED: Declared = {
    "height_m": ((1.0, 2.0), "a range"),
    "count": ((3, 5), "a whole range"),
    "kind": (["oak", "elm"], "choices"),
    "lit": (True, "a plain value"),
    "gain": (1.0, "a number"),
}


def _resolve(given: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    return resolve("tree", DECLARED, given, np.random.default_rng(seed))


@given(st.integers(0, 2**32))
def test_draws_stay_in_range_and_repeat(seed: int) -> None:
    values = _resolve({}, seed)
    assert 1.0 <= values["height_m"] <= 2.0
    assert values["count"] in (3, 4, 5)
    assert isinstance(values["count"], int)
    assert values["kind"] in ("oak", "elm")
    assert values == _resolve({}, seed)


@given(st.integers(0, 2**32))
def test_fixing_one_parameter_leaves_the_others(seed: int) -> None:
    drawn, fixed = _resolve({}, seed), _resolve({"height_m": 9.5}, seed)
    assert fixed.pop("height_m") == 9.5
    assert {k: v for k, v in drawn.items() if k != "height_m"} == fixed


def test_own_ranges_and_choices() -> None:
    values = _resolve({"height_m": [4, 4], "count": [7, 7], "kind": "elm", "gain": 2})
    assert values == {"height_m": 4.0, "count": 7, "kind": "elm", "lit": True, "gain": 2.0}


@pytest.mark.parametrize(
    ("given_", "words"),
    [({"colour": 1}, "unknown parameter 'colour'; known: count, gain"), ({"height_m": "tall"}, "number or"),
     ({"height_m": [2, 1]}, "number or"), ({"count": 2.5}, "whole"), ({"kind": "ash"}, "among"),
     ({"lit": 1}, "must be a bool"), ({"gain": True}, "must be a float"), ({"height_m": float("nan")}, "number or")],
)  # fmt: skip
def test_wrong_values(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(StageError, match=words):
        _resolve(given_)


@pytest.mark.parametrize("registry", [scenes, animations])
def test_every_family_declares_its_parameters(registry: Any) -> None:
    """Reading them imports no bpy; each has a default and a help text, and can be drawn."""
    names = registry.families()
    assert "calibration" in names
    for name in names:
        declared = registry.parameters(name)
        assert all(len(entry) == 2 and entry[1] for entry in declared.values())
        assert resolve(name, declared, {}, np.random.default_rng(0)).keys() == declared.keys()
    with pytest.raises(StageError, match="unknown"):
        registry.parameters("nowhere")
