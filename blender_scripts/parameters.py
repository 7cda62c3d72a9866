"""Declared parameters of scene and animation families: reading them without bpy, checking and drawing values.

A family declares `PARAMETERS = {name: (default, help)}`. The default is one of

* a tuple of two numbers `(low, high)`: a range, drawn uniformly (two ints: an int, both ends included);
* a list of values: choices, one of which is drawn;
* anything else (number, bool, string, None): that value.

A spec may give for a range a number or its own `[low, high]`; for choices one of them or a list of them; for a plain
default a value of the same kind.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np

from blender_scripts.errors import StageError

Declared = dict[str, tuple[Any, str]]


def read_declared(module_file: Path) -> Declared:
    """Return the literal `PARAMETERS` of a family's source file without importing it (and so without bpy)."""
    tree = ast.parse(module_file.read_text(encoding="utf-8"), filename=module_file.name)
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "PARAMETERS" for t in targets):
            value = getattr(node, "value", None)
            if value is not None:
                declared: Declared = ast.literal_eval(value)
                return declared
    raise StageError(f"{module_file.name}: a family must declare PARAMETERS = {{name: (default, help)}}")


def resolve(family: str, declared: Declared, given: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return one concrete value for every declared parameter, drawing ranges and choices from `rng`.

    Draws happen in the declared order for every range and choice, given or not, so that fixing one parameter does
    not change what the others draw. Raises StageError for an unknown name or a value of the wrong kind.
    """
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise StageError(f"{family}: unknown parameter {unknown[0]!r}; known: {', '.join(sorted(declared)) or 'none'}")
    values = {}
    for name, (default, _) in declared.items():
        low_draw = float(rng.random())
        values[name] = _pick(f"{family}: parameter {name!r}", default, given.get(name, default), low_draw)
    return values


def _pick(where: str, default: Any, value: Any, draw: float) -> Any:
    if isinstance(default, tuple):
        return _pick_number(where, default, value, draw)
    if isinstance(default, list):
        options = value if isinstance(value, (list, tuple)) else [value]
        wrong = [v for v in options if v not in default]
        if wrong or not options:
            raise StageError(f"{where} must be among {default}, not {value!r}")
        return options[min(int(draw * len(options)), len(options) - 1)]
    if default is None or value is None or type(value) is type(default):
        return value
    if isinstance(default, float) and _is_number(value):
        return float(value)
    raise StageError(f"{where} must be a {type(default).__name__}, not {value!r}")


def _pick_number(where: str, default: tuple[Any, ...], value: Any, draw: float) -> float | int:
    ends = value if isinstance(value, (list, tuple)) else (value, value)
    if len(ends) != 2 or not all(_is_number(e) for e in ends) or ends[0] > ends[1]:
        raise StageError(f"{where} must be a number or [low, high], not {value!r}")
    low, high = ends
    if all(isinstance(e, int) for e in default):
        if not all(float(e).is_integer() for e in ends):
            raise StageError(f"{where} must be whole, not {value!r}")
        return min(int(low) + int(draw * (int(high) - int(low) + 1)), int(high))
    return float(low + draw * (high - low))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))
