"""A tiny real spec, and looking into a dataset folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from camxtime.spec import DatasetSpec, loads

SPEC = """
version: 1
name: tiny
seed: 5
grid: {cameras: 4, times: 4, fps: 12, times_per_unit: 1}
image: {width: 32, height: 32}
engine: {samples: 1, max_bounces: 1, view_transform: Standard}
passes: {rgb: png, depth: logpng16, instance: png16}
scenes:
  - {id: room, family: calibration}
animations:
  - {id: ball, family: calibration}
camera_paths:
  - {id: arc, kind: arc, sweep_deg: [20, 40]}
  - {id: dolly, kind: dolly}
path_checks: {min_subject_visible: 0.0, min_camera_visible: 0.0, min_clearance_m: 0.01}
"""


def tiny_spec(**changes: Any) -> DatasetSpec:
    """The tiny spec with top-level fields replaced."""
    return DatasetSpec.model_validate({**loads(SPEC, "tiny").canonical(), **changes})


def shard_marks(root: Path) -> dict[str, tuple[int, int, int]]:
    """(inode, mtime in ns, size) of every committed shard: unchanged means not written again."""
    found = {}
    for commit in sorted((root / "ledger" / "commits").glob("*/*.parquet")):
        shard = root / "shards" / commit.parent.name / commit.name
        stat = shard.stat()
        found[f"{commit.parent.name}/{commit.stem}"] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return found


def events(root: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """Events of the folder, in order, of one kind if given."""
    file = root / "ledger" / "events.jsonl"
    if not file.exists():
        return []
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in lines if kind is None or line["event"] == kind]


def wait_for(condition: Callable[[], Any], seconds: float = 90.0) -> Any:
    """Poll until `condition` returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise TimeoutError("what the test waited for did not happen")
