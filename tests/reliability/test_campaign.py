"""The campaign itself: which trials a seed means, resuming, what counts as a good end, and a few real trials."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.campaign import planned, read
from chaos.kinds import KINDS
from chaos.page import insert
from chaos.report import tables


def test_a_seed_means_the_same_trials_and_every_kind_equally_often() -> None:
    plan = planned(2 * len(KINDS), 7, list(KINDS))
    assert plan == planned(2 * len(KINDS), 7, list(reversed(KINDS))) and plan != planned(2 * len(KINDS), 8, list(KINDS))
    assert sorted(kind for _, kind in plan) == sorted([*KINDS, *KINDS])


def test_results_are_read_up_to_a_line_that_was_cut_off_and_of_one_seed(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_text('{"seed": 1, "number": 0}\n{"seed": 2, "number": 5}\n{"seed": 1, "num')
    assert [line["number"] for line in read(file, 1)] == [0]
    assert read(tmp_path / "none", 1) == []


def test_the_report_counts_ends_by_kind_and_keeps_what_people_wrote(tmp_path: Path) -> None:
    line = {"kind": "disk-full", "named": ["a"], "healed": [], "tries": 2, "hit": True, "seconds": 3.0}
    text = tables([{**line, "outcome": "digest"}, {**line, "outcome": "SILENT"}], "python -m chaos")
    assert "| 2 | 1 | 0 | 1 | 0 | 3.0 |" in text and "struck again: 2;" in text
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- chaos: begin -->\nold\n<!-- chaos: end -->\nafter\n")
    insert(page, "chaos", text)
    insert(page, "chaos", "new")
    assert page.read_text() == "before\n<!-- chaos: begin -->\nnew\n<!-- chaos: end -->\nafter\n"


@pytest.mark.slow
def test_real_trials_end_in_the_undisturbed_digest(tmp_path: Path, repo: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "chaos",
        "--faults",
        "2",
        "--kinds",
        "kill-blender,commit-harm",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(argv, cwd=repo, capture_output=True, text=True, timeout=380, check=False)
    lines = [json.loads(text) for text in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line["outcome"] for line in lines] == ["digest", "digest"]
