"""What a server holds while it runs: the dataset, bounded caches, thumbnails, the room for long work."""

from __future__ import annotations

import importlib.util
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camxtime.errors import InputError
from camxtime.sampling.pairs import PairSampler
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.splits.benchmark import FORMAT as ITEMS
from camxtime.splits.manifest import FORMAT as SPLITS
from camxtime.splits.manifest import Manifest, format_of, load
from camxtime.viewer import describe, thumbs
from camxtime.viewer.answers import json_bytes, refuse
from camxtime.viewer.cells import Picture, depth_range_of
from camxtime.viewer.memory import ByteCache
from camxtime.viewer.options import ViewOptions
from camxtime.viewer.pairs import NamedRecipe, make_sampler, recipes
from camxtime.viewer.source import Source
from camxtime.viewer.thumb_store import BESIDE, ThumbStore, user_cache
from camxtime.viewer.workroom import Workroom

if TYPE_CHECKING:
    from camxtime.viewer.results import Results

PICTURE_BYTES = 48 * 2**20
SAMPLERS = 8
TRUTH = "truth"
"""Stands for a prediction's name where the ground truth's frames are meant."""
JSON_BYTES = 32 * 2**20


class State:
    """For many threads. Raises what `Source` and the readers of manifests raise."""

    def __init__(self, options: ViewOptions):
        self.options = options
        self.source = Source(options)
        self.pictures: ByteCache[Picture] = ByteCache(PICTURE_BYTES, len)
        self.texts: ByteCache[bytes] = ByteCache(JSON_BYTES, len)
        self._values: ByteCache[Any] = ByteCache(1000, lambda _: 1)
        self._samplers: ByteCache[PairSampler] = ByteCache(SAMPLERS, lambda _: 1)
        self.work = Workroom()
        self.manifest = _splits_of(options)
        self.results = _results_of(options, self.source.dataset)
        self.recipes = recipes(options.recipes)
        self.thumbs = ThumbStore(_folders(options, self.source), options.cache_bytes)

    @property
    def dataset(self) -> Dataset:
        """The dataset as last looked at."""
        return self.source.dataset

    @property
    def features(self) -> dict[str, bool]:
        """What this server can do with this dataset."""
        dataset = self.dataset
        return {
            "sample": "complete" in dataset.grids.column("status"),
            "mp4": "rgb" in dataset.passes and importlib.util.find_spec("av") is not None,
            "overlap": "depth" in dataset.passes,
            "render": self.source.rendered_here,
            "benchmark": self.results is not None,
        }

    def site(self) -> dict[str, Any]:
        """api/site.json."""
        dataset = self.source.refresh()
        splits = list(self.manifest.splits) if self.manifest is not None else []
        return describe.site(self.source, dataset, self.features, splits)

    def grids(self) -> bytes:
        """api/grids.json, for as long as the dataset is the same."""
        dataset = self.source.refresh()
        return self.texts.get(
            ("grids", dataset.digest),
            lambda: json_bytes(describe.grid_rows(dataset, self.manifest, self._planned(dataset))),
        )

    def grid_details(self, grid: Grid) -> bytes:
        """api/grids/<id>.json."""
        dataset = self.dataset
        return self.texts.get(
            ("grid", grid.digest, grid.id),
            lambda: json_bytes(describe.grid_details(dataset, grid, self.manifest)),
        )

    def depth_range(self, grid: Grid) -> tuple[float, float]:
        """(near, far) that a grid's depth pictures are coloured by."""
        found: tuple[float, float] = self.keep(("range", grid.digest), lambda: depth_range_of(grid))
        return found

    def sampler(self, named: NamedRecipe, split: str | None, seed: int) -> PairSampler:
        """The sampler of a recipe, split and seed; `InputError` for a split that is not there."""
        dataset = self.dataset
        if split is not None and self.manifest is None:
            raise InputError("There are no splits here: start with --manifest.")
        grids = self.manifest.grids(split) if split is not None and self.manifest is not None else None
        key = ("sampler", dataset.digest, named.recipe.digest, named.fitted, split, seed)
        found: PairSampler = self._samplers.get(key, lambda: make_sampler(dataset, named, seed, grids))
        return found

    def keep(self, key: Hashable, make: Any) -> Any:
        """A small value, worked out once."""
        return self._values.get(key, make)

    def thumb(self, grid: Grid, kind: str) -> bytes:
        """diagonal.webp, mosaic.jpg or coarse.jpg of a grid: kept on disk once the grid is complete."""
        kept = self.thumbs.get(grid.digest, kind)
        if kept is not None:
            return kept
        data = self._make_thumb(grid, kind)
        if grid.status == "complete":
            self.thumbs.put(grid.digest, kind, data)
        return data

    def close(self) -> None:
        """Stop long work; remove what was made in scratch."""
        self.work.close()
        self.source.close()

    def _make_thumb(self, grid: Grid, kind: str) -> bytes:
        if kind == "diagonal.webp":
            return thumbs.diagonal_thumb(self.dataset, grid)
        size = (grid.C, grid.T, grid.W, grid.H)
        plan = thumbs.mosaic_plan(*size) if kind == "mosaic.jpg" else thumbs.coarse_plan(*size)
        if plan is None:
            raise refuse(404, f"The mosaic of grid {grid.id} is small: there is no coarse one.")
        return thumbs.mosaic(self.dataset, grid, plan, self.work.stop)

    def _planned(self, dataset: Dataset) -> dict[str, dict[str, Any]]:
        """Sizes of planned grids that are not there yet."""
        expansion = self.source.expansion if dataset.header["missing_grids"] else None
        if expansion is None:
            return {}
        spec = expansion.spec
        size = {"C": spec.grid.cameras, "T": spec.grid.times, "W": spec.image.width, "H": spec.image.height,
                "fps": spec.grid.fps}  # fmt: skip
        return {grid.grid_id: {**size, "path_kind": str(getattr(grid.path, "kind", ""))} for grid in expansion.grids}


def _splits_of(options: ViewOptions) -> Manifest | None:
    file = _manifest(options, SPLITS)
    return load(file) if file is not None else None


def _results_of(options: ViewOptions, dataset: Dataset) -> Results | None:
    file = _manifest(options, ITEMS)
    if file is None and options.predictions:
        raise InputError("predictions: they are of a benchmark's items: give its file with --manifest.")
    if file is None:
        return None
    from camxtime.viewer.results import Results

    return Results(dataset, file, options.predictions)


def _manifest(options: ViewOptions, kind: str) -> Path | None:
    """The one file of a kind among those given; `InputError` for two, or one that is of neither kind."""
    kinds = {path: format_of(path) for path in options.manifests}
    for path, found in kinds.items():
        if found not in (SPLITS, ITEMS):
            raise InputError(f"manifest: {path} holds neither splits nor benchmark items.")
    files = [path for path, found in kinds.items() if found == kind]
    if len(files) > 1:
        raise InputError(f"manifest: only one file of format {kind} can be shown at a time, not {len(files)}.")
    return files[0] if files else None


def _folders(options: ViewOptions, source: Source) -> list[Any]:
    """Where thumbnails may be kept, best first."""
    if options.cache is not None:
        return [options.cache]
    beside = [source.local / BESIDE] if source.local is not None else []
    return [*beside, user_cache()]
