"""SIGINT and SIGTERM as a wish to stop, counted, for the time of a run."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopWish:
    """Within the `with` block the first signal asks to stop, the second to stop at once.

    Handlers can only be set in the main thread; in another one signals keep what they did before.
    """

    def __init__(self) -> None:
        self.times = 0
        self.name = ""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopWish:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._heard) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _heard(self, number: int, _: FrameType | None) -> None:
        self.times += 1
        self.name = signal.Signals(number).name
