"""Bytes and JSON as HTTP answers: entity tags, how long they may be kept, ranges, compression."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOREVER = "private, max-age=31536000, immutable"
"""For what never changes under its address: images, asked for with the dataset's digest in the query (`v=`)."""
ASK = "no-cache"
"""May be kept, but its entity tag is to be compared every time."""

_GZIP_FROM = 1400
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def refuse(status: int, message: str) -> HTTPException:
    """An answer with this status and, as JSON, these words."""
    return HTTPException(status, message)


def json_bytes(value: Any) -> bytes:
    """Compact JSON; numbers that JSON does not have are refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def json_answer(request: Request, value: Any) -> Response:
    """A value (or bytes that are JSON already), compressed where it pays and the client can."""
    data = value if isinstance(value, bytes) else json_bytes(value)
    headers = {"Cache-Control": ASK, "Vary": "Accept-Encoding"}
    tag = hashlib.sha256(data).hexdigest()[:24]
    if len(data) >= _GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        tag += "-gz"
        if not _known(request, tag):
            data = gzip.compress(data, 5, mtime=0)
    return _tagged(request, data, "application/json", tag, headers)


def image_answer(request: Request, data: bytes, kind: str, tag: str, more: dict[str, str] | None = None) -> Response:
    """Bytes that a dataset's digest determines. kind: media type. tag: names exactly these bytes."""
    headers = {"Cache-Control": FOREVER if request.query_params.get("v") else ASK, **(more or {})}
    return _tagged(request, data, kind, tag, headers)


def page_answer(request: Request, data: bytes, kind: str) -> Response:
    """A file of the page itself."""
    return _tagged(request, data, kind, hashlib.sha256(data).hexdigest()[:24], {"Cache-Control": ASK})


def fresh_answer(data: bytes, kind: str, more: dict[str, str] | None = None) -> Response:
    """What may be different next time."""
    return Response(data, media_type=kind, headers={"Cache-Control": "no-store", **(more or {})})


def _tagged(request: Request, data: bytes, kind: str, tag: str, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": f'"{tag}"'}
    if _known(request, tag):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    if wanted is None or "Content-Encoding" in headers or request.headers.get("if-range", f'"{tag}"') != f'"{tag}"':
        return Response(data, media_type=kind, headers={**headers, "Accept-Ranges": "bytes"})
    return _part(data, kind, wanted, headers)


def _known(request: Request, tag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or f'"{tag}"' in [word.strip().removeprefix("W/") for word in given.split(",")]


def _part(data: bytes, kind: str, wanted: str, headers: dict[str, str]) -> Response:
    """One range; several at once, or other units, get the whole, as RFC 9110 allows."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or wanted.strip() == "bytes=-":
        return Response(data, media_type=kind, headers=headers)
    first, last = match[1], match[2]
    start = int(first) if first else max(len(data) - int(last), 0)
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start > end or start >= len(data):
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
    return Response(data[start : end + 1], 206, media_type=kind, headers=headers)
