"""The interface of every format: batches of rows, and the place of each cell."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from kardia_ctl.kinds import patient
from kardia_ctl.model.configuration import TextForm
from kardia_ctl.model.source import Source

ROW_ATTRIBUTES: Final = patient.ANY_COLUMN
"""The attributes a row may have in either dialect, a text each; several codes are one, separated by ;."""

_BLANK: Final = re.compile(r"[\s\u00ad\u115f\u1160\u180e\u200b-\u200f\u2060\u2800\u3164\ufeff\uffa0]*")
"""Blanks of every script, and characters without ink. Such a cell, and a row of them, declares nothing."""


def is_blank(text: str) -> bool:
    """Whether nobody sees anything in a text."""
    return not text or _BLANK.fullmatch(text) is not None


def without_blank_end(cells: Sequence[str]) -> Sequence[str]:
    """The cells up to the last in which there is anything."""
    width = len(cells)
    while width and is_blank(cells[width - 1]):
        width -= 1
    return cells[:width]


@dataclass(frozen=True, slots=True)
class RowError:
    """An error in a row. ``name`` is the attribute, empty for the whole row."""

    name: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read. ``mrn`` is empty when it is not certain."""

    line: int
    errors: tuple[RowError, ...]
    mrn: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, column by column; an empty text declares nothing.

    ``lines`` are the lines in which they begin. ``bad_rows`` are the rows among them that are in no column.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    bad_rows: Sequence[BadRow] = ()


class Table(Protocol):
    """A cohort's file, read as a stream."""

    file: str

    def batches(self) -> Iterator[Batch]:
        """All rows. An error in the file itself is reported as a problem and ends the iteration.

        Raises:
            UnusableFile: the file cannot be read.
        """

    def place(self, line: int, name: str) -> Source:
        """The place of an attribute in the row that begins in a line; only for rows of the last batch."""

    def label(self, name: str) -> str:
        """The file's name for an attribute, e.g. column "Birth date"; empty if it is the same."""

    @property
    def form(self) -> TextForm:
        """The form in which its rows are written again."""

    def originals(self, lines: Collection[int]) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[str]]]]:
        """The header, and the unchanged rows that begin in these lines, from a second reading."""


def batch_of(rows: Sequence[tuple[int, Mapping[str, str]] | BadRow]) -> Batch:
    """A batch of rows that come one by one. All that are not bad must have the same attributes."""
    right = [row for row in rows if not isinstance(row, BadRow)]
    names = right[0][1] if right else ()
    return Batch(
        [line for line, _ in right],
        {name: [cells[name] for _, cells in right] for name in names},
        bad_rows=[row for row in rows if isinstance(row, BadRow)],
    )


_HEADER: Final = RowError("", "the row is the header again", "Delete the row")


def without_headers(batch: Batch, headers: Mapping[str, str]) -> Batch:
    """The batch with each row that repeats the header as a bad row: files that were joined have such rows.

    ``headers`` has the header of each column.
    """
    if not batch.lines or headers["mrn"] not in batch.columns["mrn"]:
        return batch
    rows = list(zip(*batch.columns.values(), strict=True))
    names = tuple(headers[name] for name in batch.columns)
    kept = [index for index, row in enumerate(rows) if row != names]
    again = [line for line, row in zip(batch.lines, rows, strict=True) if row == names]
    return Batch(
        [batch.lines[index] for index in kept],
        {name: [cells[index] for index in kept] for name, cells in batch.columns.items()},
        [*batch.bad_rows, *(BadRow(line, (_HEADER,)) for line in again)],
    )
