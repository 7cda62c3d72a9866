"""Pixels that a Blender worker left in its scratch folder, as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from camxtime.farm.blender_types import BlenderFailed, Pixels, RenderedBatch

CHANNELS = {"rgb": 4, "depth": 1, "instance": 1, "position": 3, "normal": 3, "albedo": 3}
EXR_PASSES = {
    "rgb": ("Combined", "RGBA"),
    "depth": ("Depth", "Z"),
    "instance": ("Object Index", "X"),
    "position": ("Position", "XYZ"),
    "normal": ("Normal", "XYZ"),
    "albedo": ("Diffuse Color", "RGB"),
}
"""Our pass → (Blender's name, its channels in a multilayer EXR)."""

NO_HIT = 1e10
"""What Cycles writes as the depth of the background."""

Layout = tuple[int, int, tuple[str, ...], str]


def read_batch(scratch: Path, batch: dict[str, Any], layout: Layout) -> RenderedBatch:
    """Read and delete the file of a batch.

    layout: (width, height, passes, route). Raises BlenderFailed if the file does not hold what was announced.
    """
    path = scratch / Path(batch["file"]).name
    read = _read_raw if layout[3] == "memory" else _read_exr
    try:
        passes = read(path, int(batch["count"]), layout)
    except (OSError, KeyError, ValueError) as error:
        raise BlenderFailed(f"the pixels of time {batch['time']} cannot be read back: {error}") from error
    finally:
        path.unlink(missing_ok=True)  # mapped memory stays readable
    if "depth" in passes:
        depth = passes["depth"]
        depth[depth >= NO_HIT] = np.inf
    cameras = range(batch["first"], batch["first"] + batch["count"])
    return RenderedBatch(int(batch["time"]), cameras, passes, dict(batch["seconds"]))


def _read_raw(path: Path, views: int, layout: Layout) -> dict[str, Pixels]:
    """Map [pass][view][row from the bottom][column][channel]."""
    width, height, names, _ = layout
    flat = np.memmap(path, dtype=np.float32, mode="r+")
    passes, start = {}, 0
    for name in names:
        shape = (views, height, width, CHANNELS[name])
        count = int(np.prod(shape))
        passes[name] = flat[start : start + count].reshape(shape)[:, ::-1]
        start += count
    if start != flat.size:
        raise ValueError(f"{flat.size} values instead of {start}")
    return passes


def _read_exr(path: Path, views: int, layout: Layout) -> dict[str, Pixels]:
    """Read an uncompressed multi-part EXR: one part per pass and view, rows from the top."""
    import OpenEXR  # only this route needs it

    width, height, names, _ = layout
    passes = {name: np.empty((views, height, width, CHANNELS[name]), np.float32) for name in names}
    planes: dict[tuple[tuple[str, str], str], Pixels] = {}
    with OpenEXR.File(str(path), separate_channels=True) as file:
        for part in file.parts:
            label = str(part.header.get("view", "view000"))  # a single view is not named
            planes.update({(_pass_and_letter(name), label): c.pixels for name, c in part.channels.items()})
    for name in names:
        title, letters = EXR_PASSES[name]
        for view in range(views):
            for i, letter in enumerate(letters):
                passes[name][view, ..., i] = planes[(title, letter), f"view{view:03d}"]
    return passes


def _pass_and_letter(channel: str) -> tuple[str, str]:
    """`ViewLayer.Object Index.X` → ("Object Index", "X"); the layer's name may hold dots."""
    _, title, letter = channel.rsplit(".", 2)
    return title, letter
