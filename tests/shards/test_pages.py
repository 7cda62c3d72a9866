"""Page headers of untrusted files: read as Parquet writes them, refused otherwise, never a crash or an endless loop."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import DataError
from camxtime.shards.pages import payload_spans, read_page_header
from camxtime.shards.tables import open_shard_writer, shard_schema

VALUES = [b"", b"a", b"bc" * 500, bytes(70_000)]


def shard_bytes() -> bytes:
    """A shard of four cells."""
    schema = shard_schema(["rgb"])
    target = io.BytesIO()
    with open_shard_writer(target, schema) as writer:
        writer.write_table(pa.table([[0, 1, 2, 3], [0] * 4, VALUES], schema=schema))
    return target.getvalue()


def spans_of(data: bytes, start: int | None = None, end: int | None = None, count: int = 4) -> list[tuple[int, int]]:
    """Spans of the image column."""
    chunk = pq.read_metadata(pa.BufferReader(data)).row_group(0).column(2)
    first = chunk.data_page_offset
    last = first + chunk.total_compressed_size
    found = payload_spans(memoryview(data), first if start is None else start, last if end is None else end, count)
    return [(span.offset, span.nbytes) for span in found]


def test_payloads_are_where_the_headers_say() -> None:
    data = shard_bytes()
    assert [data[at : at + n] for at, n in spans_of(data)] == VALUES


def test_chunks_that_do_not_fit_are_refused() -> None:
    data = shard_bytes()
    start = pq.read_metadata(pa.BufferReader(data)).row_group(0).column(2).data_page_offset
    for change in (
        {"count": 3},
        {"count": 5},
        {"start": start + 1},
        {"end": start + 50},
        {"end": len(data) + 9},
        {"start": -4},
    ):
        with pytest.raises(DataError):
            spans_of(data, **change)


@pytest.mark.parametrize(
    "options",
    [{"max_rows_per_page": 2}, {"compression": "zstd"}, {"use_dictionary": True}, {"data_page_version": "2.0"}],
)
def test_other_layouts_are_refused(options: dict) -> None:
    target = io.BytesIO()
    table = pa.table([[0, 1, 2, 3], [0] * 4, [b"x" * 50] * 4], schema=shard_schema(["rgb"]))
    pq.write_table(table, target, **{"compression": "none", "use_dictionary": False, "max_rows_per_page": 1, **options})
    with pytest.raises(DataError):
        spans_of(target.getvalue())


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=80))
def test_rubbish_is_refused_or_read(data: bytes) -> None:
    try:
        header = read_page_header(memoryview(data))
    except DataError:
        return
    assert header.header >= 1


def test_malicious_headers_end() -> None:
    deep = bytes([0x1C] * 50)  # a struct in a struct in a struct …
    long_list = bytes([0x19, 0xF7]) + b"\xff" * 8 + b"\x7f"  # a list of 2⁶³ doubles
    endless = bytes([0x15]) + b"\xff" * 30  # a number that does not end
    for data in (b"", deep, long_list, endless, bytes([0x1D]), b"\x15"):
        with pytest.raises(DataError):
            read_page_header(memoryview(data))
