"""A render that finds everything committed still leaves index, status and failures as they should be. No Ray, no Blender."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import SyntheticSpec, write_unit

from camxtime.farm import folder
from camxtime.farm.driver import render
from camxtime.farm.ledger import Ledger
from camxtime.farm.options import Failure
from camxtime.farm.status import status
from camxtime.shards.layout import UnitKey
from camxtime.shards.verify import verify

from .helpers import FAST, tiny_spec

CONTENT = SyntheticSpec(
    grids=("room.ball.arc", "room.ball.dolly"),
    cameras=4,
    times=4,
    width=32,
    height=32,
    times_per_unit=1,
    passes={"depth": "logpng16", "instance": "png16", "rgb": "png"},
)
UNIT = UnitKey("room.ball.arc", 2, 2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """All units of the tiny spec committed, as a driver leaves them that is killed before it builds the index."""
    root = tmp_path / "dataset"
    ledger = Ledger(root)
    folder.claim(ledger, tiny_spec())
    for grid in CONTENT.grids:
        CONTENT.record(grid).write(root)
        for unit in CONTENT.units(grid):
            write_unit(root, CONTENT, unit)
    ledger.write_run({"state": "running", "updated": 0.0})
    return root


def test_a_killed_runs_dataset_is_called_complete_once_it_is(root: Path) -> None:
    assert status(root).state == "killed"
    summary = render(tiny_spec(), root, FAST)
    assert summary.ok and summary.units_rendered == 0 and verify(root).ok
    assert status(root).state == "complete"


def test_an_index_older_than_a_killed_run_is_not_kept(root: Path) -> None:
    before = render(tiny_spec(), root, FAST)
    for file in (UNIT.shard, UNIT.commit):
        (root / file).unlink()
    other = SyntheticSpec(**{**vars(CONTENT), "grids": CONTENT.grids[::-1]})  # the other grid's colours
    write_unit(root, other, UNIT)
    Ledger(root).write_run({"state": "running", "updated": 0.0})
    after = render(tiny_spec(), root, FAST)
    assert after.units_rendered == 0 and after.digest != before.digest
    assert [str(finding) for finding in verify(root, "quick").errors] == []
    index = (root / "dataset.json").stat().st_mtime_ns
    assert render(tiny_spec(), root, FAST).digest == after.digest
    assert (root / "dataset.json").stat().st_mtime_ns == index  # settled: kept


def test_what_was_set_aside_and_is_there_after_all_is_forgiven(root: Path) -> None:
    ledger = Ledger(root)
    for unit in (UNIT.name, None):
        ledger.set_aside(Failure(UNIT.grid, unit, 3, "the worker's process is gone"), None)
    summary = render(tiny_spec(), root, FAST)
    assert summary.ok and summary.failures == () and status(root).failures == ()


def test_reports_that_a_power_cut_has_emptied_stop_nobody(root: Path) -> None:
    ledger = Ledger(root)
    ledger.set_aside(Failure("room.ball.arc", "t0009-0009", 3, "of no use"), None)
    for name in ("run.json", "failures/room.ball.arc/t0009-0009.json"):
        (root / "ledger" / name).write_bytes(b"")
    report = status(root)
    assert report.updated_seconds_ago is None
    assert [(failure.unit, "cannot be read" in failure.error) for failure in report.failures] == [("t0009-0009", True)]
    assert render(tiny_spec(), root, FAST).state == "complete"
