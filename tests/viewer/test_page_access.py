"""The page for everybody: accessibility rules, phones and large screens, both themes, keyboard alone, nothing jumps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.viewer.page_fixtures import address, chromium, viewed, visit  # noqa: F401  fixtures

pytestmark = pytest.mark.slow

GRID = "room.ball.arc"
VIEWS = {
    "gallery": "#/", "explorer": f"#/grid/{GRID}?c=2&t=3&track=reverse&pass=depth",
    "clips": f"#/grid/{GRID}?track=camera:sub_range&show=clips", "space": f"#/space/{GRID}?c=2&t=3",
    "pairs": "#/pairs?index=1", "render": "#/render", "nothing": "#/grid/no.such.grid",
}  # fmt: skip
SIZES = {"phone": {"width": 360, "height": 740}, "wide": {"width": 1920, "height": 1080}}


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, from a package of the tests' environment."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-core comes with axe-playwright-python")
    return (Path(package.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize(("size", "theme"), [("phone", "light"), ("wide", "dark")])
def test_every_view_breaks_no_serious_rule_and_fits_its_screen(address, visit, axe, size, theme):  # noqa: F811
    look = visit(address, viewport=SIZES[size], color_scheme=theme, reduced_motion="reduce")
    found = {}
    for name, view in VIEWS.items():
        look.go(view)
        look.page.reload()  # as a link that somebody opens
        look.ready()
        look.page.wait_for_load_state("networkidle")
        if name == "pairs":
            look.page.get_by_role("button", name="Draw them").click()
            look.page.wait_for_selector(".heat")
        if name == "render":
            look.page.locator("summary").first.click()
        look.page.evaluate(axe)
        result = look.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [rule for rule in result["violations"] if rule["impact"] in ("serious", "critical")]
        if grave:
            found[name] = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:4]]) for rule in grave]
        wide = look.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        if wide > 0:
            found[f"{name}: wider than the screen"] = wide
    assert not found, found


def test_keyboard_alone_suffices(address, visit):  # noqa: F811
    look = visit(address).go("#/")
    press = look.page.keyboard.press

    def tab_to(test: str) -> None:
        for _ in range(60):
            press("Tab")
            if look.page.evaluate(f"() => document.activeElement.matches({test!r})"):
                outline = look.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"the focus on {test} is not visible"
                return
        raise AssertionError(f"Tab does not reach {test}")

    press("/")
    look.page.keyboard.type("arc")
    tab_to(f"[data-grid='{GRID}']")
    press("Enter")
    look.page.wait_for_selector(".pad-overlay")
    tab_to(".pad-overlay")
    for key in ("ArrowRight", "ArrowDown", "d", "Enter", "ArrowRight", "Enter", "Escape"):
        press(key)
    look.page.wait_for_url("**track=hand*")
    press("Space")  # plays
    look.page.wait_for_selector(".clips")
    assert look.text(".play") == "Pause"
    press("Space")
    press(".")
    tab_to(".segmented button[data-value=cell]")
    press("Enter")
    tab_to(".segmented button[data-value=depth]")
    press("Space")
    tab_to(".stage-frame")
    press("ArrowRight")
    look.page.wait_for_selector(".readout[data-x='33'][data-y='32']")
    press("?")
    assert look.page.get_by_role("dialog").is_visible()
    press("Escape")
    assert not look.page.get_by_role("dialog").is_visible()
    press("Shift+Tab")  # and back
    assert not look.page.evaluate("() => document.activeElement.matches('.stage-frame')")


def test_nothing_jumps_while_loading(address, visit):  # noqa: F811
    for view in ("#/", f"#/grid/{GRID}?c=1&t=1&track=reverse", f"#/space/{GRID}"):
        look = visit(address)
        look.page.add_init_script(
            "window.shifts = []; new PerformanceObserver((list) => window.shifts.push(...list.getEntries()"
            ".filter((entry) => !entry.hadRecentInput).map((entry) => entry.value)))"
            ".observe({type: 'layout-shift', buffered: true});"
        )
        look.go(view)
        look.page.wait_for_load_state("networkidle")
        assert sum(look.page.evaluate("window.shifts")) < 0.02, view  # 0.1 counts as good


def test_the_theme_is_chosen_and_kept(address, visit):  # noqa: F811
    look = visit(address, color_scheme="light").go("#/")
    back = "() => getComputedStyle(document.body).backgroundColor"
    light = look.page.evaluate(back)
    button = look.page.locator("#theme")
    button.click()
    assert button.inner_text() == "Light" and look.page.evaluate(back) == light
    button.click()
    dark = look.page.evaluate(back)
    assert button.inner_text() == "Dark" and dark != light
    look.page.reload()
    look.ready()
    assert look.page.evaluate(back) == dark


def test_reduced_motion_shows_still_thumbnails(address, visit):  # noqa: F811
    look = visit(address, reduced_motion="reduce").go("#/")
    assert look.page.locator(".card img").count() == 0 and look.page.locator(".card .thumb canvas").count() == 2
