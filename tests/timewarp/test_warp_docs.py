"""The page on warps says what the code does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from camxtime.sampling.camera_tracks import CAMERA_TRACKS
from camxtime.timewarp import PATTERNS, WARPS


def test_the_page_is_current(repo: Path) -> None:
    script = repo / "docs" / "make_warps.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_shows_everything(repo: Path) -> None:
    text = (repo / "docs" / "warps.md").read_text("utf-8")
    for name, warp in WARPS.items():
        assert f"### {name}\n" in text and warp.formula in text
    for name in (*PATTERNS, *CAMERA_TRACKS):
        assert f"| {name} |" in text
    for figure in ("warps.png", "patterns.png"):
        assert f"images/{figure}" in text
        assert (repo / "docs" / "images" / figure).read_bytes()[:4] == b"\x89PNG"
