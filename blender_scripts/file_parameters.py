"""Parameters (`params` of a spec) of scenes and animations that come from files. Needs no bpy."""

from __future__ import annotations

import math

from blender_scripts.parameters import Declared

SCENE: Declared = {
    "scale": (1.0, "factor from the file's units to metres"),
    "turn_x_deg": (0.0, "turn about the X axis after import; 90 raises what lies on its back, written with Y up"),
    "lights": (
        "auto",
        "auto: the default sun and sky if the file has no light; own: only its own; default: the default",
    ),
    "sky": (True, "give a file with lamps but without a world a plain sky"),
}

ANIMATION: Declared = {
    "facing_deg": (-90.0, "azimuth that the subject faces at time 0, counter-clockwise about +Z from +X"),
    "authored_front_deg": (-90.0, "azimuth that it faces in its file once imported (glTF characters: -90)"),
    "turn_x_deg": (0.0, "turn about the X axis after import; 90 raises what lies on its back, written with Y up"),
    "hide": ("", "names of objects that are not to render, separated by commas (spare weapons, for instance)"),
    "name": ("subject", "its name in the instance table"),
    "fps": (0.0, "frame rate that the file counts its key frames in; 0: what it says itself"),
}

SUBJECT_METRES = (0.02, 200.0)
"""Largest extent that a subject without `height_m` may have: outside of it, the file's unit is not the metre."""

SCENE_METRES = (1.0, 20_000.0)
"""Largest horizontal extent that a scene may have, after `scale`."""

MAX_TRIANGLES = 50_000_000
"""Triangles of one file beyond which it is refused: Cycles would need tens of gigabytes for it."""


def likely_scale(side_m: float) -> float:
    """The power of ten that brings a scene of `side_m` metres nearest to the 20 m that scenes commonly are across."""
    return float(10.0 ** round(math.log10(20.0 / max(side_m, 1e-12))))


LIGHTS = ("auto", "own", "default")
