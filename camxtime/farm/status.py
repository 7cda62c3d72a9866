"""`status`: how a dataset folder stands, seen from any terminal, while a run goes on or after it.

Read from listings and small files only, so the time it takes does not depend on pixels; nothing is changed.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import DataError, InputError
from camxtime.farm.ledger import Ledger
from camxtime.farm.options import Failure
from camxtime.shards.layout import DATASET_JSON, UnitKey
from camxtime.shards.store import Root, resolved
from camxtime.spec import DatasetSpec, expand

STALE_S = 30.0
SHOWN = 20  # workers, refused nodes


@dataclass(frozen=True)
class StatusReport:
    """State of a dataset folder.

    state: `running` (also starting, stopping), `complete`, `incomplete` (nobody renders it, something is missing) or
        `killed` (nobody renders it, and the last run did not say goodbye).
    holder: pid, host and since of the driver at work.
    workers, nodes: what each worker did when last heard, and the nodes of the Ray, of a running folder.
    indexed: whether dataset.json is there.
    """

    root: Path | str
    name: str
    state: str
    grids_total: int
    grids_prepared: int
    grids_complete: int
    units_total: int
    units_done: int
    cells_total: int
    cells_done: int
    cells_per_second: float | None
    eta_seconds: float | None
    updated_seconds_ago: float | None
    holder: dict[str, Any] | None
    workers: tuple[dict[str, Any], ...]
    failures: tuple[Failure, ...]
    indexed: bool
    nodes: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        plain = {**vars(self), "root": str(self.root), "workers": list(self.workers), "nodes": list(self.nodes)}
        return {**plain, "failures": [vars(failure) for failure in self.failures]}

    def lines(self) -> list[str]:
        """The report for a person."""
        share = self.cells_done / self.cells_total if self.cells_total else 1.0
        out = [
            f"{self.name} in {self.root}: {self.state}",
            f"cells {self.cells_done:,} of {self.cells_total:,} ({share:.1%}); units {self.units_done:,} of "
            f"{self.units_total:,}; grids {self.grids_complete:,} complete, {self.grids_prepared:,} prepared, "
            f"of {self.grids_total:,}",
        ]
        if self.holder is not None:
            out.append(f"driver: process {self.holder['pid']} on {self.holder['host']} since {self.holder['since']}")
        if self.cells_per_second:
            left = "" if self.eta_seconds is None else f", {_duration(self.eta_seconds)} left"
            out.append(f"{self.cells_per_second:.1f} cells/s{left}")
        if self.updated_seconds_ago is not None and self.updated_seconds_ago > STALE_S and self.holder is not None:
            out.append(f"the driver has not reported for {self.updated_seconds_ago:.0f} s")
        out += self._cluster_lines()
        out += [f"set aside: {failure}" for failure in self.failures[:20]]
        if len(self.failures) > 20:
            out.append(f"and {len(self.failures) - 20} more set aside")
        if self.state in ("incomplete", "killed"):
            out.append("run the same `camxtime render` again: it goes on where it stopped")
        return out

    def _cluster_lines(self) -> list[str]:
        """Nodes and workers; of many, those that work are summed up and those that may not are named."""
        out = []
        if self.nodes:
            used = sum(node["workers"] > 0 for node in self.nodes)
            doing = Counter(str(worker.get("doing")) for worker in self.workers)
            spread = ", ".join(f"{count} {what}" for what, count in sorted(doing.items())) or "none"
            out.append(f"nodes: {used} of {len(self.nodes)} work; workers: {spread}")
        refused = [node for node in self.nodes if node["refused"]]
        out += [f"node {node['host']} is not used: {node['refused']}" for node in refused[:SHOWN]]
        out += [_worker_line(worker) for worker in self.workers[:SHOWN]]
        if len(self.workers) > SHOWN:
            out.append(f"and {len(self.workers) - SHOWN} more workers (--json shows them)")
        metrics = [node["metrics"] for node in self.nodes if node["metrics"]]
        if metrics:
            others = f" and {len(metrics) - 1} other nodes" if len(metrics) > 1 else ""
            out.append(f"metrics: {metrics[0]}{others}")
        return out


def status(root: Root) -> StatusReport:
    """How the dataset in a folder, or at a URL, stands.

    Raises:
        InputError: it is not a place that camxtime renders into.
        DataError: its ledger is damaged.
    """
    ledger = Ledger(resolved(root))
    snapshot = ledger.read("spec.json")
    if snapshot is None:
        raise InputError(f"{ledger.root}: is not a folder that camxtime renders into (it has no ledger/spec.json).")
    try:
        spec = DatasetSpec.model_validate(snapshot)
    except ValueError as error:
        raise DataError(
            f"{ledger.where('spec.json')}: is not a spec that this camxtime understands: {error}"
        ) from error
    expansion = expand(spec)
    ids = [grid.grid_id for grid in expansion.grids]
    units = {UnitKey("a.b.c", first, last).name: last - first + 1 for first, last in expansion.unit_times()}
    done = {grid_id: names & units.keys() for grid_id, names in ledger.committed(ids).items()}
    times_done = sum(units[name] for names in done.values() for name in names)
    run = ledger.read_run()
    holder = ledger.holder()
    held = holder is not None
    complete = sum(len(names) for names in done.values()) == len(ids) * len(units)
    cells_total = len(ids) * spec.grid.cameras * spec.grid.times
    live = run if held and run is not None else {}
    committed = times_done * spec.grid.cameras
    return StatusReport(
        root=ledger.root,
        name=spec.name,
        state=_state(held, complete, run),
        grids_total=len(ids),
        grids_prepared=len(ledger.prepared() & set(ids)),
        grids_complete=sum(len(names) == len(units) for names in done.values()),
        units_total=len(ids) * len(units),
        units_done=sum(len(names) for names in done.values()),
        cells_total=cells_total,
        cells_done=min(cells_total, max(committed, int(live.get("cells_done", 0)))),
        cells_per_second=live.get("cells_per_second"),
        eta_seconds=live.get("eta_seconds"),
        updated_seconds_ago=time.time() - run["updated"] if run is not None else None,
        holder=holder or None,
        workers=tuple(live.get("workers", ())),
        failures=tuple(ledger.failures()),
        indexed=ledger.store.exists(DATASET_JSON),
        nodes=tuple(live.get("nodes", ())),
    )


def _state(held: bool, complete: bool, run: dict[str, Any] | None) -> str:
    last = run["state"] if run is not None else None
    if held:
        return last if last in ("starting", "running", "stopping") else "starting"
    if last in ("starting", "running", "stopping"):
        return "killed"
    return "complete" if complete else "incomplete"


def _worker_line(worker: dict[str, Any]) -> str:
    memory = f", Blender {worker['blender_gb']:.2f} GB" if worker.get("blender_gb") else ""
    task = f" {worker['task']}" if worker.get("task") else ""
    where = f" on {worker['host']}" if worker.get("host") else ""
    return f"worker {worker.get('worker')}{where}: {worker.get('doing')}{task}; {worker.get('units', 0)} units{memory}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
