"""The check that nothing crosses a boundary: no key of a protected role in two splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from camxtime.errors import DataError


@dataclass(frozen=True)
class Leak:
    """One key found in two splits, with a grid on each side."""

    key: str
    split: str
    grid: str
    other_split: str
    other_grid: str

    def __str__(self) -> str:
        return f"{self.key} is in {self.split} (grid {self.grid}) and in {self.other_split} (grid {self.other_grid})"


def find_leaks(
    split_of: Mapping[str, str], keys: Mapping[str, Iterable[str]], ignore: Iterable[str] = ()
) -> list[Leak]:
    """All keys (grid → keys) that grids of two splits (grid → split) share, one `Leak` per key and pair of splits.

    The grid itself counts as a key, so that one grid in two splits cannot be expressed in the first place.
    """
    skipped = set(ignore)
    seen: dict[str, dict[str, str]] = {}
    for grid in sorted(split_of):
        for key in keys[grid]:
            if key not in skipped:
                seen.setdefault(key, {}).setdefault(split_of[grid], grid)
    leaks = []
    for key in sorted(seen):
        (split, grid), *others = sorted(seen[key].items())
        leaks += [Leak(key, split, grid, other, there) for other, there in others]
    return leaks


def refuse_leaks(leaks: list[Leak], where: str) -> None:
    """Raise `DataError` naming the first leaks, if there are any."""
    if leaks:
        shown = "; ".join(str(leak) for leak in leaks[:3])
        more = f"; and {len(leaks) - 3} more" if len(leaks) > 3 else ""
        raise DataError(f"{where}: the split leaks: {shown}{more}.")
