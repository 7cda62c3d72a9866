"""The figure of docs/camera_paths.md: a top view of one draw of each kind. Needs matplotlib."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.geometry.cameras import Cameras, hfov_deg
from camxtime.geometry.framing import Framing
from camxtime.geometry.paths import KINDS, PathRequest, draw

CAMERAS = 33
SIZE = 64

KEYS = {
    "frame": "subject",
    "interpolation": "smooth",
    "keys": [
        {"at": 0, "position": [4.2, -1.5, 0.5], "look_at": [0, 0, 0]},
        {"at": 40, "position": [2.6, 1.0, 0.9], "look_at": [0, 0, 0]},
        {"at": 80, "position": [3.6, 3.2, 1.2], "look_at": [0, 0, 0]},
        {"at": 119, "position": [0.5, 4.0, 0.6], "look_at": [0, 0, 0]},
    ],
}
TRAJECTORY = {"pitch": [0, 12, 0, -4, 0], "yaw": [0, 25, 0, -25, 0], "displacement": [1]}

START = {"azimuth_deg": -25, "elevation_deg": 12, "distance_fit": 1.1, "hfov_deg": 52, "direction": 1, "inward": 1}
CHOSEN: dict[str, dict[str, Any]] = {
    "arc": {"sweep_deg": 75},
    "arc_rise": {"sweep_deg": 75, "rise_deg": 18},
    "spiral": {"turns": 1.3, "widen": 0.3, "climb_deg": 12},
    "pan": {"sweep_deg": 24, "centre_at": 0.5},
    "tilt": {"sweep_deg": 16, "centre_at": 0.5},
    "dolly": {"travel": 0.8},
    "zoom": {"ratio": 2},
    "truck": {"travel": 0.5, "centre_at": 0.5},
    "pedestal": {"travel": 0.35, "centre_at": 0.5},
    "random_walk": {"waypoints": 7, "spread_azimuth_deg": 45, "spread_distance": 0.5, "walk_seed": 4},
    "handheld": {"drift_deg": 12, "shake_deg": 1, "shake_distance": 0.01, "shake_seed": 1},
    "keyframes": {"keys": KEYS},
    "trajectory": {"keys": TRAJECTORY},
}


def example(kind: str) -> tuple[Cameras, Framing]:
    """The cameras drawn for a kind, and the framing they are drawn for."""
    bounds = np.array([[[-0.5, -0.5, 0.0], [0.5, 0.5, 1.8]]])
    framing = Framing(bounds, np.full(3, -20.0), np.full(3, 20.0), 0.0, 0.0)
    names = {field.name for field in dataclasses.fields(KINDS[kind])}
    ranges = {name: value for name, value in {**START, **CHOSEN.get(kind, {})}.items() if name in names}
    request = PathRequest(framing, CAMERAS, SIZE, SIZE)
    return draw(kind, ranges, request, np.random.default_rng(0)).cameras, framing


def draw_figure(target: Path) -> None:
    """Draw all kinds and write a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = 5
    rows = -(-len(KINDS) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(2.5 * columns, 2.75 * rows), layout="constrained")
    for axis in axes.flat[len(KINDS) :]:
        axis.set_axis_off()
    for axis, kind in zip(axes.flat, KINDS, strict=False):
        _panel(axis, kind, *example(kind))
    target.parent.mkdir(parents=True, exist_ok=True)
    # No metadata: the same picture gives the same bytes.
    figure.savefig(target, dpi=90, metadata={"Software": None})
    pyplot.close(figure)


def _panel(axis: Any, kind: str, cameras: Cameras, framing: Framing) -> None:
    from matplotlib.patches import Circle

    centre = framing.target
    axis.add_patch(Circle(centre[:2], framing.radius_m(), color="0.9"))
    axis.plot(*centre[:2], "o", color="0.3", markersize=3)
    axis.plot(centre[0] + framing.radius_m(), centre[1], marker=">", color="0.3", markersize=5)
    eyes, views = cameras.centres, cameras.forward
    for eye, forward in zip(eyes[::4], views[::4], strict=True):
        axis.plot(*np.stack([eye, eye + 0.9 * forward])[:, :2].T, color="tab:blue", linewidth=0.7, alpha=0.7)
    axis.plot(eyes[:, 0], eyes[:, 1], color="tab:blue", linewidth=1.6)
    axis.plot(*eyes[0, :2], "o", color="tab:green", markersize=5)
    axis.plot(*eyes[-1, :2], "o", color="tab:red", markersize=3.5)
    axis.set(title=kind, aspect="equal", xlim=(-5, 6.2), ylim=(-5, 6.2), xticks=[-4, 0, 4], yticks=[-4, 0, 4])
    axis.title.set_fontsize(10)
    axis.tick_params(labelsize=6)
    _inset(axis, kind, cameras)


def _inset(axis: Any, kind: str, cameras: Cameras) -> None:
    """A small graph of what a top view does not show: height, tilt or lens along the path."""
    height = cameras.centres[:, 2]
    tilt = np.degrees(np.arcsin(np.clip(cameras.forward[:, 2], -1, 1)))
    lens = hfov_deg(cameras.K[:, 0, 0], cameras.width)
    if np.ptp(lens) > 1:
        values, label = lens, "field of view, °"
    elif kind == "tilt":
        values, label = tilt, "tilt, °"
    elif np.ptp(height) > 0.05:
        values, label = height, "height, m"
    else:
        return
    graph = axis.inset_axes((0.07, 0.74, 0.38, 0.2))
    graph.plot(np.linspace(0, 1, len(values)), values, color="tab:orange", linewidth=1.2)
    graph.set_title(label, fontsize=6, pad=1)
    graph.tick_params(labelsize=5, length=1.5, pad=1)
    graph.set_xticks([])
