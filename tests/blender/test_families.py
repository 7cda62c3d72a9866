"""Every scene and animation family: loads, is framed, is seen, and does not depend on what was rendered before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from blender_scripts import animations, scenes
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import StageReport
from camxtime.geometry.cameras import Cameras, look_at
from tests.blender import stages

pytestmark = pytest.mark.slow

TIMES = 9
PASSES = ["rgb", "depth", "instance"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BlenderProcess, BlenderProcess]]:
    """Two processes: one renders in sequence, the other only the last time."""
    processes = [stages.start(tmp_path_factory.mktemp(name)) for name in ("sequence", "alone")]
    for process in processes:
        process.configure(stages.engine(samples=1), (stages.WIDTH, stages.HEIGHT), PASSES)
    yield processes[0], processes[1]
    for process in processes:
        process.close()


def _cameras(report: StageReport) -> Cameras:
    """Two cameras round the subject, as far off as its size asks for."""
    bounds = np.array(report.framing["subject_bounds"])
    low, high = bounds.min((0, 1)), bounds.max((0, 1))
    middle, size = (low + high) / 2, float(np.linalg.norm(high - low))
    eyes = [middle + size * 1.2 * np.array([np.cos(a), np.sin(a), 0.4]) for a in (0.4, 1.3)]
    K = [[stages.WIDTH, 0, stages.WIDTH / 2], [0, stages.WIDTH, stages.HEIGHT / 2], [0, 0, 1]]
    c2w = np.stack([look_at(eye, middle, (0, 0, 1)) for eye in eyes])
    return Cameras(c2w, np.array([K, K], dtype=float), stages.WIDTH, stages.HEIGHT)


def _stage(scene: str, animation: str) -> dict[str, Any]:
    stage = stages.calibration(TIMES)
    stage["scene"] |= {"id": scene, "family": scene, "params": {}}
    stage["animation"] |= {"id": animation, "family": animation, "params": {}}
    return stage


@pytest.mark.parametrize("animation", sorted(animations.families()))
def test_animation(pair: tuple[BlenderProcess, BlenderProcess], animation: str) -> None:
    request = _stage("calibration", animation)
    reports = [process.load_stage(request) for process in pair]
    assert reports[0].framing == reports[1].framing
    assert np.isfinite(np.array(reports[0].framing["subject_bounds"])).all()
    cameras = _cameras(reports[0])
    sequence = stages.render(pair[0], cameras, [0, 4, 8, 2])
    alone = stages.render(pair[1], cameras, [2])
    assert stages.same(sequence, alone, PASSES)
    assert not np.array_equal(sequence[0, 0]["depth"], sequence[4, 0]["depth"])  # it moves
    subjects = {e["id"] for e in reports[0].instances if e["role"] == "subject"}
    assert subjects & set(np.unique(sequence[2, 0]["instance"]).astype(int))


@pytest.mark.parametrize("scene", sorted(scenes.families()))
def test_scene(pair: tuple[BlenderProcess, BlenderProcess], scene: str) -> None:
    reports = [process.load_stage(_stage(scene, "calibration")) for process in pair]
    assert reports[0].framing == reports[1].framing
    framing = reports[0].framing
    low, high, centre = (
        np.array(v) for v in (framing["camera_min"], framing["camera_max"], reports[0].stage["centre"])
    )
    assert (low < high).all()
    assert (low[:2] < centre[:2]).all()
    assert (centre[:2] < high[:2]).all()
    cameras = _cameras(reports[0])
    sequence = stages.render(pair[0], cameras, [5, 2])
    assert stages.same(sequence, stages.render(pair[1], cameras, [2]), PASSES)
    assert 0.005 < sequence[2, 0]["rgb"][..., :3].mean() < 20.0
    path = pair[0].check_path(cameras, [0])
    assert not path.inside_geometry.any()
