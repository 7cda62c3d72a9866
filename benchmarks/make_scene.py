"""The benchmark's content as .blend files: thirty plain objects on a floor under sun and sky, and a deforming mesh.

Run in a child process by `benchmarks/render.py` (it imports bpy): `python make_scene.py scene.blend subject.blend`.
The subject is a sphere of 70,000 quads with a wave running through it: what a detailed character weighs, and a cost of
synchronising against a cost of tracing like that of the measurement in the design (25 samples at 64x64).
"""

from __future__ import annotations

import sys

import bpy
import numpy as np

OBJECTS = 30
SIDE_M = 16.0
QUADS_ROUND, QUADS_UP = 280, 250


def paint(item: bpy.types.Object, colour: np.ndarray, roughness: float) -> None:
    """Give an object a plain material."""
    material = bpy.data.materials.new(item.name)
    material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*map(float, colour), 1.0)
    shader.inputs["Roughness"].default_value = roughness
    item.data.materials.append(material)


def make_subject(target: str) -> None:
    """Build and save the deforming mesh."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=QUADS_ROUND, ring_count=QUADS_UP, radius=1.0, location=(0, 0, 1.2))
    ball = bpy.context.object
    ball.name = "wobbling ball"
    paint(ball, np.array([0.7, 0.2, 0.1]), 0.4)
    wave = ball.modifiers.new("wave", "WAVE")
    wave.height, wave.width, wave.narrowness, wave.speed = 0.15, 0.6, 3.0, 0.12
    bpy.ops.wm.save_as_mainfile(filepath=target)


def make_scene(target: str) -> None:
    """Build and save the environment."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(1)
    bpy.ops.mesh.primitive_plane_add(size=2 * SIDE_M)
    bpy.context.object.name = "floor"
    paint(bpy.context.object, np.array([0.5, 0.48, 0.45]), 0.9)
    makers = (
        lambda at, r: bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=5, radius=r, location=at),
        lambda at, r: bpy.ops.mesh.primitive_cube_add(size=2 * r, location=at),
        lambda at, r: bpy.ops.mesh.primitive_cylinder_add(vertices=96, radius=r, depth=2 * r, location=at),
        lambda at, r: bpy.ops.mesh.primitive_torus_add(
            major_radius=r, minor_radius=r / 3, major_segments=128, minor_segments=48, location=at
        ),
    )
    for number in range(OBJECTS):
        angle, distance, radius = 2 * np.pi * number / OBJECTS, rng.uniform(6.5, 8.5), rng.uniform(0.3, 0.7)
        at = (float(distance * np.cos(angle)), float(distance * np.sin(angle)), float(radius))
        makers[number % len(makers)](at, float(radius))
        bpy.context.object.name = f"thing {number}"
        paint(bpy.context.object, rng.uniform(0.1, 0.8, 3), float(rng.uniform(0.3, 0.9)))
    bpy.ops.object.light_add(type="SUN", rotation=(0.7, 0.2, 0.4))
    bpy.context.object.data.energy = 3.0
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.5, 0.7, 1.0, 1.0)
    bpy.context.scene.world = world
    bpy.ops.wm.save_as_mainfile(filepath=target)


if __name__ == "__main__":
    make_scene(sys.argv[-2])
    make_subject(sys.argv[-1])
