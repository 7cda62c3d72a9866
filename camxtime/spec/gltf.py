"""What a .glb or .gltf file says of itself, read without Blender: clips, sizes, and whether it is whole."""

from __future__ import annotations

import json
import struct
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import InputError

_GLB = b"glTF"
_JSON_CHUNK = 0x4E4F534A
MAX_JSON_BYTES = 256 * 2**20
_PACKED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")


@dataclass(frozen=True)
class GltfFacts:
    """clips: names of its animations as Blender will list them, None if some have none. packed: geometry is compressed."""

    clips: tuple[str, ...] | None
    animated: bool
    meshes: int
    skinned: bool
    triangles: int
    packed: bool


def read_gltf(file: Path) -> GltfFacts:
    """Read a glTF file's description and check that it is whole.

    Raises:
        InputError: not glTF 2, cut short, a node that is its own ancestor, an index to nothing, or a buffer or texture
            that is not there.
    """
    try:
        data, size = _description(file)
        if not isinstance(data, dict) or not str(data.get("asset", {}).get("version", "")).startswith("2"):
            raise InputError(f"{file.name}: is not glTF 2.0; export it again.")
        _check_nodes(file, data)
        _check_files(file, data, size)
        return _facts(data)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        raise InputError(f"{file.name}: is not a sound glTF file ({error!r:.80}); export it again.") from error


def copyright_of(file: Path) -> str | None:
    """What a glTF file states as its copyright; None if it states none or cannot be read."""
    try:
        stated = _description(file)[0]["asset"].get("copyright")
    except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return stated.strip() if isinstance(stated, str) and stated.strip() else None


def _description(file: Path) -> tuple[Any, int]:
    """The JSON part and the length of the binary part."""
    whole = file.stat().st_size
    with file.open("rb") as data:
        if file.suffix.lower() == ".gltf":
            if whole > MAX_JSON_BYTES:
                raise InputError(f"{file.name}: is larger than {MAX_JSON_BYTES >> 20} MiB of text; save it as .glb.")
            return json.loads(data.read()), 0
        head = data.read(20)
        if len(head) < 20 or head[:4] != _GLB:
            raise InputError(f"{file.name}: is not a .glb file, whatever its name says; export it again.")
        _, length, chunk, kind = struct.unpack("<IIII", head[4:])
        if length > whole or kind != _JSON_CHUNK or chunk > length - 20:
            raise InputError(f"{file.name}: is cut short ({whole:,} of {length:,} bytes); copy or export it again.")
        if chunk > MAX_JSON_BYTES:
            raise InputError(
                f"{file.name}: its description has {chunk >> 20} MiB; {MAX_JSON_BYTES >> 20} are the most."
            )
        return json.loads(data.read(chunk)), max(length - 28 - chunk, 0)


def _check_nodes(file: Path, data: dict[str, Any]) -> None:
    """Every node has one parent at most, and none is its own ancestor: importers follow children until they end."""
    nodes = data.get("nodes", [])
    parent: dict[int, int] = {}
    for number, node in enumerate(nodes):
        for child in node.get("children", []):
            if not 0 <= child < len(nodes):
                raise InputError(
                    f"{file.name}: node {number} has a child {child} that does not exist; export it again."
                )
            if child in parent:
                raise InputError(
                    f"{file.name}: node {child} has two parents, {parent[child]} and {number}; export it again."
                )
            parent[child] = number
    sound: set[int] = set()
    for number in range(len(nodes)):
        walk: list[int] = []
        here: int | None = number
        seen: set[int] = set()
        while here is not None and here not in sound:
            if here in seen:
                raise InputError(f"{file.name}: node {here} is its own ancestor; export it again without the cycle.")
            seen.add(here)
            walk.append(here)
            here = parent.get(here)
        sound.update(walk)
    for scene in data.get("scenes", []):
        for root in scene.get("nodes", []):
            if not 0 <= root < len(nodes):
                raise InputError(f"{file.name}: its scene names node {root}, which does not exist; export it again.")


def _check_files(file: Path, data: dict[str, Any], binary: int) -> None:
    for number, buffer in enumerate(data.get("buffers", [])):
        uri = buffer.get("uri")
        there = binary if uri is None else None if uri.startswith("data:") else _size(file, uri, "buffer")
        if there is not None and there < buffer["byteLength"]:
            raise InputError(
                f"{file.name}: buffer {number} holds {there:,} of its {buffer['byteLength']:,} bytes; it is cut short."
            )
    for image in data.get("images", []):
        uri = image.get("uri")
        if uri is not None and not uri.startswith("data:"):
            _size(file, uri, "texture")


def _size(file: Path, uri: str, what: str) -> int:
    path = file.parent / urllib.parse.unquote(uri)
    if not path.is_file():
        raise InputError(f"{file.name}: {what} {path.name} is missing; put it beside the file ({uri}) or pack it.")
    return path.stat().st_size


def _facts(data: dict[str, Any]) -> GltfFacts:
    animations = data.get("animations", [])
    names = [animation.get("name") for animation in animations]
    packed = any(name in data.get("extensionsRequired", []) for name in _PACKED)
    return GltfFacts(
        clips=tuple(sorted(names)) if all(names) and len(set(names)) == len(names) else None,
        animated=bool(animations),
        meshes=sum("mesh" in node for node in data.get("nodes", [])),
        skinned=bool(data.get("skins")),
        triangles=sum(_triangles(data)),
        packed=packed,
    )


def _triangles(data: dict[str, Any]) -> Iterator[int]:
    """Triangles of each mesh in the scene, once for every node that shows it."""
    accessors, meshes = data.get("accessors", []), data.get("meshes", [])
    for node in data.get("nodes", []):
        for part in meshes[node["mesh"]]["primitives"] if "mesh" in node else []:
            points = part["indices"] if "indices" in part else part["attributes"]["POSITION"]
            yield (
                accessors[points]["count"] // 3 if part.get("mode", 4) == 4 else max(accessors[points]["count"] - 2, 0)
            )
