"""The unit writer: whole shards or none, whatever happens; offsets that hold; the layout that the format promises."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import DataError, InputError, WorkError
from camxtime.shards.atomic import clean_temporaries, write_atomic
from camxtime.shards.commits import Commit, read_commit
from camxtime.shards.layout import UnitKey
from camxtime.shards.writer import UnitWriter

UNIT = UnitKey("room.ball.arc", 3, 5)
CODECS = {"rgb": "jpeg:95", "depth": "logpng16"}


def payload(seed: int, nbytes: int) -> bytes:
    """Bytes that stand for an encoded image: the writer does not look into them."""
    return np.random.default_rng(seed).bytes(nbytes)


def write(
    root: Path, cameras: int = 4, size: int = 500, salt: int = 0, unit: UnitKey = UNIT, row_cells: int = 120
) -> Commit:
    """Write a unit of random payloads of about `size` bytes."""
    with UnitWriter(root, unit, cameras, CODECS, row_cells) as writer:
        for time in unit.times:
            for camera in range(cameras):
                seed = salt * 10**6 + time * 1000 + camera
                writer.add(
                    time, camera, {"rgb": payload(seed, size + camera), "depth": payload(seed + 500, size // 2 + 1)}
                )
        return writer.finish({"blender": "5.0.1", "seconds": 1.5})


def files(root: Path) -> list[str]:
    """All files under root."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@settings(max_examples=25, deadline=None)
@given(cameras=st.integers(1, 13), times=st.integers(1, 4), row_cells=st.integers(1, 20), size=st.integers(1, 3000))
def test_offsets_point_at_the_payloads(
    tmp_path_factory: pytest.TempPathFactory, cameras: int, times: int, row_cells: int, size: int
) -> None:
    root = tmp_path_factory.mktemp("unit")
    unit = UnitKey("a.b.c", 0, times - 1)
    commit = write(root, cameras, size, unit=unit, row_cells=row_cells)
    raw = (root / unit.shard).read_bytes()
    assert len(raw) == commit.nbytes
    again = read_commit(root, unit)
    assert again.digest == commit.digest and again.time_digests == commit.time_digests and again.info == commit.info
    table = pq.read_table(root / unit.shard)
    for i, (time, camera) in enumerate((t, c) for t in unit.times for c in range(cameras)):
        assert (table["time"][i].as_py(), table["camera"][i].as_py()) == (time, camera)
        for column, name in enumerate(["depth", "rgb"]):
            place = (time, camera, column)
            start = again.rows.offset[place]
            stored = raw[start : start + again.rows.nbytes[place]]
            assert stored == table[name][i].as_py()
            assert len(stored) == (size + camera if name == "rgb" else size // 2 + 1)


def test_layout_is_one_plain_uncompressed_page_a_cell(tmp_path: Path) -> None:
    commit = write(tmp_path, cameras=130, size=20_000)
    metadata = pq.read_metadata(tmp_path / UNIT.shard)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [120, 120, 120, 30]
    for group in range(metadata.num_row_groups):
        for column in (2, 3):
            chunk = metadata.row_group(group).column(column)
            assert chunk.compression == "UNCOMPRESSED" and chunk.statistics is None and not chunk.has_dictionary_page
            assert set(chunk.encodings) <= {"PLAIN", "RLE"}
    assert all(metadata.schema.column(i).max_definition_level == 0 for i in range(4))  # nothing is nullable
    offsets, sizes = commit.rows.offset.reshape(-1, 2), commit.rows.nbytes.reshape(-1, 2)
    gaps = offsets[1:120, 1] - (offsets[:119, 1] + sizes[:119, 1])
    assert gaps.max() < 48  # neighbours in a row group: a page header and a length between them
    assert commit.nbytes - sizes.sum() < 175 * commit.cells
    # A grid's whole times make up row groups where they fit.
    write(tmp_path, cameras=50, unit=UnitKey("a.b.c", 0, 4))
    metadata = pq.read_metadata(tmp_path / UnitKey("a.b.c", 0, 4).shard)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [100, 100, 50]


def test_plain_readers_see_ordinary_parquet(tmp_path: Path) -> None:
    write(tmp_path)
    table = pq.read_table(tmp_path / UNIT.shard, columns=["camera", "time", "rgb"], filters=[("time", "=", 4)])
    assert table.num_rows == 4 and table["camera"].to_pylist() == [0, 1, 2, 3]
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    found = duckdb.sql(
        f"select camera, octet_length(rgb) n from '{tmp_path / UNIT.shard}' where time = 4 order by camera"
    )
    assert found.fetchall() == [(c, 500 + c) for c in range(4)]


def test_the_same_content_is_the_same_bytes_and_digest(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a"), write(tmp_path / "b")
    assert (first.sha256, first.digest) == (second.sha256, second.digest)
    assert write(tmp_path / "c", salt=1).digest != first.digest
    coarse, fine = write(tmp_path / "d", row_cells=12), write(tmp_path / "e", row_cells=1)
    assert coarse.sha256 != fine.sha256 and coarse.digest == fine.digest == first.digest


def test_writing_a_unit_again_keeps_the_first(tmp_path: Path) -> None:
    first = write(tmp_path)
    before = os.stat(tmp_path / UNIT.shard)
    assert write(tmp_path).digest == first.digest
    after = os.stat(tmp_path / UNIT.shard)
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert files(tmp_path) == [UNIT.commit, UNIT.shard]


def test_other_content_for_a_committed_unit_is_refused(tmp_path: Path) -> None:
    first = write(tmp_path)
    raw = (tmp_path / UNIT.shard).read_bytes()
    with pytest.raises(DataError, match=first.digest) as caught:
        write(tmp_path, salt=7)
    assert len([word for word in str(caught.value).replace(":", " ").split() if len(word) == 64]) == 2
    assert (tmp_path / UNIT.shard).read_bytes() == raw and files(tmp_path) == [UNIT.commit, UNIT.shard]


def test_a_shard_without_commit_is_replaced_and_a_commit_without_shard_is_mended(tmp_path: Path) -> None:
    first = write(tmp_path)
    (tmp_path / UNIT.commit).unlink()
    (tmp_path / UNIT.shard).write_bytes(b"half of something else")
    assert write(tmp_path).sha256 == first.sha256
    (tmp_path / UNIT.shard).unlink()
    write(tmp_path)
    assert pq.read_metadata(tmp_path / UNIT.shard).num_rows == 12
    (tmp_path / UNIT.shard).write_bytes(b"cut short")
    write(tmp_path)
    assert pq.read_metadata(tmp_path / UNIT.shard).num_rows == 12


def test_cells_must_come_in_order_whole_and_all(tmp_path: Path) -> None:
    cell = {"rgb": b"x", "depth": b"y"}
    with UnitWriter(tmp_path, UNIT, 2, CODECS) as writer:
        writer.add(3, 0, cell)
        for time, camera in ((3, 0), (4, 0), (3, 2), (2, 1)):
            with pytest.raises(WorkError, match="comes next"):
                writer.add(time, camera, cell)
        with pytest.raises(WorkError, match="passes"):
            writer.add(3, 1, {"rgb": b"x"})
        with pytest.raises(WorkError, match="empty"):
            writer.add(3, 1, {"rgb": b"", "depth": b"y"})
        with pytest.raises(WorkError, match="1 of 6 cells"):
            writer.finish()
    assert files(tmp_path) == []
    with UnitWriter(tmp_path, UnitKey("a.b.c", 0, 0), 1, CODECS) as writer:
        writer.add(0, 0, cell)
        with pytest.raises(WorkError, match="already"):
            writer.add(1, 0, cell)
    for cameras, row_cells in ((0, 120), (1, 0), (1, 121)):
        with pytest.raises(InputError):
            UnitWriter(tmp_path, UNIT, cameras, CODECS, row_cells)


@pytest.mark.parametrize(
    "grid", ["", "a", "a.b", "a.b.c.d", "A.b.c", "../x.b.c", "a.b./c", "a.b.c\n", "a..c", "a.b.-c"]
)
def test_grid_ids_cannot_lead_elsewhere(grid: str) -> None:
    with pytest.raises(InputError):
        UnitKey(grid, 0, 1)


def test_units_of_names() -> None:
    assert UnitKey.of_shard(UNIT.shard) == UNIT == UnitKey.of_name(UNIT.grid, "t0003-0005")
    assert UnitKey("a.b.c", 9_990, 10_007).name == "t9990-10007"
    for path in (
        "shards/x/t0000-0001.parquet",
        "shards/a.b.c/../t0000-0001.parquet",
        "/etc/passwd",
        "shards/a.b.c/t1.parquet",
    ):
        with pytest.raises(DataError):
            UnitKey.of_shard(path)


@pytest.fixture
def tiny_disk(tmp_path: Path):
    """A file system of 256 kB; skipped where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"no right to mount a small file system: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_behind(tiny_disk: Path) -> None:
    with pytest.raises(WorkError, match=r"shards/room.ball.arc/t0003-0005.parquet: the disk is full"):
        write(tiny_disk, size=60_000)
    assert files(tiny_disk) == []
    write(tiny_disk, size=500)  # what fits goes on
    filler = tiny_disk / "filler"
    filler.write_bytes(bytes(os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_bsize))
    with pytest.raises(WorkError, match="disk is full"):
        write(tiny_disk, unit=UnitKey("a.b.c", 0, 0))
    with pytest.raises(WorkError, match="disk is full"):
        write_atomic(tiny_disk / "x.json", bytes(5000))
    assert files(tiny_disk) == ["filler", UNIT.commit, UNIT.shard]


@pytest.mark.parametrize("room", range(1, 9))
def test_a_disk_that_fills_at_any_point_leaves_no_half_unit(tiny_disk: Path, room: int) -> None:
    """Leave room pages of 4 kB: the shard, the commit or a folder is what does not fit."""
    available = os.statvfs(tiny_disk).f_bavail
    (tiny_disk / "filler").write_bytes(bytes((available - room) * 4096))
    try:
        commit = write(tiny_disk, size=300)
    except WorkError as error:
        assert "disk is full" in str(error)
        assert not (tiny_disk / UNIT.commit).exists()
    else:
        assert read_commit(tiny_disk, UNIT).digest == commit.digest
    assert not [name for name in files(tiny_disk) if name.endswith(".part")]


def test_a_read_only_target_is_said(tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(WorkError, match=r"Cannot write .*read-only"):
        write(tiny_disk)
    subprocess.run(["mount", "-o", "remount,rw", str(tiny_disk)], check=True)


def test_a_target_below_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "shards").write_text("a file")
    with pytest.raises(WorkError, match="is a file"):
        write(tmp_path)


def test_the_file_size_limit_is_said(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(WorkError, match="file size limit"):
            write(tmp_path, size=60_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    assert files(tmp_path) == []


def test_a_killed_writer_leaves_only_a_temporary_file(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from camxtime.shards.layout import UnitKey
        from camxtime.shards.writer import UnitWriter
        writer = UnitWriter(Path(sys.argv[1]), UnitKey("room.ball.arc", 3, 5), 4, {"rgb": "jpeg:95"}, 4)
        for camera in range(4):
            writer.add(3, camera, {"rgb": bytes(10**5)})
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    repo = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(repo)})
    assert done.returncode == -signal.SIGKILL
    left = files(tmp_path)
    assert len(left) == 1 and left[0].endswith(".part") and "/.t0003-0005.parquet." in left[0]
    assert clean_temporaries(tmp_path, minimum_age_s=3600) == []
    write(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in clean_temporaries(tmp_path)] == left
    assert files(tmp_path) == [UNIT.commit, UNIT.shard]


def test_many_attempts_at_once_end_in_one_unit(tmp_path: Path) -> None:
    repo = Path(__file__).resolve().parents[2]
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from test_unit_writer import write
        print(write(Path(sys.argv[1]), cameras=6, size=2000).sha256)
    """)
    command = [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)]
    env = {**os.environ, "PYTHONPATH": str(repo)}
    attempts = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    digests = {attempt.communicate()[0].strip() for attempt in attempts}
    assert all(attempt.returncode == 0 for attempt in attempts) and len(digests) == 1
    assert files(tmp_path) == [UNIT.commit, UNIT.shard]


def test_damaged_commits_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / UNIT.commit
    raw = path.read_bytes()
    with pytest.raises(DataError, match="never committed"):
        read_commit(tmp_path, UnitKey("a.b.c", 0, 0))
    for damaged in (
        raw[:-10],
        raw[: len(raw) // 2],
        b"",
        raw.replace(b'"unit": "t0003-0005"', b'"unit": "t0003-0006"'),
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"t0003-0005.parquet"):
            read_commit(tmp_path, UNIT)
    path.write_bytes(raw.replace(b'"format_version": 1', b'"format_version": 2'))
    with pytest.raises(DataError, match="version 2; this camxtime reads version 1"):
        read_commit(tmp_path, UNIT)


def test_info_must_be_json_and_nothing_is_published_otherwise(tmp_path: Path) -> None:
    for info in ({"x": float("nan")}, {"x": b"bytes"}):
        with UnitWriter(tmp_path, UnitKey("a.b.c", 0, 0), 1, {"rgb": "png"}) as writer:
            writer.add(0, 0, {"rgb": b"x"})
            with pytest.raises(InputError, match="JSON"):
                writer.finish(info)
    assert files(tmp_path) == []
    assert json.dumps({"ok": True})
