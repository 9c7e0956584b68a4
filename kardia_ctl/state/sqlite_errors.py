"""What SQLite and the file system complain about, as errors that a person can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kardia_ctl.model.errors import StateError

_PRIMARY: Final = 0xFF

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "make room and run again; nothing was half written"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "make the file and its directory writable for this user"),
    sqlite3.SQLITE_PERM: ("permission was denied", "make the file and its directory writable for this user"),
    sqlite3.SQLITE_AUTH: ("permission was denied", "make the file and its directory writable for this user"),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        "check that its directory exists and is writable: an unfinished run left a write-ahead log there",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged",
        "restore it from a backup, or move it away and plan anew: patients are matched again by mrn",
    ),
    sqlite3.SQLITE_NOTADB: (
        "it is not a SQLite database, or it is encrypted or damaged",
        "check the state URL; restore the file from a backup, or move it away and plan anew",
    ),
    sqlite3.SQLITE_BUSY: ("another program holds it", "close what has the file open and run again"),
    sqlite3.SQLITE_LOCKED: ("another program holds it", "close what has the file open and run again"),
    sqlite3.SQLITE_IOERR: ("reading or writing the disk failed", "check the disk and run again"),
    sqlite3.SQLITE_TOOBIG: ("a value is too large to be kept", "shorten the mrn or name it belongs to"),
}
"""SQLite's primary result code to what it means and what to do (sqlite.org, "Result and Error Codes")."""


@contextmanager
def faults(doing: str, path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while ``doing`` something to the state at ``path`` into ``StateError``."""
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
            f"{doing} {path}: a value cannot be kept: {type(error).__name__}. Check the mrns for broken text"
        ) from None


def _from_sqlite(doing: str, path: Path, error: sqlite3.Error) -> StateError:
    # The text of an error is not repeated: a constraint's text may one day hold a value.
    code = getattr(error, "sqlite_errorcode", None)
    known = _SQLITE.get(code & _PRIMARY) if isinstance(code, int) else None
    if known is None:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        known = (f"SQLite answered {name}", "check that nothing else writes to the file")
    what, remedy = known
    return StateError(f"{doing} {path}: {what}. Next: {remedy}")
