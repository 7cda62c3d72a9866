"""Runs `probe.py` in child processes (Blender is never imported into the tests) and keeps what they report."""

from __future__ import annotations

import functools
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CONTENT = HERE.parents[1] / "blender_scripts"
NOT_FURNISHED = {"calibration"}
"""Families that are instruments of measurement, not content."""


def _families(folder: str) -> list[str]:
    names = (file.stem for file in sorted((CONTENT / folder).glob("*.py")) if not file.stem.startswith("_"))
    return [name for name in names if name not in NOT_FURNISHED]


SCENES = _families("scenes")
ANIMATIONS = _families("animations")
WALKS = [(gait, path) for gait in ("walk", "run", "march") for path in ("circle", "in_place")] + [
    ("idle", "in_place"),
    ("wave", "circle"),
]


def probe(kind: str, family: str, seed: int = 1, **params: Any) -> dict[str, Any]:
    """Return the report of a family built in a child process; the same request is run once per test run."""
    return _probe(kind, family, seed, json.dumps(params, sort_keys=True))


@functools.cache
def _probe(kind: str, family: str, seed: int, params: str) -> dict[str, Any]:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("needs bpy (the extra [render])")
    request = {"seed": seed, "params": json.loads(params), "times": 24, "fps": 12}
    command = [sys.executable, "-W", "ignore", str(HERE / "probe.py"), kind, family, json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("REPORT ")]
    assert done.returncode == 0 and lines, done.stdout[-2000:] + done.stderr[-4000:]
    report: dict[str, Any] = json.loads(lines[-1].removeprefix("REPORT "))
    return report
