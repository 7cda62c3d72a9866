"""How fast a run goes, how long it will take, and saying so: run.json, the progress bar, the caller's hook."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from camxtime.farm.ledger import Ledger
from camxtime.farm.options import Progress, RenderOptions

WINDOW_S = 300.0  # the rate is that of the last five minutes
REFRESH_S = 2.0
FAR_REFRESH_S = 10.0  # where each report is a request
SHOW_S = 0.5


class Pace:
    """Counts of a run. `begin` starts the clock of the rate (the start-up does not count)."""

    def __init__(self, cells_total: int, units_total: int, cells_done: int, units_done: int) -> None:
        self.cells_total, self.units_total = cells_total, units_total
        self.cells_done, self.units_done = cells_done, units_done
        self.units_failed = 0
        self.cells_rendered = 0
        self.units_rendered = 0
        self._in_hand = 0
        self._samples: deque[tuple[float, int]] = deque()

    def begin(self) -> None:
        """The first unit is under way."""
        self._samples.append((time.monotonic(), 0))

    def add(self, cells: int) -> None:
        """A unit is committed."""
        self.cells_done += cells
        self.cells_rendered += cells
        self.units_done += 1
        self.units_rendered += 1

    def sample(self, in_hand: int) -> None:
        """Note the cells rendered so far, those of unfinished units included."""
        self._in_hand = in_hand
        now = time.monotonic()
        if not self._samples:
            return
        self._samples.append((now, self.cells_rendered + in_hand))
        while len(self._samples) > 2 and now - self._samples[1][0] > WINDOW_S:
            self._samples.popleft()

    @property
    def rate(self) -> float:
        """Cells per second over the window."""
        if len(self._samples) < 2:
            return 0.0
        (t0, n0), (t1, n1) = self._samples[0], self._samples[-1]
        return max(0.0, (n1 - n0) / (t1 - t0)) if t1 > t0 else 0.0

    def progress(self, workers: tuple[dict[str, Any], ...]) -> Progress:
        done = min(self.cells_total, self.cells_done + self._in_hand)
        eta = (self.cells_total - done) / self.rate if self.rate > 0 else None
        return Progress(
            done, self.cells_total, self.units_done, self.units_total, self.units_failed, self.rate, eta, workers
        )


class Reporter:
    """Tells the world how a run goes, at most so often: the ledger, a progress bar, the caller's hook.

    Attributes:
        listener: called with the progress as often as the bar is drawn, as metrics are (None: nobody).
    """

    def __init__(self, ledger: Ledger, run_id: str, options: RenderOptions) -> None:
        self._ledger = ledger
        self._options = options
        self._head = {"run_id": run_id, "pid": os.getpid(), "host": socket.gethostname(), "started": time.time()}
        self._bar: tqdm[Any] | None = None
        self._shown = 0.0
        self._written = 0.0
        self._refresh_s = REFRESH_S if ledger.store.is_local else FAR_REFRESH_S
        self._crew: tuple[str, frozenset[Any]] | None = None
        self.listener: Callable[[Progress], None] | None = None

    def write(self, state: str, progress: Progress) -> None:
        """Replace run.json now."""
        record = {
            **self._head,
            "state": state,
            "updated": time.time(),
            "cells_done": progress.cells_done,
            "cells_total": progress.cells_total,
            "units_done": progress.units_done,
            "units_total": progress.units_total,
            "units_failed": progress.units_failed,
            "cells_per_second": round(progress.cells_per_second, 4),
            "eta_seconds": round(progress.eta_seconds, 1) if progress.eta_seconds is not None else None,
            "workers": list(progress.workers),
            "nodes": list(progress.nodes),
        }
        self._ledger.write_run(record)
        self._written = time.monotonic()

    def show(self, state: str, progress: Progress) -> None:
        """Refresh what is due."""
        now = time.monotonic()
        crew = (state, frozenset((worker.get("worker"), worker.get("pid")) for worker in progress.workers))
        if crew != self._crew or now - self._written >= self._refresh_s:  # who works is news at once
            self._crew = crew
            self.write(state, progress)
        if now - self._shown < SHOW_S:
            return
        self._shown = now
        if self.listener is not None:
            self.listener(progress)
        if self._options.on_progress is not None:
            self._options.on_progress(progress)
        wanted = self._options.progress
        if wanted is None:
            wanted = sys.stderr.isatty()
        if wanted:
            self._draw(progress)

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(total=progress.cells_total, initial=progress.cells_done, unit="cell", smoothing=0.05)
        self._bar.n = progress.cells_done
        busy = sum(worker.get("doing") not in ("idle", "starting", None) for worker in progress.workers)
        self._bar.set_postfix_str(f"{busy}/{len(progress.workers)} workers, {progress.units_failed} set aside", False)
        self._bar.refresh()

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
