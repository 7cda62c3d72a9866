"""The warp check: depth, pose and intrinsics of two cells at one time must describe one world.

The depth of cell (c, t) is carried into camera c′ and compared with the depth of cell (c′, t) by
`camxtime.geometry.reproject`. Occlusions are no fault; a *contradiction*, where c′ looks through a surface that c saw, is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from camxtime.errors import CamxtimeError, DataError
from camxtime.geometry.reproject import View, reproject
from camxtime.shards.grid import Grid
from camxtime.shards.verify.report import Part

MAX_CONTRADICTION = 0.01
"""Largest share of contradictions among the pixels of a pair that can be decided."""

MIN_DECIDED = 32
"""Fewest decided pixels (agree or contradict) of a pair that are worth a verdict."""


@dataclass(frozen=True)
class WarpPair:
    """Two cells at one time."""

    camera: int
    other: int
    time: int


def draw_pairs(grid: Grid, count: int, rng: np.random.Generator) -> list[WarpPair]:
    """`count` pairs of a grid: random times, random cameras, from neighbours to a quarter of the path apart."""
    times = np.flatnonzero((grid.index.shard >= 0).all(axis=(1, 2)))
    if grid.C < 2 or len(times) == 0:
        return []
    pairs = []
    for number in range(count):
        reach = max(1, round((grid.C - 1) * 0.25 * number / max(count - 1, 1)))
        camera = int(rng.integers(grid.C))
        other = camera + reach if camera + reach < grid.C else max(camera - reach, 0)
        pairs.append(WarpPair(camera, other, int(rng.choice(times))))
    return pairs


def check_warps(grid: Grid, pairs: list[WarpPair]) -> Part:
    """Warp every pair both ways. Images that cannot be read are left to the checks of the images."""
    part = Part()
    decided = 0
    for pair in pairs:
        try:
            clip = grid.clip([pair.camera, pair.other], pair.time, ("depth",))
        except CamxtimeError:
            part.counts["warp pairs unreadable"] += 1
            continue
        views = [View(clip.depth[i], clip.c2w[i], clip.K[i]) for i in (0, 1)]
        part.counts["warp pairs"] += 1
        for a, b, camera, other in ((0, 1, pair.camera, pair.other), (1, 0, pair.other, pair.camera)):
            try:
                result = reproject(views[a], views[b])
            except DataError as error:
                part.error(f"{error}.", _MEND, grid=grid.id, camera=camera, time=pair.time, pass_name="depth")
                continue
            decided += result.decided
            part.counts["warp pixels"] += result.decided
            if result.decided >= MIN_DECIDED and result.contradiction_share > MAX_CONTRADICTION:
                part.error(
                    f"camera {other} looks through {result.counts['contradiction']} of {result.decided} pixels that this "
                    f"one sees ({result.contradiction_share:.1%}; at most {MAX_CONTRADICTION:.0%} is allowed): depth, pose "
                    "or intrinsics are wrong.", _MEND, grid=grid.id, camera=camera, time=pair.time, pass_name="depth",
                )  # fmt: skip
    if part.counts["warp pairs"] and decided < MIN_DECIDED:
        part.warn(
            "no pair of cameras tried shares enough of the scene to compare depths.",
            "look at the grid's contact sheet: do its cameras see anything?", grid=grid.id, pass_name="depth",
        )  # fmt: skip
    return part


_MEND = "look at both cells; if the renderer is at fault, mend it, delete the shards of the grid and render again."
