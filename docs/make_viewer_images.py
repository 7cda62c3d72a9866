"""Make the pictures of docs/viewer.md: screenshots and a short clip of the page on the demo dataset.

python docs/make_viewer_images.py                    all of them, of out/demo, into docs/images
python docs/make_viewer_images.py --only space wide  some again
python docs/make_viewer_images.py --dataset DIR --out DIR

Needs Chromium and Playwright. A benchmark is cut of the dataset and two baselines are its predictions.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import camxtime
from camxtime.evaluation.baselines import BASELINES
from camxtime.evaluation.items import load_items
from camxtime.evaluation.tasks import TaskReader, checked

ROOT = Path(__file__).parent.parent
SHOWN, DEPTH, SPACE = "meadow.quadruped.arc", "courtyard.walker.arc", "living_room.balls.dolly"
METHODS = ("copy", "depth-warp")
LAPTOP, LARGE, PHONE = (1440, 900), (1920, 1080), (360, 740)
CLIP_SIZE, CLIP_SHARE, CLIP_FPS, CLIP_BYTES = (1200, 800), 0.7, 10, 1_000_000
FLAT, RARE = 56, 64  # of 256 palette colours: exact ones of the page's flat areas, ones that reach rare colours


def cut_benchmark(dataset: Path, folder: Path) -> list[str]:
    """A benchmark and predictions of baselines; the arguments of `camxtime view` that show them."""
    file = folder / "benchmark.json"
    command = [sys.executable, "-m", "camxtime.cli", "split", str(dataset), "--hold-out", "test=2", "--by", "scene",
               "--out", str(folder / "splits.json"), "--benchmark", str(file)]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    reader = TaskReader(camxtime.open(dataset))
    for item in load_items(file).items:
        task = reader.task(item)
        for method in METHODS:
            frames = checked(task, BASELINES[method](task)).frames
            target = folder / method / item.id
            target.mkdir(parents=True)
            for number, frame in enumerate(frames):
                Image.fromarray(frame).save(target / f"{number:04d}.png")
    manifests = ["--manifest", str(file), "--manifest", str(folder / "splits.json")]
    return manifests + [word for method in METHODS for word in ("--predictions", str(folder / method))]


@contextmanager
def server(dataset: Path, words: list[str]) -> Iterator[str]:
    """`camxtime view` in a child process; its address."""
    command = [sys.executable, "-m", "camxtime.cli", "view", str(dataset), "--no-open", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            line = child.stdout.readline() if child.stdout else ""
            found = re.search(r"http://\S+", line)
            if found is None:
                raise RuntimeError(f"camxtime view did not start: {line}")
            yield found[0]
        finally:
            child.send_signal(signal.SIGINT)


def with_palette(image: Image.Image) -> Image.Image:
    """The image in 256 colours, dithered: half the bytes of a PNG and no visible loss."""
    counted = sorted(image.getcolors(1 << 24) or [], reverse=True)
    flat = [part for _, colour in counted[:FLAT] for part in colour]
    usual = image.quantize(256 - FLAT - RARE, method=Image.Quantize.MEDIANCUT, kmeans=1).getpalette() or []
    rare = image.quantize(RARE, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette((flat + usual[: 3 * (256 - FLAT - RARE)] + rare[: 3 * RARE])[:768])
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


class Camera:
    """Opens views and photographs them."""

    def __init__(self, browser: Browser, base: str, out: Path):
        self.browser, self.base, self.out = browser, base, out

    def open(self, view: str, size: tuple[int, int], theme: str) -> Page:
        """A page at a view, everything drawn."""
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
        page = context.new_page()
        page.goto(f"{self.base}{view}")
        page.wait_for_selector("main[aria-busy=false]")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(600)
        return page

    def shoot(
        self, view: str, size: tuple[int, int], theme: str, act: Callable[[Page], Any] | None = None
    ) -> Image.Image:
        """A screenshot, after what `act` does."""
        page = self.open(view, size, theme)
        if act is not None:
            act(page)
            page.wait_for_timeout(900)
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        page.context.close()
        return image

    def save(self, name: str, image: Image.Image) -> None:
        """A small PNG in the folder of images."""
        file = self.out / f"{name}.png"
        with_palette(image).save(file, optimize=True)
        print(f"{file}  {file.stat().st_size / 1000:.0f} kB")


def at_frame(frame: int) -> Callable[[Page], None]:
    """Moves the time line."""
    return lambda page: page.get_by_label("Frame", exact=True).fill(str(frame))


def on_pad(page: Page, camera: float, time: float) -> tuple[float, float]:
    """Where a cell of 16 × 16 lies on the screen."""
    box = page.locator(".pad-overlay").bounding_box() or {}
    return box["x"] + (camera + 0.5) / 16 * box["width"], box["y"] + (time + 0.5) / 16 * box["height"]


def laptop(camera: Camera) -> None:
    """One screenshot of each view."""
    explorer = f"#/grid/{SHOWN}?c=10&t=4&track=ping_pong&show=clips"
    camera.save("viewer", camera.shoot(explorer, LAPTOP, "light", at_frame(9)))
    camera.save("viewer-gallery", camera.shoot("#/", LAPTOP, "dark"))
    camera.save("viewer-depth", camera.shoot(f"#/grid/{DEPTH}?c=5&t=7&pass=depth", LAPTOP, "dark", probe))
    camera.save("viewer-check", camera.shoot(f"#/grid/{DEPTH}?c=9&t=7&check=2.3", LAPTOP, "light"))
    camera.save("viewer-pairs", camera.shoot("#/pairs?index=5", (1440, 1280), "light", draw_pairs))
    camera.save("viewer-benchmark", camera.shoot("#/benchmark", LAPTOP, "dark", worst))
    camera.save("viewer-render", camera.shoot("#/render", (1440, 440), "light"))


def space(camera: Camera) -> None:
    """Cameras and points."""
    view = f"#/space/{SPACE}?c=12&t=6"
    camera.save(
        "viewer-space", camera.shoot(view, LAPTOP, "dark", lambda page: page.get_by_role("button", name="8").click())
    )


def probe(page: Page) -> None:
    """Point at the subject's depth."""
    box = page.locator(".stage-frame").bounding_box() or {}
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.45 * box["height"])


def draw_pairs(page: Page) -> None:
    """Frame 10 of a pair, and the statistics below it."""
    at_frame(13)(page)
    page.get_by_role("button", name="Draw them").click()
    page.wait_for_selector(".heat")


def worst(page: Page) -> None:
    """Wait for all scores; order by the better method."""
    page.wait_for_selector(".notice", state="hidden", timeout=120_000)
    page.get_by_label("Order by").select_option("depth-warp")
    page.locator("td button.row").first.click()
    at_frame(8)(page)


def phone(camera: Camera) -> None:
    """Five views at 360 pixels, side by side, in either theme."""
    views = ("#/", f"#/grid/{SHOWN}?c=10&t=4", f"#/space/{SPACE}?c=12&t=6", "#/pairs?index=5", "#/benchmark")
    for theme in ("light", "dark"):
        shots = [camera.shoot(view, PHONE, theme) for view in views]
        strip = Image.new("RGB", (len(shots) * (PHONE[0] + 12) - 12, PHONE[1]), (128, 128, 128))
        for place, shot in enumerate(shots):
            strip.paste(shot, (place * (PHONE[0] + 12), 0))
        camera.save(f"viewer-360-{theme}", strip)


def wide(camera: Camera) -> None:
    """The explorer at 1,920 pixels in either theme."""
    for theme, view in (
        ("light", f"#/grid/{SHOWN}?c=10&t=4&track=camera:eased"),
        ("dark", f"#/grid/{DEPTH}?c=5&t=7&pass=instance"),
    ):
        camera.save(f"viewer-1920-{theme}", camera.shoot(view, LARGE, theme))


def clip(camera: Camera) -> None:
    """A few seconds of use: point, scrub, draw a track, play it."""
    page = camera.open(f"#/grid/{SHOWN}?c=0&t=0", CLIP_SIZE, "light")
    page.evaluate(CURSOR)
    shots: list[Image.Image] = []
    size = (round(CLIP_SIZE[0] * CLIP_SHARE), round(CLIP_SIZE[1] * CLIP_SHARE))

    def shot(times: int = 1) -> None:
        page.wait_for_timeout(150)
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        shots.extend([image.resize(size, Image.Resampling.LANCZOS)] * times)

    def way(points: list[tuple[float, float]], steps: int) -> None:
        for (c0, t0), (c1, t1) in pairwise(points):
            for step in range(1, steps + 1):
                page.mouse.move(*on_pad(page, c0 + (c1 - c0) * step / steps, t0 + (t1 - t0) * step / steps))
                shot()

    way([(0, 0), (15, 0), (15, 15)], 10)  # all cameras of a moment, then all times of a camera
    page.get_by_role("button", name="Draw", exact=True).click()
    page.mouse.move(*on_pad(page, 1, 13))
    page.mouse.down()
    way([(1, 13), (7, 3), (12, 3), (14, 12)], 6)
    page.mouse.up()
    shot(3)
    page.get_by_role("button", name="Clips").click()
    page.mouse.move(*on_pad(page, 15, 15))
    for frame in range(int(page.get_by_label("Frame", exact=True).get_attribute("max") or 0) + 1):
        at_frame(frame)(page)
        shot()
    shot(4)
    page.context.close()
    file = camera.out / "viewer.webp"
    for quality in (70, 55, 40, 25):
        shots[0].save(
            file, save_all=True, append_images=shots[1:], duration=1000 // CLIP_FPS, loop=0, quality=quality, method=4
        )
        if file.stat().st_size < CLIP_BYTES:
            break
    print(f"{file}  {file.stat().st_size / 1000:.0f} kB, {len(shots)} frames")


CURSOR = """() => {
  const mark = document.createElement('div');
  Object.assign(mark.style, {position: 'fixed', zIndex: 99, width: '16px', height: '16px', margin: '-8px 0 0 -8px',
    borderRadius: '50%', background: 'rgb(255 255 255 / 0.85)', border: '2px solid #111', pointerEvents: 'none'});
  document.body.append(mark);
  addEventListener('pointermove', (event) =>
    Object.assign(mark.style, {left: event.clientX + 'px', top: event.clientY + 'px'}), true);
}"""
"""Screenshots do not show the pointer: a dot that follows it."""

PARTS = {"laptop": laptop, "space": space, "phone": phone, "wide": wide, "clip": clip}


def main() -> None:
    """Start a server, take the pictures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dataset", type=Path, default=ROOT / "out" / "demo")
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    wanted = options.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("There is no chromium on this machine.")
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        words = [*cut_benchmark(wanted.dataset, Path(scratch)), "--cache", str(Path(scratch) / "thumbs")]
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--use-angle=swiftshader",
                                             "--enable-unsafe-swiftshader"])  # fmt: skip
        with server(wanted.dataset, words) as base:
            for part in wanted.only:
                PARTS[part](Camera(browser, base, wanted.out))
        browser.close()


if __name__ == "__main__":
    main()
