"""Pictures for docs/gallery.md: stages built and filmed by the same code as a farm's, a few cells each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderLaunch, RenderRequest, StageReport
from camxtime.farm.color import DisplayTransform
from camxtime.farm.jobs import StagePlan, noise_seed, plan_run
from camxtime.farm.prepare import prepare
from camxtime.geometry.framing import Framing
from camxtime.shards.records import GridRecord
from camxtime.spec import DatasetSpec, expand

ENGINE = {"samples": 16, "max_bounces": 3, "denoise": "fast", "view_transform": "AgX", "exposure_ev": 0.5}

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Filmed:
    """A grid of which some cells were rendered: images (cameras chosen, times chosen, H, W, 3).

    things: how many objects of the instance table the first cell shows.
    """

    record: GridRecord
    stage: StageReport
    framing: Framing
    images: NDArray[np.uint8]
    things: int


class Studio:
    """One Blender, fed with specs; use it through `studio()`."""

    def __init__(self, process: BlenderProcess) -> None:
        self._process = process

    def film(self, fields: dict[str, Any], assets: Path, cameras: Sequence[int], times: Sequence[int]) -> list[Filmed]:
        """Render the chosen cells of every grid of a spec (`fields`: as in YAML, without version and name)."""
        spec = DatasetSpec.model_validate({"name": "gallery", "engine": ENGINE, **fields})
        plan = plan_run(expand(spec), assets)
        engine = {**plan.recipe.engine, "device": "CPU", "threads": 0}
        device = self._process.configure(engine, (spec.image.width, spec.image.height), ["rgb", "instance"])
        display = DisplayTransform.of_engine(device.ocio_config, plan.recipe.engine)
        return [filmed for stage in plan.stages for filmed in self._stage(stage, plan.recipe, display, cameras, times)]

    def _stage(
        self, plan: StagePlan, recipe: Any, display: DisplayTransform, cameras: Sequence[int], times: Sequence[int]
    ) -> Iterator[Filmed]:
        report = self._process.load_stage(plan.stage.request)
        for grid in plan.grids:
            record = prepare(self._process, report, grid, recipe)
            chosen = record.cameras.subset(np.asarray(cameras))
            seeds = [noise_seed(grid.seed, time) for time in times]
            images = np.zeros((len(cameras), len(times), recipe.height, recipe.width, 3), np.uint8)
            things = 0
            for batch in self._process.render(RenderRequest(chosen, list(times), seeds, len(chosen))):
                columns = slice(batch.cameras.start, batch.cameras.stop)
                images[columns, list(times).index(batch.time)] = display.to_uint8(batch.passes["rgb"])
                things = things or len(np.unique(batch.passes["instance"][0]))
            yield Filmed(record, report, Framing.from_dict(report.framing), images, things)


@contextmanager
def studio() -> Iterator[Studio]:
    """A Blender of this Python's bpy, ended with the context."""
    with tempfile.TemporaryDirectory(prefix="camxtime-gallery-") as folder:
        launch = BlenderLaunch(None, Path(folder), Path(folder) / "blender.log")
        with BlenderProcess(launch) as process:
            process.start()
            yield Studio(process)


def row(images: Sequence[Image], gap: int = 4) -> Image:
    """Pictures of one size side by side, white between them."""
    height, width = images[0].shape[:2]
    sheet = np.full((height, len(images) * (width + gap) - gap, 3), 255, np.uint8)
    for i, image in enumerate(images):
        sheet[:, i * (width + gap) : i * (width + gap) + width] = image
    return sheet
