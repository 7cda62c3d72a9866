"""Which failures are tried again, and how long readers wait."""

from __future__ import annotations

import pytest

from camxtime.shards.retries import LONGEST_PAUSE_S, passes, pause, status_of


def with_status(status: int, headers: dict[str, str] | None = None) -> Exception:
    """A refusal as aiohttp raises it."""
    aiohttp = pytest.importorskip("aiohttp", reason="its errors are the matter")
    from yarl import URL

    info = aiohttp.RequestInfo(URL("http://x/y"), "GET", {}, URL("http://x/y"))
    return aiohttp.ClientResponseError(info, (), status=status, headers=headers)


def of_s3(status: int, code: str) -> Exception:
    """A refusal as s3fs raises it: an OSError with botocore's error behind it."""
    botocore = pytest.importorskip("botocore.exceptions", reason="its errors are the matter")
    error = OSError(code)
    error.__cause__ = botocore.ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
    )
    return error


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int) -> None:
    assert passes(with_status(status)) and status_of(with_status(status)) == status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 416])
def test_a_server_that_says_no_is_not(status: int) -> None:
    assert not passes(with_status(status))


def test_broken_connections_and_object_stores() -> None:
    aiohttp = pytest.importorskip("aiohttp", reason="its errors are the matter")
    for error in (
        ConnectionResetError(),
        TimeoutError(),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError(),
    ):
        assert passes(error)
    assert passes(of_s3(503, "SlowDown")) and passes(of_s3(200, "InternalError")) and passes(of_s3(500, "x"))
    assert not passes(of_s3(403, "AccessDenied")) and not passes(of_s3(404, "NoSuchKey"))
    for error in (FileNotFoundError(), PermissionError(), OSError("disk")):
        assert not passes(error)


def test_pauses_double_differ_and_are_bounded() -> None:
    error = TimeoutError()
    for attempt in range(1, 12):
        full = min(0.25 * 2 ** (attempt - 1), LONGEST_PAUSE_S)
        waits = [pause(error, 0.25, attempt, f"shard {i}") for i in range(50)]
        assert full / 2 <= min(waits) < max(waits) <= full
        assert waits[0] == pause(error, 0.25, attempt, "shard 0")
    assert pause(with_status(429, {"Retry-After": "3"}), 0.25, 1, "x") == 3.0
    assert pause(with_status(429, {"Retry-After": "9999"}), 0.25, 1, "x") == LONGEST_PAUSE_S
    assert pause(ConnectionError(), 0.25, 5000, "x") <= LONGEST_PAUSE_S
