"""Addresses of the dataset, its grids and their thumbnails."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from camxtime.viewer.answers import image_answer, json_answer
from camxtime.viewer.cells import depth_legend
from camxtime.viewer.state import State

_KINDS = {"diagonal.webp": "image/webp", "mosaic.jpg": "image/jpeg", "coarse.jpg": "image/jpeg"}


def grid_routes(state: State) -> list[Route]:
    """api/site.json, api/grids.json, api/grids/<id>.json, thumbs/, legend/."""

    def site(request: Request) -> Response:
        return json_answer(request, state.site())

    def grids(request: Request) -> Response:
        return json_answer(request, state.grids())

    def grid(request: Request) -> Response:
        return json_answer(request, state.grid_details(state.source.grid(request.path_params["grid"])))

    def thumb(kind: str) -> Route:
        async def answer(request: Request) -> Response:
            found = state.source.grid(request.path_params["grid"])
            data = await state.work.run((kind, found.digest), lambda: state.thumb(found, kind))
            return image_answer(request, data, _KINDS[kind], f"{found.digest[:32]}-{kind.split('.')[0]}")

        return Route(f"/thumbs/{{grid}}/{kind}", answer)

    def legend(request: Request) -> Response:
        return image_answer(request, depth_legend(), "image/png", "turbo-1")

    return [
        Route("/api/site.json", site),
        Route("/api/grids.json", grids),
        Route("/api/grids/{grid}.json", grid),
        *(thumb(kind) for kind in _KINDS),
        Route("/legend/depth.png", legend),
    ]
