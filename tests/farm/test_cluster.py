"""Clusters of several Ray nodes on this machine: nodes that join, die, or have the wrong version; and a head that is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from camxtime.errors import InputError
from camxtime.farm.cluster import Node, Slot, device_for, room
from camxtime.farm.driver import render
from camxtime.farm.jobs import Recipe
from camxtime.farm.keeper import BlenderSettings
from camxtime.farm.messages import WorkerSettings
from camxtime.farm.options import RenderOptions
from camxtime.farm.scratch import on_this_node
from camxtime.farm.worker import Worker
from camxtime.shards.verify import verify

from .helpers import FAST, events, shard_marks, slow_spec, start_driver, tiny_spec, wait_for

SCRIPT = str(Path(__file__).with_name("cluster_driver.py"))


@pytest.mark.slow
def test_nodes_join_and_die_while_it_renders(reference, tmp_path):
    root, folder = tmp_path / "dataset", tmp_path / "nodes"
    done = subprocess.run(
        [sys.executable, SCRIPT, "change", str(root), str(folder)],
        cwd=tmp_path,  # workers look there first: in a checkout they would find what an editable install leaves
        capture_output=True, text=True, timeout=360, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"DIGEST {reference.digest}" in done.stdout
    first, second = events(root, "worker_started")
    assert (Path(first["scratch"]).parent.name, Path(second["scratch"]).parent.name) == ("first", "second")
    assert first["node"] != second["node"]
    rendered = events(root, "rendered")
    assert {event["worker"] for event in rendered} == {first["worker"], second["worker"]}, "who joins gets work"
    units = [(event["grid"], event["unit"]) for event in rendered]
    assert len(units) == len(set(units)), "nothing that was committed is rendered again"
    (lost,) = events(root, "worker_lost")
    assert lost["worker"] == first["worker"] and len(lost["tasks"]) <= 2 >= len(events(root, "failed")), (
        "what was in hand"
    )
    (refused,) = events(root, "node_refused")
    assert "has camxtime 0.0.1, and the run is driven by camxtime" in refused["error"]
    assert {event["gpus"] for event in events(root, "node_joined")} == {0, 1}


@pytest.mark.slow
def test_lost_head_then_resumed_on_another(reference, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "5")  # of the driver: how long it hopes
    root = tmp_path / "dataset"
    holder = subprocess.Popen(
        [sys.executable, SCRIPT, "hold"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        driver = start_driver(slow_spec(), root, "--address", holder.stdout.readline().split()[1])
        wait_for(lambda: len(events(root, "rendered")) >= 2, 180)
        holder.stdin.write("again\n")
        holder.stdin.flush()
        driver.communicate(timeout=120)
        assert driver.returncode != 0
        before = shard_marks(root)
        assert 2 <= len(before) < 10
        again = start_driver(slow_spec(), root, "--address", holder.stdout.readline().split()[1])
        said, _ = again.communicate(timeout=180)
        assert again.returncode == 0 and reference.digest in said, said
    finally:
        holder.communicate(timeout=60)
    after = shard_marks(root)
    assert all(after[name] == mark for name, mark in before.items())
    assert verify(root).ok


@pytest.mark.slow
def test_another_blender_is_refused_unless_allowed(local_ray, tmp_path):
    root, spec = tmp_path / "dataset", tiny_spec(grid={"cameras": 2, "times": 2, "times_per_unit": 1})
    whole = render(spec, root, FAST)
    begun_with = root / "ledger" / "engine.json"
    engine = json.loads(begun_with.read_text())
    begun_with.write_text(json.dumps({**engine, "build_hash": "0123456789ab"}))  # as if it had been another one
    (root / "shards" / "room.ball.arc" / "t0001-0001.parquet").unlink()
    with pytest.raises(InputError, match=r"build_hash 0123456789ab -> .*--allow-mixed-builds"):
        render(spec, root, FAST)
    allowing = RenderOptions(**{**vars(FAST), "allow_mixed_builds": True})
    mixed = render(spec, root, allowing)
    assert mixed.ok and mixed.digest == whole.digest and "several builds of Blender" in mixed.notes[0]
    recorded = json.loads((root / "dataset.json").read_text())["engine"]["builds"]
    assert [build["build_hash"] for build in recorded] == ["0123456789ab", engine["build_hash"]]
    begun_with.write_text(json.dumps({**engine, "camxtime": "0.0.1"}))
    (root / "shards" / "room.ball.arc" / "t0001-0001.parquet").unlink()
    with pytest.raises(InputError, match=r"camxtime 0\.0\.1 -> "):  # which no option allows
        render(spec, root, allowing)


def test_a_worker_that_sees_another_folder_says_so(tmp_path):
    root = tmp_path / "dataset"
    (root / "ledger").mkdir(parents=True)
    (root / "ledger" / "run.json").write_text(json.dumps({"run_id": "theirs"}))
    (root / "ledger" / "spec.json").write_text(json.dumps({"name": "other"}))
    blender = BlenderSettings(None, "CPU", 1, 10.0, 0, 0.0)
    report = Worker(WorkerSettings(str(root), None, "ours", Recipe.of(tiny_spec()), blender, None)).start()
    assert report.lasting and 'is bound to the spec "other" and no run of "tiny"' in str(report.error)


def test_nodes_of_different_kinds():
    small, large, gpu = (
        Node(str(i), f"node{i}", "", cpus, gpus, 0) for i, (cpus, gpus) in enumerate([(2, 0), (10, 0), (16, 2)])
    )
    options = RenderOptions()
    assert device_for(options, [small, large]) == "CPU" and device_for(options, [small, gpu]) == "GPU"
    assert [room(node, "CPU", options) for node in (small, large)] == [(1, Slot(2, 0, 2)), (2, Slot(4, 0, 4))]
    assert [room(node, "GPU", options)[0] for node in (small, gpu)] == [0, 2]
    assert room(gpu, "GPU", options)[1] == Slot(8, 1, 8)
    with pytest.raises(InputError, match="no node of this Ray has a GPU"):
        device_for(RenderOptions(device="OPTIX"), [small, large])


def test_scratch_that_each_node_places_itself(monkeypatch):
    monkeypatch.setenv("NODE_SCRATCH", "/local/7")
    assert on_this_node("$NODE_SCRATCH/camxtime") == "/local/7/camxtime" and on_this_node("/x") == "/x"
    with pytest.raises(InputError, match="names a variable that is not set on"):
        on_this_node("$NO_SUCH_SCRATCH")
    monkeypatch.setenv("NODE_SCRATCH", "relative")
    with pytest.raises(InputError, match="must be an absolute path"):
        on_this_node("$NODE_SCRATCH")
