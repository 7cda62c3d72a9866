"""Connected components of grids that share keys: what has to stay together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def components(keys: Mapping[str, Iterable[str]], ignore: Iterable[str] = ()) -> list[list[str]]:
    """Grids (grid → keys) in components, connected by equal keys not in `ignore`; sorted, each sorted inside."""
    parent: dict[str, str] = {grid: grid for grid in keys}

    def root(grid: str) -> str:
        while parent[grid] != grid:
            parent[grid] = parent[parent[grid]]
            grid = parent[grid]
        return grid

    first: dict[str, str] = {}
    skipped = set(ignore)
    for grid in sorted(keys):
        for key in keys[grid]:
            if key in skipped:
                continue
            other = first.setdefault(key, grid)
            a, b = root(grid), root(other)
            if a != b:
                parent[max(a, b)] = min(a, b)
    found: dict[str, list[str]] = {}
    for grid in sorted(keys):
        found.setdefault(root(grid), []).append(grid)
    return [found[name] for name in sorted(found)]


def binding_keys(members: Iterable[str], keys: Mapping[str, Iterable[str]], most: int = 3) -> list[str]:
    """The keys that most of these grids share, the most shared first: what to say when a component is too large."""
    counts: dict[str, int] = {}
    for grid in members:
        for key in set(keys[grid]):
            counts[key] = counts.get(key, 0) + 1
    return sorted((key for key, count in counts.items() if count > 1), key=lambda key: (-counts[key], key))[:most]
