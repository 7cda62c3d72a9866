"""An S3-protocol server on loopback (moto) whose answers can be made to fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)


@dataclass
class S3Server:
    """The server's state, to be changed while it runs.

    url: endpoint. requests: (method, path, range) of all so far. fail: told the number of a request (from 1) and its path,
    gives True to say SlowDown, a status such as 500 to answer with that, "drop" to close the connection without an
    answer, "late" to do what is asked and then drop the connection, or something false. delay_s: wait before each answer.
    """

    url: str = ""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    fail: Callable[[int, str], bool | int | str] | None = None
    delay_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, part: str) -> list[tuple[str, str, str]]:
        """The requests whose path holds `part`."""
        return [request for request in self.requests if part in request[1]]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run the server while the context lasts; the test is skipped where s3fs or moto is missing."""
    pytest.importorskip("s3fs", reason="reading s3:// needs s3fs: pip install camxtime[remote]")
    moto = pytest.importorskip("moto.server", reason="an S3 server to read from: pip install 'moto[server]'")
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: object, **__: object) -> None:
            """Say nothing."""

    state = S3Server()
    app = moto.DomainDispatcherApplication(moto.create_backend_app)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        with state.lock:
            state.requests.append((environ["REQUEST_METHOD"], path, environ.get("HTTP_RANGE", "")))
            fault = state.fail(len(state.requests), path) if state.fail is not None else False
        if state.delay_s:
            threading.Event().wait(state.delay_s)
        if fault == "late":
            list(app(environ, lambda *_: None))
        if isinstance(fault, str):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start("500 Nobody hears this", [])
            return []
        if fault:
            status = "503 Slow Down" if fault is True else f"{fault} Failed"
            start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(SLOW_DOWN)))])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [SLOW_DOWN]
        return app(environ, start)

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def upload(server: S3Server, folder: Path, bucket: str, prefix: str) -> str:
    """Put a folder into a bucket; its s3:// URL."""
    import s3fs

    fs = s3fs.S3FileSystem(skip_instance_cache=True)
    fs.mkdir(bucket)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        fs.pipe_file(f"{bucket}/{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())
    server.requests.clear()
    return f"s3://{bucket}/{prefix}"
