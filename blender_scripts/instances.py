"""Instance ids: every rendered thing gets a number 1..N that Cycles writes per pixel; 0 is the background."""

from __future__ import annotations

from typing import Any

import bpy

from blender_scripts.contracts import NAME_PROPERTY, ROLE_PROPERTY
from blender_scripts.errors import StageError

MAX_ID = 32767
"""Largest `Object.pass_index` of Blender."""

_NO_SURFACE = frozenset({"CAMERA", "LIGHT", "ARMATURE", "LATTICE", "SPEAKER", "LIGHT_PROBE"})


def number_instances(subjects: list[Any]) -> list[dict[str, Any]]:
    """Number what renders in the current scene and return the instance table [{"id", "name", "role"}].

    A subject's root and everything parented to it share one id (subjects come first); scene objects have one each,
    or share one if they share the custom property `camxtime_name`. Raises StageError beyond 32,767 instances.
    """
    for item in bpy.data.objects:
        item.pass_index = 0
    table: dict[str, dict[str, Any]] = {}
    done: set[Any] = set()
    for i, root in enumerate(subjects):
        for item in (root, *root.children_recursive):
            _number(
                table, f"subject {i}", item, (root.get(NAME_PROPERTY) or root.name, root.get(ROLE_PROPERTY, "subject"))
            )
            done.add(item)
    for item in sorted(bpy.context.scene.objects, key=lambda o: o.name):
        if item in done or item.type in _NO_SURFACE or (item.type == "EMPTY" and item.instance_type == "NONE"):
            continue
        if item.hide_render:
            continue
        name = item.get(NAME_PROPERTY)
        _number(table, f"scene {name or item.name}", item, (name or item.name, item.get(ROLE_PROPERTY, "prop")))
    for item in bpy.context.scene.objects:
        if item.type == "EMPTY" and item.instance_collection is not None and item.pass_index:
            _number_collection(item.instance_collection, item.pass_index)
    return list(table.values())


def _number(table: dict[str, dict[str, Any]], key: str, item: Any, label: tuple[str, str]) -> None:
    if key not in table:
        if len(table) >= MAX_ID:
            raise StageError(f"the scene has more than {MAX_ID} objects that render; join some")
        table[key] = {"id": len(table) + 1, "name": label[0], "role": label[1]}
    item.pass_index = table[key]["id"]


def _number_collection(collection: Any, number: int) -> None:
    """Cycles takes an instance's id from the instanced object, so instances of one collection share an id."""
    for item in collection.all_objects:
        if item.pass_index == 0:
            item.pass_index = number
