"""A cluster of several Ray nodes on this machine, one of which is lost while it renders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .helpers import events

pytestmark = pytest.mark.slow


def test_a_lost_node_costs_retries_only(reference, tmp_path):
    root = tmp_path / "dataset"
    script = Path(__file__).with_name("cluster_driver.py")
    done = subprocess.run(
        [sys.executable, str(script), str(root)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"DIGEST {reference.digest}" in done.stdout
    lost = events(root, "worker_lost")[0]
    taken_over = [e for e in events(root, "rendered") if e["at"] > lost["at"] and e["worker"] != lost["worker"]]
    assert taken_over, "others go on with the work"
    rendered = [(e["grid"], e["unit"]) for e in events(root, "rendered")]
    assert len(rendered) == len(set(rendered)), "and nothing committed is rendered again"
