"""A folder of assets as a spec: roles, clips, ids, licences and stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from camxtime.spec import expand, loads
from camxtime.spec.content import check_content
from camxtime.spec.draft import DraftOptions, Found, choose_clips, draft
from camxtime.spec.licences import licence_of

ROOM = Found("rooms/Old Hall.glb", "scene", "a scene", size=(20.0, 18.0, 4.0), triangles=9000, licence="CC0-1.0")
CLIPS = (("Idle", 2.0), ("Run_A", 0.8), ("Run_B", 0.8), ("T-Pose", 0.0), ("Walk", 1.0), ("Death", 1.0))
KNIGHT = Found("people/Knight.glb", "animation", "a subject", CLIPS, size=(1.0, 1.0, 2.4), triangles=7000)
CHAIR = Found('props/chair: "red" #1.obj', "animation", "as told", size=(0.5, 0.5, 90.0), licence="see LICENSE.txt")


def test_a_draft_is_a_spec() -> None:
    text = draft(
        [ROOM, KNIGHT, CHAIR, Found("x.fbx", "none", "it is cut short")], DraftOptions("mine", 3, "/my/assets")
    )
    spec = loads(text, "mine.yaml")
    check_content(spec, "mine.yaml")
    assert [scene.id for scene in spec.scenes] == ["old_hall"] and spec.scenes[0].caption == "an old hall"
    assert [a.clip for a in spec.animations] == ["Walk", "Run_A", "Idle", None]
    assert [a.height_m for a in spec.animations] == [2.4, 2.4, 2.4, 1.7], "no chair is 90 m high"
    assert spec.animations[3].fit == "still" and spec.animations[3].licence == "see LICENSE.txt"
    assert spec.animations[0].caption == "a knight walks" and spec.animations[0].licence is None
    assert "# licence: none was found beside it" in text and "# not used: x.fbx: it is cut short" in text
    assert "--assets /my/assets" in text and len(expand(spec).grids) == 12
    assert all(len(line) <= 132 for line in text.splitlines())


def test_stand_ins_and_many_files() -> None:
    alone = loads(draft([KNIGHT], DraftOptions("mine")), "mine.yaml")
    assert alone.scenes[0].family == "courtyard"
    empty = loads(draft([ROOM], DraftOptions("mine")), "mine.yaml")
    assert empty.animations[0].family == "walker"
    rooms = [Found(f"rooms/{i}/Hall.glb", "scene", "a scene", size=(9, 9, 3)) for i in range(30)]
    many = loads(draft([*rooms, KNIGHT], DraftOptions("mine")), "mine.yaml")
    assert len({scene.id for scene in many.scenes}) == 30
    assert len(expand(many).grids) == 9, "beyond 200 grids each animation acts in one scene"


def test_choosing_clips() -> None:
    assert choose_clips(CLIPS, 2) == ["Walk", "Run_A"]
    assert choose_clips(CLIPS, 9) == ["Walk", "Run_A", "Idle", "Death", "T-Pose", "Run_B"]
    assert choose_clips((), 3) == [""] == choose_clips((("", 1.0),), 3)


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [
        ("LICENSE.txt", "License: (Creative Commons Zero, CC0)", "CC0-1.0"),
        ("License.md", "This work is licensed under https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("licence", "Creative Commons Attribution-NonCommercial 4.0", "CC-BY-NC-4.0"),
        ("COPYING", "Permission is hereby granted, free of charge, to any person", "MIT"),
        ("LICENSE", "You may look at it on Tuesdays.", "see LICENSE"),
        ("README.md", "All models are CC0.", "CC0-1.0"),
        ("README.md", "Nice models.", None),
        ("notes.txt", "CC0", None),
    ],
)
def test_licences_beside_files(tmp_path: Path, name: str, text: str, licence: str | None) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / name).write_text(text)
    (tmp_path / "models" / "a.obj").write_text("v 0 0 0\n")
    assert licence_of(tmp_path / "models" / "a.obj", tmp_path) == licence


def test_the_nearest_licence_counts(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "LICENSE").write_text("CC0")
    (tmp_path / "models" / "LICENSE").write_text("MIT License")
    assert licence_of(tmp_path / "models" / "a.obj", tmp_path) == "MIT"
    assert licence_of(tmp_path / "models" / "a.obj", tmp_path / "models") == "MIT"
    (tmp_path / "models" / "own.gltf").write_text('{"asset": {"version": "2.0", "copyright": "2024 Ada (CC-BY 4.0)"}}')
    (tmp_path / "models" / "LICENSE").unlink()
    (tmp_path / "LICENSE").unlink()
    assert licence_of(tmp_path / "models" / "own.gltf", tmp_path) == "© 2024 Ada (CC-BY 4.0)"
