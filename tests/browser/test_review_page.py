"""The page of a plan in a real browser: layout, filter, silence, and what axe-core finds.

With KARDIA_TEST_PICTURES=DIRECTORY the screenshots are saved there.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from kardia_ctl.model.plan import Plan
from kardia_ctl.render.review.html_page import html_page
from kardia_ctl.render.review.page_content import review_page
from tests.browser.chromium import Browser
from tests.paths import ROOT
from tests.render.review.plans import CONTEXT, SAMPLES, clinic

PLANS: Final = {name: make() for name, make in SAMPLES.items()} | {
    "large": clinic(400, 400),
    "stopped": replace(SAMPLES["dangerous"](), stops=("11 to delete, but limits.delete is 10",)),
    "nothing": Plan(),
}
WIDTHS: Final = (400, 768, 1280)


def axe() -> str:
    """The script axe-core, of npm; without it a test is skipped, and fails in CI."""
    script = ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    if script.is_file():
        return script.read_text(encoding="utf-8")
    message = "no axe-core: npm install --prefix build/axe axe-core"
    if "TESTS_IN_CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


def show(page: Browser, tmp_path: Path, name: str, width: int = 1280, *, dark: bool = False) -> Path:
    file = tmp_path / f"{name}.html"
    file.write_text(html_page(review_page(PLANS[name], CONTEXT)), encoding="utf-8")
    page.show(file, width=width, dark=dark)
    if pictures := os.environ.get("KARDIA_TEST_PICTURES"):
        look = f"review-{name}-{width}-{'dark' if dark else 'light'}.png"
        Path(pictures, look).write_bytes(page.picture())
    return file


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PLANS)
def test_the_page_fits_its_window_and_axe_finds_nothing(
    page: Browser, tmp_path: Path, name: str, width: int, dark: bool
) -> None:
    show(page, tmp_path, name, width, dark=dark)
    assert page.ask("document.documentElement.scrollWidth") <= width, "the page is wider than the window"
    outside: Any = page.ask(
        "[...document.querySelectorAll('main *')].filter(one => "
        "{const box = one.getBoundingClientRect(); return box.width > 1 && box.right > innerWidth + 0.5})"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert outside == []
    assert violations(page) == []


def violations(page: Browser) -> Any:
    page.ask(axe() + "; 0")
    return page.wait_for(
        "axe.run().then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
    )


def test_axe_would_find_what_is_wrong(page: Browser, tmp_path: Path) -> None:
    show(page, tmp_path, "dangerous")
    page.ask("document.documentElement.removeAttribute('lang'); document.querySelector('label').remove(); 0")
    assert {name for name, _ in violations(page)} >= {"html-has-lang", "label"}


@pytest.mark.parametrize("name", PLANS)
def test_the_page_asks_for_nothing_and_complains_of_nothing(page: Browser, tmp_path: Path, name: str) -> None:
    file = show(page, tmp_path, name)
    assert [event["request"]["url"] for event in page.told("Network.requestWillBeSent")] == [file.as_uri()]
    for event in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
        assert page.told(event) == []


_VISIBLE: Final = (
    "[...document.querySelectorAll('tbody tr')].filter(one => one.checkVisibility())"
    ".map(one => one.textContent)"
)


def filtered(page: Browser, text: str) -> list[str]:
    page.ask(
        f"(() => {{const input = document.getElementById('filter'); input.value = {text!r}; "
        "input.dispatchEvent(new Event('input')); return 0})()"
    )
    rows: list[str] = page.ask(_VISIBLE)
    return rows


def test_the_filter_shows_the_rows_that_are_meant_and_all_again(page: Browser, tmp_path: Path) -> None:
    show(page, tmp_path, "dangerous")
    everything = filtered(page, "")
    assert len(everything) == 12
    assert [row for row in everything if "departures.yaml:4" in row] == filtered(page, "DEPARTURES.yaml:4")
    assert page.ask("document.getElementById('found').textContent") == "1 of 12 rows"
    assert len(filtered(page, "withdrew-consent")) == 2, "the reason of a group counts for its rows"
    assert filtered(page, "nobody has this") == []
    assert page.ask("[...document.querySelectorAll('section')].some(one => one.checkVisibility())") is False
    assert filtered(page, "") == everything


def test_the_filter_opens_what_is_folded_and_folds_it_again(page: Browser, tmp_path: Path) -> None:
    show(page, tmp_path, "large")
    assert len(filtered(page, "")) == 1
    [row] = [row for row in filtered(page, "spring.csv:377") if row.startswith("patient")]
    assert "spring.csv:377" in row
    assert len(filtered(page, "")) == 1


def test_everything_is_printed(page: Browser, tmp_path: Path) -> None:
    show(page, tmp_path, "large")
    page.call("Emulation.setEmulatedMedia", media="print")
    assert len(page.ask(_VISIBLE)) == 401
    assert page.ask("document.getElementById('search').checkVisibility()") is False
