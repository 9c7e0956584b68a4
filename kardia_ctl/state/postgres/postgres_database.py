"""A connection to PostgreSQL as ``tables`` want it: SQLite's statements, and few waits for the server."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from psycopg import Cursor, Pipeline
from psycopg.pq import TransactionStatus

from kardia_ctl.state.postgres.postgres_connection import PostgresConnection
from kardia_ctl.state.postgres.postgres_sql import numbered, restored, storable

_CHUNK: Final = 5_000
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")
_SEARCH: Final = "SELECT set_config('search_path', $1, true)"

WRITING: Final = "BEGIN"
READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""One snapshot for all that is read."""


class PostgresRows:
    """The rows of a statement; ``escaped`` texts are restored."""

    def __init__(self, cursor: Cursor[tuple[Any, ...]], *, escaped: bool) -> None:
        self._cursor = cursor
        self._escaped = escaped

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        row = self._cursor.fetchone()
        return row if row is None or not self._escaped else next(restored([row]))

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, of which few are values of Python at a time."""
        while rows := self._cursor.fetchmany(_CHUNK):
            yield from restored(rows) if self._escaped else rows


class PostgresDatabase:
    """The tables in one schema, for one connection.

    Statements of a transaction are sent in a pipeline: what they return, or refuse, is waited for when it is
    asked for. ``escaped`` says whether texts in the tables may be escaped, or may be after this transaction.
    """

    def __init__(self, connection: PostgresConnection, schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self.escaped = False
        self._pipeline: Pipeline | None = None
        self._written: list[Cursor[tuple[Any, ...]]] = []
        self._changes = 0

    @property
    def total_changes(self) -> int:
        """How many rows were written since the connection was made. Waits for what is on its way."""
        if self._written and self._pipeline is not None:
            self._pipeline.sync()
        self._changes += sum(cursor.rowcount for cursor in self._written)
        self._written.clear()
        return self._changes

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> PostgresRows:
        """Execute one statement, in a transaction."""
        cursor, values = self.connection.cursor(binary=True), self._storable(parameters)
        cursor.execute(numbered(sql).encode(), values)
        if _writes(sql):
            self._written.append(cursor)
        return PostgresRows(cursor, escaped=self.escaped)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Execute a statement for each row of parameters."""
        with self.connection.cursor() as cursor:
            cursor.executemany(numbered(sql).encode(), map(self._storable, rows))

    @contextmanager
    def transaction(self, begin: str = WRITING) -> Iterator[Pipeline]:
        """A transaction, committed at the end of the block; with an error it is rolled back.

        Raises:
            psycopg.Error: a statement was refused, or the connection ended. When it ended during the commit,
                nobody knows whether it was made.
        """
        try:
            with self.connection.pipeline() as self._pipeline:
                self.connection.execute(begin.encode())
                self.connection.execute(_SEARCH, (f"{quoted(self.schema)}, pg_temp",))
                yield self._pipeline
                self.connection.execute(b"COMMIT")
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._pipeline = None
            self._written.clear()

    def _roll_back(self) -> None:
        if not self.connection.closed and self.connection.info.transaction_status != TransactionStatus.IDLE:
            self.connection.execute(b"ROLLBACK")

    def _storable(self, parameters: Sequence[Any]) -> Sequence[Any]:
        values, escaped = storable(parameters)
        self.escaped |= escaped
        return values


@cache
def _writes(sql: str) -> bool:
    return sql.lstrip().startswith(_WRITES)


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
