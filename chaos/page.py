"""Tables in a documentation page that a program writes, between two marks; what people wrote around them stays."""

from __future__ import annotations

from pathlib import Path


def insert(page: Path, name: str, text: str) -> None:
    """Replace what lies between `<!-- name: begin -->` and `<!-- name: end -->`; `ValueError` if they are not there."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, found, rest = page.read_text().partition(begin)
    _, ended, tail = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{page} has no marks {begin} and {end}")
    page.write_text(f"{head}{begin}\n{text}\n{end}{tail}")
