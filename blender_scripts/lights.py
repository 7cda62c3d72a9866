"""The stated default light of scene files that bring none: a sun, a sky and nothing else."""

from __future__ import annotations

from typing import Any

import bpy
from mathutils import Euler

SUN_W_M2 = 3.0
SUN_ANGLE_DEG = 3.0
SUN_ELEVATION_DEG = 50.0
SUN_AZIMUTH_DEG = -60.0
SKY_STRENGTH = 0.6
SKY_RGB = (0.75, 0.85, 1.0)


def is_lit(objects: list[Any]) -> bool:
    """Whether a scene has light of its own: a lamp, an emitting material, or a world that is not black."""
    if any(o.type == "LIGHT" and not o.hide_render and o.data.energy > 0 for o in objects):
        return True
    materials = {s.material for o in objects for s in o.material_slots if s.material is not None}
    return any(_emits(m.node_tree) for m in materials) or _world_emits(bpy.context.scene.world)


def add_default_lights() -> None:
    """Add the default sun and sky to the current scene."""
    sun = bpy.data.lights.new("camxtime default sun", "SUN")
    sun.energy = SUN_W_M2
    sun.angle = _radians(SUN_ANGLE_DEG)
    item = bpy.data.objects.new(sun.name, sun)
    item.rotation_euler = Euler((_radians(90 - SUN_ELEVATION_DEG), 0.0, _radians(90 + SUN_AZIMUTH_DEG)))
    bpy.context.scene.collection.objects.link(item)
    add_sky()


def add_sky() -> None:
    """Give the current scene a plain sky of constant colour."""
    world = bpy.data.worlds.new("camxtime default sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    background = next(n for n in world.node_tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*SKY_RGB, 1.0)
    background.inputs["Strength"].default_value = SKY_STRENGTH


def _radians(degrees: float) -> float:
    return degrees * 3.141592653589793 / 180.0


def _emits(tree: Any) -> bool:
    if tree is None:
        return False
    for node in tree.nodes:
        strength = node.inputs.get("Emission Strength") if node.type == "BSDF_PRINCIPLED" else None
        if strength is not None and (strength.is_linked or strength.default_value > 0):
            colour = node.inputs["Emission Color"]
            if colour.is_linked or any(colour.default_value[:3]):
                return True
        if node.type == "EMISSION" and node.outputs[0].is_linked:
            return True
    return False


def _world_emits(world: Any) -> bool:
    if world is None or world.node_tree is None:
        return False
    for node in world.node_tree.nodes:
        if node.type == "BACKGROUND":
            colour, strength = node.inputs["Color"], node.inputs["Strength"]
            lit = colour.is_linked or any(colour.default_value[:3])
            if lit and (strength.is_linked or strength.default_value > 0):
                return True
    return False
