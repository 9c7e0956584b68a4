"""What a schema holds beside the tables of every engine: which version they have, and the snapshots."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from kardia_ctl.state.postgres.postgres_database import PostgresDatabase, quoted
from kardia_ctl.state.postgres.postgres_sql import definition
from kardia_ctl.state.tables.definitions import VERSION, statements_from
from kardia_ctl.state.tables.dialect import Database
from kardia_ctl.state.tables.image import check_version, create_tables

_LAYOUT: Final = """CREATE TABLE layout (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)"""
SNAPSHOTS: Final = "snapshot"
_SNAPSHOT: Final = f"""CREATE TABLE {SNAPSHOTS} (name TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL)"""
_OWN: Final = (_LAYOUT, _SNAPSHOT)

_FOUND: Final = """SELECT to_regclass($1) IS NOT NULL, to_regnamespace($2) IS NOT NULL,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($2))"""
_SERIALISED: Final = "SELECT pg_advisory_xact_lock($1)"
_CREATING: Final = 0x4B415244
"""The advisory lock of whoever creates or upgrades tables, for all schemas of a database."""

_REMEMBER: Final = """INSERT INTO layout VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE layout.value <> excluded.value"""
_NEXT: Final = """SELECT setval(pg_get_serial_sequence($1, $2), greatest(max({column}), 1)) FROM {table}"""
_COUNTED: Final = {"workspace": "id", "audit": "number"}
"""Tables whose rows are numbered by the database."""


@dataclass(frozen=True, slots=True)
class SchemaLayout:
    """What is known of the tables. ``backend`` is the server process of the last run that held them."""

    version: int = 0
    escaped: bool = False
    backend: int = 0
    has_schema: bool = False


def read_layout(database: PostgresDatabase, place: str) -> SchemaLayout:
    """What a schema holds; version 0 while it is missing or empty.

    Raises:
        StateError: it holds tables of a newer version, or of another program.
    """
    schema = quoted(database.schema)
    (has_layout, has_schema, has_tables) = database.execute(_FOUND, (f"{schema}.layout", schema)).fetchone()
    if not has_tables:
        return SchemaLayout(has_schema=has_schema)
    facts: dict[str, str] = {}
    if has_layout:
        facts = dict(database.execute("SELECT key, value FROM layout").fetchall())
    version = int(facts.get("version", "0"))
    check_version(place, version, is_ours=version > 0)
    return SchemaLayout(version, "escaped" in facts, int(facts.get("backend", "0")), has_schema)


def make_tables(database: PostgresDatabase, place: str) -> SchemaLayout:
    """Create the schema and the tables, or upgrade them, in the open transaction; one run at a time does.

    Raises:
        StateError: as ``read_layout``.
    """
    database.execute(_SERIALISED, (_CREATING,))
    layout = read_layout(database, place)
    if layout.version == VERSION:
        return layout
    statements = () if layout.version else _OWN
    if not layout.has_schema:
        database.execute(f"CREATE SCHEMA {quoted(database.schema)}")
    for statement in (*statements, *statements_from(layout.version)):
        database.execute(definition(statement))
    remember(database, "version", str(VERSION))
    return SchemaLayout(VERSION, layout.escaped, layout.backend, has_schema=True)


def remember(database: PostgresDatabase, key: str, value: str) -> None:
    """Record a fact about the tables."""
    database.execute(_REMEMBER, (key, value))


def count_on(database: PostgresDatabase) -> None:
    """Let the database number rows after those that were put in with their numbers."""
    for table, column in _COUNTED.items():
        database.execute(_NEXT.format(table=table, column=column), (table, column))


@contextmanager
def readable(database: PostgresDatabase, layout: SchemaLayout) -> Iterator[Database]:
    """The tables of this version; of an earlier version a copy in memory, which is upgraded."""
    if layout.version == VERSION:
        yield database
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        for table in _tables(database):
            _copy_table(database, copy, table)
        create_tables(copy, layout.version)
        yield copy


def _tables(database: PostgresDatabase) -> list[str]:
    rows = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = $1", (database.schema,))
    own = {"layout", SNAPSHOTS}
    return [name for (name,) in rows if name not in own]


def _copy_table(database: PostgresDatabase, copy: sqlite3.Connection, table: str) -> None:
    columns = [
        name
        for (name,) in database.execute(
            "SELECT column_name::text FROM information_schema.columns "
            "WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position",
            (database.schema, table),
        )
    ]
    copy.execute(f"CREATE TABLE {quoted(table)} ({', '.join(map(quoted, columns))})")
    places = ", ".join("?" * len(columns))
    rows = database.execute(f"SELECT * FROM {quoted(table)}")  # noqa: S608  (quoted)
    copy.executemany(f"INSERT INTO {quoted(table)} VALUES ({places})", rows)  # noqa: S608  (quoted)
