"""Defects that the campaign found: each damage is named, and what is named can be mended."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from synthetic import SyntheticSpec, make_dataset

from camxtime.errors import DataError
from camxtime.farm.ledger import Ledger
from camxtime.farm.options import Failure
from camxtime.shards.atomic import clean_temporaries
from camxtime.shards.index import sound_header
from camxtime.shards.records import GridRecord
from camxtime.shards.store import LocalStore, open_store
from camxtime.shards.verify import verify


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_dataset(tmp_path / "dataset", SyntheticSpec())
    return tmp_path / "dataset"


def change_digit(file: Path, after: bytes) -> None:
    """Change a digit behind the first `after`, so that the file stays well-formed."""
    data = bytearray(file.read_bytes())
    at = data.index(after) + len(after)
    while not chr(data[at]).isdigit():
        at += 1
    data[at] = ord("1") if data[at] != ord("1") else ord("2")
    file.write_bytes(bytes(data))


def test_a_changed_camera_in_a_grid_record_is_refused_and_named(root: Path) -> None:
    file = next((root / "ledger" / "grids").glob("*.json"))
    change_digit(file, b'"c2w":[[')
    with pytest.raises(DataError, match="checksum"):
        GridRecord.read(root, file.stem)
    report = verify(root, "full")
    assert not report.ok and any(finding.file == f"ledger/grids/{file.name}" for finding in report.errors)


def test_a_damaged_commit_is_named_though_the_dataset_is_whole(root: Path) -> None:
    assert verify(root, "full").ok
    file = next((root / "ledger" / "commits").glob("*/*.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(bytes(data))
    named = [finding.file for finding in verify(root, "full").errors]
    assert named == [file.relative_to(root).as_posix()]
    file.unlink()
    report = verify(root, "full")
    assert report.ok and [finding.file for finding in report.warnings] == named


@pytest.mark.parametrize("name", ["dataset.json", "cells.parquet"])
def test_an_index_is_kept_only_if_it_is_what_was_built(root: Path, name: str) -> None:
    assert sound_header(open_store(root)) is not None
    data = bytearray((root / name).read_bytes())
    data[len(data) // 2] ^= 1
    (root / name).write_bytes(bytes(data))
    assert sound_header(open_store(root)) is None
    (root / name).unlink()
    assert sound_header(open_store(root)) is None


def test_half_written_files_from_the_future_are_swept(tmp_path: Path) -> None:
    left = tmp_path / ".t0000-0000.parquet.0123.part"
    left.write_bytes(b"half")
    os.utime(left, (time.time() + 1e6, time.time() + 1e6))
    assert clean_temporaries(tmp_path) == [left] and not left.exists()


def test_failures_are_looked_up_once_and_forgiven(tmp_path: Path) -> None:
    class Counting(LocalStore):
        removals = 0

        def remove(self, path: str) -> None:
            self.removals += 1
            super().remove(path)

    store = Counting(str(tmp_path))
    ledger = Ledger(store)
    ledger.set_aside(Failure("a.b.c", "t0000-0000", 3, "it failed"), "log")
    ledger.forgive("a.b.c", "t0001-0001")
    assert store.removals == 0 and len(ledger.failures()) == 1
    ledger.set_aside(Failure("a.b.c", "t0002-0002", 3, "it failed"), None)
    for unit in ("t0000-0000", "t0002-0002"):
        ledger.forgive("a.b.c", unit)
    assert ledger.failures() == []
