"""Reading files of a dataset, in a folder or at a URL. Nothing else in `shards` reads a dataset's bytes.

Both kinds read ranges without a shared file position and open what they need lazily, once per process: a dataset may be
opened before `fork`, pickled to a spawned worker, and read from many threads.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from camxtime.errors import DataError, InputError

if TYPE_CHECKING:
    from camxtime.shards.remote import RemoteOptions

OPEN_FILES = 64
"""Most shards of a local dataset kept open in a process."""

Range = tuple[str, int, int]  # path in the dataset, offset, nbytes


class Storage(ABC):
    """The files below one root; paths are relative to it, with `/`, and cannot leave it.

    `gap`: ranges at most this many bytes apart are worth one read.
    """

    root: str
    gap: int

    @abstractmethod
    def read_range(self, path: str, offset: int, nbytes: int) -> bytes:
        """Exactly `nbytes` bytes from `offset`; `DataError` if the file is missing or ends before."""

    @abstractmethod
    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        """A whole file; `DataError` if it is missing, or has more than `limit` bytes."""

    @abstractmethod
    def size(self, path: str) -> int:
        """A file's size in bytes; `DataError` if it is missing."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether there is a file with this path."""

    @abstractmethod
    def names(self, path: str) -> list[str]:
        """Names in a folder, sorted; none if there is no such folder."""

    @abstractmethod
    def open_input(self, path: str) -> Any:
        """A file object for pyarrow, which the caller closes; `DataError` if it is missing."""

    @abstractmethod
    def view(self, path: str) -> AbstractContextManager[memoryview]:
        """A whole file to look at while the context lasts; `DataError` if it is missing."""

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """The bytes of many ranges, in order."""
        return [self.read_range(*entry) for entry in ranges]

    def check_size(self, path: str, nbytes: int, limit: int | None) -> None:
        """`DataError` if a file has more bytes than its kind may have."""
        if limit is not None and nbytes > limit:
            raise DataError(f"{self.where(path)} has {nbytes:,} bytes; such a file has at most {limit:,}.")

    def where(self, path: str) -> str:
        """The path with its root, for messages."""
        return f"{self.root.rstrip('/')}/{path}"


def open_storage(root: str | os.PathLike[str], remote: RemoteOptions | None = None) -> Storage:
    """The storage at a folder or URL; `InputError` if there is no such folder or no support for the URL.

    `remote`: how a URL is read; a folder has no use for it.
    """
    text = os.fspath(root)
    if "://" not in text:
        return LocalStorage(text)
    if text.startswith("file://"):
        return LocalStorage(text.removeprefix("file://"))
    from camxtime.shards.remote import RemoteStorage

    return RemoteStorage(text, remote)


def inside(path: str) -> str:
    """The path, if it stays in the dataset; `DataError` if it leads out."""
    if path.startswith("/") or ".." in PurePosixPath(path).parts or "\0" in path:
        raise DataError(f"{path!r} leads out of the dataset.")
    return path


def _open_regular(path: str | Path) -> int:
    """A descriptor of a file; `OSError` for what is none: a pipe would be waited for, a device has no end."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return fd


class _OpenFile:
    """A file descriptor that closes when nobody uses it any more."""

    def __init__(self, path: str):
        self.fd = -1
        self.fd = _open_regular(path)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # the name `os` may be gone at exit
        if self.fd >= 0:
            close(self.fd)


class LocalStorage(Storage):
    """A folder. Ranges are read with `pread`; the last `OPEN_FILES` shards stay open."""

    gap = 16 * 1024

    def __init__(self, root: str):
        try:
            there = Path(root).is_dir()
        except OSError as error:  # not to be looked at, or no name for a folder
            raise InputError(f"The folder {root:.300} cannot be read: {error.strerror or error}.") from error
        if not there:
            raise InputError(f"There is no folder {root}.")
        self.root = root
        self._forget()

    def read_range(self, path: str, offset: int, nbytes: int) -> bytes:
        file = self._open(path)
        parts = []
        while nbytes > 0:
            try:
                part = os.pread(file.fd, min(nbytes, 1 << 30), offset)
            except (OSError, OverflowError) as error:  # a failing disk, or an offset that no file has
                raise DataError(f"{self.where(path)} cannot be read at byte {offset}: {error}.") from error
            if not part:
                raise DataError(f"{self.where(path)} ends before byte {offset + nbytes}: it is cut short.")
            parts.append(part)
            offset += len(part)
            nbytes -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        try:
            with os.fdopen(_open_regular(self._path(path)), "rb") as file:
                self.check_size(path, os.fstat(file.fileno()).st_size, limit)
                return file.read()
        except OSError as error:
            raise self._missing(path, error) from error

    def size(self, path: str) -> int:
        try:
            return self._path(path).stat().st_size
        except OSError as error:
            raise self._missing(path, error) from error

    def exists(self, path: str) -> bool:
        try:
            return self._path(path).is_file()
        except OSError as error:
            raise self._missing(path, error) from error

    def names(self, path: str) -> list[str]:
        folder = self._path(path)
        try:
            return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        except OSError as error:
            raise self._missing(path, error) from error

    @contextmanager
    def view(self, path: str) -> Iterator[memoryview]:
        try:
            with os.fdopen(_open_regular(self._path(path)), "rb") as file:
                empty = os.fstat(file.fileno()).st_size == 0
                data = None if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise self._missing(path, error) from error
        if data is None:
            yield memoryview(b"")
            return
        with data, memoryview(data) as whole:
            yield whole

    def open_input(self, path: str) -> Any:
        import pyarrow as pa

        try:
            os.close(_open_regular(self._path(path)))
            return pa.OSFile(str(self._path(path)), "rb")
        except OSError as error:
            raise self._missing(path, error) from error

    def _path(self, path: str) -> Path:
        return Path(self.root, inside(path))

    def _missing(self, path: str, error: OSError) -> DataError:
        return DataError(f"{self.where(path)} cannot be read: {error.strerror or error}.")

    def _open(self, path: str) -> _OpenFile:
        if self._pid != os.getpid():
            self._forget()  # after fork: the parent's lock may be held by a thread that is not here
        with self._lock:
            file = self._files.pop(path, None)
            if file is None:
                try:
                    file = _OpenFile(str(self._path(path)))
                except OSError as error:
                    raise self._missing(path, error) from error
                while len(self._files) >= OPEN_FILES:
                    self._files.popitem(last=False)
            self._files[path] = file
            return file

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._files: OrderedDict[str, _OpenFile] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.root = state["root"]
        self._forget()
