"""Intents as rows, and what a state's other workspaces know: a doubt lies in the account, not in a name."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from kardia_ctl.instant import Instant
from kardia_ctl.model.address import Address
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.state import Intent
from kardia_ctl.state.tables.sealer import Sealer
from kardia_ctl.state.tables.tables import Tables

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
_STORED: Final = ", ".join(f"intent.{name}" for name in _COLUMNS)
_EXCLUDED: Final = ", ".join(f"excluded.{name}" for name in _COLUMNS)
INTEND: Final = (
    f"INSERT INTO intent (workspace, address, {_LISTED}) VALUES (?, ?{', ?' * len(_COLUMNS)}) "  # noqa: S608  (names of our own)
    f"ON CONFLICT (workspace, address) DO UPDATE SET ({_LISTED}) = ({_EXCLUDED}) "
    f"WHERE ({_STORED}) <> ({_EXCLUDED})"
)
"""An upsert that skips an equal row."""

_NUMBERED: Final = ", ".join(f"?{number}" for number in range(4, 4 + len(_COLUMNS)))
_INTEND_ELSEWHERE: Final = (
    f"UPDATE intent SET ({_LISTED}) = ({_NUMBERED}) "  # noqa: S608  (names of our own)
    "WHERE workspace = (SELECT id FROM workspace WHERE id <> ?1 AND name = ?2) AND address = ?3 "
    f"AND ({_LISTED}) <> ({_NUMBERED})"
)
"""Changes an intent of another workspace, by its name; one that is gone stays gone."""

_SELECT: Final = f"SELECT address, {_LISTED} FROM intent WHERE workspace = ?"  # noqa: S608  (names of our own)
_SEALED: Final = (
    "intent.address",
    *(f"intent.{name}" if name in ("id", "target", "newest") else "" for name in _COLUMNS),
)

RESOLVE: Final = "DELETE FROM intent WHERE workspace = ? AND address = ?"
RESOLVE_ELSEWHERE: Final = """DELETE FROM intent
    WHERE workspace = (SELECT id FROM workspace WHERE id <> ? AND name = ?) AND address = ?"""
"""Resolves an intent of another workspace, by its name."""

_TEAMS: Final = """SELECT workspace.id, workspace.name, 'team', coalesce(note.value, '') FROM workspace
    LEFT JOIN note ON note.workspace = workspace.id AND note.key = 'team'"""

_RECORDED: Final = "SELECT name, id FROM record WHERE workspace = ? AND kind = ? AND id <> ''"


def intending(intent: Intent, sealer: Sealer) -> tuple[str, tuple[Any, ...]]:
    """The statement that writes an intent in its workspace, and its parameters after ours."""
    if intent.workspace:
        return _INTEND_ELSEWHERE, (intent.workspace, *_columns_of(intent, sealer))
    return INTEND, _columns_of(intent, sealer)


def sealed_address(address: Address, sealer: Sealer) -> str:
    """The key of an intent."""
    return sealer.seal("intent.address", str(address))


def _columns_of(intent: Intent, sealer: Sealer) -> tuple[Any, ...]:
    """The values of ``INTEND`` after the workspace."""
    row = sealed_address(intent.address, sealer)
    return (
        row,
        intent.operation,
        intent.at.wall,
        0.0 if intent.ended is None else intent.ended.wall,
        sealer.seal("intent.id", intent.id, row),
        sealer.seal("intent.target", intent.target, row),
        intent.window,
        intent.person,
        sealer.seal("intent.newest", intent.newest, row),
        intent.keyed,
        intent.at.boot,
        intent.at.uptime,
        0.0 if intent.ended is None else intent.ended.uptime,
    )


def read_intents(tables: Tables, name: str) -> dict[Address, Intent]:
    """The intents of every workspace of the account, by address; that of workspace ``name`` comes first."""
    found: dict[Address, Intent] = {}
    for workspace, other in _of_one_account(tables, name):
        own = other == name
        for intent in _intents(tables, workspace, "" if own else other):
            earlier = found.get(intent.address)
            if own or earlier is None or earlier.at.is_before(intent.at):
                found[intent.address] = intent
    return found


def recorded_elsewhere(tables: Tables, name: str) -> dict[str, str]:
    """By live id, the mrn under which another workspace of the account records it."""
    found: dict[str, str] = {}
    for workspace, other in _of_one_account(tables, name):
        if other != name:
            rows = tables.database.execute(_RECORDED, (workspace, Kind.PATIENT.value))
            found.update(
                (patient_id, mrn)
                for mrn, patient_id in tables.sealer.open_rows(rows, ("record.name", "record.id"), 0)
            )
    return found


def _of_one_account(tables: Tables, name: str) -> list[tuple[int, str]]:
    """The workspaces that may belong to one account with ``name``, which comes last.

    A state can hold workspaces of several accounts: those that are bound to two teams are of two accounts.
    """
    rows = list(tables.sealer.open_rows(tables.database.execute(_TEAMS), ("", "", "", "note.value"), 2))
    own = next((team for _, other, _, team in rows if other == name), "")
    found = [(workspace, other) for workspace, other, _, team in rows if not own or team in ("", own)]
    return sorted(found, key=lambda pair: (pair[1] == name, pair[1]))


def _intents(tables: Tables, workspace: int, other: str) -> Iterator[Intent]:
    rows = tables.database.execute(_SELECT, (workspace,))
    return (_intent(row, other) for row in tables.sealer.open_rows(rows, _SEALED, 0))


def _intent(row: Sequence[Any], other: str) -> Intent:
    (
        address, operation, at, ended, live_id, target, window, person, newest, keyed,
        boot, at_uptime, ended_uptime,
    ) = row  # fmt: skip
    return Intent(
        Address.parse(address),
        operation,
        Instant(at, boot, at_uptime),
        Instant(ended, boot, ended_uptime) if ended else None,
        live_id,
        target,
        window,
        person,
        newest,
        keyed,
        other,
    )
