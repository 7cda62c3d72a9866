"""Named colours, and seeded palettes drawn from them, so that captions can say which colours were drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]


def srgb(code: str) -> Colour:
    """Return the linear RGB of an sRGB hex code such as ``"c8643c"`` (IEC 61966-2-1)."""
    values = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    r, g, b = (float(channel) for channel in linear)
    return (r, g, b)


ACCENTS = {
    "red": "b8322a",
    "orange": "d9762b",
    "mustard": "d1a033",
    "olive": "7d8440",
    "green": "3f8a55",
    "teal": "2b8583",
    "blue": "2f66ad",
    "indigo": "474a9b",
    "purple": "7c4a8c",
    "pink": "cf6f86",
    "white": "dcd8cf",
    "charcoal": "3d4045",
}
"""Saturated named colours for what should be noticed."""

WALLS = {
    "cream": "e6dcc6",
    "white": "e9e6df",
    "sage green": "b7c2a8",
    "pale blue": "b4c5d0",
    "terracotta": "c88a6a",
    "sand": "d9c39c",
    "grey": "bdbbb5",
    "blush": "dfbfb0",
    "ochre": "d4ac62",
    "dusty teal": "86a5a2",
}
"""Quiet named colours for walls."""

WOODS = {
    "oak": "b58a5a",
    "walnut": "6b4630",
    "pine": "cda66e",
    "cherry": "8f5234",
    "ash": "c9b28b",
    "weathered": "94877a",
}
"""Named woods."""

STONES = {
    "limestone": ("c9bda3", "b3a588"),
    "granite": ("9a9a9c", "7d7d82"),
    "sandstone": ("cda678", "b48a5e"),
    "slate": ("868d94", "6c737b"),
    "terracotta": ("b8714d", "a05b3b"),
    "basalt": ("85807b", "6c6864"),
}
"""Named stones: two sRGB codes between which single stones vary."""


@dataclass(frozen=True)
class Palette:
    """Colours that go together: a wall, three accents, a wood and a stone, each with its name."""

    wall_name: str
    wall: Colour
    accent_names: tuple[str, str, str]
    accents: tuple[Colour, Colour, Colour]
    wood_name: str
    wood: Colour
    stone_name: str
    stone: tuple[Colour, Colour]


def draw_palette(rng: np.random.Generator) -> Palette:
    """Draw a palette: accents are neighbours on the colour wheel, or one of them its opposite."""
    wheel = [name for name in ACCENTS if name not in ("white", "charcoal")]
    start = int(rng.integers(len(wheel)))
    steps = [(0, 1, 5), (0, 2, 6), (0, 5, 7), (0, 1, 2)][int(rng.integers(4))]
    names = tuple(wheel[(start + step) % len(wheel)] for step in steps)
    wall = str(rng.choice(list(WALLS)))
    wood = str(rng.choice(list(WOODS)))
    stone = str(rng.choice(list(STONES)))
    first, second = STONES[stone]
    return Palette(
        wall_name=wall,
        wall=srgb(WALLS[wall]),
        accent_names=(names[0], names[1], names[2]),
        accents=(srgb(ACCENTS[names[0]]), srgb(ACCENTS[names[1]]), srgb(ACCENTS[names[2]])),
        wood_name=wood,
        wood=srgb(WOODS[wood]),
        stone_name=stone,
        stone=(srgb(first), srgb(second)),
    )


def with_article(phrase: str) -> str:
    """Return a phrase with its indefinite article: "an oak floor"."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"
