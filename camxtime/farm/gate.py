"""The quality gate: a few small cells of a drawn path, rendered before the path is fixed, held against the spec's bounds.

The same Blender, stage, engine and colour as the grid's cells, at `SIDE` pixels and `SAMPLES` samples. What is judged is
what these cells can tell and another draw may mend (`gated` in `camxtime.spec.quality`). Light is averaged over blocks of
pixels before the view transform, so that the noise of few samples does not count as black or blown out. The noise seed
comes from the grid's seed: the verdict is a function of the spec, Blender and the device, like the cells themselves.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError, WorkError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import RenderRequest, StageReport
from camxtime.farm.color import DisplayTransform
from camxtime.farm.jobs import GridJob, Recipe, noise_seed
from camxtime.geometry.cameras import Cameras
from camxtime.quality.judge import Fault, judge
from camxtime.quality.measures import Values, exposure, measure
from camxtime.quality.sample import Sample, spread, subject_ids
from camxtime.spec.quality import MEASURES, Quality

SIDE, SAMPLES, BLOCK = 48, 4, 4
"""Longer side of a probe cell in pixels; most samples; side of the blocks over which light is averaged."""

CAMERAS, TIMES = 3, 3
"""Probe cells: first, middle and last camera at three times."""

PASSES = ("rgb", "depth", "instance")
GATED = tuple(name for name, known in MEASURES.items() if known.gated)

RESERVE = {"subject_share": 1.25}
"""A few cells tell the subject's share of all cells to about a fifth: a path that just passes here could fail there."""


@dataclass(frozen=True, eq=False)
class ProbeCells:
    """What a few cells say of a drawn path. seconds: of rendering them; cells: how many."""

    values: Values
    seconds: float
    cells: int


def probe_times(times: int) -> list[int]:
    """Up to `TIMES` times: the first, one a golden section on, and one near the end, so that no cycle hides motion."""
    return sorted({int(t) for t in np.array([0.0, 0.382, 0.854]) * (times - 1) + 0.5})


def reduced(cameras: Cameras, side: int = SIDE) -> Cameras:
    """The same cameras with images whose longer side is at most `side` pixels (8 at least on the shorter)."""
    scale = min(1.0, side / max(cameras.width, cameras.height))
    width, height = max(8, round(cameras.width * scale)), max(8, round(cameras.height * scale))
    K = cameras.K.copy()
    K[:, 0, :] *= width / cameras.width
    K[:, 1, :] *= height / cameras.height
    K[:, 0, 0] = K[:, 1, 1] = np.sqrt(K[:, 0, 0] * K[:, 1, 1])  # rounding the sides must not make pixels oblong
    return Cameras(cameras.c2w, K, width, height)


class Gate:
    """Looks at drawn paths of one grid. Blender is left configured as it was found."""

    def __init__(self, process: BlenderProcess, stage: StageReport, grid: GridJob, recipe: Recipe) -> None:
        self._process = process
        self._subjects = subject_ids(stage.instances)
        self._grid = grid
        self._recipe = recipe
        self._bounds = Quality.model_validate(recipe.quality)

    def judge(self, cameras: Cameras) -> tuple[list[Fault], Values]:
        """What is wrong with a path's probe cells, worst first, and every value that they can tell."""
        values = self.look(cameras).values
        return judge(values, self._bounds, GATED, RESERVE), {name: v for name, v in values.items() if v is not None}

    def look(self, cameras: Cameras) -> ProbeCells:
        """Render the probe cells of a path and measure them.

        Raises:
            WorkError: Blender fails.
        """
        path = reduced(cameras)
        chosen, times = spread(len(path), CAMERAS), probe_times(self._recipe.times)
        started = clock.perf_counter()
        with _configured(self._process, self._engine(), (path.width, path.height)) as config:
            transform = DisplayTransform.of_engine(config, self._recipe.engine)
            seeds = [noise_seed(self._grid.seed, time) for time in times]
            request = RenderRequest(path.subset(chosen), times, seeds, len(chosen))
            passes = [
                {name: np.array(pixels) for name, pixels in batch.passes.items()}
                for batch in self._process.render(request)
            ]
        seconds = clock.perf_counter() - started
        if len(passes) != len(times):
            raise WorkError(f"Blender returned {len(passes)} batches of probe cells, not {len(times)}.")
        images = {name: np.stack([batch[name] for batch in passes]) for name in PASSES}
        sample = Sample(
            chosen,
            np.array(times, dtype=np.int64),
            path,
            self._subjects,
            depth=images["depth"][..., 0],
            instance=images["instance"][..., 0].astype(np.uint16),
        )
        light = exposure(transform.to_uint8(block_means(images["rgb"])))
        return ProbeCells({**measure(sample), **light}, seconds, len(chosen) * len(times))

    def _engine(self) -> dict[str, Any]:
        now = dict(self._process.setup[0]) if self._process.setup is not None else {}
        kept: dict[str, Any] = {name: now[name] for name in ("device", "threads") if name in now}
        samples = min(self._recipe.engine["samples"], SAMPLES)
        return {**self._recipe.engine, **kept, "samples": samples, "adaptive_threshold": 0.0, "denoise": "none"}


@contextmanager
def _configured(process: BlenderProcess, engine: dict[str, Any], image: tuple[int, int]) -> Iterator[Any]:
    """Blender configured otherwise for a while; yields its colour configuration."""
    before = process.setup
    try:
        yield process.configure(engine, image, list(PASSES)).ocio_config
        if before is not None:  # after an error Blender is replaced, not restored
            process.configure(*before)
    except (
        InputError
    ) as error:  # not the path's fault: as bad content it would leave Blender configured for probe cells
        raise WorkError(f"Blender cannot render probe cells: {error}") from error


def block_means(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., H // BLOCK, W // BLOCK, channels) means over blocks of pixels; the images' odd edges are left out."""
    height, width = (max(n // BLOCK, 1) for n in linear.shape[-3:-1])
    rows, columns = (min(BLOCK, n) for n in linear.shape[-3:-1])
    cut = linear[..., : height * rows, : width * columns, :]
    blocks = cut.reshape(*linear.shape[:-3], height, rows, width, columns, linear.shape[-1])
    return np.asarray(blocks.mean(axis=(-4, -2), dtype=np.float32))
