"""Import of scene and animation files into the current scene. Nothing in a file is executed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from blender_scripts import bvh
from blender_scripts.caches import Cached
from blender_scripts.errors import StageError
from blender_scripts.files import check_file, external_files, sha256
from blender_scripts.usd_time import time_codes_per_second

_NO_MESH = frozenset({"EMPTY", "CAMERA", "LIGHT", "ARMATURE", "SPEAKER", "LIGHT_PROBE"})
_FINE_FPS = 2400
"""Rate at which an Alembic file's span is asked for: Blender gives it in whole frames."""


@dataclass(frozen=True)
class Imported:
    """What a file brought.

    objects: everything of it in the scene. fps: the frame rate its clips are written in. files: it and its textures,
    [{"file", "sha256"}]. cached: motion that is read from the file itself (Alembic, USD), if there is any.
    """

    objects: list[Any]
    fps: float
    files: list[dict[str, str]]
    cached: Cached | None = None

    def named(self) -> dict[str, Any]:
        """Objects by the names they have in the file: Blender numbers names that are taken already."""
        mine = {item.name for item in self.objects}
        names = {}
        for item in self.objects:
            plain = re.sub(r"\.\d{3}$", "", item.name)
            taken = plain not in mine and plain in bpy.data.objects
            names[plain if taken else item.name] = item
        return names


def import_file(name: str) -> Imported:
    """Import a file of any supported kind into the current scene.

    Raises StageError if it is missing, damaged, not what its suffix says, lacks a texture or holds nothing to render.
    """
    path = Path(name)
    check_file(path)
    ids = (*bpy.data.objects, *bpy.data.images, *bpy.data.libraries, *bpy.data.cache_files)
    before = {id_.as_pointer() for id_ in ids}
    for action in bpy.data.actions:  # clips are chosen by name, so names of earlier files must be free
        action.name = f"earlier {action.name}"
    time = _Clock.of(bpy.context.scene)
    try:
        own_fps = _IMPORTERS[path.suffix.lower()](path)
    except (RuntimeError, OSError, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        # Importers written in Python raise anything on a damaged file; the operator wraps it in a traceback.
        raise StageError(f"{path.name}: Blender cannot import it ({_reason(error)}); export it again") from error
    finally:
        read = _Clock.of(bpy.context.scene)
        time.set(bpy.context.scene)
    for library in bpy.data.libraries:
        if library.as_pointer() not in before and not Path(bpy.path.abspath(library.filepath)).is_file():
            raise StageError(f"{path.name}: the linked library {Path(library.filepath).name} is missing")
    objects = [o for o in bpy.context.scene.objects if o.as_pointer() not in before]
    if all(o.type in _NO_MESH and not (o.type == "EMPTY" and o.instance_collection) for o in objects):
        raise StageError(f"{path.name}: holds nothing that renders (no mesh); export it with its geometry")
    textures = external_files([i for i in bpy.data.images if i.as_pointer() not in before], path)
    files = [{"file": name, "sha256": sha256(path)}]
    files += [{"file": str(t), "sha256": sha256(t)} for t in sorted(set(textures)) if t != path]
    caches = [c for c in bpy.data.cache_files if c.as_pointer() not in before]
    return Imported(objects, own_fps or time.rate, files, _cached(path, caches, read, time) if caches else None)


@dataclass(frozen=True)
class _Clock:
    """A scene's frame rate and frame range. Importers change them, and the stage's must stay."""

    fps: int
    base: float
    start: int
    end: int

    @staticmethod
    def of(scene: Any) -> _Clock:
        return _Clock(scene.render.fps, scene.render.fps_base, scene.frame_start, scene.frame_end)

    def set(self, scene: Any) -> None:
        scene.render.fps, scene.render.fps_base = self.fps, self.base
        scene.frame_start, scene.frame_end = self.start, self.end

    @property
    def rate(self) -> float:
        return self.fps / self.base


def _cached(path: Path, caches: list[Any], read: _Clock, time: _Clock) -> Cached:
    """Motion that stays in the file: USD counts in its own time codes, Alembic in seconds (here: in frames of the stage)."""
    if path.suffix.lower() == ".abc":
        return Cached(caches, read.start / _FINE_FPS * time.rate, read.end / _FINE_FPS * time.rate, time.rate)
    return Cached(caches, float(read.start), float(read.end), time_codes_per_second(path))


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


def _alembic(path: Path) -> float | None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = _FINE_FPS, 1.0
    return _late("wm", "alembic_import", set_frame_range=True)(path)


def _fbx(path: Path) -> float | None:
    """The operator sets the scene's frame rate to the file's, which its key frames are counted in."""
    _late("wm", "fbx_import")(path)
    return float(bpy.context.scene.render.fps / bpy.context.scene.render.fps_base)


def _usd(path: Path) -> float | None:
    """Key frames are the file's time codes, whatever the scene's frame rate."""
    _late("wm", "usd_import", set_frame_range=True)(path)
    return time_codes_per_second(path)


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
    ".fbx": _fbx,
    ".obj": _late("wm", "obj_import"),
    ".usd": _usd,
    ".usda": _usd,
    ".usdc": _usd,
    ".usdz": _usd,
    ".abc": _alembic,
    ".bvh": bvh.load,
    ".ply": _late("wm", "ply_import"),
    ".stl": _late("wm", "stl_import"),
}
