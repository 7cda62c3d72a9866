"""What all trials share: the spec, the undisturbed dataset, one Ray, and how renders are started, watched and hit."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from camxtime.farm.driver import render
from camxtime.farm.options import Progress, RenderOptions, RenderSummary
from camxtime.shards.layout import COMMITS, GRID_RECORDS, SHARDS_FOLDER
from camxtime.shards.remote import RemoteOptions
from camxtime.shards.store import Store, open_store
from camxtime.spec import DatasetSpec, loads

SPEC = """
version: 1
name: chaos
seed: 5
grid: {cameras: 3, times: 4, fps: 12, times_per_unit: 1}
image: {width: 32, height: 32}
engine: {samples: 16, max_bounces: 2, view_transform: Standard}
passes: {rgb: png, depth: logpng16, instance: png16}
scenes:
  - {id: room, family: calibration}
animations:
  - {id: ball, family: calibration}
camera_paths:
  - {id: arc, kind: arc, sweep_deg: [20, 40]}
  - {id: dolly, kind: dolly}
path_checks: {min_subject_visible: 0.0, min_camera_visible: 0.0, min_clearance_m: 0.01}
"""
"""Two grids of 3 × 4 cells, a unit a time: eight units of some tenths of a second."""

RAY_TRIES = 5
LIMIT_S = 900.0  # nothing in a trial takes so long; what does hangs
PATIENT = RemoteOptions(tries=12, first_pause_s=0.01, timeout_s=10.0)
KEEP = ("ledger/spec.json", "ledger/engine.json", "ledger/assets.json")
BLENDER, WORKER, RAYLET = "blender", "worker", "raylet"


class Hang(Exception):
    """A render has not come back in `LIMIT_S`."""


@dataclass(eq=False)
class Attempt:
    """A render under way in a thread of this process. `progress`: as last told."""

    thread: threading.Thread | None = None
    summary: RenderSummary | None = None
    error: BaseException | None = None
    progress: Progress | None = None

    @property
    def over(self) -> bool:
        return self.thread is None or not self.thread.is_alive()

    def join(self, limit_s: float = LIMIT_S) -> Attempt:
        """Wait for its end; raises `Hang`."""
        if self.thread is not None:
            self.thread.join(limit_s)
            if self.thread.is_alive():
                raise Hang(f"render has not come back in {limit_s:.0f} s")
        return self


@dataclass
class Rig:
    """folder: for everything that the campaign writes. reference: folder of the undisturbed dataset."""

    folder: Path
    digest: str = ""
    unit_s: float = 0.3
    bucket: str | None = None
    server: Any = None
    spec: DatasetSpec = field(default_factory=lambda: loads(SPEC, "chaos"))

    @property
    def reference(self) -> Path:
        return self.folder / "undisturbed"

    @property
    def units(self) -> int:
        return 2 * self.spec.grid.times

    def make_reference(self) -> None:
        """Render the dataset that every trial is compared with; kept from an earlier start of the campaign."""
        attempt = self.start(self.reference).join()
        if attempt.error is not None:
            raise attempt.error
        if attempt.summary is None or attempt.summary.digest is None:
            raise RuntimeError(f"{self.reference}: the undisturbed render is not complete; look there, or delete it")
        self.digest = attempt.summary.digest

    def options(self, **changes: Any) -> RenderOptions:
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        base = RenderOptions(workers=1, threads=1, device="CPU", progress=False, scratch=scratch, grace_s=5.0)
        return dataclasses.replace(base, **changes)

    def render(self, root: Path | str, **changes: Any) -> RenderSummary:
        """Render to the end; raises what it raises, or `Hang`."""
        attempt = self.start(root, **changes).join()
        if attempt.error is not None:
            raise attempt.error
        if attempt.summary is None:
            raise RuntimeError("a render has ended without a word")
        return attempt.summary

    def start(self, root: Path | str, **changes: Any) -> Attempt:
        """Begin a render in a thread."""
        attempt = Attempt()
        if "://" in str(root):
            changes.setdefault("remote", PATIENT)

        def tell(progress: Progress) -> None:
            attempt.progress = progress

        options = self.options(on_progress=tell, **changes)

        def work() -> None:
            try:
                attempt.summary = render(self.spec, root, options)
            except BaseException as error:  # noqa: BLE001  it is looked at by who joins
                attempt.error = error

        attempt.thread = threading.Thread(target=work, name="render", daemon=True)
        attempt.thread.start()
        return attempt

    def driver(self, root: Path, own_ray: bool = False) -> subprocess.Popen[str]:
        """`render` in a process of its own, on the campaign's Ray or one of its own."""
        import ray

        address = None if own_ray else ray.get_runtime_context().gcs_address
        told = {
            "root": str(root),
            "spec": self.spec.canonical(),
            "address": address,
            "scratch": str(self.folder / "scratch"),
        }
        log = (self.folder / "driver.log").open("w")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "chaos.driver", json.dumps(told)],
                stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip

    def copy(self, root: Path | str, units: set[str]) -> Store:
        """The undisturbed dataset as a run leaves it that was killed when it had finished `units` ("<grid>/<unit>")."""
        source, target = open_store(self.reference), open_store(root, PATIENT if "://" in str(root) else None)
        names = [*KEEP, *source.files(GRID_RECORDS)]
        names += [f"{top}/{unit}.parquet" for unit in sorted(units) for top in (SHARDS_FOLDER, COMMITS)]
        if len(units) == self.units:
            names += ["dataset.json", "grids.parquet", "cameras.parquet", "cells.parquet", "shards.parquet"]
            names += ["ledger/run.json"]  # the run has ended well: the index is looked at, not built anew
        for name in names:
            target.write(name, source.read_bytes(name), durable=False)
        return target

    def all_units(self) -> list[str]:
        paths = open_store(self.reference).files(COMMITS)
        return sorted(path.removeprefix(f"{COMMITS}/").removesuffix(".parquet") for path in paths)

    def some_units(self, rng: np.random.Generator, least: int = 1) -> set[str]:
        """At random `least` to all of the units; all of them in a third of the cases."""
        units = self.all_units()
        count = len(units) if rng.random() < 1 / 3 else int(rng.integers(least, len(units)))
        return {str(unit) for unit in rng.permutation(units)[:count]}

    def place(self, number: int, far: bool = False) -> Path | str:
        """An empty place for a trial."""
        if far:
            return f"s3://{self.bucket}/trial-{number}-{time.monotonic_ns()}"
        place = self.folder / "trial"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return place / "dataset"


def process_of(kind: str, ancestor: int | None = None) -> psutil.Process | None:
    """The youngest Blender, its worker, or the raylet among the descendants of a process (this one by default)."""
    found: list[psutil.Process] = []
    for process in _descendants(ancestor if ancestor is not None else os.getpid()):
        try:
            line = " ".join(process.cmdline())
            if kind == RAYLET and process.name() == "raylet":
                found.append(process)
            elif "blender_scripts.worker" in line:
                owner = process if kind == BLENDER else process.parent()
                if kind != RAYLET and owner is not None:
                    found.append(owner)
        except psutil.Error:
            continue
    return max(found, key=lambda process: process.create_time(), default=None)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def commits(root: Path) -> int:
    """Units committed in a folder."""
    return len(list((root / COMMITS).glob("*/*.parquet")))


def await_true(condition: Callable[[], Any], over: Callable[[], bool], limit_s: float = LIMIT_S) -> Any:
    """Poll until something is true; None when the run is over before."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if over() or time.monotonic() > deadline:
            return None
        time.sleep(0.01)


@dataclass(frozen=True)
class Moment:
    """When to strike: `units` commits are there and `delay_s` more have passed; units −1: as soon as there is whom to hit."""

    units: int
    delay_s: float

    @staticmethod
    def draw(rng: np.random.Generator, rig: Rig) -> Moment:
        units = int(rng.integers(-1, rig.units - 1))
        return Moment(units, float(rng.uniform(0, 3 * rig.unit_s)))

    def wait(self, root: Path, over: Callable[[], bool]) -> bool:
        """Whether it came before the run was over."""
        if self.units >= 0 and await_true(lambda: commits(root) >= self.units, over) is None and over():
            return False
        time.sleep(self.delay_s)
        return not over()

    def __str__(self) -> str:
        return f"{self.delay_s:.2f} s after " + (f"unit {self.units}" if self.units >= 0 else "it was there")


@contextmanager
def shared_ray() -> Iterator[None]:
    """The one Ray of the campaign; workers have room for two drivers."""
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    for left in reversed(range(RAY_TRIES)):
        try:
            ray.init(
                address="local", num_cpus=8, include_dashboard=False, object_store_memory=80 * 2**20,
                log_to_driver=False, logging_level="ERROR",
            )  # fmt: skip
            break
        except Exception:
            ray.shutdown()
            if not left:
                raise
    try:
        yield
    finally:
        ray.shutdown()
