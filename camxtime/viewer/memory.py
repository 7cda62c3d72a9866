"""What was worked out lately, kept by its size in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """At most `limit` bytes of values, those used longest ago going first; room for at least `fewest`. For many threads.

    A value that two threads want at once is made once; a failure is raised in both and not kept.
    """

    def __init__(self, limit: int, size: Callable[[Value], int], fewest: int = 4):
        self._limit = limit
        self._most = max(limit // fewest, 1)
        self._size = size
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._waiting: dict[Hashable, int] = {}
        self.nbytes = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not here."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
            turn = self._making.setdefault(key, threading.Lock())
            self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            with turn:
                with self._lock:
                    if key in self._values:
                        return self._values[key][0]
                value = make()
                self._keep(key, value)
                return value
        finally:
            with self._lock:
                self._waiting[key] -= 1
                if not self._waiting[key]:
                    del self._waiting[key], self._making[key]

    def _keep(self, key: Hashable, value: Value) -> None:
        nbytes = self._size(value)
        if nbytes > self._most:
            return
        with self._lock:
            self._values[key] = (value, nbytes)
            self.nbytes += nbytes
            while self.nbytes > self._limit:
                self.nbytes -= self._values.popitem(last=False)[1][1]
