"""Preparing grids on a loaded stage: what is wrong with a path is named, and a good one is recorded exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderLaunch, StageReport
from camxtime.farm.jobs import GridJob, Recipe, plan_run
from camxtime.farm.prepare import prepare
from camxtime.farm.words import path_words
from camxtime.geometry.paths import KINDS
from camxtime.shards.records import GridRecord
from camxtime.spec import expand

from .helpers import tiny_spec

pytestmark = pytest.mark.slow

SPEC = tiny_spec(
    grid={"cameras": 4, "times": 3},
    scenes=[{"id": "room", "family": "calibration", "params": {"markers": 1, "marker_radius_m": 0.6}}],
    camera_paths=[{"id": "arc", "kind": "arc"}],  # the one marker stands at (3, 0, 1.4)
    path_checks={"max_draws": 4, "min_subject_visible": 0.3, "min_camera_visible": 0.1, "min_clearance_m": 0.05},
)


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BlenderProcess, StageReport]]:
    folder: Path = tmp_path_factory.mktemp("blender")
    (stage,) = plan_run(expand(SPEC), Path()).stages
    with BlenderProcess(BlenderLaunch(None, folder, folder / "log")) as process:
        process.start()
        yield process, process.load_stage(stage.stage.request)


def job(kind: str = "arc", ranges: dict | None = None) -> GridJob:
    return GridJob("room.ball.path", "room.ball", kind, ranges or {}, {"kind": "constant", "a": 0.0}, None, 11)


def along(*keys: tuple[list[float], list[float]]) -> GridJob:
    """A path through world positions with a point looked at for each."""
    poses = [{"at": i, "position": list(p), "look_at": list(q)} for i, (p, q) in enumerate(keys)]
    return job("keyframes", {"keys": {"frame": "world", "interpolation": "linear", "keys": poses}})


CENTRE = [0.0, 0.0, 0.5]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (along(([-6, 0, 1.4], CENTRE), ([6, 0, 1.4], [0, 0.1, 0.5])), "passed through a surface"),
        (along(([3.1, 0, 1.4], CENTRE), ([2.9, 0, 1.4], CENTRE)), "stood inside geometry"),
        (along(([5, 0, 1.4], [9, 0, 1.4]), ([5, 1, 1.4], [9, 1, 1.4])), "showed less than 30% of the subject"),
        (along(([50, 0, 1.4], CENTRE), ([50, 1, 1.4], CENTRE)), "left the box"),
    ],
)
def test_a_path_that_cannot_be_filmed_is_refused_with_the_reason(blender, path, fault):
    process, stage = blender
    with pytest.raises(InputError, match=fault) as caught:
        prepare(process, stage, path, Recipe.of(SPEC))
    assert "none of 1 draws" in str(caught.value), "a path without anything drawn is not drawn twice"


def test_faults_are_counted_over_the_draws(blender):
    process, stage = blender
    with pytest.raises(InputError, match=r"none of 100 draws of its arc path can be filmed: 100 left the box"):
        prepare(process, stage, job("arc", {"distance_fit": [19, 20]}), Recipe.of(SPEC))


def test_the_same_seed_gives_the_same_record_and_reading_gives_it_back(blender, tmp_path):
    process, stage = blender
    recipe = Recipe.of(SPEC)
    first, second = (prepare(process, stage, job(), recipe) for _ in range(2))
    first.write(tmp_path)
    stored = GridRecord.read(tmp_path, first.grid)
    for other in (second, stored):
        np.testing.assert_array_equal(first.cameras.c2w, other.cameras.c2w)
        np.testing.assert_array_equal(first.cameras.K, other.cameras.K)
        assert first.description() == other.description()
    assert stored.path_parameters["kind"] == "arc" and len(stored.seeds["noise"]) == 3
    another = prepare(process, stage, dataclasses.replace(job(), seed=12), recipe)
    assert not np.array_equal(first.cameras.c2w, another.cameras.c2w)
    assert first.caption.startswith("A ball circles a turning cube in a calibration scene")


def test_every_kind_of_path_has_words():
    for kind in KINDS:
        assert path_words(kind, {"direction": -1.0}).startswith("the camera ")
    assert path_words("arc", {"direction": 1.0, "sweep_deg": 52.3}) == "the camera arcs 52° to the right"
    whole = {
        "direction": -1.0,
        "inward": 1.0,
        "azimuth_deg": -50.0,
        "elevation_deg": 10.0,
        "distance_fit": 2.0,
        "hfov_deg": 35.0,
    }
    said = "the camera spirals in to the left, from the front right and slightly above, from afar, through a long lens"
    assert path_words("spiral", whole) == said
    assert path_words("orbit", {"direction": 1.0, "turns": 1.5}) == "the camera circles 1.5 times to the right"
    assert path_words("dolly", {"direction": -1.0}, {"kind": "ease"}).endswith(
        "moves out, starting and stopping softly"
    )
