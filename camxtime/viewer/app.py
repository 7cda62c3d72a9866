"""The application: which address is answered by what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from camxtime.errors import CamxtimeError, InputError
from camxtime.viewer.answers import page_answer, refuse
from camxtime.viewer.pagefiles import page_file
from camxtime.viewer.routes_cells import cell_routes
from camxtime.viewer.routes_clips import clip_routes
from camxtime.viewer.routes_grids import grid_routes
from camxtime.viewer.routes_pairs import pair_routes
from camxtime.viewer.routes_render import render_routes
from camxtime.viewer.routes_results import results_routes
from camxtime.viewer.security import BodyTooLargeError
from camxtime.viewer.state import State
from camxtime.viewer.workroom import StoppedError

QUICK_THREADS = 6
"""Answers that are worked out at once (cells, JSON)."""


def make_app(state: State) -> Starlette:
    """The application of a state, which it closes when it ends."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = QUICK_THREADS
        yield
        state.close()

    parts = (grid_routes, cell_routes, clip_routes, pair_routes, render_routes, results_routes)
    routes = [*(route for part in parts for route in part(state)), Route("/{path:path}", _page)]
    failures: dict[Any, Callable[..., Any]] = {
        HTTPException: _refused, StoppedError: _stopped, CamxtimeError: _failed, BodyTooLargeError: _too_large,
    }  # fmt: skip
    return Starlette(routes=routes, exception_handlers=failures, lifespan=lifespan)


def _page(request: Request) -> Response:
    found = page_file(request.path_params["path"] or "index.html")
    if found is None:
        raise refuse(404, "There is nothing at this address.")
    return page_answer(request, *found)


async def _refused(_: Request, error: HTTPException) -> Response:
    headers = {"Cache-Control": "no-store", **(error.headers or {})}
    return JSONResponse({"error": error.detail}, error.status_code, headers)


async def _failed(_: Request, error: CamxtimeError) -> Response:
    status = 400 if isinstance(error, InputError) else 500
    return JSONResponse({"error": str(error)}, status, {"Cache-Control": "no-store"})


async def _too_large(_: Request, error: BodyTooLargeError) -> Response:
    return JSONResponse({"error": "The request's body is too large."}, 413, {"Connection": "close"})


async def _stopped(_: Request, error: StoppedError) -> Response:
    return JSONResponse({"error": "The server is ending."}, 503, {"Cache-Control": "no-store"})
