"""Compute devices of Cycles: what there is, and choosing exactly what was asked for."""

from __future__ import annotations

from typing import Any

import bpy

from blender_scripts.errors import StageError

GPU_TYPES = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")


def list_devices() -> list[dict[str, str]]:
    """Return every device that Cycles can use here: [{"type", "name", "id"}]; the CPU is always among them."""
    found = {(d.type, d.name, d.id) for kind in ("CPU", *GPU_TYPES) for d in _devices_of(kind)}
    return [{"type": kind, "name": name, "id": ident} for kind, name, ident in sorted(found)]


def select_device(kind: str) -> list[str]:
    """Switch Cycles to exactly the devices of one type and return their names.

    For a GPU type the CPU is switched off as a compute device, so that a farm's cells all come from the same kind of
    hardware. Raises StageError if there is no such device: there is no fall-back.
    """
    preferences = _preferences()
    if kind == "CPU":
        preferences.compute_device_type = "NONE"
        bpy.context.scene.cycles.device = "CPU"
        return [d["name"] for d in list_devices() if d["type"] == "CPU"]
    if kind not in GPU_TYPES:
        raise StageError(f"engine.device: {kind!r} is not a device type; known: CPU, {', '.join(GPU_TYPES)}")
    chosen = [d for d in _devices_of(kind) if d.type == kind]
    if not chosen:
        there = ", ".join(f"{d['type']} ({d['name']})" for d in list_devices())
        raise StageError(f"engine.device: Blender finds no {kind} device here; it finds {there}")
    preferences.compute_device_type = kind
    names = []
    for device in preferences.devices:
        device.use = device.type == kind
        if device.use:
            names.append(device.name)
    bpy.context.scene.cycles.device = "GPU"
    return names


def _preferences() -> Any:
    return bpy.context.preferences.addons["cycles"].preferences


def _devices_of(kind: str) -> list[Any]:
    """Devices of a type as Cycles lists them; a type that this build does not know has none."""
    if kind == "CPU":
        _preferences().refresh_devices()
        return [d for d in _preferences().devices if d.type == "CPU"]
    known = {t[0] for t in _preferences().get_device_types(bpy.context)}
    return list(_preferences().get_devices_for_type(kind)) if kind in known else []
