"""Patients as the rows of a cohort's CSV file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from operator import itemgetter
from string import ascii_letters, digits
from typing import Final

from kardia_ctl.csv_guard import guarded

_PLAIN: Final = frozenset(ascii_letters + digits)


def fit_csv(rows: Iterable[Mapping[str, str]]) -> bool:
    """Whether a spreadsheet that opens the file would take no value for a formula. No value is empty."""
    texts = [text for row in rows for text in row.values()]
    together = "".join(texts)
    begin_plainly = _PLAIN.issuperset([text[0] for text in texts])
    if begin_plainly and ";" not in together and "|" not in together and together.isprintable():
        return True  # most do, and the guard takes ten times as long
    return all(guarded(text) == text for text in texts)


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """The lines of some rows; what is not declared is an empty cell."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    all_of, number = itemgetter(*columns), len(columns)
    writer.writerows(
        all_of(row) if len(row) == number else [row.get(name, "") for name in columns] for row in rows
    )
    return text.getvalue()
