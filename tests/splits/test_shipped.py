"""The manifests that ship: they load, fit their specs, and are what their recipes give."""

from __future__ import annotations

from pathlib import Path

import pytest

from camxtime.spec import load as load_spec
from camxtime.splits import BenchmarkRecipe, Content, Recipe, content_of, cut, cut_benchmark, load, load_benchmark

PAPERS = ("camxtime-180k", "camxtime-360k")
NAMES = (*PAPERS, "mini")


@pytest.fixture(scope="module")
def contents(repo: Path) -> dict[str, Content]:
    return {name: content_of(load_spec(repo / "scene_specs" / f"{name}.yaml")) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_splits_fit_their_specs(repo: Path, contents: dict[str, Content], name: str) -> None:
    file = repo / "manifests" / f"{name}.splits.json"
    assert file.stat().st_size < 500_000
    manifest = load(file)
    manifest.check(contents[name])
    again = cut(contents[name], Recipe(manifest.hold_out, by=manifest.by, seed=manifest.seed))
    assert again.splits == manifest.splits and again.keys == manifest.keys
    assert manifest.overlap["scene"] == manifest.overlap["animation"] == 0


def test_shipped_benchmark_of_the_small_spec(repo: Path, contents: dict[str, Content]) -> None:
    manifest = load(repo / "manifests" / "mini.splits.json")
    benchmark = load_benchmark(repo / "manifests" / "mini.benchmark.json")
    benchmark.check(contents["mini"])
    assert benchmark.items and benchmark.items == cut_benchmark(manifest, contents["mini"], BenchmarkRecipe()).items


@pytest.mark.parametrize("modes", ["control", "paper"])
@pytest.mark.parametrize("name", PAPERS)
def test_shipped_benchmarks_have_the_papers_size(
    repo: Path, contents: dict[str, Content], name: str, modes: str
) -> None:
    file = repo / "manifests" / f"{name}.benchmark{'-paper' if modes == 'paper' else ''}.json"
    assert file.stat().st_size < 500_000
    manifest = load(repo / "manifests" / f"{name}.splits.json")
    benchmark = load_benchmark(file)
    benchmark.check(contents[name])
    assert len(benchmark.items) == 160 and benchmark.split_digest == manifest.digest
    assert benchmark.items == cut_benchmark(manifest, contents[name], BenchmarkRecipe(modes=modes)).items
