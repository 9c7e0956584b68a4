"""Lists of records as a table, JSON array or CSV, page by page: memory does not grow with the list."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, assert_never

from kardia_ctl.render.escape import escape
from kardia_ctl.render.files.csv import SafeCell, csv_text
from kardia_ctl.render.records.record_columns import Shape
from kardia_ctl.render.records.visibility import hidden_columns
from kardia_ctl.render.text import Columns, column_widths, table

VisibleRecord = dict[str, Any]
"""A record as its reader may see it (``visibility.visible_record``)."""

_WIDEST: Final = 60
"""The maximum width of a column; a longer cell is printed whole and shifts the rest of its line."""


class ListFormat(Enum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Printer(ABC):
    """Text of a list, to be written in this order: ``page`` for each page, then ``end``."""

    @abstractmethod
    def page(self, rows: Sequence[VisibleRecord]) -> str:
        """The text of one more page."""

    @abstractmethod
    def end(self) -> str:
        """The text that ends the list."""


def printer(form: ListFormat, shape: Shape, *, show_phi: bool) -> Printer:
    """The printer for a list of this shape in this format."""
    match form:
        case ListFormat.TABLE:
            return _Table(shape, show_phi=show_phi)
        case ListFormat.JSON:
            return _Array()
        case ListFormat.CSV:
            return _Csv(shape)
        case _ as never:
            assert_never(never)


class _Table(Printer):
    """A table whose first page decides its widths. Hidden columns are omitted."""

    def __init__(self, shape: Shape, *, show_phi: bool) -> None:
        hidden = hidden_columns(shape, show_phi=show_phi)
        self._columns = tuple(name for name in shape.columns if name not in hidden)
        self._layout: Columns | None = None

    def page(self, rows: Sequence[VisibleRecord]) -> str:
        found = [[escape(cell(row.get(name))) for name in self._columns] for row in rows]
        if self._layout is None:
            if not found:
                return ""
            found.insert(0, [name.upper() for name in self._columns])
            widths = [min(width, _WIDEST) for width in column_widths(found)]
            self._layout = Columns(widths, words=len(widths))
        return "".join(f"{self._layout.line(cells)}\n" for cells in found)

    def end(self) -> str:
        return ""


class _Array(Printer):
    """A JSON array with one record a line: it reads as JSON whole, and line by line while it comes.

    One that was cut off is no JSON, so it cannot be taken for the whole list.
    """

    def __init__(self) -> None:
        self._mark = "[\n"

    def page(self, rows: Sequence[VisibleRecord]) -> str:
        if not rows:
            return ""
        mark, self._mark = self._mark, ",\n"
        return mark + ",\n".join(map(json_line, rows))

    def end(self) -> str:
        return "[]\n" if self._mark == "[\n" else "\n]\n"


class _Csv(Printer):
    """CSV; the columns are always the same."""

    def __init__(self, shape: Shape) -> None:
        self._columns = shape.columns
        self._begun = False

    def page(self, rows: Sequence[VisibleRecord]) -> str:
        head = () if self._begun else (self._columns,)
        self._begun = True
        return csv_text((*head, *([_csv_cell(row.get(name)) for name in self._columns] for row in rows)))

    def end(self) -> str:
        return "" if self._begun else self.page(())


def json_line(value: Any) -> str:
    """JSON on one line, in ASCII, with nothing that moves a cursor or that a CI runner would execute."""
    text = json.dumps(value, ensure_ascii=True, separators=(", ", ": "))
    return text.replace("##", r"\u0023#").replace("\x7f", r"\u007f")


def record_text(row: VisibleRecord, shape: Shape) -> str:
    """One record, a field a line: the shape's columns first, then its other visible fields."""
    names = [name for name in shape.columns if name in row]
    names += [name for name in row if name not in names]
    rows = [(escape(name), escape(cell(row[name]))) for name in names]
    return "".join(f"{line}\n" for line in table(rows, words=2))


def cell(value: Any) -> str:
    """A value as one text."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            return "; ".join(_part(member) for member in value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _part(value: Any) -> str:
    """One of several values; a custom field as name=value (the document spells its keys in two ways)."""
    if not isinstance(value, dict):
        return cell(value)
    named = {name.lower(): member for name, member in value.items()}
    if "fieldname" not in named:
        return cell(value)
    return f"{cell(named['fieldname'])}={cell(named.get('fieldvalue'))}"


def _csv_cell(value: Any) -> str:
    return SafeCell(cell(value)) if isinstance(value, (int, float)) else escape(cell(value))
