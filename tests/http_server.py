"""A web server on loopback with byte ranges, as object storage serves them, that fails as it is told to."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class RangeServer:
    """The server's state, to be changed while it runs.

    url: its address. requests: (path, Range header) of all so far. gone: requests whose path holds this are not found.
    status: answered to all, if not 0. fail: told the number of the request (from 1) and its path, gives the status to
    answer instead ("drop" closes the connection in the middle of the body, "whole" ignores the range), or nothing.
    most: requests that waited for their answers at once.
    """

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    gone: str = ""
    status: int = 0
    fail: Callable[[int, str], int | str | None] | None = None
    delay_s: float = 0.0
    running: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, part: str) -> list[tuple[str, str]]:
        """The requests whose path holds `part`."""
        return [request for request in self.requests if part in request[0]]


class _Handler(SimpleHTTPRequestHandler):
    state: RangeServer

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        state = self.state
        with state.lock:
            state.requests.append((self.path, self.headers.get("Range", "")))
            number = len(state.requests)
            state.running += 1
            state.most = max(state.most, state.running)
        if state.delay_s:
            threading.Event().wait(state.delay_s)
        with state.lock:
            state.running -= 1  # before the answer: a client that has it may ask again at once
        self._answer(state.status or (state.fail(number, self.path) if state.fail else None))

    def _answer(self, fault: int | str | None) -> None:
        path = Path(self.translate_path(self.path))
        if isinstance(fault, int) or not path.is_file() or (self.state.gone and self.state.gone in self.path):
            self.send_error(fault if isinstance(fault, int) else 404)
            return
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if fault != "whole" else None
        start, end = (int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1) + 1) if asked else (0, len(data))
        if asked and start >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        if self.command == "GET":
            if fault == "drop":
                end = start + (end - start) // 2
                self.close_connection = True
            self.wfile.write(data[start:end])

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Readers that leave in the middle are part of the tests."""


@contextmanager
def range_server(folder: Path) -> Iterator[RangeServer]:
    """Serve a folder while the context lasts; the test is skipped where fsspec cannot read http."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp: pip install camxtime[remote]")
    state = RangeServer()
    handler = type("Handler", (_Handler,), {"state": state})
    with _Server(("127.0.0.1", 0), lambda *args: handler(*args, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
