"""Small JSON files of the ledger, and files that other nodes write."""

from __future__ import annotations

import errno
import json
import time
from typing import Any

from camxtime.errors import DataError
from camxtime.shards.store import Store, read_if_there

SHARED_STORAGE_S = 20.0


def write_json(store: Store, path: str, value: Any, durable: bool = True) -> None:
    """Replace a JSON file in one step; `durable` waits until the storage has it.

    Raises:
        WorkError: the disk is full, or the storage may not be written to or does not answer.
    """
    store.write(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode(), durable)


def read_json(store: Store, path: str) -> Any:
    """Read a JSON file of the ledger; None when there is none.

    Raises:
        DataError: it is there but is not JSON.
    """
    data = read_if_there(store, path)
    if data is None:
        return None
    try:
        return json.loads(data)
    except ValueError as error:
        raise DataError(
            f"{store.where(path)}: cannot be read: {error}; restore it, or render into a new folder."
        ) from error


def await_file(store: Store, path: str, seconds: float = SHARED_STORAGE_S) -> bool:
    """Wait for a file that another node has written: network storage may show it some seconds later."""
    deadline = time.monotonic() + seconds
    while not store.exists(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
        store.names(path.rpartition("/")[0])  # makes NFS look again
    return True


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that caused it, says that no space (or quota) is left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
