"""Writing small files so that a reader, or a crash, never sees half of one."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from camxtime.errors import DataError, WorkError

TEMPORARY = ".part"


def write_atomic(path: Path, data: bytes, durable: bool = True) -> None:
    """Replace `path` by `data` in one step; `durable` waits until the disk has it.

    Raises:
        WorkError: the disk is full or may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.chmod(name, 0o644)  # mkstemp gives 0600; the dataset is for others to read
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        raise disk_error(error, path) from error


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """`write_atomic` of a JSON value, indented, keys in the order given."""
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode(), durable)


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
        raise DataError(f"{path}: cannot be read: {error}; delete it if the folder is otherwise in order.") from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def disk_error(error: OSError, path: Path) -> WorkError:
    """An OSError while writing, in words: a full disk and a read-only target by name."""
    if is_disk_full(error):
        return WorkError(f"{path}: the disk is full; free some space and run render again: it goes on where it stopped.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return WorkError(f"{path}: may not be written to ({error.strerror}); mend its permissions or choose another folder.")
    return WorkError(f"{path}: writing failed: {error}.")


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that caused it, says that no space (or quota) is left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
