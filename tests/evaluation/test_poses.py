"""Camera accuracy: its definitions, pose files, and the built-in estimator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_data import item, textured_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import camxtime
from camxtime.errors import CamxtimeError, InputError
from camxtime.evaluation import baselines
from camxtime.evaluation.estimate import Estimator
from camxtime.evaluation.pose_files import PoseFolder, read_poses, write_poses
from camxtime.evaluation.poses import Estimate, angle_deg, camera_accuracy, fitted_scale, path_length
from camxtime.evaluation.tasks import PredictionError, Task, TaskReader
from camxtime.formats import camera_data, colmap, spacetimepilot, transforms
from camxtime.geometry.cameras import intrinsics, look_at
from camxtime.sampling.view import View
from camxtime.shards.dataset import Dataset

F = 6
FINITE = ("rel_rot", "rel_trans", "abs_rot", "abs_trans", "rot")


def trajectory(seed: int, frames: int = F) -> np.ndarray:
    """Cameras (F, 4, 4) on a random smooth path that look at the middle."""
    rng = np.random.default_rng(seed)
    start, a, b = rng.normal(0, 0.5, (3, 3))
    s = np.linspace(0, 1, frames)[:, None]
    return look_at(np.array([4.0, 0.0, 1.5]) + start + s * a + s**2 * b, np.array([0.0, 0.0, 0.8]))


def turned(axis: np.ndarray, degrees: float) -> np.ndarray:
    """(4, 4) rotation about an axis."""
    import cv2

    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(axis / np.linalg.norm(axis) * np.radians(degrees))[0]
    return pose


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_zero_on_the_truth_in_any_world(seed: int) -> None:
    truth, source = trajectory(seed), trajectory(seed + 1)
    world = trajectory(seed + 2)[1]
    result = camera_accuracy(Estimate(world @ truth, world @ source[0], True), truth, source)
    assert result["posed"] == 1 and all(abs(result[name]) < 1e-5 for name in FINITE)
    assert result["rta_15"] == result["rta_30"] == 1


@given(st.integers(0, 1000), st.floats(0.01, 179))
@settings(max_examples=30, deadline=None)
def test_a_known_rotation_is_measured(seed: int, degrees: float) -> None:
    truth, source = trajectory(seed), trajectory(seed + 1)
    twist = turned(np.random.default_rng(seed).normal(size=3), degrees)
    everywhere = camera_accuracy(Estimate(truth @ twist, source[0], True), truth, source)
    assert everywhere["abs_rot"] == pytest.approx(degrees, abs=1e-5) and everywhere["rot"] == pytest.approx(
        degrees, abs=1e-5
    )
    later = truth.copy()
    later[1:] = later[1:] @ twist
    result = camera_accuracy(Estimate(later, source[0], True), truth, source)
    assert result["rel_rot"] == pytest.approx(degrees, abs=1e-5) and result["rot"] < 1e-5
    assert result["abs_rot"] == pytest.approx(degrees * (F - 1) / F, abs=1e-5)
    assert max(result["rel_trans"], result["abs_trans"], everywhere["abs_trans"]) < 1e-9


def test_a_known_shift_is_measured_in_path_lengths() -> None:
    truth, source = trajectory(3), trajectory(4)
    moved = truth.copy()
    moved[1:, :3, 3] += truth[0, :3, :3] @ [0.0, 0.3, 0.0]
    result = camera_accuracy(Estimate(moved, source[0], True), truth, source)
    assert result["rel_trans"] == pytest.approx(0.3 / path_length(source))
    assert result["abs_trans"] == pytest.approx(0.3 * (F - 1) / F / path_length(source))


def test_unknown_scale_is_fitted_and_metric_scale_is_not() -> None:
    truth, source = trajectory(5), trajectory(6)
    small, first = truth.copy(), source[0].copy()
    small[:, :3, 3] *= 0.01
    first[:3, 3] *= 0.01
    free, metric = (camera_accuracy(Estimate(small, first, known), truth, source) for known in (False, True))
    assert free["rel_trans"] < 1e-9 and free["abs_trans"] < 1e-9 and metric["rel_trans"] > 0.1
    assert fitted_scale(-np.ones((2, 3)), np.ones((2, 3))) == 0 and fitted_scale(np.zeros((1, 3)), np.ones((1, 3))) == 1


def test_what_is_not_defined_is_nan() -> None:
    truth = trajectory(7)
    alone = camera_accuracy(Estimate(truth, None, False), truth, truth)
    assert alone["rel_rot"] < 1e-6 and np.isnan([alone[n] for n in ("abs_rot", "abs_trans", "rot", "rta_15")]).all()
    start = camera_accuracy(Estimate(truth, truth[0], True), truth, truth)
    assert start["rot"] == 0 and np.isnan(start["rta_15"])  # no baseline, no direction
    lost = np.full_like(truth, np.nan)
    none = camera_accuracy(Estimate(lost, truth[0], True), truth, truth)
    assert none.pop("posed") == 0 and np.isnan(list(none.values())).all()
    still = np.repeat(truth[:1], F, axis=0)
    assert np.isnan(camera_accuracy(Estimate(still, still[0], True), still, still)["rel_trans"])
    half = truth.copy()
    half[0] = np.nan
    rest = camera_accuracy(Estimate(half, truth[0], True), truth, truth)
    assert rest["posed"] == pytest.approx(1 - 1 / F) and rest["rel_rot"] < 1e-6 and np.isnan(rest["rot"])
    with pytest.raises(InputError, match="cannot be compared"):
        camera_accuracy(Estimate(truth[:2], None, True), truth, truth)


def test_directions() -> None:
    truth, source = trajectory(8), trajectory(9)
    for degrees, within in ((10, (1, 1)), (20, (0, 1)), (40, (0, 0))):
        baseline = truth[0, :3, 3] - source[0, :3, 3]
        axis = np.cross(baseline, [0.0, 0.0, 1.0])
        found = truth.copy()
        found[0, :3, 3] = source[0, :3, 3] + turned(axis, degrees)[:3, :3] @ baseline
        result = camera_accuracy(Estimate(found, source[0], True), truth, source)
        assert (result["rta_15"], result["rta_30"]) == within
    assert angle_deg(np.eye(3), turned(np.ones(3), 1e-6)[:3, :3]) == pytest.approx(1e-6, rel=1e-6)


def write_all(folder: Path, source: np.ndarray, truth: np.ndarray) -> dict[str, Path]:
    """Every format that holds source and generated frames."""
    both, K = np.concatenate([source, truth]), intrinsics(40.0, 40, 32)
    paths = {
        name: folder / name
        for name in ("own.json", "stp.npy", "tum.txt", "data.json", "nerf.json", "colmap/images.txt")
    }
    write_poses(paths["own.json"], truth, source, metric=False)
    spacetimepilot.write_extrinsics(paths["stp.npy"], both)
    lines = []
    for i, pose in enumerate(both):
        w, x, y, z = colmap.quaternion(pose[:3, :3])
        lines.append(" ".join(map(repr, [float(i), *pose[:3, 3].tolist(), float(x), float(y), float(z), float(w)])))
    paths["tum.txt"].write_text("# timestamp tx ty tz qx qy qz qw\n" + "\n".join(lines))
    camera_data.write(paths["data.json"], camera_data.format_schema2(both))
    transforms.write(
        paths["nerf.json"], [transforms.Frame(f"{i}.png", p, K, (40, 32), None) for i, p in enumerate(both)]
    )
    colmap.write_model(folder / "colmap", [colmap.PosedImage(f"{i:03d}.png", p, K, 40, 32) for i, p in enumerate(both)])
    return paths


def test_pose_files_of_all_formats(tmp_path: Path) -> None:
    source, truth = trajectory(10, 4), trajectory(11)
    for name, path in write_all(tmp_path, source, truth).items():
        found = read_poses(path, F, 4)
        result = camera_accuracy(found, truth, source)
        assert not found.metric and found.source is not None, name
        assert all(result[measure] < 1e-4 for measure in FINITE), (name, result)
        if name != "own.json":
            assert read_poses(path, F + 4, 4).source is None  # all of them are the clip's own
            with pytest.raises(CamxtimeError, match="10 poses"):
                read_poses(path, F + 1, 4)
    lost = truth.copy()
    lost[2] = np.nan
    write_poses(tmp_path / "lost.json", lost)
    found = read_poses(tmp_path / "lost.json", F, 4)
    assert np.isnan(found.c2w[2]).all() and found.metric and found.source is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"format": "camxtime-poses", "format_version": 2}', "format version 2"),
        ("a.json", '{"format": "camxtime-poses", "format_version": 1, "scale": "cm", "frames": []}', "metric or unknown"),
        ("a.json", '{"format": "camxtime-poses", "format_version": 1, "scale": "metric", "frames": [null]}', "has 1 frames"),
        ("a.json", '{"poses": []}', "none of camxtime-poses"),
        ("a.txt", "1 2 3", "tx ty tz"),
        ("a.txt", "0 0 0 0 0 0 0 2", "length 1"),
        ("a.txt", "# nothing", "no pose"),
        ("a.npy", "text", "NumPy"),
    ],
)  # fmt: skip
def test_wrong_pose_files_are_explained(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CamxtimeError, match=message):
        read_poses(tmp_path / name, F, F)


def test_pose_folders(tmp_path: Path, task: Task) -> None:
    folder = PoseFolder(tmp_path)
    with pytest.raises(PredictionError, match="backward: its pose file is missing"):
        folder.of(task)
    write_poses(tmp_path / f"{task.item.id}.json", task.target.c2w, task.source.c2w)
    assert camera_accuracy(folder.of(task), task.target.c2w, task.source.c2w)["abs_trans"] < 1e-6
    (tmp_path / f"{task.item.id}.txt").write_text("")
    with pytest.raises(PredictionError, match="more than one pose file"):
        folder.of(task)
    with pytest.raises(InputError, match="no such folder"):
        PoseFolder(tmp_path / "none")
    assert json.loads((tmp_path / f"{task.item.id}.json").read_text())["scale"] == "metric"


@pytest.fixture(scope="module")
def textured(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return camxtime.open(textured_dataset(tmp_path_factory.mktemp("textured")))


def test_the_estimator_recovers_cameras_it_has_not_seen(textured: Dataset) -> None:
    """Camera 3's own cells are left out, and the frames show camera 3 where camera 1 was wanted."""
    shown = TaskReader(textured).task(item("room.ball.arc", "still", [3, 3, 3], [0, 1, 2]))
    wanted = TaskReader(textured).task(item("room.ball.arc", "wrong", [1, 1, 1], [0, 1, 2]))
    found = Estimator(textured, View(), left_out=frozenset([3])).poses(shown.target.rgb, wanted.target)
    apart = np.linalg.norm(found[:, :3, 3] - shown.target.c2w[:, :3, 3], axis=1)
    assert angle_deg(found[:, :3, :3], shown.target.c2w[:, :3, :3]).max() < 0.5
    assert apart.max() < 0.01 * path_length(textured.grid("room.ball.arc").cameras.c2w)


def test_the_estimator_gives_up_on_noise(textured: Dataset) -> None:
    task = TaskReader(textured).task(item("room.ball.arc", "x", [0], [0]))
    noise = np.random.default_rng(0).integers(0, 256, task.target.rgb.shape, dtype=np.uint8)
    flat = np.full_like(noise, 90)
    for frames in (noise, flat):
        assert np.isnan(Estimator(textured, View()).poses(frames, task.target)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("left_out", "share"), [(False, 0.01), (True, 0.03)])
def test_the_estimator_recovers_rendered_clips(repo: Path, left_out: bool, share: float) -> None:
    """Blender's cells: under half a degree and 1 % of the path length; 3 % where each frame's own camera is left out."""
    if not (repo / "out" / "demo" / "dataset.json").is_file():
        pytest.skip("no out/demo; `make demo` renders it")
    demo = camxtime.open(repo / "out" / "demo")
    reader = TaskReader(demo)
    for grid in demo.grids.ids[:: 2 if left_out else 1]:
        count = demo.grid(grid).C
        found, truth = np.empty((4, 4, 4)), demo.grid(grid).cameras.c2w[:: count // 4][:4]
        for place, camera in enumerate(range(0, count, count // 4)):
            one = reader.task(item(grid, "one", [camera], [place])).target
            found[place] = Estimator(demo, View(), frozenset([camera] if left_out else [])).poses(one.rgb, one)[0]
        result = camera_accuracy(Estimate(found, truth[0], True), truth, demo.grid(grid).cameras.c2w)
        assert result["posed"] == 1 and result["abs_rot"] < 0.5 and result["rel_rot"] < 0.5, (grid, result)
        assert result["abs_trans"] < share and result["rel_trans"] < share, (grid, result)


def test_baselines_that_drag_the_camera_are_found_out(textured: Dataset) -> None:
    task = TaskReader(textured).task(item("room.ball.arc", "r", [0, 3, 6], [2, 1, 0]))
    diagonal = TaskReader(textured).task(item("room.ball.arc", "d", [0, 1, 2], [0, 1, 2]))
    shuffled = baselines.reshuffle(task)
    found = Estimator(textured, View()).poses(shuffled, task.target)
    shown = diagonal.source.c2w[baselines.nearest_in_time(task)]
    assert angle_deg(found[:, :3, :3], shown[:, :3, :3]).max() < 0.5
