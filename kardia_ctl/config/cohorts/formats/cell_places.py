"""Where the cells of a line of CSV begin and end."""

import re
from array import array
from functools import lru_cache
from typing import Final


def cell_begin(text: str, index: int, delimiter: str) -> int:
    """The offset in characters of a cell in its row's first line; 0 if the cell is in a later line."""
    begins = _cell_begins(text, delimiter)
    return begins[index] if index < len(begins) else 0


@lru_cache(maxsize=1)  # a wide row may have an error in every cell
def _cell_begins(text: str, delimiter: str) -> "array[int]":
    """The offsets in characters of all cells that begin in a line."""
    end = len(text.rstrip("\r\n"))
    begins = array("Q", [0])
    while 0 <= (found := _delimiter_after(text, begins[-1], delimiter)) < end:
        begins.append(found + 1)
    return begins


def _delimiter_after(text: str, begin: int, delimiter: str) -> int:
    """The offset of the delimiter that ends a cell; -1 when there is none in this line."""
    place, quotes = begin, 0
    while (found := text.find(delimiter, place)) >= 0:
        quotes += text.count('"', place, found)
        if quotes % 2 == 0:
            return found
        place = found + 1
    return -1


_COMMON_DELIMITERS: Final = re.compile("[,;|\t]")


def cell_end(text: str, begin: int) -> int:
    """The offset at which a cell ends; the end of the line when the cell continues in a later line.

    The delimiter is the character before the cell; for the first cell, the first common delimiter.
    """
    usual = _COMMON_DELIMITERS.search(text)
    delimiter = text[begin - 1] if begin else (usual[0] if usual else "\n")
    is_quoted = False
    for place in range(begin, len(text)):
        is_quoted ^= text[place] == '"'
        if text[place] == delimiter and not is_quoted:
            return place
    return len(text)
