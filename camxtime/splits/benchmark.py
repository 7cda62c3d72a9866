"""The frozen file of benchmark items: for each a source clip, a target clip of the same event, and a caption.

Everything stands in it as indices: nothing is drawn when it is used. `benchmark_cut` makes it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from camxtime.errors import CamxtimeError, DataError
from camxtime.shards.digest import canonical_json
from camxtime.splits.content import Content
from camxtime.splits.manifest import Frozen, Hex, Source, Text, parse_model, read_signed, write_signed
from camxtime.splits.tracks import CellTrack

FORMAT = "camxtime-benchmark"
FORMAT_VERSION = 1
Group = Literal["direction", "speed", "bullet", "joint"]


class Track(Frozen):
    """A track as manifests write it; see `tracks`."""

    grid: Text
    cameras: str = Field(max_length=1_000_000)
    times: str = Field(max_length=1_000_000)

    @property
    def cells(self) -> CellTrack:
        """The track's indices."""
        return CellTrack.of_json(self.model_dump())


class Item(Frozen):
    """One item. `id` is unique in the benchmark: `<grid>/<mode>`."""

    id: Text
    mode: Text
    group: Group
    source: Track
    target: Track
    caption: Text


class UsedGrid(Frozen):
    """What a benchmark expects of a grid: its digest (as in the manifest) and its size."""

    digest: Hex
    cameras: int = Field(ge=1)
    times: int = Field(ge=1)


class Benchmark(Frozen):
    """A frozen benchmark. grids: those its items use. split_digest: of the manifest it was cut from."""

    name: Text
    source: Source
    split: Text
    split_digest: Hex
    frames: int = Field(ge=1)
    grids: dict[str, UsedGrid]
    items: list[Item] = Field(min_length=1)

    @model_validator(mode="after")
    def _items_fit(self) -> Benchmark:
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"the item {item.id} is there twice")
            seen.add(item.id)
            for track in (item.source, item.target):
                if track.grid not in self.grids:
                    raise ValueError(f"item {item.id}: the grid {track.grid} is not in the field grids")
                try:
                    cells = track.cells
                    cells.check(self.grids[track.grid].cameras, self.grids[track.grid].times)
                except CamxtimeError as error:
                    raise ValueError(f"item {item.id}: {error}") from error
                if len(cells) != self.frames:
                    raise ValueError(f"item {item.id}: a track has {len(cells)} frames, not {self.frames}")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of everything in it: what results should quote."""
        return hashlib.sha256(canonical_json(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, with format and version, without the digest."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **self.model_dump(mode="json")}

    def write(self, path: str | Path) -> Path:
        """Write the benchmark with its own SHA-256; atomically."""
        return write_signed(Path(path), self.to_json())

    def check(self, content: Content) -> None:
        """Compare with the dataset to be evaluated on; `DataError` naming the grids that are missing or different."""
        planned = self.source.kind == "spec" and content.kind == "dataset"
        for grid, wanted in sorted(self.grids.items()):
            there = content.grids.get(grid)
            if there is None or not there.complete:
                raise DataError(
                    f"{self.name}: grid {grid} is {'incomplete' if there else 'missing'} in {content.name}."
                )
            found = there.plan_digest if planned else there.digest
            if found != wanted.digest or not found:
                raise DataError(
                    f"{self.name}: grid {grid} of {content.name} has digest {found or 'none'}, the benchmark was cut for "
                    f"{wanted.digest}: it is other content, and scores would not compare."
                )

    def with_captions(self, content: Content) -> Benchmark:
        """The same items with the captions that rendering gave the grids (those of a spec are composed from names)."""
        items = [
            item.model_copy(update={"caption": content.grids[item.target.grid].caption or item.caption})
            for item in self.items
        ]
        return self.model_copy(update={"items": items})


def load_benchmark(path: str | Path) -> Benchmark:
    """Read a benchmark and check it: version, own SHA-256, structure. Errors as `manifest.load`."""
    return parse_model(Benchmark, read_signed(Path(path), FORMAT, FORMAT_VERSION), Path(path))
