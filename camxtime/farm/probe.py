"""A short real render on this machine, from which a plan's time and bytes are estimated.

Two small sizes of the first grid's own stage, cameras and recipe are rendered. Time per cell is fitted as
overhead + rate x pixels (the overhead of a call does not grow with the image, path tracing and denoising do), bytes per
cell as a power law of the pixels (larger images of the same content compress better), and both are read off at the size
that the spec asks for.
"""

from __future__ import annotations

import math
import tempfile
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from camxtime.farm.blender import BlenderLaunch, BlenderProcess, RenderRequest
from camxtime.farm.color import DisplayTransform
from camxtime.farm.encode import Encoder
from camxtime.farm.jobs import Recipe, noise_seed, plan_run
from camxtime.farm.prepare import prepare
from camxtime.geometry.cameras import Cameras
from camxtime.spec import Expansion, LoadedSpec, Rates

PROBE_SIDES = (48, 96)
MOST_SAMPLES = 16
MOST_VIEWS = 4


@dataclass(frozen=True)
class ProbePoint:
    """One measured size: pixels of a cell, seconds and bytes (by pass) per cell."""

    pixels: int
    seconds: float
    nbytes: Mapping[str, float]


def probe_rates(
    loaded: LoadedSpec, expansion: Expansion, workers: int, assets: str | None, blender: str | None
) -> Rates:
    """Render a few small cells of the spec's first grid here and derive rates for the whole.

    Args:
        workers: machines like this one that will render.
        assets: folder of the spec's files, or None for the spec's own.
        blender: Blender executable, or None for this Python's bpy.

    Raises:
        InputError: an asset, device or executable is at fault, or the first grid's path cannot be placed.
        WorkError: Blender fails.
    """
    plan = plan_run(expansion, loaded.assets_root(Path(assets) if assets is not None else None))
    recipe = plan.recipe
    engine = {**recipe.engine, "device": "CPU", "threads": 0, "samples": min(recipe.engine["samples"], MOST_SAMPLES)}
    stage, grid = plan.stages[0].stage, plan.stages[0].grids[0]
    ungated = replace(recipe, quality={**recipe.quality, "gate": False})  # what a cell costs, not whether it is good
    with tempfile.TemporaryDirectory(prefix="camxtime-probe-") as folder:
        launch = BlenderLaunch(blender, Path(folder), Path(folder) / "blender.log")
        with BlenderProcess(launch) as process:
            process.start()
            process.configure(engine, (recipe.width, recipe.height), list(recipe.passes))
            cameras = prepare(process, process.load_stage(stage.request), grid, ungated).cameras
            points = [_measure(process, engine, _resized(cameras, side), recipe, grid.seed) for side in PROBE_SIDES]
    pixels = recipe.width * recipe.height
    seconds = seconds_at(points[0], points[1], pixels, recipe.engine["samples"] / engine["samples"])
    nbytes = {name: bytes_at(points[0], points[1], name, pixels) for name in recipe.passes}
    spread = f", times {workers} such machines" if workers > 1 else ""
    return Rates(workers / seconds, nbytes, f"a probe on this machine's CPU: {_words(seconds)} a cell{spread}")


def seconds_at(small: ProbePoint, large: ProbePoint, pixels: int, more_samples: float = 1.0) -> float:
    """Seconds per cell of `pixels`: overhead + rate x pixels through two points; the rate grows with the samples."""
    rate = max((large.seconds - small.seconds) / (large.pixels - small.pixels), 0.0)
    overhead = max(small.seconds - rate * small.pixels, 0.0)
    return overhead + rate * pixels * more_samples


def bytes_at(small: ProbePoint, large: ProbePoint, name: str, pixels: int) -> float:
    """Bytes per cell of `pixels`: a power law through two points, with an exponent from 0.5 (edges) to 1 (noise)."""
    growth = math.log(max(large.nbytes[name], 1.0) / max(small.nbytes[name], 1.0))
    exponent = min(max(growth / math.log(large.pixels / small.pixels), 0.5), 1.0)
    return float(large.nbytes[name] * (pixels / large.pixels) ** exponent)


def _resized(cameras: Cameras, side: int) -> Cameras:
    """Up to MOST_VIEWS cameras of the path, evenly spaced, with images whose longer side is `side` pixels."""
    scale = side / max(cameras.width, cameras.height)
    width, height = max(8, round(cameras.width * scale)), max(8, round(cameras.height * scale))
    chosen = cameras.subset(np.unique(np.linspace(0, len(cameras) - 1, MOST_VIEWS).round().astype(int)))
    K = chosen.K.copy()
    K[:, 0, 0] = K[:, 1, 1] = chosen.K[:, 0, 0] * width / cameras.width
    K[:, 0, 2], K[:, 1, 2] = width / 2, height / 2
    return Cameras(chosen.c2w, K, width, height)


def _measure(
    process: BlenderProcess, engine: dict[str, Any], cameras: Cameras, recipe: Recipe, seed: int
) -> ProbePoint:
    """Render one time to warm up and one to measure."""
    device = process.configure(engine, (cameras.width, cameras.height), list(recipe.passes))
    encoder = Encoder(recipe.passes, DisplayTransform.of_engine(device.ocio_config, recipe.engine), 1)
    try:
        for time in {0, recipe.times - 1}:
            started = clock.perf_counter()
            request = RenderRequest(cameras, [time], [noise_seed(seed, time)], len(cameras))
            sizes = [
                {name: len(data) for name, data in cell.items()}
                for batch in process.render(request)
                for _, cell in encoder.submit(batch).cells()
            ]
            seconds = clock.perf_counter() - started
    finally:
        encoder.close()
    nbytes = {name: sum(size[name] for size in sizes) / len(sizes) for name in recipe.passes}
    return ProbePoint(cameras.width * cameras.height, seconds / len(cameras), nbytes)


def _words(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"
