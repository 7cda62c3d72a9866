"""How corridors of schools, offices, hotels and clinics look: floors, walls, dados and doors."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.materials import blend, checker, fabric, ground, lift, plain, planks, plaster, shade, wood
from blender_scripts.palettes import Palette, srgb, with_article
from blender_scripts.props.interior import Finish, lift_finish


@dataclass(frozen=True)
class Look:
    """What a kind of building gives its corridor: finish, door material, and words for the caption."""

    finish: Finish
    dado: bpy.types.Material
    dado_m: float
    door: bpy.types.Material
    words: str


def draw_look(rng: np.random.Generator, palette: Palette, kind: str) -> Look:
    """Return the finish of a kind of building."""
    accent, second = palette.accents[0], palette.accents[1]
    wall_colour = blend(palette.wall, (0.8, 0.8, 0.78), 0.2)
    wall = plaster("wall paint", wall_colour, grain=0.12)
    ceiling = plaster("ceiling", srgb("eceae5"), grain=0.1)
    trim = plain("skirting", shade(wall_colour, 0.55), 0.5)
    door = plain("door", blend(accent, srgb("d8d4ca"), 0.25), 0.4)
    if kind == "school":
        floor = checker("linoleum", (blend(second, srgb("c9c2b2"), 0.65), srgb("d8d2c4")), 0.6)
        dado, words = plain("dado", blend(accent, wall_colour, 0.35), 0.4), f"{palette.accent_names[1]} lockers"
    elif kind == "hotel":
        floor = planks("planks", shade(palette.wood, 0.8), 0.12)
        dado, door = wood("panelling", palette.wood, 0.4), wood("doors", palette.wood, 0.35)
        words = f"{palette.wood_name} doors and {with_article(palette.accent_names[0])} carpet"
    elif kind == "clinic":
        floor = ground("vinyl", (srgb("c9d2d0"), srgb("b7c4c2")), 3.0, 0.02, 0.03)
        dado, door = plain("dado", blend(second, srgb("dfe5e2"), 0.6), 0.4), wood("doors", srgb("c9a77a"), 0.4)
        words = with_article(f"{palette.accent_names[1]} dado")
    else:
        carpet = blend(accent, srgb("6a6c70"), 0.65)
        timber = rng.random() < 0.4
        floor = planks("planks", palette.wood) if timber else fabric("carpet tiles", carpet, shade(carpet, 0.8), 0.5)
        dado, door = plain("wall band", blend(second, wall_colour, 0.3), 0.5), wood("doors", palette.wood, 0.4)
        words = f"{palette.wood_name} doors and {f'{palette.wood_name} planks' if timber else 'a carpet'}"
    finish = lift_finish(Finish(floor, wall, wall, ceiling, trim), 0.2)
    lift(dado, 0.16)
    return Look(finish, dado, {"office": 0.35, "hotel": 0.9}.get(kind, 1.05), door, words)
