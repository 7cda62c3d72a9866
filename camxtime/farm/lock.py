"""One driver per dataset folder: an advisory lock that the kernel drops when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camxtime.errors import InputError, WorkError
from camxtime.shards.atomic import write_error

PATIENCE_S = 1.0  # `status` holds the lock for an instant while it looks


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the time of the block.

    Raises:
        InputError: another process holds it; the message says which.
        WorkError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise write_error(path, error) from error
    try:
        _acquire(handle, path)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(holder).encode(), 0)
        except OSError as error:
            raise write_error(path, error) from error
        yield
    finally:
        os.close(handle)  # releases the lock


def _acquire(handle: int, path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                raise WorkError(
                    f"{path}: this file system has no locks ({error.strerror}), so two renders could not be kept apart; "
                    "mount it with locks (Lustre: -o flock, NFS: without nolock), or choose another folder."
                ) from error
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            who = holder_of(path)
            named = f"process {who['pid']} on {who['host']} since {who['since']}" if who else "another process"
            raise InputError(
                f"{path.parent.parent}: is being rendered by {named}; wait for it, or stop it, then run render again."
            ) from None


def holder_of(path: Path) -> dict[str, Any] | None:
    """What the last holder wrote into the lock file: pid, host, since."""
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and {"pid", "host", "since"} <= set(data) else None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now, on any host that shares the file system."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a copy on a file system without locks, into which nothing renders
    finally:
        os.close(handle)
    return False
