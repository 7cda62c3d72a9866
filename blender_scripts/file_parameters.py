"""Parameters (`params` of a spec) of scenes and animations that come from files. Needs no bpy."""

from __future__ import annotations

from blender_scripts.parameters import Declared

SCENE: Declared = {
    "scale": (1.0, "factor from the file's units to metres"),
    "lights": (
        "auto",
        "auto: the default sun and sky if the file has no light; own: only its own; default: the default",
    ),
    "sky": (True, "give a file with lamps but without a world a plain sky"),
}

ANIMATION: Declared = {
    "facing_deg": (-90.0, "azimuth that the subject faces at time 0, counter-clockwise about +Z from +X"),
    "authored_front_deg": (-90.0, "azimuth that it faces in its file once imported (glTF characters: -90)"),
    "hide": ("", "names of objects that are not to render, separated by commas (spare weapons, for instance)"),
    "name": ("subject", "its name in the instance table"),
}

LIGHTS = ("auto", "own", "default")
