"""What a camera path is called in a caption, from its kind and the parameters it was drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "arc": "filmed in an arc {side}",
    "arc_rise": "filmed in a rising and falling arc {side}",
    "orbit": "filmed in an orbit {side}",
    "pan": "filmed with a pan",
    "tilt": "filmed with a tilt",
    "dolly": "filmed with a dolly move",
    "zoom": "filmed with a zoom",
    "truck": "filmed with a sideways tracking shot",
    "pedestal": "filmed with a vertical camera move",
    "spiral": "filmed in a spiral {side}",
    "random_walk": "filmed by a wandering camera",
    "handheld": "filmed by a hand-held camera",
    "static": "filmed by a static camera",
    "keyframes": "filmed along a designed path",
    "trajectory": "filmed along a given trajectory",
}


def path_words(kind: str, parameters: Mapping[str, Any]) -> str:
    """Words for a drawn path, such as "filmed in an arc to the right"; a kind without words gives an empty string.

    A camera that goes counter-clockwise round what it looks at (seen from above, direction 1) moves to its right.
    """
    direction = parameters.get("direction")
    side = "" if direction is None else "to the right" if float(direction) > 0 else "to the left"
    return _WORDS.get(kind, "").format(side=side).strip()
