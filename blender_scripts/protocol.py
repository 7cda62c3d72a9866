"""The line protocol between a Blender worker and its parent: one JSON object per line over a stream socket.

Requests: `{"id": n, "do": verb, "args": {...}}`. Answers: `{"id": n, "ok": {...}}` or
`{"id": n, "error": {"kind": "input" | "work" | "bug", "message": ..., "trace": ...}}`; between them any number of
`{"id": n, "event": {...}}`. The verb `render` sends an event per batch, and each must be answered with
`{"ack": n}` once its pixels are consumed; `{"cancel": n}` ends it after the batch at hand.
Pixels never travel here, only the names of files in the scratch folder. Standard library only: both ends use it.
"""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

Message = dict[str, Any]

MAX_LINE = 64 * 1024 * 1024
"""Longest accepted message in bytes; the largest real one (framing of 10,000 times) is under 2 MB."""


class ChannelClosed(Exception):
    """The socket is closed on this side, or the other end has closed it or died."""


class Channel:
    """One end of the socket. Not thread-safe for receiving; `send` may be called from one other thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.setblocking(True)
        self._buffer = bytearray()

    def send(self, message: Message) -> None:
        """Send one message; raises ChannelClosed if either end is closed."""
        line = json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        try:
            self._sock.sendall(line)
        except OSError as error:
            raise ChannelClosed from error

    def receive(self, timeout_s: float | None = None) -> Message | None:
        """Return the next message, or None if none came within `timeout_s` (None waits for ever)."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (end := self._buffer.find(b"\n")) < 0:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            try:
                if not select.select([self._sock], [], [], left)[0]:
                    return None
                data = self._sock.recv(1 << 16)
            except (OSError, ValueError) as error:  # ValueError: closed on this side
                raise ChannelClosed from error
            if not data or len(self._buffer) > MAX_LINE:
                raise ChannelClosed
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message: Message = json.loads(line)
        return message

    def close(self) -> None:
        """Close this end."""
        self._sock.close()
