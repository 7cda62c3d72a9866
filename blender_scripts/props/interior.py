"""A rectangular room: floor, ceiling, walls with openings, skirting, and the soft lights that fill it."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from blender_scripts.build_tools import Array, Shape, rotation, translation
from blender_scripts.materials import Colour, lift
from blender_scripts.props.facades import Opening, pierced_wall
from blender_scripts.props.placement import Placed, Prop, Surface, build_fixed

WALL_M = 0.2


@dataclass(frozen=True)
class Room:
    """Inner half sizes along x and y and the height, metres; sides 0..3 are +y, -x, -y, +x."""

    half_x: float
    half_y: float
    height: float

    def length(self, side: int) -> float:
        """Inner length of a side's wall."""
        return 2 * (self.half_x if side % 2 == 0 else self.half_y)

    def frame(self, side: int) -> Array:
        """Frame of a side: x along the wall, y outward, its inner face at y = 0, z up from the floor."""
        away = self.half_y if side % 2 == 0 else self.half_x
        return rotation("z", 90.0 * side) @ translation(0, away, 0)

    def floor(self, owner: str, clear_x: float, clear_y: float) -> Surface:
        """The floor as a surface, kept clear within +-clear_x, +-clear_y."""
        edge = 0.03
        rect = (-self.half_x + edge, -self.half_y + edge, self.half_x - edge, self.half_y - edge)
        surface = Surface(owner, np.eye(4), rect)
        surface.keep_clear((-clear_x, -clear_y, clear_x, clear_y))
        return surface

    def rect(self, side: int, x0: float, x1: float, depth: float) -> tuple[float, float, float, float]:
        """World rectangle of the strip x0..x1 along a side, ``depth`` metres into the room."""
        corners = np.array([[x0, -depth, 0, 1], [x1, 0, 0, 1]]) @ self.frame(side).T
        low, high = corners.min(axis=0), corners.max(axis=0)
        return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    def against(self, floor: Surface, prop: Prop, side: int, x: float, gap: float = 0.05) -> Placed | None:
        """Stand a prop (its back at +y) with its back to a side's wall at x; None if there is no room."""
        back = float(prop.footprint(0)[1, 1])
        spot = self.frame(side) @ [x, -back - gap, 0, 1]
        return floor.put(prop, float(spot[0]), float(spot[1]), 90.0 * side, 0.04)


@dataclass(frozen=True)
class Finish:
    """Materials of a room's shell."""

    floor: bpy.types.Material
    wall: bpy.types.Material
    feature_wall: bpy.types.Material
    ceiling: bpy.types.Material
    trim: bpy.types.Material


def build_shell(room: Room, finish: Finish, openings: dict[int, list[Opening]], feature_side: int = -1) -> None:
    """Build floor, ceiling, the four walls with their openings, and a skirting board round them."""
    size_x, size_y = 2 * (room.half_x + WALL_M), 2 * (room.half_y + WALL_M)
    build_fixed("floor", "floor", Shape().box((size_x, size_y, 0.1), 0, translation(0, 0, -0.1)), [finish.floor])
    build_fixed("ceiling", "ceiling", Shape().box((size_x, size_y, 0.1), 0, translation(0, 0, room.height)),
                [finish.ceiling])  # fmt: skip
    for side in range(4):
        holes = openings.get(side, [])
        length = room.length(side) + 2 * WALL_M
        wall = finish.feature_wall if side == feature_side else finish.wall
        shape = pierced_wall(length, room.height, WALL_M, holes)
        low = [Opening(hole.x, 0, hole.width, 0.1) for hole in holes if hole.sill < 0.1]
        skirting = pierced_wall(room.length(side), 0.1, 0.018, low)
        shape.merge(skirting, translation(0, -0.018, 0), slot_offset=1)
        build_fixed(f"wall {side}", "wall", shape, [wall, finish.trim], room.frame(side))


def build_niche(name: str, at: Array, size: tuple[float, float, float], finish: Finish) -> None:
    """Build the floor, ceiling and three walls of an alcove or passage behind an opening of ``size`` width, depth and
    height; ``at`` is the middle of its sill, y away from the room. Its floor is the object "<name> floor"."""
    width, deep, high = size
    shape = Shape()
    for side in (-1, 1):
        shape.box((0.1, deep, high), 0, translation(side * (width / 2 + 0.05), deep / 2))
    shape.box((width + 0.2, 0.1, high), 0, translation(0, deep + 0.05))
    shape.box((width + 0.2, deep + 0.1, 0.1), 1, translation(0, deep / 2 + 0.05, high))
    build_fixed(name, "wall", shape, [finish.wall, finish.ceiling], at)
    slab = Shape().box((width, deep, 0.1), 0, translation(0, deep / 2, -0.1))
    build_fixed(f"{name} floor", "floor", slab, [finish.floor], at)


def area_light(name: str, size: tuple[float, float], watts: float, at: Array, colour: Colour) -> bpy.types.Object:
    """Add a rectangular light that shines along the -z of ``at`` and is itself invisible to cameras."""
    # Choosing among the two or three lights of a room by a tree costs a sixth of the render, and gains nothing.
    bpy.context.scene.cycles.use_light_tree = False
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.shape = "RECTANGLE"
    lamp.size, lamp.size_y = size
    lamp.energy = watts
    lamp.color = colour
    created = bpy.data.objects.new(name, lamp)
    bpy.context.scene.collection.objects.link(created)
    created.location = at[:3, 3]
    created.rotation_mode = "QUATERNION"
    created.rotation_quaternion = _quaternion(at)
    created.visible_camera = False
    return created


def _quaternion(at: Array) -> tuple[float, float, float, float]:
    w, x, y, z = Matrix(at[:3, :3].tolist()).to_quaternion()
    return (w, x, y, z)


def light_openings(room: Room, openings: dict[int, list[Opening]], watts_per_m2: float, colour: Colour) -> None:
    """Light each side that has openings by one soft light as wide as they span, with their area's power.

    One light a side, not one a window: the fewer lights, the less noise at few samples.
    """
    inward = rotation("x", -90)
    for side, holes in openings.items():
        low, high = min(h.x - h.width / 2 for h in holes), max(h.x + h.width / 2 for h in holes)
        hole = holes[0]
        at = room.frame(side) @ translation((low + high) / 2, 0.03, hole.sill + hole.height / 2) @ inward
        power = watts_per_m2 * sum(h.width * h.height for h in holes)
        area_light(f"window light {side}", (high - low, hole.height * 0.95), power, at, colour)


def light_room(room: Room, watts_per_m2: float, colour: Colour) -> None:
    """Light a room from the middle of its ceiling by one compact soft lamp, of a power for its floor's area.

    A lamp of a seventh of the ceiling's extent is a compromise: wider ones light more softly, but with more noise.
    The light that bounces between walls comes from the shell's own materials (see `materials.lift`).
    """
    size = (room.half_x * 0.3, room.half_y * 0.3)
    watts = watts_per_m2 * 4 * room.half_x * room.half_y
    area_light("ceiling light", size, watts, translation(0, 0, room.height - 0.45), colour)


def lift_finish(finish: Finish, strength: float) -> Finish:
    """Let a shell's surfaces stand for the light that bounces between them; returns the finish."""
    for material, share in ((finish.wall, 1.0), (finish.feature_wall, 1.0), (finish.ceiling, 1.3), (finish.floor, 0.5)):
        lift(material, strength * share)
    return finish
