"""The gate and the probe on real renders: bad content is caught before a farm is booked, good content is left as it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camxtime.cli import main
from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderLaunch, RenderRequest, StageReport
from camxtime.farm.gate import RESERVE, block_means, probe_times, reduced
from camxtime.farm.jobs import Recipe, plan_run
from camxtime.farm.prepare import prepare
from camxtime.farm.probe_grids import GridProbe, weighed
from camxtime.geometry.cameras import Cameras, intrinsics
from camxtime.shards.records import GridRecord
from camxtime.spec import DatasetSpec, Rates, expand, loads

SPEC = """
name: gated
seed: 5
grid: {cameras: 4, times: 5, fps: 12}
image: {width: 40, height: 32}
engine: {samples: 2, max_bounces: 2}
passes: {rgb: png}
scenes: [{id: yard, family: courtyard}]
animations: [{id: walker, family: walker}]
camera_paths:
  - {id: arc, kind: arc, distance_fit: [1.2, 2.0]}
  - {id: still, kind: static}
"""


def spec_with(**changes: Any) -> DatasetSpec:
    return DatasetSpec.model_validate({**loads(SPEC, "gated").canonical(), **changes})


def recipe_with(engine: dict[str, Any] | None = None, **quality: Any) -> Recipe:
    return Recipe.of(spec_with(engine={"samples": 2, "max_bounces": 2, **(engine or {})}, quality=quality))


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BlenderProcess, StageReport]]:
    folder: Path = tmp_path_factory.mktemp("blender")
    (stage,) = plan_run(expand(spec_with()), Path()).stages
    with BlenderProcess(BlenderLaunch(None, folder, folder / "log")) as process:
        process.start()
        yield process, process.load_stage(stage.stage.request)


def prepared(blender: tuple[BlenderProcess, StageReport], recipe: Recipe) -> GridRecord:
    grid = plan_run(expand(spec_with()), Path()).stages[0].grids[0]
    return prepare(blender[0], blender[1], grid, recipe)


def pixels(process: BlenderProcess, recipe: Recipe, cameras: Cameras) -> np.ndarray:
    """The cells as a unit renders them."""
    request = RenderRequest(cameras, [0, 3], [11, 12], recipe.views_per_batch)
    return np.stack([np.array(batch.passes["rgb"]) for batch in process.render(request)])


@pytest.mark.slow
def test_a_gate_that_passes_changes_neither_the_path_nor_a_bit_of_the_cells(blender) -> None:
    process = blender[0]
    images, records = [], []
    for gate in (False, True, False):
        recipe = recipe_with(gate=gate)
        process.configure({**recipe.engine, "threads": 2}, (recipe.width, recipe.height), list(recipe.passes))
        records.append(prepared(blender, recipe))
        assert process.setup[1] == (recipe.width, recipe.height), "Blender is left as it was found"
        images.append(pixels(process, recipe, records[-1].cameras))
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[0], images[2])
    assert records[0].description() == records[1].description()
    np.testing.assert_array_equal(records[0].cameras.c2w, records[1].cameras.c2w)
    assert records[0].extra["quality"] == {} and records[1].extra["quality"]["subject_visible"] == 1
    assert records[1].extra["redrawn"] == {}


@pytest.mark.slow
def test_a_path_whose_cells_fail_is_drawn_again_the_same_way_every_time(blender) -> None:
    first = prepared(blender, recipe_with())
    share = first.extra["quality"]["subject_share"]
    picky = recipe_with(subject_share={"min": 1.02 * share / RESERVE["subject_share"]})
    again = [prepared(blender, picky) for _ in range(2)]
    for record in again:
        assert record.seeds["draw"] > first.seeds["draw"]
        assert record.extra["redrawn"][f"had subject_share below {1.02 * share:g}"] >= 1
        assert sum(record.extra["redrawn"].values()) == record.seeds["draw"]
        assert record.extra["quality"]["subject_share"] >= 1.02 * share
    np.testing.assert_array_equal(again[0].cameras.c2w, again[1].cameras.c2w)
    assert again[0].extra["quality"] == again[1].extra["quality"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "quality", "said"),
    [
        ({"exposure_ev": -8}, {}, "had (black_share above 0.25|luminance below 0.12)"),
        ({"exposure_ev": 8}, {}, "had (clipped_share above 0.1|luminance above 0.85)"),
        ({}, {"static_share": {"max": 0.2}}, "had static_share above 0.2"),
        ({}, {"subject_share": {"min": 0.5}}, "had subject_share below 0.625"),  # 0.5 and the reserve
    ],
    ids=["black", "blown out", "nothing moves", "tiny subject"],
)
def test_what_no_draw_can_mend_is_left_out_with_the_reason(blender, engine, quality, said) -> None:
    recipe = recipe_with(engine, **quality)
    recipe = dataclasses.replace(recipe, checks={**recipe.checks, "max_draws": 4, "min_clearance_m": 0.0})
    with pytest.raises(InputError, match=f"none of 4 draws of its arc path can be filmed: .*{said}"):
        prepared(blender, recipe)


@pytest.mark.slow
def test_plan_probe_names_what_would_fail_and_what_grids_cost(tmp_path: Path, capsys) -> None:
    good = spec_with(animations=[{"id": "walker", "family": "walker"}, {"id": "lost", "family": "nonesuch"}])
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(good.canonical()))
    assert _plan(str(file), "--probe", "grids") == 2 and "nonesuch" in capsys.readouterr().err
    file.write_text(json.dumps(spec_with().canonical()))
    assert _plan(str(file), "--grids", "1") == 2
    assert _plan(str(file), "--probe", "grids", "--grids", "*.nobody", "--cells-per-second", "1") == 2
    capsys.readouterr()
    assert _plan(str(file), "--probe", "grids", "--cells-per-second", "1", "--json") == 1, "the static camera fails"
    found = {entry["grid"]: entry for entry in json.loads(capsys.readouterr().out)["probe"]}
    still, arc = found["yard.walker.still"], found["yard.walker.arc"]
    assert [fault["measure"] for fault in still["faults"]] == ["camera_motion_px"] and not arc["faults"]
    assert arc["triangles"] > 1000 and arc["memory_mb"] > 100 and arc["build_seconds"] > 0 and arc["cell_seconds"] > 0
    dark = spec_with(engine={"samples": 2, "max_bounces": 2, "exposure_ev": -8}, path_checks={"max_draws": 2})
    file.write_text(json.dumps(dark.canonical()))
    assert _plan(str(file), "--probe", "grids", "--grids", "*.arc", "--cells-per-second", "1") == 1
    said = capsys.readouterr().out
    assert "yard.walker.arc: cannot be rendered: none of 2 draws" in said and "1 grids probed: 1 would fail" in said


def _plan(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *arguments])
    return int(ended.value.code or 0)


def test_rates_are_weighed_by_what_the_probed_grids_cost() -> None:
    probes = [GridProbe(name, "s", cell_seconds=seconds) for name, seconds in (("a", 0.1), ("b", 0.3))]
    assert weighed(Rates(10.0, None, "a probe"), probes, "a").cells_per_second == pytest.approx(5.0)
    assert weighed(Rates(10.0, None, "a probe"), probes, "c").cells_per_second == 10.0
    assert weighed(Rates(), probes, "a").cells_per_second is None


def test_probe_cells_are_small_square_pixelled_and_spread_over_time() -> None:
    big = Cameras(np.eye(4)[None], intrinsics(np.array([900.0]), 1920, 1080), 1920, 1080)
    small = reduced(big)
    assert (small.width, small.height) == (48, 27)
    small.validate()
    np.testing.assert_allclose(small.K[0] / small.K[0, 2, 2], [[22.5, 0, 24], [0, 22.5, 13.5], [0, 0, 1]])
    tiny = Cameras(np.eye(4)[None], intrinsics(np.array([20.0]), 16, 16), 16, 16)
    np.testing.assert_array_equal(reduced(tiny).K, tiny.K)
    assert probe_times(1) == [0] and probe_times(2) == [0, 1] and probe_times(120) == [0, 45, 102]
    light = np.arange(2 * 8 * 12 * 4, dtype=np.float32).reshape(2, 8, 12, 4)
    assert block_means(light).shape == (2, 2, 3, 4)
    np.testing.assert_allclose(block_means(light)[1, 1, 2], light[1, 4:, 8:].mean(axis=(0, 1)))
    assert block_means(np.ones((3, 2, 4), np.float32)).shape == (1, 1, 4)
