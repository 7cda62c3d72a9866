"""What is told of bad files before Blender starts: named with the mend, never a hang or a crash."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camxtime.errors import InputError
from camxtime.spec.asset_checks import check_file, check_requests, measure
from camxtime.spec.gltf import read_gltf

trimesh = pytest.importorskip("trimesh")


def box(folder: Path, name: str, size: float = 1.0) -> Path:
    trimesh.creation.box((size, size, size)).export(folder / name)
    return folder / name


def edited(file: Path, change: Any) -> Path:
    """A .glb with its description changed by `change(data)`."""
    whole = file.read_bytes()
    length = struct.unpack("<I", whole[12:16])[0]
    data = json.loads(whole[20 : 20 + length])
    change(data)
    text = json.dumps(data).encode()
    text += b" " * (-len(text) % 4)
    rest = whole[20 + length :]
    file.write_bytes(b"glTF" + struct.pack("<IIII", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A) + text + rest)
    return file


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
def test_sound_files_pass(tmp_path: Path, suffix: str) -> None:
    file = box(tmp_path, f"box.{suffix}", 3.0)
    check_file(file, "scene", {})
    check_file(file, "subject", {"fit": "still"})
    facts = measure(file)
    assert facts.triangles == 12 and facts.extents == pytest.approx((3.0, 3.0, 3.0))


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
def test_units(tmp_path: Path, suffix: str) -> None:
    vast = box(tmp_path, f"vast.{suffix}", 3e5)
    with pytest.raises(InputError, match=r"measures 3e\+05 x 3e\+05 x 3e\+05 units.*params: {scale: 0\.0001}"):
        check_file(vast, "scene", {})
    check_file(vast, "scene", {"params": {"scale": 0.0001}})
    with pytest.raises(InputError, match=r"which no subject does; give its height in metres with height_m"):
        check_file(vast, "subject", {"fit": "still"})
    check_file(vast, "subject", {"fit": "still", "height_m": 1.8})
    with pytest.raises(InputError, match=r"0\.001 m at its scale.*scale: 10000"):
        check_file(box(tmp_path, f"speck.{suffix}", 0.001), "scene", {})


def test_enormous_files_are_refused_unread(tmp_path: Path) -> None:
    ply = tmp_path / "huge.ply"
    ply.write_bytes(b"ply\nformat binary_little_endian 1.0\nelement vertex 3\nelement face 90000000\nend_header\n")
    with pytest.raises(InputError, match=r"90,000,000 triangles, more than 50,000,000; decimate it"):
        check_file(ply, "scene", {})

    def more(data: dict[str, Any]) -> None:
        data["nodes"] = [{"mesh": 0, "name": str(i)} for i in range(6_000)]
        for accessor in data["accessors"]:
            accessor["count"] = 36_000

    with pytest.raises(InputError, match=r"72,000,000 triangles"):
        check_file(edited(box(tmp_path, "many.glb"), more), "scene", {})


def test_empty_and_not_finite(tmp_path: Path) -> None:
    (tmp_path / "nothing.obj").write_bytes(b"")
    (tmp_path / "points.obj").write_text("v 0 0 0\nv 1 0 0\n")
    text = box(tmp_path, "nan.obj").read_text().splitlines()
    first = next(i for i, line in enumerate(text) if line.startswith("v "))
    text[first] = "v nan 0 inf"
    (tmp_path / "nan.obj").write_text("\n".join(text))
    for name, words in (
        ("nothing.obj", r"nothing\.obj: is empty"),
        ("points.obj", r"points\.obj: (holds no triangles|is damaged)"),
        ("nan.obj", r"nan\.obj: has vertices that are not finite"),
    ):
        with pytest.raises(InputError, match=words):
            check_file(tmp_path / name, "scene", {})


@pytest.mark.parametrize("suffix", ["glb", "ply", "stl"])
def test_cut_files(tmp_path: Path, suffix: str) -> None:
    file = box(tmp_path, f"cut.{suffix}", 3.0)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match=rf"cut\.{suffix}: (is cut short|is damaged|holds no triangles)"):
        check_file(file, "scene", {})


def cycle(data: dict[str, Any]) -> None:
    data["nodes"] = [{"children": [1], "mesh": 0}, {"children": [2]}, {"children": [0]}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cycle, "node 0 is its own ancestor"),
        (lambda d: d.update(nodes=[{"mesh": 0, "children": [0]}]), "node 0 is its own ancestor"),
        (
            lambda d: d.update(nodes=[{"children": [2]}, {"children": [2]}, {"mesh": 0}]),
            "node 2 has two parents, 0 and 1",
        ),
        (lambda d: d.update(nodes=[{"mesh": 0, "children": [9]}]), "a child 9 that does not exist"),
        (lambda d: d["scenes"][0].update(nodes=[7]), "its scene names node 7"),
        (lambda d: d["buffers"][0].update(byteLength=10**9), "buffer 0 holds .* it is cut short"),
        (lambda d: d.update(images=[{"uri": "Textures/wood%20oak.png"}]), r"texture wood oak\.png is missing"),
        (lambda d: d["asset"].update(version="1.0"), "is not glTF 2.0"),
        (lambda d: d.update(nodes=[{"name": "empty"}]), r"no mesh"),
        (lambda d: d.update(nodes=[{"mesh": 5}]), "is not a sound glTF file"),
        (lambda d: d.update(nodes="all"), "is not a sound glTF file"),
    ],
)
def test_broken_gltf(tmp_path: Path, change: Any, words: str) -> None:
    with pytest.raises(InputError, match=rf"broken\.glb: .*{words}"):
        check_file(edited(box(tmp_path, "broken.glb", 3.0), change), "scene", {})


def test_a_deep_tree_is_no_cycle(tmp_path: Path) -> None:
    def deep(data: dict[str, Any]) -> None:
        count = 20_000
        data["nodes"] = [{"children": [i + 1]} for i in range(count)] + [{"mesh": 0}]
        data["scenes"][0]["nodes"] = [0]

    assert read_gltf(edited(box(tmp_path, "deep.glb"), deep)).meshes == 1


def test_not_gltf(tmp_path: Path) -> None:
    (tmp_path / "fake.glb").write_text("this is no glTF file, whatever its name says")
    with pytest.raises(InputError, match=r"fake\.glb: is not a \.glb file"):
        check_file(tmp_path / "fake.glb", "scene", {})
    (tmp_path / "fake.gltf").write_text("[1, 2")
    with pytest.raises(InputError, match=r"fake\.gltf: is not a sound glTF file"):
        check_file(tmp_path / "fake.gltf", "scene", {})


def test_clips_are_known_before_blender_starts(assets_dir: Path) -> None:
    knight = assets_dir / "kaykit" / "Knight.glb"
    check_file(knight, "subject", {"clip": "Running_A"})
    request = {
        "scene": {"id": "r", "family": "courtyard"},
        "animation": {"id": "k", "file": str(knight), "clip": "Moonwalk"},
    }
    with pytest.raises(
        InputError, match=r"animations\.k: Knight\.glb: has no clip 'Moonwalk'; it has .*Running_A.*Walking_C"
    ):
        check_requests([request])
    room = {**request, "animation": {"id": "k", "file": str(assets_dir / "dungeon" / "dungeon_room.glb")}}
    with pytest.raises(InputError, match=r"dungeon_room\.glb: has no animation; .*fit to still"):
        check_requests([room])
    small = {**request, "animation": {"id": "k", "file": str(assets_dir / "kenney" / "character.glb"), "clip": "walk"}}
    with pytest.raises(InputError, match=r"character\.glb: texture colormap\.png is missing; put it beside the file"):
        check_requests([small])
    assert measure(assets_dir / "dungeon" / "dungeon_room.glb").extents == pytest.approx((21.0, 4.1, 21.0), abs=0.01)
    assert np.prod(measure(knight).extents or ()) > 0
