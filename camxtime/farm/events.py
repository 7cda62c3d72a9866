"""The events of a run: one JSON object a line, in `ledger/events/`, from the driver alone.

In a folder a run has one file. Object storage has no appending: there the run writes parts of up to 1,000 lines, the last
of which is written again while it grows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from camxtime.shards.atomic import write_error
from camxtime.shards.store import LocalStore, Store

EVENTS = "ledger/events"
PART_LINES = 1000
FLUSH_S = 5.0


class EventLog:
    """Where a run's events go. `name` sorts runs by their beginning: `20260131T235959-<first digits of the run's id>`.

    Every line has `at` (Unix time, s), `run`, `event` and the event's own fields, `grid` and `unit` among them.

    Attributes:
        listener: called with every event's kind and fields, as metrics are (None: nobody).
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self.name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{run_id[:8]}"
        self._lines: list[str] = []
        self._part = 0
        self._flushed = 0.0
        self._waiting = False  # whether a line has come since
        self.listener: Callable[[str, dict[str, Any]], None] | None = None

    def add(self, kind: str, /, **fields: Any) -> None:
        """Write one event.

        Raises:
            WorkError: the disk is full, or the storage may not be written to or does not answer.
        """
        if self.listener is not None:
            self.listener(kind, fields)
        line = json.dumps({"at": round(time.time(), 3), "run": self._run_id, "event": kind, **fields}) + "\n"
        if isinstance(self._store, LocalStore):
            self._append(self._store, line)
            return
        self._lines.append(line)
        self._waiting = True
        if len(self._lines) >= PART_LINES:
            self.flush()
        self.tick()

    def tick(self) -> None:
        """Write what has waited for `FLUSH_S`; to be called often, since events may be rare."""
        if time.monotonic() - self._flushed > FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what waits; nothing does in a folder."""
        if not self._waiting:
            return
        data = "".join(self._lines).encode()
        self._store.write(f"{EVENTS}/{self.name}-{self._part:04d}.jsonl", data, durable=False)
        self._flushed, self._waiting = time.monotonic(), False
        if len(self._lines) >= PART_LINES:
            self._lines.clear()
            self._part += 1

    def _append(self, store: LocalStore, line: str) -> None:
        path = store.path(f"{EVENTS}/{self.name}.jsonl")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise write_error(path, error) from error


def read_events(store: Store) -> Iterator[dict[str, Any]]:
    """All events of all runs, in order. A line that a killed driver left half-written is passed over."""
    for name in store.names(EVENTS):
        if not name.endswith(".jsonl") or name.startswith("."):
            continue
        for line in store.read_bytes(f"{EVENTS}/{name}").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event
