"""Patients as the rows of a cohort's CSV file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from string import ascii_letters, digits
from typing import Final

from kardia_ctl.csv_guard import guarded

_PLAIN: Final = frozenset(ascii_letters + digits)


def fits_csv(values: Mapping[str, str]) -> bool:
    """Whether a spreadsheet that opens the file would take no value for a formula."""
    together = "".join(values.values())
    begin_plainly = _PLAIN.issuperset([text[0] for text in values.values()])
    if begin_plainly and ";" not in together and "|" not in together and together.isprintable():
        return True  # most are, and the guard takes ten times as long
    return _is_safe(values)


def _is_safe(values: Mapping[str, str]) -> bool:
    return all(guarded(value) == value for value in values.values())


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """The lines of some rows; what is not declared is an empty cell."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()
