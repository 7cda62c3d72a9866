"""Where the payloads lie in a shard, told by the Parquet page headers themselves.

In a shard every data page of an image column holds one value: `[page header][4-byte length][payload]`. A page header
is a Thrift struct in the compact protocol (parquet-format's `PageHeader`); this module reads the few fields needed and
skips the rest. The writer takes its offsets from here, and verification compares the index with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from camxtime.errors import DataError

DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = 0, 2, 3
MAX_HEADER = 1 << 20
"""Most bytes of a page header; real ones have under 100, with statistics of long words some thousands."""

MAX_NESTING = 12
"""Deepest struct or list; a footer's size statistics lie at 8."""

_PLAIN = 0
_FIELD_OF_KIND = {DATA_PAGE: 5, DICTIONARY_PAGE: 7, DATA_PAGE_V2: 8}


@dataclass(frozen=True)
class PageHeader:
    """What matters of one page: `header` is the header's own length; sizes in bytes; `crc` None if not written."""

    header: int
    kind: int
    size: int
    stored_size: int
    crc: int | None
    values: int
    encoding: int


class _Reader:
    """A cursor over Thrift compact-protocol bytes (thrift's `doc/specs/thrift-compact-protocol.md`)."""

    def __init__(self, data: memoryview):
        self.data = data
        self.at = 0

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise DataError("a page header is cut short.")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise DataError("a page header holds a number that does not end.")

    def zigzag(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def struct(self, depth: int = 0) -> dict[int, object]:
        """Fields by id; integers, lists and nested structs are kept, everything else is passed over."""
        fields: dict[int, object] = {}
        field = 0
        while (head := self.byte()) != 0:
            field = field + (head >> 4) if head >> 4 else self.zigzag()
            fields[field] = self.value(head & 0x0F, depth)
        return fields

    def value(self, kind: int, depth: int) -> object:
        if depth > MAX_NESTING:
            raise DataError("a page header is nested too deeply.")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
        elif kind == 8:
            length = self.varint()  # first: `self.at += self.varint()` would forget the bytes of the length itself
            self.at += length
        elif kind in (9, 10):
            head = self.byte()
            count = self.varint() if head >> 4 == 15 else head >> 4
            if count > len(self.data):
                raise DataError("a page header holds a list longer than itself.")
            if head & 0x0F in (1, 2):
                self.at += count  # in a list a boolean takes a byte of its own
            else:
                return [self.value(head & 0x0F, depth + 1) for _ in range(count)]
        elif kind == 12:
            return self.struct(depth + 1)
        else:
            raise DataError(f"a page header holds a field of unknown kind {kind}.")
        return None


def read_page_header(data: memoryview) -> PageHeader:
    """The page header at the start of `data`; `DataError` if there is none."""
    reader = _Reader(data[:MAX_HEADER])
    fields = reader.struct()
    kind, size, stored = fields.get(1), fields.get(2), fields.get(3)
    page = fields.get(_FIELD_OF_KIND.get(kind, -1)) if isinstance(kind, int) else None
    if not (isinstance(kind, int) and isinstance(size, int) and isinstance(stored, int)):
        raise DataError("the bytes are not a page header.")
    values = encoding = -1
    if isinstance(page, dict):
        values, encoding = page.get(1, -1), page.get(4 if kind == DATA_PAGE_V2 else 2, -1)
    if not (isinstance(values, int) and isinstance(encoding, int)):
        raise DataError("the bytes are not a page header.")
    crc = fields.get(4)
    return PageHeader(
        reader.at, kind, size, stored, crc & 0xFFFFFFFF if isinstance(crc, int) else None, values, encoding
    )


def column_chunks(data: memoryview) -> list[list[tuple[int, int]]]:
    """First byte of the data pages and stored size of every column chunk of a Parquet file, by row group.

    Read from the footer itself (parquet-format's `FileMetaData`): pyarrow's accessor ends the process over some damage.
    """
    length = int.from_bytes(data[-8:-4], "little")
    if len(data) < 12 or length > len(data) - 12 or data[-4:] != b"PAR1":
        raise DataError("the bytes do not end with a Parquet footer.")
    groups = _Reader(data[len(data) - 8 - length : -8]).struct().get(4)
    return [_chunks_of(group) for group in groups] if isinstance(groups, list) else []


def _chunks_of(group: object) -> list[tuple[int, int]]:
    """Fields 9 (data_page_offset) and 7 (total_compressed_size) of the metadata of a row group's columns."""
    columns = group.get(1) if isinstance(group, dict) else None
    found = []
    for column in columns if isinstance(columns, list) else [None]:
        meta = column.get(3) if isinstance(column, dict) else None
        start, size = (meta.get(9), meta.get(7)) if isinstance(meta, dict) else (None, None)
        if not isinstance(start, int) or not isinstance(size, int):
            raise DataError("its Parquet footer does not say where the columns lie.")
        found.append((start, size))
    return found


@dataclass(frozen=True)
class PayloadSpan:
    """One payload in the file: bytes `offset` to `offset + nbytes`; `page_crc` covers it and the 4 bytes before it."""

    offset: int
    nbytes: int
    page_crc: int | None


def payload_spans(data: memoryview, start: int, end: int, count: int) -> list[PayloadSpan]:
    """The `count` payloads of the column chunk at bytes `start` to `end` of a shard, in order.

    `data` is the whole file. Raises `DataError` if the chunk is not laid out one plain, uncompressed value a page.
    """
    spans = []
    at = start
    for index in range(count):
        if not 0 <= at < end <= len(data):
            raise DataError(f"page {index} of {count} lies outside its column chunk.")
        page = read_page_header(data[at:end])
        body = at + page.header
        right = (page.kind, page.values, page.encoding) == (DATA_PAGE, 1, _PLAIN) and page.size == page.stored_size
        if not right or page.size < 4 or body + page.size > end:
            raise DataError(f"page {index} of {count} is not one plain, uncompressed value.")
        nbytes = int.from_bytes(data[body : body + 4], "little")
        if nbytes != page.size - 4:
            raise DataError(f"page {index} of {count} holds {page.size - 4} bytes but says {nbytes}.")
        spans.append(PayloadSpan(body + 4, nbytes, page.crc))
        at = body + page.size
    if at != end:
        raise DataError(f"{end - at} bytes lie behind the last page of a column chunk.")
    return spans
