"""Patients as the rows of a cohort's CSV file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

from kardia_ctl.csv_guard import guarded


def fits_csv(values: Mapping[str, str]) -> bool:
    """Whether a spreadsheet that opens the file would take no value for a formula."""
    return all(guarded(value) == value for value in values.values())


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """The lines of some rows; what is not declared is an empty cell."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()
