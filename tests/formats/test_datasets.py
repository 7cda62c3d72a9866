"""Whole datasets out and in again: pixels, cameras, and words about what was lost."""

from __future__ import annotations

import csv
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from synthetic import SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.formats import multicamvideo
from camxtime.formats.exporting import SIDECAR, ExportOptions
from camxtime.formats.importing import ImportOptions
from camxtime.formats.registry import FORMATS, export_dataset, get, import_dataset, summaries
from camxtime.formats.video import read_video, video_info, write_video
from camxtime.shards.dataset import Dataset
from camxtime.splits import BenchmarkRecipe, Recipe, content_of, cut, cut_benchmark

LOSSLESS = ExportOptions(video="lossless")
PNG = ImportOptions(passes={"rgb": "png"})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two stages, three grids, all passes lossless, 6 cameras × 5 times; the cameras zoom."""
    passes = {"rgb": "png", "depth": "zstd32", "instance": "png16"}
    spec = SyntheticSpec(("hall.ball.arc", "room.ball.arc", "room.ball.arc_2"), 6, 5, 64, 48, 2, passes)
    return camxtime.open(make_dataset(tmp_path_factory.mktemp("dataset"), spec))


def images(dataset: Dataset, grid: str, cameras: object, times: object, name: str = "rgb") -> np.ndarray:
    return dataset.grid(grid).clip(cameras, times, passes=(name,)).image(name)


def whole(dataset: Dataset, grid: str, name: str = "rgb") -> np.ndarray:
    found = dataset.grid(grid)
    return images(dataset, grid, np.tile(np.arange(found.C), found.T), np.repeat(np.arange(found.T), found.C), name)


def same_cameras(one: Dataset, first: str, other: Dataset, second: str, atol: float = 1e-9) -> None:
    a, b = one.grid(first).cameras, other.grid(second).cameras
    np.testing.assert_allclose(a.c2w, b.c2w, atol=atol)
    np.testing.assert_allclose(a.K, b.K, rtol=1e-9)
    assert (a.width, a.height) == (b.width, b.height)


def exported(dataset: Dataset, name: str, folder: Path, options: ExportOptions = LOSSLESS) -> dict:
    report = export_dataset(name, dataset, folder, options)
    sidecar = json.loads((folder / SIDECAR).read_text())
    assert sidecar["not_held"] == report.notes and sidecar["dataset"]["digest"] == dataset.digest
    assert sidecar["conventions"] and all((folder / entry["file"]).exists() for entry in sidecar["files"])
    return sidecar


def lost(sidecar: dict) -> str:
    return " ".join(sidecar["not_held"])


# whole grids ------------------------------------------------------------------------------------------------------------


def test_cam_time_evaluation_layout(dataset: Dataset, tmp_path: Path) -> None:
    sidecar = exported(dataset, "camxtime-eval", tmp_path / "x")
    assert "'depth'" in lost(sidecar) and "'instance'" in lost(sidecar) and "zooms" in lost(sidecar)
    scene = tmp_path / "x" / "full_grid_renders" / "scene_1"
    assert sorted(p.name for p in scene.iterdir()) == [
        "camera_000.mp4",
        *(f"camera_00{i}.mp4" for i in range(1, 6)),
        "camera_data.json",
    ]
    report = import_dataset("camxtime-eval", tmp_path / "x", tmp_path / "d", PNG)
    assert report.grids == tuple(f"scene_{i}.scene_{i}-motion.arc" for i in range(3)) and report.cells == 90
    again = camxtime.open(tmp_path / "d")
    for number, grid in enumerate(dataset.grids.ids):
        np.testing.assert_array_equal(whole(again, report.grids[number]), whole(dataset, grid))
        same_cameras(again, report.grids[number], dataset, grid)
    assert again.grid(report.grids[0]).fps == 24 and again.grid(report.grids[0]).row.extra["layout"] == "camera_path"


def test_cam_time_evaluation_inputs_and_truth(dataset: Dataset, tmp_path: Path) -> None:
    content = content_of(dataset)
    manifest = cut(content, Recipe({"test": "name:room"}, by="scene"))
    benchmark = cut_benchmark(
        manifest, content, BenchmarkRecipe(modes=("forward", "backward", "slowmo", "zigzag", "bullettime", "joint"))
    )
    benchmark.write(tmp_path / "b.json")
    sidecar = exported(
        dataset, "camxtime-eval", tmp_path / "x", ExportOptions(video="lossless", benchmark=tmp_path / "b.json")
    )
    root = tmp_path / "x"
    assert "'joint'" in lost(sidecar)
    frames = np.stack(list(read_video(root / "eval_gt" / "scene_0" / "moving_bullettime.mp4")))
    source = benchmark.items[0].source.grid
    np.testing.assert_array_equal(frames, images(dataset, source, np.arange(5), 2))
    assert video_info(root / "eval_gt_wan2.1_format" / "scene_0" / "moving_forward.mp4").width == 832
    rows = list(csv.DictReader((root / "eval_input" / "metadata.csv").open()))
    assert rows == [{"file_name": "scene_0.mp4", "text": dataset.grid(source).caption}]

    shutil.rmtree(root / "full_grid_renders")  # as the published download has it
    with pytest.raises(InputError, match=r"has no intrinsics.*--focal-mm"):
        import_dataset("camxtime-eval", root, tmp_path / "d0", PNG)
    report = import_dataset("camxtime-eval", root, tmp_path / "d", ImportOptions(passes={"rgb": "png"}, hfov_deg=50))
    again = camxtime.open(tmp_path / "d").grid(report.grids[0])
    assert (again.C, again.T, again.row.extra["layout"]) == (5, 1, "moving_camera")
    np.testing.assert_allclose(again.cameras.c2w, dataset.grid(source).cameras.c2w[:5], atol=1e-9)
    np.testing.assert_array_equal(again.diagonal().rgb, images(dataset, source, np.arange(5), np.arange(5)))
    assert again.caption == dataset.grid(source).caption
    flipped = import_dataset("camxtime-eval", root, tmp_path / "d2", ImportOptions(hfov_deg=50, matrix="c2w"))
    other = camxtime.open(tmp_path / "d2").grid(flipped.grids[0])
    assert np.abs(other.cameras.c2w - again.cameras.c2w).max() > 0.1


def test_cam_time_full_layout(dataset: Dataset, tmp_path: Path) -> None:
    exported(dataset, "camxtime-full", tmp_path / "x")
    folder = tmp_path / "x" / "Scene002" / "camera-trajectory-02"
    assert (folder / "cam006_full_motion.mp4").is_file() and (folder / "camera-trajectory-02-camera.json").is_file()
    report = import_dataset("camxtime-full", tmp_path / "x", tmp_path / "d", PNG)
    assert report.grids == ("scene001.scene001-motion.camera-trajectory-01", "scene002.scene002-motion.camera-trajectory-01",
                            "scene002.scene002-motion.camera-trajectory-02")  # fmt: skip
    again = camxtime.open(tmp_path / "d")
    for mine, grid in zip(report.grids, dataset.grids.ids, strict=True):
        np.testing.assert_array_equal(whole(again, mine), whole(dataset, grid))
        same_cameras(again, mine, dataset, grid)
    assert not report.notes
    renumbered = json.loads((folder / "camera-trajectory-02-camera.json").read_text())
    renumbered["trajectory"] = {str(int(k) + 32): v for k, v in renumbered["trajectory"].items()}
    (folder / "camera-trajectory-02-camera.json").write_text(json.dumps(renumbered))
    report = import_dataset("camxtime-full", tmp_path / "x", tmp_path / "d2", ImportOptions(only=("Scene002",)))
    assert "does not document" in " ".join(report.notes) and len(report.grids) == 2


@pytest.mark.parametrize("name", ["nerfstudio", "webdataset", "frames"])
def test_formats_of_single_images_keep_every_cell(dataset: Dataset, tmp_path: Path, name: str) -> None:
    options = ExportOptions(track="all" if name == "frames" else None)
    sidecar = exported(dataset, name, tmp_path / "x", options)
    passes = {"rgb": "png", "depth": "zstd32", "instance": "png16"}
    wanted = ImportOptions(passes={k: v for k, v in passes.items() if name != "nerfstudio" or k != "instance"})
    report = import_dataset(name, tmp_path / "x", tmp_path / "d", wanted)
    assert report.grids == dataset.grids.ids
    again = camxtime.open(tmp_path / "d")
    for grid in dataset.grids.ids:
        np.testing.assert_array_equal(whole(again, grid), whole(dataset, grid))
        same_cameras(again, grid, dataset, grid)
        depth, back = whole(dataset, grid, "depth"), whole(again, grid, "depth")
        assert (np.isinf(depth) == np.isinf(back)).all()
        hit = np.isfinite(depth)
        np.testing.assert_allclose(back[hit], depth[hit], atol=5.1e-4 if name == "nerfstudio" else 0)
        assert again.grid(grid).caption == dataset.grid(grid).caption and again.grid(grid).fps == 24
        if name == "nerfstudio":
            assert "'instance'" in lost(sidecar) and "millimetres" in lost(sidecar)
        else:
            np.testing.assert_array_equal(whole(again, grid, "instance"), whole(dataset, grid, "instance"))
            assert again.grid(grid).row.instances == dataset.grid(grid).row.instances
            assert not sidecar["not_held"]


def test_webdataset_keeps_the_very_bytes_and_is_read_by_key(dataset: Dataset, tmp_path: Path) -> None:
    exported(dataset, "webdataset", tmp_path / "x")
    import_dataset("webdataset", tmp_path / "x", tmp_path / "d")
    again = camxtime.open(tmp_path / "d")
    assert again.passes == dataset.passes
    assert again.grid("hall.ball.arc").payloads([3], [2], "rgb") == dataset.grid("hall.ball.arc").payloads(
        [3], [2], "rgb"
    )
    with tarfile.open(tmp_path / "x" / "grids-000000.tar") as tar:
        names = tar.getnames()
    assert names[:4] == [f"hall__ball__arc/00000_00000.{e}" for e in ("json", "depth.cxz", "instance.png", "rgb.png")]


# tracks -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mp4", "frames", "spacetimepilot", "nerfstudio"])
def test_a_diagonal_goes_out_and_comes_back_as_a_moving_camera(dataset: Dataset, tmp_path: Path, name: str) -> None:
    cameras = times = np.arange(5)
    options = ExportOptions(grids=("room.ball.arc",), track="0:4@0:4", video="lossless", passes=("rgb",))
    exported(dataset, name, tmp_path / "x", options)
    report = import_dataset(name, tmp_path / "x", tmp_path / "d", ImportOptions(passes={"rgb": "png"}, hfov_deg=50))
    again = camxtime.open(tmp_path / "d").grid(report.grids[0])
    assert (again.C, again.T, again.row.extra["layout"]) == (5, 1, "moving_camera")
    np.testing.assert_array_equal(again.clip(np.arange(5), 0).rgb, images(dataset, "room.ball.arc", cameras, times))
    np.testing.assert_allclose(again.cameras.c2w, dataset.grid("room.ball.arc").cameras.c2w[:5], atol=1e-9)
    if name != "spacetimepilot":
        assert report.grids == ("room.ball.arc",)
    second = exported(camxtime.open(tmp_path / "d"), name, tmp_path / "y", ExportOptions(video="lossless"))
    third = import_dataset(name, tmp_path / "y", tmp_path / "e", ImportOptions(passes={"rgb": "png"}, hfov_deg=50))
    assert (
        second["files"]
        and camxtime.open(tmp_path / "e").grid(third.grids[0]).diagonal().rgb.tobytes()
        == again.diagonal().rgb.tobytes()
    )


@pytest.mark.parametrize(("track", "shape"), [("camera:2", (1, 5)), ("time:3", (6, 1))])
@pytest.mark.parametrize("name", ["mp4", "frames"])
def test_rows_and_columns_come_back_as_what_they_are(
    dataset: Dataset, tmp_path: Path, name: str, track: str, shape: tuple
) -> None:
    exported(dataset, name, tmp_path / "x", ExportOptions(("hall.*",), track, "lossless", passes=("rgb",)))
    report = import_dataset(name, tmp_path / "x", tmp_path / "d", PNG)
    again = camxtime.open(tmp_path / "d").grid(report.grids[0])
    assert shape == (again.C, again.T)
    where = ([2] * 5, range(5)) if track.startswith("camera") else (range(6), [3] * 6)
    np.testing.assert_array_equal(
        whole(camxtime.open(tmp_path / "d"), again.id), images(dataset, "hall.ball.arc", *map(list, where))
    )


@pytest.mark.parametrize("track", ["diagonal", "0:4@0:2,1:0", "3*4@0,0,1,1"])
def test_any_clip_comes_back_as_an_ordinary_video(dataset: Dataset, tmp_path: Path, track: str) -> None:
    exported(dataset, "mp4", tmp_path / "x", ExportOptions(("hall.*",), track, "lossless"))
    report = import_dataset("mp4", tmp_path / "x", tmp_path / "d", PNG)
    again = camxtime.open(tmp_path / "d").grid(report.grids[0])
    np.testing.assert_array_equal(
        again.diagonal().rgb, np.stack(list(read_video(tmp_path / "x" / "hall.ball.arc.mp4")))
    )
    assert "ordinary video" in report.notes[0]


def test_h264_is_near_and_says_that_it_is_not_the_same(dataset: Dataset, tmp_path: Path) -> None:
    sidecar = exported(dataset, "mp4", tmp_path / "x", ExportOptions(("hall.*",), crf=10))
    assert "not those that are stored" in lost(sidecar)
    frames = np.stack(list(read_video(tmp_path / "x" / "hall.ball.arc.mp4")))
    stored = dataset.grid("hall.ball.arc").diagonal().rgb
    assert frames.shape == stored.shape and np.abs(frames.astype(int) - stored).mean() < 4


def test_colmap_holds_one_moment(dataset: Dataset, tmp_path: Path) -> None:
    sidecar = exported(dataset, "colmap", tmp_path / "x", ExportOptions(("hall.*",), "time:2"))
    assert "no time" in lost(sidecar)
    report = import_dataset("colmap", tmp_path / "x" / "hall.ball.arc", tmp_path / "d", PNG)
    again = camxtime.open(tmp_path / "d")
    np.testing.assert_array_equal(whole(again, report.grids[0]), images(dataset, "hall.ball.arc", np.arange(6), 2))
    same_cameras(again, report.grids[0], dataset, "hall.ball.arc")
    assert "no time" in report.notes[0]


# MultiCamVideo --------------------------------------------------------------------------------------------------------


def test_multicamvideo_of_moving_cameras(dataset: Dataset, tmp_path: Path) -> None:
    sidecar = exported(dataset, "multicamvideo", tmp_path / "x")
    assert "differ in K" in lost(sidecar)
    report = import_dataset("multicamvideo", tmp_path / "x", tmp_path / "d", PNG)
    assert len(report.grids) == 3 and len({g.rsplit(".", 1)[0] for g in report.grids}) == 2
    again = camxtime.open(tmp_path / "d")
    pair = next(g for g in report.grids if g.endswith("cam02")).rsplit(".", 1)[0]
    for name, grid in ((f"{pair}.cam01", "room.ball.arc"), (f"{pair}.cam02", "room.ball.arc_2")):
        diagonal = dataset.grid(grid).diagonal()
        found = again.grid(name)
        assert (found.C, found.T, found.row.extra["layout"]) == (6, 1, "moving_camera")
        np.testing.assert_array_equal(found.diagonal().rgb, diagonal.rgb)
        np.testing.assert_allclose(found.cameras.c2w, diagonal.c2w, atol=1e-6)
        assert found.caption == dataset.grid(grid).caption


def static_scene(folder: Path, frames: int = 4, cameras: int = 3) -> Path:
    """A SynCamVideo scene by hand: cameras that do not move, clips that tell camera and frame by their colour."""
    rng = np.random.default_rng(0)
    poses = np.tile(np.eye(4), (cameras, frames, 1, 1))
    poses[..., :3, 3] = rng.uniform(-3, 3, (cameras, 1, 3))
    names = tuple(f"cam{i + 1:02d}" for i in range(cameras))
    scene = folder / "train" / "f24_aperture5" / "scene7"
    multicamvideo.write_extrinsics(scene / "cameras" / "camera_extrinsics.json", multicamvideo.Rig(names, poses))
    for c, name in enumerate(names):
        clip = [np.full((32, 32, 3), (40 * c, 30 * t, 99), np.uint8) for t in range(frames)]
        write_video(scene / "videos" / f"{name}.mp4", clip, 15, "lossless")
    return scene


def test_syncamvideo_becomes_a_whole_grid(tmp_path: Path) -> None:
    static_scene(tmp_path / "x")
    (tmp_path / "x" / "metadata.csv").write_text(
        'file_name,text\nf24_aperture5/scene7/videos/cam01.mp4,"A cat, red."\n'
    )
    report = import_dataset("multicamvideo", tmp_path / "x", tmp_path / "d", PNG)
    dataset = camxtime.open(tmp_path / "d")
    grid = dataset.grid(report.grids[0])
    assert grid.id == "f24_aperture5-scene7.f24_aperture5-scene7-motion.rig" and (grid.C, grid.T, grid.fps) == (
        3,
        4,
        15,
    )
    assert grid.row.extra["layout"] == "scattered_cameras" and grid.caption == "A cat, red."
    assert grid.cell(2, 3).rgb[0, 0].tolist() == [80, 90, 99]
    assert grid.cameras.K[0, 0, 0] == pytest.approx(32 * 24 / 23.76)
    sidecar = exported(dataset, "multicamvideo", tmp_path / "y")
    assert not sidecar["not_held"]
    assert (tmp_path / "y" / "train" / "f24_aperture5" / "scene1" / "videos" / "cam03.mp4").is_file()
    back = import_dataset("multicamvideo", tmp_path / "y", tmp_path / "e", PNG)
    np.testing.assert_array_equal(whole(camxtime.open(tmp_path / "e"), back.grids[0]), whole(dataset, grid.id))


# refusals -------------------------------------------------------------------------------------------------------------


def test_missing_and_unequal_videos_are_named(dataset: Dataset, tmp_path: Path) -> None:
    exported(dataset, "camxtime-eval", tmp_path / "x", ExportOptions(("hall.*",)))
    scene = tmp_path / "x" / "full_grid_renders" / "scene_0"
    original = (scene / "camera_003.mp4").read_bytes()
    (scene / "camera_003.mp4").unlink()
    with pytest.raises(DataError, match=r"camera_003\.mp4 is missing; camera_data\.json has 6 cameras"):
        import_dataset("camxtime-eval", tmp_path / "x", tmp_path / "d1")
    short = list(read_video(scene / "camera_000.mp4"))[:-1]
    write_video(scene / "camera_003.mp4", short, 24)
    with pytest.raises(DataError, match=r"camera_003\.mp4: has 4 frames; camera_000\.mp4 has 5"):
        import_dataset("camxtime-eval", tmp_path / "x", tmp_path / "d2")
    write_video(scene / "camera_003.mp4", [frame[:32] for frame in read_video(scene / "camera_000.mp4")], 24)
    with pytest.raises(DataError, match=r"camera_003\.mp4: is 64×32"):
        import_dataset("camxtime-eval", tmp_path / "x", tmp_path / "d3")
    (scene / "camera_003.mp4").write_bytes(original[: len(original) // 2])
    with pytest.raises(DataError, match=r"camera_003\.mp4"):
        import_dataset("camxtime-eval", tmp_path / "x", tmp_path / "d4")
    (scene / "camera_003.mp4").write_bytes(original)
    (scene / "camera_006.mp4").write_bytes(original)
    with pytest.raises(DataError, match=r"camera_006\.mp4 has no camera"):
        import_dataset("camxtime-eval", tmp_path / "x", tmp_path / "d5")


def test_multicamvideo_refusals(tmp_path: Path) -> None:
    scene = static_scene(tmp_path / "x")
    (scene / "videos" / "cam02.mp4").rename(scene / "videos" / "cam09.mp4")
    with pytest.raises(DataError, match=r"videos/cam02\.mp4 is missing"):
        import_dataset("multicamvideo", tmp_path / "x", tmp_path / "d1")
    (scene / "videos" / "cam09.mp4").rename(scene / "videos" / "cam02.mp4")
    scene.parent.rename(scene.parent.parent / "mystery")
    with pytest.raises(DataError, match="does not say its focal length"):
        import_dataset("multicamvideo", tmp_path / "x", tmp_path / "d2")
    assert import_dataset("multicamvideo", tmp_path / "x", tmp_path / "d3", ImportOptions(focal_mm=35)).cells == 12


def test_transforms_that_are_neither_grid_nor_video(dataset: Dataset, tmp_path: Path) -> None:
    exported(dataset, "nerfstudio", tmp_path / "x", ExportOptions(("hall.*",), passes=("rgb",)))
    file = tmp_path / "x" / "hall.ball.arc" / "transforms.json"
    value = json.loads(file.read_text())
    dropped = value["frames"].pop(8)
    file.write_text(json.dumps(value))
    with pytest.raises(
        DataError, match=r"29 images are neither a whole grid of 6 poses × 5 times \(pose 2 has none at time 0\.25"
    ):
        import_dataset("nerfstudio", tmp_path / "x", tmp_path / "d1")
    value["frames"].insert(8, {**dropped, "file_path": "images/nothing.png"})
    file.write_text(json.dumps(value))
    with pytest.raises(DataError, match=r"the image images/nothing\.png is missing"):
        import_dataset("nerfstudio", tmp_path / "x", tmp_path / "d2")


def test_dnerf_with_transparency_and_no_rate(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "x" / "train").mkdir(parents=True)
    frames = []
    for i in range(3):
        pixels = np.zeros((20, 20, 4), np.uint8)
        pixels[:10] = (200, 10 * i, 0, 255)
        Image.fromarray(pixels).save(tmp_path / "x" / "train" / f"r_{i:03d}.png")
        pose = np.eye(4)
        pose[2, 3] = i
        frames.append({"file_path": f"./train/r_{i:03d}", "time": (2 - i) / 2, "transform_matrix": pose.tolist()})
    (tmp_path / "x" / "transforms_train.json").write_text(json.dumps({"camera_angle_x": 0.69, "frames": frames}))
    report = import_dataset("nerfstudio", tmp_path / "x", tmp_path / "d", PNG)
    grid = camxtime.open(tmp_path / "d").grid(report.grids[0])
    assert grid.id == "train.train-motion.video" and grid.row.extra["layout"] == "moving_camera" and grid.C == 3
    assert grid.cameras.c2w[:, 2, 3].tolist() == [2, 1, 0]  # in the order of time
    assert grid.cell(0, 0).rgb[0, 0].tolist() == [200, 20, 0] and grid.cell(0, 0).rgb[19, 0].tolist() == [255, 255, 255]
    assert any("white" in note for note in report.notes) and any("frame rate" in note for note in report.notes)


def evil_tar(path: Path, name: str, kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("../../evil.json", tarfile.REGTYPE, "leads out"),
        ("/etc/x.json", tarfile.REGTYPE, "leads out"),
        ("a/b.json", tarfile.SYMTYPE, "not a plain file"),
        ("a/b.json", tarfile.LNKTYPE, "not a plain file"),
        ("a/b", tarfile.REGTYPE, "no extension"),
    ],
)
def test_tar_members_cannot_escape(tmp_path: Path, name: str, kind: bytes, words: str) -> None:
    (tmp_path / "x").mkdir()
    evil_tar(tmp_path / "x" / "e.tar", name, kind)
    with pytest.raises(DataError, match=words):
        import_dataset("webdataset", tmp_path / "x", tmp_path / "d")


def test_damaged_tars(dataset: Dataset, tmp_path: Path) -> None:
    exported(dataset, "webdataset", tmp_path / "x", ExportOptions(("hall.*",)))
    tar = tmp_path / "x" / "grids-000000.tar"
    data = tar.read_bytes()
    tar.write_bytes(data[: len(data) // 2 + 100])
    with pytest.raises(DataError, match=r"grids-000000\.tar|is missing"):
        import_dataset("webdataset", tmp_path / "x", tmp_path / "d1")
    place = data.index(b"\x89PNG", len(data) // 3)
    tar.write_bytes(data[: place + 60] + bytes(20) + data[place + 80 :])
    with pytest.raises(DataError, match="does not decode"):
        import_dataset("webdataset", tmp_path / "x", tmp_path / "d2")
    exported(dataset, "webdataset", tmp_path / "y", ExportOptions(("hall.*",), "diagonal"))
    with pytest.raises(DataError, match=r"the image of camera 1, time 0 is missing"):
        import_dataset("webdataset", tmp_path / "y", tmp_path / "d3")


def test_frames_that_name_files_elsewhere(dataset: Dataset, tmp_path: Path) -> None:
    exported(dataset, "frames", tmp_path / "x", ExportOptions(("hall.*",), passes=("rgb",)))
    file = tmp_path / "x" / "hall.ball.arc" / "frames.json"
    value = json.loads(file.read_text())
    value["frames"][2]["file"] = "../../../secret"
    file.write_text(json.dumps(value))
    with pytest.raises(DataError, match=r"frames\.2.*leads out"):
        import_dataset("frames", tmp_path / "x", tmp_path / "d")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_an_empty_folder_and_a_full_target(dataset: Dataset, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises((DataError, InputError)):
        import_dataset(name, tmp_path / "empty", tmp_path / "d")
    with pytest.raises(InputError, match="nothing to import"):
        import_dataset(name, tmp_path / "nowhere", tmp_path / "d")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(InputError, match="not empty"):
        export_dataset(name, dataset, tmp_path / "full")
    assert summaries()[name] and get(name).name == name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ExportOptions(("nothing.*",)), "no grid 'nothing"),
        (ExportOptions(track="camera:6"), "cameras 0 to 5"),
        (ExportOptions(track="sideways"), "write diagonal"),
        (ExportOptions(track="0:2@0:3"), "3 cameras and 4 times"),
        (ExportOptions(track="0:2@x"), "not a list of indices"),
    ],
)
def test_impossible_exports(dataset: Dataset, tmp_path: Path, options: ExportOptions, words: str) -> None:
    with pytest.raises((InputError, DataError), match=words):
        export_dataset("mp4", dataset, tmp_path / "x", options)


def test_unknown_formats_and_passes(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no format 'fbx'; there are: camxtime-eval"):
        export_dataset("fbx", dataset, tmp_path / "x")
    with pytest.raises(InputError, match="has no 'flow'; it has depth"):
        export_dataset("frames", dataset, tmp_path / "x", ExportOptions(passes=("flow",)))
    static_scene(tmp_path / "s")
    with pytest.raises(InputError, match="has rgb, not depth"):
        import_dataset("multicamvideo", tmp_path / "s", tmp_path / "d", ImportOptions(passes={"depth": "zstd32"}))


def test_videos_that_are_not(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    with pytest.raises(DataError, match=r"x\.mp4"):
        list(read_video(tmp_path / "x.mp4"))
    with pytest.raises(DataError, match="missing"):
        video_info(tmp_path / "y.mp4")
    with pytest.raises(InputError, match="none of the video files"):
        video_info(tmp_path / "y.gif")
    with pytest.raises(InputError, match="no frame"):
        write_video(tmp_path / "z.mp4", [], 24)
    assert not list(tmp_path.glob(".z*")) and not (tmp_path / "z.mp4").exists()
