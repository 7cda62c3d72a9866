"""Addresses of single cells."""

from __future__ import annotations

import math
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from camxtime.shards.grid import Grid
from camxtime.shards.records import MAX_INDEX
from camxtime.viewer import cells
from camxtime.viewer.answers import image_answer, refuse
from camxtime.viewer.cells import Picture
from camxtime.viewer.query import whole_number
from camxtime.viewer.state import State


def cell_routes(state: State) -> list[Route]:
    """cells/<grid>/<camera>/<time>/…"""

    def cell_of(request: Request) -> tuple[Grid, int, int]:
        camera, time = request.path_params["camera"], request.path_params["time"]
        return (
            state.source.grid(request.path_params["grid"]),
            whole_number(camera, "camera", MAX_INDEX),
            whole_number(time, "time", MAX_INDEX),
        )

    def rgb(request: Request) -> Response:
        grid, camera, time = cell_of(request)
        tag = cells.check_cell(grid, camera, time, "rgb")
        data = cells.stored(grid, camera, time, "rgb")
        return image_answer(request, data, cells.media_type(data), tag)

    def depth(request: Request) -> Response:
        grid, camera, time = cell_of(request)
        tag = cells.check_cell(grid, camera, time, "depth")
        near, far = _range(request, state.depth_range(grid))
        key = ("depth", tag, near, far)
        return picture(request, key, lambda: cells.depth_picture(grid, camera, time, near, far))

    def depth_bin(request: Request) -> Response:
        grid, camera, time = cell_of(request)
        tag = cells.check_cell(grid, camera, time, "depth")
        data = cells.depth_numbers(grid, camera, time)
        return image_answer(request, data, "application/octet-stream", f"{tag}-f4")

    def instance(request: Request) -> Response:
        grid, camera, time = cell_of(request)
        tag = cells.check_cell(grid, camera, time, "instance")
        return picture(request, ("instance", tag), lambda: cells.instance_picture(grid, camera, time))

    def instance_bin(request: Request) -> Response:
        grid, camera, time = cell_of(request)
        tag = cells.check_cell(grid, camera, time, "instance")
        data = cells.instance_numbers(grid, camera, time)
        return image_answer(request, data, "application/octet-stream", f"{tag}-u2")

    def overlap(request: Request) -> Response:
        grid, camera, time = cell_of(request)
        camera2, time2 = (whole_number(request.query_params.get(name), name, MAX_INDEX) for name in ("c2", "t2"))
        other = (camera2, time2)
        tags = [cells.check_cell(grid, *place, "depth") for place in ((camera, time), other)]
        key = ("overlap", grid.digest, camera, *other, *tags)
        return picture(request, key, lambda: cells.overlap_picture(grid, (camera, time), other))

    def picture(request: Request, key: tuple[object, ...], make: Callable[[], Picture]) -> Response:
        made = state.pictures.get(key, make)
        tag = "-".join(f"{part:g}" if isinstance(part, float) else str(part) for part in key)
        return image_answer(request, made.data, made.kind, tag, made.headers)

    at = "/cells/{grid}/{camera}/{time}/"
    return [
        Route(at + "rgb", rgb),
        Route(at + "depth.png", depth),
        Route(at + "depth.bin", depth_bin),
        Route(at + "instance.png", instance),
        Route(at + "instance.bin", instance_bin),
        Route(at + "overlap.png", overlap),
    ]


def _range(request: Request, default: tuple[float, float]) -> tuple[float, float]:
    """near and far of a depth picture, metres."""
    values = []
    for name, own in zip(("near", "far"), default, strict=True):
        text = request.query_params.get(name)
        try:
            values.append(own if text is None else float(text[:32]))
        except ValueError:
            raise refuse(400, f"{name}: a number of metres is needed.") from None
    near, far = values
    if not (math.isfinite(near) and math.isfinite(far) and 0 < near < far):
        raise refuse(400, "near and far: 0 < near < far is needed.")
    return near, far
