"""Headless Chromium for the viewer's benchmark: opens the explorer, points at cells, and times what is on the screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stream_data import Shape

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
CELL = ".cell-view .picture"

_SHOWN = """() => {
  const canvas = document.querySelector('.cell-view .picture');
  if (document.querySelector('main').getAttribute('aria-busy') !== 'false') return false;
  return canvas?.dataset.state === 'exact' ? performance.now() : false;
}"""

# Waits for a move of the pointer, then looks every animation frame whether the cell is there.
_EXPECT = """ending => {
  window.shown = new Promise((resolve, reject) => {
    window.addEventListener('pointermove', (event) => {
      const began = event.timeStamp;
      const look = () => {
        const canvas = document.querySelector('.cell-view .picture');
        const now = performance.now();
        if (canvas.dataset.state === 'exact' && canvas.dataset.url.split('?')[0].endsWith(ending)) resolve(now - began);
        else if (now - began > 20000) reject(new Error(`cell ${ending} did not come: ${canvas.dataset.url}`));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { capture: true, once: true });
  });
}"""


class Look:
    """The explorer of one grid in one browser."""

    def __init__(self, page: Any, base: str, shape: Shape):
        self._page, self._base, self._shape = page, base, shape
        self._errors: list[str] = []
        page.on("console", lambda message: self._errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._errors.append(str(error)))

    def open(self) -> float:
        """Load the page anew at the grid; seconds from the start of the navigation until its large cell is exact."""
        self._page.goto("about:blank")
        self._page.goto(f"{self._base}/#/grid/{self._shape.grid(0)}", wait_until="commit")
        shown = self._page.wait_for_function(_SHOWN, polling="raf", timeout=60_000)
        return float(shown.json_value()) / 1000

    def point_at(self, cells: list[tuple[int, int]]) -> list[float]:
        """Milliseconds from each move of the pointer until the frame in which that cell is exact."""
        box = self._page.locator(".pad-overlay").first.bounding_box()
        taken = []
        for camera, time in cells:
            self._page.evaluate(_EXPECT, f"/{camera}/{time}/rgb")
            x = box["x"] + (camera + 0.5) / self._shape.cameras * box["width"]
            y = box["y"] + (time + 0.5) / self._shape.times * box["height"]
            self._page.mouse.move(x, y)
            taken.append(float(self._page.evaluate("() => window.shown")))
        return taken

    def wait_for_mosaic(self) -> None:
        """Wait until the whole mosaic has been made and sent."""
        url = f"{self._base}/thumbs/{self._shape.grid(0)}/mosaic.jpg"
        answer = self._page.request.get(url, timeout=300_000)
        if not answer.ok:
            raise SystemExit(f"{url} was answered {answer.status}")

    def check(self) -> None:
        """Nothing may have gone wrong in the page."""
        if self._errors:
            raise SystemExit(f"the page logged errors: {self._errors[:3]}")


@contextmanager
def looking(base: str, shape: Shape) -> Iterator[Look]:
    """A browser with nothing cached."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        yield Look(page, base, shape)
        browser.close()
