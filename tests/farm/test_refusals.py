"""What a render refuses or sets aside, and what it says: bad options, targets, content, disks and clusters."""

from __future__ import annotations

import dataclasses
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from camxtime.cli.render import command
from camxtime.errors import InputError, WorkError
from camxtime.farm.cluster import check_address
from camxtime.farm.driver import render
from camxtime.farm.options import RenderOptions

from .helpers import FAST, shard_marks, slow_spec, tiny_spec


def options(**changes) -> RenderOptions:
    return dataclasses.replace(FAST, **changes)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_ray_address_that_does_not_answer(tmp_path):
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=f"no Ray answers at {address}"):
        render(tiny_spec(), tmp_path / "dataset", options(address=address))
    for wrong in ("nonsense", "host:0", ":6379", "ray://head:10001", "10.0.0..1:6379"):
        with pytest.raises(InputError, match="address"):
            check_address(wrong)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_something_else_at_the_ray_address(tmp_path, answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(InputError, match=r"is no Ray|no Ray answers"):
            check_address(f"127.0.0.1:{server.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"device": "QUANTUM"}, "device"),
        ({"workers": 0}, "workers"),
        ({"max_workers": 0}, "max_workers"),
        ({"grace_s": -1.0}, "grace_s"),
        ({"threads": -1}, "threads"),
        ({"retries": -1}, "retries"),
        ({"hang_timeout_s": 0.0}, "hang_timeout_s"),
        ({"hang_timeout_s": float("inf")}, "hang_timeout_s"),
        ({"hang_timeout_s": float("nan")}, "hang_timeout_s"),
    ],
)
def test_bad_options(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        render(tiny_spec(), tmp_path / "dataset", options(**change))
    assert not (tmp_path / "dataset").exists()


def test_every_option_is_on_the_command_line():
    there = {parameter.name for parameter in command.params}
    assert {field.name for field in dataclasses.fields(RenderOptions)} - {"remote", "on_progress"} <= there
    defaults = {parameter.name: parameter.default for parameter in command.params if parameter.name in vars(FAST)}
    assert all(defaults[name] == vars(RenderOptions())[name] for name in ("retries", "grace_s", "give_up_after"))


def test_missing_asset_and_escape_are_refused_before_anything_starts(tmp_path):
    animations = [{"id": "knight", "file": "Knight.glb", "clip": "Idle"}]
    with pytest.raises(InputError, match=r"animations.knight.file: there is no Knight.glb"):
        render(tiny_spec(animations=animations), tmp_path / "dataset", options(assets=tmp_path))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "Knight.glb").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="leads out of the assets folder"):
        render(tiny_spec(animations=animations), tmp_path / "dataset", options(assets=tmp_path / "assets"))
    assert not (tmp_path / "dataset").exists()


@pytest.mark.slow
def test_other_spec_or_other_assets_in_the_same_folder(local_ray, tmp_path):
    root = tmp_path / "dataset"
    one_unit = {"cameras": 2, "times": 1}
    assert render(tiny_spec(grid=one_unit), root, FAST).ok
    before = shard_marks(root)
    with pytest.raises(InputError, match=r"engine.samples: 1 -> 2"):
        render(
            tiny_spec(grid=one_unit, engine={"samples": 2, "max_bounces": 1, "view_transform": "Standard"}), root, FAST
        )
    assert shard_marks(root) == before


@pytest.mark.slow
def test_what_cannot_be_filmed_is_set_aside_and_the_rest_goes_on(local_ray, tmp_path):
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "fake.fbx").write_bytes(b"Kaydara FBX Binary  \x00\x1a\x00" + b"this is no FBX file" * 9)
    spec = tiny_spec(
        grid={"cameras": 2, "times": 2, "times_per_unit": 2},
        animations=[{"id": "ball", "family": "calibration"}, {"id": "fake", "file": "fake.fbx", "clip": "Idle"}],
        camera_paths=[
            {"id": "arc", "kind": "arc"},
            {"id": "far", "kind": "static", "distance_fit": 20, "hfov_deg": 120},
        ],
        path_checks={"max_draws": 3, "min_subject_visible": 0, "min_camera_visible": 0, "min_clearance_m": 0},
    )
    summary = render(spec, tmp_path / "dataset", options(assets=assets))
    assert (summary.state, summary.exit_code, summary.units_rendered) == ("incomplete", 1, 1)
    said = {failure.grid: failure for failure in summary.failures}
    assert set(said) == {"room.ball.far", "room.fake.arc", "room.fake.far"}
    assert "75 left the box in which cameras may be" in said["room.ball.far"].error
    assert "fake.fbx" in said["room.fake.arc"].error
    assert all(failure.unit is None and failure.attempts == 1 for failure in summary.failures)
    assert (tmp_path / "dataset" / "dataset.json").is_file()


@pytest.mark.slow
def test_not_blender_is_refused(local_ray, tmp_path):
    with pytest.raises(InputError, match="is not Blender"):
        render(tiny_spec(), tmp_path / "dataset", options(blender="/bin/cat"))


@pytest.mark.slow
def test_absent_device_is_an_error_not_a_fall_back(local_ray, tmp_path):
    with pytest.raises(InputError, match="no node of this Ray has a GPU"):
        render(tiny_spec(), tmp_path / "dataset", options(device="OPTIX"))


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 400 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_full_disk_stops_the_run_and_more_room_resumes_it(local_ray, small_disk, reference):
    root = small_disk / "dataset"
    with pytest.raises(InputError, match="are needed"):
        render(slow_spec(), root, FAST)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 270_000)
    with pytest.raises(WorkError, match="disk is full"):
        render(slow_spec(), root, options(ignore_free_space=True))
    before = shard_marks(root)
    ballast.unlink()
    summary = render(slow_spec(), root, options(ignore_free_space=True))
    assert summary.ok and summary.digest == reference.digest and summary.units_kept == len(before)
    after = shard_marks(root)
    assert all(after[name] == mark for name, mark in before.items())


@pytest.mark.slow
def test_read_only_target(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(WorkError, match="read-only"):
        render(tiny_spec(), small_disk / "dataset", FAST)
