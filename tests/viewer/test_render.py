"""Datasets that are being rendered: what there is so far, how far it is, what failed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from camxtime.farm.ledger import Ledger
from camxtime.viewer import source
from tests.synthetic import write_unit
from tests.viewer.conftest import HALF, Ask

ARC, DOLLY = HALF.grids


@pytest.fixture
def folder(rendered_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered_dir, tmp_path / "half"))


def run_record(folder: Path, **fields: object) -> None:
    now = time.time()
    Ledger(folder).write_run({
        "run_id": "r", "pid": 1, "host": "here", "started": now - 60, "state": "running", "updated": now, "cells_done": 12,
        "cells_total": 60, "units_done": 1, "units_total": 6, "units_failed": 1, "cells_per_second": 2.5, "eta_seconds": 19.2,
        "workers": [], **fields,
    })  # fmt: skip


def test_a_dataset_without_index_is_shown_as_far_as_it_is(ask: Ask, folder: Path) -> None:
    client = ask(folder)
    site = client.get("/api/site.json").json()
    assert site["dataset"]["status"] == "rendering" and site["features"]["render"] is True
    rows = {row["id"]: row for row in client.get("/api/grids.json").json()["grids"]}
    assert rows[ARC]["status"] == "incomplete" and rows[DOLLY]["status"] == "missing"
    assert (rows[DOLLY]["C"], rows[DOLLY]["T"], rows[DOLLY]["path_kind"]) == (6, 5, "dolly")
    assert client.get(f"/cells/{ARC}/2/1/rgb").status_code == 200
    assert client.get(f"/cells/{ARC}/2/2/rgb").status_code == 404
    assert client.get(f"/api/grids/{DOLLY}.json").status_code == 404
    assert not (folder / "dataset.json").exists() and not list(folder.glob("*.parquet"))


def test_units_and_failures(ask: Ask, folder: Path) -> None:
    client = ask(folder)
    value = client.get("/api/render.json").json()
    assert value["running"] is False
    assert value["units"] == {"total": 6, "committed": 1, "failed": 1, "running": 0}
    grids = {grid["id"]: grid for grid in value["grids"]}
    assert [unit["state"] for unit in grids[ARC]["units"]] == ["committed", "failed", "pending"]
    assert [(unit["t0"], unit["t1"]) for unit in grids[ARC]["units"]] == [(0, 1), (2, 3), (4, 4)]
    assert grids[DOLLY]["state"] == "pending"
    [failure] = value["failures"]
    assert (failure["grid"], failure["unit"], failure["attempts"]) == (ARC, "t0002-0003", 3)
    log = client.get("/" + failure["log"])
    assert log.headers["content-type"] == "text/plain; charset=utf-8"
    assert log.text.endswith("Error: out of memory\n") and len(log.content) == 200_000


def test_a_running_render_is_told(ask: Ask, folder: Path) -> None:
    worker = {"worker": 1, "host": "here", "doing": "rendering", "task": f"{ARC} t0004-0004", "units": 1}
    run_record(folder, workers=[worker])
    with Ledger(folder).lock():
        value = ask(folder).get("/api/render.json").json()
    assert value["running"] is True and value["cells_per_second"] == 2.5 and value["eta_s"] == 19.2
    assert value["workers"] == [worker] and value["units"]["running"] == 1 and value["started"]
    states = next(grid for grid in value["grids"] if grid["id"] == ARC)["units"]
    assert [unit["state"] for unit in states] == ["committed", "failed", "running"]


def test_the_page_follows_the_render(ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(source, "_SHARE_OF_TIME", 0)
    run_record(folder)
    client = ask(folder)
    before = client.get("/api/site.json").json()["dataset"]
    write_unit(folder, HALF, HALF.units(ARC)[2])
    after = client.get("/api/site.json").json()["dataset"]
    assert after["digest"] != before["digest"] and after["counts"]["cells"] == before["counts"]["cells"] + 6
    assert client.get(f"/cells/{ARC}/2/4/rgb").status_code == 200
    for grid in HALF.grids:
        HALF.record(grid).write(folder)
        for unit in HALF.units(grid):
            write_unit(folder, HALF, unit)
    from camxtime.shards.index import build_index

    build_index(folder, HALF.header())
    run_record(folder, state="complete")
    done = client.get("/api/site.json").json()["dataset"]
    assert done["status"] == "complete" and done["counts"]["cells"] == 60


def test_scratch_is_removed_in_the_end(ask: Ask, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from camxtime.viewer.options import ViewOptions
    from camxtime.viewer.state import State

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    state = State(ViewOptions(str(folder)))
    assert list(tmp_path.glob("camxtime-view-*"))
    state.close()
    assert not list(tmp_path.glob("camxtime-view-*"))


def test_nothing_prepared_yet(ask: Ask, folder: Path) -> None:
    for name in ("grids", "commits", "failures"):
        shutil.rmtree(folder / "ledger" / name, ignore_errors=True)
    client = ask(folder)
    site = client.get("/api/site.json").json()
    assert site["dataset"]["status"] == "rendering" and site["dataset"]["counts"]["grids"] == 0
    assert site["features"]["sample"] is False
    assert [row["status"] for row in client.get("/api/grids.json").json()["grids"]] == ["missing", "missing"]
    assert client.get("/api/render.json").json()["units"]["committed"] == 0
    assert client.get("/api/sample.json").status_code == 400


def test_imported_datasets_have_no_render(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    client = ask(dataset_dir, cache=tmp_path)
    assert client.get("/api/render.json").status_code == 404


def test_a_snapshot_that_takes_long_is_built_aside(ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(source, "_SHARE_OF_TIME", 0)
    monkeypatch.setattr(source, "PATIENCE_S", -1.0)
    client = ask(folder)
    before = client.get("/api/site.json").json()["dataset"]["digest"]
    write_unit(folder, HALF, HALF.units(ARC)[2])
    for _ in range(400):
        if client.get("/api/site.json").json()["dataset"]["digest"] != before:
            break
        time.sleep(0.02)
    assert client.get(f"/cells/{ARC}/2/4/rgb").status_code == 200
