"""Where the cells of a row of delimited text stand, and how one of them is replaced.

Cells are found exactly as the csv module reads them with ``strict=True``.
"""

import re
from typing import Final

from kardia_ctl.config.editing.encoded_text import TextEdit

_QUOTE: Final = '"'
_LINE_END: Final = re.compile(r"[\r\n]")


def cell_at(text: str, row: int, index: int, delimiter: str) -> tuple[int, int]:
    """Begin and end of a cell, with its quotes, in the row that begins at an offset.

    Raises:
        IndexError: the row has fewer cells.
    """
    begin = row
    for _ in range(index):
        begin = _end(text, begin, delimiter)
        if text[begin : begin + 1] != delimiter:
            raise IndexError(index)
        begin += 1
    return begin, _end(text, begin, delimiter)


def _end(text: str, begin: int, delimiter: str) -> int:
    """Where the cell that begins here ends."""
    if text[begin : begin + 1] != _QUOTE:
        line_end = _LINE_END.search(text, begin)
        end = line_end.start() if line_end else len(text)
        found = text.find(delimiter, begin, end)
        return end if found < 0 else found
    place = text.index(_QUOTE, begin + 1)
    while text[place + 1 : place + 2] == _QUOTE:
        place = text.index(_QUOTE, place + 2)
    return place + 1


def cell_text(cell: str) -> str:
    """The text of a cell as it stands in the file."""
    return cell[1:-1].replace('""', _QUOTE) if cell[:1] == _QUOTE else cell


def cell_edit(text: str, place: tuple[int, int], new: str, delimiter: str) -> TextEdit:
    """The edit that gives a cell another text. One that had quotes keeps them."""
    begin, end = place
    quoted = text[begin : begin + 1] == _QUOTE or any(mark in new for mark in (delimiter, _QUOTE, "\r", "\n"))
    return TextEdit(begin, end, _QUOTE + new.replace(_QUOTE, '""') + _QUOTE if quoted else new)
