"""Named tracks and videos of tracks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

import camxtime
from camxtime.formats.video import read_video, video_info
from camxtime.sampling.camera_tracks import camera_track
from camxtime.sampling.tracks import Track, diagonal_cameras
from camxtime.timewarp import WARPS
from camxtime.viewer.clips import examples
from tests.viewer.conftest import GRID

CLIP = f"/api/grids/{GRID}/clip.mp4"


def track(client: TestClient, **query: object) -> Track:
    answer = client.get(f"/api/grids/{GRID}/track.json", params={k: str(v) for k, v in query.items()})
    assert answer.status_code == 200, answer.text
    value = answer.json()
    return Track.of_json({name: value[name] for name in ("cameras", "times")})


def test_own_tracks(client: TestClient, dataset_dir: Path) -> None:
    grid = camxtime.open(dataset_dir).grid(GRID)
    diagonal = grid.diagonal()
    assert track(client, name="diagonal", F=6) == Track(diagonal.cameras, diagonal.times)
    assert track(client, name="bullet", time=3) == Track(np.arange(6), np.full(6, 3))
    assert track(client, name="fixed", camera=2) == Track(np.full(5, 2), np.arange(5))


@pytest.mark.parametrize("name", [name for name in WARPS if WARPS[name].min_times(5) <= 5])
def test_warps_are_the_registrys(client: TestClient, name: str) -> None:
    assert track(client, name=name, seed=4) == Track(diagonal_cameras(6, 5, np.arange(5)), WARPS[name](5, 5, 4))


@pytest.mark.parametrize("name", ["reverse", "eased", "random_walk"])
def test_camera_tracks_are_the_samplers(client: TestClient, name: str) -> None:
    own = diagonal_cameras(6, 9, np.arange(9))
    times = diagonal_cameras(5, 9, np.arange(9))
    assert track(client, name=f"camera:{name}", F=9, seed=2) == Track(camera_track(name, own, 6, 2), times)


def test_every_listed_track_can_be_had(client: TestClient) -> None:
    listed = client.get("/api/tracks.json").json()["tracks"]
    assert len({entry["name"] for entry in listed}) == len(listed) > 15
    assert all(entry["text"] and entry["formula"] for entry in listed)
    for entry in listed:
        found = track(client, name=entry["name"], seed=1)
        found.check(6, 5, GRID)
    shown = examples({(6, 5)})["6x5"]
    assert set(shown) == {entry["name"] for entry in listed}


def test_bad_tracks_are_refused_with_reasons(client: TestClient) -> None:
    for query in ({"name": "none"}, {"name": "camera:none"}, {"name": "fixed", "camera": "6"}, {"name": "bullet", "time": "9"},
                  {"name": "reverse", "F": "50"}, {"seed": "-1"}, {"F": "0"}):  # fmt: skip
        answer = client.get(f"/api/grids/{GRID}/track.json", params=query)
        assert answer.status_code == 400 and answer.json()["error"], query


def test_a_lossless_clip_is_the_cells_to_the_bit(client: TestClient, dataset_dir: Path, tmp_path: Path) -> None:
    cameras, times = [0, 5, 2, 2, 1], [4, 0, 3, 3, 2]
    answer = client.post(CLIP, json={"cameras": cameras, "times": times, "fps": 12.5, "video": "lossless"})
    assert answer.status_code == 200 and answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].startswith("attachment")
    path = tmp_path / "clip.mp4"
    path.write_bytes(answer.content)
    expected = camxtime.open(dataset_dir).grid(GRID).clip(cameras, times).rgb
    np.testing.assert_array_equal(np.stack(list(read_video(path))), expected)
    assert video_info(path).fps == 12.5
    assert not list(Path(tempfile.gettempdir()).glob(f"camxtime-clip-*/{GRID}-*"))


def test_an_ordinary_clip_shows_the_right_cells(client: TestClient, dataset_dir: Path, tmp_path: Path) -> None:
    cameras, times = [0, 5, 2, 4], [4, 0, 3, 1]
    path = tmp_path / "clip.mp4"
    path.write_bytes(client.post(CLIP, json={"cameras": cameras, "times": times}).content)
    grid = camxtime.open(dataset_dir).grid(GRID)
    frames = np.stack(list(read_video(path))).astype(float)
    cells = np.stack([grid.cell(c, t).rgb for c in range(6) for t in range(5)]).astype(float)
    errors = np.abs(frames[:, None] - cells[None]).mean(axis=(2, 3, 4))
    assert errors.argmin(axis=1).tolist() == [5 * c + t for c, t in zip(cameras, times, strict=True)]
    assert video_info(path).fps == 24


def test_bad_clips_are_refused(client: TestClient) -> None:
    for body in ({}, [], {"cameras": [0]}, {"cameras": [0], "times": [0, 1]}, {"cameras": [6], "times": [0]},
                 {"cameras": ["0"], "times": [0]}, {"cameras": [0], "times": [-1]}, {"cameras": [0], "times": [0], "fps": 0},
                 {"cameras": [0], "times": [0], "video": "av1"}, {"cameras": [0], "times": [0], "file": "/tmp/x"}):  # fmt: skip
        answer = client.post(CLIP, json=body)
        assert answer.status_code == 400 and answer.json()["error"], body
    assert client.post(CLIP, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.get(CLIP).status_code == 404
