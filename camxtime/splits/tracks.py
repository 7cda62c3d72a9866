"""Tracks of benchmark items, and index lists as short text.

A list of indices is written as runs: `0:80` counts from 0 to 80 (both included, up or down), `0:80:4` in steps of 4,
`40*81` is 40 eighty-one times, and commas join: `0:40,39:0`. Every list has such a text, and the text says all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from camxtime.errors import DataError
from camxtime.shards.layout import check_grid_id

MAX_FRAMES = 100_000
_RUN = re.compile(r"(\d{1,9})(?::(\d{1,9})(?::(\d{1,9}))?|\*(\d{1,9}))?")


def encode_runs(indices: Sequence[int]) -> str:
    """Indices ≥ 0 as text."""
    parts, i = [], 0
    values = [int(value) for value in indices]
    while i < len(values):
        step = values[i + 1] - values[i] if i + 1 < len(values) else 0
        end = i + 1
        while end < len(values) and values[end] - values[end - 1] == step:
            end += 1
        count = end - i
        if step == 0 and count > 1:
            parts.append(f"{values[i]}*{count}")
        elif count > 2:
            tail = "" if abs(step) == 1 else f":{abs(step)}"
            parts.append(f"{values[i]}:{values[end - 1]}{tail}")
        else:
            parts.append(str(values[i]))
            end = i + 1
        i = end
    return ",".join(parts)


def decode_runs(text: str) -> list[int]:
    """The indices of a text; `DataError` if it is none, or makes more than `MAX_FRAMES`."""
    values: list[int] = []
    for word in text.split(","):
        match = _RUN.fullmatch(word)
        if match is None:
            raise DataError(f"{text[:60]!r} is not a list of indices such as 0:80 or 40*81 or 0:40,39:0.")
        first = int(match[1])
        if match[4] is not None:
            run: Sequence[int] = range(first, first + 1)
            count = int(match[4])
        else:
            last = int(match[2]) if match[2] is not None else first
            step = int(match[3]) if match[3] is not None else 1
            if step < 1:
                raise DataError(f"{text[:60]!r}: a step of 0.")
            run = range(first, last + 1, step) if last >= first else range(first, last - 1, -step)
            count = 1
        if len(values) + len(run) * count > MAX_FRAMES:
            raise DataError(f"{text[:60]!r}: more than {MAX_FRAMES:,} frames.")
        values.extend(list(run) * count)
    return values


@dataclass(frozen=True)
class CellTrack:
    """F cells of one grid: cell f is (cameras[f], times[f])."""

    grid: str
    cameras: tuple[int, ...]
    times: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.times)

    def to_json(self) -> dict[str, str]:
        """JSON-ready."""
        return {"grid": self.grid, "cameras": encode_runs(self.cameras), "times": encode_runs(self.times)}

    @staticmethod
    def of_json(value: dict[str, str]) -> CellTrack:
        """From JSON; `DataError` if cameras and times are not equally many."""
        track = CellTrack(
            check_grid_id(value["grid"]), *(tuple(decode_runs(value[name])) for name in ("cameras", "times"))
        )
        if len(track.cameras) != len(track.times):
            raise DataError(f"A track of {track.grid} has {len(track.cameras)} cameras and {len(track.times)} times.")
        return track

    def check(self, cameras: int, times: int) -> None:
        """`DataError` naming the first index that a grid of this size does not have."""
        for name, indices, count in (("camera", self.cameras, cameras), ("time", self.times, times)):
            if max(indices) >= count:
                raise DataError(f"A track of {self.grid} wants {name} {max(indices)}; the grid has 0 to {count - 1}.")
