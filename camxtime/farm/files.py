"""JSON files of the ledger, whole or not at all, and what an error of the disk means."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from pathlib import Path
from typing import Any

from camxtime.errors import DataError
from camxtime.shards.atomic import write_atomic, write_error

SHARED_STORAGE_S = 20.0


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Replace a JSON file in one step; `durable` waits until the disk has it.

    Raises:
        WorkError: the disk is full or may not be written to.
    """
    data = (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
    if durable:
        write_atomic(path, data)
        return
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error


def read_json(path: Path) -> Any:
    """Read a JSON file of the ledger; None when there is none.

    Raises:
        DataError: it is there but is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}; restore it, or render into a new folder.") from error


def await_file(path: Path, seconds: float = SHARED_STORAGE_S) -> bool:
    """Wait for a file that another node has written: network storage may show it some seconds later."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
        with contextlib.suppress(OSError):
            os.listdir(path.parent)  # noqa: PTH208  makes NFS look again
    return True


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that caused it, says that no space (or quota) is left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
