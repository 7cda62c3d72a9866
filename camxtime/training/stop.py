"""Stopping on SIGTERM or Ctrl-C between two steps, so that a checkpoint can be written first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StopFlag:
    """While entered, SIGTERM and SIGINT set `asked`; a second signal has its usual effect.

    Signals can be caught in a process's main thread alone; elsewhere (a Ray worker) it waits for `ask`.
    """

    def __init__(self) -> None:
        self.asked = ""
        self._before: dict[int, Any] = {}

    def ask(self, why: str) -> None:
        """Ask to stop."""
        self.asked = why

    def __enter__(self) -> StopFlag:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put_back()

    def _caught(self, number: int, frame: FrameType | None) -> None:
        self.ask(signal.Signals(number).name)
        self._put_back()

    def _put_back(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before = {}
