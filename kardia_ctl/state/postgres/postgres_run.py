"""A run that holds the lock: the one connection that commits. It is never made anew."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg

from kardia_ctl.model.errors import StateError
from kardia_ctl.model.state import Entry
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.postgres.postgres_connection import Connection, ready
from kardia_ctl.state.postgres.postgres_database import PostgresDatabase, quoted
from kardia_ctl.state.postgres.postgres_errors import postgres_errors
from kardia_ctl.state.postgres.postgres_layout import SNAPSHOTS, count_on, make_tables, remember
from kardia_ctl.state.postgres.postgres_lock import backend_pid, keep_alive, pooled
from kardia_ctl.state.postgres.postgres_url import PostgresUrl
from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.encryption import Encryption
from kardia_ctl.state.tables.holder import lost, mark_held, mark_released
from kardia_ctl.state.tables.image import copied_tables, copy_tables
from kardia_ctl.state.tables.rows import workspace_id, write
from kardia_ctl.state.tables.sealer import PLAIN
from kardia_ctl.state.tables.tables import Tables

_FENCE: Final = "SELECT pg_backend_pid(), run, lock FROM holder FOR UPDATE"
"""Also keeps another run from marking the state as its own before this transaction is over."""

_PROVEN_SECONDS: Final = 10.0
_PROBE_SECONDS: Final = 5.0

Mark = Callable[[Database, int, LockInfo, float], None]


class PostgresRun:
    """The open run ``info`` of a workspace, on a connection that holds the lock in server process ``pid``.

    ``database`` are its tables on this connection.

    Its methods may be called from any thread; they wait for each other.
    """

    def __init__(
        self,
        url: PostgresUrl,
        connection: Connection,
        database: PostgresDatabase,
        pid: int,
        workspace: str,
        info: LockInfo,
    ) -> None:
        self._url = url
        self._connection = connection
        self._pid = pid
        self._workspace = workspace
        self._info = info
        self._sealer = PLAIN
        self._database = database
        self._turn = threading.Lock()
        self._number = 0
        self._over: StateError | None = None

    def open(self, encryption: Encryption) -> None:
        """Create or upgrade the tables, and mark the state as this run's."""
        keep_alive(self._database, self._connection.info.server_version)
        with self._database.transaction():
            layout = make_tables(self._database, self._url.place)
            self._database.escaped = layout.escaped
            self._sealer = encryption.created(self._database).sealer
            remember(self._database, "backend", str(self._pid))
            mark_held(self._database, self._info)

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch, whole or not at all."""
        with self._writing() as tables:
            write(tables, self._workspace_number(tables), entries)

    def mark(self, mark: Mark, now: float) -> None:
        """Record that the run begins or ends."""
        with self._writing() as tables:
            mark(tables.database, self._workspace_number(tables), self._info, now)

    def release(self) -> None:
        """Remove the mark of this run, and give up the lock: the server takes a moment to end a session."""
        with self._writing() as tables:
            mark_released(tables.database, self._info.id)
        with self._turn, self._ended_by_loss("releasing the lock of"):
            self._database.execute("SELECT pg_advisory_unlock_all()")
            self._database.pipeline.finish()

    def replace(self, source: Database, encryption: Encryption) -> None:
        """Put everything of another database, which ``encryption`` opens, in place of everything."""
        with self._writing() as tables:
            copy_tables(source, tables.database)
            count_on(self._database)
            sealer = encryption.created(self._database).sealer
            self._number = 0
        self._sealer = sealer

    def erase(self) -> None:
        """Write the tables anew, without what was deleted (PostgreSQL, "VACUUM")."""
        self.check()
        with self._turn, self._ended_by_loss("writing"):
            for table in (*copied_tables(), SNAPSHOTS):
                self._database.execute(f"VACUUM (FULL) {quoted(self._url.schema)}.{table}")
                self._database.pipeline.finish()

    def check(self) -> None:
        """Check that the connection still holds the lock.

        Waits only when the server has something to say that was not asked for, or has answered nothing for
        some seconds.

        Raises:
            StateError: it does not.
        """
        if self._over is not None:
            raise self._over
        is_silent = time.monotonic() - self._database.pipeline.contact > _PROVEN_SECONDS
        if not self._turn.acquire(blocking=is_silent):
            return  # a commit is under way, and finds out itself
        try:
            if is_silent or self._has_news():
                self._probe()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the connection, with which the lock ends."""
        with self._turn, suppress(psycopg.Error):
            self._connection.close()

    @property
    def is_over(self) -> bool:
        """Whether the connection is gone: nothing can be recorded any more."""
        return self._over is not None

    @contextmanager
    def _writing(self) -> Iterator[Tables]:
        """A transaction of this run alone."""
        with self._turn, self._ended_by_loss("writing"):
            try:
                with self._database.transaction():
                    fence = self._database.execute(_FENCE)
                    before = self._database.escaped
                    yield Tables(self._database, self._sealer)
                    if self._database.escaped and not before:
                        remember(self._database, "escaped", "1")
                    self._check_fence(fence.fetchone())
            except BaseException:
                self._number = 0
                raise

    def _workspace_number(self, tables: Tables) -> int:
        """The workspace's number, which stays what it is while this run alone writes."""
        if not self._number:
            self._number = workspace_id(tables, self._workspace)
        return self._number

    def _check_fence(self, row: tuple[Any, ...] | None) -> None:
        if row is None:
            raise lost(self._url.place, None)
        pid, run, lock = row
        if pid != self._pid:
            raise pooled("writing", self._url)
        if run != self._info.id:
            raise lost(self._url.place, LockInfo.decoded(lock.encode()))

    @contextmanager
    def _ended_by_loss(self, doing: str) -> Iterator[None]:
        """Errors as ``StateError``; one that ends the connection ends the run."""
        if self._over is not None:
            raise self._over
        try:
            with postgres_errors(f"{doing} the state", self._url, self._connection):
                yield
        except StateError as error:
            if self._connection.closed:
                self._over = error
            raise

    def _has_news(self) -> bool:
        """Whether there is something to read unasked, as when the server ends the session."""
        return self._connection.closed or ready(self._connection.fileno(), 0)[0]

    def _probe(self) -> None:
        with self._ended_by_loss("checking the lock of"):
            pid = backend_pid(self._database, _PROBE_SECONDS)
            if pid != self._pid:
                raise pooled("checking the lock of", self._url)
