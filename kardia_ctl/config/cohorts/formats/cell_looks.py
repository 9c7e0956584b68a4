"""What the format of a workbook's cell shows otherwise than it is stored."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

MOST_NAMED: Final = 20
"""Rows, or sheets, that a warning names."""

_UNSHOWN_PARTS: Final = re.compile(r'"[^"]*"|\[[^]]*(?:\]|\Z)|\\.|[_*].')
"""Parts of a number format that are no digits of a value: texts, locales and paddings."""

_DATE_CODE: Final = re.compile(r"(?:[dmyhs]|am/pm|a/p|[^a-z])*", re.IGNORECASE)


def part_not_shown(cell: Any) -> str:
    """The part of a date that its cell does not show, which its author may never have entered.

    A spreadsheet stores 3-4 as a day of this year, and Apr 61 as the first of that month.
    """
    code = _UNSHOWN_PARTS.sub("", cell.number_format).partition(";")[0].lower()
    if _DATE_CODE.fullmatch(code) is None or not {"d", "y"} & set(code):
        return ""  # letters of another language, or no date at all
    return "day" if "d" not in code else "" if "y" in code else "year"


def shows_more(cell: Any) -> bool:
    """Whether the format of a text cell adds something to the text, e.g. "AC-"@, or hides it."""
    code = cell.number_format
    if "@" not in code and ";;;" not in code:
        return False
    of_text = re.sub(r"\[[^]]*(?:\]|\Z)|[_*].", "", code).split(";")
    return of_text[3] != "@" if len(of_text) > 3 else len(of_text) == 1 and of_text[0] != "@"


def is_struck(cell: Any) -> bool:
    """Whether a cell is struck through."""
    return bool(getattr(cell, "has_style", False) and cell.font.strike)


def shows_part(cell: Any) -> bool:
    """Whether a cell with a day shows only a part of it."""
    return cell is not None and cell.value.__class__ in (date, datetime) and bool(part_not_shown(cell))


class RowLooks:
    """The rows of a sheet that look as if they, or their birth dates, were not meant."""

    def __init__(self, hidden: Sequence[int], indices: Mapping[str, int]) -> None:
        """``hidden`` has 1 for each row that is hidden; ``indices`` are those of the columns."""
        self._is_hidden = hidden
        self._indices = indices
        self._hidden: list[int] = []
        self._struck: list[int] = []
        self._in_part: list[int] = []

    def add(self, rows: Sequence[tuple[int, Sequence[Any]]]) -> None:
        """Look at some rows."""
        self._hidden += [line for line, _ in rows if self._is_hidden[line]]
        self._struck += [line for line, cells in rows if is_struck(self._cell("mrn", cells))]
        self._in_part += [line for line, cells in rows if shows_part(self._cell("dob", cells))]

    def _cell(self, name: str, cells: Sequence[Any]) -> Any:
        index = self._indices.get(name)
        return None if index is None or index >= len(cells) else cells[index]

    def warnings(self) -> Iterator[str]:
        """What is odd about them."""
        for kind, lines in (("hidden", self._hidden), ("struck-out", self._struck)):
            if lines:
                what = f"1 {kind} row is" if len(lines) == 1 else f"{len(lines):,} {kind} rows are"
                yield f"{what} read: {_listed(lines)}. Delete what is not to be read"
        if self._in_part:
            yield (
                f"dob is shown without its day or year in rows {_listed(self._in_part)}, as a spreadsheet "
                "completes 3-4 or Apr 61. Look the birth dates up, and format the column as a whole date"
            )


def _listed(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:MOST_NAMED])) + (", …" if len(lines) > MOST_NAMED else "")
