"""The funnel as one HTML page: no script, no network, readable without colour and without its drawings.

``page.html.j2`` and ``page.css`` hold its layout; Jinja2 escapes every value that it is given.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from kardia_ctl.model.funnel import Counts, StatusReport
from kardia_ctl.render.escape import escape
from kardia_ctl.render.html_template import content_policy, html_template, page_style
from kardia_ctl.render.status.chart import chart, history
from kardia_ctl.render.status.text import MEANINGS, NAMES, cohort_name, share, unverified_line
from kardia_ctl.render.text import count_of, iso_time, terms_text

_PACKAGE: Final = "kardia_ctl.render.status"
_WIDE: Final = 794
_NARROW: Final = 310
_MOST_CHARTS: Final = 24
_MOST_ROWS: Final = 31

_REACHED: Final = ("declared", "created", "issued", "connected")
_NOT_CONNECTED: Final = ("pending", "expired", "unknown", "departed")
_BAR: Final = 40
_GAP: Final = 34
"""Pixels from one bar to the next, and between the two groups of them."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of one stage: its number in words, and its share of the longest bar possible."""

    stage: str
    name: str
    number: str
    share: float
    top: int


@dataclass(frozen=True, slots=True)
class Bars:
    """The drawing of the funnel: a bar for each stage. ``rule`` is the y of the line between its groups."""

    description: str
    bars: tuple[Bar, ...]
    height: int
    rule: int


def status_html(report: StatusReport) -> str:
    """The page. The same report gives the same page."""
    return html_template(_PACKAGE, "page.html.j2").render(_page(report)) + "\n"


def _page(report: StatusReport) -> dict[str, Any]:
    """Everything that the template shows."""
    style, total = page_style(_PACKAGE, "page.css"), report.total
    return {
        "policy": content_policy(style),
        "style": style,
        "stages": tuple(NAMES),
        "names": NAMES,
        "meanings": MEANINGS,
        "timestamp": iso_time(report.at),
        "day": _day(report.at),
        "incomplete": escape(report.incomplete),
        "unverified": unverified_line(report.unverified) if report.unverified else "",
        "total": asdict(total),
        "connected_share": share(total.connected, total.declared),
        "funnel": bars(total),
        "wide": _WIDE,
        "narrow": _NARROW,
        "cohorts": [(cohort_name(cohort), asdict(counts)) for cohort, counts in report.cohorts.items()],
        "templates": [
            f"{terms_text(terms)}; {count_of(number, 'code')}" for terms, number in report.templates
        ],
        **_over_time(report),
    }


def _over_time(report: StatusReport) -> dict[str, Any]:
    """The drawings of the samples, and the newest of them as a table for who cannot see a drawing."""
    points, title = history(report.samples), "Connections over time"
    newest = points[-_MOST_ROWS:][::-1]
    more = len(points) > len(newest)
    return {
        "wide_chart": chart(points, title, _WIDE, 300),
        "narrow_chart": chart(points, title, _NARROW, 240),
        "cohort_charts": [*_cohort_charts(report)],
        "samples": [(_day(point.at), asdict(point.counts)) for point in newest],
        "which_samples": f"The newest {len(newest)} of {len(points)} samples" if more else "All samples",
    }


def _cohort_charts(report: StatusReport) -> Iterator[tuple[str, Any]]:
    """A small drawing for each cohort, if there are several but not too many to look at."""
    if 1 < len(report.cohorts) <= _MOST_CHARTS:
        for cohort in report.cohorts:
            name = cohort_name(cohort)
            yield name, chart(history(report.samples, cohort), f"{name} over time", _NARROW, 200)


def bars(counts: Counts) -> Bars:
    """The layout of the funnel's drawing, in pixels; its width is the template's."""
    rule = _BAR * len(_REACHED) + 28
    tops = [_BAR * number for number in range(len(_REACHED))]
    tops += [_BAR * (len(_REACHED) + number) + _GAP for number in range(len(_NOT_CONNECTED))]
    whole = max(counts.declared, counts.departed, 1)
    found = tuple(
        _bar(stage, counts, top, whole) for stage, top in zip((*_REACHED, *_NOT_CONNECTED), tops, strict=True)
    )
    words = ", ".join(f"{NAMES[stage]} {getattr(counts, stage)}" for stage in NAMES)
    return Bars(f"{words}.", found, _BAR * len(found) + _GAP, rule)


def _bar(stage: str, counts: Counts, top: int, whole: int) -> Bar:
    count = getattr(counts, stage)
    part = "" if stage in ("declared", "departed") else share(count, counts.declared)
    number = f"{count:,}" + (f" ({part})" if part else "")
    return Bar(stage, NAMES[stage], number, count / whole, top)


def _day(at: int) -> str:
    return iso_time(at)[:16].replace("T", " ") + " UTC"
