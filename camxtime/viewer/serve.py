"""Starting and ending the server."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress

from camxtime.errors import InputError, WorkError
from camxtime.viewer.options import Access, ViewOptions

_KEEP_ALIVE_S = 30
_GRACE_S = 2
_BACKLOG = 128


def serve(options: ViewOptions, access: Access, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page until SIGINT or SIGTERM. port 0: any that is free. ready: called with the address to open.

    Raises `InputError` if the web framework is not installed or the port is taken, and what opening the dataset raises.
    """
    try:
        import uvicorn

        from camxtime.viewer.app import make_app
        from camxtime.viewer.security import Guard
        from camxtime.viewer.state import State
    except ImportError as error:
        raise InputError(f"The page needs {error.name}: pip install 'camxtime[view]'.") from error
    state = State(options)
    try:
        with _listen(access.host, port) as listener:
            number = int(listener.getsockname()[1])
            guard = Guard(make_app(state), access, number)
            # h11 in place of the faster httptools: it bounds the size of a request's head.
            config = uvicorn.Config(
                guard, log_level="warning", access_log=False, server_header=False, http="h11", ws="none", loop="asyncio",
                timeout_keep_alive=_KEEP_ALIVE_S, timeout_graceful_shutdown=_GRACE_S, proxy_headers=False,
                h11_max_incomplete_event_size=64 * 1024,
            )  # fmt: skip
            ready(address(access, number))
            with suppress(KeyboardInterrupt):  # uvicorn has ended in good order, and hands the signal on
                uvicorn.Server(config).run(sockets=[listener])
    finally:
        state.close()


def address(access: Access, port: int) -> str:
    """What to open in a browser."""
    host = "localhost" if access.host in ("0.0.0.0", "::") else access.host  # noqa: S104  no address to open
    host = f"[{host}]" if ":" in host else host
    query = f"?token={access.token}" if access.token is not None else ""
    return f"http://{host}:{port}/{query}"


def open_browser(url: str) -> None:
    """Open the page in the user's browser, if there is one."""
    try:
        webbrowser.open(url)
    except webbrowser.Error as error:
        raise WorkError(f"No browser can be opened ({error}); open {url} yourself.") from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio sends small answers at once (TCP_NODELAY) only where it is, else each waits for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise InputError(f"port: cannot listen at {host}:{port}: {error.strerror or error}.") from error
    return listener
