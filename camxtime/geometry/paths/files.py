"""Files that hold camera paths: keyframes (YAML or JSON) and three-line trajectories (text). Errors name file
and line.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from camxtime.errors import InputError

MOST_KEYS = 10_000
LARGEST_FILE_BYTES = 4_000_000
TRAJECTORY_LINES = ("pitch", "yaw", "displacement")
FRAMES = ("subject", "world")
INTERPOLATIONS = ("smooth", "linear")

LARGEST_NUMBER = 1e6
"""Bound of every number in a path file: metres and degrees beyond it are mistakes, and would overflow."""

SMALLEST_STEP = 1e-6
"""Least difference of `at` from key to key."""

_KEY_SIZES = {"at": 0, "position": 3, "look_at": 3, "rotation_wxyz": 4, "hfov_deg": 0, "roll_deg": 0}
"""Fields of a key: 0 for a number, n for a list of n numbers."""


def load(loader: str, path: str | Path) -> dict[str, Any]:
    """Content of a path file, JSON-ready: the value of a kind's `keys`; `loader` is the `file` of that field's
    metadata.

    Raises InputError for an unknown loader, a file that cannot be read, and content that is malformed.
    """
    loaders: dict[str, Callable[[str | Path], dict[str, Any]]] = {
        "keyframes": load_keyframes,
        "trajectory": load_trajectory,
    }
    if loader not in loaders:
        raise InputError(f"no loader {loader!r} for camera path files; the loaders are {', '.join(loaders)}")
    return loaders[loader](path)


def load_keyframes(path: str | Path) -> dict[str, Any]:
    """Keyframes of a YAML or JSON file.

    `{frame: subject|world, interpolation: smooth|linear, keys: [{at, position: [x, y, z], look_at: [x, y, z]}, …]}`;
    instead of `look_at` all keys may have `rotation_wxyz`, camera to world in OpenCV axes; `hfov_deg` and `roll_deg`
    are optional (in all keys or in none). `at` increases, in any unit. `frame` defaults to subject, `interpolation`
    to smooth.
    """
    source = Path(path)
    text = _read(source)
    if source.suffix.lower() == ".json":
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise InputError(f"{source}{line}: not JSON; mend the file or name it .yaml") from error
    else:
        data = _yaml(source, text)
    if not isinstance(data, dict):
        raise InputError(f"{source}: a keyframe file is a mapping with the list `keys`")
    data = {"frame": "subject", "interpolation": "smooth", **data}
    check_keyframes(str(source), data)
    return data


def load_trajectory(path: str | Path) -> dict[str, Any]:
    """Trajectory of a text file of three lines of blank-separated numbers: {"pitch": [...], "yaw": …, "displacement":
    …}.

    The first two in degrees; lines may differ in length. Empty lines and lines that begin with # are passed over.
    """
    source = Path(path)
    lines: list[tuple[int, list[float]]] = []
    for number, line in enumerate(_read(source).splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        lines.append((number, [_word(f"{source}, line {number}", word) for word in words]))
    if len(lines) != len(TRAJECTORY_LINES):
        raise InputError(
            f"{source}: a trajectory has three lines of numbers (pitch, yaw, displacement); this file has {len(lines)}"
        )
    data = {name: values for name, (_, values) in zip(TRAJECTORY_LINES, lines, strict=True)}
    check_trajectory(str(source), data)
    return data


def check_trajectory(where: str, data: Mapping[str, Any]) -> None:
    """Raise InputError unless `data` is what `load_trajectory` returns."""
    if set(data) != set(TRAJECTORY_LINES):
        raise InputError(f"{where}: a trajectory holds pitch, yaw and displacement; got {', '.join(map(str, data))}")
    for name in TRAJECTORY_LINES:
        if not isinstance(data[name], list) or not 1 <= len(data[name]) <= MOST_KEYS:
            raise InputError(f"{where}: {name} must list between 1 and {MOST_KEYS} numbers")
        for value in data[name]:
            _number(f"{where}: {name}", value)


def check_keyframes(where: str, data: Mapping[str, Any]) -> None:
    """Raise InputError unless `data` is what `load_keyframes` returns."""
    unknown = [reprlib.repr(name) for name in data if name not in ("frame", "interpolation", "keys")]
    if unknown:
        raise InputError(f"{where}: unknown field {unknown[0]}; a keyframe file has frame, interpolation and keys")
    for name, words in (("frame", FRAMES), ("interpolation", INTERPOLATIONS)):
        if data.get(name) not in words:
            raise InputError(f"{where}: {name} must be one of {', '.join(words)}, not {reprlib.repr(data.get(name))}")
    keys = data.get("keys")
    if not isinstance(keys, list) or not 1 < len(keys) <= MOST_KEYS:
        raise InputError(f"{where}: keys must list between 2 and {MOST_KEYS} key poses")
    for index, key in enumerate(keys):
        _check_key(f"{where}, key {index}", key)
        if set(key) != set(keys[0]):
            raise InputError(f"{where}, key {index}: all keys must have the fields of key 0: {', '.join(keys[0])}")
        if index and key["at"] - keys[index - 1]["at"] < SMALLEST_STEP:
            raise InputError(f"{where}, key {index}: `at` must be greater than in the key before it")


def _check_key(where: str, key: Any) -> None:
    if not isinstance(key, dict):
        raise InputError(f"{where}: a key is a mapping with at, position and look_at or rotation_wxyz")
    for name, value in key.items():
        if name not in _KEY_SIZES:
            raise InputError(f"{where}: unknown field {reprlib.repr(name)}; the fields are {', '.join(_KEY_SIZES)}")
        size = _KEY_SIZES[name]
        if size and (not isinstance(value, list) or len(value) != size):
            raise InputError(f"{where}: {name} must be a list of {size} numbers")
        for number in value if size else [value]:
            _number(f"{where}: {name}", number)
    if "at" not in key or "position" not in key or ("look_at" in key) == ("rotation_wxyz" in key):
        raise InputError(f"{where}: a key needs at, position, and either look_at or rotation_wxyz")
    if not 5 <= key.get("hfov_deg", 50) <= 120:
        raise InputError(f"{where}: hfov_deg must lie between 5 and 120 degrees, not {key['hfov_deg']:g}")
    if "rotation_wxyz" in key and math.hypot(*key["rotation_wxyz"]) < 1e-6:
        raise InputError(f"{where}: rotation_wxyz is zero; a rotation is a quaternion such as [1, 0, 0, 0]")
    if "look_at" in key and math.dist(key["look_at"][:2], key["position"][:2]) < 1e-6:
        raise InputError(f"{where}: the camera looks straight up, down or at itself; use rotation_wxyz for such a view")


def _number(where: str, value: Any) -> float:
    # YAML reads yes and no as truth values, which Python would count as 1 and 0. reprlib bounds what is printed.
    number = float(value) if isinstance(value, float) or (type(value) is int and abs(value) < 2**63) else math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: {reprlib.repr(value)} is not a finite number")
    if abs(number) > LARGEST_NUMBER:
        raise InputError(f"{where}: {number:g} is beyond ±{LARGEST_NUMBER:g}; metres and degrees are meant")
    return number


def _word(where: str, word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: {reprlib.repr(word)} is not a finite number")
    return _number(where, number)


def _read(source: Path) -> str:
    try:
        if source.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{source}: larger than {LARGEST_FILE_BYTES:,} bytes; this is no camera path")
        return source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: cannot be read as a text file ({error})") from error


def _yaml(source: Path, text: str) -> Any:
    import yaml  # a dependency of the specs; the rest of geometry needs NumPy only

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"{source}{line}: not YAML; check indentation and brackets") from error
