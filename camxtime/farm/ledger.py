"""What a run writes about itself, beside the shards: identity, grid records, events, failures and the run record.

ledger/spec.json                 the spec this folder is for, canonical; written once
ledger/engine.json               Blender build and device of the first worker; all others must be equal
ledger/lock                      held by the one driver
ledger/run.json                  the last run: state, progress, workers; refreshed every few seconds
ledger/events.jsonl              one line per event of all runs
ledger/grids/<grid>.json         a prepared grid: cameras, parameters of its path, framing, instances
ledger/commits/<grid>/<unit>.parquet     a finished unit: its index rows (written by `camxtime.shards`)
ledger/failures/<grid>/<unit>.json, .log what was set aside in the last run that tried it
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.farm.files import read_json, write_json
from camxtime.farm.options import Failure
from camxtime.shards.atomic import write_atomic, write_error
from camxtime.shards.layout import COMMITS, GRID_RECORDS, SHARDS_FOLDER, grid_record_path

WHOLE_GRID = "grid"  # name of the failure of a preparation, beside the units' names


@dataclass(frozen=True)
class Ledger:
    """The files of a dataset folder that the farm keeps. `root` is the dataset's folder."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "ledger"

    @property
    def lock_file(self) -> Path:
        return self.folder / "lock"

    @property
    def spec_file(self) -> Path:
        return self.folder / "spec.json"

    @property
    def engine_file(self) -> Path:
        return self.folder / "engine.json"

    @property
    def run_file(self) -> Path:
        return self.folder / "run.json"

    @property
    def events_file(self) -> Path:
        return self.folder / "events.jsonl"

    def grid_file(self, grid_id: str) -> Path:
        return self.root / grid_record_path(grid_id)

    def prepared(self) -> set[str]:
        """Ids of the grids that have a record."""
        return {name.removesuffix(".json") for name in _names(self.root / GRID_RECORDS) if name.endswith(".json")}

    def committed(self, grid_id: str) -> set[str]:
        """Names of the grid's finished units: those whose commit record and shard are both there.

        A commit without its shard is an order to render it again: deleting a damaged shard mends a dataset.
        """
        commits = _units(self.root / COMMITS / grid_id)
        return commits & _units(self.root / SHARDS_FOLDER / grid_id) if commits else commits

    def event(self, kind: str, **fields: Any) -> None:
        """Append one line to events.jsonl. Only the driver writes it.

        Raises:
            WorkError: the disk is full or may not be written to.
        """
        line = json.dumps({"at": round(time.time(), 3), "event": kind, **fields}) + "\n"
        try:
            with self.events_file.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise write_error(self.events_file, error) from error

    def set_aside(self, failure: Failure, log: str | None) -> Failure:
        """Keep a failure, with Blender's log of its last attempt; returns it with the log's place filled in."""
        base = self.folder / "failures" / failure.grid
        name = failure.unit or WHOLE_GRID
        kept = None
        if log is not None:
            write_atomic(base / f"{name}.log", log.encode())
            kept = str((base / f"{name}.log").relative_to(self.root))
        record = {
            "grid": failure.grid,
            "unit": failure.unit,
            "attempts": failure.attempts,
            "error": failure.error,
            "log": kept,
            "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        write_json(base / f"{name}.json", record)
        return Failure(failure.grid, failure.unit, failure.attempts, failure.error, kept)

    def forgive(self, grid_id: str, unit: str | None) -> None:
        """Forget a failure of an earlier run: the unit has now succeeded."""
        base = self.folder / "failures" / grid_id
        if not base.is_dir():
            return
        for suffix in (".json", ".log"):
            (base / f"{unit or WHOLE_GRID}{suffix}").unlink(missing_ok=True)
        if not any(base.iterdir()):
            base.rmdir()

    def failures(self) -> list[Failure]:
        """Everything set aside and not since mended."""
        found = []
        for grid_id in sorted(_names(self.folder / "failures")):
            for name in sorted(_names(self.folder / "failures" / grid_id)):
                if not name.endswith(".json") or name.startswith("."):
                    continue
                record = read_json(self.folder / "failures" / grid_id / name) or {}
                found.append(
                    Failure(
                        grid_id,
                        record.get("unit"),
                        int(record.get("attempts", 0)),
                        str(record.get("error", "")),
                        record.get("log"),
                    )
                )
        return found

    def write_run(self, record: dict[str, Any]) -> None:
        """Replace run.json. Not durable: it is a progress report, and the truth is in the commits."""
        write_json(self.run_file, record, durable=False)

    def read_run(self) -> dict[str, Any] | None:
        """The last run's record, None before the first run."""
        record = read_json(self.run_file)
        return record if isinstance(record, dict) else None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  names only, three times as fast
    except FileNotFoundError:
        return []


def _units(folder: Path) -> set[str]:
    return {
        name.removesuffix(".parquet")
        for name in _names(folder)
        if name.endswith(".parquet") and not name.startswith(".")
    }
