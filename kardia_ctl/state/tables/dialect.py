"""What the tables need of a database. SQLite's own connection has it; another engine gets an adapter.

Statements are written so that SQLite and PostgreSQL both read them: ``?`` or ``?1`` for parameters, conflict
targets by name, and no column that may be NULL, so that rows can be compared with ``<>``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """The rows that a statement returns."""

    def fetchone(self) -> Any:
        """The next row as a tuple; None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left."""
        ...


class Database(Protocol):
    """An open database, inside a transaction where it writes."""

    @property
    def total_changes(self) -> int:
        """How many rows were written since it was opened."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Execute one statement. Its rows may be read until the next one."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Execute a statement for each row of parameters."""
        ...
