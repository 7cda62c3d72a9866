"""The static export is what the server says, as files."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from camxtime.cli import main
from tests.viewer.conftest import GRID, Ask


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """Python's own file server, which knows nothing of camxtime."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["view", *arguments])
    return int(stop.value.code or 0)


@pytest.fixture(scope="module")
def site(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    assert run(str(dataset_dir), "--export", str(folder / "site"), "--yes", "--cache", str(folder / "cache")) == 0
    return folder / "site"


def test_files_are_the_servers_answers_at_the_same_addresses(site: Path, client: TestClient) -> None:
    with plain_server(site) as base:
        rows = client.get("/api/grids.json").json()["grids"]
        paths = [
            "",
            "index.html",
            "api/grids.json",
            "legend/depth.png",
            *(f"api/grids/{row['id']}.json" for row in rows),
        ]
        for row in rows:
            paths += [row["thumb"], row["mosaic"]["url"]]
            paths += [f"cells/{row['id']}/{c}/{t}/{file}" for c, t in ((0, 0), (5, 4), (2, 3))
                      for file in ("rgb", "depth.png", "depth.bin", "instance.png", "instance.bin")]  # fmt: skip
        for path in paths:
            with urllib.request.urlopen(base + path) as answer:  # noqa: S310  our own server
                assert answer.read() == client.get(f"/{path}").content, path


def test_the_site_says_that_nothing_computes_behind_it(site: Path, client: TestClient) -> None:
    import json

    value = json.loads((site / "api/site.json").read_text())
    assert value["static"] is True and not any(value["features"].values())
    assert value["dataset"]["digest"] == client.get("/api/site.json").json()["dataset"]["digest"]
    tracks = json.loads((site / "api/tracks.json").read_text())
    assert tracks["tracks"] == client.get("/api/tracks.json").json()["tracks"]
    shown = client.get(f"/api/grids/{GRID}/track.json?name=zigzag&seed=0").json()
    assert tracks["examples"]["6x5"]["zigzag"] == {name: shown[name] for name in ("cameras", "times")}


def test_it_says_its_size_first_and_keeps_to_it(
    dataset_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from camxtime.viewer.export import ExportWish, plan_export, write_site
    from camxtime.viewer.options import ViewOptions
    from camxtime.viewer.state import State

    state = State(ViewOptions(str(dataset_dir), cache=tmp_path / "cache"))
    plan = plan_export(state, ExportWish(passes=("rgb", "depth")))
    written = write_site(state, plan, tmp_path / "site", progress=False)
    state.close()
    files = [file for file in (tmp_path / "site").rglob("*") if file.is_file()]
    assert len(files) == plan.files and sum(file.stat().st_size for file in files) == written
    assert 0.5 * written < plan.nbytes < 2 * written


def test_some_grids_and_passes(dataset_dir: Path, tmp_path: Path) -> None:
    import json

    folder = tmp_path / "site"
    arguments = ("--export-grid", "*.arc_2", "--export-pass", "rgb", "--cache", str(tmp_path / "cache"))
    assert run(str(dataset_dir), "--export", str(folder), "--yes", *arguments) == 0
    assert [row["id"] for row in json.loads((folder / "api/grids.json").read_text())["grids"]] == ["room.ball.arc_2"]
    value = json.loads((folder / "api/site.json").read_text())["dataset"]
    assert [p["name"] for p in value["passes"]] == ["rgb"] and value["counts"]["cells"] == 30
    assert sorted(p.name for p in (folder / "cells").iterdir()) == ["room.ball.arc_2"]
    assert not list(folder.rglob("depth.bin"))


def test_nothing_is_written_unasked_or_over_something(dataset_dir: Path, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    cache = ("--cache", str(tmp_path / "cache"))
    assert run(str(dataset_dir), "--export", str(tmp_path / "site"), *cache) == 2  # nobody to ask
    assert not (tmp_path / "site").exists()
    assert run(str(dataset_dir), "--export", str(full), "--yes", *cache) == 2
    assert run(str(dataset_dir), "--export", str(tmp_path / "site"), "--yes", "--export-grid", "none", *cache) == 2
    assert run(str(dataset_dir), "--yes") == 2
    said = capsys.readouterr()
    assert "grids with rgb, depth, instance make" in said.out and "not empty" in said.err and "'none'" in said.err


def test_a_benchmark_goes_with_it(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    import json

    import camxtime
    from camxtime.splits import content_of
    from camxtime.splits.benchmark_cut import BenchmarkRecipe, cut_benchmark
    from camxtime.splits.cutting import Recipe, cut

    content = content_of(camxtime.open(dataset_dir))
    manifest = cut(content, Recipe({"test": "name:arc_2"}, by="path"))
    file = cut_benchmark(manifest, content, BenchmarkRecipe(modes=("zigzag",), frames=5)).write(tmp_path / "items.json")
    cache = ("--cache", str(tmp_path / "cache"))
    assert run(str(dataset_dir), "--export", str(tmp_path / "site"), "--yes", "--manifest", str(file), *cache) == 0
    assert json.loads((tmp_path / "site/api/benchmark.json").read_text())["scoring"] is None
    assert len(list((tmp_path / "site/benchmark/truth/0").glob("*.png"))) == 5
    assert json.loads((tmp_path / "site/api/site.json").read_text())["features"]["benchmark"] is True
