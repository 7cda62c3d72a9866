"""Scene and animation files: real characters in a real room, and files that are missing, damaged or hostile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camxtime.errors import CamxtimeError, InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.geometry.cameras import Cameras, look_at
from tests.blender import stages

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def _blend(folder: Path, *arguments: str) -> Path:
    path = folder / "trap.blend"
    script = [sys.executable, str(HERE / "make_blend.py"), str(path), str(folder / "ran"), *arguments]
    subprocess.run(script, check=True, capture_output=True)
    return path


def _in_calibration(file: Path | str, clip: str | None = None, **changes: Any) -> dict[str, Any]:
    stage = stages.calibration()
    stage["animation"] = {"id": "subject", "file": str(file), "fit": "loop", "root_motion": "keep", "params": {},
                          "seed": 1, **({"clip": clip} if clip else {}), **changes}  # fmt: skip
    return stage


def _in_file(file: Path | str, **changes: Any) -> dict[str, Any]:
    stage = stages.calibration()
    stage["scene"] = {"id": "scene", "file": str(file), "params": {}, "seed": 1, **changes}
    return stage


def _bounds(report: Any) -> np.ndarray:
    return np.array(report.framing["subject_bounds"])


def test_knight_stands_in_the_dungeon(blender: BlenderProcess, assets_dir: Path) -> None:
    """Scaled by what renders, on the floor, in a free spot, lit, with an id of its own and inside the camera box."""
    report = blender.load_stage(stages.knight(assets_dir))
    bounds = _bounds(report)
    assert bounds.shape == (16, 2, 3)
    floor = report.framing["floor_m"]
    assert abs(bounds[:, 0, 2].min() - floor) < 0.01
    assert 1.5 < (bounds[:, 1, 2] - bounds[:, 0, 2]).min() < 2.2
    low, high = np.array(report.framing["camera_min"]), np.array(report.framing["camera_max"])
    assert (bounds[:, 0, :2] > low[:2]).all()
    assert (bounds[:, 1, :2] < high[:2]).all()
    assert (np.abs([*low[:2], *high[:2]]) < 10.0).all()  # the room's walls
    assert report.instances[0] == {"id": 1, "name": "subject", "role": "subject"}
    assert {Path(a["file"]).name for a in report.assets} == {"Knight.glb", "dungeon_room.glb"}
    assert report.captions == {"scene": "a dungeon room", "animation": "a knight runs"}
    middle = bounds.mean((0, 1))
    azimuth = np.radians(report.framing["front_deg"])
    eye = middle + np.array([3 * np.cos(azimuth), 3 * np.sin(azimuth), 0.5])
    K = [[stages.WIDTH, 0, stages.WIDTH / 2], [0, stages.WIDTH, stages.HEIGHT / 2], [0, 0, 1]]
    cameras = Cameras(look_at(eye, middle, (0, 0, 1))[None], np.array([K]), stages.WIDTH, stages.HEIGHT)
    cell = stages.render(blender, cameras, [3])[3, 0]
    share = (cell["instance"] == 1).mean()
    assert 0.05 < share < 0.5
    assert 2.0 < cell["depth"][cell["instance"] == 1].min() < 3.0
    assert 0.02 < cell["rgb"][..., :3].mean() < 1.0


def test_a_clip_that_does_not_exist_lists_those_that_do(blender: BlenderProcess, assets_dir: Path) -> None:
    with pytest.raises(InputError, match=r"Knight\.glb: has no clip 'Moonwalk'; it has .*Running_A.*Walking_C"):
        blender.load_stage(stages.knight(assets_dir, clip="Moonwalk"))
    request = stages.knight(assets_dir)
    del request["animation"]["clip"]
    with pytest.raises(InputError, match="name one of its 76 clips"):
        blender.load_stage(request)


def test_clips_move_loop_stretch_and_end(blender: BlenderProcess, assets_dir: Path) -> None:
    """At 30 fps a run of 0.8 s repeats after 24 frames; stretched over 49 times it is half as fast; once: too short."""
    stage = {**stages.knight(assets_dir, times=49), "fps": 30.0}
    looped = _bounds(blender.load_stage(stage))
    looped -= looped[0]
    assert np.abs(looped[1:12] - looped[:11]).max() > 0.01
    assert np.abs(looped[24:] - looped[:-24]).max() < 0.02
    stage["animation"]["fit"] = "stretch"
    stretched = _bounds(blender.load_stage(stage))
    stretched -= stretched[0]
    assert np.abs(stretched[::2] - looped[:25]).max() < 0.02
    stage["animation"]["fit"] = "once"
    with pytest.raises(InputError, match=r"lasts 0\.\d+ s, shorter than 49 times at 30 fps"):
        blender.load_stage(stage)


def test_travel_is_kept_or_taken_out(blender: BlenderProcess, assets_dir: Path) -> None:
    """A clip that ends elsewhere goes on from there when repeated, unless its travel is removed; it must find room."""
    stage = stages.knight(assets_dir, "Dodge_Forward")
    path = {}
    for mode in ("keep", "remove"):
        stage["animation"]["root_motion"] = mode
        path[mode] = _bounds(blender.load_stage(stage)).mean(axis=1)[:, 1]
    assert np.ptp(path["keep"]) > 2 * np.ptp(path["remove"])
    assert path["keep"][-1] < path["keep"][0] - 0.3  # forward is −Y
    stage["animation"]["root_motion"] = "keep"
    with pytest.raises(
        InputError, match=r"travels \d+\.\d m, but the scene is free for 11\.\d m only; set root_motion"
    ):
        blender.load_stage({**stage, "times": 600})


def test_parameters_of_file_subjects(blender: BlenderProcess, assets_dir: Path) -> None:
    plain = _bounds(blender.load_stage(_in_calibration(assets_dir / "kaykit/Knight.glb", "Idle", height_m=2.0)))
    params = {"hide": "2H_Sword, Spike_Shield, Rectangle_Shield, Round_Shield, Badge_Shield", "facing_deg": 0.0}
    report = blender.load_stage(_in_calibration(assets_dir / "kaykit/Knight.glb", "Idle", height_m=2.0, params=params))
    slim = _bounds(report)
    assert report.framing["front_deg"] == 0.0
    assert np.ptp(slim[0, :, 0]) != pytest.approx(np.ptp(plain[0, :, 0]), abs=0.05)
    with pytest.raises(InputError, match="has no object 'Halo' to hide"):
        blender.load_stage(_in_calibration(assets_dir / "kaykit/Knight.glb", "Idle", params={"hide": "Halo"}))
    with pytest.raises(InputError, match=r"unknown parameter 'size'; known: authored_front_deg, facing_deg"):
        blender.load_stage(_in_calibration(assets_dir / "kaykit/Knight.glb", "Idle", params={"size": 2}))


def test_missing_texture(blender: BlenderProcess, assets_dir: Path) -> None:
    """The small character names a texture that does not lie beside it: Blender would render it pink."""
    with pytest.raises(InputError, match=r"character\.glb: texture colormap\.png is missing"):
        blender.load_stage(_in_calibration(assets_dir / "kenney/character.glb", "walk"))


def test_files_that_cannot_be_imported(blender: BlenderProcess, tmp_path: Path) -> None:
    glb = tmp_path / "broken.glb"
    body = json.dumps({"asset": {"version": "2.0"}, "scenes": [{"nodes": [7]}], "scene": 0}).encode()
    body += b" " * (-len(body) % 4)
    glb.write_bytes(
        b"glTF" + b"".join(n.to_bytes(4, "little") for n in (2, 20 + len(body), len(body))) + b"JSON" + body
    )
    cut = tmp_path / "cut.glb"
    cut.write_bytes(b"glTF" + (2).to_bytes(4, "little") + (10**6).to_bytes(4, "little") + b"\0" * 50)
    disguised = tmp_path / "disguised.fbx"
    disguised.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    cases = {
        tmp_path / "absent.glb": "cannot be read",
        glb: "broken.glb: .*cannot import it|broken.glb: holds nothing",
        cut: "cut.glb: is not a .glb file",
        disguised: "is not a .fbx file",
        tmp_path / "song.mp3": "cannot be imported; known: .blend .glb",
    }
    for path, words in cases.items():
        for request in (_in_file(path), _in_calibration(path)):
            with pytest.raises(InputError, match=words):
                blender.load_stage(request)


def test_truncated_blend(blender: BlenderProcess, tmp_path: Path) -> None:
    whole = _blend(tmp_path).read_bytes()
    cut = tmp_path / "cut.blend"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CamxtimeError, match=r"cut\.blend"):
        blender.load_stage(_in_file(cut))


def test_code_in_a_blend_is_not_run(blender: BlenderProcess, tmp_path: Path) -> None:
    """A registered text and a Python driver: they do run where scripts are allowed, and must not here."""
    path = _blend(tmp_path)
    traps = [tmp_path / "ran.text", tmp_path / "ran.driver"]
    for request in (_in_file(path), _in_calibration(path, "Spin")):
        blender.load_stage(request)
        stages.render(blender, stages.ring(2), [0, 5])
    assert not any(trap.exists() for trap in traps)
    _blend(tmp_path)
    _blend(tmp_path, "open")
    assert all(trap.exists() for trap in traps)


def test_blend_animation_keeps_its_own_speed(blender: BlenderProcess, tmp_path: Path) -> None:
    """The clip spins 3 rad in 19 frames at 24 fps; at 8 fps that is 6.3 times."""
    report = blender.load_stage(_in_calibration(_blend(tmp_path), "Spin", params={"hide": "Plane"}))
    widths = np.ptp(_bounds(report), axis=1)[:, 0]
    assert widths[0] == pytest.approx(2.0, abs=1e-3)
    assert widths[2] > 2.3
    assert len(set(np.round(widths, 3))) > 3


def test_simple_formats_and_default_light(blender: BlenderProcess, tmp_path: Path) -> None:
    """An OBJ and a PLY make a scene that is lit by the default sun."""
    obj = tmp_path / "yard.obj"
    # OBJ files are Y up; the importer turns them.
    obj.write_text("v -6 0 -6\nv 6 0 -6\nv 6 0 6\nv -6 0 6\nf 4 3 2 1\n")
    report = blender.load_stage(_in_file(obj))
    assert report.framing["floor_m"] == pytest.approx(0.0, abs=1e-6)
    cell = stages.render(blender, stages.ring(1), [0])[0, 0]
    assert cell["rgb"][np.isfinite(cell["depth"][..., 0])][..., :3].mean() > 0.05
    ply = tmp_path / "floor.ply"
    ply.write_text(
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
        "-5 -5 0\n5 -5 0\n5 5 0\n-5 5 0\n4 0 1 2 3\n"
    )
    assert blender.load_stage(_in_file(ply)).triangles > 2


def test_unknown_families_and_parameters(blender: BlenderProcess) -> None:
    stage = stages.calibration()
    stage["scene"]["family"] = "moon"
    with pytest.raises(InputError, match=r"unknown scene family 'moon'; known: .*calibration"):
        blender.load_stage(stage)
    with pytest.raises(InputError, match="calibration: unknown parameter 'sparkle'; known: floor, marker"):
        blender.load_stage(stages.calibration(sparkle=1))
