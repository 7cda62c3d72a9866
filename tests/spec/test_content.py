"""Families and parameters are checked before Blender starts."""

from __future__ import annotations

import pytest
import yaml

from camxtime.errors import InputError
from camxtime.spec import loads
from camxtime.spec.content import check_content, families

BASE = {
    "name": "tiny",
    "grid": {"cameras": 2, "times": 2},
    "image": {"width": 32, "height": 32},
    "scenes": [{"id": "yard", "family": "courtyard"}],
    "animations": [{"id": "mover", "family": "walker"}],
    "camera_paths": [{"id": "arc", "kind": "arc"}],
}


def test_known_content_passes() -> None:
    check_content(loads(yaml.safe_dump(BASE)), "my.yaml")
    found = {(family.kind, family.name) for family in families()}
    assert {("scene", "courtyard"), ("animation", "walker")} <= found


@pytest.mark.parametrize(
    ("field", "entry", "words"),
    [
        ("scenes", {"id": "a", "family": "moon_base"}, ["scenes.0 (a)", "moon_base", "courtyard"]),
        ("scenes", {"id": "a", "family": "courtyard", "params": {"hours": 3}}, ["hours", "hour"]),
        ("scenes", {"id": "a", "family": "courtyard", "params": {"hour": "noon"}}, ["hour", "noon"]),
        ("scenes", {"id": "a", "file": "a.glb", "params": {"scales": 2}}, ["scales", "scale"]),
        ("animations", {"id": "b", "family": "moonwalker"}, ["animations.0 (b)", "moonwalker", "walker"]),
        ("animations", {"id": "b", "file": "k.glb", "params": {"facing_deg": "north"}}, ["facing_deg", "north"]),
    ],
)
def test_unknown_content_is_named(field: str, entry: dict[str, object], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        check_content(loads(yaml.safe_dump({**BASE, field: [entry]})), "my.yaml")
    assert str(caught.value).startswith("my.yaml: ")
    for word in words:
        assert word in str(caught.value)
