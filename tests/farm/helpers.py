"""A tiny real spec, and looking into a dataset folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from camxtime.farm.events import read_events
from camxtime.farm.options import Progress, RenderOptions
from camxtime.shards.store import LocalStore
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
    return [line for line in read_events(LocalStore(str(root))) if kind is None or line["event"] == kind]


def wait_for(condition: Callable[[], Any], seconds: float = 90.0) -> Any:
    """Poll until `condition` returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise TimeoutError("what the test waited for did not happen")


FAST = RenderOptions(workers=1, threads=2, progress=False)
"""Options for tests: one worker, no progress bar."""


def slow_spec(**changes: Any) -> DatasetSpec:
    """A spec of one grid whose units take long enough (tenths of a second) to be hit while they are under way."""
    wanted = {
        "grid": {"cameras": 3, "times": 10, "fps": 12, "times_per_unit": 1},
        "engine": {"samples": 32, "max_bounces": 2, "view_transform": "Standard"},
        "camera_paths": [{"id": "arc", "kind": "arc", "sweep_deg": [20, 40]}],
    }
    return tiny_spec(**{**wanted, **changes})


def write_spec(spec: DatasetSpec, folder: Path) -> Path:
    """The spec as a file that the command line takes (JSON is YAML)."""
    file = folder / "spec.yaml"
    file.write_text(json.dumps(spec.canonical()))
    return file


def start_driver(spec: DatasetSpec, out: Path, *options: str) -> subprocess.Popen[str]:
    """`camxtime render` in a process of its own, with a local Ray of its own."""
    argv = [sys.executable, "-m", "camxtime.cli", "render", str(write_spec(spec, out.parent)), "--out", str(out)]
    return subprocess.Popen(
        [*argv, "--workers", "1", "--threads", "2", *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


class Saboteur:
    """Given as `on_progress`: once some cells are done, sends a signal to a process of a worker, once.

    Args:
        whom: `pid` (the worker's process) or `blender_pid`.
    """

    def __init__(self, whom: str, number: signal.Signals) -> None:
        self.whom, self.number = whom, number
        self.hit: int | None = None

    def __call__(self, progress: Progress) -> None:
        pids = [worker[self.whom] for worker in progress.workers if worker.get(self.whom)]
        if self.hit is None and pids and 0 < progress.cells_done < progress.cells_total:
            self.hit = pids[0]
            os.kill(self.hit, self.number)
