"""What the server says of a dataset and its cells is what the reader reads."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

import camxtime
from camxtime.shards.colours import depth_colours, instance_colours
from tests.synthetic import SyntheticSpec, make_dataset, write_unit
from tests.viewer.conftest import GRID, Ask


def picture(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_site_and_grids_describe_the_dataset(client: TestClient, dataset_dir: Path) -> None:
    dataset = camxtime.open(dataset_dir)
    site = client.get("/api/site.json").json()
    assert site["static"] is False and site["dataset"]["digest"] == dataset.digest
    assert site["dataset"]["counts"]["cells"] == 60 and site["dataset"]["image"] == [64, 48]
    assert [p["name"] for p in site["dataset"]["passes"]] == ["depth", "instance", "rgb"]
    assert site["features"] == {"sample": True, "mp4": True, "overlap": True, "render": False, "benchmark": False}
    rows = client.get("/api/grids.json").json()["grids"]
    assert [row["id"] for row in rows] == list(dataset.grids.ids)
    assert (rows[0]["C"], rows[0]["T"], rows[0]["W"], rows[0]["H"]) == (6, 5, 64, 48)
    assert rows[0]["path_kind"] == "arc" and rows[0]["status"] == "complete" and rows[0]["split"] is None


def test_grid_details_hold_the_cameras(client: TestClient, dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    value = client.get(f"/api/grids/{GRID}.json").json()
    np.testing.assert_array_equal(np.array(value["cameras"]["c2w"]).reshape(-1, 4, 4), grid.cameras.c2w)
    np.testing.assert_array_equal(np.array(value["cameras"]["K"]).reshape(-1, 3, 3), grid.cameras.K)
    assert value["missing"] == [] and value["parameters"]["sweep_deg"] == 60.0
    ball = next(entry for entry in value["instances"] if entry["name"] == "ball")
    expected = instance_colours(np.array([[2]], np.uint16))[0, 0]
    assert ball["colour"] == "#" + bytes(expected.tolist()).hex()


def test_rgb_is_the_stored_bytes(client: TestClient, dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    answer = client.get(f"/cells/{GRID}/4/3/rgb")
    assert answer.content == grid.payloads(4, 3, "rgb")[0]
    assert answer.headers["content-type"] == "image/jpeg"


def test_depth_numbers_and_colours(client: TestClient, dataset_dir: Path) -> None:
    depth = camxtime.open(dataset_dir).grid(GRID).cell(4, 3).depth
    data = client.get(f"/cells/{GRID}/4/3/depth.bin").content
    np.testing.assert_array_equal(np.frombuffer(data, "<f4").reshape(48, 64), depth)
    assert np.isinf(depth).any()
    answer = client.get(f"/cells/{GRID}/4/3/depth.png?near=2&far=9")
    assert answer.headers["x-depth-range"] == "2 9"
    np.testing.assert_array_equal(picture(answer.content), depth_colours(depth, 2.0, 9.0))
    ranges = {client.get(f"/cells/{GRID}/{c}/{t}/depth.png").headers["x-depth-range"] for c, t in ((0, 0), (5, 4))}
    near, far = client.get(f"/api/grids/{GRID}.json").json()["depth_range"]
    assert ranges == {f"{near:g} {far:g}"}


def test_legend_is_the_scale_of_the_depth_pictures(client: TestClient) -> None:
    legend = picture(client.get("/legend/depth.png").content)
    assert legend.shape == (1, 256, 3)
    depth = np.geomspace(2.0, 9.0, 256, dtype=np.float32)[None]
    assert np.abs(legend.astype(int) - depth_colours(depth, 2.0, 9.0)).max() <= 8  # one step of the map


def test_instances(client: TestClient, dataset_dir: Path) -> None:
    ids = camxtime.open(dataset_dir).grid(GRID).cell(1, 2).instance
    data = client.get(f"/cells/{GRID}/1/2/instance.bin").content
    np.testing.assert_array_equal(np.frombuffer(data, "<u2").reshape(48, 64), ids)
    png = picture(client.get(f"/cells/{GRID}/1/2/instance.png").content)
    np.testing.assert_array_equal(png, instance_colours(ids))


def test_warp_check_agrees_at_one_time_and_not_where_things_moved(client: TestClient) -> None:
    same = client.get(f"/cells/{GRID}/1/2/overlap.png?c2=3&t2=2")
    moved = client.get(f"/cells/{GRID}/1/0/overlap.png?c2=3&t2=4")
    shares = [json.loads(answer.headers["x-overlap"]) for answer in (same, moved)]
    assert shares[0]["contradiction"] == 0 and shares[0]["agree"] > 0.3
    assert shares[1]["contradiction"] > 0.001
    assert picture(same.content).shape == (48, 64, 4)
    assert abs(sum(shares[0].values()) - 1) < 1e-3


def test_entity_tags_caching_and_ranges(client: TestClient) -> None:
    url = f"/cells/{GRID}/4/3/rgb"
    whole = client.get(url)
    assert whole.headers["cache-control"] == "no-cache"
    assert client.get(f"{url}?v=abc").headers["cache-control"] == "private, max-age=31536000, immutable"
    again = client.get(url, headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    part = client.get(url, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == whole.content[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    assert client.get(url, headers={"Range": "bytes=-7"}).content == whole.content[-7:]
    assert client.get(url, headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416
    assert client.get(url, headers={"Range": "bytes=0-1,5-6"}).content == whole.content
    assert client.head(url).headers["content-length"] == str(len(whole.content))


def test_json_is_compressed_for_those_who_can(client: TestClient) -> None:
    plain = client.get("/api/tracks.json", headers={"Accept-Encoding": "identity"})
    small = client.get("/api/tracks.json")
    assert small.headers["content-encoding"] == "gzip" and small.json() == plain.json()
    assert plain.headers["etag"] != small.headers["etag"]
    assert client.get("/api/tracks.json", headers={"If-None-Match": small.headers["etag"]}).status_code == 304


def test_what_is_not_there_is_said(client: TestClient) -> None:
    for url in (f"/cells/{GRID}/6/0/rgb", f"/cells/{GRID}/0/5/rgb", "/cells/room.ball.none/0/0/rgb",
                "/api/grids/room.ball.none.json", "/thumbs/room.ball.none/mosaic.jpg", "/nothing"):  # fmt: skip
        answer = client.get(url)
        assert answer.status_code == 404 and answer.json()["error"], url
    for url in (f"/cells/{GRID}/x/0/rgb", f"/cells/{GRID}/-1/0/rgb", f"/cells/{GRID}/0/0/depth.png?near=a",
                f"/cells/{GRID}/0/0/depth.png?near=5&far=2", f"/cells/{GRID}/0/0/depth.png?near=nan",
                f"/cells/{GRID}/0/0/overlap.png", f"/cells/{GRID}/{'9' * 400}/0/rgb"):  # fmt: skip
        assert client.get(url).status_code == 400, url


def test_mosaic_has_every_cell_in_its_place(client: TestClient, dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    row = client.get("/api/grids.json").json()["grids"][0]
    plan = row["mosaic"]
    sheet = picture(client.get("/" + plan["url"]).content).astype(float)
    width, height = plan["cell"]
    assert sheet.shape == (plan["rows"] * height, plan["cols"] * width, 3) and plan["coarse"] is None
    errors = np.empty((6, 5, 6, 5))
    for c in range(6):
        for t in range(5):
            cell = Image.fromarray(grid.cell(c, t).rgb).resize((width, height), Image.Resampling.BOX)
            for c2 in range(6):
                for t2 in range(5):
                    there = sheet[t2 * height : (t2 + 1) * height, c2 * width : (c2 + 1) * width]
                    errors[c, t, c2, t2] = np.abs(there - np.asarray(cell)).mean()
    best = errors.reshape(30, 30).argmin(axis=1)
    np.testing.assert_array_equal(best, np.arange(30))


def test_diagonal_is_an_animation_at_the_grids_speed(client: TestClient) -> None:
    data = client.get(f"/thumbs/{GRID}/diagonal.webp").content
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP" and image.n_frames == 6 and image.size == (64, 48)
    image.seek(2)
    image.load()
    assert abs(image.info["duration"] - 1000 / 24) <= 1


def test_missing_cells_are_grey_and_not_found(ask: Ask, tmp_path: Path) -> None:
    spec = SyntheticSpec(grids=(GRID,))
    folder = tmp_path / "part"
    spec.record(GRID).write(folder)
    write_unit(folder, spec, spec.units(GRID)[1])  # times 2 and 3
    from camxtime.shards.index import build_index

    build_index(folder, spec.header())
    client = ask(folder, cache=tmp_path / "cache")
    row = client.get("/api/grids.json").json()["grids"][0]
    assert row["status"] == "incomplete"
    assert client.get(f"/api/grids/{GRID}.json").json()["missing"] == [{"t0": 0, "t1": 1}, {"t0": 4, "t1": 4}]
    assert client.get(f"/cells/{GRID}/0/2/rgb").status_code == 200
    refused = client.get(f"/cells/{GRID}/0/0/rgb")
    assert refused.status_code == 404 and "not rendered" in refused.json()["error"]
    sheet = picture(client.get("/" + row["mosaic"]["url"]).content)
    top = sheet[: row["mosaic"]["cell"][1]].astype(int)
    assert np.ptp(top, axis=2).max() < 20 and top.min() > 180  # greys
    assert client.get(f"/thumbs/{GRID}/diagonal.webp").status_code == 200
    assert not list((tmp_path / "cache").rglob("*.jpg"))  # it will look different once it is rendered
    assert client.get("/api/site.json").json()["features"]["sample"] is False


def test_large_grids_have_a_coarse_mosaic(ask: Ask, tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "wide", SyntheticSpec(grids=(GRID,), cameras=24, times=3, width=16, height=12))
    client = ask(folder, cache=tmp_path / "cache")
    plan = client.get("/api/grids.json").json()["grids"][0]["mosaic"]
    assert plan["coarse"]["step"] == [2, 1] and (plan["coarse"]["cols"], plan["coarse"]["rows"]) == (12, 3)
    whole, coarse = (picture(client.get("/" + entry["url"]).content) for entry in (plan, plan["coarse"]))
    width, height = plan["cell"]
    assert whole.shape == (3 * height, 24 * width, 3) and coarse.shape == (3 * height, 12 * width, 3)
    third = coarse[:height, 3 * width : 4 * width].astype(int) - whole[:height, 6 * width : 7 * width]
    assert np.abs(third).mean() < 6
