"""What renders, measured on evaluated geometry: triangles and bounds, with instances, modifiers and deformation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

SURFACE_TYPES = frozenset({"MESH", "CURVE", "SURFACE", "META", "FONT"})
"""Objects that become triangles. Point clouds, hair and volumes render too but have no surface to measure."""

Owner = Callable[[Any], bool]


@dataclass(frozen=True)
class Surface:
    """One rendered object (or instance) in world space: vertices (N, 3) metres, triangles (M, 3) indices.

    owner: the original object that stands in the scene (for an instance, its instancer).
    """

    owner: Any
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]


def sync_visibility() -> None:
    """Make what is evaluated here equal to what renders: viewport switches follow the render switches.

    Importers leave helper meshes (bone shapes) in collections that do not render; measuring must not see them.
    """
    for collection in bpy.data.collections:
        collection.hide_viewport = collection.hide_render
    for layer in _layer_collections(bpy.context.view_layer.layer_collection):
        layer.hide_viewport = False
    for item in bpy.context.scene.objects:
        item.hide_viewport = item.hide_render
        if item.name in bpy.context.view_layer.objects:
            item.hide_set(False)
        for modifier in item.modifiers:
            modifier.show_viewport = modifier.show_render
            if modifier.type in {"SUBSURF", "MULTIRES"}:
                modifier.levels = modifier.render_levels
    bpy.context.view_layer.update()


def surfaces(owned: Owner) -> Iterator[Surface]:
    """Yield the surfaces at the current frame whose owner satisfies `owned`."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for instance in depsgraph.object_instances:
        if not instance.show_self or instance.object.type not in SURFACE_TYPES:
            continue
        owner = (instance.parent if instance.is_instance else instance.object).original
        if owner.hide_render or not owned(owner):
            continue
        surface = _surface(owner, instance.object, np.array(instance.matrix_world))
        if surface is not None:
            yield surface


def bounds(owned: Owner) -> NDArray[np.float64] | None:
    """World box (2, 3) of everything owned at the current frame, or None if nothing of it renders."""
    corners = [np.stack([s.vertices.min(0), s.vertices.max(0)]) for s in surfaces(owned)]
    if not corners:
        return None
    return np.stack([np.min(corners, axis=(0, 1)), np.max(corners, axis=(0, 1))])


def _surface(owner: Any, evaluated: Any, matrix: NDArray[np.float64]) -> Surface | None:
    mesh = evaluated.data if evaluated.type == "MESH" else evaluated.to_mesh()
    try:
        if mesh is None or not mesh.vertices or not mesh.polygons:
            return None
        vertices = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", vertices)
        mesh.calc_loop_triangles()
        triangles = np.empty(3 * len(mesh.loop_triangles), np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles)
    finally:
        if evaluated.type != "MESH":
            evaluated.to_mesh_clear()
    world = vertices.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return Surface(owner, world, triangles.reshape(-1, 3))


def _layer_collections(root: Any) -> Iterator[Any]:
    yield root
    for child in root.children:
        yield from _layer_collections(child)
