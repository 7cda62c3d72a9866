"""A calibration subject: a ball that circles the stage at a stated place for every time, and a turning cube.

The ball's centre at time t is `ball_centre(t, times, radius_m)` relative to the stage's centre on the floor.
"""

from __future__ import annotations

import math
from typing import Any

import bmesh
import bpy
import numpy as np

from blender_scripts.contracts import NAME_PROPERTY, AnimatedSubject, AnimationContext

PARAMETERS: dict[str, tuple[Any, str]] = {
    "ball_radius_m": (0.3, "radius of the ball in metres"),
    "circle_m": (1.0, "radius in metres of the circle on which the ball moves"),
    "cube_m": (0.6, "side of the cube in metres"),
}


def ball_centre(time: int, times: int, circle_m: float, ball_radius_m: float) -> tuple[float, float, float]:
    """Centre of the ball at a time index: one turn over the grid's times, on the floor."""
    angle = 2 * math.pi * time / times
    return circle_m * math.cos(angle), circle_m * math.sin(angle), ball_radius_m


def build(params: dict[str, Any], rng: np.random.Generator, context: AnimationContext) -> AnimatedSubject:
    """Build and key the ball and the cube; `rng` is not needed, all is stated."""
    del rng
    x, y, z = context.scene.stage_centre
    ball, cube = _object("ball", _ball(params["ball_radius_m"])), _object("cube", _cube(params["cube_m"]))
    cube.location = (x, y, z + params["cube_m"])
    for time in range(context.times):
        dx, dy, dz = ball_centre(time, context.times, params["circle_m"], params["ball_radius_m"])
        ball.location = (x + dx, y + dy, z + dz)
        ball.keyframe_insert("location", frame=1 + time)
        cube.rotation_euler = (0.0, 0.0, math.pi / 2 * time / context.times)
        cube.keyframe_insert("rotation_euler", frame=1 + time)
    return AnimatedSubject([ball, cube], 0.0, "a ball circles a turning cube")


def _ball(radius: float) -> Any:
    shape = bmesh.new()
    bmesh.ops.create_icosphere(shape, subdivisions=5, radius=radius)
    return shape


def _cube(side: float) -> Any:
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=side)
    return shape


def _object(name: str, shape: Any) -> Any:
    mesh = bpy.data.meshes.new(name)
    shape.to_mesh(mesh)
    shape.free()
    item = bpy.data.objects.new(name, mesh)
    item[NAME_PROPERTY] = name
    bpy.context.scene.collection.objects.link(item)
    return item
