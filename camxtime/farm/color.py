"""From scene-linear light to display sRGB, as Blender itself does it: OpenColorIO with Blender's own configuration.

Blender hands its pixels out before its view transform. Applying the transform here, in the parent, overlaps with
the rendering of the next batch, and equals Blender's own PNG (dither 0) within one 8-bit step.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray

from camxtime.errors import InputError

DISPLAY = "sRGB"
NO_LOOK = "None"


class DisplayTransform:
    """A view transform, look and exposure of Blender. Immutable, safe to use from several threads.

    Args:
        config: Blender's config.ocio (`DeviceInfo.ocio_config`).
        view: name of the view transform: AgX, Filmic, Standard, …
        look: name of the look as Blender lists it, "None" for none.
        exposure_ev: stops by which the light is scaled before the transform.

    Raises:
        InputError: the configuration cannot be read or knows no such view or look.
    """

    def __init__(self, config: Path, view: str, look: str = NO_LOOK, exposure_ev: float = 0.0) -> None:
        try:
            loaded = ocio.Config.CreateFromFile(str(config))
            self._processor = _processor(loaded, view, look, exposure_ev)
        except ocio.Exception as error:
            raise InputError(f"colour: {config.name} of Blender cannot be used ({error})") from error

    @classmethod
    def of_engine(cls, config: Path, engine: Mapping[str, Any]) -> DisplayTransform:
        """The transform that an `engine` dict names (view_transform, look, exposure_ev)."""
        return cls(config, engine["view_transform"], engine.get("look", NO_LOOK), engine.get("exposure_ev", 0.0))

    def to_uint8(self, linear: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Scene-linear (..., H, W, 4) float32, premultiplied → display sRGB (..., H, W, 3) uint8.

        Transparent film shows as if over black.
        """
        if linear.ndim < 3 or linear.shape[-1] != 4:
            raise InputError(f"colour: expected (..., H, W, 4) pixels, not {linear.shape}")
        pixels = np.ascontiguousarray(linear, dtype=np.float32)
        height, width = pixels.size // (4 * linear.shape[-2]), linear.shape[-2]
        out = np.empty((*linear.shape[:-1], 3), np.uint8)
        source = ocio.PackedImageDesc(pixels, width, height, 4)
        target = ocio.PackedImageDesc(out, width, height, 3, ocio.BIT_DEPTH_UINT8, 1, 3, 3 * width)
        self._processor.apply(source, target)
        return out


def _processor(config: ocio.Config, view: str, look: str, exposure_ev: float) -> ocio.CPUProcessor:
    views = list(config.getViews(DISPLAY))
    if view not in views:
        raise InputError(f"engine.view_transform: {view!r} is not known to Blender; known: {', '.join(views)}")
    looks = list(config.getLookNames())
    if look != NO_LOOK and look not in looks:
        raise InputError(f"engine.look: {look!r} is not known to Blender; known: None, {', '.join(looks)}")
    group = ocio.GroupTransform()
    gain = float(2.0**exposure_ev)
    group.appendTransform(ocio.MatrixTransform.Scale([gain, gain, gain, 1.0]))
    linear = config.getColorSpace(ocio.ROLE_SCENE_LINEAR).getName()
    space = linear
    if look != NO_LOOK:
        space = config.getLook(look).getProcessSpace()
        group.appendTransform(ocio.LookTransform(src=linear, dst=space, looks=look))
    group.appendTransform(ocio.DisplayViewTransform(src=space, display=DISPLAY, view=view, looksBypass=look != NO_LOOK))
    return config.getProcessor(group).getOptimizedCPUProcessor(
        ocio.BIT_DEPTH_F32, ocio.BIT_DEPTH_UINT8, ocio.OPTIMIZATION_DEFAULT
    )
