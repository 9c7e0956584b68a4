"""The mark of an open run, in the database file itself.

While a run writes, what it committed last stands in the write-ahead log beside the database. Whoever copies
the one file named state then has a state without the latest intents. So the run's first commit marks the file
as open, and is copied into the file (a checkpoint) before the first request leaves; its last commit removes
the mark, after everything else has been copied. A file with the mark and without a log beside it was copied
in between: it is not whole, and is not used. Each mark is a change of one page, so a copy shows it or not.

The mark also fences: it names the run, and every commit of a run checks that it is still there.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.lock import LockInfo

TABLE: Final = """CREATE TABLE holder (
        one INTEGER PRIMARY KEY CHECK (one = 1), run TEXT NOT NULL, lock TEXT NOT NULL)"""

_CHECKPOINT: Final = "PRAGMA wal_checkpoint(FULL)"


def mark_open(connection: sqlite3.Connection, path: Path, info: LockInfo) -> None:
    """Mark the database as open by this run, in the file itself.

    Raises:
        StateError: another program reads the database and keeps the mark from being copied into it.
    """
    values = info.id, info.encoded().decode()
    connection.execute("INSERT OR REPLACE INTO holder VALUES (1, ?, ?)", values)
    with closing(connection.execute(_CHECKPOINT)) as cursor:
        busy, *_ = cursor.fetchone()
    if busy:
        raise StateError(
            f"opening the state {path}: another program is reading it. Next: close what has the file open "
            "and run again"
        )


def mark_closed(connection: sqlite3.Connection, run: str) -> None:
    """Remove the mark of this run, once everything else is in the file."""
    connection.execute(_CHECKPOINT).close()
    connection.execute("DELETE FROM holder WHERE run = ?", (run,))
    connection.execute(_CHECKPOINT).close()


def close_with_log(connection: sqlite3.Connection, file: Path) -> None:
    """Close a database and leave its log where it is, because the mark could not be removed.

    SQLite copies the log into the file and removes it when the last connection closes; a second one, which
    only reads, keeps it from that.
    """
    reading = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, isolation_level=None)
    with closing(reading), closing(connection), suppress(sqlite3.Error):
        reading.execute("SELECT count(*) FROM sqlite_master").close()


def abandon(connection: sqlite3.Connection, file: Path) -> None:
    """Close a database whose content another program has replaced. The log belonged to what is gone."""
    close_with_log(connection, file)
    for suffix in ("-wal", "-shm"):
        file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)


def open_run(connection: sqlite3.Connection) -> tuple[str, LockInfo | None]:
    """The id and the lock information of the run that the database is marked with; empty without a mark."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'holder'").fetchone():
        return "", None  # a database of an earlier version
    row = connection.execute("SELECT run, lock FROM holder").fetchone()
    return ("", None) if row is None else (row[0], LockInfo.decoded(row[1].encode()))


def check_ours(connection: sqlite3.Connection, path: Path, run: str) -> None:
    """Check, inside a transaction, that the database is still marked with this run.

    Raises:
        StateError: another run has taken the database over, or an earlier content was put into it.
    """
    found, info = open_run(connection)
    if found != run:
        other = f"another run has taken it over: {info}" if info else "it is no longer this run's"
        raise StateError(
            f"writing the state {path}: {other}. Next: see to it that one run at a time uses this state, "
            "then apply again; it settles what is in doubt"
        )


def not_whole(path: Path, info: LockInfo | None, *, locked: bool) -> StateError:
    """The error for a marked file without a log beside it; ``locked`` by a run under another name, or not."""
    run = f" ({info})" if info else ""
    if locked:
        return StateError(
            f"reading the state {path}: a run under another name of this file is in progress{run}. Next: "
            "wait until it ends, or use that name"
        )
    return StateError(
        f"reading the state {path}: it is not whole: it was copied or moved while a run was open{run}, or "
        "another program opened it after that run was killed. What that run recorded last was "
        f"in {path.name}-wal, which is not here. Next: copy both, or copy it again when no run is open; "
        "if the other file is lost, apply with --settle-first"
    )
