"""The page of ``status --html`` in a real browser, at a phone's and a desk's width, light and dark.

With KARDIA_TEST_PICTURES=DIRECTORY the screenshots are kept there, to look at.
"""

import math
import os
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from kardia_ctl.model.funnel import Counts, Sample, StatusReport
from kardia_ctl.model.template import Template
from kardia_ctl.render.status.html import status_html
from tests.browser.chromium import Browser

NOW: Final = 1_772_445_600
DAY: Final = 86400
SEVERAL: Final = {
    "": 40,
    "autumn-2025": 12_480,
    'spring-2026 <script src=x> & "a long name" that goes on': 1_000_000,
}
WIDTHS: Final = (360, 1280)


def counts(declared: int, part: float) -> Counts:
    created = int(declared * min(1.0, part * 1.6))
    issued = int(created * 0.97)
    connected, expired = int(issued * part * 0.8), int(issued * part * 0.06)
    return Counts(
        declared, created, issued, issued - connected - expired, connected, expired, 0, declared // 50
    )


def samples(days: int, cohorts: dict[str, int], step: int) -> tuple[Sample, ...]:
    times = range(NOW - days * DAY, NOW + 1, step)
    return tuple(
        Sample(at, cohort, counts(declared, 1 - math.exp(-3 * (number + 1) / len(times))))
        for number, at in enumerate(times)
        for cohort, declared in cohorts.items()
    )


def report(days: int, cohorts: dict[str, int], step: int = DAY) -> StatusReport:
    kept = samples(days, cohorts, step)
    terms = Template("one-year", "4qq0", "Kardia 12 months <b>", 365, Decimal(99))
    now = {sample.cohort: sample.counts for sample in kept[-len(cohorts) :]}
    return StatusReport(NOW, now, ((terms, 480), (Template("trial"), 0)), reads=4, samples=kept)


REPORTS: Final = {
    "no-sample": StatusReport(NOW, {"spring": counts(12, 0.5)}, incomplete="the list ran on"),
    "nobody": StatusReport(NOW),
    "one-sample": report(0, {"spring": 12}),
    "a-day": report(1, {"spring": 480}, 3600),
    "a-week": report(7, {"spring": 480, "": 1}, 3600),
    "two-months": report(61, {"spring": 7}),
    "two-years": report(730, SEVERAL),
}


@dataclass(frozen=True)
class Box:
    """A text in a drawing, and where the browser put it."""

    drawing: int
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right - 0.5
            and other.left < self.right - 0.5
            and self.top < other.bottom - 0.5
            and other.top < self.bottom - 0.5
        )


_BOXES: Final = """[...document.querySelectorAll('svg')].flatMap((svg, number) =>
  svg.getBoundingClientRect().width === 0 ? [] :
  [...svg.querySelectorAll(SELECTOR)].map(one => {
    const box = one.getBoundingClientRect();
    return [number, one.textContent, box.left, box.top, box.right, box.bottom];
  }))"""


def boxes(page: Browser, selector: str) -> list[Box]:
    return [Box(*box) for box in page.ask(_BOXES.replace("SELECTOR", repr(selector)))]


def show(page: Browser, tmp_path: Path, name: str, width: int, *, dark: bool) -> None:
    file = tmp_path / f"{name}.html"
    file.write_text(status_html(REPORTS[name]), encoding="utf-8")
    page.show(file, width=width, dark=dark)
    if kept := os.environ.get("KARDIA_TEST_PICTURES"):
        look = f"{name}-{width}-{'dark' if dark else 'light'}.png"
        Path(kept, look).write_bytes(page.picture())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_laid_out(page: Browser, tmp_path: Path, name: str, width: int, dark: bool) -> None:
    show(page, tmp_path, name, width, dark=dark)
    texts = boxes(page, "text")
    drawings = boxes(page, ":scope, rect, circle, path, text")
    assert len(texts) > 10
    assert page.ask("document.documentElement.scrollWidth") <= width, "the page is wider than the window"
    assert [box for box in drawings if box.left < 0 or box.right > width + 0.5] == []
    outer = page.ask(
        "[...document.querySelectorAll('svg')].map(one => "
        "{const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]})"
    )
    assert [box for box in drawings if not _is_inside(box, outer[box.drawing])] == []
    assert [
        (one.text, other.text)
        for one, other in combinations(texts, 2)
        if one.drawing == other.drawing and one.meets(other)
    ] == []
    assert min(box.bottom - box.top for box in texts) >= 12, "a text is too small to read"


def _is_inside(box: Box, outer: list[float]) -> bool:
    left, top, right, bottom = outer
    return left - 1 <= box.left and box.right <= right + 1 and top - 1 <= box.top and box.bottom <= bottom + 1


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_asks_for_nothing_and_complains_of_nothing(page: Browser, tmp_path: Path, name: str) -> None:
    show(page, tmp_path, name, 1280, dark=False)
    requested = [told["request"]["url"] for told in page.told("Network.requestWillBeSent")]
    assert requested == [(tmp_path / f"{name}.html").as_uri()]
    assert page.told("Log.entryAdded") == []
    assert page.told("Runtime.exceptionThrown") == []
    assert page.told("Runtime.consoleAPICalled") == []
    assert page.ask("document.scripts.length") == 0


_CONTRAST: Final = """(() => {
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = one => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
  };
  return [...document.querySelectorAll('h1,h2,h3,p,th,td,caption,summary,li,svg text,svg .line')].map(one => {
    const style = getComputedStyle(one);
    const ink = one.matches('.line') ? style.stroke : one.matches('svg text') ? style.fill : style.color;
    const [a, b] = [light(ink), light(ground(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return [one.matches('.line'), one.textContent.slice(0, 40), contrast];
  });
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Browser, tmp_path: Path, dark: bool) -> None:
    show(page, tmp_path, "two-years", 1280, dark=dark)
    found: list[tuple[bool, str, float]] = [tuple(one) for one in page.ask(_CONTRAST)]
    assert len(found) > 100
    assert [one for one in found if one[2] < (3 if one[0] else 4.5)] == []


def test_a_drawing_has_words_and_its_lines_differ_without_colour(page: Browser, tmp_path: Path) -> None:
    show(page, tmp_path, "two-years", 1280, dark=False)
    told: list[list[Any]] = page.ask(
        "[...document.querySelectorAll('svg')].map(one => [one.getAttribute('role'), "
        "...one.getAttribute('aria-labelledby').split(' ')"
        ".map(id => document.getElementById(id).textContent)])"
    )
    assert all(role == "img" and title and words for role, title, words in told)
    ids: list[str] = page.ask("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(set(ids)) == len(ids)
    strokes: list[str] = page.ask(
        "['declared', 'issued', 'connected'].map(one => "
        "getComputedStyle(document.querySelector('.line.' + one)).strokeDasharray)"
    )
    assert len(set(strokes)) == 3
