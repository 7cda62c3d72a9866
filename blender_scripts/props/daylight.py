"""Sun and sky of a drawn hour and weather: a sun lamp with a soft disc, and a gradient sky with clouds.

The sky is smooth, so Cycles need not sample it as a light: all light sampling goes to the sun, which keeps a few
samples a pixel clean. Strengths are chosen for exposure 0 under AgX and Standard alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from blender_scripts.materials import Colour, blend, shade
from blender_scripts.palettes import srgb


@dataclass(frozen=True)
class Daylight:
    """What was drawn: a phrase for captions, and where the sun stands."""

    phrase: str
    sun_azimuth_deg: float
    sun_elevation_deg: float


@dataclass(frozen=True)
class _Weather:
    zenith: Colour
    horizon: Colour
    sun: Colour
    sun_strength: float
    sky_strength: float
    sun_angle_deg: float


def light_outdoors(rng: np.random.Generator, hour: float, cloud: float, ground: Colour, sun: bool = True) -> Daylight:
    """Add the sun and the sky.

    Args:
        rng: draws the azimuth of the sun path and the clouds' offset.
        hour: local solar hour, 6 (sunrise) to 18 (sunset); clamped to where the sun is 12 degrees up.
        cloud: 0 clear to 1 overcast.
        ground: mean albedo of the ground, which lights walls from below the horizon.
        sun: whether to add the sun lamp; a closed room lights better through its windows' own soft lights.
    """
    height = float(np.sin(np.pi * (np.clip(hour, 6.0, 18.0) - 6.0) / 12.0))
    elevation = max(12.0, 64.0 * height)
    azimuth = float(rng.uniform(0, 360)) + 15.0 * (hour - 12.0)
    weather = _weather(elevation, cloud)
    if sun:
        _add_sun(weather, azimuth, elevation)
    _add_sky(weather, azimuth, elevation, cloud, ground, float(rng.uniform(0, 100)))
    return Daylight(_phrase(hour, elevation, cloud), azimuth % 360.0, elevation)


def _weather(elevation: float, cloud: float) -> _Weather:
    low = float(np.clip((40.0 - elevation) / 28.0, 0.0, 1.0))
    warm = blend(srgb("fff3e0"), srgb("ffb066"), low)
    grey = srgb("c3cad2")
    zenith = blend(blend(srgb("4f8fd6"), srgb("6a86bd"), low), grey, cloud * 0.85)
    horizon = blend(blend(srgb("cfe2f2"), srgb("f6cf9f"), low), shade(grey, 1.15), cloud * 0.85)
    return _Weather(
        zenith=zenith,
        horizon=horizon,
        sun=blend(warm, (1.0, 1.0, 1.0), cloud * 0.7),
        sun_strength=(3.6 + 0.9 * low) * (1 - 0.86 * cloud),
        sky_strength=1.05 + 0.35 * cloud,
        sun_angle_deg=1.0 + 18.0 * cloud,
    )


def _add_sun(weather: _Weather, azimuth: float, elevation: float) -> None:
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy = weather.sun_strength
    lamp.color = weather.sun
    lamp.angle = float(np.radians(weather.sun_angle_deg))
    created = bpy.data.objects.new("sun", lamp)
    created.rotation_euler = (0.0, np.radians(90.0 - elevation), np.radians(azimuth))
    created.location = (0.0, 0.0, 30.0)
    bpy.context.scene.collection.objects.link(created)


def _add_sky(weather: _Weather, azimuth: float, elevation: float, cloud: float, ground: Colour, offset: float) -> None:
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.cycles.sampling_method = "NONE"
    bpy.context.scene.world = world
    tree = world.node_tree
    link = tree.links.new
    where = tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    link(where, split.inputs[0])

    ramp = tree.nodes.new("ShaderNodeValToRGB")
    link(split.outputs["Z"], ramp.inputs[0])
    stops = ((0.0, weather.horizon), (0.14, blend(weather.horizon, weather.zenith, 0.45)), (0.6, weather.zenith))
    ramp.color_ramp.elements.new(0.14)
    for element, (position, colour) in zip(ramp.color_ramp.elements, stops, strict=True):
        element.position, element.color = position, (*colour, 1.0)

    flat = _clouds(tree, where, split.outputs["Z"], cloud, offset)
    cloudy = _mix(tree, flat, ramp.outputs["Color"], blend(weather.horizon, (1.0, 1.0, 1.0), 0.5))
    haloed = _mix(tree, _halo(tree, where, azimuth, elevation, cloud), cloudy, shade(weather.sun, 1.0))
    step = tree.nodes.new("ShaderNodeMapRange")
    link(split.outputs["Z"], step.inputs[0])
    step.inputs[1].default_value, step.inputs[2].default_value = -0.03, 0.0
    below = shade(blend(ground, weather.horizon, 0.35), 0.75)
    final = _mix(tree, step.outputs[0], below, haloed)

    background = tree.nodes["Background"]
    link(final, background.inputs["Color"])
    background.inputs["Strength"].default_value = weather.sky_strength


def _clouds(tree: bpy.types.NodeTree, where: bpy.types.NodeSocket, up: bpy.types.NodeSocket, cloud: float,
            offset: float) -> bpy.types.NodeSocket:  # fmt: skip
    """Return the clouds' density: noise on a plane overhead, so that they shrink towards the horizon."""
    raised = tree.nodes.new("ShaderNodeMath")
    raised.operation = "ADD"
    tree.links.new(up, raised.inputs[0])
    raised.inputs[1].default_value = 0.15
    plane = tree.nodes.new("ShaderNodeVectorMath")
    plane.operation = "DIVIDE"
    tree.links.new(where, plane.inputs[0])
    tree.links.new(raised.outputs[0], plane.inputs[1])
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.noise_dimensions = "4D"
    noise.inputs["W"].default_value = offset
    noise.inputs["Scale"].default_value = 1.1
    noise.inputs["Detail"].default_value = 5.0
    tree.links.new(plane.outputs[0], noise.inputs["Vector"])
    density = tree.nodes.new("ShaderNodeMapRange")
    tree.links.new(noise.outputs["Factor"], density.inputs[0])
    density.inputs[1].default_value = 0.60 - 0.22 * cloud
    density.inputs[2].default_value = 0.78
    density.inputs[4].default_value = 0.85
    return density.outputs[0]


def _halo(tree: bpy.types.NodeTree, where: bpy.types.NodeSocket, azimuth: float, elevation: float,
          cloud: float) -> bpy.types.NodeSocket:  # fmt: skip
    """Return a broad glow round the sun."""
    a, e = np.radians(azimuth), np.radians(elevation)
    towards = tree.nodes.new("ShaderNodeVectorMath")
    towards.operation = "DOT_PRODUCT"
    tree.links.new(where, towards.inputs[0])
    towards.inputs[1].default_value = (np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e))
    glow = tree.nodes.new("ShaderNodeMapRange")
    glow.interpolation_type = "SMOOTHSTEP"
    tree.links.new(towards.outputs["Value"], glow.inputs[0])
    glow.inputs[1].default_value, glow.inputs[2].default_value = 0.7, 1.02
    glow.inputs[4].default_value = 0.8 * (1 - cloud)
    return glow.outputs[0]


def _mix(tree: bpy.types.NodeTree, factor: bpy.types.NodeSocket, first: Colour | bpy.types.NodeSocket,
         second: Colour | bpy.types.NodeSocket) -> bpy.types.NodeSocket:  # fmt: skip
    made = tree.nodes.new("ShaderNodeMixRGB")
    tree.links.new(factor, made.inputs[0])
    for index, value in ((1, first), (2, second)):
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, made.inputs[index])
        else:
            made.inputs[index].default_value = (*value, 1.0)
    return made.outputs[0]


def _phrase(hour: float, elevation: float, cloud: float) -> str:
    if cloud > 0.6:
        return "under an overcast sky"
    sky = "in hazy" if cloud > 0.3 else "in clear"
    if elevation > 45:
        return f"{sky} midday light"
    if elevation > 26:
        return f"{sky} {'morning' if hour < 12 else 'afternoon'} light"
    return f"{sky} {'early morning' if hour < 12 else 'evening'} light"
