"""What a spec will cost: counts by exact arithmetic, bytes and time from stated rates.

Counting follows the papers: one video is one full-motion clip from one fixed camera, so videos = grids x C, and
cells = grids x C x T.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from camxtime.codec_names import parse_codec
from camxtime.spec.expand import Expansion

# Typical bytes per pixel where no probe was rendered. Measured: PNG and lossless WebP at 1080² on a textured Cycles scene,
# JPEG there and on the demo at 96², depth and instance ids on the demo; zstd32 is what noise in float32 leaves.
TYPICAL_BYTES_PER_PIXEL = {"png": 1.03, "webp": 0.94, "logpng16": 0.46, "zstd32": 2.2, "png16": 0.13}
INDEX_BYTES_PER_PAYLOAD = 80  # Parquet page header, length and page index, plus the row in cells.parquet


@dataclass(frozen=True)
class Rates:
    """What an estimate rests on.

    Attributes:
        cells_per_second: of all workers together; None when unknown.
        bytes_per_cell: encoded bytes of one cell by pass; missing passes take the typical value of their codec.
        source: where the rates come from, in words.
    """

    cells_per_second: float | None = None
    bytes_per_cell: dict[str, float] | None = None
    source: str = "typical bytes per pixel; no render rate given"


@dataclass(frozen=True)
class CostEstimate:
    """What the spec will make and what it will take. `units`, `shards` and `tasks` are one number by design."""

    name: str
    scenes: int
    animations: int
    camera_paths: int
    stages: int
    grids: int
    cameras: int
    times: int
    cells: int
    videos: int
    units: int
    images: int
    bytes_by_pass: dict[str, int]
    render_seconds: float | None
    rates: str

    @property
    def bytes(self) -> int:
        return sum(self.bytes_by_pass.values())

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: every attribute, and `bytes`, `shards` and `tasks`."""
        return {**vars(self), "bytes": self.bytes, "shards": self.units, "tasks": self.units}


def typical_bytes_per_cell(codec: str, width: int, height: int) -> float:
    """Bytes of one encoded image by rule of thumb; for JPEG areas (q90 and q95 at 1080²) and edges (q95 at 96²) add up."""
    name = parse_codec(codec)
    if name.kind != "jpeg":
        return TYPICAL_BYTES_PER_PIXEL[name.kind] * width * height
    quality = name.quality or 95
    per_pixel = 0.127 * (0.199 / 0.127) ** ((quality - 90) / 5) * (1.35 if name.subsampling == "444" else 1.0)
    return min(per_pixel, 3.0) * width * height + 22.0 * (width * height) ** 0.5


def estimate(expansion: Expansion, rates: Rates | None = None) -> CostEstimate:
    """Counts, bytes and render time of a spec."""
    rates = rates or Rates()
    spec = expansion.spec
    grids = sum(len(stage.grids) for stage in expansion.stages)
    cells = grids * spec.grid.cameras * spec.grid.times
    measured = rates.bytes_per_cell or {}
    per_cell = {
        name: measured.get(name, typical_bytes_per_cell(codec, spec.image.width, spec.image.height))
        for name, codec in spec.passes.items()
    }
    return CostEstimate(
        name=spec.name,
        scenes=len({grid.scene_id for stage in expansion.stages for grid in stage.grids}),
        animations=len({grid.animation_id for stage in expansion.stages for grid in stage.grids}),
        camera_paths=len(spec.camera_paths),
        stages=len(expansion.stages),
        grids=grids,
        cameras=spec.grid.cameras,
        times=spec.grid.times,
        cells=cells,
        videos=grids * spec.grid.cameras,
        units=grids * expansion.units_per_grid,
        images=cells * len(spec.passes),
        bytes_by_pass={name: round(cells * (size + INDEX_BYTES_PER_PAYLOAD)) for name, size in per_cell.items()},
        render_seconds=cells / rates.cells_per_second if rates.cells_per_second else None,
        rates=rates.source,
    )
