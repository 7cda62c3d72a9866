"""Layered procedural materials: Principled BSDFs whose colour, roughness and bump vary by noise, Voronoi and brick.

Textures that have a size (bricks, tiles, planks) read the mesh's UVs, which :mod:`build_tools` lays out in metres;
mottling reads object coordinates, shifted per object so that twins differ. Colours are linear RGB; the helpers of
:mod:`palettes` make them from named sRGB colours.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import bpy
import numpy as np

Colour = tuple[float, float, float]
Socket: TypeAlias = bpy.types.NodeSocket


def shade(colour: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor < 1) or lighter, kept within 0..1."""
    r, g, b = (float(min(max(channel * factor, 0.0), 1.0)) for channel in colour)
    return (r, g, b)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Return the mix of two colours, ``share`` of the second."""
    r, g, b = (float(a + (c - a) * share) for a, c in zip(first, second, strict=True))
    return (r, g, b)


class Graph:
    """A material's node tree, written by calls that return output sockets."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]

    def node(self, kind: str, settings: dict[str, Any] | None = None, **inputs: Any) -> bpy.types.Node:
        """Add a node, set its attributes, and feed its inputs by name with '_' for ' ' (a socket or a value)."""
        created = self.tree.nodes.new(f"ShaderNode{kind}")
        for key, value in (settings or {}).items():
            setattr(created, key, value)
        for key, value in inputs.items():
            self.feed(created.inputs[key.replace("_", " ")], value)
        return created

    def feed(self, target: Socket, value: Any) -> None:
        """Link a socket or set a value (RGB is widened to RGBA where the socket is a colour)."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, target)
        elif target.type == "RGBA":
            target.default_value = (*value[:3], 1.0)
        else:
            target.default_value = value

    def set(self, **inputs: Any) -> Graph:
        """Feed the Principled BSDF's inputs by name."""
        for key, value in inputs.items():
            self.feed(self.surface.inputs[key.replace("_", " ")], value)
        return self

    def metres(self) -> Socket:
        """The mesh's UVs, in metres."""
        return self.node("UVMap", {"uv_map": "metres"}).outputs["UV"]

    def local(self) -> Socket:
        """Object coordinates in metres, shifted per object."""
        where = self.node("TexCoord").outputs["Object"]
        shift = self.node("ObjectInfo").outputs["Random"]
        moved = self.node("VectorMath", {"operation": "MULTIPLY_ADD"})
        self.feed(moved.inputs[0], shift)
        self.feed(moved.inputs[1], (37.0, 59.0, 83.0))
        self.feed(moved.inputs[2], where)
        return moved.outputs[0]

    def noise(self, where: Socket, scale: float, detail: float = 2.0, distortion: float = 0.0) -> Socket:
        """Fractal noise, 0..1 with mean 0.5."""
        made = self.node("TexNoise", None, Vector=where, Scale=scale, Detail=detail, Distortion=distortion)
        return made.outputs["Factor"]

    def stretch(self, where: Socket, factors: tuple[float, float, float]) -> Socket:
        """Coordinates multiplied per axis: what is divided by noise scale becomes grain."""
        made = self.node("VectorMath", {"operation": "MULTIPLY"})
        self.feed(made.inputs[0], where)
        self.feed(made.inputs[1], factors)
        return made.outputs[0]

    def remap(self, value: Socket, low: float, high: float, start: float = 0.25, stop: float = 0.75) -> Socket:
        """Map start..stop to low..high, clamped."""
        made = self.node("MapRange", {"clamp": True})
        for index, given in enumerate((value, start, stop, low, high)):
            self.feed(made.inputs[index], given)
        return made.outputs[0]

    def mix(self, factor: Any, first: Any, second: Any, how: str = "MIX") -> Socket:
        """Mix two colours."""
        made = self.node("MixRGB", {"blend_type": how}, Color1=first, Color2=second)
        self.feed(made.inputs[0], factor)
        return made.outputs[0]

    def mottle(self, colour: Any, amount: float, where: Socket, scale: float) -> Socket:
        """Multiply a colour by noise between 1 - amount and 1 + amount / 2."""
        grey = self.remap(self.noise(where, scale, 1.0), 1 - amount, 1 + amount / 2)
        return self.mix(1.0, colour, grey, "MULTIPLY")

    def bump(self, height: Socket, strength: float, distance_m: float = 0.01) -> Graph:
        """Bump the surface by a height 0..1 of ``distance_m`` metres."""
        made = self.node("Bump", None, Strength=strength, Distance=distance_m, Height=height)
        return self.set(Normal=made.outputs["Normal"])


def plain(name: str, colour: Colour, roughness: float = 0.5, metallic: float = 0.0, variation: float = 0.12,
          coat: float = 0.0) -> bpy.types.Material:  # fmt: skip
    """A painted, ceramic, plastic or metal surface: mottled a little in colour and roughness."""
    graph = Graph(name)
    where = graph.local()
    noise = graph.noise(where, 1.6)
    tint = graph.mix(1.0, colour, graph.remap(noise, 1 - variation, 1 + variation / 2), "MULTIPLY")
    graph.set(Base_Color=tint, Metallic=metallic, Coat_Weight=coat)
    graph.set(Roughness=graph.remap(noise, max(roughness - 0.12, 0.03), min(roughness + 0.12, 1.0)))
    return graph.material


def plaster(name: str, colour: Colour, roughness: float = 0.85, grain: float = 0.5) -> bpy.types.Material:
    """Painted plaster: broad stains and a trowelled bump."""
    graph = Graph(name)
    where = graph.local()
    stained = graph.mottle(colour, 0.10, where, 0.5)
    graph.set(Base_Color=graph.mottle(stained, 0.06, where, 6.0), Roughness=roughness)
    graph.bump(graph.noise(where, 14.0, 1.0), grain, 0.008)
    return graph.material


def wood(name: str, colour: Colour, roughness: float = 0.45, grain: tuple[float, float, float] = (14.0, 14.0, 1.2)
         ) -> bpy.types.Material:  # fmt: skip
    """Wood with grain along the axis whose factor in ``grain`` is small (local z by default)."""
    graph = Graph(name)
    where = graph.stretch(graph.local(), grain)
    rings = graph.noise(where, 1.4, 2.0, 1.2)
    colours = graph.mix(graph.remap(rings, 0.0, 1.0, 0.3, 0.7), shade(colour, 0.62), shade(colour, 1.15))
    graph.set(Base_Color=colours, Roughness=graph.remap(rings, roughness + 0.15, roughness - 0.1))
    graph.bump(rings, 0.15, 0.004)
    return graph.material


def brickwork(name: str, colours: tuple[Colour, Colour], mortar: Colour, size: tuple[float, float],
              joint_m: float = 0.01, roughness: float = 0.8, offset: float = 0.5, relief: float = 0.6,
              stain: float = 0.25) -> bpy.types.Material:  # fmt: skip
    """Courses of bricks, tiles or slabs ``size`` (width, height) metres, each of a tint between two colours."""
    graph = Graph(name)
    uv = graph.metres()
    warped = graph.node("VectorMath", {"operation": "MULTIPLY_ADD"})
    wobble = graph.node("TexNoise", None, Vector=uv, Scale=3.0, Detail=0.0).outputs["Color"]
    slack = joint_m * 0.8
    for index, value in enumerate((wobble, (slack, slack, 0.0), uv)):
        graph.feed(warped.inputs[index], value)
    brick = graph.node(
        "TexBrick", {"offset": offset, "squash": 1.0}, Vector=warped.outputs[0], Color1=colours[0],
        Color2=colours[1], Mortar=mortar, Scale=1.0, Mortar_Size=joint_m, Mortar_Smooth=0.25, Bias=0.0,
        Brick_Width=size[0], Row_Height=size[1],
    )  # fmt: skip
    where = graph.local()
    fine = graph.noise(where, 22.0, 1.0)
    stained = graph.mottle(brick.outputs["Color"], stain, where, 0.7)
    graph.set(Base_Color=graph.mix(0.25, stained, graph.remap(fine, 0.5, 1.2), "MULTIPLY"))
    graph.set(Roughness=graph.remap(fine, max(roughness - 0.12, 0.05), min(roughness + 0.1, 1.0)))
    height = graph.node("Math", {"operation": "MULTIPLY_ADD"})
    for index, value in enumerate((brick.outputs["Factor"], -0.8, graph.remap(fine, 0.8, 1.0))):
        graph.feed(height.inputs[index], value)
    graph.bump(height.outputs[0], relief, max(joint_m, 0.006))
    return graph.material


def planks(name: str, colour: Colour, width_m: float = 0.16, roughness: float = 0.35) -> bpy.types.Material:
    """A wooden floor: long boards along u, each with its own tint, and grain along them."""
    graph = Graph(name)
    uv = graph.metres()
    board = graph.node(
        "TexBrick", {"offset": 0.37, "offset_frequency": 2, "squash": 1.0}, Vector=uv, Scale=1.0,
        Color1=shade(colour, 0.72), Color2=shade(colour, 1.15), Mortar=shade(colour, 0.25), Mortar_Size=0.004,
        Mortar_Smooth=0.1, Brick_Width=1.9, Row_Height=width_m,
    )  # fmt: skip
    rings = graph.noise(graph.stretch(uv, (1.5, 26.0, 1.0)), 1.3, 2.0, 0.8)
    graph.set(Base_Color=graph.mix(1.0, board.outputs["Color"], graph.remap(rings, 0.7, 1.15), "MULTIPLY"))
    graph.set(Roughness=graph.remap(rings, roughness + 0.15, roughness))
    graph.bump(graph.remap(board.outputs["Factor"], 1.0, 0.0, 0.0, 1.0), 0.5, 0.004)
    return graph.material


def cobbles(name: str, colours: tuple[Colour, Colour], gap: Colour, size_m: float = 0.35) -> bpy.types.Material:
    """Irregular stones: Voronoi cells of about ``size_m`` with rounded edges."""
    graph = Graph(name)
    uv = graph.metres()
    cell = graph.node("TexVoronoi", {"feature": "F1", "voronoi_dimensions": "2D"}, Vector=uv, Scale=1 / size_m,
                      Randomness=0.7)  # fmt: skip
    edge = graph.node("TexVoronoi", {"feature": "DISTANCE_TO_EDGE", "voronoi_dimensions": "2D"}, Vector=uv,
                      Scale=1 / size_m, Randomness=0.7)  # fmt: skip
    tint = graph.node("SeparateColor", None, Color=cell.outputs["Color"]).outputs[0]
    stone = graph.mix(tint, colours[0], colours[1])
    joint = graph.remap(edge.outputs["Distance"], 0.0, 1.0, 0.015, 0.07)
    where = graph.local()
    graph.set(Base_Color=graph.mottle(graph.mix(joint, gap, stone), 0.3, where, 1.1))
    fine = graph.noise(uv, 18.0)
    graph.set(Roughness=graph.remap(fine, 0.65, 0.95))
    graph.bump(graph.remap(edge.outputs["Distance"], 0.0, 1.0, 0.0, 0.16), 0.7, 0.02)
    return graph.material


def ground(name: str, colours: tuple[Colour, Colour], patch_m: float = 1.5, grain_m: float = 0.04,
           relief: float = 0.6) -> bpy.types.Material:  # fmt: skip
    """Soil, sand, gravel, lawn or worn concrete: two colours in patches, with a grain."""
    graph = Graph(name)
    where = graph.local()
    patches = graph.noise(where, 1 / patch_m, 3.0, 0.4)
    grain = graph.noise(where, 1 / grain_m, 1.0)
    colour = graph.mix(graph.remap(patches, 0.0, 1.0, 0.35, 0.65), colours[0], colours[1])
    graph.set(Base_Color=graph.mix(1.0, colour, graph.remap(grain, 0.72, 1.2), "MULTIPLY"))
    graph.set(Roughness=graph.remap(patches, 0.75, 0.95))
    graph.bump(grain, relief, grain_m * 0.5)
    return graph.material


def checker(name: str, colours: tuple[Colour, Colour], size_m: float, roughness: float = 0.3) -> bpy.types.Material:
    """Square tiles of ``size_m`` metres in two colours by turns, worn in patches."""
    graph = Graph(name)
    squares = graph.node("TexChecker", None, Vector=graph.metres(), Scale=1 / size_m, Color1=colours[0],
                         Color2=colours[1])  # fmt: skip
    worn = graph.noise(graph.local(), 1.1, 2.0)
    graph.set(Base_Color=graph.mix(1.0, squares.outputs["Color"], graph.remap(worn, 0.86, 1.06), "MULTIPLY"))
    graph.set(Roughness=graph.remap(worn, roughness + 0.12, roughness))
    return graph.material


def marble(name: str, colour: Colour, vein: Colour, scale: float = 2.2, roughness: float = 0.22) -> bpy.types.Material:
    """Polished stone: veins where warped noise crosses its middle, or (at a high scale) the flecks of granite."""
    graph = Graph(name)
    field = graph.noise(graph.local(), scale, 3.0, 1.4)
    away = graph.node("Math", {"operation": "SUBTRACT"})
    graph.feed(away.inputs[0], field)
    graph.feed(away.inputs[1], 0.5)
    size = graph.node("Math", {"operation": "ABSOLUTE"})
    graph.feed(size.inputs[0], away.outputs[0])
    graph.set(Base_Color=graph.mix(graph.remap(size.outputs[0], 0.0, 1.0, 0.0, 0.09), vein, colour))
    graph.set(Roughness=graph.remap(field, roughness - 0.08, roughness + 0.1))
    return graph.material


def fabric(name: str, colour: Colour, accent: Colour | None = None, stripe_m: float = 0.0) -> bpy.types.Material:
    """Woven cloth with sheen; ``accent`` stripes of ``stripe_m`` metres run across u where given."""
    graph = Graph(name)
    uv = graph.metres()
    base: Any = colour
    if accent is not None and stripe_m > 0:
        wave = graph.node("TexWave", {"wave_type": "BANDS", "bands_direction": "X"}, Vector=uv, Distortion=0.2,
                          Scale=np.pi / (10 * stripe_m)).outputs["Factor"]  # fmt: skip
        base = graph.mix(graph.remap(wave, 0.0, 1.0, 0.45, 0.55), colour, accent)
    graph.set(Base_Color=graph.mottle(base, 0.14, graph.local(), 3.0), Roughness=0.9)
    graph.set(Sheen_Weight=0.25, Specular_IOR_Level=0.2)
    graph.bump(graph.noise(uv, 160.0, 1.0), 0.35, 0.003)
    return graph.material


def foliage(name: str, colour: Colour, spread: float = 0.45) -> bpy.types.Material:
    """Leaves: every loose piece of the mesh has its own tint."""
    graph = Graph(name)
    island = graph.node("NewGeometry").outputs["Random Per Island"]
    warm = blend(colour, (0.45, 0.42, 0.06), 0.35)
    tint = graph.mix(island, shade(colour, 1 - spread), shade(warm, 1 + spread / 2))
    graph.set(Base_Color=tint, Roughness=0.65, Specular_IOR_Level=0.25)
    return graph.material


def glow(name: str, colour: Colour, strength: float = 3.0) -> bpy.types.Material:
    """A lamp's visible shade: it shines into the camera but is not sampled as a light (an area light beside it
    does the lighting, without the noise of a small emissive mesh)."""
    graph = Graph(name)
    graph.set(Base_Color=colour, Emission_Color=colour, Emission_Strength=strength)
    graph.material.cycles.emission_sampling = "NONE"
    return graph.material


def lift(material: bpy.types.Material, strength: float) -> bpy.types.Material:
    """Let a surface shine a little in its own colour, as if evenly lit; returns the material.

    Rooms need many bounces to fill their shadows, and few samples find them: a share of that light on the shell
    itself, which is not sampled as a lamp, is nearly free of noise.
    """
    tree = material.node_tree
    surface = tree.nodes["Principled BSDF"]
    colour, glow_colour = surface.inputs["Base Color"], surface.inputs["Emission Color"]
    if colour.is_linked:
        tree.links.new(colour.links[0].from_socket, glow_colour)
    else:
        glow_colour.default_value = colour.default_value
    surface.inputs["Emission Strength"].default_value = strength
    material.cycles.emission_sampling = "NONE"
    return material
