"""The table of docs/reliability.md, from the results."""

from __future__ import annotations

import os
import platform
from collections import Counter
from typing import Any

from chaos.kinds import KINDS


def tables(lines: list[dict[str, Any]], command: str) -> str:
    """Markdown: trials by kind and how they ended."""
    rows = [
        "| fault | trials | undisturbed digest | named, unharmed | silent | broken | s a trial |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, what in KINDS.items():
        mine = [line for line in lines if line["kind"] == kind]
        if mine:
            rows.append(f"| {what.words} | {_row(mine)} |")
    rows.append(f"| **all** | {_row(lines)} |")
    named = sum(len(line["named"]) for line in lines)
    healed = sum(len(line["healed"]) for line in lines)
    again = sum(line["tries"] > 1 for line in lines)
    hours = sum(line["seconds"] for line in lines) / 3600
    missed = sum(not line["hit"] for line in lines)
    skipped = sum(line["outcome"] == "skipped" for line in lines)
    return "\n".join([
        f"`{command}` on {os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()}): {len(lines)} trials in "
        f"{hours:.2f} h.", "", *rows, "",
        f"Damaged files named by `verify` or `render` before anything was mended: {named}; made again without being read: "
        f"{healed}. Faults that came too late and were struck again: {again}; "
        f"that never came in time: {missed}; skipped: {skipped}.",
    ])  # fmt: skip


def _row(lines: list[dict[str, Any]]) -> str:
    ends = Counter(line["outcome"] for line in lines)
    seconds = sum(line["seconds"] for line in lines) / max(len(lines), 1)
    cells = (len(lines), ends["digest"], ends["named"], ends["SILENT"], ends["BROKEN"], f"{seconds:.1f}")
    return " | ".join(map(str, cells))
