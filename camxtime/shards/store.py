"""Writing a dataset's files, in a folder or at a URL: what renders into a dataset goes through here.

A `Store` is a `Storage` that can be written to. Files appear whole or not at all, wherever they lie: in a folder by
renaming a finished file (`atomic`), on object storage because an object is there only once its upload is complete.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from camxtime.errors import DataError
from camxtime.shards.atomic import AtomicFile, clean_temporaries, folder_lock, write_atomic, write_error
from camxtime.shards.storage import LocalStorage, Storage, inside

if TYPE_CHECKING:
    from camxtime.shards.remote import RemoteOptions


class StagedFile(Protocol):
    """A file being written on this machine that takes its place in the dataset on `publish`.

    file: open for reading and writing. temporary: where it lies until then. path: where failures to write it happen.
    Use as a context manager; leaving it without `publish` abandons the file. Failures are `WorkError`.
    """

    file: Any
    temporary: Path
    path: Path

    def sync(self) -> None: ...
    def publish(self) -> None: ...
    def abandon(self) -> None: ...
    def __enter__(self) -> StagedFile: ...
    def __exit__(self, *_: Any) -> None: ...


class Store(Storage):
    """A dataset's files to read and to write; paths are relative to its root, with `/`, and cannot leave it."""

    is_local: bool

    @abstractmethod
    def write(self, path: str, data: bytes, durable: bool = True) -> None:
        """Write a small file whole, replacing what was there; `WorkError` if that fails.

        durable=False does not wait for a disk: for reports that are written again in a moment.
        """

    @abstractmethod
    def create(self, path: str, data: bytes) -> bool:
        """Write a small file if there is none: of several who try at once, one gets True."""

    @abstractmethod
    def stage(self, path: str) -> StagedFile:
        """A file of any size, written on this machine first."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file; nothing happens if there is none."""

    @abstractmethod
    def files(self, folder: str) -> dict[str, int]:
        """Sizes of all files below a folder, by path from the root; hidden ones (half-written) left out."""

    @abstractmethod
    def publishing(self, folder: str) -> AbstractContextManager[None]:
        """Held while a file and its commit record are put in place, where the storage has locks."""

    @abstractmethod
    def sweep(self, folder: str) -> int:
        """Remove what killed writers left half-written below a folder; returns their number. Nobody may be writing.

        Folder "": what lies in the root itself, and nothing below it.
        """

    @abstractmethod
    def free_bytes(self) -> int | None:
        """Room that is left, None where it is not bounded."""


class LocalStore(LocalStorage, Store):
    """A folder, which need not exist yet."""

    is_local = True

    def __init__(self, root: str):
        self.root = root
        self._forget()

    def path(self, path: str) -> Path:
        """Where a file of the dataset lies on this machine."""
        return self._path(path)

    def write(self, path: str, data: bytes, durable: bool = True) -> None:
        target = self._path(path)
        if durable:
            write_atomic(target, data)
            return
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")  # `sweep` knows it by its end
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise write_error(target, error) from error

    def create(self, path: str, data: bytes) -> bool:
        target = self._path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(data)
        except FileExistsError:
            return False
        except OSError as error:
            raise write_error(target, error) from error
        return True

    def stage(self, path: str) -> AtomicFile:
        return AtomicFile(self._path(path))

    def remove(self, path: str) -> None:
        target = self._path(path)
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(target, error) from error
        if "/" in path:  # the root itself stays, with the owner and rights that somebody gave it
            with contextlib.suppress(OSError):  # others may have put something into it
                target.parent.rmdir()

    def files(self, folder: str) -> dict[str, int]:
        try:
            return dict(_walk(self._path(folder), inside(folder).rstrip("/")))
        except OSError as error:
            raise self._missing(folder, error) from error

    @contextmanager
    def publishing(self, folder: str) -> Iterator[None]:
        with folder_lock(self._path(folder)):
            yield

    def sweep(self, folder: str) -> int:
        place = self._path(folder)
        return len(clean_temporaries(place, below=folder != "")) if place.is_dir() else 0

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self.root).free


def _walk(folder: Path, name: str) -> Iterator[tuple[str, int]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), f"{name}/{entry.name}")
        else:
            with contextlib.suppress(FileNotFoundError):  # removed in between
                yield f"{name}/{entry.name}", entry.stat().st_size


Root = str | os.PathLike[str] | Store


def open_store(root: Root, remote: RemoteOptions | None = None, staging: Path | None = None) -> Store:
    """The store at a folder or URL; a store is returned as it is.

    Args:
        remote: how a URL is read and written.
        staging: folder of this machine in which files for a URL are written before they are uploaded; the temporary
            folder when None.

    Raises:
        InputError: there is no support for the URL, or it cannot be written to (http).
    """
    if isinstance(root, Store):
        return root
    text = os.fspath(root)
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    if "://" not in text:
        return LocalStore(text)
    from camxtime.shards.remote_store import RemoteStore

    return RemoteStore(text, remote, staging)


def resolved(root: Root) -> Root:
    """A folder's absolute path, free of links; URLs and stores as they are."""
    if isinstance(root, Store) or "://" in os.fspath(root):
        return root
    return Path(root).resolve()


def read_if_there(store: Storage, path: str, limit: int | None = None) -> bytes | None:
    """A small file, or None if there is none; `DataError` if it is there and cannot be read, or has over `limit` bytes."""
    try:
        return store.read_bytes(path, limit)
    except DataError:
        if store.exists(path):
            raise
        return None
