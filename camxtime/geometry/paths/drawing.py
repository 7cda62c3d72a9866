"""The registry of path kinds, and paths drawn from ranges or rebuilt from a record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from camxtime.errors import InputError
from camxtime.geometry.cameras import Cameras
from camxtime.geometry.paths import around, authored, moves
from camxtime.geometry.paths.base import PathRequest
from camxtime.geometry.paths.parameters import Range, Value, check_names, check_value, draw_value

KINDS: dict[str, type] = {
    "arc": around.Arc,
    "arc_rise": around.ArcRise,
    "orbit": around.Orbit,
    "pan": moves.Pan,
    "tilt": moves.Tilt,
    "dolly": moves.Dolly,
    "zoom": moves.Zoom,
    "truck": moves.Truck,
    "pedestal": moves.Pedestal,
    "spiral": around.Spiral,
    "random_walk": around.RandomWalk,
    "handheld": moves.Handheld,
    "static": moves.Static,
    "keyframes": authored.Keyframes,
    "trajectory": authored.Trajectory,
}
"""Kind → frozen dataclass of its concrete parameters (field metadata: see `parameters`)."""


@dataclass(frozen=True, eq=False)
class DrawnPath:
    """A path drawn from ranges: its cameras, and the JSON-ready parameters from which `realise` rebuilds them."""

    kind: str
    cameras: Cameras
    parameters: dict[str, Value]


def draw(kind: str, ranges: Mapping[str, Range], request: PathRequest, rng: np.random.Generator) -> DrawnPath:
    """Draw a path.

    Args:
        kind: one of `KINDS`.
        ranges: per parameter a fixed value or a range (lo, hi), drawn uniformly; a parameter left out takes its
        default
            range. Kinds made from a file need `keys`: what `files.load` returns.
        request: framing, number of cameras, image size, speed.
        rng: one draw takes four 32-bit words from it, whatever the kind and its ranges, so that the path drawn next
        does
            not depend on this one's parameters; the words, with a field's name, seed a generator of that field's own,
            so that changing one field's range leaves the other fields as they were.

    Raises InputError for an unknown kind or parameter, a value or range that is out of bounds, upside down or not
    finite, and a malformed request.
    """
    parameters = _kind(kind)
    request.validate()
    check_names(kind, parameters, ranges)
    key = tuple(int(word) for word in rng.integers(0, 2**32, 4, dtype=np.uint32))
    where = f"camera path {kind!r}"
    drawn = {
        field.name: draw_value(where, field, ranges.get(field.name), key) for field in dataclasses.fields(parameters)
    }
    return DrawnPath(kind, parameters(**drawn).cameras(request), drawn)


def realise(kind: str, parameters: Mapping[str, Any], request: PathRequest) -> Cameras:
    """Rebuild the cameras of a drawn path from its recorded parameters, exactly.

    Raises InputError for an unknown kind, a parameter that is unknown, missing or out of bounds, and a malformed
    request.
    """
    dataclass_of_kind = _kind(kind)
    request.validate()
    check_names(kind, dataclass_of_kind, parameters)
    values = {}
    for field in dataclasses.fields(dataclass_of_kind):
        if field.name not in parameters:
            raise InputError(f"camera path {kind!r}: the record has no {field.name}; it must hold every parameter")
        values[field.name] = check_value(f"camera path {kind!r}", field, parameters[field.name])
    cameras: Cameras = dataclass_of_kind(**values).cameras(request)
    return cameras


def _kind(kind: str) -> type:
    if kind not in KINDS:
        raise InputError(f"unknown kind of camera path {kind!r}; the kinds are {', '.join(KINDS)}")
    return KINDS[kind]
