"""The funnel as a table for a terminal."""

from collections.abc import Iterator, Sequence

from kardia_ctl.model.funnel import StatusReport
from kardia_ctl.render.money import terms_text
from kardia_ctl.render.status.labels import NAMES, cohort_name, moment, row, told_line
from kardia_ctl.render.text import count_of


def status_text(report: StatusReport) -> str:
    """A line a cohort, their total, the templates. Ends with a newline."""
    if not report.cohorts:
        return "No patients are declared, and none has departed.\n"
    table = [("cohort", *NAMES.values()), *_rows(report)]
    blocks = ["\n".join(_aligned(table))]
    if report.templates:
        lines = (f"  {terms_text(terms)}; {count_of(number, 'code')}" for terms, number in report.templates)
        blocks.append("\n".join(("Templates:", *lines)))
    if report.told:
        blocks.append(told_line(report.told))
    blocks.append(f"As of {moment(report.at)}, from {count_of(report.reads, 'request')}.")
    return "\n\n".join(blocks) + "\n"


def _rows(report: StatusReport) -> Iterator[tuple[str, ...]]:
    for cohort, counts in report.cohorts.items():
        yield cohort_name(cohort), *map(str, row(counts))
    if len(report.cohorts) > 1:
        yield "total", *map(str, row(report.total))


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(cells[column]) for cells in table) for column in range(len(table[0]))]
    for cells in table:
        first, *rest = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        yield "  ".join((first, *rest))
