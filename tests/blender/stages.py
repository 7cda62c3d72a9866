"""Stages, cameras and renders that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderLaunch, Limits, RenderRequest
from camxtime.geometry.cameras import Cameras, look_at

WIDTH, HEIGHT = 64, 48
ALL_PASSES = ["rgb", "depth", "instance", "position", "normal", "albedo"]

Cells = dict[tuple[int, int], dict[str, NDArray[np.float32]]]


def engine(**changes: Any) -> dict[str, Any]:
    """A cheap engine on the CPU."""
    base = {"device": "CPU", "threads": 2, "samples": 2, "denoise": "none", "view_transform": "AgX", "look": "None",
            "exposure_ev": 0.0, "max_bounces": 2, "adaptive_threshold": 0.0, "film_transparent": False}  # fmt: skip
    return {**base, **changes}


def calibration(times: int = 8, **params: Any) -> dict[str, Any]:
    """The calibration stage: everything in it is at a stated place."""
    return {
        "scene": {"id": "calibration", "family": "calibration", "params": params, "seed": 1},
        "animation": {"id": "calibration", "family": "calibration", "params": {}, "seed": 2},
        "times": times,
        "fps": 8.0,
    }


def knight(assets: Path, clip: str = "Running_A", times: int = 16, **changes: Any) -> dict[str, Any]:
    """The knight in the dungeon room."""
    animation = {"id": "knight", "file": str(assets / "kaykit" / "Knight.glb"), "clip": clip, "height_m": 1.8,
                 "fit": "loop", "root_motion": "keep", "params": {}, "seed": 2, **changes}  # fmt: skip
    scene = {"id": "dungeon", "file": str(assets / "dungeon" / "dungeon_room.glb"), "params": {}, "seed": 1}
    return {"scene": scene, "animation": animation, "times": times, "fps": 12.0}


def start(folder: Path, pixels: str = "auto", work_s: float = 300.0) -> BlenderProcess:
    """A started Blender with its scratch and log in `folder`."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    process = BlenderProcess(BlenderLaunch(None, scratch, folder / "blender.log", {}, pixels, Limits(120.0, work_s)))
    process.start()
    return process


def ring(count: int, target: tuple[float, float, float] = (0.0, 0.0, 0.9), distance: float = 6.0) -> Cameras:
    """Cameras on an arc round a target, each with its own focal length and principal point."""
    azimuth = 0.3 + 0.25 * np.arange(count)
    eyes = np.array(target) + distance * np.stack([np.cos(azimuth), np.sin(azimuth), 0.3 + 0 * azimuth], axis=1)
    c2w = np.stack([look_at(eye, target, (0, 0, 1)) for eye in eyes])
    K = np.tile(np.eye(3), (count, 1, 1))
    K[:, 0, 0] = K[:, 1, 1] = WIDTH * (0.9 + 0.1 * np.arange(count))
    K[:, 0, 2], K[:, 1, 2] = 0.47 * WIDTH, 0.53 * HEIGHT
    return Cameras(c2w, K, WIDTH, HEIGHT)


def render(process: BlenderProcess, cameras: Cameras, times: list[int], views: int = 3) -> Cells:
    """Render cells and return copies by (time, camera)."""
    cells: Cells = {}
    for batch in process.render(RenderRequest(cameras, times, [100 + t for t in times], views)):
        for i, camera in enumerate(batch.cameras):
            cells[batch.time, camera] = {name: np.array(images[i]) for name, images in batch.passes.items()}
    return cells


def same(a: Cells, b: Cells, passes: list[str] = ALL_PASSES) -> bool:
    """Whether the cells that both hold are equal bit for bit in the given passes."""
    common = a.keys() & b.keys()
    assert common
    return all(np.array_equal(a[key][name], b[key][name]) for key in common for name in passes)
