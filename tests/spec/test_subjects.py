"""Several subjects in a spec: seeds, digests, splits' keys, licences, and what cannot be said."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from camxtime.errors import InputError
from camxtime.spec import DatasetSpec, expand, json_schema, loads
from camxtime.spec.content import check_content
from camxtime.splits import content_of

BASE: dict[str, Any] = {
    "name": "tiny",
    "grid": {"cameras": 2, "times": 2},
    "image": {"width": 32, "height": 32},
    "scenes": [{"id": "yard", "family": "courtyard"}],
    "camera_paths": [{"id": "arc", "kind": "arc"}],
}
DUEL = {
    "id": "duel",
    "subjects": [
        {"file": "a/Knight.glb", "clip": "Block", "height_m": 1.8, "licence": "CC0-1.0"},
        {"file": "b/Barbarian.glb", "clip": "Cheer", "seed": 7},
        {"family": "walker"},
    ],
}


def spec(*animations: dict[str, Any]) -> DatasetSpec:
    return loads(yaml.safe_dump({**BASE, "animations": list(animations)}), "my.yaml")


def test_each_subject_has_its_own_seed_and_settings() -> None:
    (stage,) = expand(spec(DUEL)).stages
    animation = stage.request["animation"]
    assert set(animation) == {"id", "seed", "subjects"}
    knight, barbarian, walker = animation["subjects"]
    assert (knight["clip"], knight["height_m"], knight["fit"]) == ("Block", 1.8, "loop")
    assert "licence" not in knight and "family" not in knight and walker["family"] == "walker"
    assert len({s["seed"] for s in animation["subjects"]}) == 3
    again = expand(spec({**DUEL, "seed": 9})).stages[0].request["animation"]["subjects"]
    assert again[1]["seed"] == barbarian["seed"] and again[2]["seed"] != walker["seed"]
    drawn = expand(spec({**DUEL, "count": 3})).stages
    assert [s.request["animation"]["id"] for s in drawn] == ["duel-0", "duel-1", "duel-2"]
    assert len({s.request["animation"]["subjects"][2]["seed"] for s in drawn}) == 3


def test_splits_see_every_subject() -> None:
    facts = content_of(spec(DUEL)).grids["yard.duel.arc"]
    keys = facts.keys["animation"]
    assert {"animation:duel", "file:a/Knight.glb", "file:b/Barbarian.glb", "clip:Block", "clip:Cheer"} <= set(keys)
    assert any(key.startswith("seed:walker:") for key in keys)
    assert facts.facts["animation_source"] == "a/Knight.glb + b/Barbarian.glb + walker"


def test_digests_do_not_know_of_fields_that_are_not_used() -> None:
    plain = spec({"id": "a", "family": "walker"})
    assert "subjects" not in plain.canonical()["animations"][0] and "captions" not in plain.canonical()
    assert DatasetSpec.model_validate(spec(DUEL).canonical()).digest == spec(DUEL).digest
    assert "SubjectSpec" in str(json_schema())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "walker"}, "with subjects, family belongs to each of them"),
        ({"height_m": 2.0}, "with subjects, height_m belongs to each of them"),
        ({"subjects": []}, "at least 1 item"),
        ({"subjects": [{"family": "walker"} for _ in range(13)]}, "at most 12 items"),
        ({"subjects": [{"clip": "Run"}]}, r"animations.0.subjects.0: give either family"),
        ({"subjects": [{"file": "../x.glb"}]}, "relative path inside"),
        ({"subjects": [{"file": "x.glb"}], "count": 2}, "count draws a family"),
    ],
)
def test_what_cannot_be_said(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        spec({**DUEL, **change})


def test_families_and_parameters_of_subjects_are_checked() -> None:
    check_content(spec(DUEL), "my.yaml")
    for subject in ({"family": "moonwalker"}, {"file": "k.glb", "params": {"colour": 1}}):
        with pytest.raises(InputError, match=r"my\.yaml: animations\.0 \(duel\)\.subjects\.1: .*(moonwalker|colour)"):
            check_content(spec({"id": "duel", "subjects": [{"family": "walker"}, subject]}), "my.yaml")
