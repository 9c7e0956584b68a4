"""Intents as rows, and what a state's other workspaces know: a doubt lies in the account, not in a name."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Intent

TABLE: Final = """CREATE TABLE intent (
        workspace INTEGER NOT NULL, address TEXT NOT NULL, operation TEXT NOT NULL,
        at REAL NOT NULL, ended REAL NOT NULL, id TEXT NOT NULL, target TEXT NOT NULL,
        span REAL NOT NULL, person BLOB NOT NULL,
        newest TEXT NOT NULL DEFAULT '', keyed BLOB NOT NULL DEFAULT x'',
        boot TEXT NOT NULL DEFAULT '',
        at_uptime REAL NOT NULL DEFAULT 0, ended_uptime REAL NOT NULL DEFAULT 0,
        PRIMARY KEY (workspace, address)) WITHOUT ROWID"""

ADDED_IN_3: Final = (
    "ALTER TABLE intent ADD COLUMN newest TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE intent ADD COLUMN keyed BLOB NOT NULL DEFAULT x''",
    "ALTER TABLE intent ADD COLUMN boot TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE intent ADD COLUMN at_uptime REAL NOT NULL DEFAULT 0",
    "ALTER TABLE intent ADD COLUMN ended_uptime REAL NOT NULL DEFAULT 0",
)
"""The statements that give the table of version 2 the columns of version 3."""

_COLUMNS: Final = (
    "operation", "at", "ended", "id", "target", "span", "person", "newest", "keyed",
    "boot", "at_uptime", "ended_uptime",
)  # fmt: skip
"""The columns after workspace and address, in the order of ``columns_of``."""

_LISTED: Final = ", ".join(_COLUMNS)
_EXCLUDED: Final = ", ".join(f"excluded.{name}" for name in _COLUMNS)
INTEND: Final = (
    f"INSERT INTO intent (workspace, address, {_LISTED}) VALUES (?, ?{', ?' * len(_COLUMNS)}) "  # noqa: S608  (names of our own)
    f"ON CONFLICT DO UPDATE SET ({_LISTED}) = ({_EXCLUDED}) WHERE ({_LISTED}) IS NOT ({_EXCLUDED})"
)
"""An upsert that skips an equal row."""

_NUMBERED: Final = ", ".join(f"?{number}" for number in range(4, 4 + len(_COLUMNS)))
_INTEND_ELSEWHERE: Final = (
    f"UPDATE intent SET ({_LISTED}) = ({_NUMBERED}) "  # noqa: S608  (names of our own)
    "WHERE workspace = (SELECT id FROM workspace WHERE id <> ?1 AND name = ?2) AND address = ?3 "
    f"AND ({_LISTED}) IS NOT ({_NUMBERED})"
)
"""Changes an intent of another workspace, by its name; one that is gone stays gone."""

RESOLVE: Final = "DELETE FROM intent WHERE workspace = ? AND address = ?"
RESOLVE_ELSEWHERE: Final = """DELETE FROM intent
    WHERE workspace = (SELECT id FROM workspace WHERE id <> ? AND name = ?) AND address = ?"""
"""Resolves an intent of another workspace, by its name."""

_TEAMS: Final = """SELECT workspace.id, workspace.name, coalesce(note.value, '') FROM workspace
    LEFT JOIN note ON note.workspace = workspace.id AND note.key = 'team'"""


def intending(intent: Intent) -> tuple[str, tuple[Any, ...]]:
    """The statement that writes an intent in its workspace, and its parameters after ours."""
    if intent.workspace:
        return _INTEND_ELSEWHERE, (intent.workspace, *columns_of(intent))
    return INTEND, columns_of(intent)


def columns_of(intent: Intent) -> tuple[Any, ...]:
    """The values of ``INTEND`` after the workspace."""
    return (
        str(intent.address),
        intent.operation,
        intent.at.wall,
        0.0 if intent.ended is None else intent.ended.wall,
        intent.id,
        intent.target,
        intent.window,
        intent.person,
        intent.newest,
        intent.keyed,
        intent.at.boot,
        intent.at.uptime,
        0.0 if intent.ended is None else intent.ended.uptime,
    )


def read_intents(connection: sqlite3.Connection, name: str) -> dict[Address, Intent]:
    """The intents of every workspace of the account, by address; that of workspace ``name`` comes first."""
    found: dict[Address, Intent] = {}
    for workspace, other in _of_one_account(connection, name):
        own = other == name
        for intent in _intents(connection, workspace, "" if own else other):
            earlier = found.get(intent.address)
            if own or earlier is None or earlier.at.is_before(intent.at):
                found[intent.address] = intent
    return found


def recorded_elsewhere(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    """By live id, the mrn under which another workspace of the account records it."""
    return {
        patient_id: mrn
        for workspace, other in _of_one_account(connection, name)
        if other != name
        for patient_id, mrn in connection.execute(
            "SELECT id, name FROM record WHERE workspace = ? AND kind = ? AND id <> ''",
            (workspace, Kind.PATIENT),
        )
    }


def _of_one_account(connection: sqlite3.Connection, name: str) -> list[tuple[int, str]]:
    """The workspaces that may belong to one account with ``name``, which comes last.

    A state can hold workspaces of several accounts: those that are bound to two teams are of two accounts.
    """
    rows = connection.execute(_TEAMS).fetchall()
    own = next((team for _, other, team in rows if other == name), "")
    found = [(workspace, other) for workspace, other, team in rows if not own or team in ("", own)]
    return sorted(found, key=lambda pair: (pair[1] == name, pair[1]))


def _intents(connection: sqlite3.Connection, workspace: int, other: str) -> Iterator[Intent]:
    cursor = connection.execute("SELECT * FROM intent WHERE workspace = ?", (workspace,))
    names = [column for column, *_ in cursor.description]
    return (_intent(dict(zip(names, row, strict=True)), other) for row in cursor)


def _intent(row: Mapping[str, Any], other: str) -> Intent:
    """An intent from its columns by name; a database of an earlier version lacks some."""
    boot = row.get("boot", "")
    ended = Instant(row["ended"], boot, row.get("ended_uptime", 0.0)) if row["ended"] else None
    return Intent(
        Address.parse(row["address"]),
        row["operation"],
        Instant(row["at"], boot, row.get("at_uptime", 0.0)),
        ended,
        row["id"],
        row["target"],
        row["span"],
        row["person"],
        row.get("newest", ""),
        row.get("keyed", b""),
        other,
    )
