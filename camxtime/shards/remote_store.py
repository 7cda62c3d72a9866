"""A dataset being written to a URL: object storage through fsspec, tried again where a failure may pass."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from camxtime.errors import InputError, WorkError
from camxtime.shards.atomic import write_error
from camxtime.shards.remote import WHOLE_PIECE, Client, RemoteOptions, RemoteStorage
from camxtime.shards.retries import client_errors, says_exists
from camxtime.shards.store import Store

UPLOAD_BYTES_PER_S = 1_000_000
"""A try of an upload may take as long as a line of this speed needs, beside `RemoteOptions.timeout_s`."""

LIST_S = 900.0
"""A try of a listing may take as long: a request for every thousand files, each with its own limit in the storage's client."""

WRITE_TRIES = 10
"""Tries of a write by default, about two minutes in all: a render outlives an outage that a reader would report."""


class RemoteStore(RemoteStorage, Store):
    """Object storage, or whatever else fsspec can write to. An object appears when its upload is complete."""

    is_local = False

    def __init__(self, root: str, options: RemoteOptions | None = None, staging: Path | None = None):
        parts = urlsplit(root)
        if parts.username or parts.password:
            raise InputError(
                f"The URL of {parts.scheme}://…{parts.path} carries credentials, which would end up in logs; give them in the "
                "environment or in the storage's own configuration."
            )
        if parts.scheme in ("http", "https"):
            raise InputError(f"{root}: a web server can be read from, not rendered into; name a bucket or a folder.")
        super().__init__(root.rstrip("/"), options or RemoteOptions(tries=WRITE_TRIES))
        self._staging = staging

    def write(self, path: str, data: bytes, durable: bool = True) -> None:
        async def put(client: Client, place: str) -> None:
            await client.call("pipe_file", place, data)

        self._put(path, put, len(data))

    def create(self, path: str, data: bytes) -> bool:
        async def put(client: Client, place: str) -> bool:
            try:
                await client.call("pipe_file", place, data, mode="create")
            except client_errors() as error:
                if not says_exists(error):
                    raise
                try:  # an earlier try of ours may have arrived although its answer did not
                    return bytes(await client.call("cat_file", place)) == data
                except FileNotFoundError:  # removed in between
                    return False
            return True

        return bool(self._put(path, put, len(data)))

    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        """A file that is not large comes in one answer: one that is replaced meanwhile is never half old, half new."""
        size = self.size(path)
        if size > WHOLE_PIECE:
            return super().read_bytes(path, limit)
        self.check_size(path, size, limit)
        data = bytes(self._ask(path, None, lambda client, place: client.call("cat_file", place)))
        self.check_size(path, len(data), limit)
        return data

    def stage(self, path: str) -> RemoteFile:
        return RemoteFile(self, path, self._staging)

    def upload(self, file: Path, path: str) -> None:
        """Put a file of this machine in place, in parts where it is large; `WorkError` if that fails."""
        nbytes = file.stat().st_size

        async def put(client: Client, place: str) -> None:
            await client.call("put_file", str(file), place)
            arrived = int((await client.call("info", place))["size"])
            if arrived != nbytes:
                raise OSError(f"{arrived} of {nbytes} bytes arrived")

        self._put(path, put, nbytes)

    def remove(self, path: str) -> None:
        async def drop(client: Client, place: str) -> None:
            with contextlib.suppress(FileNotFoundError):
                await client.call("rm_file", place)

        self._put(path, drop, 0)

    def files(self, folder: str) -> dict[str, int]:
        async def look(client: Client, place: str) -> dict[str, Any]:
            try:
                return dict(await client.call("find", place, detail=True))
            except FileNotFoundError:
                return {}

        start = len(self._client_here().base) + 1
        found = self._ask(folder, None, look, max(self.options.timeout_s, LIST_S))
        sizes = {name[start:]: int(entry["size"]) for name, entry in found.items() if entry["type"] == "file"}
        return {path: sizes[path] for path in sorted(sizes) if not path.rsplit("/", 1)[-1].startswith(".")}

    @contextmanager
    def publishing(self, folder: str) -> Iterator[None]:
        """Object storage has no locks: two attempts at one unit write the same bytes, and either may win."""
        yield

    def sweep(self, folder: str) -> int:
        """Nothing half-written is ever seen; uploads broken off are the bucket's to clean (a life-cycle rule)."""
        return 0

    def free_bytes(self) -> int | None:
        return None

    def _put(self, path: str, do: Callable[[Client, str], Awaitable[Any]], nbytes: int) -> Any:
        client = self._client_here()
        place = self._place(client, path)
        seconds = self.options.timeout_s + nbytes / UPLOAD_BYTES_PER_S
        return self._run(
            client, lambda: self._try(client, path, 0, lambda: do(client, place), self._unwritten, seconds)
        )

    def _unwritten(self, path: str, error: BaseException, attempts: int) -> WorkError:
        why = str(error) or "no answer in time"
        tries = f" after {attempts} tries" if attempts > 1 else ""
        return WorkError(f"{self.where(path)} cannot be written{tries}: {type(error).__name__}: {why.rstrip('.')}.")

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "staging": self._staging}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._staging = state["staging"]


class RemoteFile:
    """A `StagedFile` in a folder of this machine that is uploaded on `publish`."""

    def __init__(self, store: RemoteStore, path: str, staging: Path | None):
        self._store = store
        self._path = path
        try:
            if staging is not None:  # somebody may have cleaned up the temporary folder
                staging.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix="camxtime-", suffix=".part", dir=staging)
        except OSError as error:
            raise write_error(staging or Path(tempfile.gettempdir()), error) from error
        self.path = self.temporary = Path(name)
        self.file = os.fdopen(descriptor, "w+b")

    def sync(self) -> None:
        """Push what was written to the file; no disk needs to hold it, the upload will."""
        try:
            self.file.flush()
        except OSError as error:
            raise write_error(self.path, error) from error

    def publish(self) -> None:
        """Upload the file; it is there when this returns."""
        self.sync()
        self._store.upload(self.temporary, self._path)
        self.abandon()

    def abandon(self) -> None:
        """Remove the file of this machine; harmless after `publish`."""
        with contextlib.suppress(OSError):
            self.file.close()
        self.temporary.unlink(missing_ok=True)

    def __enter__(self) -> RemoteFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()
