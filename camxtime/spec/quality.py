"""What a grid must be like to be worth training on: one row per measure, with unit, default bounds and mends.

The table below is the only list of measures. The spec's `quality:` section, its JSON Schema, the gate at prepare time and
`camxtime qa` are made from it; `camxtime.quality` holds the formulas, `docs/quality.md` explains them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator


@dataclass(frozen=True)
class Measure:
    """One measure: what it says, its unit, default bounds (None: not bounded), and what to change beyond them.

    gated: whether a new draw of the camera path may mend it, so that it is judged when a grid is prepared.
    """

    help: str
    unit: str
    low: float | None
    high: float | None
    mend_low: str
    mend_high: str
    gated: bool = False


_LIGHT = "change engine.exposure_ev, or the scene's light"
_STILL = "choose another animation or seed, or bring the camera nearer (distance_fit)"

MEASURES: dict[str, Measure] = {
    "luminance": Measure(
        "Mean display luma of the images: 0.2126 R + 0.7152 G + 0.0722 B of the 8-bit sRGB values, over 255.",
        "of 1", 0.12, 0.85, f"the images are dark: {_LIGHT}", f"the images are glaring: {_LIGHT}", gated=True,
    ),
    "clipped_share": Measure(
        "Share of pixels whose three channels are all 250 or more: no detail left in the lights.",
        "of pixels", None, 0.10, "", f"the lights are blown out: {_LIGHT}", gated=True,
    ),
    "black_share": Measure(
        "Share of pixels whose three channels are all 5 or less: no detail left in the shadows.",
        "of pixels", None, 0.25, "", f"the shadows are crushed: {_LIGHT}", gated=True,
    ),
    "sharpness": Measure(
        "Standard deviation of the Laplacian of the luma (8-bit levels, 3 × 3 kernel), mean over cells.",
        "levels", 4.0, None, "the images show hardly any detail: raise engine.samples, add texture, or change the light",
        "",
    ),
    "subject_share": Measure(
        "Mean share of the image that the subject covers (instance ids of role subject).",
        "of pixels", 0.004, 0.75, "the subject is tiny or hidden: bring the camera nearer (distance_fit, hfov_deg)",
        "the subject fills the image: take the camera back (distance_fit, hfov_deg)", gated=True,
    ),
    "subject_visible": Measure(
        "Share of cells in which the subject is seen: at least 0.1 % of the image and 4 pixels.",
        "of cells", 0.90, None, "the subject leaves the frame or is hidden: set follow: 1, widen distance_fit, or tighten "
        "path_checks.min_subject_visible", "", gated=True,
    ),
    "motion_px": Measure(
        "Image motion of the subject along a fixed camera: mean length of dense flow on its pixels.",
        "px/frame", 0.05, None, f"the subject hardly moves: {_STILL}", "the subject moves too fast: raise grid.fps",
    ),
    "static_share": Measure(
        "Share of pixels that look at the same thing at all sampled times, along a fixed camera.",
        "of pixels", None, 0.997, "everything moves: is the camera inside the subject?",
        f"nothing moves: {_STILL}", gated=True,
    ),
    "camera_motion_px": Measure(
        "Median image displacement of the still world from one camera to the next, from depth and poses.",
        "px/step", 0.05, None, "the camera stands still: choose another path kind or widen its ranges; if that is meant, "
        "set quality.camera_motion_px.min to null", "cameras lie too far apart: raise grid.cameras or shorten the path",
    ),
    "parallax_px": Measure(
        "Median part of that displacement which the camera's translation makes: 0 for pans, tilts and zooms.",
        "px/step", None, None, "the camera turns or zooms but does not travel: choose a path kind that does",
        "cameras lie too far apart: raise grid.cameras or shorten the path",
    ),
    "covisibility": Measure(
        "Share of the surface pixels of the first camera that the last one sees too, and back, from depth; the mean.",
        "of pixels", None, None, "first and last camera see different things: shorten the path",
        "first and last camera see the same: lengthen the path",
    ),
    "seconds_per_cell": Measure(
        "Seconds that Blender took for a cell, from the records of the shards.",
        "s", None, None, "", "the grid is costly: lower engine.samples, or simplify its scene",
    ),
}  # fmt: skip
"""All measures of a grid, in the order in which tables show them."""

_CONFIG = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Bounds(BaseModel):
    """The least and the greatest value that passes; null switches a bound off, a bound left out keeps its default."""

    model_config = _CONFIG

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Bounds:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class QualityBase(BaseModel):
    """Quality thresholds: bounds per measure, and how they are used."""

    model_config = _CONFIG

    gate: bool = Field(
        default=True,
        description="Render a few small cells of each drawn path before it is fixed, and draw again when they fail.",
    )
    max_left_out: float = Field(
        default=0.02, ge=0, le=1, description="Greatest share of planned grids that may be left out of the dataset."
    )
    min_distance: float = Field(
        default=3.0,
        ge=0,
        le=100,
        description="Grids nearer to each other than this are near-duplicates: root mean square colour difference "
        "(CIELAB, delta E) between thumbnails of their diagonal cells.",
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_kept(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {
            name: {**_default(name), **value} if name in MEASURES and isinstance(value, Mapping) else value
            for name, value in data.items()
        }

    def bounds(self, name: str) -> Bounds:
        """Bounds of a measure."""
        found: Bounds = getattr(self, name)
        return found


def _default(name: str) -> dict[str, float | None]:
    return {"min": MEASURES[name].low, "max": MEASURES[name].high}


def _field(name: str, measure: Measure) -> Any:
    low, high = ("none" if value is None else f"{value:g}" for value in (measure.low, measure.high))
    words = f"{measure.help} Unit: {measure.unit}. Default: min {low}, max {high}."
    return Field(default=Bounds(**_default(name)), description=words)


if TYPE_CHECKING:
    Quality: TypeAlias = QualityBase
else:
    Quality = create_model(
        "Quality",
        __base__=QualityBase,
        __doc__=QualityBase.__doc__,
        **{name: (Bounds, _field(name, measure)) for name, measure in MEASURES.items()},
    )
"""The `quality:` section of a spec."""
