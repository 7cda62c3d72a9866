"""Hypothesis strategies for camera paths."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import strategies as st

from camxtime.geometry.framing import Framing
from camxtime.geometry.paths import KINDS, PathRequest, SpeedLaw

KEYFRAMES = {
    "frame": "subject",
    "interpolation": "smooth",
    "keys": [
        {"at": 0, "position": [3.0, -1.0, 1.0], "look_at": [0.0, 0.0, 0.2], "hfov_deg": 50},
        {"at": 10, "position": [2.5, 1.5, 1.4], "look_at": [0.1, 0.0, 0.0], "hfov_deg": 40},
        {"at": 24, "position": [1.0, 3.0, 0.6], "look_at": [0.0, 0.1, 0.0], "hfov_deg": 45},
        {"at": 30, "position": [-1.0, 3.5, 0.8], "look_at": [0.0, 0.0, 0.0], "hfov_deg": 55},
    ],
}
TRAJECTORY = {"pitch": [0.0, 5.0, 10.0, 5.0, 0.0], "yaw": [0.0, 20.0, -10.0, 8.0], "displacement": [1.0, 1.1]}
CONTENT = {"keyframes": KEYFRAMES, "trajectory": TRAJECTORY}


def given_content(kind: str) -> dict:
    """The `keys` that a kind made from a file needs; nothing for the others."""
    return {"keys": CONTENT[kind]} if kind in CONTENT else {}


@st.composite
def framings(draw: st.DrawFn) -> Framing:
    """A subject of 1 to 12 times that wanders about, in an ample camera box."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    times = draw(st.integers(1, 12))
    centre = rng.uniform(-2, 2, 3) + np.cumsum(rng.uniform(-0.3, 0.3, (times, 3)), axis=0)
    half = rng.uniform(0.02, 1.2, (times, 3))
    bounds = np.stack([centre - half, centre + half], axis=1)
    return Framing(bounds, np.full(3, -99.0), np.full(3, 99.0), 0.0, float(rng.uniform(-180, 180))).validate()


@st.composite
def requests(draw: st.DrawFn, cameras: st.SearchStrategy[int] | None = None) -> PathRequest:
    """A path request of any size and speed; aspect ratios up to 16:9 either way."""
    width, height = draw(st.sampled_from([(64, 64), (160, 90), (90, 160), (48, 36)]))
    law = draw(
        st.sampled_from([SpeedLaw(), SpeedLaw("ease"), SpeedLaw("exponential", 3.0), SpeedLaw("exponential", -2.0)])
    )
    count = draw(cameras if cameras is not None else st.integers(1, 130))
    return PathRequest(draw(framings()), count, width, height, law)


@st.composite
def wide_ranges(draw: st.DrawFn, kind: str) -> dict:
    """Ranges that reach to the bounds of each number, or its default: a mixture."""
    ranges: dict = given_content(kind)
    for field in dataclasses.fields(KINDS[kind]):
        if "min" in field.metadata and draw(st.booleans()):
            ranges[field.name] = (field.metadata["min"], field.metadata["max"])
    return ranges
