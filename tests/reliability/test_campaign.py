"""The campaign itself: which trials a seed means, resuming, what counts as a good end, and a few real trials."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import WorkError
from chaos.aftermath import Outcome, Struck, mend
from chaos.campaign import planned, read, undone
from chaos.kinds import KINDS
from chaos.live import _said
from chaos.page import insert
from chaos.report import tables
from chaos.rig import Attempt, Hang


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


def test_a_number_under_other_kinds_is_another_trial() -> None:
    plan = [(0, "kill-blender"), (1, "disk-full")]
    assert undone(plan, [{"number": 0, "kind": "clock"}, {"number": 1, "kind": "disk-full"}]) == plan[:1]


def judged(root: Path, render: Callable[[Any], Any], struck: Struck | None = None) -> Outcome:
    """What the judge makes of a sound dataset whose renders behave as `render` does."""
    make_dataset(root, SyntheticSpec(cameras=2, times=2))
    rig: Any = SimpleNamespace(render=render, digest=camxtime.open(root).digest, reference=root)
    return mend(rig, root, struck or Struck("a fault"))


def done(_: object) -> Any:
    return SimpleNamespace(ok=True, units_rendered=0)


def test_a_sound_dataset_that_render_calls_done_is_a_good_end(tmp_path: Path) -> None:
    assert judged(tmp_path, done).outcome == "digest"


def test_a_render_that_always_finds_more_to_do_is_a_bad_end(tmp_path: Path) -> None:
    out = judged(tmp_path, lambda _: SimpleNamespace(ok=True, units_rendered=1))
    assert (out.outcome, out.rounds) == ("BROKEN", 6) and "still something to do" in out.words


def test_a_refusal_for_good_where_nothing_is_damaged_is_a_bad_end(tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise WorkError("is being rendered by process 1")

    out = judged(tmp_path, refuse)
    assert out.outcome == "BROKEN" and "refuses for good: is being rendered by process 1" in out.words


def test_a_hang_while_mending_is_the_campaigns(tmp_path: Path) -> None:
    def hang(_: object) -> None:
        raise Hang("render has not come back")

    with pytest.raises(Hang):
        judged(tmp_path, hang)


def test_a_run_that_calls_complete_what_is_not_is_silent(tmp_path: Path) -> None:
    make_dataset(tmp_path, SyntheticSpec(cameras=2, times=2))
    next((tmp_path / "shards").glob("*/*.parquet")).unlink()
    rig: Any = SimpleNamespace(render=done, digest="", reference=tmp_path)
    for said in ("complete", "out/trial/dataset: complete: 2 grids, 4 units rendered"):
        assert mend(rig, tmp_path, Struck("a fault", said=said)).outcome == "SILENT"


def test_a_run_that_was_hit_and_ends_in_a_traceback_is_the_trials_error() -> None:
    assert _said(Attempt(error=WorkError("the disk is full"))) == "WorkError: the disk is full"
    with pytest.raises(RuntimeError, match="ended in KeyError"):
        _said(Attempt(error=KeyError("began")))


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
