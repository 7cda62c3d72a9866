"""The sampler, live: recipes by name, pair i, and what many pairs look like together."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.sampling.catalog import fitting_frames
from camxtime.sampling.pairs import Pair, PairSampler
from camxtime.sampling.poses import relative_poses
from camxtime.sampling.recipe import Recipe, default_families
from camxtime.sampling.recipe_file import read_recipe
from camxtime.sampling.tracks import ClipRef
from camxtime.shards.dataset import Dataset

MAX_RECIPE = 8_192
MAX_DRAWS = 5_000
_DRAWING_S = 5.0
_FAMILY_TEXT = {
    "direction": "The source's cameras; time runs otherwise: backwards, to and fro.",
    "speed": "The source's cameras; time runs faster, slower or at changing speed.",
    "bullet": "The source's cameras; time stands still, at once or after a while.",
    "joint": "Other cameras and another course of time at once.",
    "camera": "Other cameras; time as in the source.",
}


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe that the page offers. fitted: its frames are cut to the times that the grids have."""

    name: str
    recipe: Recipe
    text: str
    fitted: bool

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"name": self.name, "text": self.text, "json": self.recipe.to_json()}


def recipes(files: Sequence[Path]) -> dict[str, NamedRecipe]:
    """The default recipe, those in files (by the file's name), and one of each default family alone.

    Raises `InputError` for a file that is no recipe, or two of one name.
    """
    found = {"default": NamedRecipe("default", Recipe(), "All task families, equally likely.", True)}
    for file in files:
        if file.stem in found:
            raise InputError(f"recipe: {file}: there is another recipe called {file.stem!r}; rename the file.")
        found[file.stem] = NamedRecipe(file.stem, read_recipe(file), f"From {file.name}.", False)
    for name, family in default_families().items():
        text = _FAMILY_TEXT.get(name, "")
        found.setdefault(name, NamedRecipe(name, replace(Recipe(), families={name: family}), text, True))
    return found


def recipe_of_text(text: str) -> NamedRecipe:
    """A recipe from the JSON in an address; `InputError` for one that is none or too long."""
    if len(text) > MAX_RECIPE:
        raise InputError(f"recipe_json: at most {MAX_RECIPE} characters.")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"recipe_json is not JSON: {error}.") from error
    fitted = isinstance(value, dict) and "frames" not in value
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return NamedRecipe(name, Recipe.of_json(value), "", fitted)


def make_sampler(dataset: Dataset, named: NamedRecipe, seed: int, grids: Sequence[str] | None) -> PairSampler:
    """The sampler itself; errors as `PairSampler`."""
    if not named.fitted:
        return PairSampler(dataset, named.recipe, seed, grids)
    probe = PairSampler(dataset, replace(named.recipe, frames=1, strides=(1,), families=_STILL), seed, grids)
    frames = fitting_frames(probe.catalog, named.recipe.frames)
    return PairSampler(dataset, replace(named.recipe, frames=frames), seed, grids)


_STILL = {"camera": replace(default_families()["camera"], cameras={"diagonal": 1.0})}


def pair_json(sampler: PairSampler, index: int) -> dict[str, Any]:
    """Pair i as the sampler gives it, with its caption and both clips' poses, relative to the source's first frame."""
    pair = sampler.pair(index)
    dataset = sampler.dataset
    source, target = (_poses(dataset, clip) for clip in (pair.source, pair.target))
    poses = {name: _rows(c2w, source[0]) for name, c2w in (("source", source), ("target", target))}
    row = dataset.grid(pair.target.grids[0]).row
    return {
        **pair.to_json(), "grid": pair.source.grids[0], "caption": row.caption, "poses": poses, "fps": row.fps,
        "frames": sampler.recipe.frames, "epoch_pairs": sampler.epoch_pairs, "seed": sampler.seed,
        "fingerprint": sampler.fingerprint,
    }  # fmt: skip


def statistics(sampler: PairSampler, count: int) -> dict[str, Any]:
    """The first `count` pairs together: how often each task, warp and camera track comes, and which cells are seen.

    Cells of grids that are smaller than the largest are spread over its cells. Stops early after some seconds: `n` says
    how many were drawn.
    """
    sizes = [(sampler.catalog.cameras(number), sampler.catalog.times(number)) for number in range(len(sampler.catalog))]
    C, T = (max(side) for side in zip(*sizes, strict=True))
    tasks, warps, cameras = Counter[str](), Counter[str](), Counter[str]()
    seen = {"source": np.zeros((T, C), np.int64), "target": np.zeros((T, C), np.int64)}
    began, drawn = time.monotonic(), 0
    for index in range(count):
        pair = sampler.pair(index)
        tasks[pair.task] += 1
        warps[pair.warp] += 1
        cameras[pair.camera] += 1
        _count(sampler, pair, seen)
        drawn += 1
        if time.monotonic() - began > _DRAWING_S:
            break
    return {
        "n": drawn, "tasks": _ranked(tasks), "warps": _ranked(warps), "cameras": _ranked(cameras),
        "coverage": {"C": C, "T": T, "counts": seen["target"].tolist(), "source_counts": seen["source"].tolist()},
    }  # fmt: skip


def _count(sampler: PairSampler, pair: Pair, seen: dict[str, NDArray[np.int64]]) -> None:
    catalog = sampler.catalog
    for name, clip in (("source", pair.source), ("target", pair.target)):
        table = seen[name]
        times = catalog.animation_times(clip)
        for part, grid in enumerate(clip.grids):
            frames, number = clip.frames_of(part), catalog.number(grid)
            # A moving camera's video has one place to look from: its track counts frames, not cameras of a path.
            camera = np.minimum(clip.track.cameras[frames], catalog.cameras(number) - 1)
            row, column = (
                index * side // count
                for index, side, count in zip(
                    (times[frames], camera), table.shape, (catalog.times(number), catalog.cameras(number)), strict=True
                )
            )
            np.add.at(table, (row, column), 1)


def _poses(dataset: Dataset, clip: ClipRef) -> NDArray[np.float64]:
    """c2w (F, 4, 4) of a clip's frames."""
    c2w = np.empty((len(clip), 4, 4))
    for part, grid in enumerate(clip.grids):
        frames = clip.frames_of(part)
        c2w[frames] = dataset.grid(grid).cameras.c2w[clip.track.cameras[frames]]
    return c2w


def _rows(c2w: NDArray[np.float64], reference: NDArray[np.float64]) -> list[list[float]]:
    relative = relative_poses(c2w, reference, "left")[:, :3].reshape(-1, 12)
    rows: list[list[float]] = np.round(relative, 9).tolist()
    return rows


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common())
