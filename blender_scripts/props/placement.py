"""Put things on things: props with surfaces, and surfaces that keep what stands on them apart.

Clutter is only ever placed through :meth:`Surface.put`, which rests it on the surface, keeps it inside the surface
and away from everything else there, and records on the object what supports it; so nothing floats and nothing
interpenetrates by construction (and tests/content checks the records against the meshes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import bpy
import numpy as np

from blender_scripts.build_tools import RESTING_GAP_M, Array, Shape, place, rotation, translation
from blender_scripts.contracts import NAME_PROPERTY, ROLE_PROPERTY

SUPPORT_PROPERTY = "camxtime_support"
"""Custom property of a placed object: the name of the object that it rests on."""

Rect = tuple[float, float, float, float]
"""min x, min y, max x, max y in metres."""


@dataclass(frozen=True)
class Board:
    """A place on a prop where smaller things may stand, in the prop's own frame, metres.

    At height 0 it is the ground under the prop (the lowest level of a rack), and belongs to what the prop stands on.
    """

    rect: Rect
    height: float
    headroom: float = 2.0


@dataclass
class Prop:
    """A thing that can be placed any number of times: its shape, materials and the boards it offers.

    ``footprint_below`` limits which part counts for keeping apart on the floor: a tree's crown may overhang.
    """

    name: str
    shape: Shape
    materials: Sequence[bpy.types.Material]
    boards: Sequence[Board] = ()
    footprint_below: float = 1e9
    sharp_deg: float = 40.0
    _mesh: bpy.types.Mesh | None = field(default=None, repr=False)

    @property
    def mesh(self) -> bpy.types.Mesh:
        """The prop's mesh, made once and shared by all its placements."""
        if self._mesh is None:
            self._mesh = self.shape.to_mesh(self.name, self.materials, self.sharp_deg)
        return self._mesh

    def footprint(self, turn_deg: float) -> Array:
        """Bounds (2, 3) of the prop turned about z, of its part under ``footprint_below``."""
        points = self.shape.vertices
        points = points[points[:, 2] < self.footprint_below] @ rotation("z", turn_deg)[:3, :3].T
        return np.stack([points.min(axis=0), points.max(axis=0)])


@dataclass
class Placed:
    """A placed prop: its object and the surfaces it offers in turn."""

    object: bpy.types.Object
    surfaces: list[Surface]


class Surface:
    """A horizontal rectangle that things stand on, with a memory of what stands there already.

    Args:
        owner: name of the object that the surface belongs to.
        frame: 4x4 pose of the surface's frame in the world; things stand at its z = 0.
        rect: extent in the frame, metres.
        headroom: greatest height of what may stand here, metres.
    """

    def __init__(self, owner: str, frame: Array, rect: Rect, headroom: float = 100.0) -> None:
        self.owner, self.frame, self.rect, self.headroom = owner, frame, rect, headroom
        self.taken: list[Rect] = []

    def keep_clear(self, rect: Rect) -> None:
        """Let nothing be put in this rectangle."""
        self.taken.append(rect)

    def is_free(self, rect: Rect, margin: float = 0.0) -> bool:
        """Say whether a rectangle lies on the surface and meets nothing that stands there."""
        x0, y0, x1, y1 = rect
        if x0 < self.rect[0] or y0 < self.rect[1] or x1 > self.rect[2] or y1 > self.rect[3]:
            return False
        return all(
            x1 + margin <= a0 or x0 - margin >= a1 or y1 + margin <= b0 or y0 - margin >= b1
            for a0, b0, a1, b1 in self.taken
        )

    def put(self, prop: Prop, x: float, y: float, turn_deg: float = 0.0, margin: float = 0.02) -> Placed | None:
        """Stand a prop at (x, y), turned about z; None if there is no room."""
        low, high = prop.footprint(turn_deg)
        rect = (x + low[0], y + low[1], x + high[0], y + high[1])
        whole = prop.shape.bounds
        if whole[1, 2] - whole[0, 2] > self.headroom or not self.is_free(rect, margin):
            return None
        self.taken.append(rect)
        pose = self.frame @ translation(x, y, RESTING_GAP_M - float(whole[0, 2])) @ rotation("z", turn_deg)
        created = place(prop.mesh, prop.name, pose)
        tag(created, "prop", prop.name, self.owner)
        owners = [created.name if board.height > 0 else self.owner for board in prop.boards]
        return Placed(created, [surface_on(o, pose, board) for o, board in zip(owners, prop.boards, strict=True)])

    def fill(
        self,
        rng: np.random.Generator,
        draw: Callable[[], Prop],
        count: int,
        turn_deg: tuple[float, float] = (0.0, 360.0),
        tries: int = 6,
        margin: float = 0.02,
    ) -> list[Placed]:
        """Put up to ``count`` drawn props at random free spots, each with a few tries."""
        placed = []
        for _ in range(count):
            prop = draw()
            for _ in range(tries):
                x = float(rng.uniform(self.rect[0], self.rect[2]))
                y = float(rng.uniform(self.rect[1], self.rect[3]))
                made = self.put(prop, x, y, float(rng.uniform(*turn_deg)), margin)
                if made is not None:
                    placed.append(made)
                    break
        return placed


def surface_on(owner: str, pose: Array, board: Board) -> Surface:
    """Return the surface that a board of a prop posed at ``pose`` offers."""
    return Surface(owner, pose @ translation(0, 0, board.height), board.rect, board.headroom)


def tag(created: bpy.types.Object, role: str, name: str, support: str = "") -> bpy.types.Object:
    """Record an object's role and name for the instance table, and what it rests on."""
    created[ROLE_PROPERTY] = role
    created[NAME_PROPERTY] = created.name if role in ("prop", "fixture") else name
    if support:
        created[SUPPORT_PROPERTY] = support
    return created


def build_fixed(name: str, role: str, shape: Shape, materials: Sequence[bpy.types.Material], at: Array | None = None,
                sharp_deg: float = 40.0) -> bpy.types.Object:  # fmt: skip
    """Build a part of the building itself (wall, floor, beam, …), tagged with its role."""
    return tag(shape.to_object(name, materials, at, sharp_deg), role, name)


def hang(prop: Prop, at: Array, support: str) -> bpy.types.Object:
    """Fix a prop to a wall or ceiling at a 4x4 pose, tagged as a fixture of ``support``."""
    return tag(place(prop.mesh, prop.name, at), "fixture", prop.name, support)
