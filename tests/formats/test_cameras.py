"""Camera conversions of every format: published figures, round trips, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import DataError, InputError
from camxtime.formats import camera_data, colmap, multicamvideo, spacetimepilot, transforms
from camxtime.formats.untrusted import read_json, rigid
from camxtime.geometry.cameras import intrinsics, look_at
from camxtime.geometry.conventions import rel_left


@pytest.fixture(scope="module")
def sample(repo: Path) -> Path:
    """The published MultiCamVideo camera file."""
    file = repo.parent / "shared" / "reference" / "multicamvideo_camera_extrinsics.json"
    if not file.is_file():
        pytest.skip(f"the published sample {file.name} is not beside the repository")
    return file


def random_poses(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (count, 1, 1))
    for pose in poses:
        q, r = np.linalg.qr(rng.normal(size=(3, 3)))
        q = q * np.sign(np.diag(r))
        pose[:3, :3] = q if np.linalg.det(q) > 0 else -q
        pose[:3, 3] = rng.uniform(-50, 50, 3)
    return poses


seeds = st.integers(0, 2**32 - 1)


# MultiCamVideo ------------------------------------------------------------------------------------------------------


def angle_deg(rotation: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


TRAJECTORIES = [  # formats: the ten validation trajectories, end pose relative to start, metres, OpenCV axes
    ("cam01", (0, 0, 0), 19.88), ("cam02", (0, 0, 0), 19.88), ("cam03", (0, 0, 0), 9.94), ("cam04", (0, 0, 0), 9.94),
    ("cam05", (0, 0, 1.988), 0), ("cam06", (0, 0, -1.988), 0), ("cam07", (0, -0.994, 0), 13.95),
    ("cam08", (0, 0.994, 0), 13.95), ("cam09", (-1.988, 0, 0.533), 29.82), ("cam10", (1.988, 0, 0.533), 29.82),
]  # fmt: skip


@pytest.mark.parametrize(("name", "translation", "degrees"), TRAJECTORIES)
def test_sample_gives_the_published_end_poses(sample: Path, name: str, translation: tuple, degrees: float) -> None:
    rig = multicamvideo.read_extrinsics(sample)
    assert rig.c2w.shape == (10, 81, 4, 4)
    relative = rel_left(rig.c2w[rig.names.index(name)])[-1]
    np.testing.assert_allclose(relative[:3, 3], translation, atol=6e-4)
    assert angle_deg(relative[:3, :3]) == pytest.approx(degrees, abs=6e-3)


def test_sample_is_right_handed_here_and_left_handed_by_the_authors_recipe(sample: Path) -> None:
    rig = multicamvideo.read_extrinsics(sample)
    np.testing.assert_allclose(np.linalg.det(rig.c2w[..., :3, :3]), 1.0, atol=1e-12)
    text = json.loads(sample.read_text())["frame80"]["cam09"]
    rows = [[float(x) for x in row.split()] for row in text.strip().strip("[]").split("] [")]
    recipe = np.array(rows).T[:, [1, 2, 0, 3]]
    recipe[:3, 1] *= -1
    recipe[:3, 3] /= 100
    assert np.linalg.det(recipe[:3, :3]) == pytest.approx(-1, abs=1e-4)
    first = np.array(
        [
            [float(x) for x in row.split()]
            for row in json.loads(sample.read_text())["frame0"]["cam09"].strip().strip("[]").split("] [")
        ]
    ).T[:, [1, 2, 0, 3]]
    first[:3, 1] *= -1
    first[:3, 3] /= 100
    relative = np.linalg.inv(first) @ recipe
    assert np.linalg.det(relative[:3, :3]) == pytest.approx(1, abs=1e-4)
    index = rig.names.index("cam09")
    np.testing.assert_allclose(rel_left(rig.c2w[index])[80], relative, atol=2e-6)


def test_up_is_up_and_panning_right_turns_clockwise_seen_from_above(sample: Path) -> None:
    rig = multicamvideo.read_extrinsics(sample)
    np.testing.assert_allclose(rig.c2w[:, 0, :3, 1], np.tile([0, 0, -1.0], (10, 1)), atol=1e-6)  # image down = −Z
    forward = rig.c2w[rig.names.index("cam01"), :, :3, 2]
    assert np.cross(forward[0], forward[-1])[2] < 0
    rises = rig.c2w[rig.names.index("cam07"), -1, 2, 3] - rig.c2w[rig.names.index("cam07"), 0, 2, 3]
    assert rises == pytest.approx(0.994, abs=1e-3)


def numbers_of(matrix: str) -> list[float]:
    return [float(word) for word in matrix.replace("[", " ").replace("]", " ").split()]


def test_sample_survives_a_round_trip_to_its_own_digits(sample: Path, tmp_path: Path) -> None:
    rig = multicamvideo.read_extrinsics(sample)
    multicamvideo.write_extrinsics(tmp_path / "camera_extrinsics.json", rig, digits=6)
    original, again = json.loads(sample.read_text()), json.loads((tmp_path / "camera_extrinsics.json").read_text())
    assert list(original) == list(again)
    for frame, cameras in original.items():
        for name, text in cameras.items():
            mine = again[frame][name]
            assert mine.endswith("] ")
            assert numbers_of(mine) == pytest.approx(numbers_of(text), abs=2e-6, rel=1e-5)


@given(seed=seeds)
@settings(max_examples=30, deadline=None)
def test_multicamvideo_round_trip(seed: int) -> None:
    poses = random_poses(seed, 6).reshape(2, 3, 4, 4)
    again = multicamvideo.parse_extrinsics(
        multicamvideo.format_extrinsics(multicamvideo.Rig(("cam01", "cam02"), poses)), "x"
    )
    np.testing.assert_allclose(again.c2w, poses, atol=1e-6)


def test_multicamvideo_names_what_is_missing(sample: Path) -> None:
    data = json.loads(sample.read_text())
    del data["frame7"]["cam03"]
    with pytest.raises(DataError, match=r"frame7: the camera 'cam03'"):
        multicamvideo.parse_extrinsics(data, "f.json")
    del data["frame7"]
    with pytest.raises(DataError, match="frame 7 is missing"):
        multicamvideo.parse_extrinsics(data, "f.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1 0 0 0] [0 1 0 0] [0 0 1 0]",
        "[a 0 0 0] [0 1 0 0] [0 0 1 0] [0 0 0 1] ",
        7,
        "[1 0 0 0] [0 1 0 0] [0 0 1 0] [nan 0 0 1] ",
        "[1 0 0 5] [0 1 0 0] [0 0 1 0] [0 0 0 1] ",
        "[-1 0 0 0] [0 1 0 0] [0 0 1 0] [0 0 0 1] ",
        "[2 0 0 0] [0 1 0 0] [0 0 1 0] [0 0 0 1] ",
    ],
)
def test_multicamvideo_bad_matrices(text: object) -> None:
    with pytest.raises(DataError, match="here"):
        multicamvideo.parse_matrix(text, "here")


@pytest.mark.parametrize(
    ("folder", "fx"),
    [
        ("f18_aperture10", 969.697),
        ("f24_aperture5", 1292.929),
        ("f35_aperture2.4", 1885.522),
        ("f50_aperture2.4", 2693.603),
    ],
)
def test_focal_lengths_of_folders(folder: str, fx: float) -> None:
    focal = multicamvideo.focal_of_folder(folder)
    K = multicamvideo.intrinsics_of_focal(focal, 1280, 1280)
    assert K[0, 0] == pytest.approx(fx, abs=1e-3) and K[0, 2] == 640
    assert multicamvideo.folder_of_focal(multicamvideo.focal_of_intrinsics(K, 1280)) == folder


def test_an_odd_focal_length_survives_in_a_folder_name() -> None:
    assert multicamvideo.focal_of_folder(multicamvideo.folder_of_focal(27.125)) == 27.125
    with pytest.raises(DataError, match="focal length"):
        multicamvideo.focal_of_folder("train")


# Cam×Time -----------------------------------------------------------------------------------------------------------


K1080 = intrinsics(1090.909, 1080, 1080)


def arc(count: int = 12) -> np.ndarray:
    angles = np.linspace(0, 1, count)
    eyes = np.stack([4 * np.cos(angles), 4 * np.sin(angles), np.full(count, 1.5)], axis=-1)
    return look_at(eyes, np.zeros(3))


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_cam_time_round_trips_exactly(seed: int) -> None:
    poses = random_poses(seed, 4)
    for value, parse in (
        (camera_data.format_schema1(poses, K1080, (1080, 1080)), camera_data.parse_schema1),
        (camera_data.format_schema2(poses), camera_data.parse_schema2),
        (camera_data.format_trajectory(poses, K1080, (1080, 1080)), camera_data.parse_trajectory),
    ):
        again = parse(json.loads(json.dumps(value)), "x")
        np.testing.assert_allclose(again.c2w, poses, atol=1e-9)
        if again.K is not None:
            np.testing.assert_array_equal(again.K, K1080)


def test_cam_time_cameras_look_along_minus_z_on_disk(tmp_path: Path) -> None:
    camera_data.write(
        tmp_path / "camera_data.json", camera_data.format_schema1(arc(), K1080, (1080, 1080), {"fps": 30})
    )
    on_disk = np.array(json.loads((tmp_path / "camera_data.json").read_text())["cameras"]["0"]["c2w"])
    towards = -on_disk[:3, 3] / np.linalg.norm(on_disk[:3, 3])
    np.testing.assert_allclose(-on_disk[:3, 2], towards, atol=1e-12)
    assert on_disk[2, 1] > 0  # y is up
    read = camera_data.read(tmp_path / "camera_data.json")
    np.testing.assert_allclose(read.c2w, arc(), atol=1e-12)
    assert read.size == (1080, 1080)


def test_schema2_is_world_to_camera_unless_told_otherwise() -> None:
    value = camera_data.format_schema2(arc())
    np.testing.assert_allclose(camera_data.parse_schema2(value, "x").c2w, arc(), atol=1e-12)
    flipped = camera_data.parse_schema2(value, "x", "c2w").c2w
    assert np.abs(flipped - arc()).max() > 0.5


def test_full_release_keys_are_sorted_as_numbers_and_need_not_start_at_zero() -> None:
    value = camera_data.format_trajectory(arc(12), K1080, (1080, 1080))
    entries = list(value["trajectory"].values())
    value["trajectory"] = {str(33 + i): entries[i] for i in reversed(range(12))} | {}
    read = camera_data.parse_trajectory(value, "x")
    assert read.keys == tuple(str(33 + i) for i in range(12))
    np.testing.assert_allclose(read.c2w, arc(12), atol=1e-12)


def test_cam_time_refusals(tmp_path: Path) -> None:
    value = camera_data.format_schema1(arc(), K1080, (1080, 1080))
    missing = json.loads(json.dumps(value))
    del missing["cameras"]["5"]
    with pytest.raises(DataError, match="camera 5 is missing"):
        camera_data.parse_schema1(missing, "x")
    wrong = json.loads(json.dumps(value))
    wrong["cameras"]["3"]["w2c"] = wrong["cameras"]["4"]["w2c"]
    with pytest.raises(DataError, match=r"cameras\.3: c2w is not the inverse"):
        camera_data.parse_schema1(wrong, "x")
    short = {**value, "n_cameras": 120}
    with pytest.raises(DataError, match="n_cameras is 120"):
        camera_data.parse_schema1(short, "x")
    with pytest.raises(DataError, match="schema 2"):
        camera_data.parse_schema1(camera_data.format_schema2(arc()), "x")
    two = camera_data.format_schema2(arc())
    del two["cameras"]["extrinsic"]["camera_002"]
    with pytest.raises(DataError, match="camera 2 is missing"):
        camera_data.parse_schema2(two, "x")
    with pytest.raises(InputError, match="no such file"):
        camera_data.read(tmp_path / "nothing.json")


def test_intrinsics_are_for_a_size() -> None:
    sized = camera_data.parse_schema1(camera_data.format_schema1(arc(), K1080, (1080, 1080)), "x")
    np.testing.assert_allclose(sized.intrinsics_for(512, 512, "x")[0, 0], 1090.909 * 512 / 1080)
    bare = camera_data.CameraData(arc(), K1080, None, ())
    assert bare.intrinsics_for(1080, 1080, "x")[0, 0] == 1090.909
    with pytest.raises(DataError, match="for another size"):
        bare.intrinsics_for(512, 512, "x")
    with pytest.raises(DataError, match="not one scale"):
        sized.intrinsics_for(832, 480, "x")


# nerfstudio, COLMAP, SpaceTimePilot -----------------------------------------------------------------------------------


def frames(poses: np.ndarray) -> list[transforms.Frame]:
    return [
        transforms.Frame(f"images/{i:04d}.png", pose, intrinsics(300.0, 320, 200), (320, 200), i / (len(poses) - 1))
        for i, pose in enumerate(poses)
    ]


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_transforms_round_trip(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    poses = random_poses(seed, 5)
    file = tmp_path_factory.mktemp("t") / "transforms.json"
    transforms.write(file, frames(poses), {"grid": "a.b.c"})
    again = transforms.read(file)
    np.testing.assert_allclose([f.c2w for f in again], poses, atol=1e-9)
    assert [f.time for f in again] == [0, 0.25, 0.5, 0.75, 1]
    assert again[0].intrinsics_for(320, 200)[0, 0] == 300


def test_transforms_with_a_zoom_keeps_k_per_frame(tmp_path: Path) -> None:
    zoom = [
        transforms.Frame(f"{i}.png", pose, intrinsics(300.0 + i, 320, 200), (320, 200), None)
        for i, pose in enumerate(arc(3))
    ]
    transforms.write(tmp_path / "t.json", zoom)
    assert [f.intrinsics_for(320, 200)[0, 0] for f in transforms.read(tmp_path / "t.json")] == [300, 301, 302]


def test_dnerf_angles(tmp_path: Path) -> None:
    pose = np.eye(4).tolist()
    (tmp_path / "t.json").write_text(
        json.dumps(
            {
                "camera_angle_x": 0.6911112070083618,
                "frames": [{"file_path": "./train/r_000", "rotation": 0.3, "time": 0.0, "transform_matrix": pose}],
            }
        )
    )
    (frame,) = transforms.read(tmp_path / "t.json")
    assert frame.file == "train/r_000"
    assert frame.intrinsics_for(800, 800)[0, 0] == pytest.approx(1111.111, abs=1e-3)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"k1": 0.1}, "undistort"),
        ({"camera_model": "OPENCV_FISHEYE"}, "not a pin-hole"),
        ({"file_path": "../../etc/passwd"}, "leads out"),
        ({"file_path": "/etc/passwd"}, "leads out"),
        ({"transform_matrix": [[1, 0], [0, 1]]}, r"\[4, 4\]"),
        ({"fl_y": 100.0}, "square pixels"),
        ({"w": 0}, "image size"),
        ({"time": "now"}, "finite number"),
    ],
)
def test_transforms_refusals(tmp_path: Path, entry: dict, words: str) -> None:
    value = transforms.format_frames(frames(arc(3)))
    value["frames"][1] |= entry
    (tmp_path / "t.json").write_text(json.dumps(value))
    with pytest.raises(DataError, match=words) as error:
        transforms.read(tmp_path / "t.json")
    assert "frames.1" in str(error.value)


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_colmap_round_trip(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    poses = random_poses(seed, 5)
    folder = tmp_path_factory.mktemp("c")
    images = [
        colmap.PosedImage(f"c{i} .png", pose, intrinsics(300.0 + i % 2, 320, 200), 320, 200)
        for i, pose in enumerate(poses)
    ]
    colmap.write_model(folder, images)
    again = colmap.read_model(folder)
    np.testing.assert_allclose([i.c2w for i in again], poses, atol=1e-9)
    np.testing.assert_array_equal([i.K for i in again], [i.K for i in images])
    assert (folder / "cameras.txt").read_text().count("PINHOLE") == 2


def test_colmap_reads_models_with_points_and_refuses_distortion(tmp_path: Path) -> None:
    (tmp_path / "cameras.txt").write_text("# c\n1 SIMPLE_PINHOLE 640 480 500 320 240\n")
    (tmp_path / "images.txt").write_text("# i\n1 1 0 0 0 0 0 2 1 b.png\n1 2 3 4 5 6\n2 1 0 0 0 0 0 1 1 a.png\n\n")
    first, second = colmap.read_model(tmp_path)
    assert (first.name, second.name) == ("a.png", "b.png") and first.c2w[2, 3] == -1 and second.K[1, 1] == 500
    (tmp_path / "cameras.txt").write_text("1 OPENCV 640 480 500 500 320 240 0 0 0 0\n")
    with pytest.raises(DataError, match="undistort"):
        colmap.read_model(tmp_path)
    (tmp_path / "cameras.txt").write_text("2 PINHOLE 640 480 500 500 320 240\n")
    with pytest.raises(DataError, match="no camera 1"):
        colmap.read_model(tmp_path)


@given(seed=seeds)
def test_quaternions(seed: int) -> None:
    for pose in random_poses(seed, 3):
        np.testing.assert_allclose(colmap.rotation_of(colmap.quaternion(pose[:3, :3])), pose[:3, :3], atol=1e-12)


def test_half_turns_have_quaternions() -> None:
    for axis in range(3):
        rotation = -np.eye(3)
        rotation[axis, axis] = 1
        np.testing.assert_allclose(colmap.rotation_of(colmap.quaternion(rotation)), rotation, atol=1e-12)


def test_spacetimepilot_round_trip_and_refusals(tmp_path: Path) -> None:
    poses = random_poses(3, 81)
    spacetimepilot.write_extrinsics(tmp_path / "v_extrinsics.npy", poses)
    np.testing.assert_allclose(
        np.load(tmp_path / "v_extrinsics.npy") @ poses, np.tile(np.eye(4), (81, 1, 1)), atol=1e-9
    )
    np.testing.assert_allclose(spacetimepilot.read_extrinsics(tmp_path / "v_extrinsics.npy"), poses, atol=1e-9)
    spacetimepilot.write_times(tmp_path / "v_times.npy", range(81))
    assert spacetimepilot.read_times(tmp_path / "v_times.npy").tolist() == list(range(81))
    np.save(tmp_path / "bad.npy", np.array([{"a": 1}]), allow_pickle=True)
    np.save(tmp_path / "shape.npy", np.eye(4))
    (tmp_path / "text.npy").write_text("hello")
    for name in ("bad", "shape", "text"):
        with pytest.raises(DataError, match=name):
            spacetimepilot.read_extrinsics(tmp_path / f"{name}.npy")


# strangers' files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1, "a": 2}', "[1]", "{", "[" * 100_000, ""])
def test_bad_json_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=r"x\.json"):
        read_json(tmp_path / "x.json")


def test_huge_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{" + " " * 5000 + "}")
    with pytest.raises(DataError, match="more than the 1,000"):
        read_json(tmp_path / "x.json", 1000)


def test_printed_rotations_become_exact() -> None:
    pose = np.round(random_poses(1, 1)[0], 5)
    exact = rigid(pose.tolist(), "x")
    np.testing.assert_allclose(exact[:3, :3].T @ exact[:3, :3], np.eye(3), atol=1e-14)
    np.testing.assert_allclose(exact, pose, atol=2e-5)
