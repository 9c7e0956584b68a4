"""Connections to a PostgreSQL server, on which nothing waits for ever."""

import time
from collections.abc import Generator
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg import IsolationLevel, OperationalError, RawCursor
from psycopg.types.numeric import Int8Dumper

from kardia_ctl.state.postgres.postgres_url import PostgresUrl

T = TypeVar("T")

ANSWER_SECONDS: Final = 120.0
"""How long a statement may take: a server that has stopped, on a machine that still runs, answers nothing."""


class PostgresConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection in autocommit mode: transactions begin and end with statements of ours.

    Attributes:
        answer_seconds: How long each wait for the server may take.
        contact: When the server last answered, by the monotonic clock.
    """

    answer_seconds = ANSWER_SECONDS
    contact = 0.0

    @classmethod
    def opened(cls, url: PostgresUrl, *, prepare: bool = False) -> Self:
        """A new connection. ``prepare`` allows prepared statements, which a pooler may not know.

        Raises:
            psycopg.Error: the server cannot be reached, or refuses it.
        """
        connection = cls.connect(
            **url.options,
            autocommit=True,
            prepare_threshold=2 if prepare else None,
            cursor_factory=RawCursor,
        )
        connection.adapters.register_dumper(int, Int8Dumper)  # one type, so that a statement is prepared once
        connection.contact = time.monotonic()
        return connection

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        """Wait for the server, as psycopg does, but for a bounded time.

        Raises:
            OperationalError: the time is over; the connection is then closed.
        """
        result = super().wait(self._bounded(gen), *arguments, **options)
        self.contact = time.monotonic()
        return result

    def _bounded(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """``gen``, ended after ``answer_seconds``. psycopg wakes it at least ten times a second."""
        over = time.monotonic() + self.answer_seconds
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > over:
                    self.pgconn.finish()
                    raise OperationalError(f"no answer for {self.answer_seconds:g} seconds")
                wanted = gen.send(ready)
        except StopIteration as end:
            value: T = end.value
            return value


def backend_pid(connection: PostgresConnection) -> int:
    """The server process that executes a statement of a connection now."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


__all__ = ["ANSWER_SECONDS", "IsolationLevel", "PostgresConnection", "backend_pid"]
