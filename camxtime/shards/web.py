"""Files on web servers: single requests, as coroutines, through the session of fsspec's file system.

fsspec's own reading takes the whole body when a server answers 200 to a range request: a shard of gigabytes for one image.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from camxtime.errors import DataError


async def read_range(fs: Any, url: str, start: int, end: int) -> bytes:
    """Bytes start to end (exclusive), fewer at the end of the file; `DataError` if the server sends no ranges."""
    async with await _get(fs, url, f"bytes={start}-{end - 1}") as response:
        if response.status == 416:  # nothing of it lies in the file
            return b""
        _check(response, url)
        if response.status != 206:
            raise _no_ranges(url, response)
        first, _ = _content_range(response)
        if first != start:
            raise DataError(f"{url}: asked for byte {start}, the server answers with byte {first}.")
        return bytes(await response.read())


async def size(fs: Any, url: str) -> int:
    """The file's size, by a request for its first byte (servers of signed links refuse HEAD)."""
    async with await _get(fs, url, "bytes=0-0") as response:
        if response.status != 416:
            _check(response, url)
            if response.status != 206:
                raise _no_ranges(url, response)
        _, total = _content_range(response)
        if total is None:
            raise DataError(f"{url}: the server does not say its size; copy the dataset to a disk.")
        return total


async def exists(fs: Any, url: str) -> bool:
    """Whether the server has the file."""
    async with await _get(fs, url, "bytes=0-0") as response:
        if response.status in (404, 410):
            return False
        if response.status != 416:
            _check(response, url)
        return True


async def _get(fs: Any, url: str, span: str) -> AbstractAsyncContextManager[Any]:
    options = dict(fs.kwargs)
    headers = {
        **options.pop("headers", {}),
        "Range": span,
        "Accept-Encoding": "identity",
    }  # a compressed range is of no use
    session = await fs.set_session()
    request: AbstractAsyncContextManager[Any] = session.get(fs.encode_url(url), headers=headers, **options)
    return request


def _check(response: Any, url: str) -> None:
    if response.status in (404, 410):
        raise FileNotFoundError(f"{response.status} {response.reason}")
    response.raise_for_status()


def _no_ranges(url: str, response: Any) -> DataError:
    response.close()  # leave the body
    return DataError(
        f"{url}: the server answers {response.status} with the whole file to a request for a range. Serve the dataset "
        "from one that answers 206 (object storage, nginx, caddy), or copy it to a disk."
    )


def _content_range(response: Any) -> tuple[int | None, int | None]:
    """(first byte, size of the file) of `bytes 0-99/1234` or `bytes */1234`; None for what is not said."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes":
        return None, None
    return (int(first) if first.isdecimal() else None), (int(total) if total.isdecimal() else None)
