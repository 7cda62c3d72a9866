"""The command itself, thumbnails on disk, memory, and datasets far away."""

from __future__ import annotations

import os
import shutil
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from camxtime.cli import main
from camxtime.viewer.memory import ByteCache
from camxtime.viewer.options import Access
from camxtime.viewer.serve import address
from camxtime.viewer.thumb_store import ThumbStore
from tests.http_server import range_server
from tests.viewer.conftest import GRID, Ask


def read(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  our own server
        data: bytes = answer.read()
        return data


def test_the_command_serves_and_ends_by_ctrl_c(serve: Callable[..., str], dataset_dir: Path, tmp_path: Path) -> None:
    base = serve(dataset_dir, "--cache", tmp_path)
    assert b"<!doctype html" in read(base).lower()
    assert read(f"{base}cells/{GRID}/0/0/rgb")[:2] == b"\xff\xd8"


def test_mistakes_are_explained(tmp_path: Path, dataset_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code, words in (
        ([str(tmp_path / "none")], 2, "no folder"),
        ([str(tmp_path)], 1, "not a camxtime dataset"),
        ([str(dataset_dir), "--host", "192.168.1.7"], 2, "--token"),
        ([str(dataset_dir), "--manifest", str(tmp_path / "none.json")], 2, "no such manifest"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["view", *arguments, "--no-open"])
        assert stop.value.code == code and words in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(dataset_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stop:
            main(["view", str(dataset_dir), "--no-open", "--port", str(port)])
    assert stop.value.code == 2 and f"127.0.0.1:{port}" in capsys.readouterr().err


def test_addresses() -> None:
    assert address(Access(), 80) == "http://127.0.0.1:80/"
    assert address(Access("::1"), 80) == "http://[::1]:80/"
    token = "x" * 16
    assert address(Access("example.org", token), 9) == f"http://example.org:9/?token={token}"


def test_a_dataset_far_away(ask: Ask, dataset_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    with range_server(dataset_dir) as web:
        client = ask(web.url)
        here = ask(dataset_dir, cache=tmp_path / "here")
        for path in (f"/cells/{GRID}/4/3/rgb", f"/cells/{GRID}/4/3/depth.bin", f"/thumbs/{GRID}/mosaic.jpg", "/api/grids.json",
                     "/api/sample.json?index=3"):  # fmt: skip
            assert client.get(path).content == here.get(path).content, path
        site = client.get("/api/site.json").json()
        assert site["features"]["render"] is False and site["dataset"]["status"] == "complete"
        assert list((tmp_path / "user").rglob("*-mosaic.jpg"))
        web.status = 404
        answer = client.get(f"/cells/{GRID}/5/3/rgb")
        assert answer.status_code == 500 and "shards" in answer.json()["error"]


def test_damaged_cells_say_so(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy"))
    shard = sorted((copy / "shards" / GRID).glob("*.parquet"))[0]
    shard.write_bytes(bytes(len(shard.read_bytes())))
    answer = ask(copy, cache=tmp_path / "cache").get(f"/cells/{GRID}/0/0/rgb")
    assert answer.status_code == 500 and "checksum" in answer.json()["error"]


def test_thumbnails_lie_beside_the_dataset_and_are_made_once(ask: Ask, dataset_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy", ignore=shutil.ignore_patterns(".cache")))
    first = ask(copy).get(f"/thumbs/{GRID}/mosaic.jpg").content
    [kept] = (copy / ".cache" / "viewer").rglob("*-mosaic.jpg")
    assert kept.read_bytes() == first
    kept.write_bytes(b"kept")
    assert ask(copy).get(f"/thumbs/{GRID}/mosaic.jpg").content == b"kept"
    with pytest.raises(SystemExit) as stop:
        main(["verify", str(copy), "--quick"])
    assert not stop.value.code


def test_a_read_only_dataset_uses_the_users_cache(ask: Ask, dataset_dir: Path, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    copy = Path(shutil.copytree(dataset_dir, tmp_path / "copy", ignore=shutil.ignore_patterns(".cache")))
    (copy / ".cache").write_text("in the way")
    assert ask(copy).get(f"/thumbs/{GRID}/mosaic.jpg").status_code == 200
    assert list((tmp_path / "user").rglob("*-mosaic.jpg"))


def test_thumbnails_are_bounded(tmp_path: Path) -> None:
    store = ThumbStore([tmp_path], 10_000)
    (tmp_path / "camxtime-thumbs-1" / "mine.txt").write_text("not a thumbnail")
    digests = [f"{number:064x}" for number in range(40)]
    for age, digest in enumerate(digests):
        store.put(digest, "mosaic.jpg", bytes(1000))
        os.utime(tmp_path / "camxtime-thumbs-1" / f"{digest}-mosaic.jpg", (age, age))
        assert store.nbytes() <= 10_000
    assert store.get(digests[-1], "mosaic.jpg") == bytes(1000) and store.get(digests[0], "mosaic.jpg") is None
    store.put(digests[0], "mosaic.jpg", bytes(5_000))  # much of the bound: not kept
    assert store.get(digests[0], "mosaic.jpg") is None
    assert (tmp_path / "camxtime-thumbs-1" / "mine.txt").exists()


def test_memory_is_bounded_and_the_same_is_made_once() -> None:
    cache: ByteCache[bytes] = ByteCache(1000, len)
    for number in range(50):
        cache.get(number, lambda: bytes(100))
        assert cache.nbytes <= 1000
    cache.get("large", lambda: bytes(900))
    assert cache.nbytes <= 1000 and cache.get(49, lambda: b"made anew") == bytes(100)
    made: list[int] = []
    gate = threading.Barrier(8)

    def make() -> bytes:
        made.append(1)
        return b"x"

    def ask_for_it() -> None:
        gate.wait()
        assert cache.get("shared", make) == b"x"

    threads = [threading.Thread(target=ask_for_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_failure_is_not_kept() -> None:
    cache: ByteCache[bytes] = ByteCache(1000, len)

    def fail() -> bytes:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cache.get("a", fail)
    assert cache.get("a", lambda: b"yes") == b"yes"


def test_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off only for sockets whose protocol is named; else every answer waits for 40 ms."""
    import socket

    from camxtime.viewer.serve import _listen

    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
