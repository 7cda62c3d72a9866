"""One driver per dataset on object storage: a lock object that its holder renews, and that goes stale when it dies.

The object is created on the condition that there is none. A driver that finds one watches it: if it does not change
for `STALE_S`, by the watcher's own clock, its holder is dead and it is taken over. The clocks of hosts and storage are never
compared. Should two take over one dead lock at the same moment, both render and the loser says so when it ends: units are
whole objects with the same bytes from either, so the dataset is right all the same, and only time is lost.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from camxtime.errors import CamxtimeError, InputError, WorkError
from camxtime.farm.files import read_json
from camxtime.shards.store import Store, read_if_there

RENEW_S = 10.0
STALE_S = 45.0
LOOK_S = 1.0


@contextmanager
def hold(store: Store, path: str, renew_s: float = RENEW_S, stale_s: float = STALE_S) -> Iterator[None]:
    """Hold the lock object `path` for the time of the block.

    Raises:
        InputError: another driver holds it and is alive; the message says which.
        WorkError: it cannot be written; or, at the end of the block, it was lost to another driver.
    """
    lease = _Lease(store, path)
    lease.acquire(stale_s)
    lease.start(renew_s)
    try:
        yield
    except BaseException:
        lease.release()
        raise
    lease.release()
    if lease.lost is not None:
        raise WorkError(f"{store.where(path)}: the lock was lost: {lease.lost}")


def holder(store: Store, path: str) -> dict[str, Any] | None:
    """pid, host and since of the lock object, None if there is none. The holder may have died a moment ago."""
    found = read_json(store, path)
    return found if isinstance(found, dict) and {"pid", "host", "since"} <= set(found) else None


class _Lease:
    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._path = path
        self._name = secrets.token_hex(8)
        self._beat = 0
        self._ended = threading.Event()
        self.lost: str | None = None
        self._since = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self._thread: threading.Thread | None = None

    def _content(self) -> bytes:
        value = {"pid": os.getpid(), "host": socket.gethostname(), "since": self._since, "holder": self._name,
                 "beat": self._beat}  # fmt: skip
        return (json.dumps(value) + "\n").encode()

    def acquire(self, stale_s: float) -> None:
        """Create the object, or take over one that nobody renews."""
        while not self._store.create(self._path, self._content()):
            seen = read_if_there(self._store, self._path)  # whatever is in it: only whether it changes counts
            if seen is None:
                continue  # released in between
            deadline = time.monotonic() + stale_s
            while time.monotonic() < deadline:
                time.sleep(LOOK_S)
                now = read_if_there(self._store, self._path)
                if now is None:
                    break
                if now != seen:
                    who = holder(self._store, self._path)
                    named = f"process {who['pid']} on {who['host']} since {who['since']}" if who else "another process"
                    raise InputError(
                        f"{self._store.root}: is being rendered by {named}; wait for it, or stop it, then run render again."
                    )
            else:
                self._store.remove(self._path)

    def start(self, renew_s: float) -> None:
        self._thread = threading.Thread(target=self._renew, args=(renew_s,), name="lease", daemon=True)
        self._thread.start()

    def _renew(self, renew_s: float) -> None:
        while not self._ended.wait(renew_s):
            try:
                found = read_json(self._store, self._path)
                if not isinstance(found, dict) or found.get("holder") != self._name:
                    self.lost = "another driver took it over; run render again to see that nothing is missing."
                    return
                self._beat += 1
                self._store.write(self._path, self._content(), durable=False)
            except CamxtimeError as error:  # tried many times already; perhaps it passes until the next beat
                self.lost = str(error)
            else:
                self.lost = None

    def release(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        try:
            found = read_json(self._store, self._path)
            if isinstance(found, dict) and found.get("holder") == self._name:
                self._store.remove(self._path)
        except CamxtimeError as error:
            self.lost = str(error)
