"""The funnel as one page: no script, nothing fetched, readable without colour and without its drawings.

Whatever is quoted (the names of cohorts and templates) is made neutral and escaped.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape as html_escape
from typing import Final

from kardia_ctl.model.funnel import Counts, StatusReport
from kardia_ctl.render.escape import escape
from kardia_ctl.render.status.bars_svg import bars
from kardia_ctl.render.status.chart_svg import chart
from kardia_ctl.render.status.css import STYLE
from kardia_ctl.render.status.history import Point, history
from kardia_ctl.render.status.labels import MEANINGS, NAMES, cohort_name, row, share, told_line
from kardia_ctl.render.text import count_of, iso_time, terms_text

_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
_WIDE: Final = 794
_NARROW: Final = 310
_MOST_CHARTS: Final = 24
_MOST_ROWS: Final = 31


def status_html(report: StatusReport) -> str:
    """The page. The same report gives the same page."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html_escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>Who is connected yet</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(_parts(report))
        + "\n</main>\n</body>\n</html>\n"
    )


def _parts(report: StatusReport) -> Iterator[str]:
    counts = report.total
    yield "<h1>Who is connected yet</h1>"
    yield f'<p class="quiet">As of <time datetime="{iso_time(report.at)}">{_day(report.at)}</time></p>'
    if report.incomplete:
        yield (
            '<p class="warning"><strong>The counts are too low.</strong> Not everybody could be read: '
            f"{html_escape(escape(report.incomplete))}.</p>"
        )
    if report.told:
        yield f'<p class="warning">{html_escape(told_line(report.told))}</p>'
    part = share(counts.connected, counts.declared)
    yield (
        f'<p class="lead"><strong>{counts.connected:,}</strong> of {counts.declared:,} declared patients '
        f"{'is' if counts.connected == 1 else 'are'} connected{f' ({part})' if part else ''}.</p>"
    )
    yield "<h2>The funnel</h2>"
    yield _both("<figure>{}</figure>", lambda name, width: bars(counts, name, width), "funnel")
    yield _table(report)
    yield _meanings()
    yield "<h2>Connections over time</h2>"
    yield from _over_time(report)
    if report.templates:
        yield "<h2>Templates</h2>"
        lines = (
            f"<li>{html_escape(terms_text(terms))}; {count_of(number, 'code')}</li>"
            for terms, number in report.templates
        )
        yield f"<ul>{''.join(lines)}</ul>"


def _both(frame: str, draw: Callable[[str, int], str], name: str) -> str:
    """A drawing for a desk and one for a phone, of which one shows: scaled text would be too small."""
    wide, narrow = draw(f"{name}-wide", _WIDE), draw(f"{name}-narrow", _NARROW)
    return frame.format(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')


def _table(report: StatusReport) -> str:
    head = "".join(f'<th scope="col">{html_escape(name)}</th>' for name in ("cohort", *NAMES.values()))
    body = "".join(_row(cohort_name(cohort), counts) for cohort, counts in report.cohorts.items())
    foot = f"<tfoot>{_row('total', report.total)}</tfoot>"
    return (
        '<div class="scroll" role="region" aria-label="Patients by cohort" tabindex="0"><table>'
        "<caption>Patients by cohort</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )


def _row(name: str, counts: Counts) -> str:
    cells = "".join(f"<td>{number:,}</td>" for number in row(counts))
    return f'<tr><th scope="row">{html_escape(name)}</th>{cells}</tr>'


def _meanings() -> str:
    terms = "".join(
        f"<dt>{html_escape(NAMES[stage])}</dt><dd>{html_escape(text)}</dd>"
        for stage, text in MEANINGS.items()
    )
    return f"<details><summary>What the words mean</summary><dl>{terms}</dl></details>"


def _over_time(report: StatusReport) -> Iterator[str]:
    points = history(report.samples)
    caption = (
        "<figure>{}<figcaption class='quiet'>Times are in UTC. A sample is kept whenever kardia-ctl "
        "status or apply runs: one an hour at most, and one a day after a week.</figcaption></figure>"
    )
    title = "Connections over time"
    yield _both(
        caption, lambda name, width: chart(points, title, name, width, 300 if width > 400 else 240), "time"
    )
    yield from _each(report)
    if points:
        yield _samples(points)


def _each(report: StatusReport) -> Iterator[str]:
    """A small drawing for each cohort, when there are several and not too many to look at."""
    if not 1 < len(report.cohorts) <= _MOST_CHARTS:
        return
    yield '<div class="several">'
    for number, cohort in enumerate(report.cohorts):
        name = cohort_name(cohort)
        drawn = chart(history(report.samples, cohort), f"{name} over time", f"cohort-{number}", _NARROW, 200)
        yield f"<figure><h3>{html_escape(name)}</h3>{drawn}</figure>"
    yield "</div>"


def _samples(points: Sequence[Point]) -> str:
    """The newest points as a table, for whoever cannot see the drawing."""
    newest = points[-_MOST_ROWS:][::-1]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("time (UTC)", *NAMES.values()))
    body = "".join(_row(_day(point.at), point.counts) for point in newest)
    which = (
        f"The newest {len(newest)} of {len(points)} samples" if len(points) > len(newest) else "All samples"
    )
    return (
        f"<details><summary>{which} as a table</summary>"
        '<div class="scroll" role="region" aria-label="Samples" tabindex="0"><table>'
        f"<caption>{which}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _day(at: int) -> str:
    return iso_time(at)[:16].replace("T", " ") + " UTC"
