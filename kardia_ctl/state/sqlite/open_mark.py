"""The mark of an open run, in the database file itself.

While a run writes, what it committed last stands in the write-ahead log beside the database. Whoever copies
the one file named state then has a state without the latest intents. So the run's first commit marks the file
as open, and is copied into the file (a checkpoint) before the first request leaves; its last commit removes
the mark, after everything else has been copied. A file with the mark and without a log beside it was copied
in between: it is not whole, and is not used. Each mark is a change of one page, so a copy shows it or not.

The mark also fences (see ``tables.holder``).
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.tables.holder import mark_held, mark_released

_CHECKPOINT: Final = "PRAGMA wal_checkpoint(FULL)"


def mark_open(connection: sqlite3.Connection, path: Path, info: LockInfo) -> None:
    """Mark the database as open by this run, in the file itself.

    Raises:
        StateError: another program reads the database and keeps the mark from being copied into it.
    """
    mark_held(connection, info)
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
    mark_released(connection, run)
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
