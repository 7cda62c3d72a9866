"""Tools for moving subjects: skins swept along moving curves, closed routes, smooth noise, and puppets of many parts.

Everything is computed in NumPy for all times at once and baked once (see `motion.baking`): no simulation state, no
order of frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from blender_scripts.build_tools import Array, Shape
from blender_scripts.contracts import NAME_PROPERTY, AnimationContext
from blender_scripts.materials import Colour, Graph
from blender_scripts.motion.baking import bake_vertices
from blender_scripts.motion.rotations import normalise, pose
from blender_scripts.palettes import ACCENTS, srgb

REST_ATTRIBUTE = "rest"
"""Vertex attribute of puppets: positions at rest, so that textures stick to what deforms."""


FRAMED = 0.35
"""Radius of a sphere over the distance of a camera that holds it: sin(24 deg) / 1.1 for the narrowest default lens, and
some room to move."""

SMALLEST_SHARE = 0.3
"""No motion is shrunk further than this to fit a small room."""


class Puppet:
    """A subject of many parts, gathered as one mesh whose vertices move.

    Parts are added with their positions at all T times in world metres; materials are slots, as in `Shape`.
    """

    def __init__(self, times: int) -> None:
        self._times = times
        self._shape = Shape()
        self._tracks: list[Array] = []
        self._rests: list[Array] = []

    def rigid(self, shape: Shape, poses: Array, slot_offset: int = 0) -> Puppet:
        """Add a shape that moves rigidly (or affinely) by ``poses`` (T, 4, 4)."""
        self._shape.merge(shape, slot_offset=slot_offset)
        local = shape.vertices
        self._tracks.append(np.einsum("tij,vj->tvi", poses[:, :3, :3], local) + poses[:, None, :3, 3])
        self._rests.append(local)
        return self

    def still(self, shape: Shape, at: Array | None = None, slot_offset: int = 0) -> Puppet:
        """Add a shape that stands still, placed by ``at`` (4, 4)."""
        return self.rigid(shape, np.tile(np.eye(4) if at is None else at, (self._times, 1, 1)), slot_offset)

    def soft(self, shape: Shape, positions: Array, slot_offset: int = 0) -> Puppet:
        """Add a shape whose vertices are at ``positions`` (T, V, 3); the shape's own are its rest."""
        self._shape.merge(shape, slot_offset=slot_offset)
        self._tracks.append(positions)
        self._rests.append(shape.vertices)
        return self

    def skin(self, grids: Array, slot: int = 0, close: bool = True, rest: Array | None = None) -> Puppet:
        """Add a grid of points (T, R, C, 3) as quads (`Shape.sheet`), closed across columns; ``rest`` (R, C, 3) is
        where its texture is taken from (default: its pose at the last time)."""
        first = grids[-1] if rest is None else rest
        return self.soft(Shape().sheet(first, slot, close=close), grids.reshape(self._times, -1, 3))

    def bake(self, name: str, materials: Sequence[bpy.types.Material], floor_m: float | None = None,
             sharp_deg: float = 50.0) -> bpy.types.Object:  # fmt: skip
        """Return the object with its motion baked; ``floor_m`` lifts vertices that dip below the floor."""
        positions = np.concatenate(self._tracks, axis=1)
        if floor_m is not None:
            positions[..., 2] = np.maximum(positions[..., 2], floor_m + 0.0005)
        subject = self._shape.to_object(name, materials, sharp_deg=sharp_deg)
        pin_textures(subject, np.concatenate(self._rests))
        bake_vertices(subject, positions)
        return subject


def pin_textures(subject: bpy.types.Object, rest: Array) -> None:
    """Make textures that read object coordinates stick to a deforming surface, at its rest positions (V, 3)."""
    layer = subject.data.attributes.new(REST_ATTRIBUTE, "FLOAT_VECTOR", "POINT")
    layer.data.foreach_set("vector", np.ascontiguousarray(rest, dtype=np.float32).ravel())
    for material in subject.data.materials:
        tree = material.node_tree
        for node in [n for n in tree.nodes if n.type == "TEX_COORD"]:
            targets = [link.to_socket for link in node.outputs["Object"].links]
            pinned = tree.nodes.new("ShaderNodeAttribute")
            pinned.attribute_name = REST_ATTRIBUTE
            for target in targets:
                tree.links.new(pinned.outputs["Vector"], target)


def frames_along(tangents: Array, up: ArrayLike) -> Array:
    """Return rotations (..., 3, 3) with x along ``tangents`` (..., 3) and z as near ``up`` (broadcast) as can be."""
    x = normalise(tangents)
    y = normalise(np.cross(np.broadcast_to(np.asarray(up, dtype=np.float64), x.shape), x))
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def sweep(spine: Array, widths: ArrayLike, heights: ArrayLike, up: ArrayLike = (0.0, 0.0, 1.0),
          sides: int = 12) -> Array:  # fmt: skip
    """Return a skin (T, N, sides, 3) of ellipses round moving curves, for `Puppet.skin`.

    Args:
        spine: (T, N, 3) points of the curve, in metres.
        widths, heights: half axes (N,) or (T, N) across and along ``up``.
        up: direction (3,), (T, 1, 3) or (T, N, 3) that must not lie along the curve.
    """
    tangents = np.gradient(spine, axis=1)
    frames = frames_along(tangents, up)
    angles = np.arange(sides) * 2 * np.pi / sides
    across = np.asarray(widths, dtype=np.float64)[..., None] * np.cos(angles)
    along = np.asarray(heights, dtype=np.float64)[..., None] * np.sin(angles)
    across, along = (np.broadcast_to(a, (*spine.shape[:2], sides)) for a in (across, along))
    return (spine[:, :, None] + across[..., None] * frames[:, :, None, :, 1]
            + along[..., None] * frames[:, :, None, :, 2])  # fmt: skip


def curve_through(joints: Array, count: int) -> Array:
    """Return ``count`` points (T, count, 3) on Catmull-Rom curves through ``joints`` (T, J, 3), ends included."""
    padded = np.concatenate([2 * joints[:, :1] - joints[:, 1:2], joints, 2 * joints[:, -1:] - joints[:, -2:-1]], axis=1)
    where = np.linspace(0, joints.shape[1] - 1, count)
    low = np.minimum(where.astype(int), joints.shape[1] - 2)
    u = (where - low)[None, :, None]
    a, b, c, d = (padded[:, low + k] for k in range(4))
    return 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3)


def taper(points: Sequence[tuple[float, float]], count: int) -> Array:
    """Return ``count`` values of the piecewise linear function through (position 0..1, value), for radii."""
    where, values = zip(*points, strict=True)
    return np.interp(np.linspace(0, 1, count), where, values)


class Loop:
    """A closed curve walked at constant speed; metres. ``points`` (K, 3) close on themselves (last is not first)."""

    def __init__(self, points: Array) -> None:
        closed = np.concatenate([points, points[:1]])
        steps = np.linalg.norm(np.diff(closed, axis=0), axis=-1)
        self._closed = closed
        self._along = np.concatenate([[0.0], np.cumsum(steps)])
        self.length_m = float(self._along[-1])

    def at(self, metres: ArrayLike) -> Array:
        """Return points (..., 3) at distances along the curve."""
        where = np.mod(np.asarray(metres, dtype=np.float64), self.length_m)
        return np.stack([np.interp(where, self._along, self._closed[:, k]) for k in range(3)], axis=-1)

    def direction(self, metres: ArrayLike, reach_m: float = 0.05) -> Array:
        """Return unit tangents (..., 3), smoothed over ``reach_m`` metres either side."""
        where = np.asarray(metres, dtype=np.float64)
        return normalise(self.at(where + reach_m) - self.at(where - reach_m))

    def bend(self, metres: ArrayLike, reach_m: float = 0.15) -> Array:
        """Return the curvature seen from above (...,) in 1/m, positive to the left."""
        where = np.asarray(metres, dtype=np.float64)
        before, after = self.direction(where - reach_m), self.direction(where + reach_m)
        turn = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
        return np.arcsin(np.clip(turn, -1, 1)) / (2 * reach_m)


def draw_loop(kind: str, radius_m: float, rng: np.random.Generator) -> Loop:
    """Return a level loop round the origin within ``radius_m``: 'circle', 'oval' or 'eight', drawn turned and mirrored.

    The eight is Gerono's lemniscate widened to a height of 0.8 of its length.
    """
    angle = np.arange(720) * 2 * np.pi / 720 * (1 if rng.random() < 0.5 else -1)
    if kind == "eight":
        flat = np.stack([np.sin(angle), 0.8 * np.sin(2 * angle) / 1.28], axis=-1)
        flat = flat / np.linalg.norm(flat, axis=-1).max() * radius_m
    else:
        flat = radius_m * np.stack([np.cos(angle), np.sin(angle) * (0.66 if kind == "oval" else 1.0)], axis=-1)
    turn = float(rng.uniform(0, 2 * np.pi))
    c, s = np.cos(turn), np.sin(turn)
    return Loop(np.column_stack([flat @ np.array([[c, s], [-s, c]]), np.zeros(len(flat))]))


def wander(rng: np.random.Generator, seconds: Array, period_s: float, channels: int = 1, waves: int = 3) -> Array:
    """Return smooth noise (channels, T) within -1..1 that does not repeat: sines of incommensurate periods."""
    made = np.zeros((channels, len(seconds)))
    for wave in range(waves):
        stretch = period_s / (1 + 0.618 * wave) * rng.uniform(0.85, 1.15, (channels, 1))
        phase = rng.uniform(0, 2 * np.pi, (channels, 1))
        made += np.sin(2 * np.pi * seconds / stretch + phase) / (1 + 0.5 * wave)
    return made / sum(1 / (1 + 0.5 * wave) for wave in range(waves))


def ease(share: ArrayLike) -> Array:
    """Return the smooth step of a share, clamped to 0..1."""
    u = np.clip(np.asarray(share, dtype=np.float64), 0, 1)
    return u * u * (3 - 2 * u)


def seconds_of(context: AnimationContext) -> Array:
    """Return the seconds (T,) of the times."""
    return np.arange(context.times) / context.fps


def progress_of(context: AnimationContext) -> Array:
    """Return how much of the clip has passed at each time, (T,) from 0 to 1."""
    return np.linspace(0, 1, context.times) if context.times > 1 else np.zeros(1)


def stage_point(context: AnimationContext) -> Array:
    """Return the stage's centre on the floor (3,)."""
    x, y, _ = context.scene.stage_centre
    return np.array([x, y, context.scene.floor_m])


def framed_radius(context: AnimationContext) -> float:
    """Return the radius in metres of the largest sphere about the stage that a camera on any side of it can hold.

    Larger motions leave no path all round them within the camera box.
    """
    scene = context.scene
    sides = [scene.stage_centre[k] - scene.camera_min[k] for k in (0, 1)]
    sides += [scene.camera_max[k] - scene.stage_centre[k] for k in (0, 1)]
    return FRAMED * min(sides)


def shrink_to_frame(context: AnimationContext, reach_m: float) -> float:
    """Return the factor, at most 1, by which a motion that reaches ``reach_m`` metres must shrink to be framed."""
    return float(np.clip(framed_radius(context) / reach_m, SMALLEST_SHARE, 1.0))


def root_of(name: str, parts: Sequence[bpy.types.Object]) -> bpy.types.Object:
    """Return an empty at the origin to which the parts are parented: one subject of several objects."""
    root = bpy.data.objects.new(name, None)
    root[NAME_PROPERTY] = name
    bpy.context.scene.collection.objects.link(root)
    for part in parts:
        part.parent = root
    return root


def placed(rotations: Array, origins: Array) -> Array:
    """Return poses (T, 4, 4); rotations (T, 3, 3) or (3, 3), origins (T, 3) or (3,)."""
    times = max(len(rotations) if rotations.ndim == 3 else 1, len(origins) if origins.ndim == 2 else 1)
    return pose(np.broadcast_to(rotations, (times, 3, 3)), np.broadcast_to(origins, (times, 3)))


def draw_colours(rng: np.random.Generator, count: int) -> tuple[list[str], list[Colour]]:
    """Return names and linear RGB of ``count`` different accents."""
    names = [str(name) for name in rng.permutation(list(ACCENTS))[:count]]
    return names, [srgb(ACCENTS[name]) for name in names]


def article(word: str) -> str:
    """Return the word with 'a' or 'an' before it."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def mean_heading_deg(direction: NDArray[np.float64]) -> float:
    """Return the azimuth (degrees, 0..360) of a vector (3,)."""
    return float(np.degrees(np.arctan2(direction[1], direction[0])) % 360.0)


def patched(name: str, base: Colour, patch: Colour, scale: float, cover: float = 0.45,
            roughness: float = 0.6) -> bpy.types.Material:  # fmt: skip
    """Return a coat with irregular patches over about a share ``cover`` of it, ``scale`` of them to a metre."""
    graph = Graph(name)
    where = graph.local()
    edge = 0.5 + 0.32 * (0.5 - cover)
    spots = graph.remap(graph.noise(where, scale, 1.5), 0.0, 1.0, edge - 0.015, edge + 0.015)
    graph.set(Base_Color=graph.mix(spots, base, patch), Roughness=roughness)
    return graph.material
