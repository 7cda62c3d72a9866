"""What a recipe may name as a time path: a warp, a pattern of SpaceTimePilot, or a mixture to draw one from.

| term                                 | meaning                                                            |
|--------------------------------------|--------------------------------------------------------------------|
| `zigzag`                             | the warp of that name, its parameters drawn                        |
| `pattern:bounce_late`                | the pattern as documented                                          |
| `pattern:bounce_late:coded-clipped`  | the pattern as coded, with the times the clip has (81 frames only) |
| `mixture:spacetimepilot-coded`       | a mode of the training mixture, drawn by its probabilities         |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.timewarp import WARPS, mixture, pattern

Times = NDArray[np.int64]


def time_path(term: str, frames: int, rng: np.random.Generator) -> tuple[str, Times]:
    """(what was drawn, in words; window times int64 [frames] in 0..frames−1) of a term.

    Raises `InputError` for a term that is none, or one that the number of frames does not allow.
    """
    kind, _, rest = term.partition(":")
    if kind == "pattern" and rest:
        name, _, variant = rest.partition(":")
        if variant == "coded":
            raise InputError(
                f"{term}: the coded pattern may leave the source's times; use {kind}:{name}:coded-clipped."
            )
        return term, pattern(name, variant or "documented", frames)
    if kind == "mixture" and rest:
        mode, path = mixture(rest).draw(frames, rng)
        return f"{term}:{mode}", path
    if term not in WARPS:
        raise InputError(
            f"There is no time warp {term!r}; there are: {', '.join(WARPS)}, pattern:NAME and mixture:NAME."
        )
    return term, WARPS[term](frames, frames, rng)


def check_time_term(term: str, frames: int, where: str) -> None:
    """Raise `InputError` beginning with `where` if `time_path` would refuse the term for so many frames."""
    try:
        time_path(term, frames, np.random.default_rng(0))
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
