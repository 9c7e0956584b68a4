"""The funnel as text, JSON and page."""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.model.funnel import COUNT_NAMES, Counts, Sample, StatusReport
from kardia_ctl.model.template import Template
from kardia_ctl.render.status.axes import count_ticks, time_ticks
from kardia_ctl.render.status.chart import history
from kardia_ctl.render.status.html import status_html
from kardia_ctl.render.status.json import status_json
from kardia_ctl.render.status.text import status_text
from kardia_ctl.render.text import terms_text
from tests.render.conftest import Golden

NOW = 1_772_445_600
HOUR, DAY = 3600, 86400


@pytest.fixture
def report() -> StatusReport:
    cohorts = {"": Counts(2, 2, 1, 0, 1), "spring-2026": Counts(1200, 1180, 1100, 300, 750, 40, 10, 12)}
    samples = tuple(
        Sample(NOW - days * DAY, cohort, Counts(1200, 1180, 1100, 900 - 10 * days, 200 + 5 * days))
        for days in (14, 7, 0)
        for cohort in cohorts
    )
    templates = (
        (Template("one-year", "4qq0", "Kardia 12 months", 365, Decimal(99)), 1100),
        (Template("trial", "5rr1"), 0),
    )
    return StatusReport(NOW, cohorts, templates, "", 5, samples)


def test_the_table(report: StatusReport, golden: Golden) -> None:
    golden("status.txt", status_text(report))


def test_the_document(report: StatusReport, golden: Golden) -> None:
    golden("status.json", json.dumps(status_json(report), indent=2) + "\n")


def test_the_page(report: StatusReport, golden: Golden) -> None:
    golden("status.html", status_html(report))


def test_nobody_is_said_in_words() -> None:
    assert status_text(StatusReport(NOW)) == "No patients are declared, and none has departed.\n"


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        (
            Template("one-year", "1", "Kardia 12 months", 365, Decimal(99)),
            'one-year: "Kardia 12 months", 365 days, 99.00',
        ),
        (Template("Kardia", "1", "Kardia", 1, Decimal("9.9")), "Kardia: 1 day, 9.90"),
        (Template("trial", "1"), "trial: no known price"),
        (Template("a", "1", 'say "x"\x1b[0m', 0, Decimal(0)), 'a: "say \\"x\\"\\x1b[0m", 0 days, 0.00'),
    ],
)
def test_a_template_is_shown_by_name_duration_and_price(terms: Template, text: str) -> None:
    assert terms_text(terms) == text


class _Page(HTMLParser):
    """Every element with its attributes, and that each is closed."""

    EMPTY = frozenset({"meta", "path", "rect", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


KNOWN = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "time", "strong"),
    *("figure", "figcaption", "div", "svg", "desc", "text", "path", "rect", "circle", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "dl", "dt", "dd", "ul", "li"),
}
_HOSTILE = st.text(max_size=12) | st.sampled_from(
    [
        '"><script src=//x.example.com>',
        "</title><b>",
        "' onload='x",
        "\x1b[2J",
        "::set-env",
        "&amp;",
        "\u202e",
    ]
)
_COUNTS = st.builds(Counts, *(st.integers(0, 2_000_000) for _ in COUNT_NAMES))


@given(
    st.dictionaries(_HOSTILE, _COUNTS, max_size=4),
    st.lists(st.builds(Sample, st.integers(0, 2**33), _HOSTILE, _COUNTS), max_size=5),
    _HOSTILE,
)
def test_no_name_becomes_a_part_of_the_page(
    cohorts: dict[str, Counts], samples: list[Sample], name: str
) -> None:
    terms = Template(name, name, name, 1, Decimal(1))
    page = _Page(status_html(StatusReport(NOW, cohorts, ((terms, 1),), name, 1, tuple(samples))))
    assert page.open == []
    assert {tag for tag, _ in page.found} <= KNOWN
    names = {name for _, attributes in page.found for name in attributes}
    assert not names & {"src", "href", "style", "onload", "action", "xlink:href"}


def test_the_page_fetches_nothing(report: StatusReport) -> None:
    text = status_html(report)
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r"url\(|@import|https?:|<script|<link|<img", text)


def test_what_was_sampled_together_is_added_up_and_a_cohort_that_ended_leaves_no_dip() -> None:
    samples = [
        Sample(NOW - 30 * DAY + HOUR, "ended", Counts(5, connected=5)),
        Sample(NOW - 30 * DAY + 9 * HOUR, "goes on", Counts(7, connected=7)),
        *(Sample(NOW - DAY, cohort, Counts(1, connected=1)) for cohort in ("a", "goes on")),
        Sample(NOW, "goes on", Counts(8, connected=8)),
    ]
    points = history(samples)
    assert [point.counts.connected for point in points] == [12, 2, 8]
    assert [point.counts.connected for point in history(samples, "goes on")] == [7, 1, 8]
    assert [point.at for point in points] == [NOW - 30 * DAY + 9 * HOUR, NOW - DAY, NOW]


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_counts_have_round_ticks(top: int, most: int) -> None:
    ticks = [tick.at for tick in count_ticks(top, most)]
    steps = {after - before for before, after in pairwise(ticks)}
    assert ticks[0] == 0
    assert ticks[-1] >= top
    assert 2 <= len(ticks) <= most + 1
    assert len(steps) == 1
    assert str(steps.pop()).rstrip("0") in {"1", "2", "5"}


@given(st.integers(0, 2**33), st.integers(1, 40 * 365 * DAY), st.integers(3, 12))
def test_times_have_round_ticks_inside_the_axis(start: int, span: int, most: int) -> None:
    ticks = time_ticks(start, start + span, most)
    assert len(ticks) <= most
    assert all(start <= tick.at <= start + span for tick in ticks)
    assert list(ticks) == sorted(ticks, key=lambda tick: tick.at)
    assert all(before.label != after.label for before, after in pairwise(ticks))
    if span >= 3 * 366 * DAY:
        assert ticks


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (6 * HOUR, ["10:00", "12:00", "14:00", "16:00"]),
        (DAY, ["12:00", "3 Mar"]),
        (9 * DAY, ["4 Mar", "8 Mar"]),
        (400 * DAY, ["Jul 2026", "Jan 2027"]),
        (1200 * DAY, ["2027", "2028", "2029"]),
    ],
)
def test_ticks_are_the_times_that_people_think_in(span: int, labels: list[str]) -> None:
    assert [tick.label for tick in time_ticks(NOW, NOW + span, 4)] == labels
