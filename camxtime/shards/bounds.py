"""What a file of the index may make this process allocate, decided before anything is decoded.

A Parquet file says in few bytes how much it becomes: pages that unpack a thousandfold, a dictionary whose one long word
stands in every row, row counts of any size. Footers may lie, and pyarrow ends the process over some (it does not catch what
`RowGroupMetaData.column` throws), so the page headers themselves are read here. JSON is bounded in size, depth and numbers.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa

from camxtime.errors import DataError
from camxtime.shards.pages import DATA_PAGE, DATA_PAGE_V2, DICTIONARY_PAGE, PageHeader, read_page_header

MAX_JSON_BYTES = 256 * 2**20
"""Most bytes of a JSON file of a dataset; dataset.json of 3,000 grids has under 1 MB."""

MAX_STORED_BYTES = 2**30
"""Most bytes of a column chunk, as it is stored."""

MAX_DECODED_BYTES = 2**30
"""Most bytes that what is read at once may become; the index of a grid of 120 × 120 cells with three passes becomes 2 MB."""

_VALUE_BYTES = 16  # of a number, or of the place of a word
_ZSTD = b"\x28\xb5\x2f\xfd"


def parse_json(data: str | bytes) -> Any:
    """What a JSON text says.

    Raises `ValueError` if it is none, is nested too deeply, or has NaN, infinities, numbers without end or halves of
    surrogate pairs (which cannot be written again).
    """
    try:
        value = json.loads(data, parse_constant=_no_constant, parse_float=_finite)
        if (b"\\u" if isinstance(data, bytes) else "\\u") in data:  # type: ignore[operator]
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


class ViewFile(io.RawIOBase):
    """A file in memory for pyarrow, which hands out copies: a view that pyarrow kept could not be let go of."""

    def __init__(self, data: memoryview):
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence], 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        count = max(min(len(target), len(self._data) - self._at), 0)
        target[:count] = self._data[self._at : self._at + count]
        self._at += count
        return count


class VettedFile(io.RawIOBase):
    """A Parquet file for pyarrow whose column chunks are looked at before pyarrow decodes them.

    `source` is the file, to seek and read in, and stays the caller's. pyarrow, which must have the footer already, reads
    each column chunk whole; an `OSError` refuses one whose pages, or all that was read so far, become more than
    `MAX_DECODED_BYTES`. Read with `pre_buffer=False`: pyarrow's look-ahead reads in threads of its own, and one that lets
    go of its last buffer while Python is ending aborts the process.
    """

    def __init__(self, source: Any):
        self._source, self._decoded, self._at = source, 0, 0
        source.seek(0, io.SEEK_END)
        self._size = int(source.tell())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence], 0)
        return self._at

    def read(self, nbytes: int | None = -1) -> bytes:
        left = max(self._size - self._at, 0)
        count = left if nbytes is None or nbytes < 0 else nbytes
        if count > min(left, MAX_STORED_BYTES):
            raise OSError(f"{count:,} bytes are asked for where there are {min(left, MAX_STORED_BYTES):,}")
        self._source.seek(self._at)
        data = bytes(self._source.read(count))
        try:
            self._decoded += decoded_bytes(memoryview(data))
        except DataError as error:
            raise OSError(f"a column chunk: {error}") from error
        if self._decoded > MAX_DECODED_BYTES:
            raise OSError(f"it unpacks to more than {MAX_DECODED_BYTES:,} bytes")
        self._at += count
        return data

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)


def decoded_bytes(chunk: memoryview) -> int:
    """Bytes that a column chunk becomes at most, by its page headers; `DataError` if it is not made of pages."""
    at = total = longest = 0
    while at < len(chunk):
        page = read_page_header(chunk[at:])
        body = at + page.header
        at = body + page.stored_size
        if page.size < 0 or page.stored_size < 0 or at > len(chunk) or page.size > MAX_DECODED_BYTES:
            raise DataError(f"a page of {page.stored_size:,} bytes that become {page.size:,} does not fit.")
        total += page.size
        if page.kind == DICTIONARY_PAGE:
            longest = max(longest, _longest_entry(chunk[body:at], page))
        elif page.kind in (DATA_PAGE, DATA_PAGE_V2):
            total += max(page.values, 0) * (longest + _VALUE_BYTES)
        if total > MAX_DECODED_BYTES:
            break
    return total


def _longest_entry(stored: memoryview, page: PageHeader) -> int:
    """Bytes of the longest entry of a dictionary page: words with their lengths, or numbers of one width."""
    raw = bytes(stored)
    if raw[:4] == _ZSTD:
        try:
            raw = pa.decompress(pa.py_buffer(raw), page.size, codec="zstd", asbytes=True)
        except (OSError, ValueError) as error:
            raise DataError(f"a dictionary does not unpack: {error}.") from error
    longest = at = 0
    while at + 4 <= len(raw):
        length = int.from_bytes(raw[at : at + 4], "little")
        longest = max(longest, length)
        at += 4 + length
    if at == len(raw) == page.size:
        return longest
    numbers = page.values > 0 and page.size in (4 * page.values, 8 * page.values)
    return 8 if numbers else page.size
