"""Cutting: what is held out, how much, and that nothing leaks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.spec import load as load_spec
from camxtime.spec import loads
from camxtime.splits import Content, GridFacts, Recipe, content_of, cut, find_leaks
from camxtime.splits.groups import components


def made_up(grids: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Content:
    """A content of grids with further keys by role, as a dataset would have them."""
    facts = {}
    for grid, more in grids.items():
        names = dict(zip(("scene", "animation", "path"), grid.split("."), strict=True))
        keys = {role: (f"{role}:{name}", *more.get(role, ())) for role, name in names.items()}
        facts[grid] = GridFacts(grid, *names.values(), keys, names, "0" * 32, "", (9, 9), f"caption of {grid}")
    return Content("made-up", "dataset", "f" * 64, "", facts)


def crossed(scenes: int, animations: int, paths: int = 1) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        f"s{i}.a{j}.p{k}": {} for i in range(scenes) for j in range(animations) for k in range(paths)
    }  # fmt: skip


def paired(scenes: int, each: int = 2) -> dict[str, dict[str, tuple[str, ...]]]:
    """Every animation in one scene, as in the papers, on two paths."""
    return {f"s{i}.a{i}x{j}.p{k}": {} for i in range(scenes) for j in range(each) for k in range(2)}


def names(manifest, split: str, role: int) -> set[str]:
    return {grid.split(".")[role] for grid in manifest.grids(split)}


def test_both_keeps_scenes_and_animations_apart() -> None:
    manifest = cut(made_up(paired(10)), Recipe({"val": "1", "test": "30%"}))
    assert [len(names(manifest, split, 0)) for split in ("train", "val", "test")] == [6, 1, 3]
    for role in (0, 1):
        sets = [names(manifest, split, role) for split in manifest.splits]
        assert sum(map(len, sets)) == len(set().union(*sets))
    assert manifest.overlap == {"scene": 0, "animation": 0, "path": 2}


@pytest.mark.parametrize(("by", "role"), [("scene", 0), ("animation", 1), ("path", 2)])
def test_one_role_can_be_held_out_where_all_meet_all(by: str, role: int) -> None:
    manifest = cut(made_up(crossed(4, 5, 3)), Recipe({"test": "1"}, by=by))
    assert len(names(manifest, "test", role)) == 1 and not names(manifest, "test", role) & names(
        manifest, "train", role
    )
    assert manifest.overlap[by] == 0 and sum(manifest.overlap.values()) > 0


def test_both_is_impossible_where_all_meet_all_and_says_so() -> None:
    with pytest.raises(InputError, match=r"hang together in 1 components.*drop mixed"):
        cut(made_up(crossed(4, 5)), Recipe({"test": "25%"}))
    with pytest.raises(InputError, match="the rest would be empty"):
        cut(made_up(crossed(4, 5)), Recipe({"test": "4"}))


def test_mixed_grids_can_be_dropped() -> None:
    manifest = cut(made_up(crossed(4, 5)), Recipe({"test": "1"}, drop_mixed=True))
    assert len(manifest.grids("test")) == 1 and len(manifest.grids("train")) == 3 * 4
    assert len(manifest.dropped) == 20 - 1 - 12
    assert manifest.overlap["scene"] == manifest.overlap["animation"] == 0


def test_shared_assets_stay_together() -> None:
    grids = paired(6)
    for grid in grids:
        if grid.startswith(("s1.", "s4.")):
            grids[grid] = {"scene": ("asset:abc",)}
    for seed in range(20):
        manifest = cut(made_up(grids), Recipe({"test": "2"}, seed=seed))
        assert len(names(manifest, "test", 0) & {"s1", "s4"}) in (0, 2)
    assert any("s1" in names(cut(made_up(grids), Recipe({"test": "2"}, seed=seed)), "test", 0) for seed in range(20))


def test_an_asset_of_a_scene_binds_an_animation_that_uses_it_too() -> None:
    grids = paired(6)
    grids["s1.a1x0.p0"] = {"scene": ("asset:abc",)}
    grids["s4.a4x0.p0"] = {"animation": ("asset:abc",)}
    with pytest.raises(InputError, match=r"shares asset:abc with"):
        cut(made_up(grids), Recipe({"test": "name:s1"}))
    assert names(cut(made_up(grids), Recipe({"test": "name:s1,s4"})), "test", 0) == {"s1", "s4"}


@pytest.mark.parametrize("key", ["clip:Running_A", "seed:walker:7", "asset:abc", "file:Knight.glb"])
def test_naming_half_of_what_hangs_together_names_the_link(key: str) -> None:
    grids = paired(4)
    for grid in ("s1.a1x0.p0", "s3.a3x1.p0"):
        grids[grid] = {"animation": (key,)}
    with pytest.raises(InputError, match=f"{key}"):
        cut(made_up(grids), Recipe({"test": "name:s1"}))
    ignored = cut(made_up(grids), Recipe({"test": "name:s1"}, ignore=(key,)))
    assert names(ignored, "test", 0) == {"s1"} and ignored.ignore == [key] and ignored.overlap["animation"] == 1


def test_rules_and_names() -> None:
    content = made_up(paired(10))
    assert names(cut(content, Recipe({"test": "name:s[12]"})), "test", 0) == {"s1", "s2"}
    assert names(cut(content, Recipe({"test": "rule:scene=s1|s3&animation=a*"})), "test", 0) == {"s1", "s3"}
    by_path = cut(content, Recipe({"test": "rule:path=p1"}, by="path"))
    assert names(by_path, "test", 2) == {"p1"} and len(by_path.grids("test")) == 20
    with pytest.raises(InputError, match=r"shares scene:s1"):
        cut(content, Recipe({"test": "rule:animation=a1x0"}))
    with pytest.raises(InputError, match=r"no field 'colour'; there are: animation"):
        cut(content, Recipe({"test": "rule:colour=red"}))
    with pytest.raises(InputError, match=r"nothing is called 'cave'"):
        cut(content, Recipe({"test": "name:s1,cave"}))
    with pytest.raises(InputError, match=r"held out for 'test' already"):
        cut(content, Recipe({"test": "name:s1", "val": "name:s1*"}))


def test_hash_rules_do_not_move_when_scenes_are_added() -> None:
    few, more = made_up(paired(40)), made_up(paired(80))
    recipe = Recipe({"test": "hash:20%"}, seed=3)
    small, large = names(cut(few, recipe), "test", 0), names(cut(more, recipe), "test", 0)
    assert small == large & {f"s{i}" for i in range(40)} and 2 <= len(small) <= 14


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "x", "100%", "0%", "10", "name:", "rule:", "rule:scene", "hash:5", "hash:0%"]
)
def test_bad_rules(text: str) -> None:
    with pytest.raises(InputError):
        cut(made_up(paired(10)), Recipe({"test": text}))


@pytest.mark.parametrize(
    "recipe",
    [
        {"by": "weather"},
        {"hold_out": {}},
        {"hold_out": {"train": "1"}},
        {"by": "scene", "drop_mixed": True},
        {"hold_out": {"t": "rule:a=b"}, "drop_mixed": True},
    ],
)
def test_bad_recipes(recipe: dict) -> None:
    with pytest.raises(InputError):
        Recipe(**recipe)


@given(
    seed=st.integers(0, 10**6),
    links=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=6),
    wanted=st.integers(1, 10),
)
def test_no_cut_ever_leaks_and_counts_are_exact(seed: int, links: list[tuple[int, int]], wanted: int) -> None:
    grids = paired(12, 1)
    for number, pair in enumerate(links):
        for scene in pair:
            for grid in [g for g in grids if g.startswith(f"s{scene}.")]:
                known = grids[grid].get("animation", ())
                grids[grid] = {"animation": (*known, f"clip:{number}")}
    content = made_up(grids)
    try:
        manifest = cut(content, Recipe({"test": str(wanted)}, seed=seed))
    except InputError as error:
        assert "nearest possible" in str(error)
        return
    assert not find_leaks(manifest.split_of, content.keys(("scene", "animation")))
    assert len(names(manifest, "test", 0)) == wanted
    assert set(manifest.split_of) == set(grids)
    assert manifest == cut(content, Recipe({"test": str(wanted)}, seed=seed))


def test_keys_and_names_are_checked() -> None:
    with pytest.raises(InputError, match="no grid of made-up has the key 'clip:Walk'"):
        cut(made_up(paired(4)), Recipe({"test": "1"}, ignore=("clip:Walk",)))
    for name in ("Test", "a b", "../x", "", "x" * 80):
        with pytest.raises(InputError, match="no name for a split"):
            Recipe({name: "1"})


def test_components() -> None:
    assert components({"a": ["1"], "b": ["2"], "c": ["1", "3"], "d": ["3"]}) == [["a", "c", "d"], ["b"]]
    assert components({"a": ["1"], "b": ["1"]}, ignore=["1"]) == [["a"], ["b"]]


SPEC = {
    "name": "tiny", "grid": {"cameras": 9, "times": 9}, "image": {"width": 32, "height": 32},
    "camera_paths": [{"id": "arc", "kind": "arc"}, {"id": "pan", "kind": "pan"}],
    "combine": {"how": "each_animation_in_one_scene"},
}  # fmt: skip


def test_a_spec_gives_keys_of_families_files_and_clips(tmp_path: Path) -> None:
    (tmp_path / "knight.glb").write_bytes(b"a")
    (tmp_path / "copy.glb").write_bytes(b"a")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({
        **SPEC,
        "scenes": [{"id": "room", "family": "courtyard", "count": 3}],
        "animations": [{"id": "run", "file": "knight.glb", "clip": "Run"}, {"id": "run_too", "file": "copy.glb", "clip": "Go"},
                       {"id": "walk", "family": "walker", "seed": 5}],
    }))  # fmt: skip
    content = content_of(load_spec(tmp_path / "tiny.yaml"))
    run, copy = content.grids["room-0.run.arc"].keys["animation"], content.grids["room-1.run_too.arc"].keys["animation"]
    assert {"animation:run", "file:knight.glb", "clip:Run"} < set(run)
    assert [key for key in run if key in copy] == [key for key in run if key.startswith("asset:")] != []
    assert any(k.startswith("seed:walker:") for k in content.grids["room-2.walk.pan"].keys["animation"])
    with pytest.raises(InputError, match="shares asset:"):
        cut(content, Recipe({"test": "name:room-0"}))
    assert names(cut(content, Recipe({"test": "1"})), "test", 0) == {"room-2"}


def test_a_number_that_components_do_not_make_up_is_refused_with_the_nearest() -> None:
    grids = {f"s{i}.a.p": {} for i in range(3)} | {f"t{i}.b.p": {} for i in range(3)}
    with pytest.raises(InputError, match="nearest possible number is 3"):
        cut(made_up(grids), Recipe({"test": "2"}))
    assert len(cut(made_up(grids), Recipe({"test": "40%"})).grids("test")) == 3


def test_the_same_family_and_seed_under_two_names_is_one_subject() -> None:
    spec = loads(yaml.safe_dump({
        **SPEC,
        "scenes": [{"id": "room", "family": "courtyard", "count": 2}],
        "animations": [{"id": "one", "family": "walker"}, {"id": "two", "family": "walker"}],
    }))  # fmt: skip
    content = content_of(spec)
    keys = content.keys(("animation",))
    assert not set(keys["room-0.one.arc"]) & set(keys["room-1.two.arc"])  # seeds derive from ids: two subjects


@pytest.mark.parametrize("name", ["camxtime-180k", "camxtime-360k"])
def test_paper_sizes_are_cut_from_the_spec_alone(repo: Path, name: str) -> None:
    content = content_of(load_spec(repo / "scene_specs" / f"{name}.yaml"))
    manifest = cut(content, Recipe({"val": "4", "test": "32"}))
    assert len(names(manifest, "test", 0)) == 32 and len(names(manifest, "train", 0)) == 64
    assert len(manifest.split_of) == len(content.grids)
    manifest.check(content)


def test_an_empty_content_is_refused() -> None:
    with pytest.raises(InputError, match="no complete grid"):
        cut(Content("none", "dataset", "f" * 64, "", {}), Recipe())


def test_leaks_are_named_with_both_sides() -> None:
    leaks = find_leaks({"a": "train", "b": "test"}, {"a": ["clip:Run"], "b": ["clip:Run"]})
    assert str(leaks[0]) == "clip:Run is in test (grid b) and in train (grid a)"
