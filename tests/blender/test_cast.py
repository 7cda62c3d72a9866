"""Several subjects on one stage: apart from each other, on the floor, each with its own id, clip, height and words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_scripts.cast import join_clauses
from blender_scripts.packing import pack
from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from tests.blender import stages


@given(st.lists(st.floats(0.2, 5.0), min_size=1, max_size=12))
def test_discs_never_overlap_and_lie_within_their_circle(radii: list[float]) -> None:
    centres, around = pack(radii)
    sizes = np.array(radii)
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2) + 1e9 * np.eye(len(radii))
    assert (apart >= sizes[:, None] + sizes - 1e-6).all()
    assert (np.linalg.norm(centres, axis=1) + sizes <= around * (1 + 1e-3)).all()
    assert around <= 1.01 * max(sum(radii), max(radii))
    assert np.array_equal(centres, pack(radii)[0])


def test_clauses_are_joined() -> None:
    assert join_clauses(["a knight runs"]) == "a knight runs"
    told = join_clauses(["a knight runs", "a knight cheers", "a flag waves"])
    assert told == "a knight runs, another knight cheers and a flag waves"


def cast(assets: Path, *entries: dict[str, Any], times: int = 8, scene: dict[str, Any] | None = None) -> dict[str, Any]:
    subjects = [{"seed": 10 + i, **entry, **({"file": str(assets / entry["file"])} if "file" in entry else {})}
                for i, entry in enumerate(entries)]  # fmt: skip
    stage = {**stages.calibration(times), "fps": 12.0}
    stage["animation"] = {"id": "cast", "seed": 3, "subjects": subjects}
    if scene is not None:
        stage["scene"] = scene
    return stage


KNIGHT = {"file": "kaykit/Knight.glb", "clip": "Cheer", "height_m": 1.8}
SMALL = {"file": "kaykit/Knight.glb", "clip": "Idle", "height_m": 1.2, "params": {"hide": "2H_Sword"}}
BARBARIAN = {"file": "kaykit/Barbarian.glb", "clip": "Walking_A", "height_m": 2.0}
WALKER = {"family": "walker", "params": {"gait": "wave"}}


@pytest.mark.slow
def test_files_and_families_stand_together(blender: BlenderProcess, assets_dir: Path) -> None:
    report = blender.load_stage(cast(assets_dir, KNIGHT, WALKER, BARBARIAN, SMALL))
    assert [row["id"] for row in report.instances[:4]] == [1, 2, 3, 4]
    assert {row["role"] for row in report.instances[:4]} == {"subject"}
    assert len({row["name"] for row in report.instances[:4]}) == 4
    words = report.captions["animation"]
    assert words.startswith("a knight cheers, ") and words.endswith(" and another knight stands idle")
    assert "a barbarian walks" in words and " waves" in words
    files = [Path(asset["file"]).name for asset in report.assets]
    assert files.count("Knight.glb") == 2 and files.count("Barbarian.glb") == 1
    bounds = np.array(report.framing["subject_bounds"])
    floor = report.framing["floor_m"]
    assert abs(bounds[:, 0, 2].min() - floor) < 0.02
    spots = positions(blender)
    boxes = [spots[i] for i in (1, 2, 3, 4)]
    for i, (low, high) in enumerate(boxes):
        assert abs(low[2] - floor) < 0.25, f"subject {i + 1} stands on the floor"
        assert (
            np.abs(np.array([low[:2], high[:2]]) - np.array(report.stage["centre"][:2])).max()
            < report.stage["radius_m"]
        )
        for other_low, other_high in boxes[i + 1 :]:
            gap = np.maximum(other_low - high, low - other_high)[:2].max()
            assert gap > 0.05, "there is room between them"
    for number, height in ((1, 1.8), (4, 1.2)):
        low, high = spots[number]
        assert high[2] - low[2] == pytest.approx(height, abs=0.3), "to a pixel or two"


def positions(blender: BlenderProcess) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """World box by instance id, from what renders: positions of the pixels that show it, from all round."""
    found: dict[int, list[np.ndarray]] = {}
    for cell in stages.render(blender, stages.ring(8, target=STAGE, distance=9.0), [0]).values():
        for number in np.unique(cell["instance"]).astype(int):
            found.setdefault(number, []).append(cell["position"][(cell["instance"] == number)[..., 0]])
    return {n: (np.concatenate(p).min(axis=0), np.concatenate(p).max(axis=0)) for n, p in found.items()}


STAGE = (0.0, 0.0, 0.9)


@pytest.mark.slow
def test_no_room_for_all(blender: BlenderProcess, assets_dir: Path) -> None:
    room = {"id": "room", "family": "living_room", "params": {}, "seed": 1}
    many = [KNIGHT | {"height_m": 12.0}, WALKER, WALKER]
    with pytest.raises(InputError, match=r"its 3 subjects need a free floor \d+\.\d m across.*use fewer or smaller"):
        blender.load_stage(cast(assets_dir, *many, scene=room, times=2))


@pytest.mark.slow
def test_the_same_seed_the_same_cast(blender: BlenderProcess, assets_dir: Path) -> None:
    request = cast(assets_dir, KNIGHT, WALKER, times=3)
    first, again = blender.load_stage(request), blender.load_stage(request)
    assert first.framing == again.framing and first.captions == again.captions
    other = blender.load_stage({**request, "animation": {**request["animation"], "seed": 4}})
    assert other.framing["subject_bounds"] != first.framing["subject_bounds"]
