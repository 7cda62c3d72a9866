"""Cycles settings of a request: what is rendered, how well, and how it is kept reproducible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from blender_scripts.devices import select_device
from blender_scripts.errors import StageError

PASSES: dict[str, tuple[str, str | None, int]] = {
    "rgb": ("Combined", None, 4),
    "depth": ("Depth", "use_pass_z", 1),
    "instance": ("Object Index", "use_pass_object_index", 1),
    "position": ("Position", "use_pass_position", 3),
    "normal": ("Normal", "use_pass_normal", 3),
    "albedo": ("Diffuse Color", "use_pass_diffuse_color", 3),
}
"""Our pass → (Blender's pass name, the view layer's switch, channels)."""

DENOISE: dict[str, tuple[str, str]] = {"fast": ("FAST", "BALANCED"), "accurate": ("ACCURATE", "HIGH")}
"""engine.denoise → (prefilter, quality) of OpenImageDenoise; "none" switches it off."""


@dataclass(frozen=True)
class Engine:
    """A configured engine: the request's `engine` dict, the image size and the passes."""

    settings: dict[str, Any]
    width: int
    height: int
    passes: tuple[str, ...]

    def check(self) -> None:
        """Raise StageError for a pass, denoiser or view transform that does not exist."""
        for name in self.passes:
            if name not in PASSES:
                raise StageError(f"passes: {name!r} is not a pass; known: {', '.join(PASSES)}")
        denoise = self.settings.get("denoise", "none")
        if denoise != "none" and denoise not in DENOISE:
            raise StageError(f"engine.denoise: {denoise!r} is not known; known: none, {', '.join(DENOISE)}")
        if self.width < 1 or self.height < 1:
            raise StageError(f"image: {self.width}×{self.height} pixels is no image")


def apply(engine: Engine) -> list[str]:
    """Apply an engine to the current scene and return the names of the devices in use."""
    engine.check()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    devices = select_device(engine.settings.get("device", "CPU"))
    _apply_output(scene, engine)
    _apply_sampling(scene.cycles, engine.settings)
    _apply_colour(scene, engine.settings)
    layer = bpy.context.view_layer
    for name, (_, switch, _) in PASSES.items():
        if switch is not None:
            setattr(layer, switch, name in engine.passes)
    # Motion vectors and motion blur make Cycles synchronise the scene again for every view.
    layer.use_pass_vector = False
    # Hits on surfaces at least half opaque count for depth and instance ids.
    layer.pass_alpha_threshold = 0.5
    return devices


def _apply_output(scene: Any, engine: Engine) -> None:
    render = scene.render
    render.resolution_x, render.resolution_y = engine.width, engine.height
    render.resolution_percentage = 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    render.use_border = render.use_compositing = render.use_sequencer = False
    render.use_motion_blur = render.use_simplify = render.use_freestyle = False
    render.use_persistent_data = True
    render.film_transparent = bool(engine.settings.get("film_transparent", False))
    render.dither_intensity = 0.0
    threads = int(engine.settings.get("threads", 0))
    render.threads_mode = "FIXED" if threads > 0 else "AUTO"
    if threads > 0:
        render.threads = threads


def _apply_sampling(cycles: Any, settings: dict[str, Any]) -> None:
    cycles.samples = int(settings.get("samples", 16))
    threshold = float(settings.get("adaptive_threshold", 0.0))
    cycles.use_adaptive_sampling = threshold > 0
    if threshold > 0:
        cycles.adaptive_threshold = threshold
    denoise = settings.get("denoise", "none")
    cycles.use_denoising = denoise != "none"
    if denoise != "none":
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.denoising_prefilter, cycles.denoising_quality = DENOISE[denoise]
    bounces = int(settings.get("max_bounces", 4))
    cycles.max_bounces = bounces
    for kind in ("diffuse_bounces", "glossy_bounces", "transmission_bounces"):
        setattr(cycles, kind, min(getattr(cycles, kind), bounces))
    cycles.use_animated_seed = False
    cycles.time_limit = 0.0  # a time limit would make the number of samples depend on the machine's load
    cycles.use_auto_tile = False  # results are read in memory, before tiles would be merged


def _apply_colour(scene: Any, settings: dict[str, Any]) -> None:
    view = scene.view_settings
    scene.display_settings.display_device = "sRGB"
    for field, key, default in (("view_transform", "view_transform", "AgX"), ("look", "look", "None")):
        value = settings.get(key, default)
        try:
            setattr(view, field, value)
        except TypeError as error:
            raise StageError(
                f"engine.{key}: {value!r} is not known to Blender ({str(error).split('enum ')[-1]})"
            ) from error
    view.exposure = float(settings.get("exposure_ev", 0.0))
    view.gamma = 1.0
    view.use_curve_mapping = False
