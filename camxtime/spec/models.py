"""The dataset spec: what a YAML file may say, field by field.

Every size, count, angle and length carries its unit in its name or description; unknown fields are refused. The
descriptions below are also the JSON Schema that editors show.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from camxtime.codec_names import check_codec
from camxtime.spec.entries import AnimationSpec, Entry, SceneSpec
from camxtime.spec.names import Identifier, RelativeFile, Seed, check_relative
from camxtime.spec.paths import CameraPathSpec
from camxtime.spec.quality import Quality

SPEC_VERSION = 1
MAX_CELLS_PER_GRID = 1_000_000
MAX_PIXELS = 16384 * 16384


Model = Entry


class GridSize(Model):
    """How many cells a grid has, and how they are cut into units of work."""

    cameras: int = Field(ge=1, le=10_000, description="C: camera positions along each path.")
    times: int = Field(ge=1, le=10_000, description="T: animation times, 0..T-1.")
    fps: float = Field(default=30.0, gt=0, le=1000, description="Animation times per second.")
    times_per_unit: int = Field(
        default=8, ge=1, le=10_000, description="Consecutive times in one unit of work, which becomes one shard."
    )

    @model_validator(mode="after")
    def _bounded(self) -> GridSize:
        if self.cameras * self.times > MAX_CELLS_PER_GRID:
            raise ValueError(f"cameras x times must not exceed {MAX_CELLS_PER_GRID:,} cells a grid")
        return self


class ImageSize(Model):
    """Pixels of every cell."""

    width: int = Field(ge=8, le=16384, description="Pixels.")
    height: int = Field(ge=8, le=16384, description="Pixels.")


class Engine(Model):
    """How Cycles renders a cell. The device is chosen when rendering, not here; the recipe is."""

    samples: int = Field(default=32, ge=1, le=65536, description="Paths traced per pixel.")
    max_bounces: int = Field(default=4, ge=0, le=128, description="Light bounces.")
    adaptive_threshold: float = Field(
        default=0.0, ge=0, le=1, description="Noise level at which a pixel stops early; 0 turns adaptive sampling off."
    )
    denoise: Literal["none", "fast", "accurate"] = Field(
        default="none",
        description="OpenImageDenoise: none, fast (prefilter FAST) or accurate (prefilter ACCURATE, several times the cost).",
    )
    view_transform: Literal["Standard", "AgX", "Filmic"] = Field(
        default="AgX", description="Blender's name of the transform from scene-linear light to display sRGB."
    )
    look: str = Field(default="None", max_length=64, description="Blender's name of the look; None for none.")
    exposure_ev: float = Field(default=0.0, ge=-20, le=20, description="Exposure in stops, before the view transform.")
    views_per_batch: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="Cameras rendered in one call; part of the recipe, because Cycles' noise depends on it. "
        "By default as many as fit 1.5 GB, at most 32, in equal batches.",
    )


class CombineCross(Model):
    """Every scene with every animation on every path."""

    how: Literal["cross"] = "cross"


class CombineEach(Model):
    """The papers' way: each animation is placed in one scene (dealt in turn, or drawn), and filmed on all paths."""

    how: Literal["each_animation_in_one_scene"]
    assign: Literal["in_turn", "random"] = Field(
        default="in_turn",
        description="Animation i goes to scene i modulo their number, or scenes are dealt from seeded shuffles.",
    )


class GridChoice(Model):
    """One listed combination; ids with a count stand for all their draws."""

    scene: str
    animation: str
    paths: list[str] | None = Field(default=None, description="Camera path ids; all of them when left out.")


class CombineList(Model):
    """Only the listed combinations."""

    how: Literal["list"]
    grids: list[GridChoice] = Field(min_length=1)


class PathChecks(Model):
    """What a camera path must satisfy; a path that fails is drawn again from the seed."""

    max_draws: int = Field(
        default=40,
        ge=1,
        le=10_000,
        description="Draws looked at before the grid is refused; those that leave the camera box are not counted.",
    )
    min_clearance_m: float = Field(
        default=0.15, ge=0, le=100, description="Least distance of a camera to any surface, metres."
    )
    min_subject_visible: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least mean share of the subject's points in frame and unhidden, over the path.",
    )
    min_camera_visible: float = Field(
        default=0.1, ge=0, le=1, description="Least share of the subject's points seen by the worst camera of the path."
    )


class DatasetSpec(Model):
    """A camera×time dataset: sizes, recipe, content and how content combines into grids."""

    version: Literal[1] = Field(default=1, description="Version of the spec format.")
    name: Identifier
    description: str = Field(default="", max_length=2000)
    seed: Seed = 0
    grid: GridSize
    image: ImageSize
    engine: Engine = Engine()
    passes: dict[Literal["rgb", "depth", "instance"], str] = Field(
        default={"rgb": "jpeg:95", "depth": "logpng16"}, description="Stored passes and the codec of each."
    )
    scenes: list[SceneSpec] = Field(min_length=1)
    animations: list[AnimationSpec] = Field(min_length=1)
    camera_paths: list[CameraPathSpec] = Field(min_length=1)
    combine: CombineCross | CombineEach | CombineList = Field(default=CombineCross(), discriminator="how")
    captions: RelativeFile | None = Field(
        default=None,
        description="CSV of your own captions (columns grid, caption) under the assets folder; other grids' are composed.",
    )
    path_checks: PathChecks = PathChecks()
    quality: Quality = Quality()

    @field_validator("passes")
    @classmethod
    def _codecs_known(cls, value: dict[str, str]) -> dict[str, str]:
        if not value:
            raise ValueError("name at least one pass")
        for name, codec in value.items():
            check_codec(name, codec)
        return value

    @field_validator("captions")
    @classmethod
    def _captions_inside(cls, value: str | None) -> str | None:
        if value is not None:
            check_relative(value)
        return value

    @model_validator(mode="after")
    def _ids_unique(self) -> DatasetSpec:
        for field in ("scenes", "animations", "camera_paths"):
            seen: set[str] = set()
            for entry in getattr(self, field):
                if entry.id in seen:
                    raise ValueError(f"{field}: the id {entry.id!r} is used twice; every id must be its own")
                seen.add(entry.id)
        if self.image.width * self.image.height > MAX_PIXELS:
            raise ValueError("image: width x height is beyond what can be rendered")
        return self

    def canonical(self) -> dict[str, Any]:
        """The spec as plain JSON data with every default written out: what a dataset stores.

        Fields that came later (`quality`, `captions`, `subjects`) are left out where they say what holds anyway, so that
        specs keep the digests they had before.
        """
        data: dict[str, Any] = json.loads(self.model_dump_json())
        if self.quality == Quality():
            del data["quality"]
        if self.captions is None:
            del data["captions"]
        for animation in data["animations"]:
            if animation["subjects"] is None:
                del animation["subjects"]
        return data

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON text with sorted keys."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
