"""A whole state, sealed anew: with other keys, for the first time, or no longer."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.encryption import Encryption, StateKeys, write_header
from kardia_ctl.state.tables.image import copied_tables, create_tables, opened
from kardia_ctl.state.tables.sealer import PLAIN, Sealer
from kardia_ctl.state.tables.tables import Tables


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Which columns of a table are sealed, and which one is the key that those after it are bound to."""

    columns: tuple[str, ...]
    row: str = ""


_SEALED: Final[Mapping[str, _Sealed]] = {
    "record": _Sealed(("name", "detail", "id", "label"), "name"),
    "intent": _Sealed(("address", "id", "target", "newest"), "address"),
    "note": _Sealed(("value",), "key"),
    "departure": _Sealed(("id",)),
    "decision": _Sealed(("address",)),
    "sample": _Sealed(("cohort",)),
}
"""What ``rows``, ``intents`` and ``samples`` seal."""


def resealed(image: bytes, present: Encryption, keys: StateKeys, header: str) -> bytes:
    """An image whose texts are sealed with other keys.

    Args:
        image: A state, encrypted as ``present`` says.
        present: How it is encrypted now.
        keys: The keys that it will have.
        header: What holds them from now on; empty for a state that is not to be encrypted.

    Raises:
        StateError: it cannot be opened with the present key, or is damaged.
    """
    with opened(image) as source, closing(sqlite3.connect(":memory:", isolation_level=None)) as target:
        target.execute("BEGIN")
        create_tables(target, 0)
        _copy(present.tables(source), Tables(target, keys.sealer() if header else PLAIN))
        write_header(target, header)
        target.execute("COMMIT")
        return target.serialize()


def keys_apart(tables: Tables, check: str) -> list[str]:
    """The workspaces whose fingerprints have another check value (hex) than ``check``."""
    rows = tables.database.execute(
        "SELECT workspace.name, note.key, note.value FROM note JOIN workspace "
        "ON workspace.id = note.workspace WHERE note.key = 'key' ORDER BY workspace.name"
    )
    found = tables.sealer.open_rows(rows, ("", "", "note.value"), 1)
    return [name for name, _, value in found if value != check]


def _copy(source: Tables, target: Tables) -> None:
    for table, width in copied_tables().items():
        insert = f"INSERT INTO {table} VALUES ({', '.join('?' * width)})"  # noqa: S608  (names of our own)
        for values in _rows(source, target.sealer, table):
            target.database.execute(insert, values)


def _rows(source: Tables, sealer: Sealer, table: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table as ``sealer`` seals them."""
    rows = source.database.execute(f"SELECT * FROM {table}")  # noqa: S608  (names of our own)
    sealed = _SEALED.get(table)
    if sealed is None:
        yield from rows
        return
    names = _columns(source.database, table)
    columns = [f"{table}.{name}" if name in sealed.columns else "" for name in names]
    row = names.index(sealed.row) if sealed.row else None
    for values in source.sealer.open_rows(rows, columns, row):
        yield _resealed_row(values, columns, row, sealer)


def _columns(database: Database, table: str) -> list[str]:
    return [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]


def _resealed_row(
    values: tuple[Any, ...], columns: list[str], row: int | None, sealer: Sealer
) -> tuple[Any, ...]:
    sealed, own = [], ""
    for place, (value, column) in enumerate(zip(values, columns, strict=True)):
        found = sealer.seal(column, value, own) if column else value
        sealed.append(found)
        if place == row:
            own = found
    return tuple(sealed)
