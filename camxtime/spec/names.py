"""Ids, seeds and file names as specs write them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

ID_PATTERN = r"^[a-z0-9]+([_-][a-z0-9]+)*$"

Identifier = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=64)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
RelativeFile = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


def check_relative(file: str) -> None:
    """Refuse names that could leave the folder they are resolved in.

    Raises:
        ValueError: absolute paths, drive letters, `..` parts, backslashes and control characters.
    """
    parts = file.split("/")
    if file.startswith(("/", "~")) or re.match(r"^[A-Za-z]:", file) or ".." in parts or "\\" in file:
        raise ValueError(f"{file!r} must be a relative path inside the assets folder, without '..'")
    if any(ord(ch) < 32 for ch in file):
        raise ValueError(f"{file!r} contains control characters")
