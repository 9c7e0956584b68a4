"""Walks every part of a workbook before openpyxl does, which holds what it reads and fills every gap.

The walk holds nothing. What openpyxl would make of the parts is spent from the file's budget, by the elements
that it looks for, in whatever part they are; what is not XML it does not parse either.
"""

from collections import Counter
from collections.abc import Mapping
from posixpath import basename, normpath
from typing import IO, Any, Final
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from kardia_ctl.config.budget import Budget, Expense
from kardia_ctl.config.source_files import InvalidContent

MOST_ROWS: Final = 1 << 20
"""Rows that a sheet of Excel can have."""

BROKEN: Final = (
    "the workbook cannot be read",
    "Open it in a spreadsheet program and save it as .xlsx again",
)

_PARTS: Final = 1000
_CHUNK: Final = 1 << 16
_DEPTH: Final = 64
_DIGITS: Final = 20
"""Digits of a row's number, zeros in front included."""

_IN_ONE: Final = 1 << 17
"""Elements in one row or one text: a row of Excel has 16,384 cells."""

_ATTRIBUTE: Final = 1 << 16
_FORMAT: Final = 1000
"""Characters of a number format, which openpyxl searches in quadratic time; Excel's limit is 255."""

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
"""The namespace of sheets."""

_ROW: Final = f"{MAIN} row"
_STRING: Final = f"{MAIN} si"
_SHEET: Final = f"{MAIN} sheet"
_REFERENCE: Final = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"
_COLUMN: Final = {chr(ord("A") + place): place + 1 for place in range(26)} | {
    chr(ord("a") + place): place + 1 for place in range(26)
}


def check_workbook(stream: IO[bytes], budget: Budget) -> None:
    """Refuse a workbook that would become too much, or of which openpyxl would lose rows.

    Raises:
        InvalidContent: one of these.
    """
    with ZipFile(stream) as archive:
        parts = archive.infolist()
        if len(parts) > _PARTS:
            remedy = "Save the patients in a workbook of their own"
            raise InvalidContent(f"the workbook has more than {_PARTS:,} parts", remedy)
        sizes: Counter[str] = Counter()
        for part in parts:
            if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise InvalidContent(*BROKEN)
            budget.spend(Expense.UNPACKED, part.file_size)  # zipfile yields no more than this
            sizes[basename(part.filename)] += part.file_size
        for part in parts:
            with archive.open(part) as opened:
                _walk(opened, budget, sizes)
    stream.seek(0)


def _walk(part: IO[bytes], budget: Budget, sizes: Mapping[str, int]) -> None:
    data = part.read(_CHUNK)
    if not data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"\xff\xfe", b"\xfe\xff", b"\0<")):
        return
    walk = _PartWalk(budget, sizes)
    try:
        while data:
            walk.parser.Parse(data, False)
            data = part.read(_CHUNK)
    except expat.ExpatError:
        return  # openpyxl stops at the same place, if it reads this part at all


class _PartWalk:
    """The elements of one part, counted."""

    def __init__(self, budget: Budget, sizes: Mapping[str, int]) -> None:
        self._budget = budget
        self._sizes = sizes
        self._sheets: set[str] = set()
        self._depth = 0
        self._around = 0
        """The depth of the row or text that the walk is in; 0 outside."""
        self._inside = 0
        self._row = 0
        self._column = 0
        self._widest = 0
        """The most columns that the row reaches; 0 outside a row."""
        self.parser: Any = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.buffer_text = True

    def _refuse(self, *_: object) -> None:
        raise InvalidContent(*BROKEN)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._around:
            self._inside += 1
            if (
                self._widest and self._depth == self._around + 1
            ):  # whatever its name: openpyxl takes it for a cell
                self._cell(attributes.get("r"))
            if self._inside > _IN_ONE:
                self._refuse()
            return
        if self._depth > _DEPTH:
            self._refuse()
        if name == _ROW:
            self._begin_row(attributes.get("r"))
        elif name == _STRING:
            self._budget.spend(Expense.STRINGS, 1)
        else:
            self._other(name, attributes)
            return
        self._around, self._inside = self._depth, 0

    def _end(self, _name: str) -> None:
        if self._depth == self._around:
            self._around = 0
            if self._widest:
                self._budget.spend(Expense.CELLS, self._widest)
                self._widest = 0
        self._depth -= 1

    def _begin_row(self, written: str | None) -> None:
        """Refuse rows out of order: openpyxl silently drops one that is not numbered above the one before."""
        number = self._row + 1
        if written is not None:
            number = int(written) if len(written) <= _DIGITS and written.isdecimal() else 0
        if not self._row < number <= MOST_ROWS:
            self._refuse()
        self._row, self._column, self._widest = number, 0, 1

    def _cell(self, written: str | None) -> None:
        self._column = self._column + 1 if written is None else column_number(written)
        self._widest = max(self._widest, self._column)

    def _other(self, name: str, attributes: Mapping[str, str]) -> None:
        self._budget.spend(Expense.PARTS, 1)
        for key, value in attributes.items():
            if len(value) > (_FORMAT if key == "formatCode" else _ATTRIBUTE):
                self._refuse()
            if name == _REFERENCE and key == "Target":  # whatever refers to a part may have it read once more
                self._budget.spend(Expense.UNPACKED, self._sizes.get(basename(normpath(value)), 0))
            if name == _SHEET and key.endswith(" id"):
                if value in self._sheets:
                    self._refuse()
                self._sheets.add(value)


def column_number(reference: str) -> int:
    """The number of a cell's column: 28 for AB7."""
    number = 0
    for letter in reference[:4]:
        place = _COLUMN.get(letter)
        if place is None:
            break
        number = number * 26 + place
    return number
