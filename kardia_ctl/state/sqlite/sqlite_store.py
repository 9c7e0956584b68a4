"""State in one SQLite file, for one machine. Several workspaces can share the file and its lock."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from kardia_ctl.model.errors import KardiaError, StateError
from kardia_ctl.model.state import Entry, State
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.sqlite import database
from kardia_ctl.state.sqlite.archive_directory import ArchiveDirectory
from kardia_ctl.state.sqlite.database_errors import state_errors
from kardia_ctl.state.sqlite.file_lock import FileLock
from kardia_ctl.state.sqlite.open_mark import abandon, close_with_log, mark_closed, mark_open
from kardia_ctl.state.sqlite.run_guard import RunGuard, check_single
from kardia_ctl.state.tables.encryption import Encryption
from kardia_ctl.state.tables.holder import check_ours
from kardia_ctl.state.tables.image import EMPTY, copy_tables, image_of, opened
from kardia_ctl.state.tables.rows import workspace_id, write
from kardia_ctl.state.tables.run_marks import last_run, mark_end, mark_start, timestamp
from kardia_ctl.state.tables.sealer import PLAIN
from kardia_ctl.state.tables.stored_state import read_state
from kardia_ctl.state.tables.tables import Tables

T = TypeVar("T")


class SqliteStore:
    """The ``Store`` of a SQLite file (see ``kardia_ctl.model.ports``).

    ``lock_timeout`` is in seconds. ``now`` returns Unix seconds; waiting for the lock uses ``sleep``. A state
    that is not whole is refused (see ``open_mark``) unless ``accept_parts``.
    ``commit`` may be called from any thread; batches of threads are written one after the other.
    """

    commits_slowly = False

    def __init__(
        self,
        path: Path,
        workspace: str,
        *,
        lock_timeout: float = 0.0,
        accept_parts: bool = False,
        encryption_key: bytes = b"",
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._workspace = workspace
        self._now = now
        self._file = Path(os.path.realpath(path))
        self._accept_parts = accept_parts
        self._encryption = Encryption(encryption_key, str(path))
        lock = self._file.with_name(f"{self._file.name}.lock")
        marked = partial(database.marked_run, self._file)
        self._lock = FileLock(lock, self._file, timeout=lock_timeout, sleep=sleep, marked=marked)
        self._commit_lock = threading.Lock()
        self._writing: sqlite3.Connection | None = None
        self._sealer = PLAIN
        self._guard: RunGuard | None = None
        self._run = ""

    def load(self) -> State:
        """Everything recorded in this workspace; an empty ``State`` when there is none. Creates nothing."""
        with state_errors("reading the state", self._path):
            return self._read(
                lambda connection: read_state(self._encryption.tables(connection), self._workspace), State()
            )

    def commit(self, entries: Iterable[Entry]) -> None:
        """Write a batch durably, whole or not at all; ``serial`` grows when it changed anything.

        Raises:
            StateError: the lock is not held, or the batch cannot be written.
        """
        batch = tuple(entries)
        with self._commit_lock, state_errors("writing the state", self._path):
            tables = Tables(self._connection(), self._sealer)
            with self._checked(self._connection()):
                write(tables, workspace_id(tables, self._workspace), batch)

    @contextmanager
    def lock(self, operation: str) -> Iterator[None]:
        """Hold the single writer's lock.

        The run counts as finished, also when it was interrupted, unless an unexpected error ends it.

        Raises:
            LockHeld: another run holds it; the message says which, by whom and since when.
            StateError: the lock or the database cannot be created.
        """
        info = LockInfo.of_this_process(operation, self._workspace, timestamp(self._now()), str(self._path))
        with state_errors("locking the state", self._path):
            check_single(self._path, self._file)
            self._lock.acquire(info)
        try:
            with state_errors("opening the state", self._path):
                self._open(info)
            self._mark(mark_start, info)
            try:
                yield
            except (KardiaError, KeyboardInterrupt):
                self._mark(mark_end, info)
                raise
            self._mark(mark_end, info)
            self._close_run()
        finally:
            self._release()

    def check_lock(self) -> None:
        """Do nothing: the lock ends with its process, and a commit finds a removed lock file."""

    def image(self) -> bytes:
        """The whole state as an image (see ``tables.image``)."""
        with state_errors("reading the state", self._path):
            return self._read(image_of, EMPTY)

    def replace(self, image: bytes, encryption: Encryption | None = None) -> None:
        """Put an image in place of the whole state, in one transaction."""
        encryption = encryption or self._encryption
        writing = state_errors("writing the state", self._path)
        with opened(image) as source, self._commit_lock, writing, self._checked(self._connection()):
            copy_tables(source, self._connection())
            sealer = encryption.created(self._connection()).sealer
        self._encryption, self._sealer = encryption, sealer

    def erase(self) -> None:
        """Rewrite the file: what was replaced is neither in free pages nor in the log."""
        with self._commit_lock, state_errors("writing the state", self._path), self._own_files():
            database.rewrite(self._connection())
            self.archive.remove_partial()

    @property
    def archive(self) -> ArchiveDirectory:
        """The directory of snapshots beside the file."""
        return ArchiveDirectory(self._file.with_name(f"history-{self._file.name}"))

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self._path)

    def activity(self) -> str:
        """One line when a run is in progress or ended without finishing, else empty. Never waits."""
        with state_errors("reading the state", self._path):
            is_held, info = self._lock.probe()
            if is_held:
                return f"{info} is running" if info else "another run has just started"
            run = self._read(lambda connection: last_run(connection, self._workspace), None)
        return str(run) if run and not run.ended else ""

    def fingerprint_secret(self) -> bytes:
        """The secret that an encrypted state's header holds; empty without one."""
        with state_errors("reading the state", self._path):
            return self._read(self._encryption.fingerprint_secret, b"")

    def close(self) -> None:
        """Do nothing: a connection is closed with the lock, or after one read."""

    def _read(self, query: Callable[[sqlite3.Connection], T], empty: T) -> T:
        check_single(self._path, self._file)
        return database.read_snapshot(self._file, query, empty, accept_parts=self._accept_parts)

    def _connection(self) -> sqlite3.Connection:
        if self._writing is None:
            raise StateError(
                f"writing the state {self._path}: the lock is not held. "
                "This is a bug; please report this line"
            )
        return self._writing

    def _open(self, info: LockInfo) -> None:
        """Open the database for writing, and mark it as open by this run."""
        if not self._accept_parts:
            database.check_whole(self._file)
        self._writing = database.open_writable(self._file)
        with database.transaction(self._writing):
            self._sealer = self._encryption.created(self._writing).sealer
        self._run = info.id
        mark_open(self._writing, self._path, info)
        self._guard = RunGuard(self._path, self._file)

    def _close_run(self) -> None:
        """Remove the mark of this run: the file is whole by itself again."""
        with self._commit_lock, state_errors("closing the state", self._path):
            if self._writing is not None and self._run:
                self._check_files()
                mark_closed(self._writing, self._run)
                self._run = ""

    def _release(self) -> None:
        with self._commit_lock, state_errors("closing the state", self._path):
            writing, self._writing = self._writing, None
            guard, self._guard = self._guard, None
            try:
                if writing is not None and guard is not None and guard.foreign:
                    abandon(writing, self._file)
                elif writing is not None:
                    self._close(writing)
            finally:
                self._run = ""
                self._lock.release()

    def _close(self, writing: sqlite3.Connection) -> None:
        """Close the connection of a run; what ended a run before its mark was removed is already reported."""
        try:
            if self._run:
                mark_closed(writing, self._run)
            writing.close()
        except sqlite3.Error:
            close_with_log(writing, self._file)

    @contextmanager
    def _checked(self, connection: sqlite3.Connection) -> Iterator[None]:
        """A transaction of this run alone, on the file that it opened."""
        with self._own_files(), database.transaction(connection):
            check_ours(connection, self._path, self._run)
            yield

    @contextmanager
    def _own_files(self) -> Iterator[None]:
        self._check_files()
        try:
            yield
        finally:
            if self._guard is not None:
                self._guard.committed()

    def _check_files(self) -> None:
        self._lock.check(self._path)
        if self._guard is not None:
            self._guard.check()

    def _mark(self, mark: Callable[[sqlite3.Connection, int, LockInfo, float], None], info: LockInfo) -> None:
        with self._commit_lock, state_errors("writing the state", self._path):
            if self._writing is not None:
                with self._checked(self._writing):
                    mark(
                        self._writing, workspace_id(Tables(self._writing), self._workspace), info, self._now()
                    )
