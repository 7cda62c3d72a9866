"""Reading a recipe from a YAML or JSON file."""

from __future__ import annotations

from pathlib import Path

import yaml

from camxtime.errors import InputError
from camxtime.sampling.recipe import Recipe

MAX_BYTES = 256 * 1024


def read_recipe(path: str | Path) -> Recipe:
    """The recipe in a file; fields left out keep their defaults.

    Raises `InputError` naming the file, and the field that is unknown or has a value of the wrong kind.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: a recipe has at most {MAX_BYTES // 1024} kB.")
        value = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the recipe cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise InputError(f"{file} is not YAML: {' '.join(str(error).split())}.") from error
    try:
        return Recipe.of_json({} if value is None else value)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
