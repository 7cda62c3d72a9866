"""The command line as its users meet it: help with examples, exit codes, errors in a sentence, JSON for machines."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest

from camxtime.cli import COMMANDS, cli, main
from tests.synthetic import make_dataset

GOOD_SPEC = """
name: tiny
grid: {cameras: 4, times: 3}
image: {width: 32, height: 24}
scenes: [{id: room, family: courtyard}]
animations: [{id: mover, family: walker}]
camera_paths: [{id: arc, kind: arc}]
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("cli") / "data")


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a call."""
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in argv])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(stop.value.code or 0), out, err


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in COMMANDS:
        assert f"  {name} " in out


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_shows_an_example(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0 and f"camxtime {name}" in out.split("Options:")[0].split("\n", 1)[1], out


def test_every_option_has_words() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"camxtime {name} {parameter.opts}"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["plan", "no/such.yaml"], ["no/such.yaml", "scene_specs"]),
        (["render", "no/such.yaml", "--out", "x"], ["no/such.yaml"]),
        (["render", "{good}"], ["--out"]),
        (["render", "{good}", "--out", "{tmp}/d", "--device", "TPU"], ["--device", "optix"]),
        (["render", "{good}", "--out", "{tmp}/d", "--workers", "0"], ["workers", "at least 1"]),
        (["plan", "{good}", "--cells-per-second", "0"], ["cells-per-second"]),
        (["plan", "{good}", "--probe", "quick", "--cells-per-second", "3"], ["--probe"]),
        (["spec", "families", "moon_base"], ["moon_base", "courtyard"]),
        (["spec", "check", "{bad}"], ["bad.yaml", "grid.cameras", "-4"]),
        (["status", "{tmp}"], ["not a folder that camxtime renders into"]),
        (["verify", "{tmp}/nothing"], ["nothing"]),
        (["verify", "{data}", "--quick", "--sample", "3"], ["exclude"]),
        (["verify", "{data}", "--sample", "0"], ["--sample"]),
        (["info", "{tmp}/nothing"], ["nothing"]),
        (["info", "{data}", "--grid", "no.such.grid"], ["no.such.grid"]),
        (["info", "{data}", "--sheet", "{tmp}/s.png", "--pass", "flow"], ["flow", "rgb"]),
        (["frobnicate"], ["frobnicate"]),
    ],
)
def test_bad_input_ends_with_2_and_names_the_culprit(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, dataset: Path, argv: list[str], words: list[str]
) -> None:
    (tmp_path / "good.yaml").write_text(GOOD_SPEC)
    (tmp_path / "bad.yaml").write_text(GOOD_SPEC.replace("cameras: 4", "cameras: -4"))
    places = {"good": tmp_path / "good.yaml", "bad": tmp_path / "bad.yaml", "tmp": tmp_path, "data": dataset}
    code, _, err = run(capsys, *(arg.format(**places) for arg in argv))
    assert code == 2, err
    for word in words:
        assert word in err


def test_good_data_ends_with_0(capsys: pytest.CaptureFixture[str], dataset: Path) -> None:
    code, out, _ = run(capsys, "verify", dataset, "--json")
    report = json.loads(out)
    assert code == 0 and report["ok"] and report["errors"] == 0
    code, out, _ = run(capsys, "info", dataset, "--json")
    assert code == 0 and json.loads(out)["cells"] == report["counts"]["cells"]


def test_damaged_data_ends_with_1_and_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "data")
    shard = sorted((root / "shards").rglob("*.parquet"))[0]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(bytes(data))
    code, out, _ = run(capsys, "verify", root)
    assert code == 1
    assert shard.name in out and shard.parent.name in out and "Mend:" in out


def test_missing_index_ends_with_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "data")
    (root / "cells.parquet").unlink()
    code, out, _ = run(capsys, "verify", root)
    assert code == 1 and "cells.parquet" in out


@pytest.mark.parametrize("name", ["camxtime-180k", "camxtime-360k"])
def test_plan_of_the_papers_specs(capsys: pytest.CaptureFixture[str], repo: Path, name: str) -> None:
    spec = repo / "scene_specs" / f"{name}.yaml"
    code, out, _ = run(capsys, "plan", spec, "--cells-per-second", 4, "--gpus", 64, "--json")
    plan = json.loads(out)
    videos = 180_000 if name.endswith("180k") else 360_000
    assert code == 0
    assert (plan["videos"], plan["cells"]) == (videos, videos * 120)
    assert plan["grids"] * 15 == plan["units"] == plan["shards"] == plan["tasks"]
    assert plan["render_seconds"] == pytest.approx(videos * 120 / 256)
    assert plan["bytes"] == sum(plan["bytes_by_pass"].values()) > 0


def test_schema_and_families_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, "spec", "schema")[1])["title"]
    found = [(row["kind"], row["name"]) for row in json.loads(run(capsys, "spec", "families", "--json")[1])]
    assert (
        ("scene", "courtyard") in found and ("animation", "calibration") in found and ("scene", "calibration") in found
    )


@pytest.mark.slow
def test_doctor_finds_this_machine_ready(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "doctor", "--out", tmp_path / "data", "--json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert code == 0, out
    assert {"python", "blender", "devices", "ray", "scratch", "target"} <= checks.keys()
    assert not list(tmp_path.iterdir())


def test_doctor_names_what_is_wrong_and_the_mend(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fake = tmp_path / "blender"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    code, out, _ = run(capsys, "doctor", "--blender", fake, "--address", "127.0.0.1:9", "--json")
    failed = {check["name"]: check for check in json.loads(out)["checks"] if check["state"] == "fail"}
    assert code == 1 and {"blender", "ray"} <= failed.keys()
    assert all(check["mend"] for check in failed.values())


@pytest.mark.slow
def test_plan_probe_estimates_time_and_bytes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    content = GOOD_SPEC.replace("courtyard", "calibration").replace("walker", "calibration")
    spec.write_text(content + "engine: {samples: 2}\n")
    code, out, err = run(capsys, "plan", spec, "--json")
    assert code == 0, err
    plan = json.loads(out)
    assert plan["render_seconds"] > 0 and "probe" in plan["rates"]
    assert plan["bytes"] > 0 and os.listdir(tmp_path) == ["spec.yaml"]
