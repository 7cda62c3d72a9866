"""JSON files that carry their own SHA-256: what manifests and benchmarks are written as. Needs the standard library alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from camxtime.errors import DataError, InputError
from camxtime.shards.atomic import write_atomic
from camxtime.shards.digest import canonical_json

MAX_BYTES = 512 * 2**20


def write_signed(path: Path, value: dict[str, Any]) -> Path:
    """Write JSON with the SHA-256 of its canonical form as the last field; atomically."""
    signed = {**value, "sha256": hashlib.sha256(canonical_json(value)).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(signed, indent=0, ensure_ascii=False, allow_nan=False).encode() + b"\n")
    return path


def format_of(path: Path) -> str:
    """The kind of manifest in a file: its field `format`."""
    value = _read(path)
    return str(value.get("format"))


def read_signed(path: Path, kind: str, version: int) -> dict[str, Any]:
    """What `write_signed` wrote, without the format fields and the SHA-256, which are checked."""
    value = _read(path)
    if value.get("format") != kind:
        raise DataError(f"{path}: is not a {kind} manifest (its field 'format' is {value.get('format')!r}).")
    if value.get("format_version") != version:
        raise DataError(
            f"{path}: has manifest version {value.get('format_version')!r}; this camxtime reads version {version}: install "
            "the version that wrote it, or cut it again."
        )
    stated = value.pop("sha256", None)
    if hashlib.sha256(canonical_json(value)).hexdigest() != stated:
        raise DataError(
            f"{path}: its content does not have the SHA-256 that it states: it was changed after it was frozen."
        )
    return {name: item for name, item in value.items() if name not in ("format", "format_version")}


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: {path.stat().st_size:,} bytes are more than a manifest has.")
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such manifest.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read as a manifest: {error}.") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: is not a manifest: it holds a JSON {type(value).__name__}.")
    return value
