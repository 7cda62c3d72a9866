"""Contact sheets and info: what is shown is what is there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic import SyntheticSpec

import camxtime
from camxtime.errors import DataError, InputError, WorkError
from camxtime.shards.colours import NO_HIT, depth_colours, depth_range, instance_colours
from camxtime.shards.contact_sheet import SheetOptions, dataset_sheet, grid_sheet, write_sheet
from camxtime.shards.index import build_index
from camxtime.shards.info import dataset_info

GRID = "room.ball.arc"


def find(sheet: Image.Image, picture: np.ndarray) -> tuple[int, int]:
    """Where a picture stands in a sheet, (x, y)."""
    pixels = np.asarray(sheet)
    height, width = picture.shape[:2]
    for y in range(pixels.shape[0] - height + 1):
        candidates = np.flatnonzero((pixels[y, : pixels.shape[1] - width + 1] == picture[0, 0]).all(axis=-1))
        for x in candidates:
            if np.array_equal(pixels[y : y + height, x : x + width], picture):
                return int(x), y
    raise AssertionError("the picture is not in the sheet")


def test_cameras_go_across_and_times_down(dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    sheet = grid_sheet(
        grid, SheetOptions(columns=3, rows=3, thumb_px=64)
    )  # every 2nd camera, every 2nd time, as they are
    places = {(c, t): find(sheet, grid.cell(c, t).rgb) for c in (0, 2, 4) for t in (0, 2, 4)}
    assert places[2, 0][0] - places[0, 0][0] == 67 and places[2, 0][1] == places[0, 0][1]
    assert places[0, 2][1] - places[0, 0][1] == 51 and places[0, 2][0] == places[0, 0][0]
    with pytest.raises(AssertionError):
        find(sheet, grid.cell(1, 0).rgb)


def test_every_pass_has_a_sheet(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = camxtime.open(dataset_dir)
    for name in ("rgb", "depth", "instance"):
        path = tmp_path / f"{name}.png"
        write_sheet(grid_sheet(dataset.grid(GRID), SheetOptions(pass_name=name)), path)
        with Image.open(path) as picture:
            assert picture.size[0] > 6 * 128 and picture.mode == "RGB"
        write_sheet(dataset_sheet(dataset, SheetOptions(columns=4, rows=2, thumb_px=40, pass_name=name)), path)
    assert len(list(tmp_path.iterdir())) == 3
    for bad in (SheetOptions(columns=0), SheetOptions(thumb_px=5000), SheetOptions(pass_name="normal")):
        with pytest.raises(InputError):
            grid_sheet(dataset.grid(GRID), bad)
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkError, match="Cannot write"):
        write_sheet(grid_sheet(dataset.grid(GRID)), tmp_path / "file" / "x.png")


def test_missing_cells_are_empty_boxes_and_damaged_ones_an_error(damaged: Path, spec: SyntheticSpec) -> None:
    (damaged / spec.units(GRID)[0].shard).unlink()
    build_index(damaged, spec.header())
    dataset = camxtime.open(damaged)
    options = SheetOptions(columns=6, rows=5, thumb_px=64)
    sheet = grid_sheet(dataset.grid(GRID), options)
    assert find(sheet, dataset.grid(GRID).cell(0, 2).rgb)
    assert find(sheet, np.full((10, 60, 3), (226, 228, 232), np.uint8))
    dataset_sheet(dataset)
    shard = damaged / spec.units(GRID)[1].shard
    shard.write_bytes(bytes(shard.stat().st_size))
    with pytest.raises(DataError, match="checksum"):
        grid_sheet(camxtime.open(damaged).grid(GRID), options)


def test_depth_colours_run_from_warm_to_cool() -> None:
    depth = np.array([1, 2, 4, 8, np.inf], np.float32)
    colours = depth_colours(depth, 1, 8).astype(int)
    assert tuple(colours[-1]) == NO_HIT
    assert colours[0, 0] > colours[0, 2] + 100 and colours[3, 2] > colours[3, 0] + 100
    assert len({tuple(c) for c in colours}) == 5
    assert depth_range(np.array([np.inf], np.float32)) == (1.0, 2.0)
    near, far = depth_range(depth)
    assert 1 <= near < far <= 8
    assert depth_colours(np.full((2, 2), 3, np.float32), *depth_range(np.full(4, 3, np.float32))).shape == (2, 2, 3)


def test_instance_colours_tell_ids_apart() -> None:
    ids = np.arange(12, dtype=np.uint16).reshape(3, 4)
    colours = instance_colours(ids)
    assert colours.shape == (3, 4, 3) and tuple(colours[0, 0]) == NO_HIT
    assert len({tuple(c) for c in colours.reshape(-1, 3)}) == 12
    assert np.array_equal(instance_colours(np.array([7], np.uint16))[0], colours[1, 3])


def test_info_adds_up(dataset_dir: Path, spec: SyntheticSpec) -> None:
    dataset = camxtime.open(dataset_dir)
    info = dataset_info(dataset)
    assert (info.scenes, info.animations, info.paths, info.videos, info.cells, info.shards) == (1, 1, 2, 12, 60, 6)
    assert info.nbytes == sum(path.stat().st_size for path in dataset_dir.glob("shards/*/*.parquet"))
    assert [(p.name, p.codec, p.lossless) for p in info.passes] == [
        ("depth", "logpng16", False), ("instance", "png16", True), ("rgb", "jpeg:95", False)
    ]  # fmt: skip
    assert 0 < sum(p.nbytes for p in info.passes) < info.nbytes
    assert [(g.grid, g.cameras, g.times, g.rendered) for g in info.grids] == [(g, 6, 5, 1.0) for g in spec.grids]
    assert json.loads(json.dumps(info.to_json()))["digest"] == dataset.digest
    assert [g.grid for g in dataset_info(dataset, [GRID], pass_bytes=False).grids] == [GRID]
    with pytest.raises(InputError):
        dataset_info(dataset, ["room.ball.none"])
