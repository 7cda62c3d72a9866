"""A dataset at a URL, read through fsspec."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from camxtime.errors import DataError, InputError
from camxtime.shards.storage import Range, Storage, inside


class RemoteStorage(Storage):
    """A URL that fsspec reads. Many ranges are fetched at once where the file system can."""

    gap = 256 * 1024

    def __init__(self, root: str):
        self.root = root
        self._pid = -1
        self._fs: Any = None
        self._base = ""
        self._filesystem()

    def read_range(self, path: str, offset: int, nbytes: int) -> bytes:
        return self.read_ranges([(path, offset, nbytes)])[0]

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        fs = self._filesystem()
        paths = [self._path(path) for path, _, _ in ranges]
        starts = [offset for _, offset, _ in ranges]
        ends = [offset + nbytes for _, offset, nbytes in ranges]
        try:
            parts = fs.cat_ranges(paths, starts, ends, on_error="raise")
        except self._errors() as error:
            raise DataError(f"{self.root}: a range cannot be read: {error}.") from error
        for (path, offset, nbytes), part in zip(ranges, parts, strict=True):
            if len(part) != nbytes:
                raise DataError(f"{self.where(path)} ends before byte {offset + nbytes}: it is cut short.")
        return [bytes(part) for part in parts]

    def read_bytes(self, path: str) -> bytes:
        try:
            return bytes(self._filesystem().cat_file(self._path(path)))
        except self._errors() as error:
            raise self._missing(path, error) from error

    @contextmanager
    def view(self, path: str) -> Iterator[memoryview]:
        with memoryview(self.read_bytes(path)) as whole:
            yield whole

    def size(self, path: str) -> int:
        try:
            size = self._filesystem().size(self._path(path))
        except self._errors() as error:
            raise self._missing(path, error) from error
        if size is None:
            raise DataError(f"{self.where(path)}: the server does not say its size; copy the dataset to a disk.")
        return int(size)

    def exists(self, path: str) -> bool:
        fs = self._filesystem()
        try:
            return bool(fs.info(self._path(path))["type"] == "file")
        except self._errors() as error:
            missing = isinstance(error, (FileNotFoundError, IsADirectoryError))
            if missing and self._is_web() and error.__cause__ is not None:
                # fsspec says "not found" of all that a web server refuses; the status behind it knows better
                missing = getattr(error.__cause__, "status", None) in (404, 410)
            if missing:
                return False
            raise self._missing(path, error) from error

    def names(self, path: str) -> list[str]:
        fs = self._filesystem()
        if self._is_web():
            return []  # web servers do not list folders, and their pages about them are no lists
        try:
            return sorted(name.rstrip("/").rsplit("/", 1)[-1] for name in fs.ls(self._path(path), detail=False))
        except FileNotFoundError:
            return []
        except self._errors() as error:
            raise self._missing(path, error) from error

    def open_input(self, path: str) -> Any:
        try:
            return self._filesystem().open(self._path(path), "rb", cache_type="readahead")
        except self._errors() as error:
            raise self._missing(path, error) from error

    def _path(self, path: str) -> str:
        return f"{self._base}/{inside(path)}"

    def _missing(self, path: str, error: Exception) -> DataError:
        why = error.__cause__ or error
        return DataError(f"{self.where(path)} cannot be read: {type(why).__name__}: {why}.")

    def _is_web(self) -> bool:
        return self.root.startswith(("http://", "https://"))

    def _errors(self) -> tuple[type[Exception], ...]:
        """What file systems raise: OSError by fsspec's rule, and aiohttp's own errors for refusals such as 429 and 503."""
        aiohttp = sys.modules.get("aiohttp")
        return (OSError,) if aiohttp is None else (OSError, aiohttp.ClientError)

    def _filesystem(self) -> Any:
        if self._pid != os.getpid():  # asynchronous file systems do not survive fork: each process has its own
            import fsspec

            try:
                self._fs, base = fsspec.core.url_to_fs(self.root, skip_instance_cache=True, use_listings_cache=False)
            except (ImportError, ValueError) as error:
                raise InputError(f"{self.root} cannot be opened: {error}") from error
            self._base = base.rstrip("/")
            self._pid = os.getpid()
        return self._fs

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.root = state["root"]
        self._pid, self._fs, self._base = -1, None, ""
