"""A .blend file that links to itself over another one crashes Blender, so it is refused before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from camxtime.errors import InputError
from camxtime.spec.asset_checks import check_file
from camxtime.spec.blend import check_links, libraries

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def blends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("links")
    script = Path(__file__).parent / "link_blends.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, capture_output=True)
    return folder


def test_circles_are_refused(blends: Path) -> None:
    assert [Path(name).name for name in libraries(blends / "second.blend")] == ["first.blend"]
    assert libraries(blends / "alone.blend") == []
    check_file(blends / "alone.blend", "scene", {})
    with pytest.raises(
        InputError, match=r"first\.blend: its files link in a circle \(first\.blend -> second\.blend -> first"
    ):
        check_file(blends / "first.blend", "scene", {})


def test_missing_and_cut_files(blends: Path, tmp_path: Path) -> None:
    for name in ("alone.blend", "second.blend"):  # plain and compressed
        whole = (blends / name).read_bytes()
        for size in (5, 17, len(whole) // 2):
            (tmp_path / "cut.blend").write_bytes(whole[:size])
            with pytest.raises(InputError, match=r"cut\.blend: is cut short or no \.blend file"):
                check_links(tmp_path / "cut.blend")
    (blends / "first.blend").unlink()
    with pytest.raises(InputError, match=r"second\.blend: the linked library first\.blend is missing"):
        check_links(blends / "second.blend")
