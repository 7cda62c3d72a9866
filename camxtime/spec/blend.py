"""Which other .blend files a .blend file links to, read without Blender: files that link in a circle crash it.

A .blend file is a row of blocks, each with a head that gives its code and length; a block `LI` describes a library, with
its path as text.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from camxtime.errors import InputError

_PATH = re.compile(rb"[^\x00-\x1f]*[/\\][^\x00-\x1f]*\.blend(?=\x00)")
_CHUNK = 1 << 20
_MOST_LIBRARY = 1 << 20  # a library's block holds a path and some fields: under 4 kB


def check_links(file: Path) -> None:
    """Check that a .blend file is whole and that the files it links to exist and do not link back.

    Raises:
        InputError: cut short or no .blend file, a library that is missing, or files that link in a circle.
    """
    _follow(file.resolve(), [], set())


def _follow(file: Path, above: list[Path], done: set[Path]) -> None:
    if file in above:
        circle = " -> ".join(path.name for path in [*above[above.index(file) :], file])
        raise InputError(f"{above[0].name}: its files link in a circle ({circle}); append one to the other instead.")
    if file in done:
        return
    for link in libraries(file):
        path = Path(os.path.normpath(file.parent / link.removeprefix("//").replace("\\", "/")))
        if not path.is_file():
            first = above[0] if above else file
            raise InputError(f"{first.name}: the linked library {path.name} is missing; put it at {link} or append it.")
        _follow(path.resolve(), [*above, file], done)
    done.add(file)


def libraries(file: Path) -> list[str]:
    """Paths of the libraries of a .blend file as it has them: relative ones begin with `//`. Errors as `check_links`."""
    try:
        with file.open("rb") as raw, _uncompressed(raw) as data:
            return [path for code, body in _blocks(data) if code == b"LI" for path in _paths(body)]
    except (EOFError, OSError, ValueError, struct.error, zlib.error, zstandard.ZstdError) as error:
        raise InputError(f"{file.name}: is cut short or no .blend file ({error}); save or copy it again.") from error


def _uncompressed(raw: BinaryIO) -> BinaryIO:
    magic = raw.read(4)
    raw.seek(0)
    if magic == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        return io.BufferedReader(reader, _CHUNK)
    if magic[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    return raw


def _blocks(data: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Code and, for libraries, content of every block up to the last."""
    head = _exactly(data, 12)
    if head[:7] != b"BLENDER":
        raise ValueError("it does not begin with BLENDER")
    if head[7:9].isdigit():  # since 5.0: the header's own length in two digits
        _exactly(data, int(head[7:9]) - 12)
        layout, order = struct.Struct("<4siQqq"), (0, 3)
    else:
        end = ">" if head[8:9] == b"V" else "<"
        layout, order = struct.Struct(f"{end}4si{'I' if head[7:8] == b'_' else 'Q'}ii"), (0, 1)
    while True:
        fields = layout.unpack(_exactly(data, layout.size))
        code, length = fields[order[0]].rstrip(b"\x00"), fields[order[1]]
        if code == b"ENDB":
            return
        if length < 0:
            raise ValueError("a block has a negative length")
        if code == b"LI":
            if length > _MOST_LIBRARY:
                raise ValueError(f"a library block of {length:,} bytes")
            yield code, _exactly(data, length)
        else:
            _skip(data, length)


def _paths(body: bytes) -> list[str]:
    found = _PATH.search(body)
    return [found.group().decode("utf-8", "surrogateescape")] if found is not None else []


def _exactly(data: BinaryIO, count: int) -> bytes:
    found = data.read(count)
    if len(found) != count:
        raise EOFError("it ends in the middle of a block")
    return found


def _skip(data: BinaryIO, count: int) -> None:
    while count > 0:
        count -= len(_exactly(data, min(count, _CHUNK)))
