"""The exported page, served by a plain file server, in a real browser."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from click.testing import CliRunner

import camxtime
from camxtime.cli.view import command as view
from camxtime.viewer.clips import TrackWish, named_track
from tests.viewer.page_fixtures import chromium, visit  # noqa: F401  fixtures

GRID = "room.ball.arc"


class Silent(SimpleHTTPRequestHandler):
    """A file server that does not log."""

    def log_message(self, *_) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(dataset_dir, tmp_path_factory):
    """Where the export of a dataset is served."""
    folder = tmp_path_factory.mktemp("export") / "site"
    words = [str(dataset_dir), "--export", str(folder), "--yes"]
    assert CliRunner().invoke(view, words, catch_exceptions=False).exit_code == 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_an_exported_page_shows_cells_tracks_and_space(site, visit, dataset_dir):  # noqa: F811
    grid = camxtime.open(dataset_dir).grid(GRID)
    look = visit(site).go("#/")
    assert look.page.locator("#nav a").all_inner_texts() == ["Grids"]  # what needs a server is not there
    look.page.locator(f"[data-grid='{GRID}']").click()
    look.page.wait_for_selector(".explore")
    assert look.page.get_by_role("button", name="Save MP4").count() == 0
    assert look.page.get_by_role("button", name="Warp check").count() == 0
    look.page.mouse.move(*look.on_pad(4, 2, grid.C, grid.T))
    shown = look.exact(".cell-view .picture", "/4/2/rgb")
    assert np.abs(shown.astype(int) - grid.cell(4, 2).rgb).mean() < 1  # two decoders of one JPEG
    for name in ("reverse", "bullet"):
        look.page.get_by_label("Target").select_option(name)
        look.page.wait_for_url(f"**track={name}*")
    look.page.get_by_role("button", name="Clips").click()
    look.exact("[data-clip=source] .picture", "/0/0/rgb")
    look.go(f"#/space/{GRID}?c=2&t=1")
    look.page.wait_for_selector(f"[data-points='{int(np.isfinite(grid.cell(2, 1).depth).sum())}']")
    wishes = [
        (cameras, times, {"name": name, "F": frames, "camera": cameras // 2, "time": times // 2})
        for cameras in (1, 5, 16) for times in (1, 7, 16) for frames in (None, 1, 13, 40)
        for name in ("diagonal", "bullet", "fixed")
    ]  # fmt: skip
    here = look.page.evaluate(
        "async (wishes) => { const { plainTrack } = await import(new URL('js/track_choice.js', document.baseURI).href);"
        " return wishes.map(([C, T, wish]) => plainTrack({ C, T }, wish)); }",
        wishes,
    )
    for (cameras, times, wish), plain in zip(wishes, here, strict=True):
        named = named_track(cameras, times, TrackWish(wish["name"], wish["F"], 0, wish["camera"], wish["time"]))
        assert plain == {"cameras": list(named["cameras"]), "times": list(named["times"])}, wish
