"""Keeps rigidly moving and static meshes out of Cycles' top-level BVH.

In background Cycles bakes the transform of every mesh with a single user into one static BVH, which it then builds
again whenever anything moves. A mesh with two users keeps a BVH of its own: 1146 → 5 ms a call for a million
triangles, with identical bits. So such meshes get a second user that no ray of ours can see.
"""

from __future__ import annotations

from typing import Any

import bpy

_RAYS = ("camera", "diffuse", "glossy", "transmission", "shadow")
LEAST_POLYGONS = 1000
"""Smaller meshes cost less to build again than a ghost costs to keep."""


def share_meshes(far: float) -> int:
    """Give every large rigid single-user mesh that renders a second user and return how many there are.

    far: distance in metres that is outside the scene. The second users sit there, shrunk to a speck, visible to
    volume scatter rays only (Cycles leaves out what no ray can see).
    """
    scene = bpy.context.scene
    chosen = [o for o in scene.objects if not o.hide_render and _is_rigid_single_user(o)]
    for item in chosen:
        ghost = bpy.data.objects.new("camxtime_ghost", item.data)
        for ray in _RAYS:
            setattr(ghost, f"visible_{ray}", False)
        ghost.location = (0.0, 0.0, -far)
        ghost.scale = (1e-6, 1e-6, 1e-6)
        scene.collection.objects.link(ghost)
    return len(chosen)


def is_ghost(item: Any) -> bool:
    """Whether an object is such a second user, which no measurement must count."""
    return bool(item.name.startswith("camxtime_ghost"))


def _is_rigid_single_user(item: Any) -> bool:
    if item.type != "MESH" or item.particle_systems or item.data.users != 1 or len(item.data.polygons) < LEAST_POLYGONS:
        return False
    # With modifiers each object gets an evaluated mesh of its own, so that sharing would share nothing.
    return not item.modifiers and item.data.shape_keys is None and item.data.animation_data is None
