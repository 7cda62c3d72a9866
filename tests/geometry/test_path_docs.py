"""The page on camera paths says what the code does."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from camxtime.geometry.paths import KINDS
from camxtime.geometry.paths.files import check_keyframes, load_trajectory


def test_the_page_is_current(repo: Path):
    script = repo / "docs" / "make_camera_paths.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_figure_is_there_and_small(repo: Path):
    figure = repo / "docs" / "images" / "camera_paths.png"
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert figure.stat().st_size < 300_000


@pytest.mark.slow
def test_the_figure_can_be_drawn_again(repo: Path, tmp_path: Path):
    pytest.importorskip("matplotlib")
    code = "import pathlib, sys, camera_paths_figure as figure; figure.draw_figure(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "new.png")], check=True, cwd=repo / "docs")
    assert (tmp_path / "new.png").stat().st_size > 10_000


def test_every_kind_and_parameter_is_on_the_page(repo: Path):
    text = (repo / "docs" / "camera_paths.md").read_text(encoding="utf-8")
    for kind, parameters in KINDS.items():
        assert f"### {kind}\n" in text
        for field in dataclasses.fields(parameters):
            assert f"| `{'file' if field.metadata['type'] == 'file' else field.name}` |" in text


def test_the_examples_on_the_page_load(repo: Path, tmp_path: Path):
    text = (repo / "docs" / "camera_paths.md").read_text(encoding="utf-8")
    blocks = text.split("```")
    keyframes = next(block for block in blocks if block.startswith("yaml\nframe:"))
    check_keyframes("the example", {"frame": "subject", "interpolation": "smooth", **yaml.safe_load(keyframes[5:])})
    (tmp_path / "t.txt").write_text(next(block for block in blocks if block.startswith("\n0 5 10")), encoding="utf-8")
    assert load_trajectory(tmp_path / "t.txt")["displacement"] == [1.0]
