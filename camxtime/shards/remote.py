"""A dataset at a URL, read through fsspec: ranges at once, tried again where the failure may pass.

A process has its own client, made when it first reads (asynchronous clients do not survive `fork`).
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.shards import web
from camxtime.shards.retries import client_errors, passes, pause
from camxtime.shards.storage import Range, Storage, inside

T = TypeVar("T")

READ_AHEAD = 512 * 1024
"""Bytes of an index file fetched at once: more than the index of a grid of 120 × 120 cells."""

WHOLE_PIECE = 8 * 2**20
"""Whole files are read in ranges of this many bytes at once, each with its own tries and time."""

_ONE_AT_A_TIME = {"ftp", "sftp", "ssh", "smb"}  # file systems with one connection that must not be shared


@dataclass(frozen=True)
class RemoteOptions:
    """How a URL is read.

    in_flight: most requests a process has open. tries: of a request, the first included. timeout_s: of one try.
    first_pause_s: wait after the first failure; doubles with each, with jitter (`retries.pause`).
    storage_options: for the fsspec file system, as in `{"anon": True}` or `{"endpoint_url": "http://…"}`.
    """

    in_flight: int = 16
    tries: int = 6
    timeout_s: float = 60.0
    first_pause_s: float = 0.25
    storage_options: dict[str, Any] = field(default_factory=dict, repr=False)  # may hold credentials

    def __post_init__(self) -> None:
        if self.in_flight < 1 or self.tries < 1 or not self.timeout_s > 0 or not self.first_pause_s >= 0:
            raise InputError("RemoteOptions needs in_flight and tries of at least 1 and times that are positive.")


class Client:
    """What one process reads with: the file system, its event loop and the gate that bounds open requests."""

    def __init__(self, root: str, options: RemoteOptions):
        import fsspec
        from fsspec.asyn import get_loop

        given = dict(options.storage_options)
        protocol = root.split("://", 1)[0]
        if protocol in ("s3", "s3a"):  # tries are counted here, not in three layers
            given.setdefault("config_kwargs", {"retries": {"total_max_attempts": 1}})
        try:
            self.fs, base = fsspec.core.url_to_fs(root, skip_instance_cache=True, use_listings_cache=False, **given)
        except (ImportError, ValueError) as error:
            raise InputError(f"{root} cannot be opened: {error}") from error
        if protocol in ("s3", "s3a"):
            self.fs.retries = 1
        self.base = base.rstrip("/")
        self.is_web = protocol in ("http", "https")
        self.loop = self.fs.loop if self.fs.async_impl else get_loop()
        self.gate = asyncio.Semaphore(1 if protocol in _ONE_AT_A_TIME else options.in_flight)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        """A method of the file system as a coroutine, whatever kind of file system it is."""
        if self.fs.async_impl:
            coroutine: Awaitable[Any] = getattr(self.fs, f"_{method}")(*args, **kwargs)
            return coroutine
        return asyncio.to_thread(getattr(self.fs, method), *args, **kwargs)


class RemoteStorage(Storage):
    """A URL that fsspec reads. Many ranges are fetched at once, at most `options.in_flight` in the process."""

    gap = 256 * 1024
    _client: Client | None

    def __init__(self, root: str, options: RemoteOptions | None = None):
        self.root = root
        self.options = options or RemoteOptions()
        self._forget()
        self._client_here()

    def read_range(self, path: str, offset: int, nbytes: int) -> bytes:
        return self.read_ranges([(path, offset, nbytes)])[0]

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        client = self._client_here()
        parts: list[bytes] = [b""] * len(ranges)
        waiting = deque(enumerate(ranges))

        async def work() -> None:
            while waiting:
                i, (path, offset, nbytes) = waiting.popleft()
                if nbytes > 0:
                    parts[i] = await self._range(client, path, offset, nbytes)

        async def all_at_once() -> None:
            tasks = [asyncio.ensure_future(work()) for _ in range(min(len(ranges), self.options.in_flight))]
            try:
                await asyncio.gather(*tasks)
            finally:  # the first failure ends the others, also one that is told so just as its answer comes
                waiting.clear()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        self._run(client, all_at_once)
        return parts

    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        size = self.size(path)
        self.check_size(path, size, limit)
        pieces = [(path, start, min(WHOLE_PIECE, size - start)) for start in range(0, size, WHOLE_PIECE)]
        return b"".join(self.read_ranges(pieces))

    @contextmanager
    def view(self, path: str) -> Iterator[memoryview]:
        with memoryview(self.read_bytes(path)) as whole:
            yield whole

    def size(self, path: str) -> int:
        size = self._ask(path, web.size, lambda client, place: client.call("size", place))
        if size is None:
            raise DataError(f"{self.where(path)}: the server does not say its size; copy the dataset to a disk.")
        return int(size)

    def exists(self, path: str) -> bool:
        async def look(client: Client, place: str) -> bool:
            try:
                return bool((await client.call("info", place))["type"] == "file")
            except (FileNotFoundError, IsADirectoryError):
                return False

        return bool(self._ask(path, web.exists, look))

    def names(self, path: str) -> list[str]:
        async def look(client: Client, place: str) -> list[str]:
            try:
                found = await client.call("ls", place, detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
            return sorted(name.rstrip("/").rsplit("/", 1)[-1] for name in found)

        if self._client_here().is_web:
            return []  # web servers do not list folders, and their pages about them are no lists
        return list(self._ask(path, None, look))

    def open_input(self, path: str) -> Any:
        size = self._sizes.get(path)
        if size is None:
            size = self._sizes[path] = self.size(path)
        return _RangeFile(self, path, size)

    async def _range(self, client: Client, path: str, offset: int, nbytes: int) -> bytes:
        place, end = self._place(client, path), offset + nbytes

        async def get() -> bytes:
            if client.is_web:
                return await web.read_range(client.fs, place, offset, end)
            return bytes(await client.call("cat_file", place, start=offset, end=end))

        part = await self._try(client, path, offset, get)
        if len(part) != nbytes:
            raise DataError(f"{self.where(path)} ends before byte {end}: it is cut short.")
        return part

    def _ask(
        self,
        path: str,
        on_web: Callable[[Any, str], Awaitable[Any]] | None,
        elsewhere: Callable[[Client, str], Awaitable[Any]],
        seconds: float | None = None,
    ) -> Any:
        client = self._client_here()
        place = self._place(client, path)

        async def get() -> Any:
            if client.is_web and on_web is not None:
                return await on_web(client.fs, place)
            return await elsewhere(client, place)

        return self._run(client, lambda: self._try(client, path, 0, get, seconds=seconds))

    async def _try(
        self,
        client: Client,
        path: str,
        offset: int,
        get: Callable[[], Awaitable[T]],
        failure: Callable[[str, BaseException, int], CamxtimeError] | None = None,
        seconds: float | None = None,
    ) -> T:
        """`get` until it succeeds, fails for good, or has had its tries; then `failure` (`DataError` by default) with
        the file and the tries. A try may take `seconds` (`options.timeout_s` by default).
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                # not wait_for: it forgets a cancellation that comes together with the answer
                async with client.gate, asyncio.timeout(seconds or self.options.timeout_s):
                    return await get()
            except client_errors() as error:
                again = passes(error) and attempt < self.options.tries
                if not again:
                    raise (failure or self._failed)(path, error, attempt) from error
                wait = pause(error, self.options.first_pause_s, attempt, f"{os.getpid()} {self.where(path)} {offset}")
            await asyncio.sleep(wait)  # outside the gate: others may read meanwhile

    def _failed(self, path: str, error: BaseException, attempts: int) -> DataError:
        why = str(error) or f"no answer in {self.options.timeout_s:g} s"
        kind = type(error).__name__
        tries = f" after {attempts} tries" if attempts > 1 else ""
        return DataError(f"{self.where(path)} cannot be read{tries}: {kind}: {why.rstrip('.')}.")

    def _run(self, client: Client, coroutine: Callable[[], Awaitable[T]]) -> T:
        from fsspec.asyn import sync

        result: T = sync(client.loop, coroutine)
        return result

    def _place(self, client: Client, path: str) -> str:
        return f"{client.base}/{inside(path)}"

    def _client_here(self) -> Client:
        if self._pid != os.getpid():
            self._forget()  # after fork: the parent's lock may be held by a thread that is not here
        with self._lock:
            if self._client is None:
                self._client = Client(self.root, self.options)
            return self._client

    def _forget(self) -> None:
        # A parent's client is kept, unused: when it is collected, fsspec waits a second for its loop, which is not here.
        self._inherited = getattr(self, "_client", None)
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._client = None
        self._sizes: dict[str, int] = {}  # of index files, which do not change while a dataset is open

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root, "options": self.options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.root, self.options = state["root"], state["options"]
        self._forget()


class _RangeFile(io.RawIOBase):
    """A remote file for those who want to seek, pyarrow for one. A window of what was read last stays in memory."""

    def __init__(self, storage: RemoteStorage, path: str, size: int):
        self._storage, self._path, self._size = storage, path, size
        self._at = self._start = 0
        self._window = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        nbytes = min(len(target), max(self._size - self._at, 0))
        if not self._start <= self._at <= self._at + nbytes <= self._start + len(self._window):
            self._start = max(min(self._at, self._size - READ_AHEAD), 0)  # a small file, or the end of one: at once
            wanted = max(self._at + nbytes - self._start, min(READ_AHEAD, self._size - self._start))
            self._window = self._storage.read_range(self._path, self._start, wanted)
        target[:nbytes] = self._window[self._at - self._start : self._at - self._start + nbytes]
        self._at += nbytes
        return nbytes
