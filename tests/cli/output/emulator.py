"""A small terminal, to test what a person sees: rows of characters and a cursor."""

import io
import re
from collections.abc import Iterator
from typing import Final

_PART: Final = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|(\r|\n)|([^\x1b\r\n]+)")


class Terminal(io.StringIO):
    """A person's terminal: a stream that keeps all that was written to it."""

    def isatty(self) -> bool:
        return True

    def screens(self) -> Iterator[list[str]]:
        """The rows after each time that something was written over, and at the end."""
        return screens(self.getvalue())

    def rows(self) -> list[str]:
        """The rows as they are now, without empty ones at the end."""
        return [*self.screens()][-1]


def screens(written: str) -> Iterator[list[str]]:
    """What stood on the screen before each erasure, and at the end."""
    rows, row, column = [""], 0, 0
    position = 0
    while position < len(written):
        part = _PART.match(written, position)
        assert part, f"a terminal does not know {written[position : position + 10]!r}"
        position = part.end()
        argument, command, move, text = part.groups()
        if text:
            rows[row] = rows[row][:column].ljust(column) + text + rows[row][column + len(text) :]
            column += len(text)
        elif move == "\r":
            column = 0
        elif move == "\n":
            row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
        elif command == "A":
            assert row >= int(argument or 1), "the cursor leaves the screen"
            row -= int(argument or 1)
        elif command == "K":
            yield _trimmed(rows)
            rows[row] = "" if argument == "2" else rows[row][:column]
        else:
            raise AssertionError(f"a terminal does not know {argument}{command}")
    yield _trimmed(rows)


def _trimmed(rows: list[str]) -> list[str]:
    return [row.rstrip() for row in "\n".join(rows).rstrip().split("\n")]
