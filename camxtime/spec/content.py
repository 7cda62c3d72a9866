"""Procedural families and file parameters that a spec can name, and the check of their names and parameters before Blender starts.

The families' modules need Blender; their names and declared parameters are read from the sources as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts import animations as animation_families
from blender_scripts import file_parameters
from blender_scripts import scenes as scene_families
from blender_scripts.errors import StageError
from blender_scripts.parameters import Declared, resolve
from camxtime.errors import InputError
from camxtime.spec.entries import SceneSpec, SubjectSpec
from camxtime.spec.models import DatasetSpec


@dataclass(frozen=True)
class Family:
    """A procedural family: `kind` is scene or animation; `parameters` maps names to (default, help)."""

    kind: str
    name: str
    parameters: dict[str, tuple[Any, str]]


def families() -> list[Family]:
    """All scene and animation families, by name."""
    return [
        Family(kind, name, registry.parameters(name))
        for kind, registry in (("scene", scene_families), ("animation", animation_families))
        for name in registry.families()
    ]


def check_content(spec: DatasetSpec, source: str) -> None:
    """Check every family and parameter that the spec names.

    Raises:
        InputError: an unknown family, an unknown parameter, or a value that the parameter cannot take.
    """
    places: list[tuple[str, SceneSpec | SubjectSpec, Any, Declared]] = [
        (f"scenes.{i} ({scene.id})", scene, scene_families, file_parameters.SCENE)
        for i, scene in enumerate(spec.scenes)
    ]
    for i, animation in enumerate(spec.animations):
        for j, subject in enumerate(animation.cast()):
            place = f"animations.{i} ({animation.id})" + ("" if animation.subjects is None else f".subjects.{j}")
            places.append((place, subject, animation_families, file_parameters.ANIMATION))
    for place, entry, registry, of_files in places:
        try:
            _check(entry, registry, of_files)
        except StageError as error:
            raise InputError(f"{source}: {place}: {error}.") from error


def _check(entry: SceneSpec | SubjectSpec, registry: Any, of_files: Declared) -> None:
    rng = np.random.default_rng(0)  # which values are drawn does not matter here
    if entry.family is not None:
        resolve(entry.family, registry.parameters(entry.family), dict(entry.params), rng)
    else:
        resolve(str(entry.file), of_files, dict(entry.params), rng)
