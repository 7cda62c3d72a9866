"""A headless Chromium, a rendered dataset, and the page open in the one on the other.

Whatever a test does, the page may log no error and ask nobody but the server it came from: `Watch` collects that.
"""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.viewer.conftest import running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--font-render-hinting=none")

SPEC = """
version: 1
name: viewed
description: Three grids of 8×8 cells of the calibration scene.
seed: 5
grid: {cameras: 8, times: 8, fps: 8, times_per_unit: 2}
image: {width: 64, height: 64}
engine: {samples: 2, max_bounces: 1, view_transform: Standard}
passes: {rgb: png, depth: logpng16, instance: png16}
scenes: [{id: room, family: calibration}]
animations: [{id: ball, family: calibration}]
camera_paths: [{id: arc, kind: arc, sweep_deg: [50, 60]}, {id: dolly, kind: dolly}, {id: still, kind: static}]
path_checks: {min_subject_visible: 0.0, min_camera_visible: 0.0, min_clearance_m: 0.01}
"""

BLENDER_SAID = "Warning: 1 x Draw window\nError: <b>Out of memory</b> in 'mesh'\n"


@cache  # one render for all modules that look at it
def render_viewed(folder: Path) -> Path:
    """A dataset rendered by the command, with Blender. Something stands where some shards go, so that these units fail:
    grid room.ball.arc is whole, one unit of four of room.ball.dolly is missing, and all of room.ball.still."""
    root = folder / "viewed"
    spec = folder / "viewed.yaml"
    spec.write_text(SPEC, "utf-8")
    units = [("dolly", "t0004-0005"), *(("still", f"t{t:04d}-{t + 1:04d}") for t in (0, 2, 4, 6))]
    for path, unit in units:
        (root / "shards" / f"room.ball.{path}" / f"{unit}.parquet").mkdir(parents=True)
    (root / "ledger").mkdir()
    command = [sys.executable, "-m", "camxtime.cli", "render", str(spec), "--out", str(root), "--device", "cpu",
               "--workers", "1", "--threads", "2", "--retries", "0"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=380, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # 1: some units were set aside
    log = root / "ledger" / "failures" / "room.ball.dolly" / "t0004-0005.log"
    log.write_text(log.read_text() + BLENDER_SAID)  # this failure left Blender nothing to say
    return root


@dataclass
class Watch:
    """What a page logged and asked for."""

    base: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def follow(self, page: Any) -> None:
        """Listen to everything of the page."""
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))
        page.on("response", lambda answer: self.refused.append(answer.url) if answer.status >= 400 else None)

    def check(self) -> None:
        """No error, no request to anybody else."""
        assert not self.foreign, self.foreign
        assert not self.errors, (self.errors, self.refused)

    def _asked(self, url: str) -> None:
        ours = urlsplit(self.base)
        asked = urlsplit(url)
        if asked.scheme == "blob" and url.startswith(f"blob:{ours.scheme}://{ours.netloc}/"):
            return
        if (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc):
            self.foreign.append(url)


class Visit:
    """A page of the viewer, and how a person uses it."""

    def __init__(self, page: Any, base: str, watch: Watch):
        self.page, self.base, self.watch = page, base.rstrip("/"), watch

    def go(self, address: str) -> Visit:
        """Open an address such as `#/grid/room.ball.arc` and wait until the view is there."""
        self.page.goto(f"{self.base}/{address}")
        self.ready()
        return self

    def ready(self) -> None:
        """Wait until the view has been built."""
        self.page.wait_for_selector("main[aria-busy=false]")

    def exact(self, selector: str, ending: str) -> NDArray[np.uint8]:
        """Pixels [H, W, 3] of the canvas once it shows the image whose address has `ending` before its query."""
        self.page.wait_for_function(
            "([selector, ending]) => { const canvas = document.querySelector(selector);"
            " return canvas?.dataset.state === 'exact' && canvas.dataset.url.split('?')[0].endsWith(ending); }",
            arg=[selector, ending],
        )
        return self.pixels(selector)

    def pixels(self, selector: str) -> NDArray[np.uint8]:
        """Pixels [H, W, 3] of a canvas."""
        data = self.page.eval_on_selector(selector, "canvas => canvas.toDataURL('image/png')")
        with Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))) as image:
            return np.asarray(image.convert("RGB"))

    def on_pad(self, camera: float, time: float, cameras: int = 8, times: int = 8) -> tuple[float, float]:
        """Where the middle of a cell lies on the screen."""
        box = self.page.locator(".pad-overlay").first.bounding_box()
        return box["x"] + (camera + 0.5) / cameras * box["width"], box["y"] + (time + 0.5) / times * box["height"]

    def text(self, selector: str) -> str:
        """The text of the first element."""
        return str(self.page.locator(selector).first.inner_text())


@pytest.fixture(scope="session")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rendered dataset."""
    folder = tmp_path_factory.getbasetemp() / "viewed"
    folder.mkdir(exist_ok=True)
    return render_viewed(folder)


@pytest.fixture(scope="module")
def address(viewed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server of the rendered dataset listens."""
    with running(str(viewed), "--cache", str(tmp_path_factory.mktemp("thumbs"))) as base:
        yield base


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running browser."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Opens pages: `visit(base, viewport={...}, color_scheme="dark")`. At the end none may have logged an error."""
    contexts, watches = [], []

    def make(base: str, **options: Any) -> Visit:
        settings = {"viewport": {"width": 1280, "height": 900}, **options}
        context = chromium.new_context(base_url=base, **settings)
        context.set_default_timeout(20_000)
        page = context.new_page()
        watch = Watch(base)
        watch.follow(page)
        contexts.append(context)
        watches.append(watch)
        return Visit(page, base, watch)

    yield make
    for context in contexts:
        context.close()
    for watch in watches:
        watch.check()
