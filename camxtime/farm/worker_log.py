"""A worker's own log: one JSON object a line on standard error, which Ray keeps on the worker's node.

It tells how a worker goes about its work, for the case that somebody has to look: what was begun, stages loaded, Blender
started and ended and why. What came of the work is not in it but in the run's events (`camxtime.farm.events`), which are the
one record of that; `run`, `worker`, `grid` and `unit` are the same in both.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any, TextIO

from camxtime.farm.jobs import Task


class WorkerLog:
    """Writes lines with `at` (Unix time, s), `level`, `event`, `run`, `worker`, `host`, and `grid` and `unit` of a task.

    Args:
        stream: where to; standard error of the moment when None.
    """

    def __init__(self, run_id: str, worker: int, stream: TextIO | None = None) -> None:
        self._run_id = run_id
        self._worker = worker
        self._stream = stream
        self._host = socket.gethostname()

    def line(self, event: str, task: Task | None = None, level: str = "info", **fields: Any) -> None:
        """Write one line, in one call, so that threads do not mix theirs. `unit` is None for a grid's preparation."""
        about = {"grid": task.grid.grid_id, "unit": task.unit} if task is not None else {}
        head = {"at": round(time.time(), 3), "level": level, "event": event}
        who = {"run": self._run_id, "worker": self._worker, "host": self._host}
        stream = self._stream or sys.stderr
        stream.write(json.dumps({**head, **who, **about, **fields}) + "\n")
        stream.flush()
