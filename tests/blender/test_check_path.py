"""Checks of camera paths against a stage's geometry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import PathReport
from camxtime.geometry.cameras import Cameras, look_at
from tests.blender import stages

pytestmark = pytest.mark.slow


def _check(blender: BlenderProcess, eyes: list[tuple[float, float, float]], target: tuple[float, float, float],
           times: list[int] | None = None) -> PathReport:  # fmt: skip
    K = np.array([[stages.WIDTH, 0, stages.WIDTH / 2], [0, stages.WIDTH, stages.HEIGHT / 2], [0, 0, 1]], dtype=float)
    c2w = np.stack([look_at(np.array(eye) + 1e-4, target, (0, 0, 1)) for eye in eyes])
    cameras = Cameras(c2w, np.tile(K, (len(eyes), 1, 1)), stages.WIDTH, stages.HEIGHT)
    return blender.check_path(cameras, times or [0])


def test_calibration_stage(blender: BlenderProcess) -> None:
    """The ball (radius 0.3) is at (1, 0, 0.3) at time 0 and at (−1, 0, 0.3) at time 4; the cube is in the middle."""
    blender.load_stage(stages.calibration())
    eyes = [(5, 0.3, 1), (1, 0, 0.3), (0, 5, 1), (0.0, 0.0, 0.6), (0, -5, 1), (0, 0, -2)]
    report = _check(blender, eyes, (0, 0.02, 0.4), [0, 4])
    assert report.inside_geometry.tolist() == [False, True, False, True, False, True]
    assert report.clearance_m[1] == pytest.approx(0.3, abs=0.02)
    assert report.clearance_m[2] == pytest.approx(1.0, abs=0.01)  # the floor
    assert not report.segment_blocked[-1]
    assert report.segment_blocked[3]  # out of the cube
    assert report.subject_visible.shape == (6, 2)
    assert (report.subject_visible[[0, 2, 4]] > 0.9).all()
    assert (report.subject_visible[5] == 0).all()
    away = _check(blender, [(5, 0, 1)], (10, 0, 1))
    assert away.subject_visible[0, 0] == 0
    later = _check(blender, [(-1, 0, 0.3)], (0, 0.02, 0.4), [4])
    assert later.inside_geometry[0]
    with pytest.raises(InputError, match=r"times must lie in 0\.\.7"):
        _check(blender, [(5, 0, 1)], (0, 0, 0), [8])


def test_dungeon_walls_and_furniture(blender: BlenderProcess, assets_dir: Path) -> None:
    """The room has no ceiling and one-sided walls; cameras behind a wall do not see the subject."""
    report = blender.load_stage(stages.knight(assets_dir))
    bounds = np.array(report.framing["subject_bounds"])
    middle = tuple(bounds.mean((0, 1)))
    x, y, z = middle
    path = _check(blender, [(x + 3, y, z), (x, y + 3, z), (30.0, y, z), (x, y, -1.0)], middle, [0, 5])
    assert path.inside_geometry.tolist() == [False, False, False, True]
    assert path.segment_blocked[:2].tolist() == [False, True]  # then through the wall
    assert (path.subject_visible[:2] > 0.95).all()
    assert (path.subject_visible[2:] == 0).all()
    assert path.clearance_m[:2] == pytest.approx(0.92, abs=0.02)  # the floor


def test_open_and_inverted_meshes(blender: BlenderProcess, tmp_path: Path) -> None:
    """A room with its normals turned out, and a crate without a bottom, judged against the middle of the stage."""
    obj = tmp_path / "room.obj"
    corners = "".join(f"v {x} {y} {z}\n" for x in (-5, 5) for y in (0, 6) for z in (-5, 5))
    room = corners + "o room\nf 1 2 4 3\nf 5 7 8 6\nf 1 5 6 2\nf 3 4 8 7\nf 1 3 7 5\nf 2 6 8 4\n"
    crate = "o crate\n" + "".join(f"v {x} {y} {z}\n" for x in (2.5, 4.5) for y in (0, 2) for z in (-1, 1))
    crate += "f 9 10 12 11\nf 13 15 16 14\nf 11 12 16 15\nf 9 11 15 13\nf 10 14 16 12\n"
    obj.write_text(room + crate)
    stage = stages.calibration()
    stage["scene"] = {"id": "room", "file": str(obj), "params": {}, "seed": 1}
    report = blender.load_stage(stage)
    centre = np.array(report.stage["centre"])
    assert np.linalg.norm(centre[:2] - [3.5, 0.0]) > 2.0
    eyes = [(centre[0], centre[1], centre[2] + 3.0), (3.5, 0.0, 1.0), (0.0, 9.0, 3.0)]
    path = _check(blender, eyes, tuple(centre))
    assert path.inside_geometry.tolist() == [False, True, True]
