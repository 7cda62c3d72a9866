"""How pixels leave Blender: two routes with the same result.

`memory`: Cycles' own Python hook `CyclesRender.render_frame_finish` is wrapped, and the float buffers of the render
result are copied straight into a file in the scratch folder (memory-backed: /dev/shm). The hook is not public API; it
is used on versions it was tested with. `exr`: the public way, an uncompressed multilayer EXR with one part per pass
and view, which the parent reads. Measured (bpy 5.0.1, 32 views, 3 passes, ms per cell): at 64² 0.1 against 1.9, at
256² 1 against 8.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from blender_scripts.engine import PASSES, Engine
from blender_scripts.errors import RenderFault, StageError

HOOK_VERSIONS = ((5, 0), (5, 3))
"""First version with which the hook was tested, and the first with which it was not."""

ROUTES = ("auto", "memory", "exr")


def choose_route(asked: str) -> str:
    """Return "memory" or "exr" for `auto`; raise StageError if `memory` is asked for and cannot be had."""
    if asked not in ROUTES:
        raise StageError(f"pixels: {asked!r} is not a route; known: {', '.join(ROUTES)}")
    low, high = HOOK_VERSIONS
    usable = low <= bpy.app.version[:2] < high and _cycles_render() is not None
    if asked == "memory" and not usable:
        raise StageError(f"pixels: the memory route is not tested with Blender {bpy.app.version_string}; use exr")
    return "memory" if usable and asked != "exr" else "exr"


def render_to_memory(engine: Engine, views: int, target: Path) -> None:
    """Render the current frame and write float32 [pass][view][row from the bottom][column][channel] to `target`.

    Raises RenderFault if the result lacks a pass or view.
    """
    sizes = {name: engine.width * engine.height * PASSES[name][2] for name in engine.passes}
    out = _allocate(target, views * sum(sizes.values()))
    seen: set[tuple[str, int]] = set()
    wanted = {PASSES[name][0]: name for name in engine.passes}
    starts = dict(zip(sizes, views * np.cumsum([0, *sizes.values()])[:-1], strict=True))

    def take(result: Any) -> None:
        for layer_pass in result.layers[0].passes:
            name = wanted.get(layer_pass.name)
            if name is None:
                continue
            start = int(starts[name]) + layer_pass.view_id * sizes[name]
            layer_pass.rect.foreach_get(out[start : start + sizes[name]])
            seen.add((name, layer_pass.view_id))

    with _FinishHook(take):
        bpy.ops.render.render()
    if len(seen) != views * len(sizes):
        raise RenderFault(f"Cycles returned {len(seen)} of {views * len(sizes)} images of a batch")


def render_to_exr(target: Path) -> None:
    """Render the current frame into one uncompressed multi-view multilayer EXR of 32-bit floats."""
    render = bpy.context.scene.render
    image = render.image_settings
    image.media_type = "MULTI_LAYER_IMAGE"  # must come before the format
    image.file_format = "OPEN_EXR_MULTILAYER"
    image.color_depth = "32"
    image.exr_codec = "NONE"
    image.views_format = "MULTIVIEW"
    render.use_file_extension = False
    render.filepath = str(target)
    bpy.ops.render.render(write_still=True)
    if not target.is_file():
        raise RenderFault("Blender wrote no image file")


def _allocate(target: Path, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Reserve the space first: writing to a mapping of a full file system would be a bus error."""
    with target.open("wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, count * 4)
        except OSError as error:
            raise RenderFault(
                f"scratch folder: no room for {count * 4 / 1e6:.0f} MB of pixels ({error.strerror})"
            ) from error
    return np.memmap(target, dtype=np.float32, mode="r+", shape=(count,))


def _cycles_render() -> Any:
    import cycles  # the add-on ships with Blender; it is importable only after bpy

    kind = getattr(cycles, "CyclesRender", None)
    if kind is None or not hasattr(kind, "render_frame_finish") or "get_result" not in kind.bl_rna.functions:
        return None
    return kind


class _FinishHook:
    """Calls `take(render_result)` once when a render has finished, and reports what `take` raised."""

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        kind = _cycles_render()
        self._kind, self._original = kind, kind.render_frame_finish
        original, take = self._original, self._take

        def finish(engine: Any) -> None:
            try:
                take(engine.get_result())
            except Exception as error:  # noqa: BLE001  Blender would swallow it; it is raised again on exit
                self._error = error
            original(engine)

        kind.render_frame_finish = finish

    def __exit__(self, *_: object) -> None:
        self._kind.render_frame_finish = self._original
        if self._error is not None:
            raise RenderFault(f"reading Cycles' result failed: {self._error}") from self._error
