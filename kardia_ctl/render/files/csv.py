"""The one writer of CSV: spreadsheets read every cell as text, and CI runners find no command in it."""

import csv
import io
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings that spreadsheets read as a formula, their full-width forms included."""


class Number(str):
    """A number, already formatted: no number is a formula, not even a negative one."""

    __slots__ = ()


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Rows as CSV, each with its line end; every cell but a ``Number`` is made safe."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(
        [cell if isinstance(cell, Number) else safe_cell(cell) for cell in row] for row in rows
    )
    return target.getvalue()


def safe_cell(text: str) -> str:
    """The text with a ``'`` in front where a spreadsheet would read a formula, or a CI runner a command.

    A cell that is safe already stays as it is.
    """
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith("::") else text
