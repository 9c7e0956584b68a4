"""The SQLite database: its tables, and how to open it for writing and for reading."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.files import create_private
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.sqlite.inode_lock import is_locked
from kardia_ctl.state.sqlite.open_mark import not_whole
from kardia_ctl.state.tables.definitions import VERSION
from kardia_ctl.state.tables.holder import open_run
from kardia_ctl.state.tables.image import create_tables, version_of

T = TypeVar("T")

_BUSY_SECONDS: Final = 5.0
_QUIET_TRIES: Final = 5


def open_writable(path: Path) -> sqlite3.Connection:
    """A connection that may write. Creates the file (0600), its directory (0700) and the tables if missing.

    WAL lets a plan read while an apply writes; ``synchronous=FULL`` makes a commit durable before it
    returns, because an intent must be on disk before its request leaves. ``secure_delete`` overwrites what is
    deleted.
    """
    create_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        version_of(connection, path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("BEGIN IMMEDIATE")
        create_tables(connection, version_of(connection, path))
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def rewrite(connection: sqlite3.Connection) -> None:
    """Write the database anew, without what was deleted (sqlite.org, "VACUUM"), and empty its log."""
    for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        connection.execute(statement).close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that writes, committed at the end of the block and rolled back by any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def read_snapshot(
    path: Path, query: Callable[[sqlite3.Connection], T], empty: T, *, accept_parts: bool = False
) -> T:
    """The result of ``query`` on one snapshot; ``empty`` while there is no database. Leaves no file behind.

    An ordinary read-only connection creates -wal and -shm beside the file, and on read-only media it
    cannot open it at all. So while there is no write-ahead log, the file is read as
    immutable, and read again if a writer changed it meanwhile.

    Raises:
        StateError: the file is marked as open and its log is missing (see ``open_mark``), unless
            ``accept_parts``.
    """
    nothing: tuple[T, StateError | None] = empty, None

    def whole(connection: sqlite3.Connection) -> tuple[T, StateError | None]:
        run, info = open_run(connection)
        return query(connection), not_whole(
            path, info, locked=is_locked(path)
        ) if run and not accept_parts else None

    for _ in range(_QUIET_TRIES):
        before = _identity(path)
        if before is None:
            return empty
        if _has_log(path):
            break
        try:
            result, missing = _query(path, "mode=ro&immutable=1", whole, nothing)
        except sqlite3.Error:
            if _identity(path) == before:
                raise
            continue
        if _identity(path) == before:
            if missing is not None and not log_of(path).exists():
                raise missing
            return result
    return _query(path, "mode=ro", query, empty)


def check_whole(path: Path) -> None:
    """Check a database that this run has locked and not opened yet (see ``open_mark``).

    Raises:
        StateError: it is marked as open, and its log is missing.
    """
    nothing: tuple[str, LockInfo | None] = "", None
    run, info = read_snapshot(path, open_run, nothing, accept_parts=True)
    if run and not log_of(path).exists():
        raise not_whole(path, info, locked=False)


def marked_run(path: Path) -> LockInfo | None:
    """The lock information of the run that the database is marked with; None when it cannot be read."""
    with suppress(sqlite3.Error, OSError, StateError):
        return read_snapshot(path, lambda connection: open_run(connection)[1], None, accept_parts=True)
    return None


def _query(path: Path, options: str, query: Callable[[sqlite3.Connection], T], empty: T) -> T:
    uri = f"file:{quote(str(path.absolute()))}?{options}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        version = version_of(connection, path)
        if version in (0, VERSION):
            return query(connection) if version else empty
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
            connection.backup(copy)
            create_tables(copy, version)
            return query(copy)


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def log_of(path: Path) -> Path:
    """The write-ahead log of a database (sqlite.org, "Temporary Files Used By SQLite")."""
    return path.with_name(f"{path.name}-wal")


def _has_log(path: Path) -> bool:
    log = log_of(path)
    return log.exists() and log.stat().st_size > 0
