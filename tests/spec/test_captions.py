"""Captions: composed sentences, words for clips, the user's own CSV, and captions that several grids share."""

from __future__ import annotations

from pathlib import Path

import pytest

from blender_scripts.clip_words import clip_phrase, noun_phrase, subject_phrase
from camxtime.errors import InputError
from camxtime.spec.captions import compose_caption, read_captions, same_captions

GRIDS = {"yard.knight.arc", "yard.knight.pan", "room.knight.arc"}


def test_sentences() -> None:
    told = compose_caption("a knight runs", "a dungeon room", "the camera arcs 52° to the left")
    assert told == "A knight runs in a dungeon room. The camera arcs 52° to the left."
    assert (
        compose_caption("a flag waves", "on a hill", "filmed from a drone.")
        == "A flag waves on a hill, filmed from a drone."
    )


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        ("Running_A", "runs"),
        ("Walking_Backwards", "walks backward"),
        ("1H_Melee_Attack_Chop", "chops with one hand"),
        ("Unarmed_Melee_Attack_Punch_A", "punches"),
        ("Running_Strafe_Left", "runs sideways to the left"),
        ("Sit_Floor_StandUp", "stands up from the floor"),
        ("Sit_Chair_Down", "sits down on a chair"),
        ("PickUp", "picks something up"),
        ("Armature|Walk", "walks"),
        ("Armature|mixamo.com|Layer0", ""),
        ("T-Pose", "holds a pose"),
        ("idle", "stands idle"),
        ("weeping", "is weeping"),
        ("ZombieFrenzy", "performs “zombie frenzy”"),
        ("", ""),
    ],
)
def test_clips_read_as_words(clip: str, words: str) -> None:
    assert clip_phrase(clip) == words


def test_subjects_read_as_words() -> None:
    assert subject_phrase("a/Knight.glb", "Running_A") == "a knight runs"
    assert subject_phrase("old_oak-B.obj", "", still=True) == "an old oak stands still"
    assert subject_phrase("walk_01.bvh", "walk_01") == "a figure of capsules walks"
    assert noun_phrase("dungeon_room.glb") == "a dungeon room"
    assert subject_phrase("thing.abc", "") == "a thing moves"


def test_captions_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "captions.csv"
    file.write_text(
        '\ufeffcaption,grid,note\n"A knight, at noon.",yard.knight.arc,x\n\n Two. , room.knight.arc ,\n', "utf-8"
    )
    assert read_captions(file, GRIDS) == {"yard.knight.arc": "A knight, at noon.", "room.knight.arc": "Two."}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r":1: there is no column 'grid'; the first line must name grid and caption"),
        ("grid,text\nyard.knight.arc,x\n", r":1: there is no column 'caption'"),
        (
            "grid,caption\nyard.night.arc,x\n",
            r":2: there is no grid 'yard.night.arc' in the spec; did you mean yard.knight.arc\?",
        ),
        ("grid,caption\nxyz,x\n", r":2: there is no grid 'xyz' in the spec; its grids are room.knight.arc, "),
        (
            "grid,caption\nyard.knight.arc,x\n\nyard.knight.arc,y\n",
            r":4: yard.knight.arc has a caption already, in line 2",
        ),
        ("grid,caption\nyard.knight.arc, \n", r":2: the caption of yard.knight.arc is empty"),
        ("grid,caption\nyard.knight.arc\n", r":2: has 1 columns, and the first line 2"),
        ('grid,caption\nyard.knight.arc,"two\nlines"\n', r":3: the caption of yard.knight.arc must be one line"),
        ("grid,caption\nyard.knight.arc," + "x" * 2001 + "\n", r"at most 2,000 characters"),
        ('grid,caption\nyard.knight.arc,"open', r"is not CSV"),
    ],
)
def test_bad_captions_are_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "captions.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=rf"captions\.csv.*{words}"):
        read_captions(file, GRIDS)


def test_captions_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "captions.csv"
    file.write_bytes(b"grid,caption\nyard.knight.arc,\xff\xfe\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_captions(file, GRIDS)
    with pytest.raises(InputError, match="cannot be read"):
        read_captions(tmp_path / "none.csv", GRIDS)


def test_shared_captions_are_told() -> None:
    told = {"a.b.c": "A knight runs.", "a.b.d": "a knight  runs.", "a.b.e": "A knight walks."}
    assert same_captions(told) == {"A knight runs.": ["a.b.c", "a.b.d"]}
