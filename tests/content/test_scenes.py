"""Every scene family: reproducible, its stage and camera box free, nothing floating, nothing interpenetrating."""

from __future__ import annotations

import math
from typing import Any

import pytest

from .children import SCENES, probe

pytestmark = pytest.mark.parametrize("family", SCENES)


def report(family: str, seed: int = 1) -> dict[str, Any]:
    return probe("scene", family, seed)


def test_same_seed_same_geometry_other_seed_other(family: str) -> None:
    made = report(family)
    assert made["digest"] == made["digest_again"]
    assert made["digest"] != made["digest_other"]
    assert made["contract"]["caption"] == made["caption_again"]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_camera_box_and_stage_are_free(family: str, seed: int) -> None:
    made = report(family, seed)
    assert made["in_camera_box"] == []
    assert made["on_stage"] == []


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_nothing_floats(family: str, seed: int) -> None:
    made = report(family, seed)
    floating = {name: gap for name, gap in made["gaps"].items() if not abs(gap) < 0.015 or math.isnan(gap)}
    assert floating == {}
    assert made["detached"] == []


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_nothing_interpenetrates(family: str, seed: int) -> None:
    assert report(family, seed)["collisions"] == []


def test_contract_is_usable(family: str) -> None:
    contract = report(family)["contract"]
    low, high, centre = contract["camera_min"], contract["camera_max"], contract["stage_centre"]
    assert contract["stage_radius_m"] >= 2.5
    for axis in range(2):
        assert low[axis] <= centre[axis] - 3.0
        assert high[axis] >= centre[axis] + 3.0
    assert low[2] <= contract["floor_m"] + 0.5
    assert high[2] >= contract["floor_m"] + 2.2
    assert contract["caption"].split()[0] in ("a", "an")


def test_light_enough_to_render(family: str) -> None:
    made = report(family)
    assert made["triangles"] < 150_000
    assert made["lights"] >= 1
