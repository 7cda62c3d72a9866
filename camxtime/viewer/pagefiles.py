"""The files of the page, which lie beside this module."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent / "page"
KINDS = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".webmanifest": "application/manifest+json",
}  # fmt: skip
_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)*")


def page_file(path: str) -> tuple[bytes, str] | None:
    """Content and media type of a file of the page; None if there is none of that name."""
    if not _PATH.fullmatch(path):
        return None
    file = PAGE / path
    if file.suffix not in KINDS or not file.is_file() or not file.resolve().is_relative_to(PAGE.resolve()):
        return None
    return file.read_bytes(), KINDS[file.suffix]


def all_page_files() -> list[str]:
    """Paths of all files of the page, sorted."""
    names = (file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*") if file.is_file())
    return sorted(name for name in names if page_file(name) is not None)
