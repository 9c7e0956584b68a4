"""The snapshots of a state in PostgreSQL: rows beside its tables."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.postgres.postgres_database import PostgresDatabase
from kardia_ctl.state.postgres.postgres_layout import make_tables, read_layout

_WRITE: Final = """INSERT INTO snapshot VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET content = excluded.content"""


class PostgresArchive:
    """The ``Archive`` in a table."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[PostgresDatabase]],
        writing: Callable[[], AbstractContextManager[PostgresDatabase]],
        place: str,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._place = place

    def names(self) -> list[str]:
        """The names of the snapshots; none without tables."""
        with self._reading() as database:
            if not read_layout(database, self._place).version:
                return []
            return [name for (name,) in database.execute("SELECT name FROM snapshot ORDER BY name")]

    def read(self, name: str) -> bytes:
        """The content of a snapshot."""
        with self._reading() as database:
            has_tables = read_layout(database, self._place).version
            row = None
            if has_tables:
                row = database.execute("SELECT content FROM snapshot WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise StateError(
                f"reading the history of {self._place}: {name} is not there. Next: state history"
            )
        return bytes(row[0])

    def write(self, name: str, content: bytes) -> None:
        """Write a snapshot whole or not at all."""
        with self._writing() as database:
            make_tables(database, self._place)
            database.execute(_WRITE, (name, content))

    def remove(self, name: str) -> None:
        """Remove a snapshot."""
        with self._writing() as database:
            if read_layout(database, self._place).version:
                database.execute("DELETE FROM snapshot WHERE name = ?", (name,))
