"""`camxtime split`, `import` and `export` as users call them."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from synthetic import SyntheticSpec, make_dataset

from camxtime.cli.export import command as export
from camxtime.cli.import_ import command as import_
from camxtime.cli.split import command as split
from camxtime.errors import CamxtimeError

GRIDS = tuple(f"s{i}.a{i}.{path}" for i in range(4) for path in ("arc", "pan"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = SyntheticSpec(GRIDS, 6, 5, 32, 24, passes={"rgb": "png", "depth": "zstd32"})
    return make_dataset(tmp_path_factory.mktemp("d"), spec)


def run(command: click.Command, *words: object) -> str:
    """The output; raises what the command raises (the entry point turns that into a message and an exit code)."""
    result = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_cut_check_and_bind(root: Path, tmp_path: Path) -> None:
    made = json.loads(run(split, root, "--hold-out", "test=1", "--hold-out", "val=name:s2", "--out", tmp_path / "m.json",
                          "--benchmark", tmp_path / "b.json", "--json"))  # fmt: skip
    assert made["splits"] == {"train": 4, "test": 2, "val": 2} and made["items"] == 5 and made["frames"] == 5
    checked = json.loads(run(split, root, "--check", tmp_path / "m.json", "--out", tmp_path / "bound.json", "--json"))
    assert checked["digest"] == made["manifest"] and (tmp_path / "bound.json").is_file()
    assert json.loads(run(split, root, "--check", tmp_path / "b.json", "--json"))["digest"] == made["benchmark"]


def test_metadata(root: Path, tmp_path: Path) -> None:
    run(
        split, root, "--metadata", tmp_path / "meta", "--licence", "CC0-1.0", "--creator", "Ada", "--date", "2026-01-02"
    )
    assert json.loads((tmp_path / "meta" / "croissant.json").read_text())["creator"][0]["name"] == "Ada"
    run(split, root, "--out", tmp_path / "m.json")
    run(
        export,
        root,
        "--format",
        "card",
        "--out",
        tmp_path / "card",
        "--manifest",
        tmp_path / "m.json",
        "--licence",
        "mit",
    )
    assert "license: mit" in (tmp_path / "card" / "README.md").read_text()


def test_specs_are_split_before_rendering(repo: Path, tmp_path: Path) -> None:
    text = run(split, repo / "scene_specs" / "camxtime-180k.yaml", "--hold-out", "val=4", "--hold-out", "test=32",
               "--out", tmp_path / "m.json", "--benchmark", tmp_path / "b.json", "--modes", "paper")  # fmt: skip
    assert "'test': 480" in text and "items" in text
    with pytest.raises(CamxtimeError, match="not a spec"):
        run(split, repo / "scene_specs" / "camxtime-180k.yaml", "--metadata", tmp_path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--hold-out", "test"], "NAME=RULE"),
        (["--hold-out", "test=1", "--hold-out", "test=2"], "named twice"),
        (["--hold-out", "test=9"], "the rest would be empty"),
        (["--hold-out", "test=name:x"], "nothing is called 'x'"),
    ],
)
def test_mistakes_are_explained(root: Path, words: list[str], message: str) -> None:
    with pytest.raises(CamxtimeError, match=message) as error:
        run(split, root, *words)
    assert error.value.exit_code == 2


def test_export_and_import(root: Path, tmp_path: Path) -> None:
    said = json.loads(run(export, root, "--format", "mp4", "--grid", "s0.*", "--track", "camera:1", "--lossless", "--out",
                          tmp_path / "v", "--json"))  # fmt: skip
    assert said["files"] == 2 and "'depth'" in " ".join(said["not_held"])
    made = json.loads(
        run(import_, tmp_path / "v", "--format", "mp4", "--pass", "rgb=webp", "--out", tmp_path / "i", "--json")
    )
    assert made["cells"] == 10 and made["grids"] == ["s0.a0.arc", "s0.a0.pan"]
    assert "not held:" in run(export, root, "--format", "colmap", "--grid", "s0.a0.arc", "--out", tmp_path / "c")
    assert "note:" in run(import_, tmp_path / "c" / "s0.a0.arc", "--format", "colmap", "--out", tmp_path / "j")
    for words, message in ((["--benchmark", "x"], "no place for one"), (["--grid", "zzz"], "no grid 'zzz'")):
        with pytest.raises(CamxtimeError, match=message):
            run(export, root, "--format", "mp4", "--out", tmp_path / "w", *words)
    with pytest.raises(CamxtimeError, match="PASS=CODEC"):
        run(import_, tmp_path / "v", "--format", "mp4", "--pass", "rgb", "--out", tmp_path / "k")


@pytest.mark.parametrize("command", [split, import_, export])
def test_help_has_an_example(command: click.Command) -> None:
    assert f"camxtime {command.name} " in run(command, "--help")
