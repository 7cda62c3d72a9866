"""Uneven ground that things can stand on: a height function with a level pad under each thing, and its mesh.

Cameras and subjects keep to a level middle. Elsewhere the ground rolls; :meth:`Land.stand` levels it beneath what it
places, so that nothing floats above a slope or sinks into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import bpy
import numpy as np

from blender_scripts.build_tools import Array, Shape, place
from blender_scripts.contracts import NAME_PROPERTY
from blender_scripts.props.placement import Placed, Prop, Rect, Surface, build_fixed, hang

Height = Callable[[Array, Array], Array]
"""Height in metres of the ground without pads at arrays of x and y."""


def rolling(
    rng: np.random.Generator,
    level_m: float,
    rise_m: float,
    hills_m: float,
    wavelengths_m: tuple[float, float] = (14.0, 40.0),
) -> Height:
    """Return ground that is level up to ``level_m`` from the origin and rolls in full ``rise_m`` further out."""
    directions, lengths = rng.uniform(0, 2 * np.pi, 6), rng.uniform(*wavelengths_m, 6)
    phases = rng.uniform(0, 6, 6)

    def height(x: Array, y: Array) -> Array:
        rise = np.clip((np.hypot(x, y) - level_m) / rise_m, 0, 1)
        made = np.zeros_like(rise)
        for direction, length, phase in zip(directions, lengths, phases, strict=True):
            k = 2 * np.pi / length
            made = made + np.sin(k * np.cos(direction) * x + k * np.sin(direction) * y + phase)
        return hills_m * rise**2 * (3 - 2 * rise) * (made / 6 + 0.35)

    return height


@dataclass
class Land:
    """Ground over a square of half side ``fine_m`` in cells of ``cell_m``; things stand on it through ``floor``.

    raw: height without pads. clear_m: half side of the square in the middle that is kept free and level.
    name: name of the ground's object, which supports what stands here. allows: whether things may stand at (x, y) at
    all (not in the sea, not on a path).
    """

    raw: Height
    fine_m: float
    cell_m: float
    clear_m: float
    name: str = "ground"
    blend_m: float = 1.2
    allows: Callable[[float, float], bool] = lambda x, y: True
    floor: Surface = field(init=False)
    _pads: list[tuple[float, float, float, float]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        side = self.fine_m - 2 * self.cell_m
        self.floor = Surface(self.name, np.eye(4), (-side, -side, side, side))
        self.floor.keep_clear((-self.clear_m, -self.clear_m, self.clear_m, self.clear_m))

    def height(self, x: Array, y: Array) -> Array:
        """Height in metres of the ground with its pads: each pad is level, and blends into the ground round it."""
        made = self.raw(x, y)
        if not self._pads:
            return made
        edge = np.full(np.shape(x), np.inf)
        level = np.zeros(np.shape(x))
        for px, py, radius, high in self._pads:
            away = np.hypot(x - px, y - py) - radius
            nearer = away < edge
            edge, level = np.where(nearer, away, edge), np.where(nearer, high, level)
        share = np.clip(1 - edge / self.blend_m, 0, 1)
        share = share * share * (3 - 2 * share)
        return made * (1 - share) + level * share

    def stand(self, prop: Prop, x: float, y: float, turn_deg: float, margin: float = 0.1) -> Placed | None:
        """Stand a prop at (x, y) on a level pad; None where there is no room or the ground steps."""
        if not self.allows(x, y):
            return None
        low, high = prop.footprint(turn_deg)
        reach = float(np.hypot(*np.abs(np.stack([low, high])[:, :2]).max(axis=0))) + 0.75 * self.cell_m
        levels = {high for px, py, radius, high in self._pads if np.hypot(x - px, y - py) < reach + radius}
        if len(levels) > 1:
            return None
        level = levels.pop() if levels else float(self.raw(np.array(x), np.array(y)))
        if abs(level) > 0.02 and max(abs(x), abs(y)) < self.clear_m + reach + self.blend_m:
            return None
        made = self.floor.put(prop, x, y, turn_deg, margin)
        if made is not None:
            made.object.location.z += level
            for surface in made.surfaces:
                surface.frame[2, 3] += level
            self._pads.append((x, y, reach, level))
        return made

    def scatter(
        self,
        rng: np.random.Generator,
        kinds: Sequence[Prop],
        count: int,
        ring_m: tuple[float, float],
        margin: float = 0.15,
    ) -> list[Placed]:
        """Stand ``count`` props, drawn from ``kinds``, at random spots between two distances from the origin."""
        placed = []
        for _ in range(count):
            kind = kinds[int(rng.integers(len(kinds)))]
            for _ in range(10):
                angle = float(rng.uniform(0, 2 * np.pi))
                away = float(np.sqrt(rng.uniform(ring_m[0] ** 2, ring_m[1] ** 2)))
                made = self.stand(kind, away * np.cos(angle), away * np.sin(angle), float(rng.uniform(0, 360)), margin)
                if made is not None:
                    placed.append(made)
                    break
        return placed

    def build(
        self, material: bpy.types.Material, far_m: float, marks: dict[str, Height] | None = None
    ) -> bpy.types.Object:
        """Build the ground, fine near and coarse out to ``far_m``; ``marks`` become float attributes of its points."""
        near = np.linspace(-self.fine_m, self.fine_m, round(2 * self.fine_m / self.cell_m) + 1)
        out = self.fine_m + (far_m - self.fine_m) * np.linspace(0, 1, 9)[1:] ** 1.6
        steps = np.concatenate([-out[::-1], near, out])
        x, y = np.meshgrid(steps, steps)
        made = build_fixed(
            self.name, "floor", Shape().sheet(np.stack([x, y, self.height(x, y)], axis=-1)), [material], None, 80
        )
        for name, values in (marks or {}).items():
            mark(made, name, values(x, y))
        return made


def mark(item: bpy.types.Object, name: str, values: Array) -> None:
    """Store one float per vertex of an object's mesh, to be read by a material."""
    made = item.data.attributes.new(name, "FLOAT", "POINT")
    made.data.foreach_set("value", values.astype(np.float32).ravel())


def keep_out(x: Array, y: Array, taken: Sequence[Rect], margin_m: float) -> Array:
    """Return which points lie outside all rectangles, by a margin."""
    free = np.ones(np.shape(x), dtype=bool)
    for x0, y0, x1, y1 in taken:
        free &= (x < x0 - margin_m) | (x > x1 + margin_m) | (y < y0 - margin_m) | (y > y1 + margin_m)
    return free


def crown_on(placed: Placed, crown: Prop) -> bpy.types.Object:
    """Put a crown on a placed trunk: crowns of a wood interlock, so they are fixed to trunks rather than placed."""
    made = hang(crown, np.array(placed.object.matrix_basis), placed.object.name)
    made[NAME_PROPERTY] = placed.object[NAME_PROPERTY]
    return made


def ridge(
    rng: np.random.Generator,
    away_m: float,
    high_m: float,
    material: bpy.types.Material,
    arc_deg: tuple[float, float] = (0.0, 360.0),
) -> bpy.types.Object:
    """Build a far ridge of hills round the origin, over an arc of azimuths; its ends run down to the ground."""
    turns = np.radians(np.linspace(*arc_deg, 97))
    profile = sum(np.sin(n * turns + float(rng.uniform(0, 6))) / n**0.8 for n in (2, 3, 5, 9, 17))
    top = high_m * (0.72 + 0.3 * profile / np.abs(profile).max())
    if arc_deg[1] - arc_deg[0] < 359:
        top = top * np.sin(np.linspace(0, np.pi, len(turns))) ** 0.5 - 0.5
    rows = [(0.86, -4.0 + 0 * top), (1.0, top * 0.55), (1.08, top), (1.2, top * 0.4)]
    grid = np.array([np.column_stack([away_m * r * np.cos(turns), away_m * r * np.sin(turns), z]) for r, z in rows])
    return place(Shape().sheet(grid).to_mesh("ridge", [material], 80), "ridge")
