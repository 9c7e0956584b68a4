"""What a sheet says beside its values: what is hidden, merged, or a formula that was never computed.

openpyxl reads a sheet as a stream of values, in which a cell under a merge and a formula without a stored
result look like empty cells. To whoever looks at the sheet they are not empty.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Collection, Mapping
from itertools import accumulate
from typing import IO, Any, Final, NamedTuple
from xml.parsers import expat

from kardia_ctl.config.cohorts.formats.workbook_check import MAIN, MOST_ROWS, column_number

_CHUNK: Final = 1 << 16
_ROW: Final = f"{MAIN} row"
_COLUMNS: Final = f"{MAIN} col"
_MERGE: Final = f"{MAIN} mergeCell"
_FORMULA: Final = f"{MAIN} f"
_RESULT: Final = f"{MAIN} v"
_AREA: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Za-z]{1,3})\$?([0-9]{1,7}))?")
_TRUE: Final = ("1", "true")


class Area(NamedTuple):
    """A block of cells; rows and columns count from 1."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{letters(self.left)}{self.top}:{letters(self.right)}{self.bottom}"


def letters(column: int) -> str:
    """The letters of a column: AB for 28."""
    written = ""
    while column:
        column, rest = divmod(column - 1, 26)
        written = chr(ord("A") + rest) + written
    return written


class SheetMarks:
    """The marks of one sheet. Rows and columns count from 1."""

    def __init__(self) -> None:
        self.hidden_rows = bytearray(MOST_ROWS + 1)
        """1 for each row that is hidden."""
        self.hidden_columns: list[tuple[int, int]] = []
        """The first and last column of each hidden block."""
        self.merged: list[Area] = []
        self.arrays: list[Area] = []
        """The areas of array formulas that have no stored result."""
        self.uncomputed: dict[int, array[int]] = {}
        """The rows of the formulas without a stored result, by column."""

    def is_hidden(self, column: int) -> bool:
        """Whether a column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)

    def of_columns(self, columns: Collection[int]) -> Mapping[int, "ColumnMarks"]:
        """The marks of each of these columns that has some."""
        marks = {column: ColumnMarks(column, self) for column in columns}
        return {column: found for column, found in marks.items() if found.is_marked}


class ColumnMarks:
    """What an empty cell of one column is in truth."""

    def __init__(self, column: int, marks: SheetMarks) -> None:
        self._uncomputed = marks.uncomputed.get(column, array("l"))
        self._merged = _Spans(column, marks.merged)
        self._arrays = _Spans(column, marks.arrays)
        self.is_marked = bool(self._uncomputed) or self._merged.exist or self._arrays.exist

    def is_uncomputed(self, row: int) -> bool:
        """Whether a formula belongs in this cell that has no stored result."""
        place = bisect_right(self._uncomputed, row)
        return bool(place and self._uncomputed[place - 1] == row) or self._arrays.around(row) is not None

    def merge(self, row: int) -> Area | None:
        """The merged area that covers this cell, unless the cell is the one that holds its value."""
        area = self._merged.around(row)
        return None if area is None or (row, self._merged.column) == area[:2] else area


class _Spans:
    """The areas that reach into a column, to look up by row."""

    def __init__(self, column: int, areas: Collection[Area]) -> None:
        self.column = column
        self._areas = sorted(area for area in areas if area.left <= column <= area.right)
        self._tops = [area.top for area in self._areas]
        # Areas do not overlap in a sound sheet; in another, the one that reaches lowest so far counts.
        self._lowest: list[Area] = list(accumulate(self._areas, _lower))
        self.exist = bool(self._areas)

    def around(self, row: int) -> Area | None:
        """An area that this row is in."""
        place = bisect_right(self._tops, row)
        area = self._lowest[place - 1] if place else None
        return area if area is not None and area.bottom >= row else None


def _lower(one: Area, other: Area) -> Area:
    return other if other.bottom > one.bottom else one


def sheet_marks(part: IO[bytes]) -> SheetMarks:
    """The marks of a sheet, from its XML, which ``check_workbook`` has walked.

    Raises:
        ExpatError: it is not XML.
        ValueError: an attribute is not a number.
    """
    walk = _SheetWalk()
    while data := part.read(_CHUNK):
        walk.parser.Parse(data, False)
    return walk.marks


class _SheetWalk:
    def __init__(self) -> None:
        self.marks = SheetMarks()
        self._row = 0
        self._column = 0
        self._formula: Mapping[str, str] | None = None
        """The attributes of the formula that the walk is after, in its cell."""
        self._has_result = False
        self._is_text = False
        self._depth = 0
        """The depth inside a row: 1 for its cells; 0 outside."""
        self._in_row = False
        self.parser: Any = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._in_row:
            self._depth += 1
            if self._depth == 1:
                reference = attributes.get("r")
                self._column = self._column + 1 if reference is None else column_number(reference)
                self._is_text, self._formula, self._has_result = attributes.get("t") == "str", None, False
            elif name == _FORMULA:
                self._formula = attributes
            elif name == _RESULT and self._formula is not None:
                # A computed empty text is <v></v> in a cell of text; without a type it is no result.
                self._has_result = self._is_text
                self.parser.CharacterDataHandler = self._result
        elif name == _ROW:
            self._begin_row(attributes)
        elif name == _COLUMNS and (attributes.get("hidden") in _TRUE or _is_zero(attributes.get("width"))):
            self.marks.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))
        elif name == _MERGE:
            self.marks.merged += _areas(attributes.get("ref", ""))

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        written = attributes.get("r")
        self._row = self._row + 1 if written is None else int(written)
        self._in_row, self._column = True, 0
        if attributes.get("hidden") in _TRUE or _is_zero(attributes.get("ht")):
            self.marks.hidden_rows[self._row] = 1

    def _result(self, _text: str) -> None:
        self._has_result = True

    def _end(self, name: str) -> None:
        if not self._in_row:
            return
        if self._depth == 0:
            self._in_row = False
            return
        if name == _RESULT:
            self.parser.CharacterDataHandler = None
        self._depth -= 1
        if self._depth == 0 and self._formula is not None and not self._has_result:
            self.marks.uncomputed.setdefault(self._column, array("l")).append(self._row)
            if self._formula.get("t") in ("array", "dataTable"):
                self.marks.arrays += _areas(self._formula.get("ref", ""))


def _is_zero(size: str | None) -> bool:
    return size is not None and float(size) == 0


def _areas(reference: str) -> list[Area]:
    match = _AREA.fullmatch(reference)
    if match is None:
        return []
    left, top, right, bottom = match.groups()
    return [Area(int(top), column_number(left), int(bottom or top), column_number(right or left))]
