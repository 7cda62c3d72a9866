"""One or two natural sentences per grid, composed from subject, scene and camera path, or given by the user in a CSV."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from camxtime.errors import InputError

COLUMNS = ("grid", "caption")
MAX_LENGTH = 2000
MAX_BYTES = 512 * 2**20
_PREPOSITIONS = ("in", "on", "at", "under", "inside")


def compose_caption(subject: str, scene: str, path: str) -> str:
    """A caption such as "A knight runs in a furnished dungeon room. The camera arcs 52° to the left, from the front."

    Args:
        subject: words for the animated subject(s), e.g. "a knight runs".
        scene: words for the environment, e.g. "a furnished dungeon room".
        path: words for the camera's movement: a clause about "the camera", which becomes a sentence of its own, or
            others, e.g. "filmed from a drone", which end the first; may be empty.

    Returns:
        One or two sentences, capitalised, with full stops.
    """
    first, *_ = scene.split(" ", 1)
    clause = f"{subject.strip()} {scene.strip()}" if first in _PREPOSITIONS else f"{subject.strip()} in {scene.strip()}"
    path = path.strip().rstrip(".")
    if path.lower().startswith("the camera "):
        return f"{_sentence(clause)} {_sentence(path)}"
    return _sentence(", ".join(part for part in (clause.strip().rstrip("."), path) if part))


def _sentence(words: str) -> str:
    text = words.strip().rstrip(".")
    return text[:1].upper() + text[1:] + "."


def same_captions(captions: Mapping[str, str]) -> dict[str, list[str]]:
    """Captions that more than one grid has, with these grids; `captions` maps grids to captions. Case does not count."""
    grids: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for grid, caption in captions.items():
        key = " ".join(caption.lower().split())
        grids.setdefault(key, []).append(grid)
        words.setdefault(key, caption)
    return {words[key]: found for key, found in grids.items() if len(found) > 1}


def read_captions(file: Path, grids: Collection[str]) -> dict[str, str]:
    """Captions by grid id from a CSV with the columns `grid` and `caption` (UTF-8; further columns are ignored).

    Grids that it does not name keep their composed captions.

    Raises:
        InputError: naming file and line: a column is missing, a row is short, a caption is empty, too long or holds
            control characters, a grid is not in `grids` or is captioned twice.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: is larger than {MAX_BYTES >> 20} MiB; this is no list of captions.")
        with file.open(encoding="utf-8-sig", newline="") as data:
            return _read(file, csv.reader(data, strict=True), set(grids))
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not UTF-8 text; save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise InputError(f"{file}: is not CSV ({error}); put captions with commas in double quotes.") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}).") from error


def _read(file: Path, rows: Iterator[list[str]], grids: set[str]) -> dict[str, str]:
    header = [name.strip().lower() for name in next(iter(rows), [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(
            f"{file}:1: there is no column {missing[0]!r}; the first line must name {' and '.join(COLUMNS)}."
        )
    at = [header.index(name) for name in COLUMNS]
    captions: dict[str, str] = {}
    lines: dict[str, int] = {}
    for row in rows:
        line = rows.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(at):
            raise InputError(f"{file}:{line}: has {len(row)} columns, and the first line {len(header)}; complete it.")
        grid, caption = (row[i].strip() for i in at)
        if grid not in grids:
            raise InputError(f"{file}:{line}: there is no grid {grid!r} in the spec{_meant(grid, grids)}")
        if grid in captions:
            raise InputError(f"{file}:{line}: {grid} has a caption already, in line {lines[grid]}; keep one of them.")
        if not caption:
            raise InputError(f"{file}:{line}: the caption of {grid} is empty; write one, or take the row out.")
        if len(caption) > MAX_LENGTH or any(ord(ch) < 32 for ch in caption):
            raise InputError(
                f"{file}:{line}: the caption of {grid} must be one line of at most {MAX_LENGTH:,} characters."
            )
        captions[grid], lines[grid] = caption, line
    return captions


def _meant(grid: str, grids: set[str]) -> str:
    near = difflib.get_close_matches(grid, sorted(grids)[:5000], n=1)
    return f"; did you mean {near[0]}?" if near else f"; its grids are {', '.join(sorted(grids)[:5])}, …"
