"""The run that the whole state belongs to: the fence.

A run marks the state as its own when it has the lock, and every commit of it checks, in the transaction that
writes, that the mark is still there. So a run that lost its lock cannot write any more.
"""

from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.lock_info import LockInfo
from kardia_ctl.state.tables.dialect import Database

TABLE: Final = """CREATE TABLE holder (
        one INTEGER PRIMARY KEY CHECK (one = 1), run TEXT NOT NULL, lock TEXT NOT NULL)"""


def mark_held(database: Database, info: LockInfo) -> None:
    """Mark the state as this run's."""
    database.execute(
        "INSERT INTO holder VALUES (1, ?, ?) "
        "ON CONFLICT (one) DO UPDATE SET run = excluded.run, lock = excluded.lock",
        (info.id, info.encoded().decode()),
    )


def mark_released(database: Database, run: str) -> None:
    """Remove the mark of this run."""
    database.execute("DELETE FROM holder WHERE run = ?", (run,))


def open_run(database: Database) -> tuple[str, LockInfo | None]:
    """The id and the lock information of the run that the state is marked with; empty without a mark."""
    row = database.execute("SELECT run, lock FROM holder").fetchone()
    return ("", None) if row is None else (row[0], LockInfo.decoded(row[1].encode()))


def check_ours(database: Database, place: object, run: str) -> None:
    """Check, inside a transaction, that the state at ``place`` is still marked with this run.

    Raises:
        StateError: another run has taken the state over, or an earlier content was put into it.
    """
    found, info = open_run(database)
    if found != run:
        raise lost(place, info)


def check_here(database: Database) -> None:
    """Check that the state was not moved to another place.

    Raises:
        StateError: it was, by ``state migrate``.
    """
    row = database.execute("SELECT value FROM meta WHERE key = 'moved'").fetchone()
    if row is not None:
        raise StateError(
            f"this state was moved to {row[0]}, and what is left here is not used any more. Next: set state: "
            "to that place in kardia.yaml"
        )


def lost(place: object, info: LockInfo | None) -> StateError:
    """The error of a run whose state at ``place`` is another run's now, or nobody's."""
    other = f"another run has taken it over: {info}" if info else "it is no longer this run's"
    return StateError(
        f"writing the state {place}: {other}. Next: see to it that one run at a time uses this state, "
        "then apply again; it settles what is in doubt"
    )
