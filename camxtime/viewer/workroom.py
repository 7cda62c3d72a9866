"""Where long work is done: few threads, so that pointing at cells stays quick meanwhile.

They have no lower priority than the others: what is put off while it holds Python's lock would hold up everybody.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Value = TypeVar("Value")


class StoppedError(Exception):
    """The server is ending: what was being made is not wanted any more."""


class Workroom:
    """Runs functions in `threads` threads. The same key at the same time is worked out once.

    `stop` is set when the room closes: long functions look at it.
    """

    def __init__(self, threads: int = 2):
        self.stop = threading.Event()
        self._pool = ThreadPoolExecutor(threads, "camxtime-view")
        self._running: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    async def run(self, key: Hashable, function: Callable[[], Value]) -> Value:
        """The function's result. When the asker goes away the work goes on for the others and the next."""
        value: Value = await asyncio.shield(asyncio.wrap_future(self.begin(key, function)))
        return value

    def begin(self, key: Hashable, function: Callable[[], Value]) -> Future[Value]:
        """Start the function, unless the same is being worked out already."""
        with self._lock:
            future = self._running.get(key)
            if future is not None:
                return future
            future = self._running[key] = self._pool.submit(function)
        future.add_done_callback(lambda _: self._forget(key))
        return future

    def close(self) -> None:
        """Call off what has not begun, and tell the rest to stop."""
        self.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._running.pop(key, None)
