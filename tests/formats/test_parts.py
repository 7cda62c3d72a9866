"""The parts below the formats: arranging, the builder, single images, videos, sidecars."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import path_cameras

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.formats import images, posed
from camxtime.formats.arrange import arrange
from camxtime.formats.camxtime_eval import covered
from camxtime.formats.importing import natural, read_captions
from camxtime.formats.stored import Cell, DatasetBuilder, ForeignGrid, identifier
from camxtime.formats.video import read_video, video_info, write_video
from camxtime.geometry.cameras import Cameras
from camxtime.shards.layout import check_grid_id

CAMERAS = path_cameras(3, 8, 6)


def repeated(indices: list[int]) -> Cameras:
    return CAMERAS.subset(indices)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, camxtime.splits, camxtime.formats.registry as r\n"
        "[r.get(name) for name in r.FORMATS]\n"
        "print([m for m in ('av', 'OpenEXR', 'torch', 'ray', 'bpy', 'mlcroissant', 'pandas') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


# arranging --------------------------------------------------------------------------------------------------------------


@given(st.permutations(range(6)))
def test_a_product_of_poses_and_times_is_a_grid_in_any_order(order: list[int]) -> None:
    cells = [(c, t) for t in (0.0, 1.0) for c in range(3)]
    shuffled = [cells[i] for i in order]
    place = arrange(repeated([c for c, _ in shuffled]), [t for _, t in shuffled], "x")
    assert (len(place.cameras), place.times, place.layout) == (3, 2, "scattered_cameras")
    for (camera, time), (c, t) in zip(place.cells, shuffled, strict=True):
        np.testing.assert_array_equal(place.cameras.c2w[camera], CAMERAS.c2w[c])
        assert place.moments[time] == t


def test_times_of_their_own_are_a_moving_camera() -> None:
    place = arrange(repeated([0, 1, 0, 2]), [0.4, 0.1, 0.3, 0.2], "x")
    assert place.layout == "moving_camera" and place.times == 1 and place.cells == ((3, 0), (0, 0), (2, 0), (1, 0))
    np.testing.assert_array_equal(place.cameras.c2w, CAMERAS.c2w[[1, 2, 0, 0]])


def test_equal_poses_are_told_apart_by_labels() -> None:
    place = arrange(repeated([0, 0, 0, 0]), [0, 0, 1, 1], "x", labels=[5, 7, 5, 7])
    assert (len(place.cameras), place.times) == (2, 2)
    with pytest.raises(DataError, match="image 1 has the pose and time of an earlier one"):
        arrange(repeated([0, 0, 0, 0]), [0, 0, 1, 1], "x")
    with pytest.raises(DataError, match="pose 1 has none at time 1"):
        arrange(repeated([0, 1, 0]), [0, 0, 1], "x")


# the builder ------------------------------------------------------------------------------------------------------------


def grid(**changes: object) -> ForeignGrid:
    return ForeignGrid(**{"grid": "a.b.c", "cameras": CAMERAS, "times": 2, "fps": 10.0, **changes})  # type: ignore[arg-type]


def cell(camera: int, time: int, shape: tuple[int, ...] = (6, 8, 3), name: str = "rgb") -> Cell:
    return Cell(camera, time, {name: np.full(shape, 10 * camera + time, np.uint8)})


def test_cells_in_any_order_become_a_dataset(tmp_path: Path) -> None:
    builder = DatasetBuilder(tmp_path / "d", "My Data!", {"rgb": "png"})
    builder.add(grid(), [cell(c, t) for c in (2, 0, 1) for t in (1, 0)])
    report = builder.finish({"format": "none"})
    dataset = camxtime.open(tmp_path / "d")
    assert dataset.name == "my-data" and report.digest == dataset.digest and report.cells == 6
    assert [dataset.grid("a.b.c").cell(c, t).rgb[0, 0, 0] for t in range(2) for c in range(3)] == [0, 10, 20, 1, 11, 21]
    assert not list((tmp_path / "d").glob(".import*"))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([cell(0, 0)], r"the image of camera 1, time 0 is missing \(5 are\)"),
        ([cell(0, 0), cell(0, 0)], "camera 0, time 0: is there twice"),
        ([cell(3, 0)], "camera 3, time 0: lies outside 3 cameras × 2 times"),
        ([cell(0, 0, (8, 6, 3))], "is 6×8, the grid 8×6"),
        ([cell(0, 0, name="depth")], "has .'depth'., the dataset has .'rgb'."),
    ],
)
def test_cells_that_do_not_fit_are_named(tmp_path: Path, cells: list[Cell], words: str) -> None:
    builder = DatasetBuilder(tmp_path / "d", "x", {"rgb": "png"})
    with pytest.raises(DataError, match=words):
        builder.add(grid(), cells)


def test_builders_refuse_what_cannot_be(tmp_path: Path) -> None:
    builder = DatasetBuilder(tmp_path / "d", "x", {"rgb": "png"})
    with pytest.raises(DataError, match="nothing was found"):
        builder.finish({})
    with pytest.raises(InputError, match="layout"):
        builder.add(grid(layout="spiral"), [])
    builder.add(grid(), [cell(c, t) for c in range(3) for t in range(2)])
    with pytest.raises(DataError, match="two things in the source get this id"):
        builder.add(grid(), [])
    with pytest.raises(InputError, match="not empty"):
        DatasetBuilder(tmp_path / "d", "x", {"rgb": "png"})


def test_lossy_recoding_is_said(tmp_path: Path) -> None:
    builder = DatasetBuilder(tmp_path / "d", "x", {"rgb": "jpeg:95"})
    builder.add(grid(), [cell(c, t) for c in range(3) for t in range(2)])
    assert "jpeg:95" in builder.finish({}).notes[0]


@given(st.text(max_size=100))
def test_identifiers_are_always_parts_of_grid_ids(text: str) -> None:
    name = identifier(text)
    assert check_grid_id(f"{name}.{name}.{name}") and len(name) <= 64
    assert identifier(name) == name


def test_natural_order() -> None:
    names = ["scene10", "scene2", "scene_1", "a"]
    assert sorted(map(Path, names), key=natural) == [Path(n) for n in ("a", "scene2", "scene10", "scene_1")]


def test_captions(tmp_path: Path) -> None:
    assert read_captions(tmp_path / "none.csv") == {}
    (tmp_path / "m.csv").write_text('file_name,text\na.mp4,"one, two"\n')
    assert read_captions(tmp_path / "m.csv") == {"a.mp4": "one, two"}
    (tmp_path / "m.csv").write_text("file,words\na,b\n")
    with pytest.raises(DataError, match="file_name and text are needed"):
        read_captions(tmp_path / "m.csv")


# images -----------------------------------------------------------------------------------------------------------------


def test_exr_depth_is_exact(tmp_path: Path) -> None:
    depth = np.array([[1.5, np.inf, 1e-3], [7.25, 1e5, np.inf]], np.float32)
    images.write_exr_depth(tmp_path / "z.exr", depth)
    np.testing.assert_array_equal(images.read_exr_depth(tmp_path / "z.exr", (3, 2)), depth)
    with pytest.raises(DataError, match="is 3×2, not 2×3"):
        images.read_exr_depth(tmp_path / "z.exr", (2, 3))
    images.write_exr_depth(tmp_path / "n.exr", -depth)
    with pytest.raises(DataError, match="must be positive"):
        images.read_exr_depth(tmp_path / "n.exr", (3, 2))
    (tmp_path / "t.exr").write_text("hello")
    for name in ("t.exr", "none.exr"):
        with pytest.raises(DataError, match=name):
            images.read_exr_depth(tmp_path / name, (3, 2))


def test_millimetres_count_what_does_not_fit(tmp_path: Path) -> None:
    depth = np.array([[1.2344, np.inf, 70.0, 0.0001]], np.float32)
    assert images.write_depth_mm(tmp_path / "d.png", depth) == 2
    again, unknown = images.read_depth_mm(tmp_path / "d.png", (4, 1))
    assert again[0, 0] == np.float32(1.234) and np.isinf(again[0, 1:]).all() and unknown == 3


def test_images_that_are_not(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "deep.png")
    whole = tmp_path / "w.png"
    images.write_png(whole, np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8))
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:200])
    for name in ("x", "deep", "cut", "none"):
        with pytest.raises(DataError, match=name):
            images.read_rgb(tmp_path / f"{name}.png")
    assert images.image_size(whole) == (32, 32)


def test_covering_keeps_the_middle() -> None:
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[10:30] = 255
    out = covered(frame, (80, 40))
    assert out.shape == (40, 80, 3) and (out[2:-2] == 255).all()


# videos -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(48, 64), (47, 63), (2, 2)])
@pytest.mark.parametrize("kind", ["h264", "lossless"])
def test_videos(tmp_path: Path, size: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng(1)
    frames = [np.broadcast_to(rng.integers(0, 255, (1, 1, 3), np.uint8), (*size, 3)) for _ in range(5)]
    assert write_video(tmp_path / "v.mp4", frames, 24000 / 1001, kind) == 5  # type: ignore[arg-type]
    info = video_info(tmp_path / "v.mp4")
    assert (info.height, info.width, info.frames) == (*size, 5) and info.fps == pytest.approx(23.976, abs=1e-3)
    back = np.stack(list(read_video(tmp_path / "v.mp4"))).astype(int)
    assert np.abs(back - np.stack(frames)).max() <= (0 if kind == "lossless" else 6)  # colours survive the matrix


def test_a_frame_of_another_size_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="frame 1"):
        write_video(tmp_path / "v.mp4", [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)], 5)
    assert not list(tmp_path.iterdir())


# sidecars ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 2}, "version 1"),
        ({"frames": []}, "not empty"),
        ({"fps": "fast"}, "fps"),
        ({"width": None}, "width"),
        ({"frames": [{"camera": 0, "time": 0}]}, "c2w"),
        ({"instances": 3}, "instances"),
    ],
)
def test_damaged_sidecars(tmp_path: Path, change: dict, words: str) -> None:
    frames = [{"camera": c, "time": c, "c2w": CAMERAS.c2w[c].tolist(), "K": CAMERAS.K[c].tolist()} for c in range(3)]
    value = {"format": posed.FORMAT, "format_version": 1, "fps": 24, "width": 8, "height": 6, "frames": frames}
    file = tmp_path / "frames.json"
    file.write_text(json.dumps(value))
    assert posed.read(file).arrangement.layout == "moving_camera"
    file.write_text(json.dumps(value | change))
    with pytest.raises(DataError, match=words):
        posed.read(file)
