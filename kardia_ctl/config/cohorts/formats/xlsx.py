"""Cohorts in Excel workbooks.

A spreadsheet turns 0012345 into 12345 when it is typed. Only a number cell is left, and nobody can
tell how many zeros it had. So a number is accepted only where none can be lost: for a sex.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any, Final

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.columns import columns_of, wanted_headers
from kardia_ctl.config.cohorts.formats.cell_looks import MOST_NAMED, RowLooks, shows_more
from kardia_ctl.config.cohorts.formats.layout import LOOK, refuse_title
from kardia_ctl.config.cohorts.formats.sheet_marks import ColumnMarks, letters
from kardia_ctl.config.cohorts.formats.table import (
    BadRow,
    Batch,
    RowError,
    batch_of,
    is_blank,
    without_blank_end,
)
from kardia_ctl.config.cohorts.formats.workbook import NumberedRow, Sheet, day_of, opened_sheet, some
from kardia_ctl.config.context import LoadContext
from kardia_ctl.csv_guard import is_guarded, own_columns, unguarded
from kardia_ctl.model.configuration import TextForm
from kardia_ctl.model.source import Source

_TEXT_FORMAT: Final = "@"
_ENTER_AGAIN: Final = (
    "Enter it again, with all its leading zeros; for a whole column, Data > Text to Columns > Text"
)

_AS_SHOWN: Final = "Write the value as it is shown, and format the cell as text"

_LONGEST: Final = 32_767
"""Characters that a cell of Excel can have."""


class Xlsx:
    """A sheet of a workbook whose first row is the header. Lines are its rows."""

    def __init__(self, cohort: Cohort, context: LoadContext) -> None:
        self._cohort = cohort
        self._context = context
        self._header: Sequence[str] = ()
        self._header_line = 1
        self._is_guarded = False
        self._indices: Mapping[str, int] = {}
        self._marks: Mapping[str, ColumnMarks] = {}
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All rows that are not empty.

        Raises:
            UnusableFile: the file cannot be read, or openpyxl is not installed.
        """
        with self._sheet() as sheet:
            first = list(islice(sheet.rows, LOOK))
            below = self._read_header(first)
            rows = chain(first[below:], sheet.rows)
            own = own_columns(self._header)
            header = [*[""] * own, *self._header[own:]]
            self._indices = columns_of(header, self._cohort, self._context, self._at_header)
            columns = {index + 1: name for name, index in self._indices.items()}
            self._marks = {
                columns[number]: marks for number, marks in sheet.marks.of_columns(columns).items()
            }
            looks = RowLooks(sheet.marks.hidden_rows, self._indices)
            while self._indices and (numbered := some(rows)):
                used = [(line, cells) for line, cells in numbered if self._is_declared(line, cells)]
                looks.add(used)
                yield batch_of([self._row(line, cells) for line, cells in used])
            self._warn(sheet, looks)

    def _read_header(self, first: Sequence[NumberedRow]) -> int:
        """Read the header from the first row that is not empty. Returns the number of rows up to it."""
        above = next((index for index, (_, cells) in enumerate(first) if _is_used(cells)), 0)
        self._header_line, header = first[above] if first else (1, ())
        self._header = _header(header)
        self._is_guarded = is_guarded(self._header)
        wanted = wanted_headers(self._cohort, self._context)
        below = ((line, _header(cells)) for line, cells in first[above + 1 :])
        refuse_title(self._header_line, len(wanted.intersection(self._header)), below, wanted)
        return above + 1

    def _is_declared(self, line: int, cells: Sequence[Any]) -> bool:
        """Whether there is anything in a row, be it a formula that has no result yet."""
        return _is_used(cells) or any(marks.is_uncomputed(line) for marks in self._marks.values())

    def _warn(self, sheet: Sheet, looks: RowLooks) -> None:
        """Say what is read though it is hidden, and what is not read though it is there to see."""
        top, warn = Source(self.file, 1, 1), self._context.warn
        for odd in looks.warnings():
            warn(odd, top)
        for name, index in self._indices.items():
            if sheet.marks.is_hidden(index + 1):
                warn(f"{self.label(name)} is hidden, and is read", self._at_header(index))
        if sheet.others and not self._cohort.sheet:
            others = ", ".join(f'"{title}"' for title in sheet.others[:MOST_NAMED])
            warn(
                f'only the sheet "{sheet.title}" is read, not {others}. Set sheet to the one that is meant',
                top,
            )

    def _row(self, line: int, row: Sequence[Any]) -> tuple[int, Mapping[str, str]] | BadRow:
        errors: list[RowError] = []
        beyond = row[len(self._header) :]
        if _is_used(beyond):
            message = "the row has a cell to the right of the last header"
            errors.append(RowError("", message, "Give its column a header, or clear the cell"))
        cells = {}
        for name, index in self._indices.items():
            cell = row[index] if index < len(row) else None
            is_empty = cell is None or cell.value in (None, "")
            text = self._lost(name, line, is_empty=is_empty) if name in self._marks else ""
            if not text and not is_empty:
                text = self._text(name, cell)
                if cell is not None and isinstance(cell.value, str) and shows_more(cell):
                    text = RowError(
                        name, f"{name} is shown otherwise than stored: its format changes it", _AS_SHOWN
                    )
            if isinstance(text, RowError):
                errors.append(text)
            else:
                cells[name] = text
        return BadRow(line, tuple(errors), cells.get("mrn", "")) if errors else (line, cells)

    def _lost(self, name: str, line: int, *, is_empty: bool) -> str | RowError:
        """The error of a cell that only looks empty, or is hidden; an empty text when there is none."""
        marks = self._marks[name]
        if is_empty and marks.is_uncomputed(line):
            remedy = "Open and save the workbook in a spreadsheet program, which computes it"
            return RowError(name, f"{name} is a formula whose result is not stored", remedy)
        if area := marks.merge(line):
            message = f"{name} is under the merged cells {area}, which show one value for all of them"
            return RowError(name, message, "Unmerge them, and write the value into each cell")
        return ""

    def _text(self, name: str, cell: Any) -> str | RowError:
        value = cell.value
        if cell.data_type == "e":
            return RowError(name, f"{name} is a spreadsheet error, such as #REF!", "Correct the cell")
        if isinstance(value, str):
            text = unguarded(value) if self._is_guarded else value
            return text if len(text) <= _LONGEST else _too_long(name)
        if name == "dob" and (day := day_of(cell)):
            return self._day(day)
        if name == "sex" and value.__class__ in (int, float) and math.isfinite(value) and value == int(value):
            return str(int(value))
        return _no_text(name, cell)

    def _day(self, value: date) -> str | RowError:
        if isinstance(value, datetime):
            if value.time() != time():
                return RowError("dob", "dob has a time of day", "Remove the time")
            value = value.date()
        return self._cohort.days.written(value) if self._cohort.days else value.isoformat()

    @contextmanager
    def _sheet(self) -> Iterator[Sheet]:
        with (
            self._context.opened(self._cohort.source) as stream,
            opened_sheet(stream, self._cohort.sheet) as sheet,
        ):
            yield sheet

    def place(self, line: int, name: str) -> Source:
        """The row and the number of the column."""
        return Source(self.file, line, self._indices.get(name, 0) + 1)

    def _at_header(self, index: int) -> Source:
        return Source(self.file, self._header_line, index + 1)

    def label(self, name: str) -> str:
        """The column by its letter and its header."""
        if name not in self._indices:
            return ""
        return f'column {letters(self._indices[name] + 1)}, "{self._header[self._indices[name]]}"'

    @property
    def form(self) -> TextForm:
        """As spreadsheet programs read CSV."""
        return TextForm(has_mark=True)

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The header, and the cells of these rows as texts, from a second reading of the file."""
        own = own_columns(self._header)
        return self._header[own:], ((line, cells[own:]) for line, cells in self._texts(lines))

    def _texts(self, lines: Collection[int]) -> Iterator[tuple[int, Sequence[str]]]:
        with self._sheet() as sheet:
            for line, cells in sheet.rows:
                if line in lines:
                    yield line, [self._shown(index, cell) for index, cell in enumerate(cells)]

    def _shown(self, index: int, cell: Any) -> str:
        """A cell as it is written to the file of quarantined rows, from which it can be read again."""
        if isinstance(cell.value, str):
            return unguarded(cell.value) if self._is_guarded else cell.value
        day = day_of(cell) if index == self._indices.get("dob") else None
        text = self._day(day) if day else ""
        return text if isinstance(text, str) and text else "" if cell.value is None else str(cell.value)


def _no_text(name: str, cell: Any) -> RowError:
    """Why a value that is not a text cannot be an attribute's, and what helps."""
    if isinstance(cell.value, bool):
        what = "a TRUE or FALSE cell"
    elif isinstance(cell.value, date | time):
        what = "a date cell"
    elif cell.number_format == _TEXT_FORMAT:
        return RowError(
            name, f"{name} is a number that was entered before its cell was formatted as text", _ENTER_AGAIN
        )
    elif name == "dob":
        remedy = "Format the column as a date, or write it as YYYY-MM-DD"
        return RowError(name, f"{name} is a number cell, not a date", remedy)
    else:
        what = "a number cell"
    return RowError(name, f"{name} is {what}, not text", "Format the column as text, and retype the values")


def _too_long(name: str) -> RowError:
    return RowError(name, f"{name} has more than {_LONGEST:,} characters", "Correct the cell")


def _is_used(cells: Sequence[Any]) -> bool:
    return any(
        value is not None and not (isinstance(value, str) and is_blank(value))
        for value in (cell.value for cell in cells)
    )


def _header(cells: Sequence[Any]) -> Sequence[str]:
    """The header's texts, on one line each, without empty cells at the end."""
    texts = ["" if cell.value is None else " ".join(str(cell.value).splitlines()) for cell in cells]
    return without_blank_end(texts)
