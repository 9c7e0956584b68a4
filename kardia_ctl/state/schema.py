"""The database's shape, and its two ways in: writing, in private, and reading without leaving a trace."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.files import create_private
from kardia_ctl.state.samples import TABLE

T = TypeVar("T")

VERSION: Final = 2
"""``user_version`` of a database that this code writes. Newer ones are refused, older ones brought up by
whoever writes; reading leaves a file as it is, so what reads understands every version.
"""

APPLICATION: Final = 0x4B415244
"""``application_id``: the bytes KARD, so that another program's database is never written to."""

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
    """CREATE TABLE intent (
        workspace INTEGER NOT NULL, address TEXT NOT NULL, operation TEXT NOT NULL,
        at REAL NOT NULL, ended REAL NOT NULL, id TEXT NOT NULL, target TEXT NOT NULL,
        span REAL NOT NULL, person BLOB NOT NULL,
        PRIMARY KEY (workspace, address)) WITHOUT ROWID""",
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
)

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (  # one id may have had several departures; samples are new
        "ALTER TABLE departure RENAME TO departure_1",
        _DEPARTURE,
        "INSERT INTO departure SELECT workspace, id, action FROM departure_1",
        "DROP TABLE departure_1",
        TABLE,
    ),
}
"""What brings a database from each version to the next."""

_BUSY_SECONDS: Final = 5.0
_QUIET_TRIES: Final = 5


def open_writable(path: Path) -> sqlite3.Connection:
    """A connection that may write; makes the file (0600), its directory (0700) and the tables if need be.

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
        _bring_up(connection, _version(connection, path))
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up(connection: sqlite3.Connection, version: int) -> None:
    """Create the tables (version 0), or go the steps to this version, inside the transaction that is open."""
    if version == VERSION:
        return
    steps = chain.from_iterable(_STEPS[number] for number in range(version, VERSION)) if version else _SCHEMA
    for statement in steps:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute(f"PRAGMA user_version={VERSION}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema's version, 0 for an empty database.

    Raises:
        StateError: the database is newer than this code, or another program's.
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


def read(path: Path, query: Callable[[sqlite3.Connection], T], empty: T) -> T:
    """What ``query`` finds in one snapshot; ``empty`` while there is no database. Leaves no file behind.

    An ordinary read-only connection creates -wal and -shm beside the file, and on read-only media it cannot
    even open it. So while there is no write-ahead log the file is read as immutable, and read again if a
    writer changed it meanwhile.
    """
    for _ in range(_QUIET_TRIES):
        before = _identity(path)
        if before is None:
            return empty
        if _has_log(path):
            break
        try:
            found = _query(path, "mode=ro&immutable=1", query, empty)
        except sqlite3.Error:
            if _identity(path) == before:
                raise
            continue
        if _identity(path) == before:
            return found
    return _query(path, "mode=ro", query, empty)


def _query(path: Path, options: str, query: Callable[[sqlite3.Connection], T], empty: T) -> T:
    uri = f"file:{quote(str(path.absolute()))}?{options}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        return query(connection) if _version(connection, path) else empty


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0
