"""Benchmark items as evaluation reads them: the frozen file, with nothing but the standard library and NumPy.

`camxtime.splits.benchmark` writes these files and checks them field by field with pydantic, which a bare GPU image does not
have. Here the same file is read through its SHA-256, and what scoring relies on is checked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.formats.untrusted import field, mapping, member_name
from camxtime.shards.dataset import Dataset
from camxtime.shards.digest import canonical_json
from camxtime.splits.signed import read_signed
from camxtime.splits.tracks import CellTrack

FORMAT = "camxtime-benchmark"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class EvalItem:
    """One item: from `source`'s clip to `target`'s, two tracks of one event.

    id: unique, a relative path such as `<grid>/<mode>`. mode, group: what results are averaged over.
    """

    id: str
    mode: str
    group: str
    source: CellTrack
    target: CellTrack
    caption: str = ""


@dataclass(frozen=True)
class EvalSet:
    """The items to score. digest: of the benchmark file ("" for items made in memory).

    grids: digest of each grid's content, as the benchmark states it. planned: those digests are of what a spec plans, which
    `camxtime.splits` can compare with a dataset and this room cannot.
    """

    name: str
    digest: str
    items: tuple[EvalItem, ...]
    grids: Mapping[str, str]
    planned: bool = False

    def __len__(self) -> int:
        return len(self.items)

    def check(self, dataset: Dataset) -> None:
        """Compare with the dataset: `DataError` naming every grid that is missing, incomplete, too small or different."""
        problems = []
        used = sorted({track.grid for item in self.items for track in (item.source, item.target)})
        for grid in used:
            if grid not in dataset.grids.ids:
                problems.append(f"{grid} is missing")
                continue
            row = dataset.grids[dataset.grids.ordinal(grid)]
            stated = self.grids.get(grid, "")
            if row.status != "complete":
                problems.append(f"{grid} is incomplete")
            elif not self.planned and not row.digest.startswith(stated):
                problems.append(f"{grid} has digest {row.digest[:32]}, the benchmark was cut for {stated}")
        if problems:
            raise DataError(f"{self.name} does not fit the dataset {dataset.name}: {'; '.join(problems)}.")
        for item in self.items:
            for track in (item.source, item.target):
                row = dataset.grids[dataset.grids.ordinal(track.grid)]
                try:
                    track.check(row.C, row.T)
                except CamxtimeError as error:
                    raise DataError(f"{self.name}, item {item.id}: {error}") from error

    def only(self, modes: Iterable[str] = (), ids: Iterable[str] = ()) -> EvalSet:
        """The items of these modes (all if none is named) and with these ids (likewise); `InputError` if none is left."""
        wanted, named = set(modes), set(ids)
        kept = tuple(i for i in self.items if (not wanted or i.mode in wanted) and (not named or i.id in named))
        if not kept:
            there = ", ".join(sorted({item.mode for item in self.items}))
            raise InputError(f"{self.name}: no item is left; its modes are {there}.")
        return EvalSet(self.name, self.digest, kept, self.grids, self.planned)


def item_set(items: Iterable[EvalItem], name: str = "items") -> EvalSet:
    """Items made in memory; `InputError` for a repeated id, an id that is no relative path, or unequal tracks."""
    kept = tuple(items)
    if not kept:
        raise InputError(f"{name}: there is no item to score.")
    seen: set[str] = set()
    for item in kept:
        _check_item(item, seen)
    return EvalSet(name, "", kept, {})


def load_items(path: str | Path) -> EvalSet:
    """Read a benchmark file: version, SHA-256, and all that scoring relies on.

    Raises `InputError` if there is no such file and `DataError` naming the file and field that is wrong.
    """
    file = Path(path)
    value = read_signed(file, FORMAT, FORMAT_VERSION)
    where = str(file)
    try:
        grids = {
            str(grid): str(field(mapping(used, f"{where}: grids.{grid}"), "digest", f"{where}: grids.{grid}"))
            for grid, used in mapping(field(value, "grids", where), f"{where}: grids").items()
        }
        entries = field(value, "items", where)
        if not isinstance(entries, list) or not entries:
            raise DataError(f"{where}: items must be a list that is not empty.")
        seen: set[str] = set()
        items = tuple(_item(entry, f"{where}: items.{i}", seen) for i, entry in enumerate(entries))
        source = mapping(field(value, "source", where), f"{where}: source")
    except CamxtimeError as error:
        raise error if str(error).startswith(where) else DataError(f"{where}: {error}") from error
    for item in items:
        for track in (item.source, item.target):
            if track.grid not in grids:
                raise DataError(f"{where}: item {item.id}: the grid {track.grid} is not in the field grids.")
    whole = {"format": FORMAT, "format_version": FORMAT_VERSION, **value}
    digest = hashlib.sha256(canonical_json(whole)).hexdigest()
    return EvalSet(str(value.get("name", file.stem)), digest, items, grids, source.get("kind") == "spec")


def _item(entry: Any, where: str, seen: set[str]) -> EvalItem:
    entry = mapping(entry, where)
    words = {name: field(entry, name, where) for name in ("id", "mode", "group", "caption")}
    for name, word in words.items():
        if not isinstance(word, str):
            raise DataError(f"{where}.{name}: text is expected.")
    tracks = []
    for name in ("source", "target"):
        track = mapping(field(entry, name, where), f"{where}.{name}")
        for part in ("grid", "cameras", "times"):
            if not isinstance(field(track, part, f"{where}.{name}"), str):
                raise DataError(f"{where}.{name}.{part}: text is expected.")
        try:
            tracks.append(CellTrack.of_json(track))
        except CamxtimeError as error:
            raise DataError(f"{where}.{name}: {error}") from error
    item = EvalItem(words["id"], words["mode"], words["group"], tracks[0], tracks[1], words["caption"])
    try:
        _check_item(item, seen)
    except CamxtimeError as error:
        raise DataError(f"{where}: {error}") from error
    return item


def _check_item(item: EvalItem, seen: set[str]) -> None:
    member_name(item.id, "id")
    if item.id in seen:
        raise InputError(f"the item {item.id} is there twice.")
    seen.add(item.id)
    for name, track in (("source", item.source), ("target", item.target)):
        if not len(track) or len(track.cameras) != len(track.times):
            raise InputError(f"item {item.id}: its {name} needs as many cameras as times, at least one.")
