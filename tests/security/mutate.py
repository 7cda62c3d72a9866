"""What a hostile or broken file looks like: valid bytes, JSON and tables with something wrong in them."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

DEEP = ("deeper than Python's stack",)
"""Stands for very many lists in each other, which `json_text` writes."""

EVIL_JSON: list[Any] = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, 1e308, float("nan"), float("inf"), "", "..", "../../etc/passwd",
    "/etc/passwd", "a\x00b", "\ud800", "a" * 5000, "jpeg:95", [], {}, [[[]]], {"a": {}}, ["a", 1], [1e300] * 7,
]  # fmt: skip

EVIL_TEXT = [
    "",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a\x00b",
    "x" * 300,
    "{",
    "[]",
    "[" * 50_000,
    "NaN",
    "1e999",
    '{"id": 1}',
]
EVIL_INT = [-1, 0, 1, 65_535, 65_536, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]
EVIL_FLOAT = [float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 1e308]


def fuzz(quick: int) -> settings:
    """Settings of a fuzz test: `quick` examples, or as many as the chosen profile says if those are more."""
    count = max(quick, settings.default.max_examples) if settings.default.max_examples > 100 else quick
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """`data` with one to three edits: bits flipped, cut short, pieces overwritten, doubled, moved, numbers blown up."""
    place = st.integers(0, max(len(data) - 1, 0)) | st.integers(max(len(data) - 64, 0), max(len(data) - 1, 0))
    edit = st.tuples(
        st.sampled_from(["flip", "cut", "set", "drop", "double", "big", "swap"]), place, place, st.integers(0, 255)
    )
    return st.lists(edit, min_size=1, max_size=3).map(lambda edits: _edited(data, edits))


def _edited(data: bytes, edits: list[tuple[str, int, int, int]]) -> bytes:
    found = bytearray(data)
    for kind, a, b, value in edits:
        a, b = min(a, len(found)), min(b, len(found))
        low, high = min(a, b), min(max(a, b), min(a, b) + 4096)
        if kind == "flip" and a < len(found):
            found[a] ^= 1 << (value & 7)
        elif kind == "cut":
            del found[a:]
        elif kind == "set" and a < len(found):
            found[a] = value
        elif kind == "drop":
            del found[low:high]
        elif kind == "double":
            found[low:low] = found[low:high]
        elif kind == "big":
            found[a : a + 4] = b"\xff\xff\xff\x7f"
        elif kind == "swap":
            found[low:high] = found[low:high][::-1]
    return bytes(found)


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value[:40]) if isinstance(value, list) else ()
    for key, item in items:
        found += _places(item, (*at, key))
    return found


def changed_json(value: Any) -> st.SearchStrategy[Any]:
    """The value with one or two of its parts replaced, removed or added to."""
    places = _places(value)
    how = st.tuples(
        st.sampled_from(places),
        st.sampled_from(["set", "set", "set", "remove", "add", "deep"]),
        st.sampled_from(EVIL_JSON),
    )
    return st.lists(how, min_size=1, max_size=2).map(lambda edits: _changed(value, edits))


def _changed(value: Any, edits: list[tuple[tuple[Any, ...], str, Any]]) -> Any:
    found = copy.deepcopy(value)
    for at, kind, evil in edits:
        parent = found
        try:
            for key in at[:-1]:
                parent = parent[key]
            if kind == "remove":
                del parent[at[-1]]
            elif kind == "add" and isinstance(parent, dict):
                parent["surprise"] = copy.deepcopy(evil)
            else:
                parent[at[-1]] = DEEP if kind == "deep" else copy.deepcopy(evil)
        except (KeyError, IndexError, TypeError):
            continue  # the first edit took it away
    return found


def json_text(value: Any, depth: int = 100_000) -> bytes:
    """JSON with NaN, lone surrogates and any depth."""
    out: list[str] = []
    _write(value, out, depth)
    return "".join(out).encode("utf-8", "surrogatepass")


def _write(value: Any, out: list[str], depth: int) -> None:
    if value is DEEP:
        out.append("[" * depth + "]" * depth)
    elif isinstance(value, dict):
        out.append("{")
        for i, (key, item) in enumerate(value.items()):
            out.append(("," if i else "") + json.dumps(key) + ":")
            _write(item, out, depth)
        out.append("}")
    elif isinstance(value, list):
        out.append("[")
        for i, item in enumerate(value):
            out.append("," if i else "")
            _write(item, out, depth)
        out.append("]")
    else:
        out.append(json.dumps(value))
