"""The page in a real browser on a rendered dataset: gallery and grid explorer."""

from __future__ import annotations

import json

import numpy as np
import pytest

import camxtime
from camxtime.geometry.reproject import View, reproject
from camxtime.sampling.tracks import ClipRef
from camxtime.shards.colours import depth_colours, instance_colours
from tests.viewer.page_fixtures import address, chromium, viewed, visit  # noqa: F401  fixtures

pytestmark = pytest.mark.slow

GRID = "room.ball.arc"
CELL = ".cell-view .picture"


@pytest.fixture(scope="module")
def grid(viewed):  # noqa: F811
    """The whole grid."""
    return camxtime.open(viewed).grid(GRID)


def test_the_gallery_lists_searches_and_filters_in_the_address(address, visit):  # noqa: F811
    look = visit(address).go("#/")
    cards = look.page.locator(".card")
    assert [card.get_attribute("data-grid") for card in cards.all()] == [GRID, "room.ball.dolly", "room.ball.still"]
    assert "3 grids" in look.text(".head [role=status]")
    look.page.get_by_label("Search grids").fill("dolly")
    assert cards.count() == 1 and look.text(".card h2") == "room.ball.dolly"
    look.page.wait_for_url("**/#/?q=dolly")
    look.page.get_by_label("Search grids").fill("")
    look.page.get_by_label("State").select_option("complete")
    assert cards.count() == 1 and cards.first.get_attribute("data-grid") == GRID
    look.page.get_by_label("Search grids").fill("nowhere")
    assert "No grid matches" in look.text("main")
    look.page.get_by_role("button", name="Clear the filters").click()
    assert cards.count() == 3
    shared = visit(address).go("#/?q=arc&status=complete")  # a link shares the view
    assert shared.page.locator(".card").count() == 1 and shared.page.get_by_label("State").input_value() == "complete"
    shared.page.locator(".card img").first.evaluate("image => image.decode()")
    shared.page.locator(".card").click()
    shared.page.wait_for_url(f"**/#/grid/{GRID}*")


def test_pointing_dragging_and_keys_show_the_cell_exactly(address, visit, grid):  # noqa: F811
    look = visit(address).go(f"#/grid/{GRID}")
    mouse = look.page.mouse
    for camera, time in ((0, 0), (7, 2), (3, 6)):
        mouse.move(*look.on_pad(camera, time))
        assert np.array_equal(look.exact(CELL, f"/{camera}/{time}/rgb"), grid.cell(camera, time).rgb)
    mouse.move(*look.on_pad(5, 1))
    mouse.down()
    mouse.move(*look.on_pad(2, 4), steps=6)  # a drag scrubs
    assert np.array_equal(look.exact(CELL, "/2/4/rgb"), grid.cell(2, 4).rgb)
    mouse.up()
    mouse.move(2, 2)  # away from the pad: the chosen cell stays
    for key, camera, time in (
        ("ArrowRight", 3, 4),
        ("ArrowUp", 3, 3),
        ("End", 7, 3),
        ("PageDown", 7, 7),
        ("ArrowDown", 7, 7),
    ):
        look.page.keyboard.press(key)
        assert np.array_equal(look.exact(CELL, f"/{camera}/{time}/rgb"), grid.cell(camera, time).rgb)
    look.page.wait_for_url("**c=7&t=7*")
    look.page.get_by_role("spinbutton", name="camera").first.fill("4")
    look.page.keyboard.press("Tab")
    look.exact(CELL, "/4/7/rgb")


def test_the_pad_is_drawn_from_the_cells(address, visit, grid):  # noqa: F811
    look = visit(address).go(f"#/grid/{GRID}")
    look.page.wait_for_function(
        "() => document.querySelector('.pad-base').getContext('2d').getImageData(4, 4, 1, 1).data[3] === 255"
    )
    pad = look.pixels(".pad-base").astype(float)
    for camera, time in ((0, 0), (6, 1), (2, 7)):
        rows, columns = (slice(i * n // 8, (i + 1) * n // 8) for i, n in ((time, pad.shape[0]), (camera, pad.shape[1])))
        assert np.abs(pad[rows, columns].mean((0, 1)) - grid.cell(camera, time).rgb.mean((0, 1))).max() < 6


def test_a_drawn_track_plays_and_is_saved_as_json_and_mp4(address, visit, grid, tmp_path):  # noqa: F811
    look = visit(address).go(f"#/grid/{GRID}")
    mouse = look.page.mouse
    look.page.get_by_role("button", name="Draw", exact=True).click()
    mouse.move(*look.on_pad(1, 6))
    mouse.down()
    for cell in ((4, 6), (4, 2), (7, 2)):
        mouse.move(*look.on_pad(*cell), steps=8)
    mouse.up()
    cameras = [1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7]
    times = [6, 6, 6, 6, 5, 4, 3, 2, 2, 2, 2]
    look.page.wait_for_function("() => document.querySelector('.track-status').textContent.startsWith('11 frames')")
    look.page.wait_for_url("**track=hand*")

    with look.page.expect_download() as saved:
        look.page.get_by_role("button", name="Save JSON").click()
    saved.value.save_as(tmp_path / "track.json")
    clip = ClipRef.of_json(json.loads((tmp_path / "track.json").read_text()))  # what the sampler reads
    assert clip.grids == (GRID,) and (clip.track.cameras.tolist(), clip.track.times.tolist()) == (cameras, times)

    with look.page.expect_download() as saved:
        look.page.get_by_role("button", name="Save MP4").click()
    saved.value.save_as(tmp_path / "track.mp4")
    assert nearest_cells(tmp_path / "track.mp4", grid) == list(zip(cameras, times, strict=True))

    look.page.get_by_role("button", name="Clips").click()
    slider = look.page.get_by_label("Frame", exact=True)
    for frame in (0, 5, 10):
        slider.fill(str(frame))
        shown = look.exact("[data-clip=target] .picture", f"/{cameras[frame]}/{times[frame]}/rgb")
        assert np.array_equal(shown, grid.cell(cameras[frame], times[frame]).rgb)
    assert np.array_equal(look.exact("[data-clip=source] .picture", "/7/7/rgb"), grid.cell(7, 7).rgb)  # the diagonal
    slider.fill("0")
    look.exact("[data-clip=target] .picture", "/1/6/rgb")
    look.page.evaluate(
        "() => { window.seen = []; const canvas = document.querySelector('[data-clip=target] .picture');"
        " new MutationObserver(() => window.seen.push(canvas.dataset.url.split('?')[0].split('/').slice(-3, -1).join(' ')))"
        ".observe(canvas, {attributes: true, attributeFilter: ['data-url']}); }"
    )
    look.page.get_by_label("Repeat").select_option("once")
    look.page.get_by_label("Speed").select_option("0.5")
    look.page.get_by_role("button", name="Play").click()
    look.page.get_by_role("button", name="Play").wait_for()  # it has become Pause and, at the end, Play again
    look.page.wait_for_function("() => document.querySelector('.frame-number').textContent === '11 / 11'")
    seen = [tuple(map(int, cell.split())) for cell in dict.fromkeys(look.page.evaluate("window.seen"))]
    track = list(zip(cameras, times, strict=True))
    assert len(seen) >= 4 and seen == [cell for cell in track if cell in seen]  # in order; a busy machine drops frames

    look.page.reload()  # the drawn track stands in the address
    look.ready()
    look.page.wait_for_function("() => document.querySelector('.track-status').textContent.startsWith('11 frames')")


def nearest_cells(video, grid) -> list[tuple[int, int]]:
    """For each frame of an MP4 the cell that it looks most like."""
    av = pytest.importorskip("av")
    cells = [(c, t) for c in range(grid.C) for t in range(grid.T)]
    images = np.stack([grid.cell(c, t).rgb for c, t in cells]).astype(np.float32)
    found = []
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            error = np.abs(images - frame.to_ndarray(format="rgb24").astype(np.float32)).mean((1, 2, 3))
            found.append(cells[int(error.argmin())])
            assert error.min() < 6
    return found


def test_tracks_by_name_files_and_keys(address, visit, grid, tmp_path):  # noqa: F811
    look = visit(address).go(f"#/grid/{GRID}?c=5&t=2")
    target = look.page.get_by_label("Target")
    options = target.locator("option").all_inner_texts()
    assert {"Diagonal", "Bullet time at…", "Fixed camera…", "reverse", "zigzag", "smooth random", "sub range"} <= set(
        options
    )

    def saved() -> dict:
        with look.page.expect_download() as file:
            look.page.get_by_role("button", name="Save JSON").click()
        return json.loads(file.value.path().read_text())

    def chosen(name: str, frames: int) -> dict:
        target.select_option(name)
        look.page.wait_for_function(
            f"() => document.querySelector('.track-status').textContent.startsWith('{frames} frames')"
        )
        look.page.wait_for_url(f"**track={name}*")
        return saved()

    assert chosen("reverse", 8) == {"grid": GRID, "cameras": list(range(8)), "times": list(range(7, -1, -1))}
    assert chosen("bullet", 8) == {"grid": GRID, "cameras": list(range(8)), "times": [2] * 8}
    assert chosen("fixed", 8) == {"grid": GRID, "cameras": [5] * 8, "times": list(range(8))}
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"cameras": [3, 3, 6], "times": [0, 7, 4]}))
    look.page.get_by_label("Track file").set_input_files(file)
    look.page.wait_for_url("**track=file*")
    assert saved() == {"grid": GRID, "cameras": [3, 3, 6], "times": [0, 7, 4]}
    file.write_text(json.dumps({"cameras": [3, 8], "times": [0, 1]}))
    look.page.get_by_label("Track file").set_input_files(file)
    look.page.wait_for_function("() => document.querySelector('.track-status').textContent.includes('mine.json')")
    assert "mine.json: 'cameras' holds 8; this grid has 0 to 7." in look.text(".track-status")
    look.page.get_by_role("button", name="Clear").click()
    look.page.locator(".pad-overlay").focus()
    for key in ("d", "Enter", "ArrowRight", "ArrowRight", "Enter", "ArrowDown", "Enter", "Backspace", "Escape"):
        look.page.keyboard.press(key)
    look.page.wait_for_url("**track=hand*")
    assert saved() == {"grid": GRID, "cameras": [5, 6, 7], "times": [2, 2, 2]}


def test_passes_and_the_read_out(address, visit, grid):  # noqa: F811
    look = visit(address).go(f"#/grid/{GRID}?c=2&t=5")
    cell = grid.cell(2, 5)
    look.page.get_by_role("button", name="Depth").click()
    near, far = look.page.evaluate(f"fetch('api/grids/{GRID}.json').then((answer) => answer.json())")["depth_range"]
    assert np.array_equal(look.exact(CELL, "/2/5/depth.png"), depth_colours(cell.depth, near, far))
    look.page.locator(".legend img").evaluate("image => image.decode()")
    look.page.get_by_role("button", name="Instances").click()
    assert np.array_equal(look.exact(CELL, "/2/5/instance.png"), instance_colours(cell.instance))
    names = {entry["id"]: entry["name"] for entry in grid.row.instances}
    listed = look.text(".instances")
    assert all(names[i] in listed for i in np.unique(cell.instance) if i)
    frame = look.page.locator(".stage-frame")
    box = frame.bounding_box()
    for x, y in ((10, 3), (32, 40), (63, 63), (0, 20)):
        look.page.mouse.move(box["x"] + (x + 0.5) / 64 * box["width"], box["y"] + (y + 0.5) / 64 * box["height"])
        look.page.wait_for_selector(f".readout[data-x='{x}'][data-y='{y}']")
        read = float(look.page.locator(".readout").get_attribute("data-depth").replace("Infinity", "inf"))
        stored = float(cell.depth[y, x])
        assert read == stored
        words = look.text(".readout")
        assert ("no surface" if np.isinf(stored) else f"{stored:.3f}"[:4]) in words
        assert (names[int(cell.instance[y, x])] if cell.instance[y, x] else "nothing") in words


def test_the_warp_check_shows_shares_of_the_reprojection(address, visit, grid):  # noqa: F811
    look = visit(address).go(f"#/grid/{GRID}?c=1&t=3")
    look.page.get_by_role("button", name="Warp check").click()
    look.page.locator(".pad-overlay").focus()
    look.page.keyboard.press("ArrowRight")
    look.page.keyboard.press("ArrowRight")
    look.page.wait_for_selector("[data-share=agree]")
    look.page.wait_for_url("**c=3*check=1.3*")
    a, b = (View(grid.cell(c, 3).depth, grid.cameras.c2w[c], grid.cameras.K[c]) for c in (3, 1))
    counts = reproject(a, b).counts
    look.page.wait_for_function("() => document.querySelector('.check-layer').dataset.url.includes('/3/3/overlap.png')")
    shown = float(look.page.locator("[data-share=agree]").get_attribute("data-value"))
    assert shown == pytest.approx(counts["agree"] / 64**2, abs=1e-3)


def test_what_is_not_there_says_so(address, visit):  # noqa: F811
    look = visit(address).go("#/grid/no.such.grid")
    assert 'There is no grid "no.such.grid"' in look.text("main [role=alert]")
    look.go("#/nowhere")
    assert 'There is no view "nowhere"' in look.text("main [role=alert]")
    look.go("#/grid/room.ball.still")
    assert "Nothing of this grid is rendered yet" in look.text("main")
    look.go("#/grid/room.ball.dolly?c=2&t=4")  # in the unit that failed
    look.page.wait_for_selector(".stage-note:not([hidden])")
    assert "Camera 2, time 4" in look.text(".stage-note")
    assert look.watch.refused and look.watch.errors  # the browser logs the refusal of that cell: expected
    look.watch.errors.clear()
