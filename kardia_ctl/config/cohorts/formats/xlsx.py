"""Cohorts in Excel workbooks, read as a stream by openpyxl (the extra ``xlsx``).

A spreadsheet turns 0012345 into 12345 when it is typed. Only a number cell is left, and nobody can
tell how many zeros it had. So a number is accepted only where none can be lost: for a sex.
"""

import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final
from zipfile import ZipFile

from kardia_ctl.config.cohorts.cohort import Cohort
from kardia_ctl.config.cohorts.columns import columns_of
from kardia_ctl.config.cohorts.formats.table import BadRow, Batch, RowError, batch_of
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.source_files import InvalidContent, UnusableFile
from kardia_ctl.model.source import Source

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_BATCH: Final = 1000
_SHEET_LIMIT: Final = 2 << 30
_PART_LIMIT: Final = 128 << 20
"""Bytes that a sheet, and any other part of a workbook, may unpack to; other parts are held in memory."""

_PARTS: Final = 1000
_MOST_ROWS: Final = 1 << 20
"""Rows that a sheet of Excel can have."""

_BROKEN: Final = (
    "the workbook cannot be read",
    "Open it in a spreadsheet program and save it as .xlsx again",
)


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
            while self._indices and (numbered := list(islice(rows, _BATCH))):
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
            return value
        if name == "dob" and isinstance(value, date):
            return self._day(value)
        if name == "sex" and value.__class__ in (int, float) and value == int(value):
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
    def _rows(self) -> Iterator[Iterator[tuple[int, Sequence[Any]]]]:
        """The rows of the sheet with their numbers."""
        with self._context.opened(self._cohort.source) as stream:
            with _refusing_broken():
                book = _opened(stream)
            try:
                yield _guarded(self._sheet(book))
            finally:
                book.close()

    def _sheet(self, book: "Workbook") -> Iterator[tuple[int, Sequence[Any]]]:
        name = self._cohort.sheet
        if name and name not in book.sheetnames:
            there = ", ".join(f'"{title}"' for title in book.sheetnames[:10])
            raise UnusableFile(f'the workbook has no sheet "{name}"', f"Its sheets: {there}")
        with _refusing_broken():
            sheet: Any = book[name] if name else book.worksheets[0]
            sheet.reset_dimensions()  # some programs write dimensions that are too small, which loses cells
            return enumerate(islice(sheet.iter_rows(), _MOST_ROWS + 1), start=1)

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


def _opened(stream: IO[bytes]) -> "Workbook":
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        message = "reading .xlsx needs openpyxl, which is not installed"
        raise UnusableFile(message, "Run: pip install 'kardia-ctl[xlsx]'") from error
    _check_size(stream)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which are not read here
        return load_workbook(stream, read_only=True, data_only=True, keep_links=False)


def _check_size(stream: IO[bytes]) -> None:
    """Refuse a workbook that unpacks to too much (zipfile yields at most the declared size) or loses rows."""
    with ZipFile(stream) as archive:
        parts = archive.infolist()
        if len(parts) > _PARTS:
            remedy = "Save the patients in a workbook of their own"
            raise InvalidContent(f"the workbook has more than {_PARTS:,} parts", remedy)
        for part in parts:
            is_sheet = part.filename.startswith("xl/worksheets/")
            limit = _SHEET_LIMIT if is_sheet else _PART_LIMIT
            if part.file_size > limit:
                raise InvalidContent(
                    f"a part of the workbook unpacks to more than {limit >> 20} MiB", "Split it"
                )
            if is_sheet and part.filename.endswith(".xml"):
                with archive.open(part) as sheet:
                    _check_order(sheet)
    stream.seek(0)


_ROW: Final = re.compile(rb"""<(?:[A-Za-z]+:)?row(?:\s[^>]*?\sr|\sr)\s*=\s*["']([^"']*)["'][^>]*>""")


def _check_order(sheet: IO[bytes]) -> None:
    """Refuse rows out of order: openpyxl silently drops a row that is not numbered above the one before."""
    before, rest = 0, b""
    while chunk := sheet.read(1 << 20):
        data = rest + chunk
        end = data.rfind(b">") + 1
        rest = data[end:]
        for row in _ROW.finditer(data, 0, end):
            if not row[1].isdigit() or not before < int(row[1][:20]) <= _MOST_ROWS:
                raise InvalidContent(*_BROKEN)
            before = int(row[1])


def _guarded(rows: Iterator[Any]) -> Iterator[Any]:
    while True:
        with _refusing_broken(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = list(islice(rows, _BATCH))
        if not batch:
            return
        if batch[-1][0] > _MOST_ROWS:
            raise InvalidContent(*_BROKEN)
        yield from batch


@contextmanager
def _refusing_broken() -> Iterator[None]:
    """Turn what openpyxl, zipfile and the XML parsers raise over a broken workbook into InvalidContent."""
    try:
        yield
    except (UnusableFile, MemoryError):
        raise
    except Exception as error:
        raise InvalidContent(*_BROKEN) from error


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
