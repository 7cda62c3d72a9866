"""The frame rate of a USD file: Blender imports its time codes as frames and does not tell how many make a second."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

DEFAULT = 24.0
"""USD's own value for a layer that does not state `timeCodesPerSecond`."""

_HEAD = 1 << 20
_STATED = re.compile(rb"^\s*(timeCodesPerSecond|framesPerSecond)\s*=\s*([0-9.eE+-]+)", re.MULTILINE)


def time_codes_per_second(path: Path) -> float:
    """Time codes per second of a .usd, .usda, .usdc or .usdz file.

    Read from the header of text layers; for binary layers, whose header is compressed, USD's default of 24.
    """
    if path.suffix.lower() == ".usdz" or _starts(path, b"PK"):
        with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[0]) as first:
            head = first.read(_HEAD)
    else:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    if not head.startswith(b"#usda"):
        return DEFAULT
    stated = {name: float(value) for name, value in _STATED.findall(head.split(b"\ndef ", 1)[0])}
    rate = stated.get(b"timeCodesPerSecond") or stated.get(b"framesPerSecond") or DEFAULT
    return rate if rate > 0 else DEFAULT


def _starts(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
