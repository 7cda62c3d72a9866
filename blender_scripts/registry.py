"""Families by name: a family is a module of `scenes/` or `animations/` whose name has no leading underscore."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from blender_scripts.errors import StageError
from blender_scripts.parameters import Declared, read_declared


def families(folder: Path) -> dict[str, str]:
    """Return {family name: module file name} of a folder, sorted; importing nothing."""
    return {f.stem: f.name for f in sorted(folder.glob("*.py")) if not f.stem.startswith("_")}


def load(package: str, folder: Path, name: str) -> ModuleType:
    """Import family `name` of a package (this needs bpy); raise StageError naming the known ones if it is unknown."""
    check_known(package, folder, name)
    return importlib.import_module(f"{package}.{name}")


def declared(package: str, folder: Path, name: str) -> Declared:
    """Return a family's PARAMETERS without importing it."""
    check_known(package, folder, name)
    return read_declared(folder / families(folder)[name])


def check_known(package: str, folder: Path, name: str) -> None:
    """Raise StageError if the folder has no family of that name."""
    if name not in families(folder):
        kind = package.rsplit(".", 1)[-1].rstrip("s")
        raise StageError(f"unknown {kind} family {name!r}; known: {', '.join(families(folder)) or 'none'}")
