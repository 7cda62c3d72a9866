"""Which failures of a server pass, and how long to wait for them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that say "not now"."""

PASSING_CODES = frozenset(
    {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestTimeTooSkewed", "ServiceUnavailable",
     "InternalError", "RequestLimitExceeded", "TooManyRequests", "BandwidthLimitExceeded", "ConditionalRequestConflict"}
)  # fmt: skip
"""Error codes of object stores that say the same."""

LONGEST_PAUSE_S = 20.0

# Errors of clients that are not OSErrors; a client that was never imported cannot have raised anything.
_FOREIGN = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("httpx", "HTTPError"),
)
_BROKEN = (
    ("aiohttp", "ClientConnectionError"),
    ("aiohttp", "ClientPayloadError"),
    ("botocore.exceptions", "HTTPClientError"),
    ("botocore.exceptions", "IncompleteReadError"),
    ("requests.exceptions", "ConnectionError"),
    ("requests.exceptions", "Timeout"),
    ("httpx", "TransportError"),
    ("fsspec.exceptions", "FSTimeoutError"),
)
_REFUSED = (("aiohttp", "ClientSSLError"), ("botocore.exceptions", "SSLError"), ("requests.exceptions", "SSLError"))


def client_errors() -> tuple[type[BaseException], ...]:
    """What reading through fsspec may raise: OSError and EOFError by its rule, and what its clients let out."""
    return (OSError, EOFError, *_classes(_FOREIGN), *_classes(_BROKEN))


def status_of(error: BaseException) -> int | None:
    """The HTTP status an error of aiohttp, botocore, gcsfs, requests or httpx carries, if it carries one."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        found = getattr(error, "status", None) or getattr(response, "status_code", None) or getattr(error, "code", None)
    return found if isinstance(found, int) else None


def passes(error: BaseException) -> bool:
    """Whether the same request may succeed a little later: a timeout, a broken connection, a server that is busy.

    The first in the chain of causes that is an answer of a server or a broken connection decides.
    """
    broken: tuple[type[BaseException], ...] = (ConnectionError, TimeoutError, EOFError, *_classes(_BROKEN))
    refused = _classes(_REFUSED)
    for link in _chain(error):
        response = getattr(link, "response", None)
        if isinstance(response, dict) and response.get("Error", {}).get("Code") in PASSING_CODES:
            return True
        status = status_of(link)
        if status is not None:
            return status in PASSING
        if isinstance(link, refused):
            return False
        if isinstance(link, broken):
            return True
    return False


def says_exists(error: BaseException) -> bool:
    """Whether a server would not create an object because there is one.

    s3fs tells only where the answer names the condition that failed; of many S3 servers (MinIO, Ceph) it does not.
    """
    return any(isinstance(link, FileExistsError) or status_of(link) == 412 for link in _chain(error))


def pause(error: BaseException, first_s: float, attempt: int, what: str) -> float:
    """Seconds to wait after failure number `attempt` (from 1).

    Exponential back-off with "equal jitter": half of `first_s · 2^(attempt − 1)`, and up to another half by a hash of
    `what` and the attempt, so that many readers do not come back at once and yet nothing is drawn from a global
    generator. A server that names a time (`Retry-After`) gets it. Never more than `LONGEST_PAUSE_S`.
    """
    full = min(first_s * 2.0 ** min(attempt - 1, 60), LONGEST_PAUSE_S)
    draw = int.from_bytes(hashlib.sha256(f"{what}\n{attempt}".encode()).digest()[:8], "big") / 2.0**64
    return min(max(full * (1 + draw) / 2, _retry_after(error)), LONGEST_PAUSE_S)


def _retry_after(error: BaseException) -> float:
    for link in _chain(error):
        headers = getattr(link, "headers", None)
        value = str(headers.get("Retry-After", "")) if hasattr(headers, "get") else ""  # type: ignore[union-attr]
        if value.isdecimal():
            return float(value)
    return 0.0


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those it was raised from."""
    link: BaseException | None = error
    for _ in range(8):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _classes(names: tuple[tuple[str, str], ...]) -> tuple[type[BaseException], ...]:
    found: list[Any] = [getattr(sys.modules.get(module), name, None) for module, name in names]
    return tuple(kind for kind in found if kind is not None)
