"""Who and what is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from camxtime.errors import InputError
from camxtime.viewer.options import Access
from camxtime.viewer.security import HEADERS
from tests.viewer.conftest import GRID, Ask

EVERYWHERE = "0.0.0.0"  # noqa: S104  nothing is bound: it must be refused
TOKEN = "correct-horse-battery"
SECRET = "root:secret"


@pytest.mark.parametrize("path", [
    "/../dataset.json", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/js/../../viewer/app.py",
    "/js/%2e%2e/%2e%2e/app.py", "/app.py", "/page/index.html", "/js\\..\\..\\app.py", "/.hidden", "/js/.", "/js//main.js",
    "/thumbs/..%2f../mosaic.jpg", "/thumbs/%2fetc/mosaic.jpg", "/api/grids/..%2f..%2fdataset.json",
    "/api/grids/%2Fetc%2Fpasswd.json", "/cells/../../0/0/rgb", "/cells/%2e%2e/0/0/rgb", "/benchmark/truth/..%2f0/0.png",
    "/benchmark/%2e%2e/0/0.png", "/index.html%00.js", "/js/main.js%00",
])  # fmt: skip
def test_paths_that_lead_out_are_refused(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404), path
    assert answer.headers["content-type"] == "application/json"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("./\\%2eEfF:~abcjs\0"), min_size=1, max_size=40))
def test_no_path_gives_anything_but_the_page(client: TestClient, path: str) -> None:
    answer = client.get("http://127.0.0.1:8000/" + path.replace("\0", "%00"))
    assert answer.status_code in (200, 400, 404)
    if answer.status_code == 200:
        assert b"<!doctype html" in answer.content[:200].lower()


@pytest.mark.parametrize(
    "grid", ["<script>alert(1)</script>", "a.b.<img src=x onerror=1>", "A.B.C", "a.b", "a.b.c.d", "a" * 300]
)
def test_ids_with_markup_are_refused_and_not_repeated(client: TestClient, grid: str) -> None:
    from urllib.parse import quote

    for url in (f"/cells/{quote(grid, safe='')}/0/0/rgb", f"/api/grids/{quote(grid, safe='')}.json",
                f"/thumbs/{quote(grid, safe='')}/mosaic.jpg"):  # fmt: skip
        answer = client.get(url)
        assert answer.status_code in (400, 404)
        assert "<" not in answer.text and answer.headers["x-content-type-options"] == "nosniff"


def linked(dataset: Path, folder: Path) -> Path:
    """A copy of the dataset, one shard of which is a link to a file outside it."""
    copy = Path(shutil.copytree(dataset, folder / "copy"))
    shard = sorted((copy / "shards" / GRID).glob("*.parquet"))[0]
    outside = folder / "outside.parquet"
    shutil.move(shard, outside)
    shard.symlink_to(outside)
    return copy


def test_shards_that_are_links_out_of_the_dataset_are_refused(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    copy = linked(dataset_dir, tmp_path)
    client = ask(copy)
    for url in (f"/cells/{GRID}/0/0/rgb", f"/thumbs/{GRID}/mosaic.jpg", f"/api/grids/{GRID}.json"):
        answer = client.get(url)
        assert answer.status_code == 403 and "--follow-links" in answer.json()["error"], url
    assert client.get("/cells/room.ball.arc_2/0/0/rgb").status_code == 200
    assert ask(copy, follow_links=True).get(f"/cells/{GRID}/0/0/rgb").status_code == 200


def test_a_link_within_the_dataset_is_fine(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy"))
    shard = sorted((copy / "shards" / GRID).glob("*.parquet"))[0]
    shutil.move(shard, copy / "elsewhere.parquet")
    shard.symlink_to(copy / "elsewhere.parquet")
    assert ask(copy).get(f"/cells/{GRID}/0/0/rgb").status_code == 200


def test_thumbnails_are_not_written_through_a_link(ask: Ask, dataset_dir: Path, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy", ignore=shutil.ignore_patterns(".cache")))
    (tmp_path / "victim").mkdir()
    (copy / ".cache").symlink_to(tmp_path / "victim")
    assert ask(copy).get(f"/thumbs/{GRID}/mosaic.jpg").status_code == 200
    assert not list((tmp_path / "victim").rglob("*.jpg"))
    assert list((tmp_path / "user").rglob("*-mosaic.jpg"))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "evil@127.0.0.1",
                                  "192.168.1.7:8000", "", "127.0.0.1:x", "localhost/evil"])  # fmt: skip
def test_other_host_names_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/site.json", headers={"Host": host})
    assert answer.status_code == 421 and "dataset" not in answer.json()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:8000", "LOCALHOST:80", "127.0.0.2"])
def test_names_of_this_machine_are_taken(client: TestClient, host: str) -> None:
    assert client.get("/api/site.json", headers={"Host": host}).status_code == 200


def test_a_name_that_was_allowed_is_taken(ask: Ask, dataset_dir: Path) -> None:
    client = ask(dataset_dir, Access(names=("data.example.org",)))
    assert client.get("/api/site.json", headers={"Host": "Data.example.org"}).status_code == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:8001"}, {"Origin": "http://localhost:8000"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
])  # fmt: skip
def test_requests_of_other_sites_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get(f"/cells/{GRID}/0/0/rgb", headers=headers).status_code == 403
    body = {"cameras": [0], "times": [0]}
    assert client.post(f"/api/grids/{GRID}/clip.mp4", json=body, headers=headers).status_code == 403
    preflight = client.options(f"/api/grids/{GRID}/clip.mp4", headers={"Origin": "http://evil.example", **headers})
    assert preflight.status_code == 403 and not any(name.startswith("access-control") for name in preflight.headers)


def test_our_own_page_and_links_to_it_are_answered(client: TestClient) -> None:
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.get(f"/cells/{GRID}/0/0/rgb", headers=own).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/", headers={**link, "Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    for answer in (client.get("/"), client.get("/nothing"), client.get("/", headers={"Host": "evil.example"})):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "*" not in policy


def test_oversize_requests_are_refused(client: TestClient) -> None:
    url = f"/api/grids/{GRID}/clip.mp4"
    json_kind = {"Content-Type": "application/json"}
    assert client.post(url, content=b" " * 1_000_001, headers=json_kind).status_code == 413
    assert client.post(url, content=(b" " * 100_000 for _ in range(11)), headers=json_kind).status_code == 413
    assert client.get("/?" + "a" * 17_000).status_code == 414
    assert client.get(f"/api/sample.json?recipe_json={'1' * 9000}").status_code == 400
    too_many = {"cameras": [0] * 2001, "times": [0] * 2001}
    assert client.post(url, json=too_many).status_code == 400
    assert client.get(f"/api/grids/{GRID}/track.json?F=100000").status_code == 400
    assert client.get("/api/sample/stats.json?n=1000000").status_code == 400
    assert client.post(url, content="[" * 200_000, headers=json_kind).status_code == 400


def test_only_json_is_taken(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.post(f"/api/grids/{GRID}/clip.mp4", content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert client.put("/api/site.json").status_code == 405


def test_another_address_needs_a_token() -> None:
    for host in (EVERYWHERE, "192.168.1.7", "::", "example.org"):
        with pytest.raises(InputError, match="token"):
            Access(host)
    with pytest.raises(InputError, match="16"):
        Access(EVERYWHERE, "short")
    assert Access("localhost").loopback and Access("::1").loopback and Access("127.0.0.9").loopback


def test_the_token_opens_by_header_and_by_cookie_once_it_was_in_the_address(ask: Ask, dataset_dir: Path) -> None:
    client = ask(dataset_dir, Access(EVERYWHERE, TOKEN), base="http://192.168.1.7:8000")
    assert client.get("/api/site.json").status_code == 401
    assert client.get("/").status_code == 401
    for wrong in ("", "x", TOKEN + "x", TOKEN[:-1], "é"):
        assert client.get("/", params={"token": wrong}).status_code == 401
    assert client.get("/api/site.json", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/api/site.json", params={"token": TOKEN}).status_code == 401  # only the page takes it from there
    entered = client.get("/", params={"token": TOKEN})
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    assert client.get("/api/site.json").status_code == 200
    assert client.get("/api/site.json", headers={"Host": "evil.example"}).status_code == 421


def test_logs_are_read_only_below_the_ledger(ask: Ask, rendered_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(rendered_dir, tmp_path / "copy"))
    log = copy / "ledger/failures/courtyard.walker.arc/t0002-0003.log"
    client = ask(copy)
    assert client.get("/api/render/log", params={"unit": "courtyard.walker.arc/t0002-0003"}).text.endswith(
        "out of memory\n"
    )
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    log.unlink()
    log.symlink_to(secret)
    refused = client.get("/api/render/log", params={"unit": "courtyard.walker.arc/t0002-0003"})
    assert refused.status_code == 403 and SECRET not in refused.text
    for unit in ("../../../etc/passwd", "/etc/passwd", "courtyard.walker.arc/../x", os.fspath(secret), ""):
        assert client.get("/api/render/log", params={"unit": unit}).status_code == 404


def test_a_logs_place_in_the_ledger_cannot_lead_out(ask: Ask, rendered_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(rendered_dir, tmp_path / "copy"))
    (tmp_path / "secret.txt").write_text(SECRET)
    record = copy / "ledger/failures/courtyard.walker.arc/t0002-0003.json"
    record.write_text(
        record.read_text().replace("ledger/failures/courtyard.walker.arc/t0002-0003.log", "../secret.txt")
    )
    answer = ask(copy).get("/api/render/log", params={"unit": "courtyard.walker.arc/t0002-0003"})
    assert answer.status_code in (403, 404) and SECRET not in answer.text
