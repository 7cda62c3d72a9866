"""A bounded hand-over from the thread that drives Blender to the one that writes, either of which may fail."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class AbandonedError(Exception):
    """The other end has given up; its own error says why."""


class Relay(Generic[T]):
    """At most `depth` items wait; the producer blocks beyond that, which bounds the memory of a unit.

    The producer calls `put`, then `end` or `fail`; the consumer iterates, and calls `abandon` if it cannot go on.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._abandoned = False
        self._error: BaseException | None = None

    def put(self, item: T) -> None:
        """Hand an item over.

        Raises:
            AbandonedError: the consumer has given up.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or len(self._items) < self._depth)
            if self._abandoned:
                raise AbandonedError
            self._items.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        """No more items will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The producer failed: the consumer gets the error once it has taken what was handed over."""
        with self._changed:
            self._error = error
            self._ended = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """The consumer gives up; the producer's next `put` raises `AbandonedError`."""
        with self._changed:
            self._abandoned = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or bool(self._items))
                if not self._items:
                    break
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error
