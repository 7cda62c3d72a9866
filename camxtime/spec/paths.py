"""Camera paths as a spec names them: one model per path kind, made from the kind's own dataclass in `geometry.paths`.

Fields, units, bounds and defaults stand there alone. In a spec every numeric field may be left out (it is then drawn from
the kind's default range), fixed (`sweep_deg: 60`) or given a range to draw from (`sweep_deg: [40, 70]`).
"""

from __future__ import annotations

import dataclasses
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    create_model,
    field_validator,
    model_validator,
)

from camxtime.errors import InputError
from camxtime.geometry.paths import KINDS, SPEED_KINDS, SpeedLaw
from camxtime.geometry.paths.files import load as load_path_file
from camxtime.geometry.paths.parameters import Range, draw_value
from camxtime.spec.names import Identifier, RelativeFile, Seed, check_relative

_NO_KEY = (0, 0, 0, 0)


class Speed(BaseModel):
    """How fast the camera moves along its path."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["constant", "ease", "exponential"] = "constant"
    a: float = Field(default=0.0, description="Of exponential (MultiCamVideo's law): above 0 fast then slow.")

    @model_validator(mode="after")
    def _bounded(self) -> Speed:
        try:
            SpeedLaw(self.kind, self.a).validate()
        except InputError as error:
            raise ValueError(str(error)) from error
        return self


class PathBase(BaseModel):
    """What camera paths of all kinds have in a spec."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: Identifier
    kind: str
    speed: Speed = Field(default=Speed(), description=f"{', '.join(SPEED_KINDS)}; or {{kind: exponential, a: 2}}.")
    seed: Seed | None = Field(default=None, description="Overrides the spec's seed for this path's draws.")
    caption: str | None = Field(default=None, max_length=500, description="Words for this path in captions.")

    @field_validator("speed", mode="before")
    @classmethod
    def _speed_by_name(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _in_bounds(self) -> PathBase:
        if hasattr(self, "file"):
            check_relative(self.file)
        for field in dataclasses.fields(KINDS[self.kind]):
            value = getattr(self, field.name, None)
            if value is not None:
                try:
                    draw_value(f"camera path {self.kind!r}", field, value, _NO_KEY)
                except InputError as error:
                    raise ValueError(str(error)) from error
        return self

    def speed_law(self) -> SpeedLaw:
        """The speed law in geometry's terms."""
        return SpeedLaw(self.speed.kind, self.speed.a)

    def ranges(self, assets_root: Path) -> dict[str, Range]:
        """What `geometry.paths.draw` takes: the given fields, and a file's content in place of its name.

        Raises:
            InputError: a path file that is missing, malformed, or outside `assets_root`.
        """
        given: dict[str, Range] = {}
        for field in dataclasses.fields(KINDS[self.kind]):
            if field.metadata["type"] == "file":
                given[field.name] = load_path_file(field.metadata["file"], self._inside(assets_root))
            elif (value := getattr(self, field.name)) is not None:
                given[field.name] = value
        return given

    def _inside(self, assets_root: Path) -> Path:
        name = str(getattr(self, "file"))  # noqa: B009  only the kinds made from a file have it
        base = assets_root.resolve()
        file = (base / name).resolve()
        if not file.is_relative_to(base):
            raise InputError(f"camera_paths.{self.id}.file: {name} leads out of {base}; keep path files inside it.")
        if not file.is_file():
            raise InputError(f"camera_paths.{self.id}.file: there is no {name} in {base}.")
        return file


def _model_of(kind: str, parameters: type) -> type[PathBase]:
    fields: dict[str, Any] = {"kind": (Literal[(kind,)], Field(description=(parameters.__doc__ or "").splitlines()[0]))}
    for field in dataclasses.fields(parameters):
        meta = field.metadata
        if meta["type"] == "file":
            words = f"{meta['help']} Relative to the assets folder, or to the spec's."
            fields["file"] = (RelativeFile, Field(description=words))
        elif meta["type"] == "choice":
            words = f"{meta['help']} Default: {meta['choices'][0]}."
            fields[field.name] = (Literal[meta["choices"]] | None, Field(default=None, description=words))
        else:
            number: Any = int if meta["type"] == "integer" else float
            low, high = meta["default_range"]
            words = (
                f"{meta['help']} {meta['unit']}, {meta['min']:g} to {meta['max']:g}; a value or [low, high]. "
                f"Default: [{low:g}, {high:g}]."
            )
            fields[field.name] = (number | tuple[number, number] | None, Field(default=None, description=words))
    name = "".join(part.capitalize() for part in kind.split("_")) + "Path"
    return create_model(name, __base__=PathBase, __doc__=parameters.__doc__, **fields)


PATH_MODELS: dict[str, type[PathBase]] = {kind: _model_of(kind, parameters) for kind, parameters in KINDS.items()}

if TYPE_CHECKING:
    CameraPathSpec: TypeAlias = PathBase
else:
    CameraPathSpec = Annotated[reduce(or_, PATH_MODELS.values()), Field(discriminator="kind")]
"""A camera path in a spec: the model of its kind."""


def camera_path(data: dict[str, Any]) -> PathBase:
    """The model of a camera path from its plain form (`model_dump(mode="json")`), as jobs carry it."""
    adapter: TypeAdapter[PathBase] = TypeAdapter(CameraPathSpec)
    return adapter.validate_python(data)
