"""Files about a run: the result of each address, the patients at a stage, the quarantined rows."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, assert_never

from kardia_ctl.csv_guard import REJECTED_COLUMNS
from kardia_ctl.model.configuration import Quarantine
from kardia_ctl.model.funnel import Place
from kardia_ctl.model.results import Report, Result, results_in_order
from kardia_ctl.render.escape import escape, json_text
from kardia_ctl.render.files.csv import csv_text
from kardia_ctl.render.names import Names, shown_id
from kardia_ctl.render.text import iso_time

RESULT_COLUMNS: Final = ("address", "action", "status", "id", "detail")
PLACE_COLUMNS: Final = ("mrn", "cohort", "issued")


class ResultsFormat(Enum):
    """The format of a results file."""

    CSV = "csv"
    NDJSON = "ndjson"

    @classmethod
    def of(cls, name: str) -> "ResultsFormat":
        """The format by a file's name: NDJSON for .ndjson, .jsonl and .json, CSV otherwise."""
        return cls.NDJSON if name.lower().endswith((".ndjson", ".jsonl", ".json")) else cls.CSV


def results_file(report: Report, form: ResultsFormat, names: Names) -> str:
    """One row for each address with a planned write, ordered by address."""
    rows = [_cells(result, names) for result in results_in_order(report.results)]
    match form:
        case ResultsFormat.CSV:
            return csv_text([RESULT_COLUMNS, *rows])
        case ResultsFormat.NDJSON:
            named = (dict(zip(RESULT_COLUMNS, cells, strict=True)) for cells in rows)
            return "".join(json_text(row) + "\n" for row in named)
        case _:
            assert_never(form)


def places_file(places: Iterable[Place], mrn: Callable[[str], str] = str) -> str:
    """Patients at a stage as CSV, sorted by cohort and mrn, with the time of their latest code.

    ``mrn`` is how an mrn is written for the reader.
    """
    ordered = sorted(places, key=lambda place: (place.cohort, place.mrn))
    rows = (
        (mrn(place.mrn), place.cohort, iso_time(place.issued) if place.issued else "") for place in ordered
    )
    return csv_text([PLACE_COLUMNS, *rows])


def quarantine_csv(quarantine: Quarantine) -> str:
    """The quarantined rows of a cohort: file, line and reason, then their cells unchanged (mode 0600)."""
    rows = ((quarantine.source, str(line), escape(reason), *cells) for line, reason, cells in quarantine.rows)
    form = quarantine.form
    return csv_text([(*REJECTED_COLUMNS, *quarantine.header), *rows], form.delimiter, form.line_end)


def _cells(result: Result, names: Names) -> tuple[str, ...]:
    return (
        names.shown(result.address),
        result.action.value,
        result.status.value,
        escape(shown_id(names, result.id, result.address)),
        escape(names.text(result.detail)),
    )
