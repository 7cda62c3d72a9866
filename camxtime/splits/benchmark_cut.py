"""Benchmark items cut from a split: for each a source clip, a target clip of the same event, and a caption.

The modes of the published evaluation keep the camera's track and change time alone; `joint` changes both:

| mode       | group     | times of the target (F = 81)  | cameras of the target                                   |
|------------|-----------|-------------------------------|---------------------------------------------------------|
| forward    | direction | 0 … 80                        | as the source                                           |
| backward   | direction | 80 … 0                        | as the source                                           |
| zigzag     | direction | 0 … 40, 39 … 0                | as the source                                           |
| slowmo     | speed     | 0, 1, 1, 2, 2, …, 40, 40      | as the source                                           |
| bullettime | bullet    | 40, 81 times                  | as the source                                           |
| joint      | joint     | one of those but forward      | the path backwards, one fixed camera, or another path   |

`paper` is the five that the paper's authors evaluate; `control` (the default) trades forward for joint, so that every
group is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from camxtime.errors import InputError
from camxtime.splits.benchmark import Benchmark, Group, Item, Track, UsedGrid
from camxtime.splits.content import Content, GridFacts
from camxtime.splits.manifest import Manifest
from camxtime.splits.tracks import CellTrack
from camxtime.timewarp import pattern

STAGES = 32
FRAMES = 81
PATTERN_OF_MODE = {
    "forward": "forward",
    "backward": "reverse",
    "zigzag": "zigzag_0_10_0",
    "slowmo": "slowmo_first_half",
    "bullettime": "freeze_mid",
}
GROUP_OF_MODE: dict[str, Group] = {"forward": "direction", "backward": "direction", "zigzag": "direction", "slowmo": "speed",
                 "bullettime": "bullet", "joint": "joint"}  # fmt: skip
MODES = {
    "control": ("backward", "zigzag", "slowmo", "bullettime", "joint"),
    "paper": ("forward", "backward", "slowmo", "zigzag", "bullettime"),
}
JOINT_PATTERNS = ("reverse", "zigzag_0_10_0", "slowmo_first_half", "freeze_mid")


@dataclass(frozen=True)
class BenchmarkRecipe:
    """How a benchmark is cut.

    stages: how many (scene, animation), each with one camera path; None: 32, or all if there are fewer. Scenes are used
    evenly, so as many stages as scenes means every scene once. modes: a name of `MODES`, or modes themselves.
    frames: F (4n + 1); None: 81, or what the grids allow. offset, stride: which of the grid's indices clips are cut from.
    path: camera path of the sources; None: `arc` where there is one, else drawn.
    """

    split: str = "test"
    stages: int | None = None
    modes: str | tuple[str, ...] = "control"
    frames: int | None = None
    offset: int = 0
    stride: int = 1
    path: str | None = None
    seed: int = 0

    @property
    def mode_names(self) -> tuple[str, ...]:
        """The modes; `InputError` for an unknown one."""
        names = MODES.get(self.modes, (self.modes,)) if isinstance(self.modes, str) else self.modes
        for name in names:
            if name not in GROUP_OF_MODE:
                raise InputError(f"modes: there is no {name!r}; there are: {', '.join([*MODES, *GROUP_OF_MODE])}.")
        if len(set(names)) != len(names) or not names:
            raise InputError("modes: name at least one, each once.")
        return tuple(names)


def cut_benchmark(manifest: Manifest, content: Content, recipe: BenchmarkRecipe | None = None) -> Benchmark:
    """Cut a benchmark from one split of a manifest that fits `content`.

    Raises `InputError` if the split has too few stages, or grids too small for F frames, `DataError` if they do not fit.
    """
    recipe = recipe or BenchmarkRecipe()
    modes = recipe.mode_names
    manifest.check(content, allow_missing=True)
    grids = [content.grids[g] for g in manifest.grids(recipe.split) if g in content.grids and content.grids[g].complete]
    if not grids:
        raise InputError(f"{manifest.name}: the split {recipe.split!r} has no complete grid in {content.name}.")
    frames = _frames(grids, recipe)
    sources = _choose(grids, recipe)
    by_stage: dict[tuple[str, str], list[GridFacts]] = {}
    for facts in grids:
        by_stage.setdefault((facts.scene, facts.animation), []).append(facts)
    items = []
    for facts in sources:
        others = [o for o in by_stage[facts.scene, facts.animation] if o.grid != facts.grid and o.size == facts.size]
        items += [_item(facts, others, mode, frames, recipe) for mode in modes]
    used = sorted({track.grid for item in items for track in (item.source, item.target)})
    return Benchmark(
        name=f"{manifest.name}-{recipe.split}",
        source=manifest.source,
        split=recipe.split,
        split_digest=manifest.digest,
        frames=frames,
        grids={grid: _used(manifest.splits[recipe.split][grid], content.grids[grid]) for grid in used},
        items=items,
    )


def _used(digest: str, facts: GridFacts) -> UsedGrid:
    return UsedGrid(digest=digest, cameras=facts.size[0], times=facts.size[1])


def _frames(grids: list[GridFacts], recipe: BenchmarkRecipe) -> int:
    if recipe.offset < 0 or recipe.stride < 1:
        raise InputError(f"offset {recipe.offset} must be at least 0 and stride {recipe.stride} at least 1.")
    smallest = min(grids, key=lambda facts: min(facts.size))
    most = (min(smallest.size) - 1 - recipe.offset) // recipe.stride + 1
    frames = recipe.frames if recipe.frames is not None else min(FRAMES, (most - 1) // 4 * 4 + 1)
    if frames < 5 or frames % 4 != 1:
        raise InputError(
            f"frames: clips have 4n + 1 frames (81, 49, …, 5), not {frames}; {smallest.grid} allows {most}."
        )
    if frames > most:
        raise InputError(
            f"frames: {frames} frames from {recipe.offset} in steps of {recipe.stride} do not fit {smallest.grid} of "
            f"{smallest.size[0]} cameras × {smallest.size[1]} times; at most {most} do."
        )
    return frames


def _rng(seed: int, *words: str) -> np.random.Generator:
    text = "\x1f".join(["benchmark", str(seed), *words])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))


def _choose(grids: list[GridFacts], recipe: BenchmarkRecipe) -> list[GridFacts]:
    """One grid of each chosen stage: scenes in turn (in drawn order), animations that were not used yet first."""
    rng = _rng(recipe.seed, "stages")
    stages: dict[str, dict[str, list[GridFacts]]] = {}
    for facts in grids:
        stages.setdefault(facts.scene, {}).setdefault(facts.animation, []).append(facts)
    total = sum(len(animations) for animations in stages.values())
    wanted = recipe.stages if recipe.stages is not None else min(STAGES, total)
    if not 1 <= wanted <= total:
        raise InputError(f"stages: the split {recipe.split!r} has {total} (scene, animation), not {wanted}.")
    order = [sorted(stages)[int(i)] for i in rng.permutation(len(stages))]
    left = {scene: [sorted(stages[scene])[int(i)] for i in rng.permutation(len(stages[scene]))] for scene in order}
    used: set[str] = set()
    chosen: list[GridFacts] = []
    while len(chosen) < wanted:
        for scene in order:
            if left[scene] and len(chosen) < wanted:
                animation = next((name for name in left[scene] if name not in used), left[scene][0])
                left[scene].remove(animation)
                used.add(animation)
                chosen.append(_path(stages[scene][animation], recipe, rng))
    return sorted(chosen, key=lambda facts: facts.grid)


def _path(grids: list[GridFacts], recipe: BenchmarkRecipe, rng: np.random.Generator) -> GridFacts:
    by_path = {facts.path: facts for facts in grids}
    drawn = sorted(by_path)[int(rng.integers(len(by_path)))]
    if recipe.path is None:
        return by_path.get("arc", by_path[drawn])
    if recipe.path not in by_path:
        raise InputError(
            f"path: {grids[0].scene}.{grids[0].animation} has no path {recipe.path!r}, but {', '.join(by_path)}."
        )
    return by_path[recipe.path]


def _item(facts: GridFacts, others: list[GridFacts], mode: str, frames: int, recipe: BenchmarkRecipe) -> Item:
    def window(indices: Iterable[int]) -> tuple[int, ...]:
        return tuple(recipe.offset + recipe.stride * int(i) for i in indices)

    forward = window(range(frames))
    grid, cameras = facts, forward
    if mode == "joint":
        rng = _rng(recipe.seed, facts.grid, mode)
        times = window(pattern(JOINT_PATTERNS[int(rng.integers(len(JOINT_PATTERNS)))], frames=frames))
        moves = ["reverse", "fixed", *(["hop"] if others else [])]
        move = moves[int(rng.integers(len(moves)))]
        if move == "reverse":
            cameras = forward[::-1]
        elif move == "fixed":
            cameras = (forward[int(rng.integers(frames))],) * frames
        else:
            grid = others[int(rng.integers(len(others)))]
    else:
        times = window(pattern(PATTERN_OF_MODE[mode], frames=frames))
    source = CellTrack(facts.grid, forward, forward).to_json()
    target = CellTrack(grid.grid, cameras, times).to_json()
    return Item(
        id=f"{facts.grid}/{mode}", mode=mode, group=GROUP_OF_MODE[mode], source=Track(**source), target=Track(**target),
        caption=grid.caption or _named_caption(grid),
    )  # fmt: skip


def _named_caption(facts: GridFacts) -> str:
    """Words for a grid that has not been rendered, from its names."""

    def words(name: str, own: str) -> str:
        source = facts.facts.get(name, own)
        return (own if "/" in source or "." in source else source).replace("_", " ").replace("-", " ")

    subject, scene = words("animation_source", facts.animation), words("scene_source", facts.scene)
    return f"{subject} in {scene}, camera path {words('path_kind', facts.path)}".capitalize() + "."
