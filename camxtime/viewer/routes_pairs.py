"""Addresses of the sampler."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from camxtime.sampling.draws import MAX_INDEX
from camxtime.sampling.pairs import PairSampler
from camxtime.viewer.answers import json_answer, refuse
from camxtime.viewer.pairs import MAX_DRAWS, pair_json, recipe_of_text, statistics
from camxtime.viewer.query import whole_number
from camxtime.viewer.state import State

MAX_SEED = 2**63 - 1


def pair_routes(state: State) -> list[Route]:
    """api/recipes.json, api/sample.json, api/sample/stats.json."""

    def sampler_of(request: Request) -> PairSampler:
        query = request.query_params
        text = query.get("recipe_json")
        name = query.get("recipe") or "default"
        if text is None and name not in state.recipes:
            raise refuse(404, f"There is no such recipe; there are: {', '.join(state.recipes)}.")
        named = state.recipes[name] if text is None else recipe_of_text(text)
        seed = whole_number(query.get("seed") or "0", "seed", MAX_SEED)
        return state.sampler(named, query.get("split") or None, seed)

    def recipes(request: Request) -> Response:
        return json_answer(request, {"recipes": [named.to_json() for named in state.recipes.values()]})

    def sample(request: Request) -> Response:
        index = whole_number(request.query_params.get("index", "0"), "index", MAX_INDEX - 1)
        return json_answer(request, pair_json(sampler_of(request), index))

    async def stats(request: Request) -> Response:
        count = whole_number(request.query_params.get("n", "500"), "n", MAX_DRAWS)
        if count < 1:
            raise refuse(400, f"n: from 1 to {MAX_DRAWS} pairs can be drawn.")
        sampler = sampler_of(request)
        key = ("stats", sampler.fingerprint, sampler.seed, count)
        value = await state.work.run(key, lambda: statistics(sampler, count))
        return json_answer(request, value)

    return [
        Route("/api/recipes.json", recipes),
        Route("/api/sample.json", sample),
        Route("/api/sample/stats.json", stats),
    ]
