"""Simulations are baked before the first cell, so that a frame does not depend on the frames set before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

_CACHED = frozenset({"CLOTH", "SOFT_BODY"})


def bake_physics(times: int) -> bool:
    """Bake every point cache of the current scene over frames 1..times; return whether there was one."""
    caches = list(_point_caches())
    for cache in caches:
        cache.frame_start, cache.frame_end = 1, max(times, 2)
        cache.use_disk_cache = False
    if caches:
        bpy.ops.ptcache.free_bake_all()
        bpy.context.scene.frame_set(1)
        bpy.ops.ptcache.bake_all(bake=True)
        bpy.context.scene.frame_set(1)
    return bool(caches)


def _point_caches() -> Iterator[Any]:
    world = bpy.context.scene.rigidbody_world
    if world is not None:
        yield world.point_cache
    for item in bpy.context.scene.objects:
        for modifier in item.modifiers:
            if modifier.type in _CACHED:
                yield modifier.point_cache
        for system in item.particle_systems:
            yield system.point_cache
