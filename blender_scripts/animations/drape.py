"""A cloth that falls over a thing and drapes it, or a draped thing that is unveiled; the cloth is simulated once."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, translation
from blender_scripts.contracts import AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.materials import fabric, plain, wood
from blender_scripts.motion import cloth
from blender_scripts.motion_tools import Puppet, article, draw_colours, ease, seconds_of, stage_point
from blender_scripts.palettes import WOODS, srgb

PARAMETERS = {
    "thing": (["ball", "cube", "table", "statue"], "what lies under the cloth"),
    "action": (["fall", "unveil"], "the cloth falls over it and is carried off later, or is drawn off it"),
    "size_m": ((1.45, 1.75), "side of the square cloth; made smaller if the stage needs it"),
    "pattern": (["plain", "striped"], "plain or striped cloth"),
}

CELLS = 28
SETTLE_S = 1.3
"""How long a cloth that is to be drawn off has been falling and settling before time 0."""


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build the thing, simulate the cloth and bake it; see `contracts.AnimatedSubject` for what comes back."""
    side = float(params["size_m"])
    if not 0.4 <= side <= 3.0:
        raise StageError("drape: size_m must lie in 0.4..3")
    side = min(side, 0.8 * context.scene.stage_radius_m)
    size = side / 1.6
    name, action = str(params["thing"]), str(params["action"])
    shape, field, top = _thing(name, size)
    seconds = seconds_of(context)
    facing = float(rng.uniform(0, 2 * np.pi))
    solver = cloth.Cloth(CELLS, side, cloth.union(field, cloth.floor()))
    turn = float(rng.uniform(0, np.pi / 2)) if action == "fall" else facing
    start = _flat(side, top + (0.22 if action == "fall" else 0.06) * size, turn, rng)
    if action == "fall":
        grip = _lift(start, side, top, seconds, facing, size)
        tracks = solver.simulate(start, seconds, [grip])
    else:
        grip = _draw_off(solver, start, top, facing, seconds, context.scene.stage_radius_m)
        tracks = solver.simulate(start, seconds + SETTLE_S, [grip])
    materials, words, stand = _draw_materials(str(params["pattern"]), rng)
    puppet = Puppet(context.times)
    puppet.still(shape, translation(0, 0, RESTING_GAP_M))
    grid = tracks.reshape(context.times, CELLS + 1, CELLS + 1, 3)
    flat = start.reshape(CELLS + 1, CELLS + 1, 3)
    puppet.skin(grid, 2, close=False, rest=flat)
    subject = puppet.bake(f"drape {name}", materials, 0.0, sharp_deg=70)
    subject.location = stage_point(context)
    thing = {"ball": f"{article(stand)} ball on a plinth", "cube": f"{article(stand)} cube", "table": "a round table",
             "statue": f"{article(stand)} figure"}[name]  # fmt: skip
    again = " and is taken up again" if seconds[-1] > _lift_start(seconds) + 0.8 else ""
    does = f"falls over {thing}{again}" if action == "fall" else f"is drawn off {thing}"
    caption = f"{article(words)} cloth {does}"
    return AnimatedSubject([subject], float(np.degrees(facing) + 50) % 360.0, caption)


def _thing(name: str, size: float) -> tuple[Shape, cloth.Distance, float]:
    """Return its shape (slots 0 thing, 1 stand), its distance field, and the height of its top in metres."""
    s = size
    if name == "ball":
        shape = Shape().sphere(0.34 * s, 0, translation(0, 0, 0.86 * s), 28)
        shape.cylinder(0.2 * s, 0.55 * s, 1, None, 24, bevel=0.02 * s)
        return (
            shape,
            cloth.union(cloth.ball(np.array([0, 0, 0.86 * s]), 0.34 * s), cloth.post(0.2 * s, 0, 0.55 * s)),
            1.2 * s,
        )
    if name == "cube":
        shape = Shape().box((0.62 * s, 0.62 * s, 0.8 * s), 0, None, 0.03 * s)
        return shape, cloth.block((0.31 * s, 0.31 * s, 0.4 * s), 0.4 * s, 0.03 * s), 0.8 * s
    if name == "table":
        shape = Shape().cylinder(0.46 * s, 0.05 * s, 0, translation(0, 0, 0.75 * s), 36, bevel=0.01 * s)
        shape.cylinder(0.05 * s, 0.74 * s, 1, translation(0, 0, 0.01 * s), 16).cylinder(
            0.28 * s, 0.03 * s, 1, None, 28, bevel=0.01 * s
        )
        return shape, cloth.union(cloth.post(0.46 * s, 0.74 * s, 0.8 * s), cloth.post(0.05 * s, 0, 0.76 * s)), 0.8 * s
    shape = Shape().sphere(0.15 * s, 0, translation(0, 0, 1.2 * s), 24)
    shape.capsule((0, 0, 0.56 * s), (0, 0, 0.9 * s), 0.19 * s, slot=0, sides=24)
    shape.capsule((0, 0, 0.9 * s), (0, 0, 1.15 * s), 0.075 * s, 0.07 * s, 0, 16)
    shape.cylinder(0.27 * s, 0.42 * s, 1, None, 28, bevel=0.02 * s)
    body = cloth.union(cloth.ball(np.array([0, 0, 1.2 * s]), 0.15 * s), cloth.pill(0.56 * s, 0.9 * s, 0.19 * s))
    return (
        shape,
        cloth.union(body, cloth.post(0.075 * s, 0.8 * s, 1.2 * s), cloth.post(0.27 * s, 0, 0.42 * s)),
        1.35 * s,
    )


def _flat(side: float, height: float, turn: float, rng: np.random.Generator) -> Array:
    """Return the cloth's first positions (V, 3): nearly flat, a little waved so that folds have where to begin."""
    line = np.linspace(-side / 2, side / 2, CELLS + 1)
    x, y = np.meshgrid(line, line, indexing="xy")
    waves = sum(
        float(rng.uniform(0.004, 0.01))
        * np.sin(float(rng.uniform(2, 6)) * x + float(rng.uniform(2, 6)) * y + rng.uniform(0, 6.28))
        for _ in range(4)
    )
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([c * x - s * y, s * x + c * y, height + waves], axis=-1).reshape(-1, 3)


def _lift_start(seconds: Array) -> float:
    """Return when a fallen cloth is taken up again."""
    return max(1.4, 0.4 * float(seconds[-1]))


def _lift(start: Array, side: float, top: float, seconds: Array, facing: float, size: float) -> cloth.Grip:
    """Return a grip on the middle that takes the cloth up again after it has settled, and swings it round."""
    reach = np.linalg.norm(start[:, :2], axis=-1)
    which = np.flatnonzero(reach < 0.05 * side)
    begin = _lift_start(seconds)
    spread = (start[which] - start[which].mean(axis=0)) * 0.6

    def where(clock: float) -> Array | None:
        if clock < begin:
            return None
        up = float(ease((clock - begin) / 1.0))
        angle = facing + 2.2 * max(clock - begin - 0.6, 0.0)
        swing = 0.32 * size * float(ease((clock - begin - 0.6) / 1.0))
        middle = np.array([swing * np.cos(angle), swing * np.sin(angle), top + 0.02 + 0.62 * size * up])
        return middle + spread * [1, 1, 0]

    return cloth.Grip(which, where)


def _draw_off(solver: cloth.Cloth, start: Array, top: float, facing: float, seconds: Array, room: float) -> cloth.Grip:
    """Return a grip on an edge that, once the cloth has settled, pulls it up and off, and then waves it.

    The cloth swings on when its other edge comes free, so the grip stops well within ``room``, the stage's radius.
    """
    side = solver.side_m
    way = np.array([np.cos(facing), np.sin(facing), 0.0])
    along = start @ way
    which = np.argsort(-along, kind="stable")[: CELLS + 1]
    settled = solver.simulate(start, np.array([0.0, SETTLE_S]), [])[1]
    spread = settled[which] - settled[which].mean(axis=0)
    origin = settled[which].mean(axis=0)
    reach = min(0.8 * side, room - float(origin @ way) - 0.52 * side)
    span = max(min(float(seconds[-1]) * 0.75, 2.4), 0.5)

    def where(clock: float) -> Array | None:
        if clock < SETTLE_S:
            return None
        share = float(ease((clock - SETTLE_S) / span))
        late = max(clock - SETTLE_S - span, 0.0)
        rise = (top + 0.5 * side - origin[2]) * float(ease(share * 1.7))
        sway = 0.1 * side * np.sin(2 * np.pi * 0.7 * late)
        out = reach * share
        return origin + way * out + np.array([-way[1], way[0], 0.0]) * sway + [0, 0, rise] + spread * (1 - 0.7 * share)

    return cloth.Grip(which, where)


def _draw_materials(pattern: str, rng: np.random.Generator) -> tuple[list[bpy.types.Material], str, str]:
    """Return materials (thing, stand, cloth), the cloth's words, and the thing's."""
    names, colours = draw_colours(rng, 3)
    striped = pattern == "striped"
    # A sheet's UVs run from 0 to 1, so that stripes are shares of the cloth.
    weave = fabric("cloth", colours[0], colours[1] if striped else None, 0.1 if striped else 0.0)
    words = f"{names[0]} and {names[1]} striped" if striped else names[0]
    if rng.random() < 0.4:
        kind = str(rng.choice(list(WOODS)))
        return [wood(kind, srgb(WOODS[kind])), wood(f"{kind} stand", srgb(WOODS[kind])), weave], words, kind
    return (
        [plain("thing", colours[2], 0.3, coat=0.4), plain("stand", srgb("d9d4c8"), 0.7, variation=0.25), weave],
        words,
        names[2],
    )
