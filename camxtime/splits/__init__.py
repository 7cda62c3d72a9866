"""Held-out splits that cannot leak, frozen in manifests, and the benchmark items cut from them (docs/splits.md).

content     what is to be split: the grids of a spec or of a dataset, with the keys that must not cross a boundary
groups      connected components of grids that share a key
rules       how grids are chosen to be held out: by count, share, name, rule or hash
cutting     content + recipe → manifest
leaks       the check that nothing crosses, at cutting and at loading
manifest    the frozen JSON file: written, read, compared with a dataset
signed      JSON files with their own SHA-256; like tracks, it can be imported where there is no pydantic
tracks      runs of indices as short text, and the tracks of benchmark items
benchmark   the frozen file of items (source track, target track, caption); benchmark_cut makes it
croissant, card   metadata that travels with a dataset or split

Public: `content_of`, `Recipe`, `cut`, `Manifest`, `load`, `BenchmarkRecipe`, `cut_benchmark`, `Benchmark`,
`load_benchmark`, `find_leaks`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camxtime.splits.benchmark import Benchmark, Item, load_benchmark
    from camxtime.splits.benchmark_cut import BenchmarkRecipe, cut_benchmark
    from camxtime.splits.content import Content, GridFacts, content_of
    from camxtime.splits.cutting import Recipe, cut
    from camxtime.splits.leaks import Leak, find_leaks
    from camxtime.splits.manifest import Manifest, load

__all__ = [
    "Benchmark",
    "BenchmarkRecipe",
    "Content",
    "GridFacts",
    "Item",
    "Leak",
    "Manifest",
    "Recipe",
    "content_of",
    "cut",
    "cut_benchmark",
    "find_leaks",
    "load",
    "load_benchmark",
]

_HOME = {
    "Benchmark": "benchmark", "Item": "benchmark", "load_benchmark": "benchmark", "BenchmarkRecipe": "benchmark_cut",
    "cut_benchmark": "benchmark_cut", "Content": "content", "GridFacts": "content", "content_of": "content",
    "Recipe": "cutting", "cut": "cutting", "Leak": "leaks", "find_leaks": "leaks", "Manifest": "manifest", "load": "manifest",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names, imported when first used: `signed` and `tracks` can be imported without pydantic."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"camxtime.splits.{_HOME[name]}"), name)
