"""The frozen JSON file of a split: which grids are in it, by id and digest, and what may not cross.

A manifest is checked whenever it is loaded: its own SHA-256, its version, and that nothing protected crosses a boundary.
`Manifest.check` compares it with a spec or dataset and says what differs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.shards.digest import canonical_json
from camxtime.shards.layout import check_grid_id
from camxtime.splits.content import ROLES, Content, Kind, Role
from camxtime.splits.leaks import find_leaks, refuse_leaks
from camxtime.splits.signed import format_of, read_signed, write_signed

FORMAT = "camxtime-splits"
FORMAT_VERSION = 1

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}([0-9a-f]{32})?$")]
SplitName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=64)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
By = Literal["scene", "animation", "path", "both"]
M = TypeVar("M", bound=BaseModel)

__all__ = [
    "FORMAT", "FORMAT_VERSION", "By", "Frozen", "Hex", "Manifest", "Source", "SplitName", "Text", "format_of", "key_table", "load",
    "parse_model", "read_signed", "write_signed",
]  # fmt: skip


class Frozen(BaseModel):
    """Base of what manifests hold: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Source(Frozen):
    """What a manifest was cut from: a spec, or a dataset (and the spec behind it, where there is one)."""

    kind: Kind
    name: Text
    digest: Hex
    spec_digest: Hex | Literal[""]


class Manifest(Frozen):
    """A frozen split.

    splits: split → {grid id → digest}. keys: role → {name → its further keys} (`asset:…`, `seed:…`, `clip:…`).
    protects: roles whose keys do not cross. overlap: role → how many keys are in more than one split all the same.
    dropped: grids in no split. by, seed, hold_out, rest, drop_mixed, ignore: the recipe it was cut by.
    """

    name: Text
    source: Source
    by: By
    seed: int
    hold_out: dict[SplitName, Text]
    rest: SplitName
    drop_mixed: bool
    ignore: list[Text]
    protects: list[Role] = Field(min_length=1)
    overlap: dict[Role, int]
    keys: dict[Role, dict[str, list[Text]]]
    splits: dict[SplitName, dict[str, Hex]]
    dropped: list[str]

    @model_validator(mode="after")
    def _grids_once(self) -> Manifest:
        seen: dict[str, str] = {}
        for split, grids in self.splits.items():
            if not grids:
                raise ValueError(f"the split {split!r} is empty")
            for grid in grids:
                try:
                    check_grid_id(grid)
                except InputError as error:
                    raise ValueError(str(error)) from error
                if grid in seen:
                    raise ValueError(f"the grid {grid} is in {seen[grid]} and in {split}")
                seen[grid] = split
        return self

    def grids(self, split: str) -> tuple[str, ...]:
        """Ids of a split's grids, sorted; `InputError` naming the splits if there is none of that name."""
        if split not in self.splits:
            raise InputError(f"{self.name}: there is no split {split!r}; there are: {', '.join(self.splits)}.")
        return tuple(sorted(self.splits[split]))

    @property
    def split_of(self) -> dict[str, str]:
        """Grid id → split."""
        return {grid: split for split, grids in self.splits.items() for grid in grids}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of everything in it: what results should quote."""
        return hashlib.sha256(canonical_json(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, with format and version, without the digest."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **self.model_dump(mode="json")}

    def write(self, path: str | Path) -> Path:
        """Write the manifest, one line a grid, with its own SHA-256; atomically."""
        return write_signed(Path(path), self.to_json())

    def check_leaks(self) -> None:
        """`DataError` naming the first keys that cross a boundary, going by what the manifest itself says."""
        split_of = self.split_of
        keys = {grid: _manifest_keys(self, grid) for grid in split_of}
        refuse_leaks(find_leaks(split_of, keys, self.ignore), self.name)

    def check(self, content: Content, allow_missing: bool = False) -> None:
        """Compare with a spec or dataset: same grids, same digests, and no leak by the keys that *it* has.

        A manifest cut from a spec fits every dataset rendered from that spec. allow_missing: grids that are not there
        (yet), or incomplete, are not complained about. Raises `DataError` saying what differs.
        """
        planned = self.source.kind == "spec" and content.kind == "dataset"
        problems = []
        for grid, split in self.split_of.items():
            there = content.grids.get(grid)
            wanted = self.splits[split][grid]
            found = "" if there is None else there.plan_digest if planned else there.digest
            if there is None or not there.complete:
                if not allow_missing:
                    problems.append(("missing" if there is None else "incomplete", grid))
            elif found != wanted[: len(found)] or not found:
                problems.append(("different", grid))
        known = set(self.split_of) | set(self.dropped)
        problems += [("new", grid) for grid, facts in content.grids.items() if grid not in known and facts.complete]
        expected = self.source.digest
        digest = content.spec_digest if planned else content.digest
        if problems:
            raise DataError(f"{self.name} was cut from {self.source.kind} {expected[:16]} and does not fit "
                            f"{content.kind} {content.name} ({digest[:16] or 'no spec'}): {_listed(problems)}.")  # fmt: skip
        split_of = {grid: split for grid, split in self.split_of.items() if grid in content.grids}
        refuse_leaks(find_leaks(split_of, content.keys(self.protects), self.ignore), f"{self.name} with {content.name}")

    def bind(self, content: Content) -> Manifest:
        """The same splits with the content digests of a dataset that was rendered from the spec it was cut from."""
        self.check(content)
        source = Source(kind=content.kind, name=content.name, digest=content.digest, spec_digest=content.spec_digest)
        splits = {s: {g: content.grids[g].digest for g in grids} for s, grids in self.splits.items()}
        return self.model_copy(update={"source": source, "splits": splits, "keys": key_table(content)})


def key_table(content: Content) -> dict[Role, dict[str, list[str]]]:
    """Role → {name → its keys other than the name itself}, sorted."""
    table: dict[Any, dict[str, list[str]]] = {role: {} for role in ROLES}
    for role in ROLES:
        found: dict[str, set[str]] = {}
        for facts in content.grids.values():
            found.setdefault(getattr(facts, role), set()).update(facts.keys[role])
        for name in sorted(found):
            own = sorted(found[name] - {f"{role}:{name}"})
            if own:
                table[role][name] = own
    return table


def _manifest_keys(manifest: Manifest, grid: str) -> list[str]:
    names = dict(zip(ROLES, grid.split("."), strict=True))
    keys = []
    for role in manifest.protects:
        keys += [f"{role}:{names[role]}", *manifest.keys.get(role, {}).get(names[role], [])]
    return keys


def _listed(problems: list[tuple[str, str]]) -> str:
    parts = []
    for kind in ("different", "missing", "incomplete", "new"):
        grids = sorted(grid for found, grid in problems if found == kind)
        if grids:
            more = f" and {len(grids) - 3} more" if len(grids) > 3 else ""
            parts.append(f"{len(grids)} {kind} ({', '.join(grids[:3])}{more})")
    return "; ".join(parts)


def load(path: str | Path) -> Manifest:
    """Read a manifest and check it: version, own SHA-256, structure, leaks.

    Raises `InputError` if there is no such file and `DataError` naming what is wrong with it.
    """
    value = read_signed(Path(path), FORMAT, FORMAT_VERSION)
    manifest = parse_model(Manifest, value, Path(path))
    try:
        manifest.check_leaks()
    except CamxtimeError as error:
        raise DataError(f"{path}: {error}") from error
    return manifest


def parse_model(model: type[M], value: dict[str, Any], path: Path) -> M:
    """Validate a manifest's fields; `DataError` naming file and field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the manifest"
        raise DataError(f"{path}: {field}: {first['msg'].removeprefix('Value error, ')}.") from error
