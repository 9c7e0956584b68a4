"""State in PostgreSQL, for runs on many machines. Several workspaces share a schema and its lock."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

import psycopg

from kardia_ctl.model.errors import KardiaError, StateError
from kardia_ctl.model.state import Entry, State
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.postgres.postgres_archive import PostgresArchive
from kardia_ctl.state.postgres.postgres_connection import Connection, connected
from kardia_ctl.state.postgres.postgres_database import READING, WRITING, PostgresDatabase
from kardia_ctl.state.postgres.postgres_errors import postgres_errors, refusal
from kardia_ctl.state.postgres.postgres_layout import SchemaLayout, read_layout, readable
from kardia_ctl.state.postgres.postgres_lock import acquire, check_session, held, holding_pid
from kardia_ctl.state.postgres.postgres_run import PostgresRun
from kardia_ctl.state.postgres.postgres_url import postgres_url
from kardia_ctl.state.state_store import Archive
from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.encryption import Encryption
from kardia_ctl.state.tables.holder import open_run
from kardia_ctl.state.tables.image import EMPTY, image_of, opened
from kardia_ctl.state.tables.run_marks import last_run, mark_end, mark_start, timestamp
from kardia_ctl.state.tables.stored_state import read_state

T = TypeVar("T")

_MARK_TRIES: Final = 50
_MARK_SECONDS: Final = 0.1
"""How long a holder may take from its lock to its mark: on an empty database it makes the tables first."""


class PostgresStore:
    """The ``Store`` of a schema in PostgreSQL (see ``kardia_ctl.model.ports``).

    ``lock_timeout`` is in seconds. ``now`` returns Unix seconds; waiting for the lock uses ``sleep``.
    Reading needs a transaction, so it works through any pooler; a run needs a session of its own.
    """

    commits_slowly = False

    def __init__(
        self,
        url: str,
        workspace: str,
        *,
        lock_timeout: float = 0.0,
        encryption_key: bytes = b"",
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = postgres_url(url)
        self._workspace = workspace
        self._lock_timeout = lock_timeout
        self._now = now
        self._sleep = sleep
        self._encryption = Encryption(encryption_key, self._url.place)
        self._run: PostgresRun | None = None

    @property
    def place(self) -> str:
        """The URL without user, password and options."""
        return self._url.place

    @property
    def archive(self) -> Archive:
        """The table of snapshots beside the others."""
        reading = partial(self._opened, "reading the history of", READING)
        return PostgresArchive(reading, partial(self._opened, "writing the history of", WRITING), self.place)

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        return self._read(
            lambda tables: read_state(self._encryption.tables(tables), self._workspace), State()
        )

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all; ``serial`` grows when it changed anything.

        Raises:
            StateError: the lock is not held, or the batch cannot be written.
        """
        self._held_run().commit(tuple(entries))

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        """Hold the single writer's lock.

        The run counts as finished, also when it was interrupted, unless an unexpected error ends it.

        Raises:
            LockHeld: another run holds it; the message says which, by whom and since when.
            StateError: the server cannot be reached, or a pooler is between.
        """
        info = LockInfo.of_this_process(operation, self._workspace, timestamp(self._now()), self.place)
        run = self._open(info)
        self._run = run
        try:
            run.mark(mark_start, self._now())
            try:
                yield
            except (KardiaError, KeyboardInterrupt):
                if not run.is_over:
                    run.mark(mark_end, self._now())
                raise
            run.mark(mark_end, self._now())
            run.release()
        finally:
            self._run = None
            run.close()

    def check_lock(self) -> None:
        """Check that the connection that holds the lock is there (see ``PostgresRun.check``)."""
        if self._run is not None:
            self._run.check()

    def image(self) -> bytes:
        """The whole state as an image (see ``tables.image``)."""
        return self._read(image_of, EMPTY)

    def replace(self, image: bytes, encryption: Encryption | None = None) -> None:
        """Put an image in place of the whole state, in one transaction."""
        encryption = encryption or self._encryption
        with opened(image) as source:
            self._held_run().replace(source, encryption)
        self._encryption = encryption

    def erase(self) -> None:
        """Rewrite the tables; the server's log of changes and its backups keep what was replaced."""
        self._held_run().erase()

    def fingerprint_secret(self) -> bytes:
        """The secret that an encrypted state's header holds; empty without one."""
        return self._read(self._encryption.fingerprint_secret, b"")

    def activity(self) -> str:
        """One line when a run is in progress or ended without finishing, else empty. Never waits."""
        with self._opened("reading", READING) as database:
            layout = read_layout(database, self.place)
            pid = holding_pid(database)
            if pid:
                info = self._holder(database, layout, pid)
                return f"{info} is running" if info else "another run has just started"
            if not layout.version:
                return ""
            with readable(database, layout) as tables:
                last = last_run(tables, self._workspace)
        return str(last) if last and not last.ended else ""

    def close(self) -> None:
        """Do nothing: a connection is closed with the lock, or after one read."""

    def _held_run(self) -> PostgresRun:
        if self._run is None:
            raise StateError(
                f"writing the state {self.place}: the lock is not held. "
                "This is a bug; please report this line"
            )
        return self._run

    def _open(self, info: LockInfo) -> PostgresRun:
        """Connect, take the lock, and mark the state as this run's."""
        connection = self._connect("locking")
        try:
            with postgres_errors("locking the state", self._url, connection):
                known = connection.info.backend_pid
                database = PostgresDatabase(connection, self._url.schema, prepare=True)
                pid = check_session(database, known, self._url)
                self._acquire(database)
                run = PostgresRun(self._url, connection, database, pid, self._workspace, info)
                run.open(self._encryption)
        except BaseException:
            connection.close()
            raise
        return run

    def _acquire(self, database: PostgresDatabase) -> None:
        """Take the lock. A holder that has just begun may not have written yet who it is: wait for that."""
        info, pid, timeout = None, 0, self._lock_timeout
        for _ in range(_MARK_TRIES):
            if acquire(database, timeout, self._sleep):
                return
            timeout = 0.0
            info, pid = self._held_by(database)
            if info is not None:
                break
            self._sleep(_MARK_SECONDS)
        raise held(self._url, info, pid)

    def _held_by(self, database: PostgresDatabase) -> tuple[LockInfo | None, int]:
        """Who holds the lock, and in which server process."""
        with database.transaction(READING):
            layout = read_layout(database, self.place)
            pid = holding_pid(database)
            return self._holder(database, layout, pid), pid

    def _holder(self, database: PostgresDatabase, layout: SchemaLayout, pid: int) -> LockInfo | None:
        """The run of the session ``pid``; None while the mark is that of an earlier one."""
        if not layout.version or layout.backend != pid:
            return None
        return open_run(database)[1]

    def _read(self, query: Callable[[Database], T], empty: T) -> T:
        with self._opened("reading", READING) as database:
            layout = read_layout(database, self.place)
            if not layout.version:
                return empty
            database.escaped = layout.escaped
            with readable(database, layout) as tables:
                return query(tables)

    @contextmanager
    def _opened(self, doing: str, begin: bytes) -> Iterator[PostgresDatabase]:
        """A transaction on a connection of its own."""
        connection = self._connect(doing)
        try:
            database = PostgresDatabase(connection, self._url.schema)
            with postgres_errors(f"{doing} the state", self._url, connection), database.transaction(begin):
                yield database
        finally:
            connection.close()

    def _connect(self, doing: str) -> Connection:
        try:
            return connected(self._url)
        except psycopg.Error as error:
            raise refusal(f"{doing} the state", self._url, error) from None
