"""A connection to PostgreSQL as ``tables`` want it: SQLite's statements, in one schema."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.adapt import Transformer

from kardia_ctl.state.postgres.postgres_connection import Connection, Reply, StatementPipeline
from kardia_ctl.state.postgres.postgres_sql import numbered, restored, storable

_CHUNK: Final = 5_000
_AT_ONCE: Final = 1_000
"""How many replies may be under way, so that neither side holds much of them."""

_WRITES: Final = ("INSERT", "UPDATE", "DELETE")
_SEARCH: Final = b"SELECT set_config('search_path', $1, true)"

WRITING: Final = b"BEGIN"
READING: Final = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""One snapshot for all that is read."""


class PostgresDatabase:
    """The tables in one schema, on a connection of their own.

    What a statement returns, or refuses, is waited for when it is asked for.

    Attributes:
        schema: The schema.
        escaped: Whether texts in the tables are escaped (see ``postgres_sql``), or will be.
        pipeline: What sends the statements.
    """

    def __init__(self, connection: Connection, schema: str, *, prepare: bool = False) -> None:
        self.schema = schema
        self.escaped = False
        self.pipeline = StatementPipeline(connection, prepare=prepare)
        self._connection = connection
        self._written: list[Reply] = []
        self._changes = 0

    @property
    def total_changes(self) -> int:
        """How many rows were written since the connection was made. Waits for what is on its way."""
        if self._written:
            self.pipeline.finish()
        self._changes += sum(reply.result.command_tuples or 0 for reply in self._written if reply.result)
        self._written.clear()
        return self._changes

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> "PostgresRows":
        """Execute one statement."""
        values, escaped = storable(parameters)
        self.escaped |= escaped
        reply = self.pipeline.send(numbered(sql), values)
        if _writes(sql):
            self._written.append(reply)
        return PostgresRows(self, reply)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Execute a statement for each row of parameters."""
        for number, row in enumerate(rows, 1):
            self.execute(sql, row)
            if number % _AT_ONCE == 0:
                _ = self.total_changes

    @contextmanager
    def transaction(self, begin: bytes = WRITING) -> Iterator[None]:
        """A transaction, committed at the end of the block; with an error it is rolled back.

        Raises:
            psycopg.Error: a statement was refused, or the connection ended. When it ended during the commit,
                nobody knows whether it was made.
        """
        try:
            self.pipeline.send(begin)
            self.pipeline.send(_SEARCH, (f"{quoted(self.schema)}, pg_temp",))
            yield
            self.pipeline.send(b"COMMIT")
            self.pipeline.finish()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._written.clear()

    def rows_of(self, reply: Reply) -> Iterator[tuple[Any, ...]]:
        """The rows of a reply, of which few are values of Python at a time."""
        if reply.result is None:
            self.pipeline.finish()
        count = reply.result.ntuples if reply.result else 0
        loading = Transformer(self._connection)
        loading.set_pgresult(reply.result)
        for start in range(0, count, _CHUNK):
            rows = loading.load_rows(start, min(start + _CHUNK, count), tuple)
            yield from restored(rows) if self.escaped else rows

    def _roll_back(self) -> None:
        """End the transaction, of which statements may still be under way."""
        with suppress(psycopg.Error):  # what was wrong is already reported
            self.pipeline.send(b"ROLLBACK")
            self.pipeline.finish()


class PostgresRows:
    """The rows of a statement."""

    def __init__(self, database: PostgresDatabase, reply: Reply) -> None:
        self._database = database
        self._reply = reply
        self._rows: Iterator[tuple[Any, ...]] | None = None

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        return next(iter(self), None)

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left."""
        if self._rows is None:
            self._rows = self._database.rows_of(self._reply)
        return self._rows


@cache
def _writes(sql: str) -> bool:
    return sql.lstrip().startswith(_WRITES)


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
