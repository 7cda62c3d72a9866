"""The line of a coast and the height of its sand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts.build_tools import Array, rotation

LEVEL_M, WATERLINE_M, SEA_M = 6.7, 8.0, -0.17
"""Towards the sea, metres: where the level sand ends, where the water begins, and its height."""


@dataclass(frozen=True)
class Shore:
    """The line of the coast: ``turn_deg`` is the azimuth of the sea, seen from the stage; the water's edge sways."""

    turn_deg: float
    phase: float
    sway: float

    def frame(self) -> Array:
        """4x4: x out to sea, y along the shore."""
        return rotation("z", self.turn_deg)

    def out(self, x: Any, y: Any) -> Any:
        """Metres towards the sea, with the sway of the shore taken off outside the cameras' room."""
        c, s = np.cos(np.radians(self.turn_deg)), np.sin(np.radians(self.turn_deg))
        u, v = c * x + s * y, c * y - s * x
        return u + self.sway * (np.sin(0.11 * v + self.phase) - 1.0) * np.clip((np.abs(u) - 6.0) / 4.0, 0, 1)


def sand_profile(rng: np.random.Generator, shore: Shore, dunes_m: float) -> Any:
    """Return the height of the sand: level round the stage, dunes inland, falling away under the sea."""
    phases, lengths, turns = (
        rng.uniform(0, 6, 4),
        rng.uniform(9, 24, 4),
        np.radians(rng.uniform(-50, 50, 4) + shore.turn_deg),
    )

    def height(x: Any, y: Any) -> Any:
        u = shore.out(x, y)
        crest = sum(
            1 - np.abs(np.sin(np.pi / length * (np.cos(turn) * x + np.sin(turn) * y) + phase))
            for length, turn, phase in zip(lengths, turns, phases, strict=True)
        )
        inland = np.clip((-u - 8.2) / 9.0, 0, 1)
        fall = np.clip(u - LEVEL_M, 0, None)
        return dunes_m * inland**2 * (3 - 2 * inland) * (0.25 + crest / 2.6) - np.minimum(
            0.12 * fall + 0.004 * fall**2, 5.0
        )

    return height
