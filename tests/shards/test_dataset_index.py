"""The index: a function of what was rendered, complete or not; what does not fit together is refused."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from synthetic import SyntheticSpec, make_dataset, write_unit

import camxtime
from camxtime.errors import DataError, InputError
from camxtime.geometry.cameras import Cameras
from camxtime.shards import layout
from camxtime.shards.index import build_index
from camxtime.shards.records import GridRecord
from camxtime.shards.verify import verify

INDEX_FILES = (layout.DATASET_JSON, layout.GRIDS, layout.CAMERAS, layout.CELLS, layout.SHARDS)


def index_bytes(root: Path) -> dict[str, bytes]:
    """The index's files."""
    return {name: (root / name).read_bytes() for name in INDEX_FILES}


def test_any_order_of_work_gives_the_same_index(dataset_dir: Path, spec: SyntheticSpec, tmp_path: Path) -> None:
    units = [unit for grid in spec.grids for unit in spec.units(grid)]
    random.Random(3).shuffle(units)
    for grid in reversed(spec.grids):
        spec.record(grid).write(tmp_path)
    threads = [
        threading.Thread(target=lambda part=units[i::2]: [write_unit(tmp_path, spec, u) for u in part]) for i in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    build_index(tmp_path, spec.header())
    assert index_bytes(tmp_path) == index_bytes(dataset_dir)
    build_index(tmp_path, spec.header())  # and again
    assert index_bytes(tmp_path) == index_bytes(dataset_dir)


def test_the_digest_covers_content_and_not_its_cutting(dataset_dir: Path, spec: SyntheticSpec, tmp_path: Path) -> None:
    digest = camxtime.open(dataset_dir).digest
    other = make_dataset(tmp_path / "a", dataclasses.replace(spec, times_per_unit=3))
    assert camxtime.open(other).digest == digest
    for change in ({"times": 4}, {"cameras": 5}, {"passes": {**spec.passes, "rgb": "png"}}, {"grids": spec.grids[:1]}):
        changed = make_dataset(tmp_path / "-".join(change), dataclasses.replace(spec, **change))
        assert camxtime.open(changed).digest != digest
    shutil.copytree(dataset_dir, tmp_path / "b")
    record = spec.record(spec.grids[0])
    nudge = np.array([[0, 0, 0.01], [0, 0, 0], [0, 0, 0]])
    for changed_record in (
        dataclasses.replace(record, caption="something else"),
        dataclasses.replace(record, fps=25.0),
        dataclasses.replace(record, cameras=Cameras(record.cameras.c2w, record.cameras.K + nudge, 64, 48)),
    ):
        changed_record.write(tmp_path / "b")
        assert build_index(tmp_path / "b", spec.header())["digest"] != digest
    dataclasses.replace(record, seeds={"grid": 99}, extra={"draws": 3}).write(tmp_path / "b")
    assert build_index(tmp_path / "b", spec.header())["digest"] == digest  # how it came about is not content


def test_incomplete_and_missing_grids_are_kept_and_said(damaged: Path, spec: SyntheticSpec) -> None:
    first, second = spec.grids
    (damaged / spec.units(first)[1].shard).unlink()
    header = dataclasses.replace(spec.header(), planned=(*spec.grids, "room.ball.never"))
    index = build_index(damaged, header)
    assert index["states"] == {"complete": 1, "incomplete": 1, "missing": 1}
    assert index["missing_grids"] == ["room.ball.never"]
    dataset = camxtime.open(damaged)
    grid = dataset.grid(first)
    assert grid.status == "incomplete" and grid.row.cells == 3 * 6 and grid.cell(0, 4).rgb.shape == (48, 64, 3)
    with pytest.raises(DataError, match="camera 1, time 2 has not been rendered"):
        grid.cell(1, 2).image("rgb")
    assert dataset.grid(second).status == "complete"
    report = verify(damaged, "full")
    assert not report.ok
    assert any(f.grid == first and f.time == 2 and "2, 3" in f.message for f in report.errors)
    assert any(f.grid == "room.ball.never" for f in report.errors)
    # A grid that was prepared, and of which nothing is rendered.
    shutil.rmtree(damaged / "shards" / first)
    build_index(damaged, header)
    assert camxtime.open(damaged).grid(first).row.cells == 0
    with pytest.raises(DataError, match="has not been rendered"):
        camxtime.open(damaged).grid(first).bullet_time(0)


def test_records_round_trip_and_refuse(tmp_path: Path, spec: SyntheticSpec) -> None:
    record = spec.record(spec.grids[0])
    path = tmp_path / record.write(tmp_path)
    again = GridRecord.read(tmp_path, record.grid)
    assert np.array_equal(again.cameras.c2w, record.cameras.c2w) and np.array_equal(again.cameras.K, record.cameras.K)
    assert again.description() == record.description() and again.seeds == record.seeds
    good = json.loads(path.read_text())
    for change in ({"T": 0}, {"fps": -1}, {"C": 7}, {"cameras": {"c2w": [[0.0] * 16] * 6, "K": good["cameras"]["K"]}},
                   {"passes": 3}, {"instances": [{"id": -1, "name": "x"}]}, {"W": 10**9}):  # fmt: skip
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(DataError, match=r"room.ball.arc.json: the grid record is damaged"):
            GridRecord.read(tmp_path, record.grid)
    path.write_text(json.dumps({**good, "format_version": 9}))
    with pytest.raises(DataError, match="format version 9"):
        GridRecord.read(tmp_path, record.grid)
    path.write_text("{")
    with pytest.raises(DataError):
        GridRecord.read(tmp_path, record.grid)
    with pytest.raises(DataError, match="never prepared"):
        GridRecord.read(tmp_path, "a.b.c")


def test_contradicting_commits_are_refused(damaged: Path, spec: SyntheticSpec) -> None:
    grid = spec.grids[0]
    overlapping = dataclasses.replace(spec, times_per_unit=3).units(grid)[0]
    write_unit(damaged, spec, overlapping)
    with pytest.raises(DataError, match="another unit too"):
        build_index(damaged, spec.header())
    (damaged / overlapping.commit).unlink()
    (damaged / overlapping.shard).unlink()
    build_index(damaged, spec.header())
    shard = damaged / spec.units(grid)[0].shard
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(DataError, match="does not have the"):
        build_index(damaged, spec.header())
    with pytest.raises(DataError, match="no grid records"):
        build_index(damaged / "nowhere", spec.header())


def test_what_is_not_a_dataset_is_refused(tmp_path: Path, damaged: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        camxtime.open(tmp_path / "nowhere")
    with pytest.raises(DataError, match="not a camxtime dataset"):
        camxtime.open(tmp_path)
    (damaged / layout.DATASET_JSON).unlink()
    with pytest.raises(DataError, match="has no index"):
        camxtime.open(damaged)
    report = verify(damaged)
    assert not report.ok and report.findings[0].file == layout.DATASET_JSON


@pytest.mark.parametrize("name", INDEX_FILES[1:])
def test_a_missing_index_file_is_named(damaged: Path, name: str) -> None:
    (damaged / name).unlink()
    assert not verify(damaged, "quick").ok
    with pytest.raises(DataError, match=name):
        dataset = camxtime.open(damaged)
        dataset.index_table(layout.SHARDS)
        dataset.grid("room.ball.arc").fixed_camera(0)


def rewrite_meta(path: Path, **change: object) -> None:
    """Change the metadata of an index file."""
    with pq.ParquetFile(path) as file:
        tables = [file.read_row_group(i) for i in range(file.num_row_groups)]
        meta = {**json.loads(file.metadata.metadata[b"camxtime"]), **change}
        schema = file.schema_arrow
    with pq.ParquetWriter(path, schema, store_schema=False) as writer:
        for table in tables:
            writer.write_table(table.cast(schema))
        writer.add_key_value_metadata({b"camxtime": json.dumps(meta).encode()})


def test_other_versions_are_refused_by_name(damaged: Path) -> None:
    path = damaged / layout.DATASET_JSON
    header = json.loads(path.read_text())
    for version in (2, 0, "1", None):
        path.write_text(json.dumps({**header, "format_version": version}))
        with pytest.raises(DataError, match=r"dataset.json has format version .*reads version 1"):
            camxtime.open(damaged)
        assert not verify(damaged).ok
    for rubbish in ("", "[]", "{}", '{"format": "else"}', json.dumps({**header, "passes": []})):
        path.write_text(rubbish)
        with pytest.raises(DataError, match=r"dataset.json"):
            camxtime.open(damaged)
    path.write_text(json.dumps(header))
    rewrite_meta(damaged / layout.CELLS, format_version=2)
    with pytest.raises(DataError, match=r"cells.parquet has format version 2"):
        camxtime.open(damaged).grid("room.ball.arc").cell(0, 0).image("rgb")


def test_index_files_of_different_builds_are_refused(damaged: Path, spec: SyntheticSpec) -> None:
    rewrite_meta(damaged / layout.CELLS, build="0" * 64)
    with pytest.raises(DataError, match=r"cells.parquet does not belong to dataset.json"):
        camxtime.open(damaged).grid("room.ball.arc").cell(0, 0).image("rgb")


def change_cells(root: Path, change: dict[str, tuple[int, object]]) -> None:
    """Set one value of columns in the first row group of cells.parquet."""
    path = root / layout.CELLS
    with pq.ParquetFile(path) as file:
        tables = [file.read_row_group(i) for i in range(file.num_row_groups)]
        meta, schema = file.metadata.metadata[b"camxtime"], file.schema_arrow
    for name, (row, value) in change.items():
        values = tables[0][name].to_pylist()
        values[row] = value
        at = schema.get_field_index(name)
        tables[0] = tables[0].set_column(at, schema.field(name), pa.array(values, schema.field(name).type))
    with pq.ParquetWriter(path, schema, store_schema=False) as writer:
        for table in tables:
            writer.write_table(table)
        writer.add_key_value_metadata({b"camxtime": meta})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shard": (0, "shards/../../etc/passwd")}, "is not the path of a shard"),
        ({"shard": (0, "/etc/passwd")}, "is not the path of a shard"),
        ({"shard": (0, "shards/room.ball.arc_2/t0000-0001.parquet")}, "another grid"),
        ({"shard": (0, "shards/room.ball.arc/t0002-0003.parquet")}, "looks for time 0"),
        ({"grid": (0, "room.ball.arc_2")}, "rows of"),
        ({"pass": (0, "normal")}, "passes"),
        ({"time": (0, 5)}, "times"),
        ({"time": (0, -1)}, "times"),
        ({"camera": (0, 6)}, "cameras"),
        ({"camera": (0, 1)}, "twice"),
        ({"nbytes": (0, 0)}, "offsets or sizes"),
        ({"nbytes": (0, 2_000_000_000)}, "offsets or sizes"),
        ({"offset": (0, -5)}, "offsets or sizes"),
    ],
)
def test_index_rows_that_do_not_fit_are_refused(damaged: Path, change: dict, message: str) -> None:
    change_cells(damaged, change)
    with pytest.raises(DataError, match=message):
        camxtime.open(damaged).grid("room.ball.arc").cell(0, 0).image("rgb")
    report = verify(damaged, "quick")
    assert not report.ok and any(f.grid == "room.ball.arc" and message in f.message for f in report.errors)


def test_opening_imports_nothing_heavy(dataset_dir: Path, repo: Path) -> None:
    code = (
        "import sys, camxtime; light = [m for m in ('pyarrow', 'cv2', 'numpy', 'bpy', 'ray', 'torch') if m in sys.modules];"
        f"camxtime.open({str(dataset_dir)!r}).grid('room.ball.arc').diagonal();"
        "print(light, [m for m in ('bpy', 'ray', 'torch', 'cv2', 'PIL', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo, check=True)
    assert done.stdout.strip() == "[] []"
