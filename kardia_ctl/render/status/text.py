"""The funnel in words: the names of its stages, and a table for a terminal."""

from collections.abc import Iterator
from typing import Final

from kardia_ctl.model.funnel import Counts, StatusReport
from kardia_ctl.render.escape import escape
from kardia_ctl.render.text import count_of, iso_time, table, terms_text

NAMES: Final = {
    "declared": "declared",
    "created": "created",
    "issued": "code issued",
    "pending": "pending",
    "connected": "connected",
    "expired": "expired?",
    "unknown": "unknown",
    "departed": "departed",
}
"""The heading of each stage, in their order."""

MEANINGS: Final = {
    "declared": "in the configuration now",
    "created": "of those, in Kardia",
    "issued": "of those, with a connection code: pending + connected + expired? + unknown",
    "pending": "the code is issued and not used yet",
    "connected": "the device is connected",
    "expired": "a hint: unused for 90 days, or expired or disconnected (Kardia does not say which)",
    "unknown": "Kardia returned no status",
    "departed": "no longer declared; a departure was carried out",
}


def cohort_name(name: str) -> str:
    """A cohort's name, escaped; patients may be in none."""
    return escape(name) or "(no cohort)"


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, rounded down: 100 % means all. Empty if ``whole`` is 0."""
    return f"{part * 100 // whole} %" if whole else ""


def row(counts: Counts) -> tuple[int, ...]:
    """The counts in the order of the stages."""
    return tuple(getattr(counts, stage) for stage in NAMES)


def unverified_line(count: int) -> str:
    """How many patients have a stage that only a webhook event reported, which anybody may have sent."""
    return f"Not verified: {count_of(count, 'patient')}. This API shows no patients, so webhook events count."


def status_text(report: StatusReport) -> str:
    """A line for each cohort, their total, and the templates. Ends with a newline."""
    if not report.cohorts:
        return "No patients are declared, and none has departed.\n"
    rows = [("cohort", *NAMES.values()), *_rows(report)]
    blocks = ["\n".join(table(rows))]
    if report.templates:
        lines = (f"  {terms_text(terms)}; {count_of(number, 'code')}" for terms, number in report.templates)
        blocks.append("\n".join(("Templates:", *lines)))
    if report.unverified:
        blocks.append(unverified_line(report.unverified))
    if report.undeclared:
        blocks.append(f"Not declared: {count_of(report.undeclared, 'live patient')}.")
    blocks.append(f"As of {iso_time(report.at)}, from {count_of(report.reads, 'request')}.")
    return "\n\n".join(blocks) + "\n"


def _rows(report: StatusReport) -> Iterator[tuple[str, ...]]:
    for cohort, counts in report.cohorts.items():
        yield cohort_name(cohort), *map(str, row(counts))
    if len(report.cohorts) > 1:
        yield "total", *map(str, row(report.total))
