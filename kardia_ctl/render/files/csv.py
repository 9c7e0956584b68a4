"""The one writer of CSV: spreadsheets read every cell as text, and CI runners find no command in it."""

import csv
import io
from collections.abc import Iterable

from kardia_ctl.csv_guard import guarded


class SafeCell(str):
    """A cell as it is written: already guarded, or a number, of which none is a formula."""

    __slots__ = ()


def csv_text(rows: Iterable[Iterable[str]], delimiter: str = ",", line_end: str = "\n") -> str:
    """Rows as CSV, each with its line end; every cell but a ``SafeCell`` is guarded."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator=line_end)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return target.getvalue()


def safe_cell(text: str) -> SafeCell:
    """The text with a ``'`` wherever a spreadsheet would read a formula, or a CI runner a command."""
    return text if isinstance(text, SafeCell) else SafeCell(guarded(text))
