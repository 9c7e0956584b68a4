"""A whole state as the bytes of a SQLite database: the form in which states are copied, kept and moved.

It is the file of a ``sqlite:///`` state, without the mark of an open run.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.tables.definitions import TABLES, VERSION, statements_from
from kardia_ctl.state.tables.dialect import Database

APPLICATION: Final = 0x4B415244
"""``application_id``: the bytes KARD, so that another program's database is never taken for a state."""

_MARK: Final = "holder"


@cache
def copied_tables() -> dict[str, int]:
    """The tables of an image and how many columns each has; the mark of an open run is not copied."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in TABLES:
            connection.execute(statement)
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: len(connection.execute(f"PRAGMA table_info({name})").fetchall())
            for name in names
            if name != _MARK
        }


def image_of(source: Database) -> bytes:
    """The image of an open state of this version."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        if isinstance(source, sqlite3.Connection):
            source.backup(connection)
            connection.execute("DELETE FROM holder")
        else:
            connection.execute("BEGIN")
            create_tables(connection, 0)
            copy_tables(source, connection)
            connection.execute("COMMIT")
        return _without_log(connection.serialize())


def _without_log(image: bytes) -> bytes:
    """An image that says of itself that it has no write-ahead log, as a database in memory cannot have one.

    Bytes 18 and 19 are the file format's write and read version (sqlite.org, "Database File Format").
    """
    if image[18:20] == b"\2\2":
        return image[:18] + b"\1\1" + image[20:]
    return image


def copy_tables(source: Database, target: Database) -> None:
    """Put everything of one state in place of everything of another, inside the target's transaction."""
    for table, columns in copied_tables().items():
        target.execute(f"DELETE FROM {table}")  # noqa: S608  (names of our own)
        insert = f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608  (names of our own)
        target.executemany(insert, source.execute(f"SELECT * FROM {table}"))  # noqa: S608  (names of our own)


def create_tables(connection: sqlite3.Connection, version: int) -> None:
    """Create the tables (version 0), or upgrade them from a version, inside the open transaction."""
    if version == VERSION:
        return
    for statement in statements_from(version):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute(f"PRAGMA user_version={VERSION}")


def version_of(connection: sqlite3.Connection, place: object) -> int:
    """The version of the tables; 0 for an empty database.

    Raises:
        StateError: the database was written by a newer version, or by another program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not version:
        return 0
    check_version(place, int(version), is_ours=application == APPLICATION)
    return int(version)


def check_version(place: object, version: int, *, is_ours: bool) -> None:
    """Check that tables at ``place`` are those of a state, and that this version reads them.

    Raises:
        StateError: they are another program's, or of a newer version.
    """
    if not is_ours:
        raise StateError(f"{place} is another program's database. Next: check the state URL")
    if version > VERSION:
        raise StateError(
            f"{place} was written by a newer kardia-ctl (state version {version}, this one reads up to "
            f"{VERSION}). Next: install that version or a later one"
        )


@contextmanager
def opened(image: bytes, place: object = "the image") -> Iterator[sqlite3.Connection]:
    """An image as a database in memory, upgraded to this version. ``place`` names it in messages.

    Raises:
        StateError: it is no image, or one of a newer version.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection:
        try:
            connection.execute(
                "PRAGMA secure_delete=ON"
            )  # the bytes of an image hold nothing that was deleted
            connection.deserialize(_without_log(image))
            version = version_of(connection, place)
            connection.execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError as error:
            raise StateError(f"{place} is not a state: it is damaged, or another kind of file") from error
        connection.execute("BEGIN")
        create_tables(connection, version)
        connection.execute("COMMIT")
        yield connection


def _empty() -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create_tables(connection, 0)
        return connection.serialize()


EMPTY: Final = _empty()
"""The image of a state in which nothing is recorded."""
