"""Wings and tails of birds as thin sheets that flap: positions over time in the bird's frame (x forward, y left)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blender_scripts.build_tools import Array
from blender_scripts.motion_tools import taper


@dataclass(frozen=True)
class Wing:
    """A wing's form: length and chord at the root in metres, how pointed it is (0..1), number of finger feathers."""

    length: float
    chord: float
    pointed: float
    fingers: int


@dataclass(frozen=True)
class Beat:
    """A wing's motion over T times: phase (T,) in radians, its strength (T,) 0..1 and the amplitude in degrees."""

    phase: Array
    strength: Array
    degrees: float

    @property
    def lift(self) -> Array:
        """Return how the body answers, (T,): up while the wings go down."""
        return -np.cos(self.phase) * self.strength


def wing_grid(wing: Wing, beat: Beat, side: int, root: tuple[float, float, float], stations: int = 21) -> Array:
    """Return a wing (T, stations, 5, 3) from its root outwards; columns run from the leading to the trailing edge.

    The arm rises by the beat's sine and the hand follows a quarter beat later; on the upstroke the hand folds back.
    ``side`` is 1 for the left wing and -1 for the right one; ``root`` is where its leading edge meets the body.
    """
    share = np.linspace(0, 1, stations)
    amplitude = np.radians(beat.degrees) * beat.strength[:, None]
    arm = amplitude * np.sin(beat.phase)[:, None] + 0.1
    hand = amplitude * 0.75 * np.sin(beat.phase - 1.25)[:, None] - 0.06
    angle = arm + hand * np.clip((share - 0.3) / 0.35, 0, 1)[None]
    folding = 0.5 * np.maximum(np.cos(beat.phase), 0)[:, None] * beat.strength[:, None]
    step = wing.length / (stations - 1)
    out = np.concatenate([np.zeros((len(angle), 1)), np.cumsum(np.cos(angle[:, 1:]), axis=1)], axis=1) * step
    up = np.concatenate([np.zeros((len(angle), 1)), np.cumsum(np.sin(angle[:, 1:]), axis=1)], axis=1) * step
    out = out * (1 - 0.12 * folding)
    bow = 0.14 * np.sin(np.pi * np.clip(share / 0.75, 0, 1)) * wing.length * 0.5
    rake = (0.1 + 0.35 * wing.pointed + folding) * np.clip(share - 0.35, 0, 1)[None] * wing.length
    lead = bow[None] - rake
    chord = wing.chord * taper([(0, 1.0), (0.4, 1.05), (0.7, 0.85 - 0.3 * wing.pointed), (1, 0.42 - 0.34 * wing.pointed)],
                               stations)  # fmt: skip
    notches = np.where(share > 0.5, 0.32 * (1 - wing.pointed) * (0.5 - 0.5 * np.cos(2 * np.pi * wing.fingers * (share - 0.5))),
                       0.06 * (0.5 - 0.5 * np.cos(16 * np.pi * share)))  # fmt: skip
    chord = chord * (1 - notches)
    columns = np.array([0.0, 0.2, 0.45, 0.72, 1.0])
    camber = np.array([0.0, 0.07, 0.075, 0.04, -0.02])
    x = lead[:, :, None] - chord[None, :, None] * columns
    z = up[:, :, None] + (wing.chord * camber)[None, None] * (1 - 0.6 * share)[None, :, None]
    y = np.broadcast_to((side * out)[:, :, None], x.shape)
    grid = np.stack([x, y, z], axis=-1) + np.array([root[0], side * root[1], root[2]])
    return grid if side > 0 else grid[:, :, ::-1]


def tail_grid(length: float, spread_deg: float, pitch: Array, root: tuple[float, float, float]) -> Array:
    """Return a fanned tail (T, 5, 9, 3) behind ``root``, pitched by angles (T,) in radians."""
    away = np.linspace(0, 1, 5)[:, None]
    fan = np.radians(np.linspace(-spread_deg, spread_deg, 9))[None]
    reach = length * (1 - 0.1 * np.abs(np.linspace(-1, 1, 9))[None] ** 2)
    flat = away * reach * np.cos(fan)
    aside = away * reach * np.sin(fan) + (1 - away) * np.linspace(-0.12, 0.12, 9)[None] * length
    x = -flat[None] * np.cos(pitch)[:, None, None]
    z = -flat[None] * np.sin(pitch)[:, None, None] - 0.15 * np.abs(aside)[None]
    return np.stack([x, np.broadcast_to(aside[None], x.shape), z], axis=-1) + np.array(root)
