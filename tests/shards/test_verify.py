"""Verification finds every fault that was put in, names it, and finds none in what is right."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import ALL_PASSES, SyntheticScene, SyntheticSpec, make_dataset

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.geometry.cameras import Cameras
from camxtime.shards import layout
from camxtime.shards.codecs import of_passes
from camxtime.shards.index import build_index
from camxtime.shards.layout import UnitKey
from camxtime.shards.storage import LocalStorage
from camxtime.shards.verify import WARP_PAIRS, verify
from camxtime.shards.verify.report import MOST_OF_A_FILE, Part
from camxtime.shards.writer import UnitWriter

GRID = "room.ball.arc"
SHARD = "shards/room.ball.arc/t0002-0003.parquet"


@pytest.mark.parametrize("level", ["quick", "sample", "full"])
def test_a_good_dataset_passes(dataset_dir: Path, level: str) -> None:
    progress: list[tuple[str, int, int]] = []
    report = verify(dataset_dir, level, sample=20, progress=lambda *step: progress.append(step))  # type: ignore[arg-type]
    assert report.ok and report.findings == [] and report.digest == camxtime.open(dataset_dir).digest
    assert (report.counts["grids"], report.counts["cells"], report.counts["shards"]) == (2, 60, 6)
    assert report.counts["images"] == {"quick": 0, "sample": 60, "full": 180}[level]
    assert report.counts["warp pairs"] == {"quick": 0, "sample": 2, "full": 2 * WARP_PAIRS}[level]
    assert progress[-1][1] == progress[-1][2] > 0
    assert json.loads(json.dumps(report.to_json()))["ok"] is True


def test_workers_and_seeds(dataset_dir: Path) -> None:
    assert verify(dataset_dir, workers=1).to_json() == verify(dataset_dir, workers=3).to_json()
    assert verify(dataset_dir, "sample", sample=5, seed=1).counts["warp pixels"] > 0
    for bad in ({"level": "deep"}, {"sample": 0}, {"workers": -1}):
        with pytest.raises(InputError):
            verify(dataset_dir, **bad)
    with pytest.raises(InputError, match="no folder"):
        verify(dataset_dir / "nowhere")


@pytest.fixture(scope="module")
def tiny_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One grid of 2 × 3 small cells in two shards: quick to verify often."""
    spec = SyntheticSpec(grids=(GRID,), cameras=2, times=3, width=16, height=12)
    return make_dataset(tmp_path_factory.mktemp("tiny"), spec)


@settings(max_examples=80, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), file=st.integers(0, 6))
def test_a_flipped_bit_anywhere_is_found(
    tiny_dir: Path, tmp_path_factory: pytest.TempPathFactory, at: float, bit: int, file: int
) -> None:
    root = Path(shutil.copytree(tiny_dir, tmp_path_factory.mktemp("flip") / "copy"))
    target = [*sorted(root.glob("shards/*/*.parquet")), *sorted(root.glob("*.*"))][file]
    data = bytearray(target.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    target.write_bytes(data)
    report = verify(root, "full", workers=1)
    shutil.rmtree(root)
    assert not report.ok, f"byte {int(at * len(data))} of {target.name}"
    assert target.name in " ".join(map(str, report.errors))


@pytest.mark.parametrize("place", [(3, 2, "rgb"), (2, 0, "depth"), (3, 5, "instance")])
def test_a_flipped_byte_of_an_image_names_its_cell(damaged: Path, place: tuple[int, int, str]) -> None:
    time, camera, name = place
    grid = camxtime.open(damaged).grid(GRID)
    key = (time, camera, grid.passes.index(name))
    with (damaged / SHARD).open("r+b") as file:
        file.seek(int(grid.index.offset[key]) + int(grid.index.nbytes[key]) // 2)
        file.write(b"\xa5\x5a")
    assert verify(damaged, "quick").ok  # it looks at sizes, not at bytes
    found = [f for f in verify(damaged, "full").errors if f.camera is not None]
    assert {(f.file, f.grid, f.time, f.camera, f.pass_name) for f in found} == {(SHARD, GRID, time, camera, name)}
    assert any(
        (f.time, f.camera, f.pass_name) == (time, camera, name) for f in verify(damaged, "sample", sample=60).errors
    )


def test_a_flipped_length_before_an_image_is_found_by_its_page(damaged: Path) -> None:
    grid = camxtime.open(damaged).grid(GRID)
    with (damaged / SHARD).open("r+b") as file:
        file.seek(int(grid.index.offset[2, 1, 2]) - 4)
        file.write(b"\x01")
    report = verify(damaged)
    assert any("sha256" in f.message for f in report.errors) and any("page 1 of" in f.message for f in report.errors)


@pytest.mark.parametrize("keep", [0, 3, 100, 0.5, -8, -1])
def test_a_truncated_shard_is_found_and_its_cells_named(damaged: Path, keep: float) -> None:
    path = damaged / SHARD
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw)) if isinstance(keep, float) else keep])
    for level in ("quick", "full"):
        report = verify(damaged, level)  # type: ignore[arg-type]
        assert any(f.file == SHARD and "bytes where" in f.message and f.mend for f in report.errors)
    cells = {(f.camera, f.time) for f in report.errors if f.camera is not None}
    if not isinstance(keep, float) and 0 <= keep <= 100:
        assert cells == {(c, t) for c in range(6) for t in (2, 3)}
    elif isinstance(keep, float):
        assert 0 < len(cells) <= 12
    else:
        assert not cells  # only the footer is hurt: every image is still read by its offset


def test_a_shard_with_bytes_behind_it_is_found(damaged: Path) -> None:
    with (damaged / SHARD).open("ab") as file:
        file.write(b"more")
    assert any(f.file == SHARD for f in verify(damaged, "quick").errors)


def test_missing_and_stray_files_are_named(damaged: Path) -> None:
    (damaged / SHARD).unlink()
    stray = damaged / "shards" / GRID / "t0100-0101.parquet"
    stray.write_bytes(b"?")
    (damaged / "shards" / GRID / ".t0002-0003.parquet.0123.part").write_bytes(b"?")
    for level in ("quick", "sample", "full"):
        report = verify(damaged, level, sample=60)  # type: ignore[arg-type]
        assert any(f.file == SHARD and "2 to 3" in f.message and "render" in f.mend for f in report.errors)
        assert {Path(f.file or "").name for f in report.warnings} == {
            "t0100-0101.parquet",
            ".t0002-0003.parquet.0123.part",
        }


def test_an_index_older_than_the_commits_is_found(damaged: Path, spec: SyntheticSpec) -> None:
    unit = spec.units(GRID)[1]
    shard, commit = (damaged / unit.shard).read_bytes(), (damaged / unit.commit).read_bytes()
    (damaged / unit.shard).unlink()
    (damaged / unit.commit).unlink()
    build_index(damaged, spec.header())
    (damaged / unit.shard).write_bytes(shard)
    (damaged / unit.commit).write_bytes(commit)
    assert any("out of date" in f.message and f.file == unit.shard for f in verify(damaged, "quick").errors)
    build_index(damaged, spec.header())
    assert verify(damaged, "full").ok


def test_a_file_that_is_there_and_cannot_be_read_is_found(
    damaged: Path, spec: SyntheticSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an archived object, of which a server tells the size and nothing more, or one without the right to read it."""
    shard, record = spec.units(GRID)[1].shard, f"ledger/grids/{GRID}.json"
    view, exists = LocalStorage.view, LocalStorage.exists

    def refuse(look: Callable[[LocalStorage, str], Any]) -> Callable[[LocalStorage, str], Any]:
        def asked(self: LocalStorage, path: str) -> Any:
            if path in (shard, record):
                raise DataError(f"{path} cannot be read: Permission denied.")
            return look(self, path)

        return asked

    monkeypatch.setattr(LocalStorage, "view", refuse(view))
    monkeypatch.setattr(LocalStorage, "exists", refuse(exists))
    report = verify(damaged)
    assert {f.file for f in report.errors} == {shard, record} and report.counts["shards unreadable"] == 1


def test_index_and_shard_that_disagree_are_found(damaged: Path) -> None:
    """A shard replaced by one of the same size: another row order, everything else as it was."""
    path = damaged / SHARD
    table = pq.read_table(path)
    order = [1, 0, *range(2, table.num_rows)]
    pq.write_table(table.take(order), path, compression="none", use_dictionary=False, max_rows_per_page=1,
                   write_page_checksum=True, row_group_size=120)  # fmt: skip
    report = verify(damaged)
    assert any("sha256" in f.message or "bytes where" in f.message for f in report.errors)
    assert any(f.camera == 0 and f.time == 2 for f in report.errors)


def rewrite(path: Path, name: str, row: int, value: object) -> None:
    """Change one value of an index file of several row groups, keeping its metadata."""
    with pq.ParquetFile(path) as file:
        tables = [file.read_row_group(i) for i in range(file.num_row_groups)]
        meta, schema = file.metadata.metadata[b"camxtime"], file.schema_arrow
    values = tables[0][name].to_pylist()
    values[row] = value
    column = schema.get_field_index(name)
    tables[0] = tables[0].set_column(column, schema.field(name), pa.array(values, schema.field(name).type))
    with pq.ParquetWriter(path, schema, store_schema=False) as writer:
        for table in tables:
            writer.write_table(table)
        writer.add_key_value_metadata({b"camxtime": meta})


@pytest.mark.parametrize(
    ("file", "column", "value", "message"),
    [
        (layout.GRIDS, "caption", "another", "grid's digest"),
        (layout.GRIDS, "fps", 30.0, "grid's digest"),
        (layout.GRIDS, "digest", "0" * 64, "grid's digest"),
        (layout.GRIDS, "status", "incomplete", "it is called incomplete"),
        (layout.GRIDS, "cells", 29, "with 29 cells"),
        (layout.GRIDS, "T", 6, "are missing: times 5"),
        (layout.GRIDS, "C", 7, "cameras 0 to 6"),
        (layout.CELLS, "crc32", 12345, "checksum"),
        (layout.CELLS, "nbytes", 900, "the index says 900 bytes"),
        (layout.CELLS, "offset", 10**9, "beyond the end"),
        (layout.CELLS, "offset", 5000, "Parquet file"),
        (layout.SHARDS, "nbytes", 5, "bytes where 5"),
        (layout.SHARDS, "sha256", "0" * 64, "sha256"),
        (layout.SHARDS, "digest", "0" * 64, "do not follow"),
        (layout.SHARDS, "time_digests", ["0" * 64] * 2, "digest"),
        (layout.SHARDS, "cells", 13, "do not follow"),
        (layout.SHARDS, "t0", 1, "do not fit its name"),
        (layout.SHARDS, "shard", "../x", "is not the path of a shard"),
        (layout.CAMERAS, "camera", 3, "does not hold cameras"),
    ],
)
def test_wrong_values_in_the_index_are_found(
    damaged: Path, file: str, column: str, value: object, message: str
) -> None:
    rewrite(damaged / file, column, 0, value)
    report = verify(damaged)
    assert not report.ok and any(message in str(f) for f in report.errors), [str(f) for f in report.errors]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c2w, K: c2w.__setitem__((2, 0, 3), np.nan), "not finite"),
        (lambda c2w, K: c2w.__setitem__((2, 0, 0), c2w[2, 0, 0] + 1e-3), "not orthonormal"),
        (lambda c2w, K: c2w.__setitem__((2, slice(3), 0), -c2w[2, :3, 0]), "reflection"),
        (lambda c2w, K: K.__setitem__((2, 0, 0), 2 * K[2, 0, 0]), "fx and fy"),
        (lambda c2w, K: K.__setitem__((2, [0, 1], [0, 1]), 1.0), "not sane"),
        (lambda c2w, K: K.__setitem__((2, 0, 2), 70.0), "outside the image"),
    ],
)
def test_bad_cameras_are_named(damaged: Path, change, message: str) -> None:
    cameras = camxtime.open(damaged).grid(GRID).cameras
    c2w, K = cameras.c2w.copy(), cameras.K.copy()
    change(c2w, K)
    rewrite(damaged / layout.CAMERAS, "c2w", 2, c2w[2].ravel().tolist())
    rewrite(damaged / layout.CAMERAS, "K", 2, K[2].ravel().tolist())
    report = verify(damaged, "quick")
    assert any(f.camera == 2 and f.grid == GRID and message in f.message for f in report.errors)


def wrong_world(root: Path, spec: SyntheticSpec, wrong) -> list[str]:
    """A dataset whose checksums are all right and whose images are not: what full verification says of it."""
    codecs = of_passes(spec.passes)
    for grid in spec.grids:
        record = spec.record(grid)
        record.write(root)
        for unit in spec.units(grid):
            with UnitWriter(root, unit, spec.cameras, spec.passes) as writer:
                for time in unit.times:
                    for camera in range(spec.cameras):
                        images = wrong(SyntheticScene(spec.times), record.cameras, camera, time)
                        writer.add(time, camera, {name: codec.encode(images[name]) for name, codec in codecs.items()})
                writer.finish()
    build_index(root, spec.header())
    return [f.message for f in verify(root).errors]


def ray_distance(scene: SyntheticScene, cameras: Cameras, camera: int, time: int) -> dict[str, np.ndarray]:
    """Distance along the ray in place of z-depth."""
    from camxtime.geometry.cameras import pixel_centres

    images = scene.render(cameras, camera, time)
    uv = pixel_centres(cameras.height, cameras.width)
    rays = np.concatenate([uv, np.ones_like(uv[..., :1])], -1) @ np.linalg.inv(cameras.K[camera]).T
    return {**images, "depth": (images["depth"] * np.linalg.norm(rays, axis=-1)).astype(np.float32)}


def shifted(scene: SyntheticScene, cameras: Cameras, camera: int, time: int) -> dict[str, np.ndarray]:
    """The images of the neighbouring camera."""
    return scene.render(cameras, (camera + 1) % len(cameras), time)


def mirrored(scene: SyntheticScene, cameras: Cameras, camera: int, time: int) -> dict[str, np.ndarray]:
    """Depth upside down, as OpenGL hands it over."""
    images = scene.render(cameras, camera, time)
    return {**images, "depth": np.ascontiguousarray(images["depth"][::-1])}


def wrong_focal(scene: SyntheticScene, cameras: Cameras, camera: int, time: int) -> dict[str, np.ndarray]:
    """Rendered with a focal length 3 % longer than the stored one."""
    K = cameras.K * np.array([[1.03, 1, 1], [1, 1.03, 1], [1, 1, 1]])
    return scene.render(Cameras(cameras.c2w, K, cameras.width, cameras.height), camera, time)


@pytest.mark.parametrize("wrong", [ray_distance, shifted, mirrored, wrong_focal])
def test_the_warp_check_finds_wrong_geometry(tmp_path: Path, wrong) -> None:
    spec = SyntheticSpec(grids=(GRID,), cameras=8, times=3, width=96, height=72)
    messages = wrong_world(tmp_path, spec, wrong)
    assert messages and all("looks through" in message for message in messages)


def test_unknown_ids_and_wrong_depths_are_found(tmp_path: Path) -> None:
    spec = SyntheticSpec(grids=(GRID,), cameras=2, times=2, passes={**ALL_PASSES, "depth": "zstd32"})

    def unknown(scene: SyntheticScene, cameras: Cameras, camera: int, time: int) -> dict[str, np.ndarray]:
        images = scene.render(cameras, camera, time)
        if (camera, time) == (1, 0):
            images["instance"][5, 5] = 77
        return images

    messages = wrong_world(tmp_path / "a", spec, unknown)
    assert messages == ["it has instance ids that the grid does not name: 77."]
    # Payloads that are fine as bytes, but not as images of this grid.
    root = tmp_path / "b"
    small = dataclasses.replace(spec, width=32, height=24)
    codecs = of_passes(spec.passes)
    record = spec.record(GRID)
    record.write(root)
    with UnitWriter(root, UnitKey(GRID, 0, 1), 2, spec.passes) as writer:
        for time in (0, 1):
            for camera in (0, 1):
                images = SyntheticScene(2).render(small.record(GRID).cameras, camera, time)
                payloads = {name: codec.encode(images[name]) for name, codec in codecs.items()}
                writer.add(time, camera, {**payloads, "instance": b"rubbish"})
        writer.finish()
    build_index(root, spec.header())
    report = verify(root)
    assert len(report.errors) == 12 and all(
        "declares 32×24" in f.message or "not a PNG" in f.message for f in report.errors
    )


def test_a_dataset_without_depth_is_verified_without_warps(tmp_path: Path) -> None:
    report = verify(make_dataset(tmp_path, SyntheticSpec(grids=(GRID,), passes={"rgb": "jpeg:95"}, times=2)))
    assert report.ok and report.counts["warp pairs"] == 0 and report.counts["images"] == 12


def test_a_grid_of_one_cell(tmp_path: Path) -> None:
    root = make_dataset(tmp_path, SyntheticSpec(grids=(GRID,), cameras=1, times=1, width=1, height=1))
    assert verify(root).ok
    assert camxtime.open(root).grid(GRID).diagonal().rgb.shape == (1, 1, 1, 3)


def test_a_ruined_copy_does_not_drown_the_report() -> None:
    part = Part()
    for camera in range(MOST_OF_A_FILE + 7):
        part.error("it is no image.", "render it again.", file=SHARD, grid=GRID, camera=camera)
    part.error("the spec has this grid, the dataset does not.", "render.", grid="other")
    kept = part.kept()
    assert len(kept) == MOST_OF_A_FILE + 2 and kept[-1].message == "and 7 more findings of this file."
    assert kept[-1].severity == "error" and kept[-1].file == SHARD
