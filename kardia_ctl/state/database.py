"""The SQLite database: its tables, and how to open it for writing and for reading."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.files import create_private
from kardia_ctl.state.inode_lock import is_locked
from kardia_ctl.state.intents import ADDED_IN_3
from kardia_ctl.state.intents import TABLE as INTENTS
from kardia_ctl.state.lock import LockInfo
from kardia_ctl.state.open_mark import TABLE as HOLDER
from kardia_ctl.state.open_mark import not_whole, open_run
from kardia_ctl.state.samples import TABLE

T = TypeVar("T")

VERSION: Final = 3
"""``user_version`` of a database that this code writes. A newer one is refused. Writing upgrades an
older one; reading changes nothing, so everything that reads understands every version.
"""

APPLICATION: Final = 0x4B415244
"""``application_id``: the bytes KARD, so that another program's database is never written."""

_DEPARTURE: Final = """CREATE TABLE departure (
        workspace INTEGER NOT NULL, id TEXT NOT NULL, action TEXT NOT NULL,
        PRIMARY KEY (workspace, id, action)) WITHOUT ROWID"""

_SCHEMA: Final = (
    """CREATE TABLE workspace (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        lineage TEXT NOT NULL DEFAULT '', serial INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE record (
        workspace INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL,
        id TEXT NOT NULL, label TEXT NOT NULL, fingerprint BLOB NOT NULL, at INTEGER NOT NULL,
        forgotten INTEGER NOT NULL,
        PRIMARY KEY (workspace, kind, name, detail)) WITHOUT ROWID""",
    INTENTS,
    """CREATE TABLE note (
        workspace INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (workspace, key)) WITHOUT ROWID""",
    """CREATE TABLE used_plan (
        workspace INTEGER NOT NULL, plan TEXT NOT NULL,
        PRIMARY KEY (workspace, plan)) WITHOUT ROWID""",
    _DEPARTURE,
    TABLE,
    """CREATE TABLE run (
        workspace INTEGER PRIMARY KEY, id TEXT NOT NULL, operation TEXT NOT NULL, who TEXT NOT NULL,
        began REAL NOT NULL, ended REAL NOT NULL)""",
    HOLDER,
)

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (  # an id can have several departures; samples are new
        "ALTER TABLE departure RENAME TO departure_1",
        _DEPARTURE,
        "INSERT INTO departure SELECT workspace, id, action FROM departure_1",
        "DROP TABLE departure_1",
        TABLE,
    ),
    2: (*ADDED_IN_3, HOLDER),  # more about intents; the run that the whole file belongs to
}
"""The statements that upgrade a database from each version to the next."""

_BUSY_SECONDS: Final = 5.0
_QUIET_TRIES: Final = 5


def open_writable(path: Path) -> sqlite3.Connection:
    """A connection that may write. Creates the file (0600), its directory (0700) and the tables if missing.

    WAL lets a plan read while an apply writes; ``synchronous=FULL`` makes a commit durable before it
    returns, because an intent must be on disk before its request leaves.
    """
    create_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _version(connection, path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        _upgrade(connection, _version(connection, path))
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Create the tables (version 0) or upgrade them, inside the open transaction."""
    if version == VERSION:
        return
    steps = chain.from_iterable(_STEPS[number] for number in range(version, VERSION)) if version else _SCHEMA
    for statement in steps:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute(f"PRAGMA user_version={VERSION}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version; 0 for an empty database.

    Raises:
        StateError: the database was written by a newer version, or by another program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not version:
        return 0
    if application != APPLICATION:
        raise StateError(f"{path} is another program's database. Next: check the state URL")
    if version > VERSION:
        raise StateError(
            f"{path} was written by a newer kardia-ctl (state version {version}, this one reads up to "
            f"{VERSION}). Next: install that version or a later one"
        )
    return int(version)


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
        return query(connection) if _version(connection, path) else empty


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
