"""Files that a run leaves behind: what became of each address, and who is at a stage."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, assert_never

from kardia_ctl.model.configuration import Rejected
from kardia_ctl.model.funnel import Place
from kardia_ctl.model.results import Report, Result, results_in_order
from kardia_ctl.render.escape import escape
from kardia_ctl.render.status.labels import moment

RESULT_COLUMNS: Final = ("address", "action", "status", "id", "detail")
PLACE_COLUMNS: Final = ("mrn", "cohort", "issued")
REJECTED_COLUMNS: Final = ("rejected file", "rejected line", "rejected because")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings that a spreadsheet takes for a formula, their full-width forms included."""


class Form(Enum):
    """How a result file is written."""

    CSV = "csv"
    NDJSON = "ndjson"

    @classmethod
    def of(cls, name: str) -> "Form":
        """The form that a file's name asks for: NDJSON for .ndjson, .jsonl and .json, CSV otherwise."""
        return cls.NDJSON if name.lower().endswith((".ndjson", ".jsonl", ".json")) else cls.CSV


def results_file(report: Report, form: Form) -> str:
    """A row per address that was to be written, in the order of addresses."""
    found = [_cells(result) for result in results_in_order(report.results)]
    match form:
        case Form.CSV:
            return _csv(RESULT_COLUMNS, found)
        case Form.NDJSON:
            rows = (dict(zip(RESULT_COLUMNS, cells, strict=True)) for cells in found)
            return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        case _:
            assert_never(form)


def places_file(places: Iterable[Place]) -> str:
    """Patients at a stage as CSV, sorted by cohort and mrn, with when their latest code was issued."""
    ordered = sorted(places, key=lambda place: (place.cohort, place.mrn))
    return _csv(
        PLACE_COLUMNS,
        [(place.mrn, place.cohort, moment(place.issued) if place.issued else "") for place in ordered],
    )


def rejected_file(rejected: Rejected) -> str:
    """The rows that a cohort set aside: file, line and reason, then their cells as they stand (mode 0600)."""
    found = ((rejected.source, str(line), escape(reason), *cells) for line, reason, cells in rejected.rows)
    return _csv((*REJECTED_COLUMNS, *rejected.header), found)


def safe_cell(text: str) -> str:
    """The text as a spreadsheet may read it: a ``'`` before what it would take for a formula.

    Also before what a CI runner takes for a command at the beginning of a line.
    """
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith("::") else text


def _cells(result: Result) -> tuple[str, ...]:
    return (
        str(result.address),
        result.action.value,
        result.status.value,
        escape(result.id),
        escape(result.detail),
    )


def _csv(columns: Sequence[str], found: Iterable[Sequence[str]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([safe_cell(column) for column in columns])
    writer.writerows([safe_cell(cell) for cell in cells] for cells in found)
    return target.getvalue()
