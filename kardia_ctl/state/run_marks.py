"""The mark of the last run of a workspace: that it began, and whether it came to an end."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kardia_ctl.state.lock import Holder


@dataclass(frozen=True, slots=True)
class Run:
    """The last run that took the lock. Times are Unix seconds; ``ended`` is 0 until it comes to an end."""

    operation: str
    who: str
    began: float
    ended: float

    def __str__(self) -> str:
        return f"{self.operation} by {self.who}, begun {moment(self.began)}, ended without finishing"


def moment(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


QUIET: Final = frozenset({"status"})
"""Operations that leave no mark: that an apply ended without finishing must stay known."""


def begin(connection: sqlite3.Connection, workspace: int, holder: Holder, now: float) -> None:
    """Note that a run began, over whatever the run before it left."""
    if holder.operation in QUIET:
        return
    connection.execute(
        "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, 0)",
        (workspace, holder.id, holder.operation, holder.who, now),
    )


def end(connection: sqlite3.Connection, workspace: int, holder: Holder, now: float) -> None:
    """Note that the run came to its end."""
    connection.execute("UPDATE run SET ended = ? WHERE workspace = ? AND id = ?", (now, workspace, holder.id))


def last(connection: sqlite3.Connection, workspace: str) -> Run | None:
    """The last run of the workspace with this name; None when there was none."""
    row = connection.execute(
        "SELECT operation, who, began, ended FROM run JOIN workspace ON run.workspace = workspace.id "
        "WHERE workspace.name = ?",
        (workspace,),
    ).fetchone()
    return Run(*row) if row else None
