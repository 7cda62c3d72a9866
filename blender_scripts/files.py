"""Checks on asset files before and after Blender imports them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import bpy

from blender_scripts.errors import StageError

_ZSTD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
_USD = (b"PXR-USDC", b"#usda", b"PK\x03\x04")

MAGIC: dict[str, tuple[bytes, ...]] = {
    ".blend": (b"BLENDER", _ZSTD, _GZIP),
    ".glb": (b"glTF",),
    ".fbx": (b"Kaydara FBX Binary", b"; FBX"),
    ".usd": _USD,
    ".usda": (b"#usda",),
    ".usdc": (b"PXR-USDC",),
    ".usdz": (b"PK\x03\x04",),
    ".abc": (b"Ogawa", b"\x89HDF"),
    ".ply": (b"ply",),
    ".bvh": (b"HIERARCHY",),
}
"""How files of a kind begin. `.gltf`, `.obj` and `.stl` have no magic number and are checked by their content."""

SUFFIXES = (*MAGIC, ".gltf", ".obj", ".stl")


def check_file(path: Path) -> None:
    """Raise StageError if the file is missing, unreadable, of no known kind, or not what its suffix says."""
    if path.suffix.lower() not in SUFFIXES:
        raise StageError(
            f"{path.name}: files of type {path.suffix or '(none)'} cannot be imported; known: {' '.join(SUFFIXES)}"
        )
    try:
        with path.open("rb") as file:
            head = file.read(1024)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise StageError(f"{path}: cannot be read ({error.strerror})") from error
    if not _looks_like(path, head, size):
        raise StageError(f"{path.name}: is not a {path.suffix} file, whatever its name says; export it again")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def external_files(images: list[Any], asset: Path) -> list[Path]:
    """Return the files outside `asset` that these images come from; raise StageError if one is missing.

    Packed and generated images need no file.
    """
    found = []
    for image in images:
        if image.source not in {"FILE", "TILED", "SEQUENCE", "MOVIE"} or image.packed_file or not image.filepath:
            continue
        path = Path(bpy.path.abspath(image.filepath, library=image.library))
        if image.source == "TILED":
            tiles = sorted(path.parent.glob(path.name.replace("<UDIM>", "[0-9]" * 4)))
            if not tiles:
                raise StageError(f"{asset.name}: texture {path.name} is missing; put it beside the file or pack it")
            found.extend(tiles)
        elif not path.is_file():
            raise StageError(f"{asset.name}: texture {path.name} is missing; put it beside the file or pack it")
        else:
            found.append(path)
    return found


def _looks_like(path: Path, head: bytes, size: int) -> bool:
    suffix = path.suffix.lower()
    if suffix in MAGIC:
        return head.startswith(MAGIC[suffix]) and (suffix != ".glb" or int.from_bytes(head[8:12], "little") <= size)
    if suffix == ".gltf":
        try:
            return "asset" in json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, TypeError):
            return False
    if suffix == ".stl":
        return head.lstrip().startswith(b"solid") or size == 84 + 50 * int.from_bytes(head[80:84], "little")
    return b"\x00" not in head and bool(head.strip())  # .obj: text
