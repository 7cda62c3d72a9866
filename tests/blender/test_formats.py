"""Every format that can be imported: written by Blender's own exporters, read back as a subject and as a scene."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from tests.blender import stages

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
BOWS = ["bow.blend", "bow.glb", "bow.gltf", "bow.fbx", "bow.usda", "bow.usdc", "bow.usdz", "bow.abc", "bow.bvh"]
CLIPS = {"bow.fbx": "rig|Bow", "bow.abc": None, "bow.bvh": None}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formats")
    command = [sys.executable, str(HERE / "export_formats.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def load(blender: BlenderProcess, file: Path, times: int = 17, fps: float = 8.0, **fields: Any) -> Any:
    """Bounds (T, 2, 3) of a file's subject on the calibration stage."""
    clip = CLIPS.get(file.name, "Bow") if file.name.startswith("bow.") else None
    stage = {**stages.calibration(times), "fps": fps}
    stage["animation"] = {"id": "a", "file": str(file), "seed": 1, **({"clip": clip} if clip else {}), **fields}
    return np.array(blender.load_stage(stage).framing["subject_bounds"])


@pytest.mark.parametrize("name", BOWS)
def test_a_subject_of_every_format(blender: BlenderProcess, exported: Path, name: str) -> None:
    """1.8 m high, on the floor, centred; bowing to its lowest after half a second, upright after one, and again."""
    # Blender writes BVH in its own axes, Z up; the format's custom, which import follows, is Y up.
    params = {"turn_x_deg": -90.0} if name.endswith("bvh") else {}
    bounds = load(blender, exported / name, height_m=1.8, params=params)
    height = bounds[:, 1, 2] - bounds[:, 0, 2]
    assert height[0] == pytest.approx(1.8, abs=0.02)
    assert abs(bounds[:, 0, 2].min()) < 1e-3
    assert np.abs(bounds[:, :, :2].mean(axis=(0, 1))).max() < 0.5
    assert height.argmin() in (4, 12), "bows after half a second: 4 times at 8 fps"
    assert height[4] < 1.7
    assert height[8] == pytest.approx(height[0], abs=0.01)
    assert np.abs(bounds[8:16] - bounds[:8]).max() < 0.01, "it repeats each second"


@pytest.mark.parametrize("name", ["slide.abc", "slide.usda", "slide.fbx"])
def test_moved_objects_of_every_format(blender: BlenderProcess, exported: Path, name: str) -> None:
    """3 m in a second; repeated without its travel; stretched over all times; once only as long as it lasts."""
    once = load(blender, exported / name, times=9, fit="once")
    x = once.mean(axis=1)[:, 0]
    assert x[-1] - x[0] == pytest.approx(3.0, abs=0.05)
    assert x[4] == pytest.approx((x[0] + x[-1]) / 2, abs=0.05)
    stretched = load(blender, exported / name, times=17, fit="stretch").mean(axis=1)[:, 0]
    assert np.abs(stretched[::2] - x).max() < 0.05
    pinned = load(blender, exported / name, times=17, root_motion="remove").mean(axis=1)[:, 0]
    assert np.ptp(pinned) < 0.8
    with pytest.raises(InputError, match=r"lasts 1\.0\d? s, shorter than 17 times at 8 fps"):
        load(blender, exported / name, fit="once")
    still = load(blender, exported / name, fit="still")
    assert np.ptp(still, axis=0).max() < 1e-4


@pytest.mark.parametrize("name", ["still.obj", "still.stl", "still.ply"])
def test_without_animation(blender: BlenderProcess, exported: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name}: has no animation; .*fit to still"):
        load(blender, exported / name)
    bounds = load(blender, exported / name, fit="still", height_m=1.0)
    assert np.ptp(bounds, axis=0).max() == 0
    assert bounds[0, 1, 2] - bounds[0, 0, 2] == pytest.approx(1.0, abs=1e-3)


def test_without_mesh(blender: BlenderProcess, exported: Path) -> None:
    with pytest.raises(InputError, match=r"bones\.glb: nothing of it renders \(no mesh"):
        load(blender, exported / "bones.glb", clip="Bow")


def test_a_named_clip_where_there_are_only_nameless_motions(blender: BlenderProcess, exported: Path) -> None:
    with pytest.raises(InputError, match=r"slide\.abc: has no clip 'Slide'; .*leave out `clip`"):
        load(blender, exported / "slide.abc", clip="Slide")


def test_a_stated_frame_rate(blender: BlenderProcess, exported: Path) -> None:
    """Told that its 24 frames are of 12 fps, the clip lasts two seconds; formats in seconds cannot be told."""
    for name in ("bow.usdc", "bow.fbx", "slide.usda"):
        bounds = load(blender, exported / name, params={"fps": 12.0}, root_motion="remove")
        same = load(blender, exported / name, fps=16.0, root_motion="remove")
        assert np.abs(bounds[:16] - same[:16]).max() < 0.02
    with pytest.raises(InputError, match=r"bow\.glb: states its motion in seconds"):
        load(blender, exported / "bow.glb", params={"fps": 12.0})


@pytest.mark.parametrize("suffix", ["obj", "stl", "ply", "usda", "abc", "fbx", "gltf"])
def test_a_scene_of_every_format(blender: BlenderProcess, exported: Path, suffix: str) -> None:
    stage = stages.calibration(2)
    stage["scene"] = {"id": "yard", "file": str(exported / f"yard.{suffix}"), "seed": 1}
    report = blender.load_stage(stage)
    assert report.framing["floor_m"] == pytest.approx(0.0, abs=1e-4)
    assert 4.0 < report.stage["radius_m"] < 8.0
    assert report.captions["scene"] == "a yard"
    cell = stages.render(blender, stages.ring(1), [0])[0, 0]
    assert cell["rgb"][np.isfinite(cell["depth"][..., 0])][..., :3].mean() > 0.05


def test_sizes_that_cannot_be_meant(blender: BlenderProcess, exported: Path, tmp_path: Path) -> None:
    text = (exported / "yard.obj").read_text().splitlines()
    far = [
        " ".join(["v", *(str(float(w) * 1e5) for w in line.split()[1:4])]) if line[:2] == "v " else line
        for line in text
    ]
    (tmp_path / "far.obj").write_text("\n".join(line for line in far if not line.startswith("mtllib")))
    stage = stages.calibration(2)
    stage["scene"] = {"id": "yard", "file": str(tmp_path / "far.obj"), "seed": 1, "params": {}}
    with pytest.raises(InputError, match=r"far\.obj: is 1\.2e\+06 m across.*scale: 1e-05"):
        blender.load_stage(stage)
    with pytest.raises(InputError, match=r"far\.obj: measures .* m, which no subject does; .*height_m"):
        load(blender, tmp_path / "far.obj", fit="still")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[: len(text) * 2 // 3], r"bad\.bvh.*(cut short|must hold)"),
        (lambda text: text.split("MOTION")[0], "cut short or has no joints"),
        (lambda text: text.replace("CHANNELS 6", "CHANNELS 5", 1), r"bad\.bvh:\d+: CHANNELS"),
        (lambda text: text.replace("Frame Time: 0.041667", "Frame Time: 0"), "are no motion"),
        (lambda text: text.rsplit("\n", 3)[0] + "\nnan" * 3, r"bad\.bvh:\d+: a frame must hold"),
    ],
)
def test_damaged_motion_capture(
    blender: BlenderProcess, exported: Path, tmp_path: Path, damage: Any, words: str
) -> None:
    (tmp_path / "bad.bvh").write_text(damage((exported / "bow.bvh").read_text()))
    with pytest.raises(InputError, match=words):
        load(blender, tmp_path / "bad.bvh")
