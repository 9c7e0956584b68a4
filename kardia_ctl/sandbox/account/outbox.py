"""What waits to be sent to the callback URLs, and the log of what was sent, in SQL on an open connection."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from kardia_ctl.sandbox.account import ledger
from kardia_ctl.sandbox.account.paging import Feed
from kardia_ctl.sandbox.account.webhook_events import About, Event, Message, messages
from kardia_ctl.sandbox.data.values import Hook


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the outbox, and how often it was tried."""

    seq: int
    hook: Hook
    event: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver (API reference, "Get callback logs"); `created_at` in microseconds."""

    status: str
    event: str
    error: str | None
    hook: str
    created_at: int
    seq: int


_LOG = "SELECT status, event, error, hook, created_at, seq FROM deliveries WHERE "
_ALL = Feed(_LOG + "1", "SELECT COUNT(*) FROM deliveries", (), Delivery)
_V1 = "hook IN ('callback', 'qtCallback')"
LOGS = Feed(_LOG + _V1, f"SELECT COUNT(*) FROM deliveries WHERE {_V1}", (), Delivery)  # noqa: S608 - constants
"""What "Get callback logs" lists, newest first: the attempts at both v1 callbacks."""


def emit(db: sqlite3.Connection, event: Event, about: About, now: int) -> list[Message]:
    """Queue what an event sends, to the callbacks that are set, and return it."""
    queued = [one for one in messages(event, about) if ledger.callback(db, one.hook)]
    put(db, queued, now)
    return queued


def put(db: sqlite3.Connection, queued: Iterable[Message], now: int) -> None:
    """Queue messages, due at once."""
    rows = [(one.hook.value, one.event, one.body, now) for one in queued]
    db.executemany("INSERT INTO outbox (hook, event, body, due) VALUES (?, ?, ?, ?)", rows)


def due(db: sqlite3.Connection, now: int) -> Waiting | None:
    """Return the message that has been due for the longest."""
    sql = "SELECT seq, hook, event, body, attempts FROM outbox WHERE due <= ? ORDER BY due, seq LIMIT 1"
    row = db.execute(sql, (now,)).fetchone()
    return None if row is None else Waiting(row[0], Hook(row[1]), row[2], row[3], row[4])


def waiting(db: sqlite3.Connection) -> int:
    """How many messages are in the outbox."""
    count: int = db.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
    return count


def settle(db: sqlite3.Connection, one: Waiting, status: str, error: str | None, now: int) -> None:
    """Write an attempt into the log, and take the message out of the outbox."""
    sql = "INSERT INTO deliveries (hook, event, status, created_at, error) VALUES (?, ?, ?, ?, ?)"
    db.execute(sql, (one.hook.value, one.event, status, now, error))
    db.execute("DELETE FROM outbox WHERE seq = ?", (one.seq,))


def postpone(db: sqlite3.Connection, one: Waiting, until: int) -> None:
    """Put a message back, to be tried again later."""
    sql = "INSERT INTO outbox (seq, hook, event, body, due, attempts) VALUES (?, ?, ?, ?, ?, ?)"
    db.execute(sql, (one.seq, one.hook.value, one.event, one.body, until, one.attempts + 1))


def deliveries(db: sqlite3.Connection) -> list[Delivery]:
    """Return every attempt, oldest first."""
    return list(reversed(_ALL.read(db, None, 1_000_000)))
