"""Files appear whole or not at all: a temporary file beside the target, fsync, rename, fsync of the folder.

Temporary names are unique to the attempt, start with a dot and end in `.part`, so no reader and no `*.parquet`
pattern takes one for data.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from camxtime.errors import WorkError

_SUFFIX = ".part"
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)


def write_error(path: Path, error: OSError) -> WorkError:
    """The failure to write `path`, with the mend for the usual causes."""
    mends = {
        errno.ENOSPC: "the disk is full: free space there, or choose another target, and run again",
        errno.EDQUOT: "the quota is used up: free space there, or choose another target, and run again",
        errno.EFBIG: "the file size limit is reached: raise it (ulimit -f), and run again",
        errno.EROFS: "the file system is read-only: mount it writable, or choose another target",
        errno.EACCES: "permission is denied: give this user write access, or choose another target",
        errno.EPERM: "permission is denied: give this user write access, or choose another target",
        errno.ENOTDIR: "a part of that path is a file: move it away, or choose another target",
    }
    reason = mends.get(error.errno or 0, error.strerror or str(error))
    return WorkError(f"Cannot write {path}: {reason}.")


class AtomicFile:
    """A file being written that replaces `path` on `publish` and vanishes on `abandon` (or an exception).

    Use as a context manager; leaving it without `publish` abandons the file. Raises `WorkError` naming the path.
    """

    def __init__(self, path: Path):
        self.path = path
        self.temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_SUFFIX}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise write_error(path, error) from error
        self.file = os.fdopen(descriptor, "w+b")  # buffered: a raw file may write less than it is given

    def sync(self) -> None:
        """Push what was written to the disk."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            raise write_error(self.path, error) from error

    def publish(self) -> None:
        """Make the file appear at its path, whole and durable."""
        self.sync()
        try:
            self.file.close()
            self.temporary.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise write_error(self.path, error) from error

    def abandon(self) -> None:
        """Remove the temporary file; harmless after `publish`."""
        with suppress(OSError):  # what is left in the buffer may not fit the disk, and is not wanted any more
            self.file.close()
        self.temporary.unlink(missing_ok=True)

    def __enter__(self) -> AtomicFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole and durable, replacing what was there; `WorkError` if that fails."""
    with AtomicFile(path) as target:
        try:
            target.file.write(data)
        except OSError as error:
            raise write_error(path, error) from error
        target.publish()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a folder against other publishers, in this process or others; gone when the process dies.

    On file systems without locks it holds nothing: publishing stays atomic, and two attempts at one unit write the
    same bytes; the lock only matters where they would not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise write_error(folder, error) from error
        yield
    finally:
        os.close(descriptor)


def clean_temporaries(root: Path, minimum_age_s: float = 0.0, below: bool = True) -> list[Path]:
    """Remove temporary files that killed attempts left in `root` (and below it), and return their paths.

    Only call it while nobody writes there, or with an age beyond any attempt's duration.
    """
    removed = []
    now = time.time()
    for path in sorted(root.glob(f"{'**/' if below else ''}.*{_SUFFIX}")):
        try:
            if path.is_file() and not path.is_symlink() and _age(path, now) >= minimum_age_s:
                path.unlink()
                removed.append(path)
        except FileNotFoundError:
            continue  # its owner finished in between
        except OSError as error:
            raise write_error(path, error) from error
    return removed


def _age(path: Path, now: float) -> float:
    """Seconds since a file was last written; 0 for one from the future: clocks jump, and differ between hosts."""
    return max(0.0, now - path.stat().st_mtime)
