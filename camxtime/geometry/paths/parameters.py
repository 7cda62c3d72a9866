"""Parameters of camera paths: how a field is declared, checked and drawn.

A path kind is a frozen dataclass; each field carries in its `metadata` what the spec, the documentation and the
drawing
need: `help`, `unit`, `default_range` (lo, hi), `min`, `max`, `type` (`real`, `integer`, `sign`, `choice` or `file`),
and for a choice its `choices`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from camxtime.errors import InputError

Value = float | int | str | dict[str, Any]
Range = float | int | str | tuple[float, float] | list[float] | dict[str, Any]

SEED_LIMIT = 2**32 - 1


def real(help: str, unit: str, default: tuple[float, float], low: float, high: float) -> Any:
    """A field that holds a number in [low, high]; left out of a spec, it is drawn from `default`."""
    return _declare(help, unit, "real", default_range=default, min=low, max=high)


def integer(help: str, unit: str, default: tuple[int, int], low: int, high: int) -> Any:
    """A field that holds a whole number in [low, high]; both ends of a range can be drawn."""
    return _declare(help, unit, "integer", default_range=default, min=low, max=high)


def sign(help: str) -> Any:
    """A field that holds +1 or −1; the range (−1, 1) tosses a coin."""
    return _declare(help, "±1", "sign", default_range=(-1.0, 1.0), min=-1.0, max=1.0)


def choice(help: str, choices: tuple[str, ...]) -> Any:
    """A field that holds one of `choices`, never drawn; the first is taken when it is left out."""
    return _declare(help, "word", "choice", choices=choices, default=choices[0])


def content(help: str, loader: str) -> Any:
    """A field that holds the parsed content of a file; `file` in its metadata names the loader in `paths.files`."""
    return _declare(help, "file", "file", file=loader)


def _declare(help: str, unit: str, type: str, **more: Any) -> Any:
    return dataclasses.field(metadata={"help": help, "unit": unit, "type": type, **more})


def check_names(kind: str, parameters: type, given: Mapping[str, Any]) -> None:
    """Raise InputError for a name that the kind does not have."""
    known = [field.name for field in dataclasses.fields(parameters)]
    for name in given:
        if name not in known:
            raise InputError(f"camera path {kind!r} has no parameter {name!r}; it has {', '.join(known)}")


def check_value(where: str, field: dataclasses.Field[Any], value: Any) -> Value:
    """The concrete value of a field, in its own type; InputError where it is of the wrong type or out of bounds."""
    meta, name = field.metadata, f"{where}: {field.name}"
    if meta["type"] == "file":
        if not isinstance(value, dict):
            raise InputError(f"{name} must hold the content that paths.files.load({meta['file']!r}, …) returns")
        return value
    if meta["type"] == "choice":
        if value not in meta["choices"]:
            raise InputError(f"{name} must be one of {', '.join(meta['choices'])}, not {value!r}")
        return str(value)
    number = _number(name, value)
    if not meta["min"] <= number <= meta["max"]:
        bounds = f"{meta['min']:g} and {meta['max']:g} ({meta['unit']})"
        raise InputError(f"{name} must lie between {bounds}, not {number:g}")
    if meta["type"] == "sign" and number not in (-1.0, 1.0):
        raise InputError(f"{name} must be 1 or −1, or the range [−1, 1] to draw it; not {number:g}")
    if meta["type"] == "integer":
        if number != int(number):
            raise InputError(f"{name} must be a whole number, not {number:g}")
        return int(number)
    return number


def draw_value(where: str, field: dataclasses.Field[Any], given: Range | None, key: tuple[int, ...]) -> Value:
    """One concrete value of a field from a fixed value, a range, or (None) the field's default.

    `key` is the entropy of this draw of the path. Each field has a generator of its own, seeded by (key, field name):
    a changed range, or a field added to the kind, leaves the other fields' values as they were.

    Raises InputError for a range that is not (low, high) with low <= high, is not finite or out of bounds.
    """
    meta = field.metadata
    if meta["type"] == "file" and given is None:
        raise InputError(f"{where}: {field.name} is required (a {meta['file']} file)")
    if meta["type"] in ("choice", "file"):
        return check_value(where, field, meta["default"] if given is None else given)
    wanted = meta["default_range"] if given is None else given
    if not isinstance(wanted, (tuple, list)):
        return check_value(where, field, wanted)
    low, high = _range(where, field, wanted)
    rng = np.random.default_rng([*key, *_words(field.name)])
    if meta["type"] == "integer":
        return int(rng.integers(int(low), int(high), endpoint=True))
    # One uniform deviate whatever the range: widening a range stretches the value, and does not re-draw it.
    drawn = min(low + (high - low) * float(rng.random()), high)
    return (1.0 if drawn >= 0 else -1.0) if meta["type"] == "sign" else drawn


def _range(where: str, field: dataclasses.Field[Any], wanted: tuple[Any, ...] | list[Any]) -> tuple[float, float]:
    name = f"{where}: {field.name}"
    if len(wanted) != 2:
        raise InputError(f"{name} must be one value or a range [low, high], not {list(wanted)}")
    low, high = float(check_value(where, field, wanted[0])), float(check_value(where, field, wanted[1]))  # type: ignore[arg-type]
    if low > high:
        raise InputError(f"{name}: the range [{low:g}, {high:g}] is upside down; write [{high:g}, {low:g}]")
    return low, high


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(f"{name} must be a number, not {value!r}")
    if not np.isfinite(value):
        raise InputError(f"{name} must be finite, not {value}")
    return float(value)


def _words(name: str) -> tuple[int, ...]:
    digest = hashlib.sha256(name.encode()).digest()
    return tuple(int(word) for word in np.frombuffer(digest[:16], dtype="<u4"))
