"""Import of scene and animation files into the current scene. Nothing in a file is executed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from blender_scripts.errors import StageError
from blender_scripts.files import check_file, external_files, sha256


@dataclass(frozen=True)
class Imported:
    """What a file brought: its objects, the frame rate its animation is written in, and the files it came from."""

    objects: list[Any]
    fps: float
    files: list[dict[str, str]]


def import_file(name: str) -> Imported:
    """Import a file of any supported kind into the current scene.

    Raises StageError if it is missing, damaged, not what its suffix says, lacks a texture or holds nothing to render.
    """
    path = Path(name)
    check_file(path)
    before = {id_.as_pointer() for id_ in (*bpy.data.objects, *bpy.data.images, *bpy.data.libraries)}
    scene = bpy.context.scene
    fps = scene.render.fps / scene.render.fps_base
    try:
        own_fps = _IMPORTERS[path.suffix.lower()](path)
    except (RuntimeError, OSError, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        # Importers written in Python raise anything on a damaged file; the operator wraps it in a traceback.
        raise StageError(f"{path.name}: Blender cannot import it ({_reason(error)}); export it again") from error
    for library in bpy.data.libraries:
        if library.as_pointer() not in before and not Path(bpy.path.abspath(library.filepath)).is_file():
            raise StageError(f"{path.name}: the linked library {Path(library.filepath).name} is missing")
    objects = [o for o in scene.objects if o.as_pointer() not in before]
    if not any(o.type not in {"EMPTY", "CAMERA", "LIGHT", "ARMATURE", "SPEAKER", "LIGHT_PROBE"} for o in objects):
        raise StageError(f"{path.name}: holds nothing that renders")
    textures = external_files([i for i in bpy.data.images if i.as_pointer() not in before], path)
    files = [{"file": name, "sha256": sha256(path)}]
    files += [{"file": str(t), "sha256": sha256(t)} for t in sorted(set(textures)) if t != path]
    return Imported(objects, own_fps or fps, files)


def _reason(error: Exception) -> str:
    """The last line of an operator's message: the cause, without its traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    useful = [line for line in lines if not line.startswith(("Location:", "File ", "Error: Python"))]
    return (useful or lines or [type(error).__name__])[-1]


def _blend(path: Path) -> float | None:
    """Append the file's first scene (active ones cannot be told without opening it) with its world."""
    with bpy.data.libraries.load(str(path), link=False) as (there, here):
        if not there.scenes:
            raise StageError(f"{path.name}: holds no scene")
        here.scenes = there.scenes[:1]
    loaded, current = here.scenes[0], bpy.context.scene
    for child in loaded.collection.children:
        current.collection.children.link(child)
    for item in loaded.collection.objects:
        current.collection.objects.link(item)
    if loaded.world is not None:
        current.world = loaded.world
    fps = loaded.render.fps / loaded.render.fps_base
    if loaded.rigidbody_world is not None:
        raise StageError(f"{path.name}: has rigid body physics; bake it to key frames (Object > Rigid Body) and save")
    bpy.data.scenes.remove(loaded)
    return float(fps)


def _operator(call: Callable[..., Any], **options: Any) -> Callable[[Path], float | None]:
    def run(path: Path) -> float | None:
        if "FINISHED" not in call(filepath=str(path), **options):
            raise StageError(f"{path.name}: Blender cannot import it; export it again")
        return None

    return run


def _late(module: str, name: str, **options: Any) -> Callable[[Path], float | None]:
    """Look operators up when used: add-ons register them after this module is imported."""
    return lambda path: _operator(getattr(getattr(bpy.ops, module), name), **options)(path)


_IMPORTERS: dict[str, Callable[[Path], float | None]] = {
    ".blend": _blend,
    ".glb": _late("import_scene", "gltf"),
    ".gltf": _late("import_scene", "gltf"),
    ".fbx": _late("wm", "fbx_import"),
    ".obj": _late("wm", "obj_import"),
    ".usd": _late("wm", "usd_import"),
    ".usda": _late("wm", "usd_import"),
    ".usdc": _late("wm", "usd_import"),
    ".usdz": _late("wm", "usd_import"),
    ".abc": _late("wm", "alembic_import"),
    ".ply": _late("wm", "ply_import"),
    ".stl": _late("wm", "stl_import"),
}
