"""A running or finished render: the farm's own status, the state of every unit, and Blender's logs of failures."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from camxtime.farm.ledger import Ledger
from camxtime.farm.status import StatusReport, status
from camxtime.shards.layout import UnitKey
from camxtime.spec import Expansion
from camxtime.viewer.answers import refuse

LOG_BYTES = 200_000
RUNNING = ("starting", "running", "stopping")
WHOLE = "grid"
"""Stands for the unit's name where a whole grid failed."""


def render_progress(root: Path, expansion: Expansion) -> dict[str, Any]:
    """How far the render of a folder is; errors as `farm.status.status`."""
    report = status(root)
    committed = Ledger(root).committed([grid.grid_id for grid in expansion.grids])
    failed = {(failure.grid, failure.unit) for failure in report.failures}
    at_work = _tasks(report)
    spans = [(UnitKey("a.b.c", first, last).name, first, last) for first, last in expansion.unit_times()]
    grids: list[dict[str, Any]] = []
    running = 0
    for grid in expansion.grids:
        name = grid.grid_id
        units: list[dict[str, Any]] = []
        for unit, first, last in spans:
            state = "committed" if unit in committed[name] else "pending"
            if state == "pending" and f"{name} {unit}" in at_work:
                state = "running"
                running += 1
            elif state == "pending" and {(name, unit), (name, None)} & failed:
                state = "failed"
            units.append({"t0": first, "t1": last, "state": state})
        grids.append({"id": name, "state": _grid_state(units, f"{name} prepare" in at_work), "units": units})
    return {
        "running": report.state in RUNNING, "state": report.state, "started": _started(root),
        "units": {
            "total": report.units_total, "committed": report.units_done, "running": running,
            "failed": sum(unit["state"] == "failed" for entry in grids for unit in entry["units"]),
        },
        "cells": {"total": report.cells_total, "done": report.cells_done},
        "cells_per_second": report.cells_per_second, "eta_s": report.eta_seconds,
        "updated_s_ago": report.updated_seconds_ago, "holder": report.holder, "workers": list(report.workers),
        "grids": grids, "failures": [_failure(failure) for failure in report.failures],
    }  # fmt: skip


def failure_log(root: Path, unit: str) -> bytes:
    """The last 200 kB of Blender's log of a failure, `<grid>/<unit>`; an HTTP error where there is none.

    Only what the ledger lists is read, and only below the dataset's folder: nothing in the address becomes a path.
    """
    for failure in Ledger(root).failures():
        if unit == _unit(failure) and failure.log is not None:
            real = root.resolve()
            file = Path(os.path.realpath(real / failure.log))
            if not file.is_relative_to(real / "ledger" / "failures"):
                raise refuse(403, "This log is a link to a file outside the dataset: it is not read.")
            return _tail(file)
    raise refuse(404, "There is no log of such a unit.")


def _tail(file: Path) -> bytes:
    try:
        with file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - LOG_BYTES))
            return log.read(LOG_BYTES)
    except OSError:
        raise refuse(404, "This log is not there any more: the unit has been rendered since.") from None


def _failure(failure: Any) -> dict[str, Any]:
    log = f"api/render/log?unit={quote(_unit(failure), safe='')}" if failure.log is not None else None
    return {"unit": failure.unit or WHOLE, "grid": failure.grid, "attempts": failure.attempts, "error": failure.error,
            "log": log}  # fmt: skip


def _unit(failure: Any) -> str:
    return f"{failure.grid}/{failure.unit or WHOLE}"


def _tasks(report: StatusReport) -> set[str]:
    return {str(worker.get("task")) for worker in report.workers if worker.get("task")}


def _grid_state(units: list[dict[str, Any]], preparing: bool) -> str:
    states = {unit["state"] for unit in units}
    if states == {"committed"}:
        return "complete"
    if "running" in states or preparing:
        return "running"
    return "failed" if "failed" in states else "incomplete" if "committed" in states else "pending"


def _started(root: Path) -> str | None:
    """When the last run began, local time with its offset."""
    run = Ledger(root).read_run()
    if run is None or not isinstance(run.get("started"), int | float):
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(run["started"]))
