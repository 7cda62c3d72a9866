"""A real `blender` executable: refused by name and version where it is too old (Debian's is), rendered with where it is not.

`apt-get install blender`, or CAMXTIME_BLENDER=/path/to/blender; the tests are skipped without.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from camxtime.errors import InputError
from camxtime.farm.blender_launch import OLDEST, identify

SPEC = """
version: 1
name: tiny
grid: {cameras: 2, times: 2}
image: {width: 16, height: 16}
engine: {samples: 1, max_bounces: 1}
passes: {rgb: "jpeg:95"}
scenes: [{id: courtyard, family: courtyard}]
animations: [{id: balls, family: bouncing_balls}]
camera_paths: [{id: arc, kind: arc}]
"""


@pytest.fixture(scope="module")
def blender() -> str:
    found = os.environ.get("CAMXTIME_BLENDER") or shutil.which("blender")
    if found is None:
        pytest.skip("there is no blender executable here (apt-get install blender)")
    return found


@pytest.fixture(scope="module")
def version(blender: str) -> tuple[int, int]:
    said = subprocess.run([blender, "--version"], capture_output=True, text=True, timeout=120).stdout
    match = re.search(r"^Blender (\d+)\.(\d+)", said, re.MULTILINE)
    assert match is not None, said
    return int(match[1]), int(match[2])


def camxtime(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "camxtime.cli", *words], capture_output=True, text=True, timeout=300)


def test_an_old_blender_is_refused_with_its_version_and_the_mend(
    blender: str, version: tuple[int, int], tmp_path: Path
) -> None:
    if version >= OLDEST:
        pytest.skip(f"{blender} is {version[0]}.{version[1]}, which is new enough")
    words = rf"is Blender {version[0]}\.{version[1]}; {OLDEST[0]}\.{OLDEST[1]} or newer is needed.*(pip|blender\.org)"
    with pytest.raises(InputError, match=words):
        identify(blender)
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC)
    done = camxtime("render", str(spec), "--out", str(tmp_path / "out"), "--blender", blender)
    assert done.returncode == 2 and re.search(words, done.stderr.replace("\n", " ")), done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "out" / "dataset.json").exists()
    checked = camxtime("doctor", "--blender", blender)
    assert checked.returncode != 0 and f"Blender {version[0]}.{version[1]}" in checked.stdout + checked.stderr


@pytest.mark.slow
def test_a_new_enough_blender_renders(blender: str, version: tuple[int, int], tmp_path: Path) -> None:
    if version < OLDEST:
        pytest.skip(f"{blender} is {version[0]}.{version[1]}, too old")
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC)
    done = camxtime("render", str(spec), "--out", str(tmp_path / "out"), "--blender", blender)
    assert done.returncode == 0, done.stderr
