"""What a run writes about itself, beside the shards: identity, grid records, events, failures and the run record.

ledger/spec.json                 the spec this dataset is for, canonical; written once
ledger/engine.json               Blender build and device of the first worker; all others must be equal
ledger/assets.json               digests of the files the dataset is made from
ledger/lock                      held by the one driver
ledger/run.json                  the last run: state, progress, workers; refreshed every few seconds
ledger/events/<run>.jsonl        one line per event
ledger/grids/<grid>.json         a prepared grid: cameras, parameters of its path, framing, instances
ledger/commits/<grid>/<unit>.parquet     a finished unit: its index rows (written by `camxtime.shards`)
ledger/failures/<grid>/<unit>.json, .log what was set aside in the last run that tried it
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from camxtime.errors import DataError
from camxtime.farm import lease, lock
from camxtime.farm.files import read_json, write_json
from camxtime.farm.options import Failure
from camxtime.shards.layout import COMMITS, GRID_RECORDS, SHARDS_FOLDER
from camxtime.shards.store import LocalStore, Root, Store, open_store

LOCK = "ledger/lock"
FAILURES = "ledger/failures"
SILENT_S = 120.0  # a driver that has not reported for so long, on object storage, has died
WHOLE_GRID = "grid"  # name of the failure of a preparation, beside the units' names


class Ledger:
    """The files of a dataset that the farm keeps. `root` is the dataset's folder, URL or store."""

    def __init__(self, root: Root) -> None:
        self.store: Store = open_store(root)
        self._failed: set[str] | None = None  # what has a failure file, once somebody asked

    @property
    def root(self) -> Path | str:
        """The dataset's folder or URL."""
        return Path(self.store.root) if isinstance(self.store, LocalStore) else self.store.root

    def where(self, name: str) -> str:
        """Place of one of the ledger's own files, for messages."""
        return self.store.where(f"ledger/{name}")

    def read(self, name: str) -> Any:
        """One of the ledger's own JSON files (`spec.json`, `engine.json`, …); None when there is none.

        Raises:
            DataError: it is there but is not JSON.
        """
        return read_json(self.store, f"ledger/{name}")

    def write(self, name: str, value: Any, durable: bool = True) -> None:
        """Replace one of the ledger's own JSON files.

        Raises:
            WorkError: the disk is full, or the storage may not be written to or does not answer.
        """
        write_json(self.store, f"ledger/{name}", value, durable)

    def lock(self) -> AbstractContextManager[None]:
        """Keep other drivers away for the time of the block: a kernel's lock in a folder, a lease on object storage.

        Raises:
            InputError: another driver is at work; the message says which.
            WorkError: the lock cannot be written.
        """
        if isinstance(self.store, LocalStore):
            return lock.folder_lock(self.store.path(LOCK))
        return lease.hold(self.store, LOCK)

    def holder(self) -> dict[str, Any] | None:
        """pid, host and since of the driver at work, None if none is."""
        if isinstance(self.store, LocalStore):
            path = self.store.path(LOCK)
            return (lock.holder_of(path) or {}) if lock.is_held(path) else None
        run = self.read_run()
        silent = run is not None and time.time() - float(run["updated"]) > SILENT_S
        return None if silent else lease.holder(self.store, LOCK)

    def prepared(self) -> set[str]:
        """Ids of the grids that have a record."""
        names = self.store.names(GRID_RECORDS)
        return {name.removesuffix(".json") for name in names if name.endswith(".json") and not name.startswith(".")}

    def committed(self, ids: Iterable[str]) -> dict[str, set[str]]:
        """Names of the finished units of each grid: those whose commit record and shard are both there.

        A commit without its shard is an order to render it again: deleting a damaged shard mends a dataset.
        """
        done: dict[str, set[str]] = {grid_id: set() for grid_id in ids}
        shards = self.store.files(SHARDS_FOLDER)
        for path in self.store.files(COMMITS):
            grid_id, _, file = path.removeprefix(f"{COMMITS}/").partition("/")
            if grid_id in done and file.endswith(".parquet") and f"{SHARDS_FOLDER}/{grid_id}/{file}" in shards:
                done[grid_id].add(file.removesuffix(".parquet"))
        return done

    def set_aside(self, failure: Failure, log: str | None) -> Failure:
        """Keep a failure, with Blender's log of its last attempt; returns it with the log's place filled in."""
        base = f"{FAILURES}/{failure.grid}/{failure.unit or WHOLE_GRID}"
        if self._failed is not None:
            self._failed.add(base)
        kept = None
        if log is not None:
            kept = f"{base}.log"
            self.store.write(kept, log.encode())
        record = {
            "grid": failure.grid,
            "unit": failure.unit,
            "attempts": failure.attempts,
            "error": failure.error,
            "log": kept,
            "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        write_json(self.store, f"{base}.json", record)
        return Failure(failure.grid, failure.unit, failure.attempts, failure.error, kept)

    def forgive(self, grid_id: str, unit: str | None) -> None:
        """Forget a failure of an earlier run: the unit has now succeeded.

        What has failed is listed once: on object storage two requests for every unit that never failed would cost the
        driver more than all else that it does for a unit.
        """
        if self._failed is None:
            self._failed = {path.rpartition(".")[0] for path in self.store.files(FAILURES)}
        base = f"{FAILURES}/{grid_id}/{unit or WHOLE_GRID}"
        if base in self._failed:
            self._failed.discard(base)
            for suffix in (".json", ".log"):
                self.store.remove(base + suffix)

    def failures(self) -> list[Failure]:
        """Everything set aside and not since mended."""
        found = []
        for path in self.store.files(FAILURES):
            if not path.endswith(".json"):
                continue
            *_, grid_id, name = path.removesuffix(".json").split("/")
            try:
                record = read_json(self.store, path) or {}
            except DataError as error:  # a note that is damaged is a note still
                record = {"error": str(error)}
            found.append(
                Failure(
                    grid_id,
                    None if name == WHOLE_GRID else name,
                    int(record.get("attempts", 0)),
                    str(record.get("error", "")),
                    record.get("log"),
                )
            )
        return found

    def write_run(self, record: dict[str, Any]) -> None:
        """Replace run.json. Not durable: it is a progress report, and the truth is in the commits."""
        self.write("run.json", record, durable=False)

    def read_run(self) -> dict[str, Any] | None:
        """The last run's record, None before the first run, or where a power cut has left nothing of it."""
        try:
            record = self.read("run.json")
        except DataError:
            return None
        return record if isinstance(record, dict) and {"state", "updated"} <= set(record) else None
