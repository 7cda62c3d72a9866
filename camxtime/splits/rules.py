"""How grids are chosen to be held out.

| text                          | holds out                                                                         |
|-------------------------------|-----------------------------------------------------------------------------------|
| `32`                          | 32 of them (scenes, animations or paths: what the recipe holds out by), drawn     |
| `10%`                         | a tenth of them, drawn (the nearest number that whole components allow)           |
| `hash:10%`                    | those whose SHA-256 falls into the first tenth: stays as it is when more is added |
| `name:cave-*,arena`           | those with these names (shell patterns)                                           |
| `rule:path_kind=arc&clip=Run*`| grids for which all hold; `a=x\\|y` means either                                    |
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from camxtime.errors import InputError

_COUNT = re.compile(r"\d{1,9}")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%")


@dataclass(frozen=True)
class Rule:
    """A parsed rule. kind: count, share, hash, names or facts; the others are what that kind needs."""

    kind: str
    text: str
    count: int = 0
    share: float = 0.0
    patterns: tuple[str, ...] = ()
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def drawn(self) -> bool:
        """Whether what it chooses is drawn (after what is named has been taken)."""
        return self.kind in ("count", "share")


def parse_rule(text: str) -> Rule:
    """Parse a rule; `InputError` showing the forms if it is none."""
    word = text.strip()
    if _COUNT.fullmatch(word):
        return _positive(Rule("count", word, count=int(word)))
    if _SHARE.fullmatch(word):
        return _positive(Rule("share", word, share=_share(word)))
    kind, separator, rest = word.partition(":")
    if separator and kind == "hash" and _SHARE.fullmatch(rest):
        return _positive(Rule("hash", word, share=_share(rest)))
    if separator and kind == "name" and rest.strip(", "):
        return Rule("names", word, patterns=tuple(p.strip() for p in rest.split(",") if p.strip()))
    if separator and kind == "rule":
        pairs = [part.partition("=") for part in rest.split("&")]
        if all(name.strip() and sign and value.strip() for name, sign, value in pairs):
            facts = tuple((name.strip(), tuple(value.strip().split("|"))) for name, _, value in pairs)
            return Rule("facts", word, facts=facts)
    raise InputError(
        f"{text!r} does not say what to hold out: write 32, 10%, hash:10%, name:cave-*,arena or rule:path_kind=arc&clip=Run*."
    )


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / 100


def _positive(rule: Rule) -> Rule:
    if rule.kind == "count" and rule.count < 1:
        raise InputError("An empty split: hold out at least 1.")
    if rule.kind != "count" and not 0 < rule.share < 1:
        raise InputError(f"{rule.text}: a share lies above 0% and below 100%.")
    return rule


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a shell pattern fits the name (case matters)."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def facts_hold(rule: Rule, facts: Mapping[str, str]) -> bool:
    """Whether all conditions of a `rule:` hold; `InputError` for a field that there is none of."""
    for name, patterns in rule.facts:
        if name not in facts:
            raise InputError(f"{rule.text}: there is no field {name!r}; there are: {', '.join(sorted(facts))}.")
        if not matches(facts[name], patterns):
            return False
    return True


def hash_share(name: str, seed: int) -> float:
    """A number in [0, 1) that depends on the name and the seed alone."""
    digest = hashlib.sha256(f"camxtime split {seed}\n{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def draw_sum(sizes: list[int], wanted: int, rng: np.random.Generator) -> list[int] | None:
    """Indices of components, in random order, whose sizes sum exactly to `wanted`; None if none do.

    Every component of the shuffled list is taken if the rest can still make up what then lacks.
    """
    order = [int(i) for i in rng.permutation(len(sizes))]
    reach = [0] * (len(order) + 1)  # reach[k]: bit s is set when some of order[k:] sum to s
    reach[-1] = 1
    mask = (1 << (wanted + 1)) - 1
    for k in range(len(order) - 1, -1, -1):
        reach[k] = (reach[k + 1] | (reach[k + 1] << sizes[order[k]])) & mask
    if not reach[0] >> wanted & 1:
        return None
    chosen, lacking = [], wanted
    for k, index in enumerate(order):
        size = sizes[index]
        if size <= lacking and reach[k + 1] >> (lacking - size) & 1:
            chosen.append(index)
            lacking -= size
    return chosen


def nearest_sum(sizes: list[int], wanted: int) -> int | None:
    """The sum of some sizes that is nearest to `wanted`, at least 1 and short of all; None if there is none."""
    total = sum(sizes)
    reachable = 1
    for size in sizes:
        reachable |= reachable << size
    sums = [s for s in range(1, total) if reachable >> s & 1]
    return min(sums, key=lambda s: (abs(s - wanted), s)) if sums else None
