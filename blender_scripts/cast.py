"""The animation of a stage: one subject, or several placed beside each other with room between them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from blender_scripts import animations, file_parameters, subject
from blender_scripts.clip_words import noun_phrase
from blender_scripts.contracts import NAME_PROPERTY, AnimatedSubject, AnimationContext
from blender_scripts.errors import StageError
from blender_scripts.packing import pack
from blender_scripts.parameters import resolve

GAP_M = 0.3
"""Floor left free between two subjects."""

FAMILY_ROOM_M = (1.5, 0.6)
"""Radius of floor that a procedural subject gets beside others: what it has if there is room, and the least."""

SHRINK = 0.9
TURN_DEG = 25.0
"""A cast of several stands across the view of a camera in front of it, turned by up to this, drawn from the seed."""

Files = list[dict[str, str]]


def load(request: dict[str, Any], context: AnimationContext) -> tuple[AnimatedSubject, Files]:
    """Build or import what an animation request asks for: `family`, `file`, or `subjects` (a list of such requests).

    Raises StageError for anything wrong with it, and if several subjects do not find room on the stage.
    """
    if "subjects" in request:
        return _several(request, context)
    rng = np.random.default_rng(int(request["seed"]))
    if "family" in request:
        return _family(request, context, rng), []
    return subject.load_subject(request, _file_values(request, rng), context)


def _family(request: dict[str, Any], context: AnimationContext, rng: np.random.Generator) -> AnimatedSubject:
    family = animations.load(request["family"])
    values = resolve(request["family"], family.PARAMETERS, request.get("params", {}), rng)
    placed = family.build(values, rng, context)
    return AnimatedSubject(placed.objects, placed.front_deg, request.get("caption") or placed.caption)


def _file_values(request: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    name = request["file"].replace("\\", "/").rsplit("/", 1)[-1]
    return resolve(name, file_parameters.ANIMATION, request.get("params", {}), rng)


def _several(request: dict[str, Any], context: AnimationContext) -> tuple[AnimatedSubject, Files]:
    """Files are brought in first, to see how much floor they need; families build within what is given to them."""
    entries: list[dict[str, Any]] = request["subjects"]
    rngs = [np.random.default_rng(int(entry["seed"])) for entry in entries]
    brought = {
        i: subject.bring(entry, _named(entry, _file_values(entry, rngs[i])), context)
        for i, entry in enumerate(entries)
        if "file" in entry
    }
    turn = float(np.random.default_rng(int(request["seed"])).uniform(-TURN_DEG, TURN_DEG))
    spots, radii = _spots([brought[i].radius_m if i in brought else None for i in range(len(entries))], context, turn)
    placed: list[AnimatedSubject] = []
    floor = context.scene.floor_m
    for i, entry in enumerate(entries):
        x, y = float(spots[i, 0]), float(spots[i, 1])
        if i in brought:
            placed.append(brought[i].place(x, y, floor))
        else:
            scene = replace(context.scene, stage_centre=(x, y, floor), stage_radius_m=float(radii[i]))
            placed.append(_family(entry, replace(context, scene=scene), rngs[i]))
    _name_apart(placed)
    files = [file for i in sorted(brought) for file in brought[i].files]
    caption = request.get("caption") or join_clauses([one.caption for one in placed])
    roots = [root for one in placed for root in one.objects]
    return AnimatedSubject(roots, placed[0].front_deg, caption), files


def _named(entry: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Values with the file's own words for a name, where none is given: one `subject` of several says nothing."""
    given = values["name"] != file_parameters.ANIMATION["name"][0]
    return values if given else {**values, "name": noun_phrase(entry["file"]).split(" ", 1)[1]}


def _spots(
    needed: list[float | None], context: AnimationContext, turn_deg: float
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[float]]:
    """World (N, 2) spots and the radius each may use; `needed` is None for subjects that fit what they are given."""
    room = context.scene.stage_radius_m
    share, least = FAMILY_ROOM_M
    while True:
        radii = [share if radius is None else radius for radius in needed]
        spots, around = pack([radius + GAP_M / 2 for radius in radii])
        if around - GAP_M / 2 <= room:
            break
        if None not in needed or share * SHRINK < least:
            raise StageError(
                f"its {len(needed)} subjects need a free floor {2 * around:.1f} m across, and the scene has "
                f"{2 * room:.1f} m; use fewer or smaller ones, root_motion: remove, or a larger scene"
            )
        share *= SHRINK
    c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    return spots @ np.array([[c, s], [-s, c]]) + np.array(context.scene.stage_centre[:2]), radii


def _name_apart(placed: list[AnimatedSubject]) -> None:
    """Give every root a name of its own in the instance table."""
    seen: dict[str, int] = {}
    for root in (root for one in placed for root in one.objects):
        name = str(root.get(NAME_PROPERTY) or root.name.split(".0")[0])
        seen[name] = seen.get(name, 0) + 1
        root[NAME_PROPERTY] = name if seen[name] == 1 else f"{name} {seen[name]}"


def join_clauses(clauses: list[str]) -> str:
    """ "a knight runs, another knight cheers and a flag waves": clauses in their order, the second of a kind "another"."""
    said: list[str] = []
    known: set[str] = set()
    for clause in clauses:
        words = clause.split(" ")
        noun = " ".join(words[:2])
        said.append(" ".join(["another", *words[1:]]) if noun in known and words[0] in ("a", "an") else clause)
        known.add(noun)
    return said[0] if len(said) == 1 else ", ".join(said[:-1]) + " and " + said[-1]
