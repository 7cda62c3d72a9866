"""Content + recipe → manifest: whole components are assigned, so what is protected cannot cross a boundary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from camxtime.errors import DataError, InputError
from camxtime.splits.content import ROLES, Content, GridFacts, Role
from camxtime.splits.groups import binding_keys, components
from camxtime.splits.leaks import find_leaks
from camxtime.splits.manifest import By, Manifest, Source, key_table
from camxtime.splits.rules import Rule, draw_sum, facts_hold, hash_share, matches, nearest_sum, parse_rule

PROTECTS: dict[By, tuple[Role, ...]] = {
    "scene": ("scene",),
    "animation": ("animation",),
    "path": ("path",),
    "both": ("scene", "animation"),
}
COUNTS: dict[By, Role] = {"scene": "scene", "animation": "animation", "path": "path", "both": "scene"}
"""What a recipe's numbers count, by what it holds out by."""


_NAME = re.compile(r"[a-z0-9]{1,32}(?:[_-][a-z0-9]{1,15}){0,2}")


@dataclass(frozen=True)
class Recipe:
    """What to hold out.

    by: scene, animation, path, or both (scene and animation): keys of these roles do not cross a boundary.
    hold_out: split → rule (see `rules`), in the order in which they are drawn. rest: name of the split that gets the rest.
    drop_mixed: with both, draw scenes and animations apart and leave out grids that mix a held-out one with another;
        for content where every scene meets every animation.
    ignore: keys that may cross, such as `clip:mixamo.com`; the manifest says so.
    """

    hold_out: Mapping[str, str] = field(default_factory=lambda: {"test": "10%"})
    by: By = "both"
    rest: str = "train"
    seed: int = 0
    drop_mixed: bool = False
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.by not in PROTECTS:
            raise InputError(f"by: {self.by!r} is not one of {', '.join(PROTECTS)}.")
        if not self.hold_out or self.rest in self.hold_out:
            raise InputError(f"hold_out: name at least one split besides the rest ({self.rest!r}), each once.")
        for name in (self.rest, *self.hold_out):
            if not _NAME.fullmatch(name):
                raise InputError(
                    f"hold_out: {name!r} is no name for a split: lower-case letters and digits, joined by - or _."
                )
        if self.drop_mixed and self.by != "both":
            raise InputError("drop_mixed belongs to holding out by both; by scene or animation nothing is mixed.")
        for rule in self.rules.values():
            if self.drop_mixed and rule.kind == "facts":
                raise InputError(
                    f"{rule.text}: drop_mixed draws scenes and animations apart; use numbers, shares or names."
                )

    @property
    def rules(self) -> dict[str, Rule]:
        """Split → parsed rule."""
        return {name: parse_rule(text) for name, text in self.hold_out.items()}

    @property
    def protects(self) -> tuple[Role, ...]:
        """Roles whose keys must not cross."""
        return PROTECTS[self.by]


def cut(content: Content, recipe: Recipe, name: str | None = None) -> Manifest:
    """Cut splits of the complete grids.

    Raises `InputError` if a rule asks for what there is not, would leave a split empty, or would divide a component (it
    names what is shared), and `DataError` if, after all, a key crosses a boundary.
    """
    content = replace(content, grids={name: grid for name, grid in content.grids.items() if grid.complete})
    if not content.grids:
        raise InputError(f"{content.name}: there is no complete grid to split.")
    known = {key for keys in content.keys(ROLES).values() for key in keys}
    for key in recipe.ignore:
        if key not in known:
            raise InputError(f"ignore: no grid of {content.name} has the key {key!r}.")
    if recipe.drop_mixed:
        sides = [_Assignment(content, recipe, (role,), role).run() for role in recipe.protects]
        agreed = {grid: {side[grid] for side in sides} for grid in content.grids}
        split_of = {grid: splits.pop() for grid, splits in agreed.items() if len(splits) == 1}
    else:
        split_of = _Assignment(content, recipe, recipe.protects, COUNTS[recipe.by]).run()
    names = [recipe.rest, *recipe.hold_out]
    for split in names:
        if split not in split_of.values():
            raise InputError(f"{content.name}: the split {split!r} would be empty; hold out something else, or less.")
    leaks = find_leaks(split_of, content.keys(recipe.protects), recipe.ignore)
    if leaks:
        raise DataError(
            f"{content.name}: the split would leak: {leaks[0]}. Name both sides together, or ignore that key."
        )
    splits = {
        split: {grid: content.grids[grid].digest for grid in sorted(content.grids) if split_of.get(grid) == split}
        for split in names
    }
    return Manifest(
        name=name or content.name,
        source=Source(kind=content.kind, name=content.name, digest=content.digest, spec_digest=content.spec_digest),
        by=recipe.by,
        seed=recipe.seed,
        hold_out=dict(recipe.hold_out),
        rest=recipe.rest,
        drop_mixed=recipe.drop_mixed,
        ignore=sorted(recipe.ignore),
        protects=list(recipe.protects),
        overlap={role: len({leak.key for leak in find_leaks(split_of, content.keys((role,)))}) for role in ROLES},
        keys=key_table(content),
        splits=splits,
        dropped=sorted(set(content.grids) - set(split_of)),
    )


class _Assignment:
    """Components of grids → splits, for one set of roles; numbers count the names of one role."""

    def __init__(self, content: Content, recipe: Recipe, roles: tuple[str, ...], counted: str):
        self.content = content
        self.recipe = recipe
        self.counted = counted
        self.keys = content.keys(roles)
        self.parts = components(self.keys, recipe.ignore)
        self.free = set(range(len(self.parts)))
        self.split_of_part: dict[int, str] = {}

    def run(self) -> dict[str, str]:
        """Grid → split."""
        rules = self.recipe.rules
        for split in sorted(rules, key=lambda name: rules[name].drawn):  # stable: what is named comes first
            rule = rules[split]
            chosen = self._drawn(split, rule) if rule.drawn else self._asked_for(split, rule)
            if not chosen:
                raise InputError(f"{self.content.name}: {split}={rule.text} holds out nothing.")
            for part in chosen:
                self.split_of_part[part] = split
            self.free -= set(chosen)
        return {
            grid: self.split_of_part.get(number, self.recipe.rest)
            for number, part in enumerate(self.parts)
            for grid in part
        }

    def _names(self, part: int) -> set[str]:
        return {getattr(self.content.grids[grid], self.counted) for grid in self.parts[part]}

    def _asked_for(self, split: str, rule: Rule) -> list[int]:
        if rule.kind == "hash":
            return [p for p in sorted(self.free) if hash_share(min(self._names(p)), self.recipe.seed) < rule.share]
        wanted = {grid for grid, facts in self.content.grids.items() if self._wants(rule, facts)}
        unfit = [pattern for pattern in rule.patterns if not self._known(pattern)]
        if unfit:
            raise InputError(f"{split}={rule.text}: nothing is called {unfit[0]!r}.")
        chosen = []
        for number, part in enumerate(self.parts):
            inside = [grid for grid in part if grid in wanted]
            if not inside:
                continue
            if number not in self.free:
                raise InputError(
                    f"{split}={rule.text}: {inside[0]} is held out for {self.split_of_part[number]!r} already."
                )
            if len(inside) < len(part):
                raise InputError(f"{split}={rule.text}: {self._torn(wanted, part)}")
            chosen.append(number)
        return chosen

    def _wants(self, rule: Rule, facts: GridFacts) -> bool:
        if rule.kind == "facts":
            return facts_hold(rule, facts.facts)
        return any(matches(getattr(facts, role), rule.patterns) for role in self._roles_named())

    def _roles_named(self) -> tuple[str, ...]:
        """Roles whose names a `name:` rule speaks of: those protected, or the one being drawn apart."""
        return (self.counted,) if self.recipe.drop_mixed else self.recipe.protects

    def _known(self, pattern: str) -> bool:
        return any(
            matches(getattr(facts, role), (pattern,))
            for facts in self.content.grids.values()
            for role in self._roles_named()
        )

    def _torn(self, wanted: set[str], part: list[str]) -> str:
        """What binds a grid that was asked for to one that was not."""
        sides = {grid: "asked for" if grid in wanted else "not asked for" for grid in part}
        leak = find_leaks(sides, self.keys, self.recipe.ignore)[0]
        here, there = (leak.grid, leak.other_grid) if leak.split == "asked for" else (leak.other_grid, leak.grid)
        return (
            f"{here} shares {leak.key} with {there}, which is not asked for; hold out both, hold out by something else, or "
            f"ignore {leak.key}."
        )

    def _drawn(self, split: str, rule: Rule) -> list[int]:
        free = sorted(self.free)
        sizes = [len(self._names(part)) for part in free]
        every = sum(len(self._names(part)) for part in range(len(self.parts)))
        wanted = rule.count if rule.kind == "count" else max(1, round(rule.share * every))
        if wanted >= sum(sizes):
            raise InputError(
                f"{self.content.name}: {split}={rule.text} asks for {wanted} of {sum(sizes)} {self.counted}s that are left; "
                "the rest would be empty."
            )
        if rule.kind == "share":
            wanted = nearest_sum(sizes, wanted) or 0
        # The split's name is part of the seed, so that another split's size does not change this one's draw order.
        entropy = [self.recipe.seed, *f"{self.counted} {split}".encode()]
        chosen = draw_sum(sizes, wanted, np.random.default_rng(np.random.SeedSequence(entropy))) if wanted else None
        if chosen is None:
            raise InputError(f"{self.content.name}: {split}={rule.text} is not possible: {self._why(sizes, wanted)}")
        return [free[index] for index in chosen]

    def _why(self, sizes: list[int], wanted: int) -> str:
        largest = max(range(len(sizes)), key=lambda i: sizes[i])
        part = self.parts[sorted(self.free)[largest]]
        bound = ", ".join(binding_keys(part, self.keys)) or "nothing"
        nearest = nearest_sum(sizes, wanted)
        hint = f"the nearest possible number is {nearest}" if nearest else "no number is possible"
        return (
            f"the {sum(sizes)} {self.counted}s that are left hang together in {len(sizes)} components, the largest of "
            f"{max(sizes)} (bound by {bound}); {hint}. Hold out by scene or animation alone, drop mixed grids, or ignore a key."
        )
