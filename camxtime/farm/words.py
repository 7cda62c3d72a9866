"""What a camera path is called in a caption, from its kind, the parameters it was drawn with, and its speed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SIDES = (
    "the front",
    "the front left",
    "the left",
    "the back left",
    "behind",
    "the back right",
    "the right",
    "the front right",
)
"""Sectors of 45° round the subject, counter-clockwise from where it faces: its own left and right."""

_HEIGHTS = ((-2.0, "and below"), (6.0, "at its height"), (14.0, "and slightly above"), (30.0, "and above"))
_WAYS = {
    "arc": "arcs {sweep} {side}",
    "arc_rise": "arcs {sweep} {side}, {rise} on the way",
    "orbit": "circles {turns} {side}",
    "pan": "pans {sweep} {side}",
    "tilt": "tilts {sweep} {up}",
    "dolly": "moves {inward}",
    "zoom": "zooms {inward} by a factor of {ratio}",
    "truck": "slides {side}",
    "pedestal": "moves straight {up}",
    "spiral": "spirals {inward} {side}",
    "random_walk": "wanders round",
    "handheld": "is held in the hand",
    "static": "stands still",
    "keyframes": "follows a designed path",
    "trajectory": "follows a recorded path",
}


def path_words(kind: str, parameters: Mapping[str, Any], speed: Mapping[str, Any] | None = None) -> str:
    """A sentence's words for a drawn path, such as "the camera arcs 52° to the right, from the front left and slightly above".

    They say what tells paths of a kind apart: size, direction, where it starts round the subject, height, lens and speed.
    A kind without words gives "". A camera that goes counter-clockwise round what it looks at (seen from above,
    direction 1) moves to its right.
    """
    if kind not in _WAYS:
        return ""
    way = _WAYS[kind].format_map(_Said(kind, parameters))
    parts = [f"the camera {' '.join(way.split())}", *_where(parameters), *_lens(kind, parameters)]
    law = dict(speed or {})
    if law.get("kind") == "ease":
        parts.append("starting and stopping softly")
    elif law.get("kind") == "exponential" and law.get("a"):
        parts.append("slowing down" if float(law["a"]) > 0 else "speeding up")
    return ", ".join(part for part in parts if part)


class _Said(dict[str, str]):
    """The words for a parameter; "" for one that the path does not have."""

    def __init__(self, kind: str, parameters: Mapping[str, Any]) -> None:
        super().__init__()
        forward = float(parameters.get("inward" if kind == "spiral" else "direction", 0))
        turn = float(parameters.get("direction", 0))
        self["side"] = "" if not turn else "to the right" if turn > 0 else "to the left"
        self["up"] = "" if not turn else "up" if turn > 0 else "down"
        self["inward"] = "" if not forward else "in" if forward > 0 else "out"
        self["rise"] = "rising" if float(parameters.get("rise_deg", 1)) >= 0 else "sinking"
        if "sweep_deg" in parameters:
            self["sweep"] = f"{float(parameters['sweep_deg']):.0f}°"
        if "ratio" in parameters:
            self["ratio"] = f"{float(parameters['ratio']):.1f}"
        turns = float(parameters.get("turns", 1))
        self["turns"] = "once" if abs(turns - 1) < 0.1 else "twice" if abs(turns - 2) < 0.1 else f"{turns:.1f} times"

    def __missing__(self, key: str) -> str:
        return ""


def _where(parameters: Mapping[str, Any]) -> list[str]:
    if "azimuth_deg" not in parameters:
        return []
    sector = _SIDES[round(float(parameters["azimuth_deg"]) / 45.0) % 8]
    height = float(parameters.get("elevation_deg", 0.0))
    level = next((words for limit, words in _HEIGHTS if height < limit), "and high above")
    distance = float(parameters.get("distance_fit", 1.0))
    far = "close up" if distance < 0.9 else "from afar" if distance > 1.6 else ""
    return [f"{sector} {level}" if sector == "behind" else f"from {sector} {level}", far]


def _lens(kind: str, parameters: Mapping[str, Any]) -> list[str]:
    hfov = float(parameters.get("hfov_deg", 50.0))
    if kind == "zoom" or 45.0 <= hfov <= 60.0:
        return []
    return ["through a long lens" if hfov < 45.0 else "through a wide lens"]
