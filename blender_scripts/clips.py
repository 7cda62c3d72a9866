"""Clips of an imported animation: finding one by name and laying it over times 0..T−1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from blender_scripts.caches import Cached, bake_transforms
from blender_scripts.errors import StageError

FITS = ("loop", "stretch", "once", "still")


@dataclass(frozen=True)
class Timing:
    """How a clip fills the times: `fit` loop, stretch, once or still; its own frame rate; the stage's T and frame rate."""

    fit: str
    clip_fps: float
    times: int
    fps: float


@dataclass(frozen=True)
class LaidClip:
    """A clip as laid: its length in stage frames (not rounded) and how often it starts in T times.

    span: first and last frame in the file, stage frames per frame of the file, repeats.
    """

    name: str
    period_frames: float
    repeats: float
    span: tuple[float, float, float, float]


def clip_names(objects: Iterable[Any]) -> list[str]:
    """Names of the clips of these objects, sorted."""
    return sorted({name for id_ in _animated(objects) for name, *_ in _clips_of(id_)})


def clip_lengths(objects: Iterable[Any]) -> dict[str, float]:
    """Frames that each clip of these objects lasts, by name in their order."""
    spans: dict[str, list[float]] = {}
    for id_ in _animated(objects):
        for name, action, _ in _clips_of(id_):
            spans.setdefault(name, []).extend(float(end) for end in action.frame_range)
    return {name: max(ends) - min(ends) for name, ends in sorted(spans.items())}


def lay_clip(
    where: str, objects: list[Any], clip: str | None, timing: Timing, cached: Cached | None = None
) -> LaidClip | None:
    """Replace all animation of `objects` by one clip over frames 1..T; None if the file has no clips at all.

    loop: at its own speed, repeated. stretch: its first pose at time 0, its last at T−1. once: at its own speed.
    still: its first pose throughout. Motion cached in the file (`cached`) goes with the clip, or is the clip; it is not
    laid here (`Cached.lay`).
    Raises StageError if the clip does not exist (listing those that do), if none was named though there are several,
    or, for `once`, if it is shorter than T times.
    """
    name = _choose(where, clip_names(objects), clip, cached is not None)
    if name is None and cached is None:
        return None
    chosen = {}
    for id_ in _animated(objects):
        match = [c for c in _clips_of(id_) if c[0] == name]
        chosen[id_.as_pointer()] = match[0] if match else None
    spans = [tuple(c[1].frame_range) for c in chosen.values() if c is not None]
    if cached is not None:
        spans.append((cached.start, cached.end))
    start, end = min(s[0] for s in spans), max(s[1] for s in spans)
    if cached is not None and name is None:
        timing = Timing(timing.fit, cached.fps, timing.times, timing.fps)
    scale, repeats = _fit(where, name or "its animation", float(end - start), timing)
    span = (start, start if timing.fit == "still" else end, scale, repeats)
    for id_ in list(_animated(objects)):
        _lay(id_, chosen[id_.as_pointer()], span)
    return LaidClip(name or "", float(span[1] - start) * scale, repeats, span)


def freeze(objects: list[Any], cached: Cached | None = None) -> None:
    """Take all actions off, so that the objects keep the pose they have now; cached motion stops at its start."""
    if cached is not None:
        cached.freeze()
        bake_transforms(objects, 1)
    for id_ in _animated(objects):
        id_.animation_data.action = None
        for track in list(id_.animation_data.nla_tracks):
            id_.animation_data.nla_tracks.remove(track)


def _choose(where: str, names: list[str], clip: str | None, cached: bool) -> str | None:
    listed = ", ".join(names) or ("one motion without a name; leave out `clip`" if cached else "none")
    if clip is None:
        if len(names) > 1:
            raise StageError(f"{where}: name one of its {len(names)} clips with `clip`: {listed}")
        return names[0] if names else None
    if clip not in names:
        raise StageError(f"{where}: has no clip {clip!r}; it has {listed}")
    return clip


def _fit(where: str, name: str, length: float, timing: Timing) -> tuple[float, float]:
    """Return (stage frames per clip frame, repeats) so that frames 1..T are covered."""
    if timing.fit not in FITS:
        raise StageError(f"animation.fit: {timing.fit!r} is not known; known: {', '.join(FITS)}")
    last = max(timing.times - 1, 1)
    if length < 1e-6 or timing.fit == "still":  # a pose, not a motion
        return 1.0, 1.0
    if timing.fit == "stretch":
        return last / length, 1.0
    scale = timing.fps / timing.clip_fps
    if timing.fit == "once" and length * scale < timing.times - 1 - 1e-3:
        seconds = length / timing.clip_fps
        raise StageError(
            f"{where}: clip {name!r} lasts {seconds:.2f} s, shorter than {timing.times} times at {timing.fps:g} fps; "
            "use fit loop or stretch, or fewer times"
        )
    if timing.fit == "once":
        return scale, 1.0
    return scale, max(math.ceil(last / (length * scale) + 1e-9), 1.0)


def _lay(id_: Any, clip: tuple[str, Any, Any] | None, span: tuple[float, float, float, float]) -> None:
    data = id_.animation_data
    data.action = None
    for track in list(data.nla_tracks):
        data.nla_tracks.remove(track)
    if clip is None:
        return
    name, action, slot = clip
    start, end, scale, repeats = span
    strip = data.nla_tracks.new().strips.new(name, 1, action)
    if slot is not None:
        strip.action_slot = slot
    strip.use_sync_length = False
    end = max(end, start + 1e-3)  # a pose: a strip cannot be empty
    strip.action_frame_start, strip.action_frame_end = start, end
    strip.scale, strip.repeat = scale, repeats
    strip.frame_start = 1
    strip.frame_end = 1 + (end - start) * scale * repeats
    strip.extrapolation, strip.blend_type = "HOLD", "REPLACE"


def _animated(objects: Iterable[Any]) -> Iterator[Any]:
    """Yield every datablock of these objects that has animation data, once."""
    seen: set[int] = set()
    for item in objects:
        keys = getattr(item.data, "shape_keys", None)
        materials = [m for slot in item.material_slots if (m := slot.material) is not None]
        trees = [m.node_tree for m in materials if m.node_tree is not None]
        for id_ in (item, item.data, keys, *materials, *trees):
            if id_ is None or id_.as_pointer() in seen or getattr(id_, "animation_data", None) is None:
                continue
            seen.add(id_.as_pointer())
            yield id_


def _clips_of(id_: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (clip name, action, slot) of a datablock: its NLA strips, named by track or action, and its action."""
    data = id_.animation_data
    for track in data.nla_tracks:
        for strip in track.strips:
            if strip.action is not None:
                single = len(track.strips) == 1
                yield (
                    (track.name if single and _speaks(track.name) else strip.action.name),
                    strip.action,
                    strip.action_slot,
                )
    if data.action is not None:
        yield data.action.name, data.action, data.action_slot


def _speaks(track_name: str) -> bool:
    """Whether a track was named by someone; Blender's own names say nothing."""
    return not track_name.startswith(("NlaTrack", "[Action Stash]"))
