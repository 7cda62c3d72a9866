"""Small files that would become large: refused by name, at once, without the memory that they ask for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HARMLESS = {"PNG of 100 MB of zeros"}  # libpng stops at the last row


def test_bombs_are_refused_before_they_unfold(tmp_path: Path, repo: Path) -> None:
    script = Path(__file__).with_name("bombs.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, cwd=repo, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) >= 17
    for name, bomb in found.items():
        assert not bomb["said"].startswith("UNEXPECTED"), (name, bomb)
        assert bool(bomb["said"]) != (name in HARMLESS), (name, bomb)
        assert bomb["mb"] < 200, (name, bomb)
