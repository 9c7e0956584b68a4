"""What a transaction changes, as rows: noted by triggers while it writes, and put into another copy later.

Rows are noted as they are stored, sealed where the state is encrypted. SQLite refuses text that is no text
(half a character) before a trigger sees it.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.tables.definitions import TABLES
from kardia_ctl.state.tables.image import copied_tables

TableChanges = tuple[list[str], list[list[Any]]]
"""The columns of a table, and what happened in order: True and a whole row, or False and a removed key."""

_FUNCTION: Final = "kardia_ctl_note"


class RowChanges:
    """Notes every row that a connection writes or removes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._noted: dict[str, list[list[Any]]] = {}
        connection.create_function(_FUNCTION, -1, self._note)
        for table in copied_tables():
            for statement in _triggers(table):
                connection.execute(statement)

    def taken(self) -> dict[str, TableChanges]:
        """What was noted since the last call, by table."""
        noted, self._noted = self._noted, {}
        return {table: ([*_columns(table)], rows) for table, rows in noted.items()}

    def _note(self, table: str, is_there: int, *values: Any) -> None:
        self._noted.setdefault(table, []).append([is_there, *values])


def put_changes(connection: sqlite3.Connection, changes: Mapping[str, TableChanges]) -> None:
    """Put noted rows into the same tables, inside the open transaction.

    Raises:
        StateError: they name a table or a column that there is not.
        sqlite3.Error: a row does not fit.
    """
    for table, (columns, rows) in changes.items():
        if table not in copied_tables() or not set(columns) <= set(_columns(table)):
            raise StateError("it names a table that this version does not know")
        put, drop = _statements(table, tuple(columns))
        for is_there, *values in rows:
            connection.execute(put if is_there else drop, values)


@cache
def _columns(table: str) -> tuple[str, ...]:
    return tuple(name for name, _ in _described(table))


@cache
def _described(table: str) -> Sequence[tuple[str, int]]:
    """The columns of a table, each with its place in the primary key, from 1; 0 outside of it."""
    with sqlite3.connect(":memory:") as connection:
        for statement in TABLES:
            connection.execute(statement)
        rows: list[Any] = connection.execute(f"PRAGMA table_info({table})").fetchall()
    connection.close()
    return tuple((row[1], row[5]) for row in rows)


def _key(table: str) -> list[str]:
    return [name for _, name in sorted((place, name) for name, place in _described(table) if place)]


@cache
def _statements(table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    marks, key = ", ".join("?" * len(columns)), " AND ".join(f"{name} = ?" for name in _key(table))
    return (
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608  (names of our own)
        f"DELETE FROM {table} WHERE {key}",  # noqa: S608  (names of our own)
    )


def _triggers(table: str) -> Sequence[str]:
    key, row = _key(table), ", ".join(f"NEW.{name}" for name in _columns(table))
    old = ", ".join(f"OLD.{name}" for name in key)
    there, gone = f"SELECT {_FUNCTION}('{table}', 1, {row})", f"SELECT {_FUNCTION}('{table}', 0, {old})"
    moved = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in key)
    return (
        f"CREATE TEMP TRIGGER {table}_put AFTER INSERT ON main.{table} BEGIN {there}; END",
        f"CREATE TEMP TRIGGER {table}_drop AFTER DELETE ON main.{table} BEGIN {gone}; END",
        f"CREATE TEMP TRIGGER {table}_move BEFORE UPDATE ON main.{table} WHEN {moved} BEGIN {gone}; END",
        f"CREATE TEMP TRIGGER {table}_set AFTER UPDATE ON main.{table} BEGIN {there}; END",
    )
