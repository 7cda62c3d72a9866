"""The page's other views in a real browser: space, pairs, render, benchmark."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import camxtime
from camxtime.cli.split import command as split
from camxtime.evaluation.items import load_items
from camxtime.sampling import PairSampler, Recipe
from tests.viewer.conftest import running
from tests.viewer.page_fixtures import BLENDER_SAID, address, chromium, viewed, visit  # noqa: F401  fixtures

pytestmark = pytest.mark.slow

GRID = "room.ball.arc"


@pytest.fixture(scope="module")
def dataset(viewed):  # noqa: F811
    """The rendered dataset, opened."""
    return camxtime.open(viewed)


def test_space_shows_every_point_and_goes_to_the_camera_clicked(address, visit, dataset):  # noqa: F811
    grid = dataset.grid(GRID)
    look = visit(address).go(f"#/space/{GRID}?c=2&t=3")
    hits = int(np.isfinite(grid.cell(2, 3).depth).sum())
    look.page.wait_for_selector(f"[data-points='{hits}']")
    assert f"{grid.cameras.c2w[2, 0, 3]:.3f}" in look.text(".facts")
    canvas = look.page.locator(".space-canvas")
    look.page.get_by_role("button", name="Through the camera").click()
    look.page.wait_for_timeout(300)
    seen = look.pixels(".space-canvas").astype(float)  # the points cover the cell's own picture
    height, width = seen.shape[:2]
    side = min(width, height)
    middle = seen[(height - side) // 2 : (height + side) // 2, (width - side) // 2 : (width + side) // 2]
    small = np.asarray(Image.fromarray(middle.astype(np.uint8)).resize((64, 64), Image.Resampling.BOX), float)
    error = np.abs(small - grid.cell(2, 3).rgb)[np.isfinite(grid.cell(2, 3).depth)]
    assert np.median(error) < 4
    look.page.get_by_role("button", name="Orbit").click()
    canvas.focus()
    for key, camera in (("]", 3), ("[", 2)):
        look.page.keyboard.press(key)
        look.page.wait_for_function(f"() => document.querySelector('.space input[type=number]').value === '{camera}'")
    before = look.pixels(".space-canvas")
    for key in ("ArrowLeft", "+", "Shift+ArrowUp"):
        look.page.keyboard.press(key)
    look.page.wait_for_timeout(300)
    assert (look.pixels(".space-canvas") != before).any()
    look.page.keyboard.press("0")
    look.page.wait_for_timeout(300)
    box = canvas.bounding_box()
    chosen = set()
    for share in np.linspace(0.02, 0.98, 25):  # along a line over the arc of cameras, a click finds several of them
        for height in (0.35, 0.45, 0.55, 0.65):
            look.page.mouse.click(box["x"] + share * box["width"], box["y"] + height * box["height"])
            chosen.add(look.page.locator(".space input[type=number]").first.input_value())
        if len(chosen) > 2:
            break
    assert len(chosen) > 2


def test_the_pair_shown_is_the_samplers(address, visit, dataset):  # noqa: F811
    recipe = Recipe(frames=8)  # the default one, as long as the grid allows
    look = visit(address).go("#/pairs?index=5&seed=3")
    look.page.wait_for_selector("[data-pair='5']")
    pair = PairSampler(dataset, recipe, seed=3).pair(5)
    words = look.text("[data-pair='5']")
    assert [word for word in (pair.task, pair.warp, pair.camera, GRID) if word not in words] == []
    slider = look.page.get_by_label("Frame", exact=True)
    for frame in (0, len(pair.target) - 1):
        slider.fill(str(frame))
        for side, clip in (("source", pair.source), ("target", pair.target)):
            camera, time = int(clip.track.cameras[frame]), int(clip.track.times[frame])
            shown = look.exact(f"[data-clip={side}] .picture", f"/{camera}/{time}/rgb")
            assert np.array_equal(shown, dataset.grid(GRID).cell(camera, time).rgb)
            assert f"camera {camera}, time {time}" in look.text(f".pose[data-side={side}]")
            c2w = dataset.grid(GRID).cameras.c2w
            pose = np.linalg.inv(c2w[pair.source.track.cameras[0]]) @ c2w[camera]
            written = np.array(look.text(f".pose[data-side={side}] pre").split(), float).reshape(3, 4)
            assert np.allclose(written, pose[:3], atol=1e-3)
    look.page.get_by_role("button", name="Next pair").click()
    look.page.wait_for_selector("[data-pair='6']")
    look.page.wait_for_url("**index=6*")
    look.page.locator(".stats-panel select").select_option("100")
    look.page.wait_for_selector(".heat")
    counts = look.page.eval_on_selector_all(
        ".stats section:nth-child(2) [data-name]",
        "rows => rows.map((row) => [row.dataset.name, Number(row.dataset.count)])",
    )
    sampler = PairSampler(dataset, recipe, seed=3)
    drawn = [sampler.pair(i).task for i in range(100)]
    assert dict(counts) == {task: drawn.count(task) for task in set(drawn)}


def test_a_failed_unit_shows_its_log(address, visit):  # noqa: F811
    look = visit(address).go("#/render")
    assert look.text(".head .badge") == "incomplete"
    assert "7 of 12 committed, 5 failed" in look.text(".facts")
    assert look.page.locator(".unit-map .unit-failed").count() == 5
    failure = look.page.locator("[data-unit='room.ball.dolly t0004-0005']")
    assert "Is a directory" in failure.inner_text()
    failure.locator("summary").click()
    look.page.wait_for_function("() => document.querySelector('.failure[open] .log').textContent !== 'Loading…'")
    assert failure.locator(".log").text_content() == BLENDER_SAID  # its markup is text
    assert failure.locator(".log b").count() == 0


@pytest.fixture(scope="module")
def benchmark(dataset_dir, tmp_path_factory):
    """A benchmark of a dataset, and predictions of two methods: the truth, and the truth with one item dimmed."""
    folder = tmp_path_factory.mktemp("benchmark")
    file = folder / "benchmark.json"
    words = [str(dataset_dir), "--hold-out", "test=name:arc", "--by", "path", "--out", str(folder / "splits.json"),
             "--benchmark", str(file)]  # fmt: skip
    CliRunner().invoke(split, words, catch_exceptions=False)
    items = load_items(file)
    dataset = camxtime.open(dataset_dir)
    for number, item in enumerate(items.items):
        truth = dataset.grid(item.target.grid).clip(np.array(item.target.cameras), np.array(item.target.times)).rgb
        for name in ("exact", "dimmed"):
            (folder / name / item.id).mkdir(parents=True)
            for frame, image in enumerate(truth):
                shown = image // 2 if name == "dimmed" and number == 1 else image
                Image.fromarray(shown).save(folder / name / item.id / f"{frame:04d}.png")
    return folder, file, items


def test_the_benchmark_lists_worst_first_and_compares(benchmark, dataset_dir, visit, tmp_path):  # noqa: F811
    folder, file, items = benchmark
    worst = items.items[1]
    grid = camxtime.open(dataset_dir).grid(worst.target.grid)
    truth = grid.cell(worst.target.cameras[0], worst.target.times[0]).rgb
    words = (
        "--manifest",
        file,
        "--predictions",
        folder / "exact",
        "--predictions",
        folder / "dimmed",
        "--cache",
        tmp_path,
    )
    with running(str(dataset_dir), *map(str, words)) as base:
        look = visit(base).go("#/benchmark")
        look.page.wait_for_selector(".notice", state="hidden", timeout=60_000)  # all items are scored
        look.page.get_by_label("Order by").select_option("dimmed")
        rows = look.page.locator("tr[data-item]")
        assert rows.count() == len(items.items) and rows.first.get_attribute("data-item") == worst.id
        rows.first.locator("button").click()
        look.page.wait_for_url("**item=*")
        assert np.array_equal(look.exact("[data-name=Truth]", "/1/0.png"), truth)
        assert np.array_equal(look.exact("[data-name=dimmed]", "/1/0.png"), truth // 2)
        look.page.get_by_role("button", name="Wipe").click()
        look.page.get_by_label("Wipe").fill("50")
        wiped = look.exact("[data-name=dimmed]", "/1/0.png")
        assert np.array_equal(wiped[:, :31], truth[:, :31]) and np.array_equal(wiped[:, 33:], (truth // 2)[:, 33:])
        look.page.get_by_role("button", name="Difference").click()
        difference = np.clip(4 * (truth - truth // 2).astype(int), 0, 255)
        assert np.abs(look.exact("[data-name=dimmed]", "/1/0.png").astype(int) - difference).max() <= 2
        look.page.close()  # before its server ends
