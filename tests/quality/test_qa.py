"""`camxtime qa` on a generated dataset: ranks, names, reports, and ends with the right code."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.cli import main
from camxtime.errors import InputError
from camxtime.geometry.cameras import Cameras
from camxtime.quality import assess
from camxtime.quality.assess import AssessOptions
from camxtime.quality.report import write_report
from camxtime.spec.quality import Quality

GRIDS = ("room.ball.arc", "room.ball.arc_2", "room.ball.arc_3")


class StandingSpec(SyntheticSpec):
    """The last grid's camera does not move."""

    def record(self, grid: str):
        record = super().record(grid)
        if grid != GRIDS[-1]:
            return record
        poses = record.cameras
        held = Cameras(
            np.repeat(poses.c2w[:1], len(poses), 0), np.repeat(poses.K[:1], len(poses), 0), poses.width, poses.height
        )
        return dataclasses.replace(record, cameras=held)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("qa") / "dataset", StandingSpec(grids=GRIDS))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["qa", *arguments])
    return int(ended.value.code or 0)


def test_a_camera_that_stands_is_named_worst_and_the_others_pass(dataset: Path) -> None:
    found = assess(camxtime.open(dataset))
    assert [grid.grid for grid in found.failing] == [GRIDS[-1]] == [found.grids[0].grid]
    assert [fault.measure for fault in found.failing[0].faults] == ["camera_motion_px"]
    assert not found.ok and found.left_out == {}
    for grid in found.grids[1:]:
        values = grid.values
        assert 0.02 < values["subject_share"] < 0.2 and values["subject_visible"] == 1
        assert values["motion_px"] > 0.5 and values["parallax_px"] > 0.5 and 0.3 < values["covisibility"] < 1
        assert values["seconds_per_cell"] is None, "shards that no Blender rendered say nothing of its time"


def test_what_is_found_does_not_depend_on_the_number_of_threads(dataset: Path) -> None:
    found = [assess(camxtime.open(dataset), options=AssessOptions(workers=n)).to_json() for n in (1, 3)]
    assert found[0] == found[1]
    json.dumps(found[0], allow_nan=False)


def test_bounds_of_another_spec_and_exit_codes(dataset: Path, tmp_path: Path, repo: Path, capsys) -> None:
    assert run(str(dataset)) == 1
    said = capsys.readouterr().out
    assert re.search(r"arc_3: camera_motion_px \S+ < 0.05 px/step: the camera stands still: ", said)
    relaxed = tmp_path / "relaxed.yaml"
    text = (repo / "scene_specs" / "demo.yaml").read_text()
    relaxed.write_text(text + "\nquality: {camera_motion_px: {min: null}, min_distance: 0}\n")
    assert run(str(dataset), "--spec", str(relaxed)) == 0
    assert "all 3 grids pass" in capsys.readouterr().out
    relaxed.write_text(text + "\nquality: {camera_motion_px: {min: null}, min_distance: 99}\n")
    assert run(str(dataset), "--spec", str(relaxed)) == 0
    assert run(str(dataset), "--spec", str(relaxed), "--strict") == 1
    assert "are near-duplicates" in capsys.readouterr().out
    assert run(str(dataset), "--cameras", "0") == 2
    assert run(str(tmp_path / "nothing")) != 0


def test_json_and_report_tell_the_same(dataset: Path, tmp_path: Path, capsys) -> None:
    pytest.importorskip("matplotlib")
    report = tmp_path / "report"
    assert run(str(dataset), "--json", str(tmp_path / "qa.json"), "--report", str(report)) == 1
    figures = json.loads((tmp_path / "qa.json").read_text())
    assert figures == json.loads((report / "qa.json").read_text())
    page = (report / "index.html").read_text()
    assert all(grid in page for grid in GRIDS) and page.count("data:image/jpeg;base64,") == len(GRIDS)
    assert "<svg" in page and not re.search(r'(src|href)="https?:', page), "the page needs nothing from elsewhere"
    first, last = (page.index(f"class=id>{entry['grid']}<") for entry in (figures["grids"][0], figures["grids"][-1]))
    assert first < last, "worst first"
    assert run(str(dataset), "--report", str(report)) == 1, "a report may be written again"
    capsys.readouterr()
    assert run(str(dataset), "--json", "-") == 1
    assert json.loads(capsys.readouterr().out)["name"] == "synthetic"


def test_a_report_does_not_go_into_a_folder_with_other_files(dataset: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "mine.txt").write_text("keep")
    data = camxtime.open(dataset)
    with pytest.raises(InputError, match="holds other files"):
        write_report(data, assess(data), tmp_path)


def test_without_depth_and_ids_what_can_be_told_is_told(tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "rgb", SyntheticSpec(grids=GRIDS[:1], passes={"rgb": "jpeg:95"}))
    found = assess(camxtime.open(root))
    (grid,) = found.grids
    assert grid.values["motion_px"] > 0.1 and grid.values["subject_share"] is None and not grid.faults
    assert "subject_share could not be measured" in found.open_points and found.ok


def test_planned_grids_that_are_not_there_are_named_with_the_farms_reason(tmp_path: Path, capsys) -> None:
    root = make_dataset(tmp_path / "short", SyntheticSpec(grids=GRIDS[:2]))
    header = json.loads((root / "dataset.json").read_text())
    header["missing_grids"] = ["room.ball.gone", "room.ball.lost"]
    (root / "dataset.json").write_text(json.dumps(header))
    failure = root / "ledger" / "failures" / "room.ball.gone" / "grid.json"
    failure.parent.mkdir(parents=True)
    failure.write_text(json.dumps({"error": "room.ball.gone: none of 4 draws can be filmed"}))
    assert run(str(root)) == 1
    said = capsys.readouterr().out
    assert (
        "left out: room.ball.gone: none of 4 draws can be filmed" in said and "left out: room.ball.lost: never" in said
    )
    assert "2 of 4 planned grids are left out (50.0%; the spec allows 2.0%)" in said


def test_too_many_grids_left_out_fail(dataset: Path) -> None:
    found = assess(camxtime.open(dataset), Quality.model_validate({"camera_motion_px": {"min": None}}))
    assert found.ok
    short = dataclasses.replace(found, left_out={"room.ball.gone": "no draw can be filmed"})
    assert short.left_out_share == 0.25 and not short.ok
