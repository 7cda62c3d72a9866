"""Manifests and benchmarks: frozen, refused when changed, compared with datasets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from synthetic import SyntheticSpec, make_dataset, write_unit

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.shards.index import DatasetHeader, build_index
from camxtime.spec import load as load_spec
from camxtime.spec import loads
from camxtime.splits import (
    Benchmark,
    BenchmarkRecipe,
    Content,
    Manifest,
    Recipe,
    content_of,
    cut,
    cut_benchmark,
    load,
    load_benchmark,
)
from camxtime.splits.manifest import write_signed
from camxtime.splits.tracks import decode_runs, encode_runs

GRIDS = tuple(f"s{i}.a{i}.{path}" for i in range(4) for path in ("arc", "pan"))


@pytest.fixture(scope="module")
def dataset_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = SyntheticSpec(grids=GRIDS, cameras=6, times=5, width=16, height=12, passes={"rgb": "png"})
    return make_dataset(tmp_path_factory.mktemp("dataset"), spec)


@pytest.fixture(scope="module")
def content(dataset_root: Path) -> Content:
    return content_of(camxtime.open(dataset_root))


@pytest.fixture(scope="module")
def manifest(content: Content) -> Manifest:
    return cut(content, Recipe({"test": "1"}))


@pytest.fixture(scope="module")
def planned(repo: Path) -> Content:
    return content_of(load_spec(repo / "scene_specs" / "camxtime-180k.yaml"))


# manifests ------------------------------------------------------------------------------------------------------------


def test_a_manifest_survives_the_disk(manifest: Manifest, content: Content, tmp_path: Path) -> None:
    manifest.write(tmp_path / "m.json")
    again = load(tmp_path / "m.json")
    assert again == manifest and again.digest == manifest.digest
    again.check(content)
    assert set(again.grids("train")) | set(again.grids("test")) == set(GRIDS)
    with pytest.raises(InputError, match=r"no split 'val'; there are: train, test"):
        again.grids("val")


def test_the_file_is_the_same_every_time(content: Content, tmp_path: Path) -> None:
    files = [cut(content, Recipe({"test": "1"})).write(tmp_path / name).read_bytes() for name in ("a", "b")]
    assert files[0] == files[1]


def edited(manifest: Manifest, tmp_path: Path, **changes: object) -> Path:
    """A manifest somebody made: signed properly, with other content."""
    return write_signed(tmp_path / "edited.json", {**manifest.to_json(), **changes})


def test_changes_after_freezing_are_noticed(manifest: Manifest, tmp_path: Path) -> None:
    path = manifest.write(tmp_path / "m.json")
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(DataError, match=r"m\.json: its content does not have the SHA-256"):
        load(path)


def test_other_versions_and_other_files_are_refused(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="manifest version 2; this camxtime reads version 1"):
        load(edited(manifest, tmp_path, format_version=2))
    with pytest.raises(DataError, match="is not a camxtime-splits manifest"):
        load(edited(manifest, tmp_path, format="camxtime-benchmark"))
    with pytest.raises(InputError, match="no such manifest"):
        load(tmp_path / "nothing.json")
    for text in ("", "[]", "{", "[" * 5000):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(DataError, match=r"x\.json"):
            load(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"by": "weather"}, "by:"),
        ({"surprise": 1}, "surprise"),
        ({"splits": {"train": {}}}, "'train' is empty"),
        ({"splits": {"train": {"../x": "0" * 32}}}, "not a grid id"),
        ({"splits": {"train": {"a.b.c": "xyz"}}}, "pattern"),
        ({"splits": {"train": {"a.b.c": "0" * 32}, "test": {"a.b.c": "0" * 32}}}, "a.b.c is in train and in test"),
    ],
)
def test_malformed_manifests_are_named(manifest: Manifest, tmp_path: Path, changes: dict, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load(edited(manifest, tmp_path, **changes))


def moved(manifest: Manifest, grid: str, split: str) -> dict[str, dict[str, str]]:
    splits = {name: dict(grids) for name, grids in manifest.splits.items()}
    source = manifest.split_of[grid]
    splits[split][grid] = splits[source].pop(grid)
    return splits


def test_leaky_manifests_are_refused_with_the_leaking_item_named(manifest: Manifest, tmp_path: Path) -> None:
    held = manifest.grids("test")[0]
    scene = held.split(".")[0]
    with pytest.raises(
        DataError, match=rf"the split leaks: animation:a\d is in test \(grid {held.replace('arc', 'pan')}\)"
    ):
        load(edited(manifest, tmp_path, splits=moved(manifest, held, "train")))
    other = next(g for g in manifest.grids("train"))
    keys = {"scene": {scene: ["asset:abc"], other.split(".")[0]: ["asset:abc"]}, "animation": {}, "path": {}}
    with pytest.raises(DataError, match=r"asset:abc is in test .* and in train"):
        load(edited(manifest, tmp_path, keys=keys))


def test_a_leak_by_the_keys_of_the_dataset_is_found_when_it_is_loaded(manifest: Manifest, content: Content) -> None:
    held, other = manifest.grids("test")[0], manifest.grids("train")[0]
    facts = dict(content.grids)
    for grid in (held, other):
        keys = {**facts[grid].keys, "animation": (*facts[grid].keys["animation"], "asset:knight")}
        facts[grid] = type(facts[grid])(**{**vars(facts[grid]), "keys": keys})
    with pytest.raises(DataError, match=f"asset:knight is in test .grid {held}. and in train .grid {other}."):
        manifest.check(Content(content.name, content.kind, content.digest, "", facts))


def test_another_dataset_is_refused_with_what_differs(manifest: Manifest, tmp_path: Path) -> None:
    grids = (*GRIDS[:-1], "s9.a9.arc")
    spec = SyntheticSpec(grids=grids, cameras=6, times=5, width=16, height=12, passes={"rgb": "png"})
    root = make_dataset(tmp_path, spec)
    with pytest.raises(DataError, match=r"1 missing \(s3\.a3\.pan\); 1 new \(s9\.a9\.arc\)"):
        manifest.check(content_of(camxtime.open(root)))


def test_changed_images_are_refused(content: Content, manifest: Manifest) -> None:
    facts = dict(content.grids)
    facts[GRIDS[2]] = type(facts[GRIDS[2]])(**{**vars(facts[GRIDS[2]]), "digest": "e" * 32})
    facts[GRIDS[3]] = type(facts[GRIDS[3]])(**{**vars(facts[GRIDS[3]]), "complete": False})
    other = Content(content.name, content.kind, "d" * 64, "", facts)
    with pytest.raises(DataError, match=rf"1 different \({GRIDS[2]}\); 1 incomplete \({GRIDS[3]}\)"):
        manifest.check(other)


def test_a_manifest_of_a_spec_fits_what_is_rendered_from_it(tmp_path: Path) -> None:
    text = yaml.safe_dump({
        "name": "tiny", "grid": {"cameras": 6, "times": 5, "fps": 24}, "image": {"width": 16, "height": 12},
        "passes": {"rgb": "png"},
        "scenes": [{"id": "room", "family": "courtyard", "count": 3}],
        "animations": [{"id": "mover", "family": "walker", "count": 3}],
        "camera_paths": [{"id": "arc", "kind": "arc"}],
        "combine": {"how": "each_animation_in_one_scene"},
    })  # fmt: skip
    spec = loads(text)
    plan = content_of(spec)
    frozen = cut(plan, Recipe({"test": "1"}))
    from synthetic import write_unit

    from camxtime.shards.index import DatasetHeader, build_index

    made = SyntheticSpec(
        grids=tuple(sorted(plan.grids)), cameras=6, times=5, width=16, height=12, passes={"rgb": "png"}
    )
    for grid in made.grids:
        made.record(grid).write(tmp_path)
        for unit in made.units(grid):
            write_unit(tmp_path, made, unit)
    build_index(tmp_path, DatasetHeader("tiny", spec.canonical(), dict(spec.passes), {}, made.grids))
    rendered = content_of(camxtime.open(tmp_path))
    frozen.check(rendered)
    bound = frozen.bind(rendered)
    assert bound.source.kind == "dataset" and bound.source.spec_digest == spec.digest
    assert bound.split_of == frozen.split_of and bound.splits != frozen.splits
    bound.check(rendered)
    benchmark = cut_benchmark(frozen, plan)
    benchmark.check(rendered)
    assert benchmark.items[0].caption == "Walker in courtyard, camera path arc."
    assert benchmark.with_captions(rendered).items[0].caption == rendered.grids[benchmark.items[0].target.grid].caption
    other = content_of(loads(text.replace("name: tiny", "name: tiny\nseed: 1")))
    with pytest.raises(DataError, match="scores would not compare"):
        benchmark.check(other)
    with pytest.raises(DataError, match="3 different"):
        frozen.check(other)
    assert content_of(loads(text.replace("width: 16", "width: 18"))).grids["room-0.mover-0.arc"].digest not in (
        plan.grids["room-0.mover-0.arc"].digest
    )


def test_assets_that_blender_loaded_are_keys_of_the_scene_or_of_the_animation(tmp_path: Path) -> None:
    spec = loads(yaml.safe_dump({
        "name": "tiny", "grid": {"cameras": 2, "times": 2}, "image": {"width": 16, "height": 12}, "passes": {"rgb": "png"},
        "scenes": [{"id": "room", "file": "env/room.glb"}],
        "animations": [{"id": "run", "file": "chars/Knight.glb", "clip": "Run"}],
        "camera_paths": [{"id": "arc", "kind": "arc"}],
    }))  # fmt: skip
    made = SyntheticSpec(grids=("room.run.arc",), cameras=2, times=2, width=16, height=12, passes={"rgb": "png"})
    names = ("/a/env/room.glb", "/a/env/wall.png", "/a/chars/Knight.glb", "/a/chars/steel.png")
    assets = [{"file": name, "sha256": str(number) * 64} for number, name in enumerate(names)]
    replace(made.record("room.run.arc"), extra={"assets": assets}).write(tmp_path)
    for unit in made.units("room.run.arc"):
        write_unit(tmp_path, made, unit)
    build_index(tmp_path, DatasetHeader("tiny", spec.canonical(), dict(spec.passes), {}, made.grids))
    keys = content_of(camxtime.open(tmp_path)).grids["room.run.arc"].keys
    assert set(keys["scene"]) == {"scene:room", "file:env/room.glb", f"asset:{'0' * 64}", f"asset:{'1' * 64}"}
    assert set(keys["animation"]) == {
        "animation:run",
        "clip:Run",
        "file:chars/Knight.glb",
        f"asset:{'2' * 64}",
        f"asset:{'3' * 64}",
    }


def test_a_dataset_with_a_spec_that_is_none_is_refused(dataset_root: Path) -> None:
    dataset = camxtime.open(dataset_root)
    dataset.spec.update({"scenes": 3, "camera_paths": []})
    with pytest.raises(DataError, match=r"the spec in dataset\.json is not one"):
        content_of(dataset)


# benchmarks -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper(planned: Content) -> tuple[Manifest, Benchmark]:
    manifest = cut(planned, Recipe({"val": "4", "test": "32"}))
    return manifest, cut_benchmark(manifest, planned)


def test_the_default_has_the_papers_size_and_all_groups(paper: tuple[Manifest, Benchmark]) -> None:
    manifest, benchmark = paper
    assert len(benchmark.items) == 32 * 5 and benchmark.frames == 81
    assert {item.group for item in benchmark.items} == {"direction", "speed", "bullet", "joint"}
    assert len({item.source.grid.split(".")[0] for item in benchmark.items}) == 32
    assert len({item.source.grid.split(".")[1] for item in benchmark.items}) == 32
    held = set(manifest.grids("test"))
    assert all({item.source.grid, item.target.grid} <= held for item in benchmark.items)
    assert all(item.caption.endswith(".") for item in benchmark.items)


def test_the_papers_modes_are_the_published_index_lists(paper: tuple[Manifest, Benchmark], planned: Content) -> None:
    benchmark = cut_benchmark(paper[0], planned, BenchmarkRecipe(modes="paper", stages=1))
    times = {item.mode: list(item.target.cells.times) for item in benchmark.items}
    assert times["forward"] == list(range(81)) and times["backward"] == list(range(80, -1, -1))
    assert times["zigzag"] == [*range(41), *range(39, -1, -1)]
    assert times["bullettime"] == [40] * 81
    assert times["slowmo"] == [0, *[i for i in range(1, 41) for _ in range(2)]]
    for item in benchmark.items:
        assert item.source.grid == item.target.grid and item.source.cameras == item.target.cameras == "0:80"
        assert item.source.times == "0:80"


def test_joint_items_change_cameras_and_times(paper: tuple[Manifest, Benchmark]) -> None:
    joint = [item for item in paper[1].items if item.group == "joint"]
    kinds = set()
    for item in joint:
        source, target = item.source.cells, item.target.cells
        assert target.times != source.times and (target.grid, target.cameras) != (source.grid, source.cameras)
        assert target.grid.rsplit(".", 1)[0] == source.grid.rsplit(".", 1)[0]
        kinds.add("hop" if target.grid != source.grid else "fixed" if len(set(target.cameras)) == 1 else "reverse")
    assert kinds == {"hop", "fixed", "reverse"}


def test_a_benchmark_survives_the_disk_and_is_the_same_every_time(paper: tuple[Manifest, Benchmark], planned: Content,
                                                                  tmp_path: Path) -> None:  # fmt: skip
    path = paper[1].write(tmp_path / "b.json")
    assert load_benchmark(path) == paper[1] == cut_benchmark(paper[0], planned)
    assert path.stat().st_size < 500_000
    load_benchmark(path).check(planned)
    other = cut_benchmark(paper[0], planned, BenchmarkRecipe(seed=1))
    assert other.digest != paper[1].digest


def test_small_datasets_get_what_they_allow(manifest: Manifest, content: Content) -> None:
    benchmark = cut_benchmark(manifest, content)
    assert benchmark.frames == 5 and len(benchmark.items) == 5
    assert benchmark.items[0].caption == content.grids[benchmark.items[0].target.grid].caption
    benchmark.check(content)
    assert benchmark.with_captions(content) == benchmark


def test_offset_and_stride(paper: tuple[Manifest, Benchmark], planned: Content) -> None:
    benchmark = cut_benchmark(
        paper[0], planned, BenchmarkRecipe(frames=49, offset=3, stride=2, stages=2, modes="backward")
    )
    assert benchmark.items[0].source.cells.times == tuple(range(3, 100, 2))
    assert benchmark.items[0].target.cells.times == tuple(range(99, 2, -2))


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (BenchmarkRecipe(frames=121), "at most 120"),
        (BenchmarkRecipe(frames=80), "4n \\+ 1"),
        (BenchmarkRecipe(stages=1000), "has 160"),
        (BenchmarkRecipe(modes=("sideways",)), "no 'sideways'"),
        (BenchmarkRecipe(split="nothing"), "no split"),
        (BenchmarkRecipe(path="loop"), "no path 'loop'"),
        (BenchmarkRecipe(stride=0), "stride 0"),
        (BenchmarkRecipe(stages=0), "not 0"),
        (BenchmarkRecipe(offset=40, frames=81), "81 frames from 40"),
    ],
)
def test_impossible_benchmarks(
    paper: tuple[Manifest, Benchmark], planned: Content, recipe: BenchmarkRecipe, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        cut_benchmark(paper[0], planned, recipe)


def test_a_benchmark_refuses_other_content_and_nonsense(manifest: Manifest, content: Content, tmp_path: Path) -> None:
    benchmark = cut_benchmark(manifest, content)
    grid = next(iter(benchmark.grids))
    facts = dict(content.grids)
    facts[grid] = type(facts[grid])(**{**vars(facts[grid]), "digest": "e" * 32})
    with pytest.raises(DataError, match=f"grid {grid} .* scores would not compare"):
        benchmark.check(Content(content.name, "dataset", "d" * 64, "", facts))
    del facts[grid]
    with pytest.raises(DataError, match=f"grid {grid} is missing"):
        benchmark.check(Content(content.name, "dataset", "d" * 64, "", facts))
    value = benchmark.to_json()
    for change, words in (
        ({"times": "0:3,900"}, "wants time 900"),
        ({"times": "0:3"}, "cameras and 4 times"),
        ({"times": "x"}, "not a list"),
        ({"grid": "no.such.grid"}, "not in the field grids"),
    ):
        bad = json.loads(json.dumps(value))
        bad["items"][0]["target"] |= change
        with pytest.raises(DataError, match=words):
            load_benchmark(write_signed(tmp_path / "b.json", bad))


# runs -----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 200), min_size=1, max_size=60))
def test_runs_round_trip(indices: list[int]) -> None:
    assert decode_runs(encode_runs(indices)) == indices


def test_runs_are_short_and_bounded() -> None:
    assert (
        encode_runs(range(81)) == "0:80"
        and encode_runs([40] * 81) == "40*81"
        and encode_runs(range(0, 81, 4)) == "0:80:4"
    )
    assert encode_runs([*range(41), *range(39, -1, -1)]) == "0:40,39:0"
    for text in ("0:9:0", "", "1:2:3:4", "-1", "0*999999999", "0:999999999"):
        with pytest.raises(DataError):
            decode_runs(text)


def test_incomplete_grids_are_left_out_and_not_called_new(content: Content) -> None:
    facts = dict(content.grids)
    facts["s3.a3.arc"] = type(facts["s3.a3.arc"])(**{**vars(facts["s3.a3.arc"]), "complete": False})
    partial = Content(content.name, content.kind, content.digest, "", facts)
    manifest = cut(partial, Recipe({"test": "1"}))
    assert "s3.a3.arc" not in manifest.split_of
    manifest.check(partial)
    with pytest.raises(DataError, match=r"1 new \(s3\.a3\.arc\)"):
        manifest.check(content)
