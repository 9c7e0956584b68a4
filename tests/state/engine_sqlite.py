"""SQLite as the tests of every engine see it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class SqliteEngine:
    """A file for each place; there is no server."""

    name = "sqlite"
    examples = 100
    outlives = 0.0

    def place(self, directory: Path) -> tuple[str, Mapping[str, str]]:
        return f"sqlite:///{directory}/deep/state.db", {}

    def kill(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError


@contextmanager
def sqlite_engine() -> Iterator[SqliteEngine]:
    yield SqliteEngine()
