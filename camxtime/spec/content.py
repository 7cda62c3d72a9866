"""Procedural families and file parameters that a spec can name, and the check of their names and parameters before Blender starts.

The families' modules need Blender; their names and declared parameters are read from the sources as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_scripts import animations as animation_families
from blender_scripts import file_parameters
from blender_scripts import scenes as scene_families
from blender_scripts.errors import StageError
from blender_scripts.parameters import Declared, resolve
from camxtime.errors import InputError
from camxtime.spec.models import AnimationSpec, DatasetSpec, SceneSpec


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
    kinds: list[tuple[str, Sequence[SceneSpec | AnimationSpec], Any, Declared]] = [
        ("scenes", spec.scenes, scene_families, file_parameters.SCENE),
        ("animations", spec.animations, animation_families, file_parameters.ANIMATION),
    ]
    for field, entries, registry, of_files in kinds:
        for number, entry in enumerate(entries):
            try:
                _check(entry, registry, of_files)
            except StageError as error:
                raise InputError(f"{source}: {field}.{number} ({entry.id}): {error}.") from error


def _check(entry: SceneSpec | AnimationSpec, registry: Any, of_files: Declared) -> None:
    rng = np.random.default_rng(0)  # which values are drawn does not matter here
    if entry.family is not None:
        resolve(entry.family, registry.parameters(entry.family), dict(entry.params), rng)
    else:
        resolve(str(entry.file), of_files, dict(entry.params), rng)
