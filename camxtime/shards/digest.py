"""Digests of content, from cells up to the dataset (words in docs/format.md).

They cover what a reader gets (encoded images, cameras, captions, names), not how it came about (workers, order,
retries, unit sizes, file layout, library versions), so the same content has the same digest wherever it was rendered.
All are SHA-256, written as 64 lower-case hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError


def canonical_json(value: Any) -> bytes:
    """`value` as JSON bytes with sorted keys and no spaces; NaN and infinities are refused with `InputError`."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"Not representable as JSON: {error}") from error


def time_digest(payload_digests: Iterable[bytes]) -> str:
    """Digest of one time step: the SHA-256 digests (32 bytes) of its payloads, by camera, then pass name."""
    whole = hashlib.sha256(b"camxtime time 1\n")
    for digest in payload_digests:
        whole.update(digest)
    return whole.hexdigest()


def unit_digest(times: Iterable[tuple[int, str]], cameras: int, passes: dict[str, str]) -> str:
    """Digest of a unit from its (time, time digest) and what its cells are: `passes` maps pass to codec."""
    head = {"cameras": cameras, "passes": passes, "times": [[time, digest] for time, digest in times]}
    return hashlib.sha256(b"camxtime unit 1\n" + canonical_json(head)).hexdigest()


def grid_digest(
    description: dict[str, Any], c2w: NDArray[np.float64], K: NDArray[np.float64], times: dict[int, str]
) -> str:
    """Digest of a grid: its description (JSON-ready), cameras (float64 little endian) and the times there are."""
    whole = hashlib.sha256(b"camxtime grid 1\n" + canonical_json(description) + b"\n")
    whole.update(np.ascontiguousarray(c2w, "<f8").tobytes())
    whole.update(np.ascontiguousarray(K, "<f8").tobytes())
    whole.update(canonical_json([[time, times[time]] for time in sorted(times)]))
    return whole.hexdigest()


def dataset_digest(grids: Iterable[tuple[str, str]], missing: Iterable[str]) -> str:
    """Digest of a dataset: (id, digest) of its grids and the ids of planned grids that are not there yet."""
    head = {"grids": sorted([list(pair) for pair in grids]), "missing": sorted(missing)}
    return hashlib.sha256(b"camxtime dataset 1\n" + canonical_json(head)).hexdigest()


def header_checksum(header: dict[str, Any]) -> str:
    """Checksum of dataset.json or of a grid record: of all its fields but `checksum`."""
    return hashlib.sha256(canonical_json({k: v for k, v in header.items() if k != "checksum"})).hexdigest()
