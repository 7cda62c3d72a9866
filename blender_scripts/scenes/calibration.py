"""A calibration scene: a floor and emissive markers at stated places, to check poses, intrinsics and depth against.

Marker k is a sphere of `marker_radius_m` whose centre is `marker_centres(markers, radius_m)[k]`; it has its own
instance id and the name `marker <k>`. Point a camera at it and the centre must project where pose and K say.
"""

from __future__ import annotations

from typing import Any

import bmesh
import bpy
import numpy as np
from numpy.typing import NDArray

from blender_scripts.contracts import NAME_PROPERTY, ROLE_PROPERTY, SceneContract

PARAMETERS: dict[str, tuple[Any, str]] = {
    "markers": (24, "number of markers"),
    "radius_m": (3.0, "radius in metres of the helix on which they stand"),
    "marker_radius_m": (0.08, "radius of a marker in metres"),
    "floor": (True, "put a checked floor under them"),
}

HEIGHT_M = 2.4
TURNS = 2.0


def marker_centres(markers: int, radius_m: float) -> NDArray[np.float64]:
    """Centres (markers, 3) in world metres: a helix of two turns from 0.2 m above the floor upwards."""
    share = (np.arange(markers) + 0.5) / markers
    angle = 2 * np.pi * TURNS * share
    return np.stack([radius_m * np.cos(angle), radius_m * np.sin(angle), 0.2 + HEIGHT_M * share], axis=1)


def build(params: dict[str, Any], rng: np.random.Generator) -> SceneContract:
    """Build the markers, the floor and an even light; `rng` is not needed, all is stated."""
    del rng
    for k, centre in enumerate(marker_centres(params["markers"], params["radius_m"])):
        _sphere(f"marker {k}", params["marker_radius_m"], centre, _emission(k, params["markers"]))
    if params["floor"]:
        _floor(4 * params["radius_m"])
    _sky()
    reach = 3 * params["radius_m"]
    return SceneContract(
        camera_min=(-reach, -reach, 0.2),
        camera_max=(reach, reach, reach),
        stage_centre=(0.0, 0.0, 0.0),
        stage_radius_m=params["radius_m"] - 2 * params["marker_radius_m"],
        floor_m=0.0,
        caption="a calibration scene with coloured markers over a checked floor",
    )


def _sphere(name: str, radius: float, centre: NDArray[np.float64], material: Any) -> None:
    mesh = bpy.data.meshes.new(name)
    shape = bmesh.new()
    bmesh.ops.create_icosphere(shape, subdivisions=4, radius=radius)
    shape.to_mesh(mesh)
    shape.free()
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    item.location = centre.tolist()
    item[NAME_PROPERTY], item[ROLE_PROPERTY] = name, "marker"
    bpy.context.scene.collection.objects.link(item)


def _emission(k: int, count: int) -> Any:
    """A self-lit material whose hue tells the marker."""
    material = bpy.data.materials.new(f"marker {k}")
    material.use_nodes = True
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    hue = 6.0 * k / count
    rgb = np.clip([abs(hue - 3) - 1, 2 - abs(hue - 2), 2 - abs(hue - 4)], 0, 1)
    shader.inputs["Base Color"].default_value = (0.0, 0.0, 0.0, 1.0)
    shader.inputs["Emission Color"].default_value = (*map(float, rgb), 1.0)
    shader.inputs["Emission Strength"].default_value = 1.0
    return material


def _floor(side: float) -> None:
    mesh = bpy.data.meshes.new("floor")
    h = side / 2
    mesh.from_pydata([(-h, -h, 0), (h, -h, 0), (h, h, 0), (-h, h, 0)], [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new("checked floor")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    place = nodes.new("ShaderNodeTexCoord")
    check = nodes.new("ShaderNodeTexChecker")
    check.inputs["Scale"].default_value = 1.0  # object coordinates: one square per metre
    check.inputs["Color1"].default_value = (0.6, 0.6, 0.6, 1.0)
    check.inputs["Color2"].default_value = (0.15, 0.15, 0.15, 1.0)
    shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    links.new(place.outputs["Object"], check.inputs["Vector"])
    links.new(check.outputs["Color"], shader.inputs["Base Color"])
    mesh.materials.append(material)
    item = bpy.data.objects.new("floor", mesh)
    item[ROLE_PROPERTY] = "floor"
    bpy.context.scene.collection.objects.link(item)


def _sky() -> None:
    world = bpy.data.worlds.new("calibration sky")
    world.use_nodes = True
    background = next(n for n in world.node_tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.8, 0.9, 1.0, 1.0)
    bpy.context.scene.world = world
