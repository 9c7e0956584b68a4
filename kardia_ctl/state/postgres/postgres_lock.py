"""The single writer's lock: a session's advisory lock, which ends with the connection that commits."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from hashlib import blake2b
from typing import Final

from kardia_ctl.model.errors import LockHeld, StateError
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.postgres.postgres_connection import ANSWER_SECONDS, connected
from kardia_ctl.state.postgres.postgres_database import PostgresDatabase
from kardia_ctl.state.postgres.postgres_errors import POOLED
from kardia_ctl.state.postgres.postgres_url import PostgresUrl

_POLL_SECONDS: Final = 0.1
_HALF: Final = 32
_TRY: Final = "SELECT pg_try_advisory_lock($1)"
_HOLDER: Final = """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::bigint = $1 AND objid::bigint = $2 AND objsubid = 1"""
"""A key of 64 bits is shown in two halves (PostgreSQL, "pg_locks")."""

_KEEP_ALIVE: Final = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "idle_session_timeout": "0",
}
"""Settings of the session that holds the lock: the server ends it soon after the run's machine is gone, and
not because a run waits for Kardia. The last one is known since version 14.
"""
_HAS_IDLE_TIMEOUT: Final = 140_000

_DURABLE: Final = """SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'"""
"""A commit is on the server's disk before a request leaves, also where a role or database would not wait."""


def lock_key(schema: str) -> int:
    """The number of the lock on a schema; those of two databases are two locks."""
    digest = blake2b(f"kardia-ctl\0{schema}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def holding_pid(database: PostgresDatabase) -> int:
    """The server process whose session holds the lock on a schema; 0 when nobody does. Takes no lock."""
    low = (1 << _HALF) - 1
    key = lock_key(database.schema)
    row = database.execute(_HOLDER, ((key >> _HALF) & low, key & low)).fetchone()
    return int(row[0]) if row else 0


def keep_alive(database: PostgresDatabase, server_version: int) -> None:
    """Let the server find out that the run is gone, not end its session otherwise, and write through."""
    for name, value in _KEEP_ALIVE.items():
        if name != "idle_session_timeout" or server_version >= _HAS_IDLE_TIMEOUT:
            database.execute("SELECT set_config($1, $2, false)", (name, value))
    database.execute(_DURABLE)


def acquire(database: PostgresDatabase, timeout: float, sleep: Callable[[float], None]) -> bool:
    """Take the lock on a schema for the session; False when another one still holds it after ``timeout``."""
    over = time.monotonic() + timeout
    key = lock_key(database.schema)
    while not database.execute(_TRY, (key,)).fetchone()[0]:
        if time.monotonic() >= over:
            return False
        sleep(min(_POLL_SECONDS, timeout))
    return True


def check_session(database: PostgresDatabase, known: int, url: PostgresUrl) -> int:
    """The server process of a connection, which must stay the same for as long as it is open.

    A pooler in transaction mode gives each transaction whichever server process is free: another connection
    then gets that of the first, or the first gets another one while the second keeps it busy.

    Args:
        database: The connection.
        known: The number of the server process that the connection was greeted with; a pooler makes it up.
        url: Where to open others.

    Raises:
        StateError: it does not stay the same.
    """
    pid = backend_pid(database)
    with ExitStack() as stack:
        others = {_busy_pid(stack, url) for _ in range(1 if known == pid else 3)}
        if pid in others or backend_pid(database) != pid:
            raise pooled("locking", url)
    return pid


def _busy_pid(stack: ExitStack, url: PostgresUrl) -> int:
    """The server process of another connection, whose transaction lasts as long as ``stack``."""
    other = stack.enter_context(closing(connected(url)))
    database = PostgresDatabase(other, url.schema)
    database.execute("BEGIN")
    return backend_pid(database)


def backend_pid(database: PostgresDatabase, seconds: float = ANSWER_SECONDS) -> int:
    """The server process that executes a statement now; an answer takes no longer than ``seconds``."""
    found = database.execute("SELECT pg_backend_pid()")
    database.pipeline.finish(seconds)
    return int(found.fetchone()[0])


def pooled(doing: str, url: PostgresUrl) -> StateError:
    """The error of a run whose connection is not one session of the server."""
    what, remedy = POOLED
    return StateError(f"{doing} the state {url.place}: {what}. Next: {remedy}")


def held(url: PostgresUrl, info: LockInfo | None, pid: int) -> LockHeld:
    """The error of a run that did not get the lock, which the server process ``pid`` holds for another."""
    by = str(info) if info else "another run that has not written its lock information yet"
    process = f" (server process {pid})" if pid else ""
    return LockHeld(
        f"the state {url.place} is locked: {by}. Next: wait until it ends, then run again; the lock ends "
        f"with its connection{process}, a minute after its machine is gone, so there is nothing to remove"
    )
