"""Bad specs: each a clear message that names the file, the field and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.spec import load, loads

MINIMAL = """
name: tiny
grid: {cameras: 4, times: 3}
image: {width: 32, height: 24}
scenes: [{id: room, family: courtyard}]
animations: [{id: mover, family: walker}]
camera_paths: [{id: arc, kind: arc}]
"""


def changed(**fields: object) -> str:
    """The minimal spec with some top-level fields replaced (or removed with None)."""
    data = yaml.safe_load(MINIMAL)
    data.update(fields)
    return yaml.safe_dump({key: value for key, value in data.items() if value is not None})


def test_minimal_spec_has_defaults_and_a_stable_digest() -> None:
    spec = loads(MINIMAL)
    assert spec.passes == {"rgb": "jpeg:95", "depth": "logpng16"}
    assert spec.digest == loads(MINIMAL).digest
    assert spec.digest != loads(changed(seed=1)).digest


def test_canonical_form_loads_to_the_same_spec() -> None:
    spec = loads(MINIMAL)
    assert loads(yaml.safe_dump(spec.canonical())) == spec


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": 1}, ["colour", "unknown field"]),
        ({"grid": {"cameras": 0, "times": 3}}, ["grid.cameras", "greater than or equal to 1", "0"]),
        ({"grid": {"cameras": 4, "times": -3}}, ["grid.times", "-3"]),
        ({"grid": {"cameras": "many", "times": 3}}, ["grid.cameras", "integer", "many"]),
        ({"grid": {"cameras": 4, "times": 3, "fps": float("inf")}}, ["grid.fps"]),
        ({"grid": {"cameras": 10000, "times": 10000}}, ["grid", "cells a grid"]),
        ({"image": {"width": -1, "height": 24}}, ["image.width", "-1"]),
        ({"image": None}, ["image", "missing"]),
        ({"scenes": []}, ["scenes"]),
        (
            {"scenes": [{"id": "a", "family": "courtyard"}, {"id": "a", "family": "courtyard"}]},
            ["scenes", "'a'", "twice"],
        ),
        ({"camera_paths": [{"id": "p", "kind": "arc"}, {"id": "p", "kind": "pan"}]}, ["camera_paths", "'p'", "twice"]),
        ({"scenes": [{"id": "a"}]}, ["scenes.0", "family", "file"]),
        ({"scenes": [{"id": "a", "family": "x", "file": "y.glb"}]}, ["scenes.0", "not both"]),
        ({"scenes": [{"id": "Bad Id", "family": "courtyard"}]}, ["scenes.0.id"]),
        ({"scenes": [{"id": "../up", "family": "courtyard"}]}, ["scenes.0.id"]),
        ({"scenes": [{"id": "a", "file": "../../etc/passwd"}]}, ["scenes.0", "inside the assets folder"]),
        ({"scenes": [{"id": "a", "file": "/etc/passwd"}]}, ["scenes.0", "relative"]),
        ({"scenes": [{"id": "a", "file": "C:\\x.blend"}]}, ["scenes.0", "relative"]),
        ({"animations": [{"id": "a", "file": "k.glb", "height_m": 0}]}, ["animations.0.height_m", "greater than 0"]),
        ({"animations": [{"id": "a", "family": "walker", "clip": "Run"}]}, ["animations.0", "clip"]),
        ({"passes": {"rgb": "mp3"}}, ["passes", "mp3", "jpeg"]),
        ({"passes": {"depth": "jpeg:90"}}, ["passes", "depth", "logpng16"]),
        ({"passes": {"rgb": "jpeg:0"}}, ["passes", "jpeg:0", "1..100"]),
        ({"passes": {"flow": "png16"}}, ["passes.flow"]),
        ({"passes": {}}, ["passes", "at least one"]),
        ({"combine": {"how": "sometimes"}}, ["combine", "cross"]),
        ({"camera_paths": [{"id": "p", "kind": "warp_drive"}]}, ["camera_paths.0", "warp_drive", "arc"]),
        (
            {"camera_paths": [{"id": "p", "kind": "arc", "sweep_furlongs": 3}]},
            ["camera_paths.0", "sweep_furlongs", "unknown"],
        ),
        ({"camera_paths": [{"id": "p", "kind": "arc", "sweep_deg": [70, 40]}]}, ["camera_paths.0", "sweep_deg"]),
        ({"seed": -1}, ["seed"]),
        ({"camera_paths": [{"id": "p", "kind": "keyframes", "file": "../../x.yaml"}]}, ["camera_paths.0", "inside"]),
        ({"engine": {"samples": 0}}, ["engine.samples"]),
        ({"engine": {"view_transform": "Sepia"}}, ["engine.view_transform", "AgX"]),
    ],
)
def test_bad_fields_are_named(fields: dict[str, object], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        loads(changed(**fields), "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    for word in words:
        assert word in message, message
    assert "Traceback" not in message and len(message) < 700


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "mapping"),
        ("[1, 2]", "mapping"),
        ("name: [", "not valid YAML"),
        ("name: a\nname: b\n", "given twice"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("a: " + "[" * 60 + "]" * 60, "deep"),
    ],
)
def test_bad_yaml_is_refused(text: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        loads(text, "my.yaml")


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such spec"):
        load(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        load(binary)
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * (9 * 2**20))
    with pytest.raises(InputError, match="at most 8 MiB"):
        load(huge)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_spec_or_an_input_error(text: str) -> None:
    try:
        loads(text)
    except InputError as error:
        assert str(error)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from(["grid", "image", "engine", "passes", "scenes", "animations", "camera_paths", "combine", "seed"]),
)
def test_any_value_in_a_field_is_valid_or_an_input_error(value: object, field: str) -> None:
    try:
        loads(changed(**{field: value}))
    except InputError as error:
        assert str(error)
