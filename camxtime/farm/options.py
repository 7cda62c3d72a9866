"""What a user may choose about a render run, and what the run says when it ends. Nothing here changes a pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camxtime.errors import InputError
from camxtime.shards.remote import RemoteOptions

MOST_HANG_TIMEOUT_S = 1e6
DEVICES = ("auto", "CPU", "OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")


@dataclass(frozen=True)
class Progress:
    """A moment of a run: cells and units done (earlier runs included), rate of this run, seconds left.

    units_in_hand: units that workers have. tasks_waiting: units and preparations that nobody has. workers, nodes: as
    `ledger/run.json` and `camxtime status` show them.
    """

    cells_done: int
    cells_total: int
    units_done: int
    units_total: int
    units_failed: int
    cells_per_second: float
    eta_seconds: float | None
    workers: tuple[dict[str, Any], ...] = ()
    nodes: tuple[dict[str, Any], ...] = ()
    units_in_hand: int = 0
    tasks_waiting: int = 0


@dataclass(frozen=True)
class RenderOptions:
    """How a render runs. The dataset is the same whatever is chosen, `device` and `allow_mixed_builds` excepted.

    Attributes:
        assets: folder that `file:` entries of the spec are relative to; the spec's own folder when None.
        address: `host:port` of a Ray cluster's head, or `auto` for the cluster this node is in; None starts a local Ray.
        device: Cycles device; `auto` is the GPUs if Ray has any, else the CPU. A device that is absent is an error.
        workers: Blender processes; None is one per GPU, or on CPUs the cores divided by `threads`, on every node that
            is there or joins. More than there is room for are started when there is.
        max_workers: most Blender processes at a time, however many nodes join; None sets no bound.
        threads: Cycles' CPU threads per worker; None is 4 (or the cores of a smaller machine).
        blender: a `blender` executable or a Python with bpy, the same path on all nodes; None is this Python's bpy.
        scratch: folder for pixels on their way out of Blender; None is memory-backed /dev/shm, or the temporary
            folder where that is absent or too small. `$NAME` in it is taken from each node's own environment.
        retries: how often a failed unit is tried again before it is set aside.
        hang_timeout_s: seconds without a sign of life after which Blender is killed and the unit retried; long enough
            for the first compilation of a GPU's kernels.
        recycle_units: units after which a worker's Blender is replaced (0: never).
        recycle_gb: resident memory of Blender, in GB, at which it is replaced after the unit (0: never).
        grace_s: seconds that units in flight get to finish after SIGINT or SIGTERM before they are dropped.
        give_up_after: stages that may fail while nothing at all has been rendered, before the run stops (0: never).
        allow_mixed_builds: let workers with another Blender version or build than the dataset was begun with render too.
        ignore_free_space: start even though the estimate says that the disk will fill up.
        remote: how a URL is written to and read; its storage options reach the workers of a Ray without passing
            through any file. By default clients find endpoint and credentials as they do, in each node's environment.
        progress: show a progress bar; None shows one when standard error is a terminal.
        on_progress: called in the driver's thread about once a second.
    """

    assets: Path | None = None
    address: str | None = None
    device: str = "auto"
    workers: int | None = None
    max_workers: int | None = None
    threads: int | None = None
    blender: str | None = None
    scratch: Path | None = None
    retries: int = 2
    hang_timeout_s: float = 900.0
    recycle_units: int = 500
    recycle_gb: float = 0.0
    grace_s: float = 20.0
    give_up_after: int = 5
    allow_mixed_builds: bool = False
    ignore_free_space: bool = False
    remote: RemoteOptions | None = None
    progress: bool | None = None
    on_progress: Callable[[Progress], None] | None = None

    def validate(self) -> None:
        """Check the ranges.

        Raises:
            InputError: naming the option and what it may be.
        """
        if self.device not in DEVICES:
            raise InputError(f"device: {self.device!r} is not known; choose from {', '.join(DEVICES)}.")
        for name in ("workers", "max_workers", "threads"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 100_000:
                raise InputError(f"{name}: must be at least 1, got {value}.")
        for name in ("retries", "recycle_units", "recycle_gb", "grace_s", "give_up_after"):
            if getattr(self, name) < 0:
                raise InputError(f"{name}: must not be negative, got {getattr(self, name)}.")
        if not 0 < self.hang_timeout_s <= MOST_HANG_TIMEOUT_S:
            raise InputError(
                f"hang_timeout_s: must be above 0 and at most {MOST_HANG_TIMEOUT_S:,.0f} seconds, got {self.hang_timeout_s}."
            )


@dataclass(frozen=True)
class Failure:
    """Something set aside: a unit (`unit` is its name), or a whole grid whose preparation failed (`unit` is None).

    log: Blender's log of the last attempt, relative to the dataset's folder, when there is one.
    """

    grid: str
    unit: str | None
    attempts: int
    error: str
    log: str | None = None

    def __str__(self) -> str:
        what = f"{self.grid} {self.unit}" if self.unit else f"{self.grid} (whole grid)"
        kept = f" (log: {self.log})" if self.log else ""
        return f"{what}: {self.error}{kept}"


@dataclass(frozen=True)
class RenderSummary:
    """What a run did. `state` is complete, incomplete (something was set aside) or interrupted.

    seconds: wall time of this run; `startup_seconds`: until the first unit began (Ray, Blender, first stage).
    digest: dataset digest when the dataset is complete.
    root: the dataset's folder, or its URL.
    timing: seconds summed over units: load, render (Blender's thread), blocked (of that, waiting for the writer), tail;
        and of the run: steady (first request to Blender until the last commit), index.
    """

    root: Path | str
    state: str
    grids: int
    units_total: int
    units_kept: int
    units_rendered: int
    cells_rendered: int
    seconds: float
    startup_seconds: float
    failures: tuple[Failure, ...] = ()
    digest: str | None = None
    notes: tuple[str, ...] = ()
    timing: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: every attribute, `ok`, and paths as text."""
        plain = {**vars(self), "root": str(self.root), "notes": list(self.notes), "ok": self.ok}
        return {**plain, "failures": [vars(failure) for failure in self.failures]}

    @property
    def ok(self) -> bool:
        """Whether every unit of every grid is committed."""
        return self.state == "complete"

    @property
    def exit_code(self) -> int:
        """What the command line exits with: 0 when complete, else 1."""
        return 0 if self.ok else 1

    def lines(self) -> list[str]:
        """The summary for a person, a few lines."""
        units = f"{self.units_rendered} units rendered, {self.units_kept} already there, of {self.units_total}"
        rate = self.cells_rendered / max(self.seconds - self.startup_seconds, 1e-9)
        out = [
            f"{self.root}: {self.state}: {self.grids} grids, {units}.",
            f"{self.cells_rendered} cells in {self.seconds:.1f} s ({self.startup_seconds:.1f} s to start, "
            f"then {rate:.1f} cells/s).",
        ]
        out += list(self.notes)
        out += [f"set aside: {failure}" for failure in self.failures[:20]]
        if len(self.failures) > 20:
            out.append(f"and {len(self.failures) - 20} more, in {self.root}/ledger/failures")
        if self.digest:
            out.append(f"digest {self.digest}")
        return out
