"""Addresses of named tracks, and of a track as an MP4."""

from __future__ import annotations

import itertools
import json
import shutil

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from camxtime.viewer.answers import json_answer, refuse
from camxtime.viewer.clips import ClipWish, TrackWish, clip_file, named_track, track_names
from camxtime.viewer.query import whole_number
from camxtime.viewer.state import State

MAX_SEED = 2**63 - 1


def clip_routes(state: State) -> list[Route]:
    """api/tracks.json, api/grids/<id>/track.json, api/grids/<id>/clip.mp4."""
    numbers = itertools.count()

    def tracks(request: Request) -> Response:
        return json_answer(request, {"tracks": track_names()})

    def track(request: Request) -> Response:
        grid = state.source.grid(request.path_params["grid"])
        query = request.query_params
        frames = whole_number(query.get("F"), "F", 10**6) if query.get("F") else None
        seed, camera, time = (
            whole_number(query.get(name, "0"), name, most)
            for name, most in (("seed", MAX_SEED), ("camera", 10**6), ("time", 10**6))
        )
        wish = TrackWish(query.get("name", "diagonal"), frames, seed, camera, time)
        return json_answer(request, named_track(grid.C, grid.T, wish))

    async def clip(request: Request) -> Response:
        grid = state.source.grid(request.path_params["grid"])
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError) as error:
            raise refuse(400, f"The body is not JSON: {error}.") from error
        wish = ClipWish.of_json(body, grid)
        key = ("clip", next(numbers))  # each its own file, removed once it is sent
        path = await state.work.run(key, lambda: clip_file(grid, wish, state.work.stop))
        return FileResponse(
            path, media_type="video/mp4", filename=path.name, headers={"Cache-Control": "no-store"},
            background=BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True),
        )  # fmt: skip

    return [
        Route("/api/tracks.json", tracks),
        Route("/api/grids/{grid}/track.json", track),
        Route("/api/grids/{grid}/clip.mp4", clip, methods=["POST"]),
    ]
