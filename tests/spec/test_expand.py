"""Expansion: counts of the papers, ids, seeds, ways of combining."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.spec import Rates, estimate, expand, json_schema, load, loads
from camxtime.spec.expand import derive_seed, views_per_batch


def spec_text(combine: object, scenes: int = 3, animations: int = 4, **more: object) -> str:
    return yaml.safe_dump(
        {
            "name": "tiny",
            "grid": {"cameras": 5, "times": 10, "times_per_unit": 4},
            "image": {"width": 32, "height": 32},
            "scenes": [{"id": "room", "family": "courtyard", "count": scenes}],
            "animations": [{"id": "mover", "family": "walker", "count": animations}],
            "camera_paths": [{"id": "arc", "kind": "arc"}, {"id": "pan", "kind": "pan"}],
            "combine": combine,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("name", "videos", "cells"), [("camxtime-180k", 180_000, 21_600_000), ("camxtime-360k", 360_000, 43_200_000)]
)
def test_papers_sizes_exactly(repo: Path, name: str, videos: int, cells: int) -> None:
    cost = estimate(expand(load(repo / "scene_specs" / f"{name}.yaml").spec), Rates(cells_per_second=100))
    assert (cost.videos, cost.cells) == (videos, cells)
    assert (cost.scenes, cost.animations) == (100, videos // 120 // cost.camera_paths)
    assert cost.units == cost.grids * 15
    assert cost.render_seconds == pytest.approx(cells / 100)
    assert 5e12 < cost.bytes < 1.2e14


def test_every_shipped_spec_loads_and_expands(repo: Path) -> None:
    for file in (repo / "scene_specs").glob("*.yaml"):
        assert expand(load(file).spec).grids, file.name


def test_cross_each_and_list() -> None:
    assert len(expand(loads(spec_text({"how": "cross"}))).grids) == 3 * 4 * 2
    each = expand(loads(spec_text({"how": "each_animation_in_one_scene"})))
    assert len(each.grids) == 4 * 2 and len(each.stages) == 4
    assert [s.stage_id for s in each.stages] == ["room-0.mover-0", "room-1.mover-1", "room-2.mover-2", "room-0.mover-3"]
    listed = expand(
        loads(spec_text({"how": "list", "grids": [{"scene": "room", "animation": "mover-1", "paths": ["pan"]}]}))
    )
    assert [g.grid_id for g in listed.grids] == [f"room-{i}.mover-1.pan" for i in range(3)]


def test_random_deal_uses_every_scene_equally() -> None:
    grids = expand(loads(spec_text({"how": "each_animation_in_one_scene", "assign": "random"}, 7, 21))).grids
    uses = [sum(g.scene_id == f"room-{i}" for g in grids) for i in range(7)]
    assert uses == [3 * 2] * 7


@pytest.mark.parametrize(
    ("grids", "words"),
    [
        ([{"scene": "cave", "animation": "mover"}], "there is no 'cave'"),
        ([{"scene": "room", "animation": "mover-9"}], "there is no 'mover-9'"),
        ([{"scene": "room", "animation": "mover", "paths": ["loop"]}], "there is no 'loop'"),
        ([{"scene": "room", "animation": "mover"}, {"scene": "room-1", "animation": "mover-0"}], "listed twice"),
    ],
)
def test_bad_lists_are_named(grids: list[object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        expand(loads(spec_text({"how": "list", "grids": grids})))


def test_colliding_ids_are_refused() -> None:
    scenes = [{"id": "room", "family": "courtyard", "count": 2}, {"id": "room-1", "family": "courtyard"}]
    text = yaml.safe_dump({**yaml.safe_load(spec_text({"how": "cross"})), "scenes": scenes})
    with pytest.raises(InputError, match="collides"):
        expand(loads(text))


def test_units_cover_every_time_once() -> None:
    assert expand(loads(spec_text({"how": "cross"}))).unit_times() == [(0, 3), (4, 7), (8, 9)]


def test_seeds_depend_on_names_not_on_order_or_neighbours() -> None:
    whole = {g.grid_id: g.seed for g in expand(loads(spec_text({"how": "cross"}))).grids}
    few = {g.grid_id: g.seed for g in expand(loads(spec_text({"how": "cross"}, scenes=3, animations=2))).grids}
    assert few.items() <= whole.items()
    assert len(set(whole.values())) == len(whole)
    other = {g.grid_id: g.seed for g in expand(loads(spec_text({"how": "cross"}, seed=5))).grids}
    assert not set(other.values()) & set(whole.values())


@given(st.lists(st.text() | st.integers(), min_size=1, max_size=4))
def test_derived_seeds_are_63_bits_and_repeatable(parts: list[str | int]) -> None:
    assert 0 <= derive_seed(*parts) < 2**63
    assert derive_seed(*parts) == derive_seed(*parts)


@given(st.integers(1, 500), st.integers(8, 4096), st.integers(8, 4096))
def test_batches_are_equal_and_bounded(cameras: int, width: int, height: int) -> None:
    text = spec_text({"how": "cross"}, grid={"cameras": cameras, "times": 2}, image={"width": width, "height": height})
    views = views_per_batch(loads(text))
    batches = -(-cameras // views)
    assert 1 <= views <= 32 and (views - 1) * batches < cameras


def test_schema_names_every_field_with_words() -> None:
    schema = json_schema()
    text = json.dumps(schema)
    assert schema["additionalProperties"] is False
    for word in ("times_per_unit", "sweep_deg", "random_walk", "min_clearance_m", "OpenImageDenoise"):
        assert word in text


def test_paper_sized_spec_has_3000_grids_with_ids_of_their_own(repo: Path) -> None:
    expansion = expand(load(repo / "scene_specs" / "camxtime-360k.yaml").spec)
    assert len(expansion.grids) == 3000 and len({g.grid_id for g in expansion.grids}) == 3000
