"""A workbook, opened by openpyxl (the extra ``xlsx``): which sheet is read, its rows, and its marks."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import SEEK_END
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from kardia_ctl.config.budget import Budget, Expense
from kardia_ctl.config.cohorts.formats.other_files import refuse_no_workbook
from kardia_ctl.config.cohorts.formats.sheet_marks import SheetMarks, sheet_marks
from kardia_ctl.config.cohorts.formats.workbook_check import BROKEN, MOST_ROWS, check_workbook
from kardia_ctl.config.source_files import InvalidContent, UnusableFile

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

NumberedRow: TypeAlias = tuple[int, Sequence[Any]]
"""A row's number, and its cells."""

_BATCH: Final = 1000
_WIDE: Final = 50_000
"""Rows, and cells, that are read at once."""

_DATE_FORMATS: Final = frozenset({*range(27, 37), *range(50, 59), 71, 72, 73, 74, 77, 81})
"""Built-in formats of dates in China, Japan, Korea, Taiwan and Thailand (ECMA-376, 18.8.30), which openpyxl
takes for those of numbers."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that is being read.

    Attributes:
        title: Its name.
        others: The names of the other visible sheets.
        marks: What is hidden, merged or not computed in it.
        rows: Its rows, each once.
    """

    title: str
    others: Sequence[str]
    marks: SheetMarks
    rows: Iterator[NumberedRow]


@contextmanager
def opened_sheet(stream: IO[bytes], name: str) -> Iterator[Sheet]:
    """The sheet with this name; without one, the first that is visible.

    Raises:
        UnusableFile: the workbook cannot be read or has no such sheet, or openpyxl is not installed.
    """
    budget = Budget(stream.seek(0, SEEK_END))
    with _refusing_broken():
        book = _opened(stream, budget)
    try:
        yield _sheet(book, name, budget)
    finally:
        book.close()


def _opened(stream: IO[bytes], budget: Budget) -> "Workbook":
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        message = "reading .xlsx needs openpyxl, which is not installed"
        raise UnusableFile(message, "Run: pip install 'kardia-ctl[xlsx]'") from error
    refuse_no_workbook(stream)
    check_workbook(stream, budget)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which are not read here
        return load_workbook(stream, read_only=True, data_only=True, keep_links=False)


def day_of(cell: Any) -> date | None:
    """The day of a cell that shows a date, with its time of day if it has one; None for any other cell."""
    value = cell.value
    if value.__class__ in (int, float) and cell.style_array.numFmtId in _DATE_FORMATS:
        from openpyxl.utils.datetime import from_excel

        try:
            value = from_excel(value, cell.parent.parent.epoch)
        except (OverflowError, ValueError):
            return None
    return value if isinstance(value, date) else None


def _sheet(book: "Workbook", name: str, budget: Budget) -> Sheet:
    if name and name not in book.sheetnames:
        there = ", ".join(f'"{title}"' for title in book.sheetnames[:10])
        raise UnusableFile(f'the workbook has no sheet "{name}"', f"Its sheets: {there}")
    with _refusing_broken():
        visible: list[Any] = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not name and not visible:
            raise UnusableFile(
                "every sheet of the workbook is hidden", "Set sheet, or unhide the one to read"
            )
        sheet: Any = book[name] if name else visible[0]
        with sheet._get_source() as part:  # noqa: SLF001  (nothing public leads to a sheet's XML)
            marks = sheet_marks(part)
        sheet.reset_dimensions()  # some programs write dimensions that are too small, which loses cells
        rows = enumerate(islice(sheet.iter_rows(), MOST_ROWS + 1), start=1)
    others = [other.title for other in visible if other is not sheet]
    return Sheet(sheet.title, others, marks, _guarded(rows, budget))


def _guarded(rows: Iterator[NumberedRow], budget: Budget) -> Iterator[NumberedRow]:
    """The rows, with every error of openpyxl as InvalidContent; their text is spent from the budget."""
    while True:
        with _refusing_broken(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = some(rows)
        if not batch:
            return
        if batch[-1][0] > MOST_ROWS:
            raise InvalidContent(*BROKEN)
        for _, row in batch:  # one text may stand in every cell
            budget.spend(Expense.TEXT, sum(len(text) for cell in row if isinstance(text := cell.value, str)))
        yield from batch


def some(rows: Iterator[NumberedRow]) -> list[NumberedRow]:
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
