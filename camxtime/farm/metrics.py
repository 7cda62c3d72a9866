"""A run's metrics, through Ray's own metrics API: every node's Ray agent exposes them to Prometheus.

Counters count the run's events and gauges show its progress, so that they cannot say anything else than `ledger/events` and
`camxtime status` do. All are set by the driver. Tags have few values: the dataset's name, and one that each metric
names here; never a grid, unit or worker. Ray puts `ray_` before the names (docs/observability.md lists them all).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from camxtime.farm.options import Progress

COUNTERS = {
    "cells_rendered": ("Cells of committed units.", None),
    "units_rendered": ("Units committed.", None),
    "grids_prepared": ("Grids whose path was drawn, checked and recorded.", None),
    "bytes_written": ("Bytes of committed shards.", None),
    "failures": ("Failed attempts: work (crash, hang, connection), content, disk, lost (worker or node).", "kind"),
    "retries": ("Failed attempts that are tried again.", None),
    "set_aside": ("Units and preparations given up in this run.", None),
    "blender_restarts": ("Blenders replaced, after a failure or because it was due.", None),
    "workers_lost": ("Worker processes that died, with their node or alone.", None),
    "work_seconds": (
        "Seconds summed over workers: prepare, load, render, blocked (waiting for the writer), tail.",
        "part",
    ),
}
GAUGES = {
    "running": ("1 while a driver is at work, 0 when its run has ended.", None),
    "cells": ("Cells of the dataset: done, left.", "state"),
    "cells_per_second": ("Cells a second over the last five minutes, those of unfinished units included.", None),
    "eta_seconds": ("Seconds left at that rate; not a number while there is none.", None),
    "units": ("Units: done, in_hand, waiting, set_aside.", "state"),
    "queue_depth": ("Units and preparations that no worker has been given.", None),
    "seconds_since_commit": ("Seconds since the last unit was committed, or since the first worker was ready.", None),
    "workers": ("Workers: starting, idle, preparing, loading, rendering.", "state"),
    "nodes": ("Nodes of the cluster: used, refused, unused.", "state"),
    "blender_gb": ("Resident memory of all Blenders, GB.", None),
}
PARTS = ("load", "render", "blocked", "tail")
WORKER_STATES = ("starting", "idle", "preparing", "loading", "rendering")
DATASET = "dataset"
PREFIX = "camxtime_"
NONE = float("nan")


class Metrics:
    """The metrics of one run; this process must be connected to a Ray.

    Args:
        dataset: the spec's name, the tag `dataset` of all of them.
    """

    def __init__(self, dataset: str) -> None:
        from ray.util import metrics

        self._dataset = dataset
        self._counters: dict[str, Any] = {
            name: metrics.Counter(PREFIX + name, text, tag_keys=_keys(tag)) for name, (text, tag) in COUNTERS.items()
        }
        self._gauges: dict[str, Any] = {
            name: metrics.Gauge(PREFIX + name, text, tag_keys=_keys(tag)) for name, (text, tag) in GAUGES.items()
        }
        self._last_commit: float | None = None

    def event(self, kind: str, fields: dict[str, Any]) -> None:
        """Count an event of the run."""
        if kind == "rendered":
            self._last_commit = time.monotonic()
            self._count("units_rendered", 1)
            self._count("cells_rendered", fields["cells"])
            self._count("bytes_written", fields["nbytes"])
            for part in PARTS:
                self._count("work_seconds", fields["seconds"][part], part)
        elif kind == "prepared":
            self._count("grids_prepared", 1)
            self._count("work_seconds", fields["seconds"]["load"], "load")
            self._count("work_seconds", fields["seconds"]["render"], "prepare")
        elif kind == "failed":
            self._count("failures", 1, fields["kind"])
            self._count("retries", int(fields["again"]))
        elif kind == "set_aside":
            self._count("set_aside", 1)
        elif kind == "blender_replaced":
            self._count("blender_restarts", fields["times"])
        elif kind == "worker_lost":
            self._count("workers_lost", 1)
        elif kind == "worker_started" and self._last_commit is None:
            self._last_commit = time.monotonic()

    def progress(self, progress: Progress) -> None:
        """Show a moment of the run."""
        done, failed = progress.units_done, progress.units_failed
        waiting = max(0, progress.units_total - done - failed - progress.units_in_hand)
        units = {"done": done, "in_hand": progress.units_in_hand, "waiting": waiting, "set_aside": failed}
        self._show("running", 1)
        self._show_all("cells", {"done": progress.cells_done, "left": progress.cells_total - progress.cells_done})
        self._show_all("units", units)
        self._show("cells_per_second", progress.cells_per_second)
        self._show("eta_seconds", progress.eta_seconds if progress.eta_seconds is not None else NONE)
        self._show("queue_depth", progress.tasks_waiting)
        since = time.monotonic() - self._last_commit if self._last_commit is not None else 0.0
        self._show("seconds_since_commit", since)
        doing = Counter(worker.get("doing") for worker in progress.workers)
        self._show_all("workers", {state: doing[state] for state in WORKER_STATES})
        self._show("blender_gb", sum(worker.get("blender_gb", 0.0) for worker in progress.workers))
        nodes = Counter("refused" if n["refused"] else "used" if n["workers"] else "unused" for n in progress.nodes)
        self._show_all("nodes", {state: nodes[state] for state in ("used", "refused", "unused")})

    def end(self, progress: Progress) -> None:
        """The run has ended with this; what is of the moment is nothing now."""
        self.progress(progress)
        for name in ("running", "cells_per_second", "queue_depth", "seconds_since_commit", "blender_gb"):
            self._show(name, 0)
        self._show("eta_seconds", NONE)
        self._show_all("workers", dict.fromkeys(WORKER_STATES, 0))

    def _count(self, name: str, value: float, tag: str | None = None) -> None:
        if value > 0:  # Ray refuses to count nothing
            self._counters[name].inc(value, self._tags(COUNTERS[name][1], tag))

    def _show_all(self, name: str, values: Mapping[str, float]) -> None:
        for tag, value in values.items():
            self._show(name, value, tag)

    def _show(self, name: str, value: float, tag: str | None = None) -> None:
        self._gauges[name].set(value, self._tags(GAUGES[name][1], tag))

    def _tags(self, key: str | None, value: str | None) -> dict[str, str]:
        return {DATASET: self._dataset} if key is None or value is None else {DATASET: self._dataset, key: value}


def _keys(tag: str | None) -> tuple[str, ...]:
    return (DATASET,) if tag is None else (DATASET, tag)
