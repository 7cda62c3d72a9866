"""From a loaded stage and a path of the spec to a grid record: draw, check, draw again; once per grid.

A record holds everything that a unit's rendering needs besides the stage, so a resumed run films exactly the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import StageReport
from camxtime.farm.gate import Gate
from camxtime.farm.jobs import GridJob, Recipe, noise_seed
from camxtime.farm.words import path_words
from camxtime.geometry.cameras import Cameras
from camxtime.geometry.framing import Framing, inside_box
from camxtime.geometry.paths import DrawnPath, PathRequest, SpeedLaw, draw
from camxtime.shards.records import GridRecord
from camxtime.spec.captions import compose_caption

OUTSIDE = "left the box in which cameras may be"
FREE_DRAWS = 25  # draws that may leave the camera box, per draw that is looked at
TIMES_LOOKED_AT = 9  # for the subject's visibility, evenly spaced, first and last included


@dataclass(frozen=True)
class Verdict:
    """What the checks found: the worst failing one in words (None: all passed), what the path's and its cells' measured."""

    fault: str | None
    measured: dict[str, float]
    quality: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The draw of a path that passed. number: which draw; redrawn: why those before it did not pass, with counts."""

    number: int
    drawn: DrawnPath
    verdict: Verdict
    redrawn: dict[str, int]


def visibility_times(times: int) -> list[int]:
    """Times at which the subject's visibility is looked at."""
    return sorted({int(t) for t in np.linspace(0, times - 1, min(times, TIMES_LOOKED_AT)).round()})


def judge(process: BlenderProcess, cameras: Cameras, framing: Framing, recipe: Recipe) -> Verdict:
    """Check a drawn path against the stage that Blender has loaded (limits: `recipe.checks`)."""
    limits = recipe.checks
    outside = ~inside_box(cameras, framing)
    if outside.any():
        return Verdict(OUTSIDE, {"cameras_outside": float(outside.sum())})
    report = process.check_path(cameras, visibility_times(recipe.times))
    clearance = float(np.min(report.clearance_m))
    visible = np.asarray(report.subject_visible, dtype=np.float64).mean(axis=1)
    measured = {
        "clearance_m": clearance,
        "subject_visible_mean": float(visible.mean()),
        "subject_visible_worst": float(visible.min()),
    }
    if np.any(report.inside_geometry):
        return Verdict("stood inside geometry", measured)
    if np.any(report.segment_blocked):
        return Verdict("passed through a surface", measured)
    if clearance < limits["min_clearance_m"]:
        return Verdict(f"came nearer than {limits['min_clearance_m']} m to a surface", measured)
    if measured["subject_visible_mean"] < limits["min_subject_visible"]:
        return Verdict(f"showed less than {limits['min_subject_visible']:.0%} of the subject on average", measured)
    if measured["subject_visible_worst"] < limits["min_camera_visible"]:
        return Verdict(f"had a camera that saw less than {limits['min_camera_visible']:.0%} of the subject", measured)
    return Verdict(None, measured)


def look(gate: Gate, cameras: Cameras, verdict: Verdict) -> Verdict:
    """The verdict on a path that passed `judge`, after a look at a few of its cells."""
    faults, values = gate.judge(cameras)
    words = (
        f"had {faults[0].measure} {'below' if faults[0].side == 'min' else 'above'} {faults[0].bound:g}"
        if faults
        else None
    )
    return Verdict(words, verdict.measured, values)


def choose_path(
    process: BlenderProcess, framing: Framing, grid: GridJob, recipe: Recipe, gate: Gate | None = None
) -> Choice:
    """Draw the grid's path until one passes the checks, and its probe cells the gate if there is one.

    Draw k depends on the grid's seed and k alone. `max_draws` bounds the draws that Blender has to look at; those that
    leave the camera box cost nothing, and many may be needed in a small room.

    Raises:
        InputError: no draw passed; it says which check failed how often, and what to change.
    """
    request = PathRequest(framing, recipe.cameras, recipe.width, recipe.height, SpeedLaw(**grid.speed))
    faults: Counter[str] = Counter()
    before: DrawnPath | None = None
    looked_at = 0
    for number in range(recipe.checks["max_draws"] * FREE_DRAWS):
        rng = np.random.default_rng(np.random.SeedSequence([grid.seed, number]))
        drawn = draw(grid.kind, grid.ranges, request, rng)
        if before is not None and drawn.parameters == before.parameters:
            break  # nothing in it is drawn: another attempt would be the same
        before = drawn
        verdict = judge(process, drawn.cameras, framing, recipe)
        if verdict.fault is None and gate is not None:
            verdict = look(gate, drawn.cameras, verdict)
        if verdict.fault is None:
            return Choice(number, drawn, verdict, dict(faults))
        faults[verdict.fault] += 1
        looked_at += verdict.fault != OUTSIDE
        if looked_at == recipe.checks["max_draws"]:
            break
    tried = sum(faults.values())
    counts = "; ".join(f"{count} {fault}" for fault, count in faults.most_common())
    raise InputError(
        f"{grid.grid_id}: none of {tried} draws of its {grid.kind} path can be filmed: {counts}. Widen the path's ranges, "
        "bring it nearer (distance_fit), or loosen path_checks or quality in the spec."
    )


def _relative(file: str, root: str) -> str:
    """An asset's name as the spec could give it: what a dataset says must not depend on where its assets lay."""
    path = Path(file)
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else path.name


def prepare(process: BlenderProcess, stage: StageReport, grid: GridJob, recipe: Recipe) -> GridRecord:
    """The record of a grid, from the stage that Blender has loaded.

    Raises:
        InputError: no path passes the checks, or the stage has no subject to frame.
    """
    framing = Framing.from_dict(stage.framing)
    gate = Gate(process, stage, grid, recipe) if recipe.quality["gate"] else None
    choice = choose_path(process, framing, grid, recipe, gate)
    drawn = choice.drawn
    words = grid.caption if grid.caption is not None else path_words(grid.kind, drawn.parameters, grid.speed)
    composed = compose_caption(stage.captions["animation"], stage.captions["scene"], words)
    caption = composed if grid.own_caption is None else grid.own_caption
    return GridRecord(
        grid=grid.grid_id,
        cameras=drawn.cameras,
        times=recipe.times,
        fps=recipe.fps,
        passes=recipe.passes,
        caption=caption,
        seeds={
            "grid": grid.seed,
            "draw": choice.number,
            "noise": {str(t): noise_seed(grid.seed, t) for t in range(recipe.times)},
        },
        instances=tuple(stage.instances),
        path_parameters={"kind": grid.kind, "speed": grid.speed, **drawn.parameters},
        extra={
            "framing": framing.to_dict(),
            "checks": choice.verdict.measured,
            "quality": choice.verdict.quality,
            "redrawn": choice.redrawn,
            "assets": [{**asset, "file": _relative(asset["file"], grid.assets_root)} for asset in stage.assets],
            "triangles": stage.triangles,
            "objects": stage.objects,
        },
    )
