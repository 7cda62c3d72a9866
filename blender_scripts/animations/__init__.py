"""Registry of animation families: every module here without a leading underscore is one (see `contracts.py`)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from blender_scripts import registry
from blender_scripts.parameters import Declared

_FOLDER = Path(__file__).parent


def families() -> dict[str, str]:
    """Return {family name: module file name}; imports nothing."""
    return registry.families(_FOLDER)


def load(name: str) -> ModuleType:
    """Import the animation family `name` (needs bpy); raises StageError if it is unknown."""
    return registry.load(__name__, _FOLDER, name)


def parameters(name: str) -> Declared:
    """Return the declared parameters of family `name` without importing it."""
    return registry.declared(__name__, _FOLDER, name)
