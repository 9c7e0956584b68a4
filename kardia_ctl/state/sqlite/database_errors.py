"""The errors of SQLite and of the file system, each with what it means and what to do."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kardia_ctl import open_file_limit
from kardia_ctl.model.errors import StateError

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


_NO_LOCKS: Final = "its file system has locks (NFS: its lock service runs), or keep the state on a local disk"
_CHECKS: Final = dict.fromkeys((errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS), _NO_LOCKS)
"""What to check for errors of a file system without locks."""


@contextmanager
def state_errors(doing: str, path: Path) -> Iterator[None]:
    """Raise SQLite and file errors as ``StateError``. ``doing`` is what was being done to ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(doing, path, error) from error
    except OSError as error:
        if error.errno in open_file_limit.MET:
            raise _too_many_files(doing, path) from error
        reason = error.strerror or type(error).__name__
        check = _CHECKS.get(error.errno or 0, "the path, its owner and the free space are right")
        raise StateError(f"{doing} {path}: {reason}. Check that {check}") from error
    except (UnicodeError, OverflowError) as error:
        raise StateError(
            f"{doing} {path}: a value cannot be stored ({type(error).__name__}). "
            "Check the mrns for invalid text"
        ) from None


def _too_many_files(doing: str, path: Path) -> StateError:
    return StateError(f"{doing} {path}: {open_file_limit.REASON}. Next: {open_file_limit.REMEDY}")


def _from_sqlite(doing: str, path: Path, error: sqlite3.Error) -> StateError:
    # The error's text is left out: a constraint's text may one day hold a value.
    code = getattr(error, "sqlite_errorcode", None)
    known = _MEANINGS.get(code & _PRIMARY_CODE) if isinstance(code, int) else None
    if known is None:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        known = (f"SQLite answered {name}", "check that nothing else writes to the file")
    if known == _MEANINGS[sqlite3.SQLITE_CANTOPEN] and open_file_limit.is_met():
        return _too_many_files(doing, path)
    what, remedy = known
    return StateError(f"{doing} {path}: {what}. Next: {remedy}")
