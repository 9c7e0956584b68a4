"""How time passes in an account: what is due takes effect before anything is read or written."""

import heapq
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.database import Database

MICRO = 1_000_000
"""Microseconds in a second; the database counts in them."""


class Timeline:
    """A database and a clock."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._due_now: float | None = None
        self._deferred: list[tuple[float, int, Callable[[], object]]] = []
        self._deferred_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. What was deferred and is not due yet is lost, as in a server that goes down."""
        self._database.close()

    def now(self) -> float:
        """The account's time in seconds: the clock's, or the moment a deferred effect was due."""
        return self._clock() if self._due_now is None else self._due_now

    def defer(self, seconds: float, effect: Callable[[], object]) -> None:
        """Let `effect` happen in `seconds` from now."""
        with self._database.reading():
            self._deferred_count += 1
            heapq.heappush(self._deferred, (self.now() + seconds, self._deferred_count, effect))

    def micros(self) -> int:
        """The account's time in microseconds, as the database counts."""
        return int(self.now() * MICRO)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read what is the case now."""
        with self._database.reading() as db:
            self._catch_up(db)
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Change what is the case now: everything or nothing."""
        with self._database.reading() as db:
            self._catch_up(db)
            with self._database.writing():
                yield db

    def _catch_up(self, db: sqlite3.Connection) -> None:
        while self._due_now is None and self._deferred and self._deferred[0][0] <= self._clock():
            self._due_now, _, effect = heapq.heappop(self._deferred)
            try:
                effect()
            finally:
                self._due_now = None
        if patient_rows.is_due(db, now := self.micros()):
            with self._database.writing():
                patient_rows.advance(db, now)
