"""Addresses of a benchmark's results."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from camxtime.viewer.answers import image_answer, json_answer, refuse
from camxtime.viewer.query import whole_number
from camxtime.viewer.state import State

if TYPE_CHECKING:
    from camxtime.viewer.results import Results


def results_routes(state: State) -> list[Route]:
    """api/benchmark.json, benchmark/<prediction or truth>/<item>/<frame>.png."""

    def results() -> Results:
        if state.results is None:
            raise refuse(404, "There is no benchmark here: start with --manifest and a file of benchmark items.")
        return state.results

    def overview(request: Request) -> Response:
        found = results()
        state.work.begin("score", lambda: found.score_all(state.work.stop))
        return json_answer(request, found.to_json())

    def frame(request: Request) -> Response:
        found, path = results(), request.path_params
        item, number = (whole_number(path[name], name, 10**6) for name in ("item", "frame"))
        data = found.frame(path["prediction"], item, number)
        return image_answer(request, data, "image/png", f"{zlib.crc32(data):08x}{len(data):x}")

    return [
        Route("/api/benchmark.json", overview),
        Route("/benchmark/{prediction}/{item}/{frame}.png", frame),
    ]
