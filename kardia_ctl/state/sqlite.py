"""State in one SQLite file, for one machine. Several workspaces can share the file and its lock."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from kardia_ctl import __version__
from kardia_ctl.model.errors import KardiaError, StateError
from kardia_ctl.model.state import Entry, State
from kardia_ctl.state.database import open_writable, read_snapshot, state_errors
from kardia_ctl.state.files import is_still
from kardia_ctl.state.lock import FileLock, LockInfo, who
from kardia_ctl.state.rows import read_state, write


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run that took the lock. Times are Unix seconds; ``ended`` is 0 until the run ends."""

    operation: str
    who: str
    began: float
    ended: float

    def __str__(self) -> str:
        return f"{self.operation} by {self.who}, started {timestamp(self.began)}, ended without finishing"


class SqliteStore:
    """The ``Store`` of a SQLite file (see ``kardia_ctl.model.ports``).

    ``lock_timeout`` is in seconds. ``now`` returns Unix seconds; waiting for the lock uses ``sleep``.
    ``commit`` may be called from any thread; batches of different threads are written one after the other.
    """

    def __init__(
        self,
        path: Path,
        workspace: str,
        *,
        lock_timeout: float = 0.0,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._workspace = workspace
        self._now = now
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=lock_timeout, sleep=sleep)
        self._commit_lock = threading.Lock()
        self._writing: sqlite3.Connection | None = None
        self._opened: os.stat_result | None = None

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        with state_errors("reading the state", self._path):
            return read_snapshot(
                self._path, lambda connection: read_state(connection, self._workspace), State()
            )

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all; ``serial`` grows when it changed anything.

        Raises:
            StateError: the lock is not held, or the batch cannot be written.
        """
        batch = tuple(entries)
        with self._commit_lock, state_errors("writing the state", self._path):
            if self._writing is None:
                raise StateError(
                    f"writing the state {self._path}: the lock is not held. "
                    "This is a bug; please report this line"
                )
            self._check_files()
            _commit(self._writing, self._workspace, batch)

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        """Hold the single writer's lock.

        The run counts as finished, also when it was interrupted, unless an unexpected error ends it.

        Raises:
            LockHeld: another run holds it; the message says which, by whom and since when.
            StateError: the lock or the database cannot be created.
        """
        info = self._lock_info(operation)
        with state_errors("locking the state", self._path):
            self._lock.acquire(info)
        try:
            with state_errors("opening the state", self._path):
                self._writing = open_writable(self._path)
                self._opened = self._path.stat()
            self._mark(_mark_start, info)
            try:
                yield
            except (KardiaError, KeyboardInterrupt):
                self._mark(_mark_end, info)
                raise
            self._mark(_mark_end, info)
        finally:
            self._release()

    def activity(self) -> str:
        """One line when a run is in progress or ended without finishing, else empty. Never waits."""
        with state_errors("reading the state", self._path):
            is_held, info = self._lock.probe()
            if is_held:
                return f"{info} is running" if info else "another run has just started"
            run = read_snapshot(self._path, lambda connection: _last_run(connection, self._workspace), None)
        return str(run) if run and not run.ended else ""

    def close(self) -> None:
        """Do nothing: a connection is closed with the lock, or after one read."""

    def _release(self) -> None:
        with self._commit_lock, state_errors("closing the state", self._path):
            writing, self._writing = self._writing, None
            try:
                if writing is not None:
                    writing.close()
            finally:
                self._lock.release()

    def _check_files(self) -> None:
        # SQLite keeps writing to a file that was removed, and a removed lock file no longer locks.
        if self._lock.lost:
            raise StateError(
                f"writing the state {self._path}: its lock file was removed or replaced, so another run "
                "may be in progress. Next: make sure that there is none, then run again"
            )
        if self._opened is not None and not is_still(self._path, self._opened):
            raise StateError(
                f"writing the state {self._path}: it was removed or replaced. Next: restore it and run "
                "again; if it is lost, apply with --settle-first"
            )

    def _lock_info(self, operation: str) -> LockInfo:
        return LockInfo(
            id=str(uuid4()),
            operation=operation,
            info=self._workspace,
            who=who(),
            version=__version__,
            created=timestamp(self._now()),
            path=str(self._path),
            pid=os.getpid(),
        )

    def _mark(self, mark: Callable[[sqlite3.Connection, int, LockInfo, float], None], info: LockInfo) -> None:
        with self._commit_lock, state_errors("writing the state", self._path):
            if self._writing is not None:
                self._check_files()
                with _transaction(self._writing):
                    mark(self._writing, _workspace_id(self._writing, self._workspace), info, self._now())


def _commit(connection: sqlite3.Connection, workspace: str, batch: tuple[Entry, ...]) -> None:
    with _transaction(connection):
        number = _workspace_id(connection, workspace)
        if write(connection, number, batch):
            connection.execute(
                "UPDATE workspace SET serial = serial + 1, "
                "lineage = CASE lineage WHEN '' THEN ? ELSE lineage END WHERE id = ?",
                (str(uuid4()), number),
            )


def _workspace_id(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("INSERT INTO workspace (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    (number,) = connection.execute("SELECT id FROM workspace WHERE name = ?", (name,)).fetchone()
    return int(number)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def timestamp(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_UNMARKED: Final = frozenset({"status"})
"""Operations that leave no mark, so that the mark of an unfinished apply stays."""


def _mark_start(connection: sqlite3.Connection, workspace: int, info: LockInfo, now: float) -> None:
    if info.operation not in _UNMARKED:
        connection.execute(
            "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, 0)",
            (workspace, info.id, info.operation, info.who, now),
        )


def _mark_end(connection: sqlite3.Connection, workspace: int, info: LockInfo, now: float) -> None:
    connection.execute("UPDATE run SET ended = ? WHERE workspace = ? AND id = ?", (now, workspace, info.id))


def _last_run(connection: sqlite3.Connection, workspace: str) -> LastRun | None:
    row = connection.execute(
        "SELECT operation, who, began, ended FROM run JOIN workspace ON run.workspace = workspace.id "
        "WHERE workspace.name = ?",
        (workspace,),
    ).fetchone()
    return LastRun(*row) if row else None
