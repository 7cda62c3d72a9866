"""Addresses of a render's progress."""

from __future__ import annotations

import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from camxtime.spec import Expansion
from camxtime.viewer.answers import fresh_answer, json_answer, json_bytes, refuse
from camxtime.viewer.progress import failure_log, render_progress
from camxtime.viewer.state import State

KEPT_S = 1.0
"""However many pages look, the folder is looked at so often at most."""


def render_routes(state: State) -> list[Route]:
    """api/render.json, api/render/log."""

    def folder() -> tuple[Path, Expansion]:
        root, expansion = state.source.local, state.source.expansion
        if root is None or expansion is None:
            raise refuse(404, "This dataset is no folder that camxtime renders into: there is no render to show.")
        return root, expansion

    def render(request: Request) -> Response:
        root, expansion = folder()
        moment = int(time.monotonic() / KEPT_S)
        return json_answer(
            request, state.texts.get(("render", moment), lambda: json_bytes(render_progress(root, expansion)))
        )

    def log(request: Request) -> Response:
        root, _ = folder()
        data = failure_log(root, request.query_params.get("unit", ""))
        return fresh_answer(data, "text/plain; charset=utf-8")

    return [Route("/api/render.json", render), Route("/api/render/log", log)]
