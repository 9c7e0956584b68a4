"""What every format yields: batches of rows, and the place of each cell."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from kardia_ctl.kinds import patient as kind
from kardia_ctl.model.source import Source

PICKED: Final = ("mrn", "dob", "email", "firstname", "lastname", "sex", "id", "codes")
"""The attributes a row may have, one text each. Several codes are one text, separated by ;."""

REQUIRED: Final = tuple(kind.SCHEMA["required"])


@dataclass(frozen=True, slots=True)
class RowError:
    """What a format finds wrong with a row: the attribute's name, empty for the whole row."""

    name: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that its format cannot read. ``mrn`` is empty when it is not certain."""

    line: int
    errors: tuple[RowError, ...]
    mrn: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, column by column; an empty text declares nothing.

    ``lines`` are where they begin. ``printable`` says that no cell has a character that cannot be printed;
    without it that is not known. ``bad_rows`` are rows between them that are in no column.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    printable: bool = False
    bad_rows: Sequence[BadRow] = ()


class Table(Protocol):
    """A cohort's file, read as a stream."""

    file: str

    def batches(self) -> Iterator[Batch]:
        """All rows. What is wrong with the file itself is noted as a problem, and ends it.

        Raises:
            UnusableFile: the file cannot be read.
        """

    def place(self, line: int, name: str) -> Source:
        """Where an attribute of the row that begins in a line is; only for rows of the last batch."""

    def label(self, name: str) -> str:
        """How the file calls an attribute, e.g. column "Birth date"; empty when by the attribute's name."""

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The header, and the rows that begin in these lines as they stand, read once more."""


def batch_of(rows: Sequence[tuple[int, Mapping[str, str]] | BadRow]) -> Batch:
    """A batch of rows that come one by one. All that are not bad must have the same attributes."""
    right = [row for row in rows if not isinstance(row, BadRow)]
    names = right[0][1] if right else ()
    return Batch(
        [line for line, _ in right],
        {name: [cells[name] for _, cells in right] for name in names},
        bad_rows=[row for row in rows if isinstance(row, BadRow)],
    )
