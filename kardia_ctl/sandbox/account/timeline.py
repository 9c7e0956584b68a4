"""One connection and one clock: delayed effects are applied before anything is read or written."""

import heapq
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random, SystemRandom
from typing import Any, Self

from kardia_ctl.sandbox.account.schema import SCHEMA
from kardia_ctl.sandbox.data.invented import random_id

MICRO = 1_000_000
"""Microseconds in a second, the database's unit of time."""


class ManualClock:
    """A clock for tests, which moves only on request; times are in seconds.

    Pass the clock as `Account(now=clock)`, and its `sleep` as `create_app(sleep=clock.sleep)`.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def __call__(self) -> float:
        """Return the current time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Move the clock forward without waiting."""
        self._now += seconds


class Timeline:
    """A SQLite file with a clock and a source of random ids, shared by threads under one lock.

    Attributes:
        random: the source of ids, codes and keys; draw from it inside `reading` or `writing` only.
    """

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        """Open or create the file; ":memory:" stores everything in the process.

        Raises:
            sqlite3.Error, OSError: the file cannot be opened, or is not a sandbox account.
        """
        self.random: Random = SystemRandom()
        self._lock = threading.RLock()
        self._clock = clock
        self._due_now: float | None = None
        self._deferred: list[tuple[float, int, Callable[[], object]]] = []
        self._deferred_count = 0
        if path != ":memory:" and not path.startswith("file:"):
            # People try the sandbox with real patients: only the owner may read the file.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)
        except sqlite3.Error:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Deferred effects that are not due yet are lost, as when a server goes down."""
        with self._lock:
            self._connection.close()

    def now(self) -> float:
        """Return the account's time in seconds: the clock's, or the due time of a running deferred effect."""
        return self._clock() if self._due_now is None else self._due_now

    def micros(self) -> int:
        """Return the account's time in microseconds, the database's unit."""
        return int(self.now() * MICRO)

    def new_id(self) -> str:
        """Draw an id of 32 letters and digits."""
        with self._lock:
            return random_id(self.random)

    def defer(self, seconds: float, effect: Callable[[], object]) -> None:
        """Schedule `effect` for `seconds` from now."""
        with self._lock:
            self._deferred_count += 1
            heapq.heappush(self._deferred, (self.now() + seconds, self._deferred_count, effect))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and yield the connection, up to date with the clock."""
        with self._lock:
            self._catch_up()
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction, up to date with the clock; nested calls join it."""
        with self.reading() as db, self._transaction():
            yield db

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.reading() as db:
            return db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """Return the first row of a query, None when it has no rows."""
        with self.reading() as db:
            row: tuple[Any, ...] | None = db.execute(sql, values).fetchone()
            return row

    def value(self, sql: str, *values: object) -> Any:
        """Return the first column of a query's first row, None when it has no rows."""
        row = self.row(sql, *values)
        return None if row is None else row[0]

    def run(self, sql: str, *values: object) -> int:
        """Execute a statement in a transaction and return how many rows it changed."""
        with self.writing() as db:
            return db.execute(sql, values).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def _catch_up(self) -> None:
        if self._connection.in_transaction:
            return  # the outermost call has done it
        while self._due_now is None and self._deferred and self._deferred[0][0] <= self._clock():
            self._due_now, _, effect = heapq.heappop(self._deferred)
            try:
                effect()
            finally:
                self._due_now = None
        now, db = self.micros(), self._connection
        if db.execute(_IS_DUE, {"now": now}).fetchone()[0]:
            with self._transaction():
                db.execute("UPDATE patients SET listed = 1 WHERE NOT listed AND listed_at <= ?", (now,))
                db.execute("DELETE FROM patients WHERE gone_at IS NOT NULL AND gone_at <= ?", (now,))


_IS_DUE = (
    "SELECT EXISTS (SELECT 1 FROM patients WHERE NOT listed AND listed_at <= :now)"
    " OR EXISTS (SELECT 1 FROM patients WHERE gone_at IS NOT NULL AND gone_at <= :now)"
)
"""Whether a list lag has ended or an accepted deletion takes effect."""
