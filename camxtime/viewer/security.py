"""Who may ask: the first thing that every request meets.

- Host: only names that mean this server. A page of another site whose name was pointed at this machine (DNS rebinding) still
  says its own name here.
- Origin and Sec-Fetch-Site: no other site's page may send or embed anything.
- Token: where others on the network can reach the port.
- Sizes: of addresses and bodies.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from camxtime.viewer.options import Access

MAX_BODY = 1_000_000
MAX_ADDRESS = 16_384
COOKIE = "camxtime_view"

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_ENTER = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=./"><title>camxtime</title>'


class Guard:
    """Wraps the application. `port` tells the cookies of several servers on one machine apart."""

    def __init__(self, app: ASGIApp, access: Access, port: int = 0):
        self._app = app
        self._token = access.token
        self._cookie = f"{COOKIE}_{port}"
        own = (
            {"localhost"} if access.loopback else {"localhost", socket.gethostname().lower(), socket.getfqdn().lower()}
        )
        self._names = own | {access.host.lower()} | {name.lower() for name in access.names}
        self._loopback = access.loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        sender = _with_headers(send)
        answer = self._refusal(scope)
        if answer is None and self._token is not None:
            answer = self._without_token(scope, self._token)
        if answer is not None:
            await answer(scope, receive, sender)
            return
        await self._app(scope, _Bounded(receive), sender)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_ADDRESS:
            return _error(414, "This address is too long.")
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return _error(
                421, "The page is not served under this host name; give it with --allow-host if it should be."
            )
        if not _same_site(headers, hosts[0], scope):
            return _error(403, "Requests from other sites are refused.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > MAX_BODY:
            return _error(413, f"A request's body has at most {MAX_BODY:,} bytes.")
        if scope["method"] == "POST" and headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return _error(415, "Only application/json is taken.")
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name = parts.hostname or ""
            if parts.username is not None or parts.path or parts.query or parts.fragment:
                return False
            _ = parts.port
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback  # rebinding needs a name: a bare address is none

    def _without_token(self, scope: Scope, token: str) -> Response | None:
        headers = Headers(scope=scope)
        given = headers.get("authorization", "")
        if given.startswith("Bearer ") and _equal(given.removeprefix("Bearer ").strip(), token):
            return None
        if _equal(_cookie(headers, self._cookie), token):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=50)
        if scope["path"] == "/" and _equal(query.get("token", [""])[0], token):
            # A page that goes on by itself: after a redirect from another site a strict cookie would not be sent.
            answer = HTMLResponse(_ENTER, headers={"Cache-Control": "no-store"})
            answer.set_cookie(self._cookie, token, httponly=True, samesite="strict", path="/")
            return answer
        return _error(401, "Open the address that `camxtime view` has printed, with its token.")


def _same_site(headers: Headers, host: str, scope: Scope) -> bool:
    origins = headers.getlist("origin")
    if origins and (
        len(origins) > 1 or origins[0].lower() not in (f"http://{host.lower()}", f"https://{host.lower()}")
    ):
        return False
    site = headers.get("sec-fetch-site", "none")
    if site in ("same-origin", "none"):
        return True
    # Following a link to the page itself is no harm: nothing can read the answer.
    navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return navigates and scope["method"] == "GET" and scope["path"] == "/"


def _cookie(headers: Headers, name: str) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def _equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status, {"Cache-Control": "no-store"})


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sender


class BodyTooLargeError(Exception):
    """More bytes came than a request may have."""


class _Bounded:
    """Receives at most MAX_BODY bytes: bodies sent in chunks do not say how long they are."""

    def __init__(self, receive: Receive):
        self._receive = receive
        self._seen = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > MAX_BODY:
                raise BodyTooLargeError
        return message
