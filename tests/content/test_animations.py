"""Every animation family: reproducible, a function of the frame alone, on the stage, above the floor, always moving."""

from __future__ import annotations

import pytest

from .children import ANIMATIONS, WALKS, probe


@pytest.mark.parametrize("family", ANIMATIONS)
def test_same_seed_same_motion_other_seed_other(family: str) -> None:
    made = probe("animation", family)
    assert made["digest"] == made["digest_again"]
    assert made["digest"] != made["digest_other"]


@pytest.mark.parametrize("family", ANIMATIONS)
def test_frames_do_not_depend_on_history(family: str) -> None:
    assert probe("animation", family)["history_error"] == 0.0


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("family", ANIMATIONS)
def test_stays_on_stage_and_above_the_floor(family: str, seed: int) -> None:
    made = probe("animation", family, seed)
    assert made["reach"] <= made["stage"]["radius"] + 0.01
    assert made["lowest"] >= -0.005
    assert made["height"] >= 0.2


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("family", ANIMATIONS)
def test_moves_at_every_time(family: str, seed: int) -> None:
    assert min(probe("animation", family, seed)["motion"]) > 0.0005


@pytest.mark.parametrize("gait,path", WALKS)
def test_walker_gaits(gait: str, path: str) -> None:
    made = probe("animation", "walker", 3, gait=gait, path=path)
    assert made["lowest"] >= -0.001
    assert made["history_error"] == 0.0
    assert min(made["motion"]) > 0.001
    assert ("circle" in made["caption"]) == (path == "circle" and gait not in ("idle", "wave"))
    assert made["reach"] <= made["stage"]["radius"]


@pytest.mark.parametrize("style", ["robot", "mannequin", "person"])
def test_walker_styles_touch_the_ground(style: str) -> None:
    made = probe("animation", "walker", 4, style=style, gait="walk")
    assert abs(made["lowest"]) < 0.005
    assert 1.4 < made["height"] < 2.2
