"""What state records of the runs themselves: the last one of each workspace, and whether it ended."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.tables.dialect import Database


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run that took the lock. Times are Unix seconds; ``ended`` is 0 until the run ends."""

    operation: str
    who: str
    began: float
    ended: float

    def __str__(self) -> str:
        return f"{self.operation} by {self.who}, started {timestamp(self.began)}, ended without finishing"


def timestamp(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_UNMARKED: Final = frozenset({"status"})
"""Operations that leave no mark, so that the mark of an unfinished apply stays."""


def mark_start(database: Database, workspace: int, info: LockInfo, now: float) -> None:
    """Record that a run of a workspace began at ``now`` (Unix seconds)."""
    if info.operation not in _UNMARKED:
        database.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (workspace) DO UPDATE SET "
            "id = excluded.id, operation = excluded.operation, who = excluded.who, "
            "began = excluded.began, ended = 0",
            (workspace, info.id, info.operation, info.who, now),
        )


def mark_end(database: Database, workspace: int, info: LockInfo, now: float) -> None:
    """Record that it ended at ``now`` (Unix seconds)."""
    database.execute("UPDATE run SET ended = ? WHERE workspace = ? AND id = ?", (now, workspace, info.id))


def last_run(database: Database, workspace: str) -> LastRun | None:
    """The last run of the workspace of this name."""
    row = database.execute(
        "SELECT operation, who, began, ended FROM run JOIN workspace ON run.workspace = workspace.id "
        "WHERE workspace.name = ?",
        (workspace,),
    ).fetchone()
    return LastRun(*row) if row else None
