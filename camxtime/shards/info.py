"""What a dataset holds, as data for a table: `camxtime info` prints it, `--json` hands it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from camxtime.shards import layout
from camxtime.shards.dataset import Dataset


@dataclass(frozen=True)
class PassInfo:
    """One pass: its codec, whether it is lossless, and its bytes (0 if they were not added up)."""

    name: str
    codec: str
    lossless: bool
    nbytes: int


@dataclass(frozen=True)
class GridInfo:
    """One grid. rendered: share of its cells that are there. nbytes: of its shards."""

    grid: str
    cameras: int
    times: int
    width: int
    height: int
    fps: float
    status: str
    rendered: float
    nbytes: int
    digest: str
    caption: str


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset at a glance. missing: planned grids that were never prepared."""

    root: str
    name: str
    digest: str
    format_version: int
    scenes: int
    animations: int
    paths: int
    videos: int
    cells: int
    shards: int
    nbytes: int
    states: dict[str, int]
    renderers: tuple[str, ...]
    passes: tuple[PassInfo, ...]
    grids: tuple[GridInfo, ...]
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def dataset_info(dataset: Dataset, grids: Sequence[str] | None = None, *, pass_bytes: bool = True) -> DatasetInfo:
    """Describe a dataset. grids: ids to list, all by default (`InputError` for an unknown one).

    pass_bytes: add up the bytes of every pass, which reads the index of all cells (about 1 GB at 3,000 full grids).
    """
    header, table = dataset.header, dataset.grids
    rows = list(table) if grids is None else [table[table.ordinal(grid)] for grid in grids]
    codecs = dataset.codecs
    nbytes = dict.fromkeys(codecs, 0)
    if pass_bytes:
        for grid in dataset:
            for column, name in enumerate(grid.passes):
                nbytes[name] += int(grid.index.nbytes[..., column].sum(dtype="int64"))
    return DatasetInfo(
        root=dataset.root,
        name=dataset.name,
        digest=dataset.digest,
        format_version=layout.FORMAT_VERSION,
        scenes=len(set(table.column("scene"))),
        animations=len(set(table.column("animation"))),
        paths=len(set(table.column("path"))),
        videos=header["counts"]["videos"],
        cells=header["counts"]["cells"],
        shards=header["counts"]["shards"],
        nbytes=header["counts"]["nbytes"],
        states=dict(header["states"]),
        renderers=tuple(header["renderers"]),
        passes=tuple(PassInfo(name, c.name, c.lossless, nbytes[name]) for name, c in codecs.items()),
        grids=tuple(
            GridInfo(
                row.grid, row.C, row.T, row.W, row.H, row.fps, row.status, row.cells / (row.C * row.T), row.nbytes,
                row.digest, row.caption,
            )
            for row in rows
        ),
        missing=tuple(header["missing_grids"]),
    )  # fmt: skip
