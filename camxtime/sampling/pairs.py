"""PairSampler: pair i is a pure function of (dataset digest, split, recipe, seed, i).

So there is no order to store: shuffling, sharding over ranks and workers, and resuming at any pair with any number of
them need the index alone (see `order`). Every epoch visits each grid `pairs_per_grid` times, in its own random order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.sampling.camera_tracks import HOP, camera_track
from camxtime.sampling.catalog import MOVING, PATH, SCATTERED, Catalog, hop
from camxtime.sampling.contexts import draw_contexts
from camxtime.sampling.draws import MAX_INDEX, PAIR, digest_of_ids, draw_key, generator
from camxtime.sampling.permute import Permutation
from camxtime.sampling.recipe import Recipe
from camxtime.sampling.time_terms import time_path
from camxtime.sampling.tracks import ClipRef, Window

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

Indices = NDArray[np.int64]

_LAYOUT_TRACKS = {PATH: None, MOVING: ("diagonal", HOP), SCATTERED: ("diagonal", "fixed")}
"""Camera tracks that a layout allows (None: all): a moving camera has only its own way, scattered cameras no way at all."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A source clip and a target clip of the same scene and animation, F frames each.

    index: i. task: name of the family. warp, camera: what was drawn, in words. window: the times the source shows.
    contexts: further clips. Equal pairs have equal `to_json()`.
    """

    index: int
    task: str
    warp: str
    camera: str
    window: Window
    source: ClipRef
    target: ClipRef
    contexts: tuple[ClipRef, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {
            "index": self.index, "task": self.task, "warp": self.warp, "camera": self.camera,
            "window": {"frames": self.window.frames, "offset": self.window.offset, "stride": self.window.stride},
            "source": self.source.to_json(), "target": self.target.to_json(),
            "contexts": [clip.to_json() for clip in self.contexts],
        }  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Pair) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


class PairSampler:
    """Draws pairs from a dataset.

    dataset: as `camxtime.open` gives it. recipe: what pairs. seed: which of all such orders. grids: ids of a split's
    grids; all complete grids if None.

    Reads no pixels (but for contexts chosen by covisibility). Safe to fork and to pickle, and for use from many threads.
    Raises `InputError` if a grid has too few times for the recipe's frames and strides, or nothing that it asks for.
    """

    def __init__(
        self, dataset: Dataset, recipe: Recipe | None = None, seed: int = 0, grids: Sequence[str] | None = None
    ):
        self.dataset = dataset
        self.recipe = recipe or Recipe()
        self.seed = seed
        self.catalog = Catalog(dataset, grids)
        ids = [self.catalog.id(number) for number in range(len(self.catalog))]
        self.fingerprint = hashlib.sha256(
            f"camxtime sampler 1\n{dataset.digest}\n{digest_of_ids(ids)}\n{self.recipe.digest}".encode()
        ).hexdigest()
        self._key = draw_key(self.fingerprint, seed)
        self._check()

    @property
    def epoch_pairs(self) -> int:
        """Pairs in an epoch: grids × pairs_per_grid."""
        return len(self.catalog) * self.recipe.pairs_per_grid

    def __getitem__(self, index: int) -> Pair:
        return self.pair(index)

    def pair(self, index: int) -> Pair:
        """Pair i, i from 0 on without end; `InputError` for an index that is none."""
        if isinstance(index, bool) or not isinstance(index, int | np.integer) or not 0 <= index < MAX_INDEX:
            raise InputError(f"Pairs are numbered from 0 on; {index!r} is no such number.")
        index = int(index)
        grid = self.grid_of(index)
        rng = generator(self._key, index, PAIR)
        window = self._window(grid, rng)
        at = window.times(np.arange(window.frames))
        track = self._pick(self.recipe.source_cameras, grid, rng, ())
        own = camera_track(track, self._own(grid, at, rng), self.catalog.cameras(grid), rng)
        source = self.catalog.clip(grid, own, at)
        task, warp, camera, target = self._target(grid, window, own, rng)
        drawn = Pair(index, task, warp, camera, window, source, target)
        contexts = draw_contexts(self.catalog, self.recipe.contexts, drawn, self._key)
        return Pair(index, task, warp, camera, window, source, target, contexts)

    def grid_of(self, index: int) -> int:
        """Number of the grid that pair i is drawn from: each epoch is a permutation of the grids, repeated."""
        epoch, place = divmod(index, self.epoch_pairs)
        key = int.from_bytes(self._key[16:24], "little") + epoch
        return Permutation(self.epoch_pairs, key)[place] % len(self.catalog)

    def _window(self, grid: int, rng: np.random.Generator) -> Window:
        frames, times = self.recipe.frames, self.catalog.times(grid)
        stride = self.recipe.strides[int(rng.integers(len(self.recipe.strides)))]
        last = times - 1 - stride * (frames - 1)
        offset = int(rng.integers(0, last, endpoint=True)) if self.recipe.offset is None else self.recipe.offset
        return Window(frames, offset, stride)

    def _target(
        self, grid: int, window: Window, own: Indices, rng: np.random.Generator
    ) -> tuple[str, str, str, ClipRef]:
        siblings = self.catalog.siblings(grid)
        families = {
            name: family.weight
            for name, family in self.recipe.families.items()
            if self._allowed(family.cameras, grid, siblings)
        }
        task = _draw(families, rng)
        family = self.recipe.families[task]
        warp, path = time_path(_draw(family.warps, rng), window.frames, rng)
        track = self._pick(family.cameras, grid, rng, siblings)
        base = grid
        if len(siblings) and rng.random() < self.recipe.other_path:
            base = int(siblings[int(rng.integers(len(siblings)))])
            siblings = np.append(siblings[siblings != base], grid)
        times = window.times(path)
        window_times = window.times(np.arange(window.frames))
        along = own if base == grid else self._own(base, window_times, rng)
        count = self.catalog.cameras(base)
        if track != HOP:
            return task, warp, track, self.catalog.clip(base, camera_track(track, along, count, rng), times)
        onto = int(siblings[int(rng.integers(len(siblings)))])
        there = self._own(onto, window_times, rng)
        late = max(window.frames // 4, 1)
        frame = int(rng.integers(late, max(window.frames - late, late), endpoint=True)) if window.frames > 1 else 0
        clips = self.catalog.clip(base, along, times), self.catalog.clip(onto, there, times)
        return task, warp, track, hop(*clips, frame)

    def _own(self, grid: int, times: Indices, rng: np.random.Generator) -> Indices:
        """Cameras of an ordinary video of the given times: the diagonal; one drawn camera where cameras are scattered."""
        if self.catalog.layout(grid) == SCATTERED:
            return np.full(len(times), rng.integers(self.catalog.cameras(grid)), np.int64)
        return self.catalog.diagonal(grid, times)

    def _pick(
        self, weights: Mapping[str, float], grid: int, rng: np.random.Generator, siblings: Sequence[int] | Indices
    ) -> str:
        return _draw(self._allowed(weights, grid, siblings), rng)

    def _allowed(self, weights: Mapping[str, float], grid: int, siblings: Sequence[int] | Indices) -> dict[str, float]:
        """The camera tracks that this grid has, with positive weight."""
        only = _LAYOUT_TRACKS[self.catalog.layout(grid)]
        return {
            name: weight
            for name, weight in weights.items()
            if weight > 0 and (only is None or name in only) and (name != HOP or len(siblings))
        }

    def _check(self) -> None:
        """Every grid must have room for every window, a source track and at least one family."""
        kinds: dict[tuple[int, int, bool], int] = {}
        for grid in range(len(self.catalog)):
            alone = len(self.catalog.siblings(grid)) == 0
            kinds.setdefault((self.catalog.layout(grid), self.catalog.times(grid), alone), grid)
        for grid in kinds.values():
            for stride in self.recipe.strides:
                window = Window(self.recipe.frames, self.recipe.offset or 0, stride)
                window.check(self.catalog.times(grid), self.catalog.id(grid))
            self._check_tracks(grid)

    def _check_tracks(self, grid: int) -> None:
        name, siblings = self.catalog.id(grid), self.catalog.siblings(grid)
        if not self._allowed(self.recipe.source_cameras, grid, ()):
            only = _LAYOUT_TRACKS[self.catalog.layout(grid)] or ()
            raise InputError(
                f"Grid {name} is no camera path: its source can only be {' or '.join(only)} (source_cameras)."
            )
        families = self.recipe.families.values()
        if not any(family.weight > 0 and self._allowed(family.cameras, grid, siblings) for family in families):
            raise InputError(
                f"Grid {name} has no camera track of any family of the recipe: {HOP} needs a second camera path of the "
                "same scene and animation, and a grid that is no camera path has few others."
            )


def _draw(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    """A name by weight; one random number a draw. At least one weight is positive."""
    names = [name for name, weight in weights.items() if weight > 0]
    edges = np.cumsum([weights[name] for name in names])
    place = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
    return names[min(place, len(names) - 1)]
