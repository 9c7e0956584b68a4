"""Cohorts in Excel workbooks, read as a stream by openpyxl (the extra ``xlsx``).

A spreadsheet turns 0012345 into 12345 when it is typed. Only a number cell is left, and nobody can
tell how many zeros it had. So a number is accepted only where none can be lost: for a sex.
"""

import math
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from io import SEEK_END
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from kardia_ctl.config.budget import Budget, Expense
from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.columns import columns_of
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, RowError, batch_of
from kardia_ctl.config.cohorts.formats.workbook_check import BROKEN, MOST_ROWS, check_workbook
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.source_files import InvalidContent, UnusableFile
from kardia_ctl.model.source import Source

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

NumberedRow: TypeAlias = tuple[int, Sequence[Any]]
"""A row's number, and its cells."""

_BATCH: Final = 1000
_WIDE: Final = 50_000
"""Rows, and cells, that are read at once."""

_LONGEST: Final = 32_767
"""Characters that a cell of Excel can have."""


class Xlsx:
    """A sheet of a workbook whose first row is the header. Lines are its rows."""

    def __init__(self, cohort: Cohort, context: LoadContext) -> None:
        self._cohort = cohort
        self._context = context
        self._header: Sequence[str] = ()
        self._indices: Mapping[str, int] = {}
        self.file = context.name(cohort.source)

    def batches(self) -> Iterator[Batch]:
        """All rows that are not empty.

        Raises:
            UnusableFile: the file cannot be read, or openpyxl is not installed.
        """
        with self._rows() as rows:
            self._header = _header(next(rows, (1, []))[1])
            self._indices = columns_of(self._header, self._cohort, self._context, self._at_header)
            while self._indices and (numbered := _some(rows)):
                yield batch_of([self._row(line, cells) for line, cells in numbered if _is_used(cells)])

    def _row(self, line: int, row: Sequence[Any]) -> tuple[int, Mapping[str, str]] | BadRow:
        errors: list[RowError] = []
        beyond = row[len(self._header) :]
        if _is_used(beyond):
            message = "the row has a cell to the right of the last header"
            errors.append(RowError("", message, "Give its column a header, or clear the cell"))
        cells = {}
        for name, index in self._indices.items():
            text = self._text(name, row[index]) if index < len(row) else ""
            if isinstance(text, RowError):
                errors.append(text)
            else:
                cells[name] = text
        return BadRow(line, tuple(errors), cells.get("mrn", "")) if errors else (line, cells)

    def _text(self, name: str, cell: Any) -> str | RowError:
        value = cell.value
        if value is None:
            return ""
        if cell.data_type == "e":
            return RowError(name, f"{name} is a spreadsheet error, such as #REF!", "Correct the cell")
        if isinstance(value, str):
            return value if len(value) <= _LONGEST else _too_long(name)
        if name == "dob" and isinstance(value, date):
            return self._day(value)
        if name == "sex" and value.__class__ in (int, float) and math.isfinite(value) and value == int(value):
            return str(int(value))
        what = "a date cell" if isinstance(value, date | time) else "a number cell"
        what = "a TRUE or FALSE cell" if isinstance(value, bool) else what
        remedy = "Format the column as text, and retype the values"
        return RowError(name, f"{name} is {what}, not text", remedy)

    def _day(self, value: date) -> str | RowError:
        if isinstance(value, datetime):
            if value.time() != time():
                return RowError("dob", "dob has a time of day", "Remove the time")
            value = value.date()
        return self._cohort.days.written(value) if self._cohort.days else value.isoformat()

    @contextmanager
    def _rows(self) -> Iterator[Iterator[NumberedRow]]:
        """The rows of the sheet with their numbers."""
        with self._context.opened(self._cohort.source) as stream:
            budget = Budget(stream.seek(0, SEEK_END))
            with _refusing_broken():
                book = _opened(stream, budget)
            try:
                yield _guarded(self._sheet(book), budget)
            finally:
                book.close()

    def _sheet(self, book: "Workbook") -> Iterator[NumberedRow]:
        name = self._cohort.sheet
        if name and name not in book.sheetnames:
            there = ", ".join(f'"{title}"' for title in book.sheetnames[:10])
            raise UnusableFile(f'the workbook has no sheet "{name}"', f"Its sheets: {there}")
        with _refusing_broken():
            sheet: Any = book[name] if name else book.worksheets[0]
            sheet.reset_dimensions()  # some programs write dimensions that are too small, which loses cells
            return enumerate(islice(sheet.iter_rows(), MOST_ROWS + 1), start=1)

    def place(self, line: int, name: str) -> Source:
        """The row and the number of the column."""
        return Source(self.file, line, self._indices.get(name, 0) + 1)

    def _at_header(self, index: int) -> Source:
        return Source(self.file, 1, index + 1)

    def label(self, name: str) -> str:
        """The column by its letter and its header."""
        if name not in self._indices:
            return ""
        return f'column {_letter(self._indices[name])}, "{self._header[self._indices[name]]}"'

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The header, and the cells of these rows as texts, from a second reading of the file."""
        return self._header, self._texts(lines)

    def _texts(self, lines: Collection[int]) -> Iterator[tuple[int, Sequence[str]]]:
        with self._rows() as rows:
            for line, cells in rows:
                if line in lines:
                    yield line, ["" if cell.value is None else str(cell.value) for cell in cells]


def _opened(stream: IO[bytes], budget: Budget) -> "Workbook":
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        message = "reading .xlsx needs openpyxl, which is not installed"
        raise UnusableFile(message, "Run: pip install 'kardia-ctl[xlsx]'") from error
    check_workbook(stream, budget)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which are not read here
        return load_workbook(stream, read_only=True, data_only=True, keep_links=False)


def _guarded(rows: Iterator[NumberedRow], budget: Budget) -> Iterator[NumberedRow]:
    """The rows, with every error of openpyxl as InvalidContent; their text is spent from the budget."""
    while True:
        with _refusing_broken(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = _some(rows)
        if not batch:
            return
        if batch[-1][0] > MOST_ROWS:
            raise InvalidContent(*BROKEN)
        for _, row in batch:  # one text may stand in every cell
            budget.spend(Expense.TEXT, sum(len(text) for cell in row if isinstance(text := cell.value, str)))
        yield from batch


def _some(rows: Iterator[NumberedRow]) -> list[NumberedRow]:
    """The next rows: a thousand, or fewer when they are wide."""
    batch: list[NumberedRow] = []
    width = 0
    for numbered in rows:
        batch.append(numbered)
        width += len(numbered[1])
        if len(batch) == _BATCH or width > _WIDE:
            break
    return batch


@contextmanager
def _refusing_broken() -> Iterator[None]:
    """Turn what openpyxl, zipfile and the XML parsers raise over a broken workbook into InvalidContent."""
    try:
        yield
    except (UnusableFile, MemoryError):
        raise
    except Exception as error:
        raise InvalidContent(*BROKEN) from error


def _too_long(name: str) -> RowError:
    return RowError(name, f"{name} has more than {_LONGEST:,} characters", "Correct the cell")


def _is_used(cells: Sequence[Any]) -> bool:
    return any(cell.value not in (None, "") for cell in cells)


def _header(cells: Sequence[Any]) -> list[str]:
    """The header's texts, without empty cells at the end."""
    texts = ["" if cell.value is None else str(cell.value) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _letter(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
