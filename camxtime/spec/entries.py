"""Scenes and animations as a spec names them: procedural families, or files of yours; one subject or several."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from camxtime.spec.names import Identifier, RelativeFile, Seed, check_relative

MOST_SUBJECTS = 12
"""Subjects of one animation; a crowd is a family of its own."""

_SHARED = frozenset({"id", "count", "subjects", "seed", "caption"})
"""What an animation of several subjects says for all of them."""


class Entry(BaseModel):
    """Base of what is built or imported: unknown fields are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SceneSpec(Entry):
    """An environment: a procedural family, or a file of yours."""

    id: Identifier
    family: str | None = Field(default=None, max_length=64, description="Name of a procedural scene family.")
    file: RelativeFile | None = Field(
        default=None,
        description="Environment file (.blend .glb .gltf .fbx .obj .usd* .abc .ply .stl), under the assets folder.",
    )
    count: int = Field(
        default=1, ge=1, le=100_000, description="Draws of the family with different seeds: id-0, id-1, …"
    )
    params: dict[str, Any] = Field(default_factory=dict, description="Parameters of the family or of the import.")
    seed: Seed | None = Field(default=None, description="Overrides the seed derived from the spec's seed and the id.")
    caption: str | None = Field(default=None, max_length=500, description="Words for this scene in captions.")
    licence: str | None = Field(default=None, max_length=200, description="Licence of the file, kept with the dataset.")

    @model_validator(mode="after")
    def _one_source(self) -> SceneSpec:
        if self.file is not None and self.count != 1:
            raise ValueError("count draws a family several times; a file is one asset (use several entries)")
        _check_source(self)
        return self


class SubjectSpec(Entry):
    """One subject: a procedural family, or a file of yours with a named clip."""

    family: str | None = Field(default=None, max_length=64, description="Name of a procedural animation family.")
    file: RelativeFile | None = Field(
        default=None, description="Animated asset (.blend .glb .gltf .fbx .usd* .abc .bvh), under the assets folder."
    )
    clip: str | None = Field(default=None, max_length=200, description="Name of the animation clip in the file.")
    height_m: float | None = Field(
        default=None, gt=0, le=1000, description="Height in metres, measured on what renders; as it is when left out."
    )
    fit: Literal["loop", "stretch", "once", "still"] = Field(
        default="loop",
        description="How the clip fills T times: repeated, retimed to T, once (an error if it is shorter), or its first "
        "pose only.",
    )
    root_motion: Literal["keep", "remove"] = Field(
        default="keep", description="Keep the clip's own travel over the floor, or pin the subject to its place."
    )
    params: dict[str, Any] = Field(default_factory=dict, description="Parameters of the family or of the import.")
    seed: Seed | None = Field(default=None, description="Overrides the seed derived from the spec's seed and the id.")
    caption: str | None = Field(default=None, max_length=500, description="Words for this subject in captions.")
    licence: str | None = Field(default=None, max_length=200, description="Licence of the file, kept with the dataset.")

    @model_validator(mode="after")
    def _one_source(self) -> SubjectSpec:
        if self.family is not None and self.clip is not None:
            raise ValueError("clip belongs to a file; a family takes params")
        _check_source(self)
        return self


class AnimationSpec(SubjectSpec):
    """An animated subject: a procedural family, or a file of yours with a named clip; or several of them together."""

    id: Identifier
    count: int = Field(
        default=1, ge=1, le=100_000, description="Draws of the family with different seeds: id-0, id-1, …"
    )
    subjects: list[SubjectSpec] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_SUBJECTS,
        description="Several subjects beside each other on one stage, in place of family or file; each with its own "
        "clip, height and seed. They are placed with room between them.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> AnimationSpec:
        if self.family is not None and self.clip is not None:
            raise ValueError("clip belongs to a file; a family takes params")
        if all(subject.file is not None for subject in self.cast()) and self.count != 1:
            raise ValueError("count draws a family several times; a file is one asset (use several entries)")
        if self.subjects is None:
            _check_source(self)
            return self
        fields = AnimationSpec.model_fields.items()
        own = [
            name
            for name, info in fields
            if name not in _SHARED and getattr(self, name) != info.get_default(call_default_factory=True)
        ]
        if own:
            raise ValueError(f"with subjects, {own[0]} belongs to each of them; move it there")
        return self

    def cast(self) -> list[SubjectSpec]:
        """Its subjects: those listed, or itself."""
        return [self] if self.subjects is None else list(self.subjects)


def _check_source(entry: SceneSpec | SubjectSpec) -> None:
    if (entry.family is None) == (entry.file is None):
        raise ValueError("give either family (procedural) or file (an asset), not both and not neither")
    if entry.file is not None:
        check_relative(entry.file)


def cast_of(animation: dict[str, Any]) -> list[dict[str, Any]]:
    """The subjects of an animation as a stage's request has it: those listed, or itself."""
    listed: list[dict[str, Any]] = animation.get("subjects") or [animation]
    return listed
