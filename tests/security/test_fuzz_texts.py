"""Specs, manifests and path files from anywhere: validated, or refused with camxtime's own errors."""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import CamxtimeError, InputError
from camxtime.geometry.paths.files import load as load_path
from camxtime.shards.bounds import parse_json
from camxtime.shards.digest import canonical_json
from camxtime.spec import expand, loads
from camxtime.spec.blend import libraries
from camxtime.spec.gltf import copyright_of
from camxtime.splits.benchmark import load_benchmark
from camxtime.splits.content import content_of
from camxtime.splits.manifest import load

from .mutate import changed_json, damaged, fuzz, json_text

DEMO = (Path(__file__).resolve().parents[2] / "scene_specs" / "demo.yaml").read_bytes()


@given(damaged(DEMO))
@fuzz(80)
def test_damaged_specs(data: bytes) -> None:
    with contextlib.suppress(CamxtimeError):
        expand(loads(data.decode("utf-8", "replace")))


@given(changed_json(yaml.safe_load(DEMO)))
@fuzz(40)
def test_any_field_of_a_spec(value: object) -> None:
    with contextlib.suppress(CamxtimeError):
        expand(
            loads(json_text(value, depth=1000).decode("utf-8", "replace"))
        )  # YAML is slow: enough for Python's stack


@pytest.mark.parametrize(
    "text",
    ["!!python/object/apply:os.system ['touch hacked']", "!!python/name:os.system", "a: !!python/tuple [1]", "a: &x [*x]",
     "<<: {a: 1}", "? [a]\n: 1", "? {a: 1}\n: 1", "--- a\n--- b", "\x00", "\ufeff", "a: 1e9999", "{" * 1500, "- " * 1500,
     "a: " + "9" * 10_000,
     "2001-99-99", "a: 2001-02-30", "a: 0x", "=", "%YAML 9.9\n---\na: 1", "a: !!binary |\n  =="],
)  # fmt: skip
def test_yaml_that_is_no_spec(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        loads(text)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from camxtime.splits.cutting import Recipe, cut

    folder = tmp_path_factory.mktemp("manifest")
    root = make_dataset(folder / "data", SyntheticSpec(grids=("a.x.arc", "a.y.arc", "b.x.arc", "b.y.arc"), cameras=2, times=2,
                                                       width=8, height=8))  # fmt: skip
    manifest = cut(content_of(camxtime.open(root)), Recipe({"test": "1"}, by="scene"))
    return manifest.write(folder / "splits.json")


@given(st.data())
@fuzz(80)
def test_damaged_manifests(manifest: Path, data: st.DataObject) -> None:
    file = manifest.with_name("damaged.json")
    file.write_bytes(data.draw(damaged(manifest.read_bytes())))
    for read in (load, load_benchmark):
        with contextlib.suppress(CamxtimeError):
            read(file)


@given(st.data())
@fuzz(120)
def test_any_field_of_a_signed_manifest(manifest: Path, data: st.DataObject) -> None:
    """Signed again, so that what is behind the checksum is reached."""
    value = json.loads(manifest.read_bytes())
    del value["sha256"]
    changed = data.draw(changed_json(value))
    with contextlib.suppress(CamxtimeError, UnicodeEncodeError, RecursionError):
        changed["sha256"] = hashlib.sha256(canonical_json(changed)).hexdigest()
    file = manifest.with_name("changed.json")
    file.write_bytes(json_text(changed))
    with contextlib.suppress(CamxtimeError):
        load(file)


@given(st.data())
@fuzz(80)
def test_camera_path_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    keys = {
        "keys": [
            {"at": 0, "position": [1, 2, 3], "look_at": [0, 0, 0]},
            {"at": 1, "position": [2, 2, 3], "look_at": [0, 0, 0]},
        ]
    }
    file = tmp_path_factory.getbasetemp() / "path.json"
    file.write_bytes(json_text(data.draw(changed_json(keys))))
    with contextlib.suppress(CamxtimeError):
        load_path("keyframes", file)
    file.write_bytes(data.draw(damaged(b"1 2 3\n4 5 6\n7 8 9\n")))
    with contextlib.suppress(CamxtimeError):
        load_path("trajectory", file)


BLEND = b"BLENDER-v405" + struct.pack("<4siQii", b"LI\0\0", 64, 1, 1, 1) + b"/x/lib.blend\0".ljust(64, b"\0") + struct.pack(
    "<4siQii", b"ENDB", 0, 0, 0, 0
)  # fmt: skip
GLTF = (
    b'{"asset": {"version": "2.0", "copyright": "CC0"}, "nodes": [{"children": [1]}, {}], "scenes": [{"nodes": [0]}]}'
)


@given(damaged(BLEND), damaged(GLTF))
@fuzz(80)
def test_assets_as_they_are_looked_at_before_blender(
    tmp_path_factory: pytest.TempPathFactory, blend: bytes, gltf: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "asset.blend"
    file.write_bytes(blend)
    with contextlib.suppress(CamxtimeError):
        libraries(file)
    for name, data in (
        ("asset.gltf", gltf),
        ("asset.glb", b"glTF" + struct.pack("<IIII", 2, 20 + len(gltf), len(gltf), 0x4E4F534A) + gltf),
    ):
        (file.with_name(name)).write_bytes(data)
        copyright_of(file.with_name(name))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "NaN", "-Infinity", "1e999", "1" * 5000, "[1,", b"\xff", ""]
)
def test_json_that_is_none(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)
