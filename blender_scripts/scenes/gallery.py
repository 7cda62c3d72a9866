"""A museum hall: framed paintings, sculptures on plinths, benches, barriers, track lights or a skylight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts.build_tools import Shape, translation
from blender_scripts.contracts import SceneContract
from blender_scripts.errors import StageError
from blender_scripts.materials import blend, brickwork, glow, ground, marble, plain, planks, plaster, shade
from blender_scripts.palettes import Palette, draw_palette, srgb, with_article
from blender_scripts.props import exhibits, paintings
from blender_scripts.props.daylight import light_outdoors
from blender_scripts.props.facades import Opening
from blender_scripts.props.interior import Finish, Room, build_niche, build_shell, lift_finish, light_room
from blender_scripts.props.placement import Surface, build_fixed, hang

PARAMETERS = {
    "manner": (["classical", "modern", "industrial"], "style of the hall"),
    "width_m": ((13.0, 17.0), "inner size along x"),
    "depth_m": ((12.0, 15.0), "inner size along y"),
    "height_m": ((4.2, 5.4), "height of the ceiling"),
    "skylight": ([True, False], "whether a skylight lights the hall, rather than lamps on tracks"),
    "portals": ((1, 3), "number of walls with a passage to a further room, 0 to 4"),
    "sculptures": ((5, 10), "number of plinths tried"),
    "hang": ((0.7, 1.0), "share of the walls that is hung with paintings"),
}

STRIP_M = 1.75
"""Depth of the strip along the walls that belongs to plinths, benches and barriers."""

PORTAL_M = (2.4, 3.0)
"""Width and height of passages to further rooms."""

DEEP_M = 6.0

WALLS = {"claret": "7a2a2e", "forest green": "34523f", "Prussian blue": "2c4560", "ochre": "b98a3e", "plum": "5c3a55",
         "slate blue": "5f7590"}  # fmt: skip
"""Named colours of classical galleries' walls."""

CONCRETE = {"grey": "a3a19b", "dark grey": "8b8a86", "sandy": "b7b1a5"}
"""Named colours of industrial galleries' floors."""


@dataclass(frozen=True)
class _Hall:
    """What the parts of the build share."""

    room: Room
    floor: Surface
    palette: Palette
    manner: str
    finish: Finish
    portals: dict[int, Opening]


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the hall into the current scene; see `contracts.SceneContract` for what comes back."""
    room = Room(float(params["width_m"]) / 2, float(params["depth_m"]) / 2, float(params["height_m"]))
    if min(room.half_x, room.half_y) < 5.2 or room.height < 3.8:
        raise StageError("gallery: width_m and depth_m must be at least 10.4, height_m at least 3.8")
    palette, manner = draw_palette(rng), str(params["manner"])
    light_outdoors(rng, 12.0, 0.5, srgb("8a8a86"), sun=False)
    finish, words = _finish(rng, palette, manner)
    sides = rng.permutation(4)[: int(np.clip(params["portals"], 0, 4))].tolist()
    portals = {side: Opening(float(rng.uniform(-0.2, 0.2)) * room.length(side), 0.0, *PORTAL_M) for side in sides}
    build_shell(room, lift_finish(finish, 0.2), {side: [hole] for side, hole in portals.items()})
    clear_x, clear_y = room.half_x - STRIP_M, room.half_y - STRIP_M
    floor = room.floor("floor", clear_x, clear_y)
    hall = _Hall(room, floor, palette, manner, finish, portals)
    for side, hole in portals.items():
        _fit_portal(hall, rng, side, hole)
    _stand_sculptures(hall, rng, int(params["sculptures"]))
    for side in range(4):
        _hang_paintings(hall, rng, side, float(params["hang"]))
    _stand_benches(hall, rng)
    sky = bool(params["skylight"])
    lamp = srgb("eef3ff") if sky else srgb("fff0d8")
    if sky:
        _fit_skylight(room)
    _fit_tracks(room, rng, manner, not sky)
    light_room(room, {"classical": 1.5, "industrial": 1.75}.get(manner, 1.05), lamp)
    return SceneContract(
        camera_min=(-clear_x, -clear_y, 0.2),
        camera_max=(clear_x, clear_y, min(room.height - 1.2, 3.4)),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=min(clear_x, clear_y, 5.2) - 0.8,
        floor_m=0.0,
        caption=f"{with_article(manner)} art gallery with {words}, framed paintings and sculptures "
        + ("under a skylight" if sky else "under track lights"),
    )


def _finish(rng: np.random.Generator, palette: Palette, manner: str) -> tuple[Finish, str]:
    """Return the shell's materials and how a caption calls walls and floor."""
    if manner == "classical":
        name = str(rng.choice(list(WALLS)))
        wall, words = plaster("gallery wall", srgb(WALLS[name]), grain=0.1), f"{name} walls"
        floor, below = planks("parquet", palette.wood, 0.12), with_article(f"{palette.wood_name} floor")
        trim = plain("moulding", srgb("e6dfcf"), 0.5)
    elif manner == "modern":
        wall, words = plaster("gallery wall", blend(palette.wall, srgb("eeede9"), 0.75), grain=0.06), "white walls"
        if rng.random() < 0.5:
            floor, below = marble("terrazzo", srgb("d5d0c6"), srgb("9d978c"), 14.0, 0.3), "a terrazzo floor"
        else:
            floor, below = planks("boards", palette.wood, 0.2), with_article(f"{palette.wood_name} floor")
        trim = plain("shadow gap", srgb("c9c7c2"), 0.6)
    else:
        whitened = float(rng.uniform(0.0, 0.85))
        brick = blend(srgb("a8604a"), srgb("d6d1c8"), whitened)
        wall = brickwork("brick wall", (brick, shade(brick, 0.82)), srgb("c9c2b5"), (0.24, 0.075), 0.01, 0.8, 0.5, 0.4)
        words = f"{('red', 'pale', 'whitewashed')[int(whitened > 0.3) + int(whitened > 0.6)]} brick walls"
        shade_of = str(rng.choice(list(CONCRETE)))
        grey = srgb(CONCRETE[shade_of])
        floor = ground("polished concrete", (grey, shade(grey, 0.8)), 2.5, 0.05, 0.05)
        below = f"a {shade_of} concrete floor"
        trim = plain("kerb", srgb("4c4b49"), 0.7)
    ceiling = plaster("ceiling", srgb("3a3a3c") if manner == "industrial" else srgb("ece9e2"), grain=0.1)
    return Finish(floor, wall, wall, ceiling, trim), f"{words} and {below}"


def _fit_portal(hall: _Hall, rng: np.random.Generator, side: int, hole: Opening) -> None:
    """Build a further room behind a passage, with a painting at its end, and an architrave round the passage."""
    frame = hall.room.frame(side)
    at = frame @ translation(hole.x, 0.2, 0)
    name = f"passage {side}"
    build_niche(name, at, (hole.width, DEEP_M, hole.height), hall.finish)
    size = (1.3, float(rng.uniform(1.0, 1.6)))
    shown = paintings.painting(rng, size, "gilt" if hall.manner == "classical" else "black", int(rng.integers(7)))
    hang(shown, at @ translation(0, DEEP_M - 0.002, 1.55 - size[1] / 2), name)
    shape = Shape()
    for end in (-1, 1):
        shape.box(
            (0.16, 0.05, hole.height + 0.16), 0, translation(hole.x + end * (hole.width / 2 + 0.08), -0.045, 0), 0.01
        )
    shape.box((hole.width, 0.05, 0.16), 0, translation(hole.x, -0.045, hole.height), 0.01)
    build_fixed(f"architrave {side}", "wall", shape, [hall.finish.trim], frame)
    hall.floor.keep_clear(hall.room.rect(side, hole.x - hole.width / 2 - 0.2, hole.x + hole.width / 2 + 0.2, STRIP_M))


def _hang_paintings(hall: _Hall, rng: np.random.Generator, side: int, share: float) -> None:
    """Hang paintings along a wall, eye level at 1.6 m, a label beside each; classical walls get a second row."""
    room = hall.room
    frame = room.frame(side)
    hole = hall.portals.get(side)
    styles = {"classical": ["gilt", "gilt", "dark"], "modern": ["black", "pale"], "industrial": ["black", "dark"]}
    tag_board = exhibits.label()
    x = -room.length(side) / 2 + 0.9
    end = room.length(side) / 2 - 0.7
    while x < end - 0.8:
        size = (float(rng.uniform(0.8, min(2.6, end - x))), float(rng.uniform(0.9, 1.9)))
        middle = x + size[0] / 2
        if hole and abs(middle - hole.x) < (size[0] + hole.width) / 2 + 0.5:
            x = (
                hole.x + hole.width / 2 + 0.55
                if middle + 0.1 > hole.x - hole.width / 2 - size[0] / 2 - 0.5
                else x + 0.5
            )
            continue
        if rng.random() < share:
            kind = styles[hall.manner][int(rng.integers(len(styles[hall.manner])))]
            low = 1.62 - size[1] / 2
            shown = paintings.painting(rng, size, kind, int(rng.integers(7)))
            hang(shown, frame @ translation(middle, -0.001, low), f"wall {side}")
            hang(tag_board, frame @ translation(middle + size[0] / 2 + 0.27, -0.001, 1.2), f"wall {side}")
            top = low + size[1] + 0.4
            room_above = room.height - 0.5 - top
            if hall.manner == "classical" and room_above > 0.6:
                above = (size[0] * float(rng.uniform(0.5, 0.95)), min(room_above, float(rng.uniform(0.6, 1.1))))
                upper = paintings.painting(rng, above, "gilt", int(rng.integers(7)))
                hang(upper, frame @ translation(middle, -0.001, top), f"wall {side}")
        x += size[0] + float(rng.uniform(0.75, 1.3))


def _stand_sculptures(hall: _Hall, rng: np.random.Generator, count: int) -> None:
    """Stand plinths with sculptures along the walls, those of the corners first."""
    room, floor = hall.room, hall.floor
    colour = srgb("e9e6df") if hall.manner != "classical" else srgb(str(rng.choice(["d9d2c2", "3b3836", "7f7466"])))
    kinds = exhibits.sculptures(rng, hall.palette.accents[0])
    order = rng.permutation(len(kinds)).tolist()
    plinths = [exhibits.plinth(rng, colour, *size) for size in ((0.5, 1.0), (0.62, 0.75), (0.9, 0.35))]
    corners = [(a, b) for a in (-1, 1) for b in (-1, 1)]
    for index in range(count):
        base = plinths[int(rng.integers(3))]
        if index < 4:
            a, b = corners[index]
            placed = floor.put(base, a * (room.half_x - 0.85), b * (room.half_y - 0.85), 0.0, 0.1)
        else:
            side = int(rng.integers(4))
            x = float(rng.uniform(-0.42, 0.42)) * room.length(side)
            placed = room.against(floor, base, side, x, 0.75)
        turn = float(rng.uniform(0, 360))
        for board in placed.surfaces if placed else []:
            for choice in range(len(order)):  # a turned piece may overhang a slim plinth: then the next kind
                if board.put(kinds[order[(index + choice) % len(order)]], 0.0, 0.0, turn):
                    break


def _stand_benches(hall: _Hall, rng: np.random.Generator) -> None:
    """Stand benches, and barriers before paintings, in what is left of the strips."""
    room, floor = hall.room, hall.floor
    bench = exhibits.gallery_bench(rng, hall.palette.wood, False)
    padded = exhibits.gallery_bench(rng, shade(hall.palette.accents[1], 0.6), True)
    rope = exhibits.barrier(1.8, srgb(str(rng.choice(["7d2027", "22385c", "2a2a2a"]))))
    for index in range(14):
        prop = (bench, rope, padded)[index % 3]
        x = float(rng.uniform(-0.4, 0.4)) * room.length(index % 4)
        room.against(floor, prop, index % 4, x, 0.9 if prop is rope else 1.1)


def _fit_skylight(room: Room) -> None:
    """Set a glazed lantern with glowing panes and bars into the ceiling."""
    wide, deep = room.half_x * 1.0, room.half_y * 0.9
    shape = Shape().box((wide, deep, 0.01), 0, translation(0, 0, room.height - 0.012))
    for x in np.linspace(-wide / 2, wide / 2, 7).tolist():
        shape.box((0.06, deep + 0.06, 0.07), 1, translation(x, 0, room.height - 0.08))
    for y in np.linspace(-deep / 2, deep / 2, 5).tolist():
        shape.box((wide + 0.06, 0.06, 0.06), 1, translation(0, y, room.height - 0.075))
    build_fixed("skylight", "fixture", shape, [glow("panes", srgb("dfeaf6"), 1.5), plain("bars", srgb("d9d7d1"), 0.5)])


def _fit_tracks(room: Room, rng: np.random.Generator, manner: str, many: bool) -> None:
    """Fix tracks with spots under the ceiling, facing the walls; beams in an industrial hall, a cornice in a
    classical one."""
    metal = srgb("1f2022") if manner == "industrial" or rng.random() < 0.4 else srgb("e8e6e1")
    for side in range(4) if many else (0, 2):
        shape = exhibits.track(room.length(side) - 4.2, int(room.length(side) / 1.8), 38.0)
        at = room.frame(side) @ translation(0, -2.0, room.height)
        build_fixed(f"track {side}", "fixture", shape, exhibits.track_materials(metal), at)
    if manner == "industrial":
        shape = Shape()
        for x in np.arange(-room.half_x + 1.4, room.half_x, 2.8).tolist():
            shape.box((0.12, 2 * room.half_y, 0.02), 0, translation(x, 0, room.height - 0.3))
            shape.box((0.03, 2 * room.half_y, 0.28), 0, translation(x, 0, room.height - 0.28))
        build_fixed("beams", "ceiling", shape, [plain("beams", srgb("47484a"), 0.5, 0.4)])
    if manner == "classical":
        shape = Shape()
        for side in range(4):
            for out, high, z in ((0.1, 0.12, 0.34), (0.16, 0.12, 0.22), (0.24, 0.1, 0.1)):
                shape.box(
                    (room.length(side), out, high), 0, room.frame(side) @ translation(0, -out / 2, room.height - z)
                )
        build_fixed("cornice", "ceiling", shape, [plain("cornice", srgb("e9e3d4"), 0.6)])
