"""Checks of scene and subject files before Blender starts: what trimesh and a look at the headers can tell, in milliseconds.

Whether a file can be imported is for Blender to say. Here is refused what would cost a worker its time or its life: files that
are empty, cut short, cyclic, enormous, not finite, or in another unit than the metre, and clips that do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from blender_scripts.file_parameters import MAX_TRIANGLES, SCENE_METRES, SUBJECT_METRES, likely_scale
from camxtime.errors import InputError
from camxtime.spec.blend import check_links
from camxtime.spec.entries import cast_of
from camxtime.spec.gltf import GltfFacts, read_gltf

Role = Literal["scene", "subject"]
MESHES = (".glb", ".gltf", ".obj", ".ply", ".stl")
"""Suffixes of the files that trimesh reads; others are checked by Blender alone."""

MAX_LOADED_BYTES = 256 * 2**20
"""Larger files are judged by their headers: reading them here would take longer than the check is worth."""


@dataclass(frozen=True)
class MeshFacts:
    """What trimesh found. extents: (3,) in the file's own axes and unit; None where it was not measured."""

    triangles: int
    extents: tuple[float, float, float] | None


def check_requests(requests: Iterable[dict[str, Any]]) -> None:
    """Check every file of stages' requests (`camxtime.spec.Stage.request`, files located), each once.

    Raises:
        InputError: naming the entry of the spec, the file and the mend.
    """
    seen: set[str] = set()
    for request in requests:
        scene, animation = request["scene"], request["animation"]
        places: list[tuple[str, dict[str, Any], Role]] = [(f"scenes.{scene['id']}", scene, "scene")]
        places += [(f"animations.{animation['id']}", subject, "subject") for subject in cast_of(animation)]
        for place, entry, role in places:
            key = repr((role, [entry.get(name) for name in ("file", "clip", "fit", "height_m", "params")]))
            if entry.get("file") is not None and key not in seen:
                seen.add(key)
                try:
                    check_file(Path(entry["file"]), role, entry)
                except InputError as error:
                    raise InputError(f"{place}: {error}") from error


def check_file(file: Path, role: Role, entry: dict[str, Any]) -> None:
    """Check one file for one use; `entry` is the scene or subject as a request has it. Errors as `check_requests`."""
    suffix = file.suffix.lower()
    if file.stat().st_size == 0:
        raise InputError(f"{file.name}: is empty; export or copy it again.")
    if suffix == ".blend":
        check_links(file)
    if suffix not in MESHES:
        return
    described = read_gltf(file) if suffix in (".glb", ".gltf") else None
    if described is not None:
        _check_description(file, role, entry, described)
    facts = measure(file, described)
    if facts.triangles > MAX_TRIANGLES:
        raise InputError(
            f"{file.name}: has {facts.triangles:,} triangles, more than {MAX_TRIANGLES:,}; decimate it, or cut it up."
        )
    posed = described is not None and described.skinned  # a skin's size follows its bones, not its vertices
    if facts.extents is not None and not posed:
        _check_size(file, role, entry, facts.extents)


def _check_description(file: Path, role: Role, entry: dict[str, Any], found: GltfFacts) -> None:
    if not found.meshes:
        raise InputError(f"{file.name}: holds nothing that renders (no mesh); export it with its geometry.")
    if role == "scene":
        return
    clip = entry.get("clip")
    if clip is not None and found.clips is not None and clip not in found.clips:
        listed = ", ".join(found.clips) or "none"
        raise InputError(f"{file.name}: has no clip {clip!r}; it has {listed}.")
    if not found.animated and entry.get("fit") != "still":
        raise InputError(
            f"{file.name}: has no animation; export it with its clips, list it under `scenes`, or set fit to still if it "
            "is to stand there."
        )


def measure(file: Path, described: GltfFacts | None = None) -> MeshFacts:
    """Triangles and extents of a file of `MESHES`; geometry that trimesh cannot decode is left to Blender.

    Raises:
        InputError: nothing in it, or vertices that are not finite.
    """
    counted = described.triangles if described is not None else _announced(file)
    if file.stat().st_size > MAX_LOADED_BYTES or (counted or 0) > MAX_TRIANGLES or (described and described.packed):
        return MeshFacts(counted or 0, None)
    import trimesh  # part of the extra `render`; only needed where something is to be rendered

    try:
        scene = trimesh.load_scene(str(file), skip_materials=True, process=False)
        vertices = [np.asarray(mesh.vertices) for mesh in scene.geometry.values() if len(getattr(mesh, "faces", ()))]
        triangles = sum(len(getattr(mesh, "faces", ())) for mesh in scene.geometry.values())
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError, OSError, StopIteration) as error:
        raise InputError(f"{file.name}: is damaged ({error!r:.80}); export or copy it again.") from error
    if not triangles:
        raise InputError(f"{file.name}: holds no triangles; export it with its geometry.")
    if not all(np.isfinite(part).all() for part in vertices):
        raise InputError(f"{file.name}: has vertices that are not finite numbers; export it again.")
    bounds = scene.bounds
    size = np.zeros(3) if bounds is None else np.asarray(bounds[1] - bounds[0], dtype=np.float64)
    return MeshFacts(counted or triangles, (float(size[0]), float(size[1]), float(size[2])))


def _announced(file: Path) -> int | None:
    """Faces that a file's header announces: PLY and binary STL; OBJ's are counted where the file is too large to load."""
    size = file.stat().st_size
    with file.open("rb") as data:
        if file.suffix.lower() == ".ply":
            stated = re.search(rb"element face (\d+)", data.read(1 << 16))
            return int(stated.group(1)) if stated else None
        if file.suffix.lower() == ".stl":
            head = data.read(84)
            count = int.from_bytes(head[80:84], "little") if len(head) == 84 else 0
            return count if size == 84 + 50 * count else None
        if size > MAX_LOADED_BYTES:
            return sum(line.startswith(b"f ") for line in data)
    return None


def _check_size(file: Path, role: Role, entry: dict[str, Any], extents: tuple[float, float, float]) -> None:
    shown = " x ".join(f"{side:.3g}" for side in extents)
    side = max(extents)
    if role == "scene":
        scaled = side * float(entry.get("params", {}).get("scale", 1.0))
        low, high = SCENE_METRES
        if not low <= scaled <= high:
            raise InputError(
                f"{file.name}: measures {shown} units, {scaled:.3g} m at its scale, so its unit is not the metre; "
                f"write params: {{scale: {likely_scale(side):g}}}."
            )
    elif entry.get("height_m") is None and not SUBJECT_METRES[0] <= side <= SUBJECT_METRES[1]:
        raise InputError(
            f"{file.name}: measures {shown} m, which no subject does; give its height in metres with height_m."
        )
