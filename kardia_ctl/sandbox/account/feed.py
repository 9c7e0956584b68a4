"""Lists that the API pages, newest first."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class PageRow(Protocol):
    """A row of a list: its time in microseconds, and its number, which orders rows of one time."""

    @property
    def created_at(self) -> int:
        """The row's time, in microseconds."""

    @property
    def seq(self) -> int:
        """The row's number."""


R = TypeVar("R", bound=PageRow)


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page starts: after a time and a number, or after a count of rows."""

    after: tuple[int, int] | None = None
    skip: int = 0


HEAD = PageStart()
"""The newest row."""


@dataclass(frozen=True, slots=True)
class Feed(Generic[R]):
    """A list, newest first.

    Attributes:
        select: SQL of the rows, ending in a condition.
        count: SQL of the number of rows.
        values: the parameters of both statements.
        row: makes a row of the columns.
        at: the column of the row's time, by which the list is ordered.
    """

    select: str
    count: str
    values: tuple[str | int, ...]
    row: Callable[..., R]
    at: str

    def read(self, db: sqlite3.Connection, start: PageStart = HEAD, limit: int = -1) -> list[R]:
        """Return the rows from `start` on, at most `limit` of them; a negative limit means all."""
        sql, values = self.select, self.values
        if start.after is not None:
            sql, values = f"{sql} AND ({self.at}, seq) < (?, ?)", (*values, *start.after)
        sql += f" ORDER BY {self.at} DESC, seq DESC LIMIT ? OFFSET ?"
        return [self.row(*row) for row in db.execute(sql, (*values, limit, start.skip))]

    def total(self, db: sqlite3.Connection) -> int:
        """Return the number of rows."""
        count: int = db.execute(self.count, self.values).fetchone()[0]
        return count
