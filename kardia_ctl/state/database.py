"""The SQLite database: its tables, its errors, and how to open it for writing and for reading."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.files import create_private
from kardia_ctl.state.intents import ADDED_IN_3
from kardia_ctl.state.intents import TABLE as INTENTS
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

_HOLDER: Final = """CREATE TABLE holder (
        one INTEGER PRIMARY KEY CHECK (one = 1), run TEXT NOT NULL, lock TEXT NOT NULL)"""

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
    _HOLDER,
)

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (  # an id can have several departures; samples are new
        "ALTER TABLE departure RENAME TO departure_1",
        _DEPARTURE,
        "INSERT INTO departure SELECT workspace, id, action FROM departure_1",
        "DROP TABLE departure_1",
        TABLE,
    ),
    2: (*ADDED_IN_3, _HOLDER),  # more about intents; the run that the whole file belongs to
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


def read_snapshot(path: Path, query: Callable[[sqlite3.Connection], T], empty: T) -> T:
    """The result of ``query`` on one snapshot; ``empty`` while there is no database. Leaves no file behind.

    An ordinary read-only connection creates -wal and -shm beside the file, and on read-only media it
    cannot open it at all. So while there is no write-ahead log, the file is read as
    immutable, and read again if a writer changed it meanwhile.
    """
    for _ in range(_QUIET_TRIES):
        before = _identity(path)
        if before is None:
            return empty
        if _has_log(path):
            break
        try:
            result = _query(path, "mode=ro&immutable=1", query, empty)
        except sqlite3.Error:
            if _identity(path) == before:
                raise
            continue
        if _identity(path) == before:
            return result
    return _query(path, "mode=ro", query, empty)


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


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


_PRIMARY_CODE: Final = 0xFF

_MEANINGS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space and run again; no partial write was made"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "make the file and its directory writable for this user"),
    sqlite3.SQLITE_PERM: ("permission was denied", "make the file and its directory writable for this user"),
    sqlite3.SQLITE_AUTH: ("permission was denied", "make the file and its directory writable for this user"),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        "check that its directory exists and is writable: an unfinished run left a write-ahead log there",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged",
        "restore it from a backup, or move it away and plan again: patients are matched again by mrn",
    ),
    sqlite3.SQLITE_NOTADB: (
        "it is not a SQLite database, or it is encrypted or damaged",
        "check the state URL; restore the file from a backup, or move it away and plan again",
    ),
    sqlite3.SQLITE_BUSY: ("another program has locked it", "close what has the file open and run again"),
    sqlite3.SQLITE_LOCKED: ("another program has locked it", "close what has the file open and run again"),
    sqlite3.SQLITE_IOERR: ("reading or writing the disk failed", "check the disk and run again"),
    sqlite3.SQLITE_TOOBIG: ("a value is too large to store", "shorten the mrn or name it belongs to"),
}
"""For each primary result code what it means and what to do (sqlite.org, "Result and Error Codes")."""


@contextmanager
def state_errors(doing: str, path: Path) -> Iterator[None]:
    """Raise SQLite and file errors as ``StateError``. ``doing`` is what was being done to ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(doing, path, error) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StateError(
            f"{doing} {path}: {reason}. Check that the path, its owner and the free space are right"
        ) from error
    except (UnicodeError, OverflowError) as error:
        raise StateError(
            f"{doing} {path}: a value cannot be stored ({type(error).__name__}). "
            "Check the mrns for invalid text"
        ) from None


def _from_sqlite(doing: str, path: Path, error: sqlite3.Error) -> StateError:
    # The error's text is left out: a constraint's text may one day hold a value.
    code = getattr(error, "sqlite_errorcode", None)
    known = _MEANINGS.get(code & _PRIMARY_CODE) if isinstance(code, int) else None
    if known is None:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        known = (f"SQLite answered {name}", "check that nothing else writes to the file")
    what, remedy = known
    return StateError(f"{doing} {path}: {what}. Next: {remedy}")
