"""Strips of a grid's diagonal cells: what the report shows of each grid."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from camxtime.shards.colours import pass_colours
from camxtime.shards.grid import Grid

CELLS, THUMB = 6, 72


def strip(grid: Grid) -> bytes | None:
    """JPEG of `CELLS` diagonal cells of a grid in a row, `THUMB` pixels high; None where nothing is rendered."""
    name = "rgb" if "rgb" in grid.passes else grid.passes[0]
    f = np.linspace(0, 1, CELLS)
    cameras, times = (np.rint(f * (count - 1)).astype(int) for count in (grid.C, grid.T))
    there = grid.index.shard[times, cameras, grid.passes.index(name)] >= 0
    if not there.any():
        return None
    pictures = pass_colours(name, grid.clip(cameras[there], times[there], (name,)).image(name))
    width = max(1, round(THUMB * grid.W / grid.H))
    sheet = Image.new("RGB", (CELLS * (width + 2) - 2, THUMB), (226, 228, 232))
    for column, picture in zip(np.flatnonzero(there), pictures, strict=True):
        small = Image.fromarray(np.ascontiguousarray(picture)).resize((width, THUMB), Image.Resampling.LANCZOS)
        sheet.paste(small, (int(column) * (width + 2), 0))
    target = io.BytesIO()
    sheet.save(target, "JPEG", quality=85)
    return target.getvalue()
