"""State in one SQLite file, for one machine. Several workspaces may share the file and its one lock."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from kardia_ctl import __version__
from kardia_ctl.model.errors import KardiaError, StateError
from kardia_ctl.model.state import Entry, State
from kardia_ctl.state import run_marks as runs
from kardia_ctl.state.files import is_still
from kardia_ctl.state.lock import FileLock, Holder, who
from kardia_ctl.state.rows import read_state, write
from kardia_ctl.state.schema import open_writable, read
from kardia_ctl.state.sqlite_errors import faults


class SqliteStore:
    """The ``Store`` of a SQLite file (see ``kardia_ctl.model.ports``).

    ``lock_timeout`` is in seconds. ``now`` gives Unix seconds; ``sleep`` is what waiting for the lock uses.
    ``commit`` may be called from any thread; the batches of two threads follow one another.
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
        self._turn = threading.Lock()
        self._writing: sqlite3.Connection | None = None
        self._place: os.stat_result | None = None

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        with faults("reading the state", self._path):
            return read(self._path, lambda connection: read_state(connection, self._workspace), State())

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all; ``serial`` grows when it changed anything.

        Raises:
            StateError: the lock is not held, or the batch cannot be written.
        """
        batch = tuple(entries)
        with self._turn, faults("writing the state", self._path):
            if self._writing is None:
                raise StateError(f"writing the state {self._path}: the lock is not held; this is a defect")
            self._check_place()
            _commit(self._writing, self._workspace, batch)

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        """Hold the one writer's lock. The run counts as finished unless something unforeseen ends it.

        Raises:
            LockHeld: another run holds it; the message says who, since when and from where.
            StateError: the lock or the database cannot be made.
        """
        holder = self._holder(operation)
        with faults("locking the state", self._path):
            self._lock.acquire(holder)
        try:
            with faults("opening the state", self._path):
                self._writing = open_writable(self._path)
                self._place = self._path.stat()
            self._mark(runs.begin, holder)
            try:
                yield
            except KardiaError:
                self._mark(runs.end, holder)
                raise
            self._mark(runs.end, holder)
        finally:
            self._let_go()

    def activity(self) -> str:
        """One line when a run is under way or ended without finishing, else empty. Never waits."""
        with faults("reading the state", self._path):
            running, holder = self._lock.probe()
            if running:
                return f"{holder} is running" if holder else "another run has just begun"
            run = read(self._path, lambda connection: runs.last(connection, self._workspace), None)
        return str(run) if run and not run.ended else ""

    def close(self) -> None:
        """Nothing to let go of: a connection lives as long as the lock, or as one read."""

    def _let_go(self) -> None:
        with self._turn, faults("closing the state", self._path):
            writing, self._writing = self._writing, None
            try:
                if writing is not None:
                    writing.close()
            finally:
                self._lock.release()

    def _check_place(self) -> None:
        # SQLite writes on into a file that was removed, and a removed lock file locks nobody out.
        if self._lock.lost:
            raise StateError(
                f"writing the state {self._path}: its lock file was removed or replaced meanwhile, so "
                "another run may be under way. Next: see that there is none, then run again"
            )
        if self._place is not None and not is_still(self._path, self._place):
            raise StateError(
                f"writing the state {self._path}: it was removed or replaced meanwhile. Next: put it back "
                "and run again; when it is lost, apply with --settle-first"
            )

    def _holder(self, operation: str) -> Holder:
        return Holder(
            id=str(uuid4()),
            operation=operation,
            info=self._workspace,
            who=who(),
            version=__version__,
            created=runs.moment(self._now()),
            path=str(self._path),
            pid=os.getpid(),
        )

    def _mark(self, mark: Callable[[sqlite3.Connection, int, Holder, float], None], holder: Holder) -> None:
        with self._turn, faults("writing the state", self._path):
            if self._writing is not None:
                self._check_place()
                with _transaction(self._writing):
                    mark(self._writing, _workspace_id(self._writing, self._workspace), holder, self._now())


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
