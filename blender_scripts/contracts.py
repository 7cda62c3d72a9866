"""What scene and animation families return, and what they may rely on.

A *scene family* is a module `blender_scripts/scenes/<name>.py` with

    PARAMETERS: dict[str, tuple[default, help]]
    def build(params: dict, rng: np.random.Generator) -> SceneContract

and an *animation family* a module `blender_scripts/animations/<name>.py` with

    PARAMETERS: dict[str, tuple[default, help]]
    def build(params: dict, rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject

`PARAMETERS` is a literal (it is read without importing bpy); how a default is declared and drawn is said in
`parameters.py`. `params` arrives complete: every declared name has one concrete value.

Rules for both. Build into the current scene of an empty file; world Z up, metres. Randomness comes from `rng` only.
A scene is static: nothing in it may depend on the frame. Time index t is frame 1 + t; key frames lie on frames
1..times. The pose at a frame must not depend on the frames set before it: a simulation is baked in `build`, or leaves
a point cache that the stage bakes before the first cell. No Python drivers, no handlers, no add-ons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Vec3 = tuple[float, float, float]

ROLE_PROPERTY = "camxtime_role"
"""Custom property of an object: its role in the instance table, e.g. `floor`, `wall`, `prop` (default `prop` in a
scene, `subject` for the subject)."""

NAME_PROPERTY = "camxtime_name"
"""Custom property of an object: its name in the instance table; objects that share it share one instance id."""


@dataclass(frozen=True)
class SceneContract:
    """Where, in a scene, cameras may be and a subject may act. World coordinates in metres.

    camera_min, camera_max: corners of the axis-aligned box in which camera centres may be.
    stage_centre: point on the floor round which the subject acts; free of obstacles up to `stage_radius_m`.
    floor_m: height of the floor under the stage.
    caption: a noun phrase, e.g. "a furnished dungeon room lit by torches".
    """

    camera_min: Vec3
    camera_max: Vec3
    stage_centre: Vec3
    stage_radius_m: float
    floor_m: float
    caption: str


@dataclass(frozen=True)
class AnimationContext:
    """What an animation family is told: it acts for `times` time indices at `fps`, inside `scene`."""

    times: int
    fps: float
    scene: SceneContract


@dataclass(frozen=True)
class AnimatedSubject:
    """The animated subject(s), already placed on the stage (the family reads `context.scene`).

    objects: root objects; each root with everything parented to it is one instance of the dataset.
    front_deg: azimuth that the subject faces at time 0, counter-clockwise about +Z from +X.
    caption: a clause, e.g. "a knight runs in place".
    """

    objects: list[Any] = field(default_factory=list)
    front_deg: float = 0.0
    caption: str = ""
