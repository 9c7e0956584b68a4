"""The funnel as a table for a terminal."""

from collections.abc import Iterator

from kardia_ctl.model.funnel import StatusReport
from kardia_ctl.render.status.labels import NAMES, cohort_name, row, told_line
from kardia_ctl.render.text import count_of, iso_time, table, terms_text


def status_text(report: StatusReport) -> str:
    """A line a cohort, their total, the templates. Ends with a newline."""
    if not report.cohorts:
        return "No patients are declared, and none has departed.\n"
    rows = [("cohort", *NAMES.values()), *_rows(report)]
    blocks = ["\n".join(table(rows))]
    if report.templates:
        lines = (f"  {terms_text(terms)}; {count_of(number, 'code')}" for terms, number in report.templates)
        blocks.append("\n".join(("Templates:", *lines)))
    if report.told:
        blocks.append(told_line(report.told))
    blocks.append(f"As of {iso_time(report.at)}, from {count_of(report.reads, 'request')}.")
    return "\n\n".join(blocks) + "\n"


def _rows(report: StatusReport) -> Iterator[tuple[str, ...]]:
    for cohort, counts in report.cohorts.items():
        yield cohort_name(cohort), *map(str, row(counts))
    if len(report.cohorts) > 1:
        yield "total", *map(str, row(report.total))
